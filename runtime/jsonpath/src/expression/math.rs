//! Numbers. AWS's integers here have 32 bits.

use super::Refusal;
use stepwell_types::Value;

const I32_RANGE: std::ops::RangeInclusive<f64> = -2_147_483_648.0..=2_147_483_647.0;

/// A number without its fraction, `1.9` as 1, `-1.9` as -1.
pub(super) fn truncated(value: &Value) -> Result<i64, Refusal> {
    to_i32(value.as_f64().ok_or(Refusal::Arguments)?.trunc())
}

/// A number rounded, halves upwards: 1.5 is 2, -1.5 is -1.
fn rounded(value: &Value) -> Result<i64, Refusal> {
    to_i32((value.as_f64().ok_or(Refusal::Arguments)? + 0.5).floor())
}

#[expect(clippy::cast_possible_truncation, reason = "an integer within 32 bits")]
fn to_i32(number: f64) -> Result<i64, Refusal> {
    if I32_RANGE.contains(&number) { Ok(number as i64) } else { Err(Refusal::Arguments) }
}

/// Both rounded, then added; the sum has 32 bits, too.
pub(super) fn add(left: &Value, right: &Value) -> Result<Value, Refusal> {
    let sum = rounded(left)? + rounded(right)?;
    if i32::try_from(sum).is_err() {
        return Err(Refusal::Arguments);
    }
    Ok(Value::I64(sum))
}

/// An integer from `start` to below `end`, from 64 random bits.
pub(super) fn random(start: &Value, end: &Value, bits: u64) -> Result<Value, Refusal> {
    let (start, end) = (truncated(start)?, truncated(end)?);
    let width = u64::try_from(end - start).ok().filter(|width| *width > 0).ok_or(Refusal::Arguments)?;
    // The high half of a 64 by 64 bit product: uniform, since no width exceeds 2^32.
    let offset = (u128::from(bits) * u128::from(width)) >> 64;
    Ok(Value::I64(start + i64::try_from(offset).unwrap_or(0)))
}

/// The same for the same seed, always.
pub(super) fn random_seeded(start: &Value, end: &Value, seed: &Value) -> Result<Value, Refusal> {
    let seed = truncated(seed)?;
    random(start, end, mixed(seed.cast_unsigned()))
}

/// One step of SplitMix64.
fn mixed(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
