//! `$now`, `$millis`, `$toMillis`, `$fromMillis`, `$formatInteger`, `$parseInteger`: the picture strings of
//! XPath's date-time and integer formats, as the reference reads them.

mod civil;
mod format;
mod integer;
mod parse;
mod picture;
mod words;

use crate::fault::{Fault, Res};
use crate::functions::{Builtin, number_arg, text_arg, wrong_argument};
use crate::machine::Machine;
use crate::val::Val;

/// The picture of `$now()` and `$fromMillis(n)`.
const ISO_PICTURE: &str = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]";
/// Milliseconds from 1970 that JavaScript's dates reach in both directions.
const MILLIS_MAX: f64 = 8.64e15;

impl<'a> Machine<'a> {
    pub(crate) fn date_time_function(&mut self, function: Builtin, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        #[expect(clippy::cast_precision_loss, reason = "JavaScript's clock is a double")]
        let now = self.now_millis as f64;
        match function {
            Builtin::Millis => Ok(Val::Num(now)),
            Builtin::Now => {
                let picture = text_arg(function, arguments, 0)?;
                self.format_millis(now, picture, text_arg(function, arguments, 1)?)
            }
            Builtin::FromMillis => {
                let Some(millis) = number_arg(function, arguments, 0)? else { return Ok(Val::Undefined) };
                let picture = text_arg(function, arguments, 1)?;
                self.format_millis(millis, picture, text_arg(function, arguments, 2)?)
            }
            Builtin::ToMillis => {
                let Some(text) = text_arg(function, arguments, 0)? else { return Ok(Val::Undefined) };
                match text_arg(function, arguments, 1)? {
                    None => parse::iso(text).map(Val::Num),
                    Some(picture) => self.parse_date_time(text, picture),
                }
            }
            Builtin::FormatInteger => {
                let Some(number) = number_arg(function, arguments, 0)? else { return Ok(Val::Undefined) };
                let picture = text_arg(function, arguments, 1)?.ok_or_else(|| wrong_argument(function))?;
                self.charge_bytes(picture.len().saturating_mul(8))?;
                let format = picture::integer(picture)?;
                let text = integer::format(number.floor(), &format, self)?;
                self.text(&text)
            }
            Builtin::ParseInteger => {
                let Some(text) = text_arg(function, arguments, 0)? else { return Ok(Val::Undefined) };
                let picture = text_arg(function, arguments, 1)?.ok_or_else(|| wrong_argument(function))?;
                self.charge_bytes((picture.len() + text.len()).saturating_mul(8))?;
                let format = picture::integer(picture)?;
                integer::parse(text, &format).map(Val::Num)
            }
            _ => Err(wrong_argument(function)),
        }
    }

    fn format_millis(&mut self, millis: f64, picture: Option<&str>, zone: Option<&str>) -> Res<Val<'a>> {
        if !(-MILLIS_MAX..=MILLIS_MAX).contains(&millis) {
            return Err(Fault::with_message("U1003", "The time is out of range"));
        }
        let picture = picture.unwrap_or(ISO_PICTURE);
        self.charge_bytes(picture.len().saturating_mul(8))?;
        let parts = picture::date_time(picture)?;
        #[expect(clippy::cast_possible_truncation, reason = "within 8.64e15")]
        let text = format::date_time(millis as i64, &parts, zone, self)?;
        self.text(&text)
    }
}
