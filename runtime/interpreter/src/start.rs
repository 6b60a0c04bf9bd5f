//! How an execution begins.

use crate::token::TokenKey;
use std::sync::Arc;
use stepwell_asl::definition::{StateIdx, WorkflowType};
use stepwell_types::{ExecutionArn, Payload, StateMachineArn, Timestamp, Value};

/// What an execution begins with; it stays as it is for the execution's whole life.
#[derive(Clone, Debug)]
pub struct StartInput {
    /// The shard that holds the execution, for task tokens.
    pub shard: u32,
    /// The execution's number within its shard: the owner of its payloads, and part of its task tokens.
    pub number: u64,
    /// `$$.Execution.Id`
    pub arn: ExecutionArn,
    /// `$$.StateMachine.Id`, without version or alias.
    pub machine_arn: StateMachineArn,
    /// The version that it was started through.
    pub version_arn: Option<Arc<str>>,
    /// The alias that it was started through.
    pub alias_arn: Option<Arc<str>>,
    /// `$$.Execution.RoleArn`
    pub role_arn: Arc<str>,
    /// Its input, checked against the payload limit by whoever took it.
    pub input: Payload,
    /// Where all randomness comes from; secret, since UUIDs are derived from it.
    pub seed: [u8; 32],
    /// The key of its task tokens; secret.
    pub token_key: TokenKey,
    /// The kind of workflow, which bounds its time.
    pub kind: WorkflowType,
    /// When it must have ended, if that is earlier than the definition's and the workflow's own limit: an Express
    /// execution that runs again keeps its first deadline.
    pub deadline: Option<Timestamp>,
}

/// A state to begin at, with what it would have met there: TestState and workflow tests.
#[derive(Clone, Debug)]
pub struct StartAt {
    /// The execution around it; `input` is the execution's input in the context object.
    pub start: StartInput,
    /// The state, at any depth.
    pub state: StateIdx,
    /// The state's raw input.
    pub input: Payload,
    /// Variables that it sees.
    pub variables: Vec<(Arc<str>, Payload)>,
    /// The whole context object, in place of the one that would be built.
    pub context: Option<Value>,
    /// How often each retrier of the state has been used; shorter is filled with 0.
    pub retries: Vec<u32>,
    /// How far it runs.
    pub extent: Extent,
}

/// How far an execution runs that began at a named state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// To its end.
    #[default]
    Whole,
    /// To the exit of that state, which then counts as the execution's end; the state that would have followed is
    /// reported to [`crate::Observer::next_state`].
    OneState,
}
