//! `$sum`, `$count`, `$max`, `$min`, `$average`.

use super::{Builtin, items_arg, wrong_argument};
use crate::fault::Res;
use crate::machine::Machine;
use crate::val::{Items, Val};

impl<'a> Machine<'a> {
    pub(super) fn aggregate(&mut self, function: Builtin, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        let Some(items) = items_arg(function, arguments, 0)? else {
            return Ok(if function == Builtin::Count { Val::Num(0.0) } else { Val::Undefined });
        };
        #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
        let count = items.len() as f64;
        if function == Builtin::Count {
            return Ok(Val::Num(count));
        }
        if items.len() == 0 && function != Builtin::Sum {
            return Ok(Val::Undefined);
        }
        self.charge_items(items.len())?;
        let wrong = || wrong_argument(function);
        Ok(Val::Num(
            match function {
                Builtin::Max => {
                    fold(items, f64::NEG_INFINITY, |a, b| if b > a || b.is_nan() { b } else { a })
                }
                Builtin::Min => fold(items, f64::INFINITY, |a, b| if b < a || b.is_nan() { b } else { a }),
                Builtin::Average => fold(items, 0.0, |a, b| a + b).map(|sum| sum / count),
                _ => fold(items, 0.0, |a, b| a + b),
            }
            .ok_or_else(wrong)?,
        ))
    }
}

/// `None` where an item is no number.
fn fold(items: Items<'_>, start: f64, step: impl Fn(f64, f64) -> f64) -> Option<f64> {
    let mut total = start;
    for item in items.iter() {
        let Val::Num(number) = item else { return None };
        total = step(total, number);
    }
    Some(total)
}
