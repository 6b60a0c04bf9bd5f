//! Limits of the interpreter, each with its unit and source, and the version of its semantics.

/// Version of what the interpreter does with an input. It grows when a release would answer an input of a stored
/// execution with another transition, and is recorded with every start, so that such an execution can go on as it
/// began.
pub const SEMANTICS_VERSION: u64 = 1;
/// States that one step enters before it asks to be resumed, so that a loop of Pass and Choice states cannot hold a
/// core; a round that has begun is finished. Source: ours.
pub const STATES_PER_STEP_MAX: usize = 256;
/// Bytes of data that one step gives to states and iterations before it asks to be resumed: a step is committed at
/// once, so what it holds must stay well below what a commit may. The state that goes beyond is finished. Source: ours.
pub const BYTES_PER_STEP_MAX: usize = 8 * 1024 * 1024;
/// Seconds before a retry. Source: ASL, the upper end of `IntervalSeconds`.
pub const RETRY_DELAY_SECONDS_MAX: u64 = stepwell_types::quota::STATE_SECONDS_MAX;
/// Bytes of all values that one `Assign` gives. Source: AWS quota, 256 KiB.
pub const ASSIGN_BYTES_MAX: usize = stepwell_types::quota::PAYLOAD_BYTES_MAX;
/// Bytes of an execution's variables, of all scopes that one frame sees. Source: AWS quota, 10 MiB.
pub const VARIABLES_BYTES_MAX: usize = 10 * 1024 * 1024;
