//! Limits of this crate, each with its unit and source.

/// Characters of one path or intrinsic expression. Source: ours; AWS's 1 MB definition is the only bound it states.
pub const EXPRESSION_CHARS_MAX: usize = 65_536;
/// Steps of one path. Source: ours; a walk recurses once for each.
pub const PATH_STEPS_MAX: usize = 256;
/// Filters, parentheses and negations inside each other in one path. Source: ours, so that parsing cannot overflow
/// the stack.
pub const FILTER_NESTING_MAX: usize = 16;
/// Intrinsic functions inside each other. Source: AWS, "up to 10 intrinsic functions within a field".
pub const INTRINSIC_NESTING_MAX: usize = 10;
/// Arguments of one intrinsic function. Source: ours.
pub const INTRINSIC_ARGUMENTS_MAX: usize = 1_024;
/// Items of `States.ArrayRange`. Source: AWS.
pub const ARRAY_RANGE_ITEMS_MAX: usize = 1_000;
/// Characters of the input of `States.Base64Encode`, `States.Base64Decode` and `States.Hash`. Source: AWS.
pub const ENCODED_CHARS_MAX: usize = 10_000;
/// Bytes that an intrinsic function or a template may build, as JSON. Source: ours, 16 payloads: every larger result
/// is refused as a payload anyway, and what is in between may still be cut by an outer function.
pub const BUILT_BYTES_MAX: usize = 16 * stepwell_types::quota::PAYLOAD_BYTES_MAX;
/// Values that one evaluation of a path may look at. Source: ours: chained `..` multiply, and no path may hold a
/// core.
pub const PATH_VISITS_MAX: u32 = 10_000_000;
/// Values that one path may find at once. Source: ours; 16 MiB of memory.
pub const PATH_FINDS_MAX: usize = 1_000_000;
/// Regular expressions in one expression. Source: ours.
pub const REGEXES_MAX: usize = 16;
/// Bytes that one compiled regular expression may take. Source: ours.
pub const REGEX_BYTES_MAX: usize = 262_144;
/// Bytes of text that the filters of one evaluation may match, search or compare. Source: ours.
pub const FILTER_TEXT_BYTES_MAX: usize = 16_777_216;
