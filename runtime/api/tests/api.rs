//! Raw HTTP requests against the routes, with an engine on an in-memory disk behind them.

#[path = "api/elsewhere.rs"]
mod elsewhere;
#[path = "api/guard.rs"]
mod guard;
#[path = "api/hostile.rs"]
mod hostile;
#[path = "api/lambda.rs"]
mod lambda;
#[path = "api/states.rs"]
mod states;
#[path = "api/support.rs"]
mod support;
#[path = "api/tags.rs"]
mod tags;
#[path = "api/v1.rs"]
mod v1;

/// Declares the tests of operations: one line each, and a list that is held against what is served.
macro_rules! operation_tests {
    ($($operation:literal => $module:ident::$test:ident;)*) => {
        const TESTED: &[&str] = &[$($operation),*];

        mod operations {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let bench = crate::support::Bench::new().await;
                crate::$module::$test(&bench).await;
            })*
        }
    };
}

operation_tests! {
    "states:CreateStateMachine" => states::create_state_machine;
    "states:UpdateStateMachine" => states::update_state_machine;
    "states:DescribeStateMachine" => states::describe_state_machine;
    "states:DescribeStateMachineForExecution" => states::describe_state_machine_for_execution;
    "states:DeleteStateMachine" => states::delete_state_machine;
    "states:ListStateMachines" => states::list_state_machines;
    "states:ListStateMachineVersions" => states::list_state_machine_versions;
    "states:ListStateMachineAliases" => states::list_state_machine_aliases;
    "states:ListTagsForResource" => tags::list_tags_for_resource;
    "states:TagResource" => tags::tag_resource;
    "states:UntagResource" => tags::untag_resource;
    "states:StartExecution" => states::start_execution;
    "states:StartSyncExecution" => states::start_sync_execution;
    "states:StopExecution" => states::stop_execution;
    "states:DescribeExecution" => states::describe_execution;
    "states:ListExecutions" => states::list_executions;
    "states:GetExecutionHistory" => states::get_execution_history;
    "states:SendTaskSuccess" => states::send_task_success;
    "states:SendTaskFailure" => states::send_task_failure;
    "states:SendTaskHeartbeat" => states::send_task_heartbeat;
    "lambda:CreateFunction" => lambda::create_function;
    "lambda:GetFunction" => lambda::get_function;
    "lambda:GetFunctionConfiguration" => lambda::get_function_configuration;
    "lambda:UpdateFunctionCode" => lambda::update_function_code;
    "lambda:UpdateFunctionConfiguration" => lambda::update_function_configuration;
    "lambda:DeleteFunction" => lambda::delete_function;
    "lambda:ListFunctions" => lambda::list_functions;
    "lambda:PublishVersion" => lambda::publish_version;
    "lambda:ListVersionsByFunction" => lambda::list_versions_by_function;
    "lambda:ListTags" => tags::list_tags;
    "lambda:TagResource" => tags::tag_function;
    "lambda:UntagResource" => tags::untag_function;
    "lambda:Invoke" => lambda::invoke;
    "sts:GetCallerIdentity" => elsewhere::get_caller_identity;
}

#[tokio::test(flavor = "multi_thread")]
async fn lambda_keeps_and_shows_settings() {
    lambda::kept_settings(&support::Bench::new().await).await;
}

#[test]
fn every_operation_has_a_test() {
    assert_eq!(stepwell_api::operations(), TESTED);
}
