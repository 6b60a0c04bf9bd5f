//! What a good text becomes.

use stepwell_asl::definition::{
    Condition, DataPath, FlowIdx, ItemProcessorForm, JitterStrategy, MapMode, Operand, Order, Pattern,
    QueryLanguage, Resource, ResultPath, Setting, State, StateKind, Template, Test, TextSetting, Transition,
    Wait,
};
use stepwell_asl::{StateMachine, WorkflowType, parse, variable_references};
use stepwell_types::Value;

#[track_caller]
fn machine(text: &str) -> StateMachine {
    let (machine, findings) = parse(text, WorkflowType::Standard);
    assert_eq!(findings, []);
    machine.expect("a definition without findings")
}

fn everything() -> StateMachine {
    machine(include_str!("fixtures/everything.asl.json"))
}

fn jsonata() -> StateMachine {
    machine(include_str!("fixtures/everything-jsonata.asl.json"))
}

#[track_caller]
fn state<'m>(machine: &'m StateMachine, name: &str) -> &'m State {
    machine.state(machine.find_name(name).unwrap_or_else(|| panic!("no state {name}")))
}

#[track_caller]
fn next(machine: &StateMachine, name: &str) -> String {
    match state(machine, name).next {
        Transition::Next(at) => machine.state(at).name.to_string(),
        Transition::End => "end".to_owned(),
        Transition::Chosen => "chosen".to_owned(),
    }
}

#[test]
fn every_state_is_found_by_its_pointer() {
    for machine in [everything(), jsonata()] {
        for (at, state) in machine.states() {
            assert_eq!(machine.find(&state.pointer), Some(at));
            assert_eq!(machine.find_name(&state.name), Some(at));
            assert!(machine.flow(state.flow).states.contains(&at));
        }
        for (at, flow) in machine.flows() {
            assert_eq!(machine.state(flow.start).flow, at);
            assert_eq!(flow.parent.is_none(), at == FlowIdx::ROOT);
        }
    }
    let machine = machine(
        r#"{"StartAt": "a/b~", "States": {"a/b~": {"Type": "Parallel", "End": true, "Branches": [
            {"StartAt": "c", "States": {"c": {"Type": "Succeed"}}}]}}}"#,
    );
    let inner = machine.find("/States/a~1b~0/Branches/0/States/c").expect("a state");
    assert_eq!(machine.flow(machine.state(inner).flow).parent, Some(machine.start()));
    assert_eq!(machine.find("/States/none"), None);
}

#[test]
fn transitions() {
    let machine = everything();
    assert_eq!(&*machine.state(machine.start()).name, "Prepare");
    assert_eq!(machine.timeout_seconds, Some(3600));
    for (name, want) in [
        ("Prepare", "Charge"),
        ("Left", "end"),
        ("Right", "Right end"),
        ("Done", "end"),
        ("Broken", "end"),
        ("Decide", "chosen"),
    ] {
        assert_eq!(next(&machine, name), want, "{name}");
    }
}

#[test]
fn data_flow() {
    let machine = everything();
    let prepare = state(&machine, "Prepare");
    assert!(matches!(&prepare.input_path, DataPath::At(path) if &**path.text() == "$.order"));
    assert!(matches!(prepare.output_path, DataPath::Whole));
    assert!(matches!(&prepare.result_path, ResultPath::At(path) if &**path.text() == "$.shaped"));
    assert!(matches!(prepare.parameters, Some(Template::JsonPath(_))));
    let charge = state(&machine, "Charge");
    assert!(matches!(charge.input_path, DataPath::Nothing));
    assert!(matches!(charge.result_path, ResultPath::Discard));
    assert!(charge.result_selector.is_some() && charge.assign.is_none());
    let jsonata = jsonata();
    let call = state(&jsonata, "Call");
    assert!(
        matches!(&call.parameters, Some(Template::Jsonata(value)) if value.get("FunctionName").is_some())
    );
    assert!(matches!(&call.output, Some(Template::Jsonata(Value::Str(text))) if text.starts_with("{%")));
    assert_eq!(call.query_language, QueryLanguage::Jsonata);
}

#[test]
fn tasks() {
    let machine = everything();
    let StateKind::Task(task) = &state(&machine, "Charge").kind else { panic!("a task") };
    assert!(matches!(&task.resource, Resource::Function(arn) if &*arn.name == "charge"));
    assert_eq!(&*task.resource_text, "arn:aws:lambda:us-east-1:000000000042:function:charge:prod");
    assert!(matches!(task.timeout_seconds, Some(Setting::Fixed(60))));
    assert!(matches!(task.role_arn, Some(TextSetting::Fixed(_))));
    let StateKind::Task(task) = &state(&machine, "Invoke").kind else { panic!("a task") };
    assert!(matches!(task.resource, Resource::LambdaInvoke(Pattern::WaitForTaskToken)));
    assert!(matches!(task.timeout_seconds, Some(Setting::Path(_))));
    assert!(matches!(task.role_arn, Some(TextSetting::Expression(_))));
    let jsonata = jsonata();
    let StateKind::Task(task) = &state(&jsonata, "Call").kind else { panic!("a task") };
    assert!(
        matches!(&task.timeout_seconds, Some(Setting::Jsonata(text)) if &*text.0 == "$states.input.timeout")
    );
}

#[test]
fn retry_and_catch() {
    let machine = everything();
    let charge = state(&machine, "Charge");
    let [first, second] = charge.retry.as_slice() else { panic!("two retriers") };
    assert_eq!((first.interval_seconds, first.max_attempts, first.max_delay_seconds), (2, 0, Some(30)));
    assert_eq!((first.backoff_rate, first.jitter), (1.5, JitterStrategy::Full));
    assert_eq!((second.interval_seconds, second.max_attempts, second.max_delay_seconds), (1, 3, None));
    assert_eq!((second.backoff_rate, second.jitter), (1.0, JitterStrategy::None));
    assert_eq!(
        first.error_equals.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        ["States.Timeout", "Charge.Busy"]
    );
    let [refused, broken] = charge.catch.as_slice() else { panic!("two catchers") };
    assert_eq!(&*machine.state(refused.next).name, "Refused");
    assert!(matches!(refused.result_path, ResultPath::At(_)));
    assert!(matches!(broken.result_path, ResultPath::Discard) && broken.assign.is_some());
}

#[test]
fn choices() {
    let machine = everything();
    let StateKind::Choice(choice) = &state(&machine, "Decide").kind else { panic!("a choice") };
    assert_eq!(choice.default.map(|at| &*machine.state(at).name), Some("Both"));
    let Some(Condition::And(parts)) = choice.rules.first().map(|rule| &rule.condition) else { panic!("And") };
    let [Condition::Compare(total), Condition::Or(or), Condition::Compare(due)] = parts.as_slice() else {
        panic!("{parts:?}")
    };
    let Test::Numeric(Order::GreaterThanEquals, Operand::Fixed(number)) = &total.test else {
        panic!("{total:?}")
    };
    assert_eq!(number.0, Value::I64(9_007_199_254_740_993));
    assert!(matches!(or.as_slice(), [Condition::Compare(_), Condition::Not(_)]));
    assert!(matches!(&due.test, Test::Timestamp(Order::LessThan, Operand::Path(_))));
    assert!(Order::LessThanEquals.holds(1.cmp(&1)) && !Order::GreaterThan.holds(1.cmp(&1)));
    let jsonata = jsonata();
    let StateKind::Choice(choice) = &state(&jsonata, "Decide").kind else { panic!("a choice") };
    assert!(matches!(
        choice.rules.as_slice(),
        [first, second] if matches!(&first.condition, Condition::Jsonata(_)) && matches!(second.condition, Condition::Fixed(false))
    ));
}

#[test]
fn waits() {
    let machine = everything();
    let wait = |name: &str| match &state(&machine, name).kind {
        StateKind::Wait(Wait::Seconds(Setting::Fixed(seconds))) => format!("{seconds} s"),
        StateKind::Wait(Wait::Seconds(Setting::Path(path))) => format!("{} s", path.text()),
        StateKind::Wait(Wait::Timestamp(Setting::Fixed(time))) => time.to_string(),
        StateKind::Wait(Wait::Timestamp(Setting::Path(path))) => path.text().to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        ["Hold", "For", "Until", "At"].map(wait),
        ["10 s", "$.wait s", "2026-03-13T23:59:00.000Z", "$.at"]
    );
}

#[test]
fn maps_and_branches() {
    let machine = everything();
    let StateKind::Parallel(parallel) = &state(&machine, "Both").kind else { panic!("a parallel") };
    let starts = parallel.branches.iter().map(|flow| &*machine.state(machine.flow(*flow).start).name);
    assert_eq!(starts.collect::<Vec<_>>(), ["Left", "Right"]);
    let map = |name: &str| match &state(&machine, name).kind {
        StateKind::Map(map) => (**map).clone(),
        other => panic!("{other:?}"),
    };
    let each = map("Each");
    assert!(matches!((each.form, &each.mode), (ItemProcessorForm::ItemProcessor, MapMode::Inline)));
    assert!(matches!(each.max_concurrency, Setting::Fixed(4)));
    assert!(each.items_path.is_some() && each.item_selector.is_some());
    assert_eq!(&*machine.state(machine.flow(each.processor).start).name, "Pack");
    let before = map("Each as before");
    assert_eq!(before.form, ItemProcessorForm::Iterator);
    assert!(before.item_selector.is_some() && before.items_path.is_none());
    assert!(matches!(before.tolerated_failure_percentage, Some(Setting::Path(_))));
    let MapMode::Distributed(many) = map("Many").mode else { panic!("distributed") };
    assert_eq!((many.execution_type, many.label.as_deref()), (WorkflowType::Express, Some("Many")));
    let reader = many.item_reader.expect("a reader");
    assert!(matches!(reader.max_items, Some(Setting::Path(_))) && reader.parameters.is_some());
    assert!(many.item_batcher.is_some() && many.result_writer.is_some());
}

#[test]
fn variables_that_states_read() {
    let names = |machine: StateMachine| format!("{:?}", variable_references(&machine));
    assert_eq!(
        names(everything()),
        r#"{"Broken": ["orderId"], "Charge": ["orderId"], "Decide": ["orderId"]}"#
    );
    assert_eq!(
        names(jsonata()),
        r#"{"Both": ["orderId"], "Broken": ["error"], "Call": ["orderId", "role"], "Decide": ["limit"], "Each": ["width"], "Many": ["most"]}"#
    );
}
