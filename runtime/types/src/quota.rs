//! Every limit that more than one crate knows, with its unit and source. Limits of one crate stand in that crate.

/// Characters of a state machine's, an execution's or an activity's name. Source: AWS API model, `Name`.
pub const NAME_CHARS_MAX: usize = 80;
/// Characters of a state's name. Source: ASL specification.
pub const STATE_NAME_CHARS_MAX: usize = 80;
/// Nested arrays and objects in a value, parsed or built. Source: ours, so that no walk overflows a stack.
pub const PAYLOAD_DEPTH_MAX: usize = 128;
/// Bytes (UTF-8) of any input or output of a task, state or execution. Source: AWS quota, 256 KiB.
pub const PAYLOAD_BYTES_MAX: usize = 262_144;
/// Events of one execution's history; the last is `ExecutionFailed`. Source: AWS quota, recorded.
pub const HISTORY_EVENTS_MAX: u64 = 25_000;
/// Bytes of a definition. Source: AWS quota, 1 MB.
pub const DEFINITION_BYTES_MAX: usize = 1_048_576;
/// Seconds a Standard execution may take. Source: AWS quota, one year.
pub const STANDARD_EXECUTION_SECONDS_MAX: u64 = 31_536_000;
/// Seconds an Express execution may take. Source: AWS quota, five minutes.
pub const EXPRESS_EXECUTION_SECONDS_MAX: u64 = 300;
/// Seconds of `TimeoutSeconds`, `HeartbeatSeconds` and `Wait.Seconds`, and the default of the first. Source: ASL.
pub const STATE_SECONDS_MAX: u64 = 99_999_999;
/// Iterations of one inline Map that run at once. Source: AWS quota.
pub const INLINE_MAP_CONCURRENCY_MAX: usize = 40;
/// Characters of an error name given by a caller. Source: AWS API model, `SensitiveError`.
pub const ERROR_CHARS_MAX: usize = 256;
/// Characters of a cause given by a caller. Source: AWS API model, `SensitiveCause`.
pub const CAUSE_CHARS_MAX: usize = 32_768;
/// Characters of a task token. Source: AWS API model, `TaskToken`.
pub const TASK_TOKEN_CHARS_MAX: usize = 2_048;
/// Days a closed execution's history is kept, and its name reserved. Source: AWS quota.
pub const HISTORY_RETENTION_DAYS: u64 = 90;
/// Days in which an execution may be redriven. Source: AWS.
pub const REDRIVE_WINDOW_DAYS: u64 = 14;
