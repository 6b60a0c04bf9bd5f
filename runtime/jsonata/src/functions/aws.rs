//! What Step Functions adds: `$parse`, `$partition`, `$range`, `$hash`, `$uuid`.

use super::{Builtin, items_arg, number_arg, text_arg, wrong_argument};
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::number::math_round;
use crate::val::{Field, SEQUENCE, Text, Val};
use sha2::Digest;
use std::sync::Arc;
use stepwell_types::Value;

impl<'a> Machine<'a> {
    pub(super) fn aws_function(&mut self, function: Builtin, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        match function {
            Builtin::Parse => self.parse(arguments),
            Builtin::Partition => self.partition(arguments),
            Builtin::Range => self.stepped_range(arguments),
            Builtin::Hash => self.hash(arguments),
            Builtin::Uuid => {
                let uuid = self.random.uuid();
                self.text(&uuid)
            }
            _ => Err(wrong_argument(function)),
        }
    }

    fn parse(&mut self, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        let Some(text) = text_arg(Builtin::Parse, arguments, 0)? else { return Ok(Val::Undefined) };
        self.charge_bytes(text.len().saturating_mul(4))?;
        match Value::parse(text) {
            Ok(value) => self.import(&value),
            Err(error) => Err(Fault::with_message("U1003", format!("The text is no JSON: {error}"))),
        }
    }

    /// A copy of a value in the arena.
    fn import(&mut self, value: &Value) -> Res<Val<'a>> {
        Ok(match value {
            Value::Null => Val::Null,
            Value::Bool(b) => Val::Bool(*b),
            Value::I64(_) | Value::U64(_) | Value::F64(_) => Val::Num(value.as_f64().unwrap_or(0.0)),
            Value::Str(text) => self.text(text)?,
            Value::Array(items) => {
                let start = self.stack.len();
                for item in items.iter() {
                    let item = self.import(item)?;
                    self.push(item)?;
                }
                self.pop_array(start, 0)?
            }
            Value::Object(fields) => {
                let mut imported: Vec<Field<'a>> = Vec::with_capacity(fields.len());
                for (key, field) in fields.iter() {
                    self.charge_bytes(key.len())?;
                    let key: &'a str = self.bump.alloc_str(key);
                    imported.push((Text::Plain(key), self.import(field)?));
                }
                self.object(&mut imported)?
            }
        })
    }

    fn partition(&mut self, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        let Some(items) = items_arg(Builtin::Partition, arguments, 0)? else { return Ok(Val::Undefined) };
        let size = number_arg(Builtin::Partition, arguments, 1)?.map_or(0.0, math_round);
        if size.is_nan() || size < 1.0 {
            let message = "Second argument of partition function must evaluate to a positive number";
            let mut fault = Fault::with_message("U1003", message).index(2).number_value(size);
            fault.message = Some(message.to_owned());
            return Err(fault);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let size = size as usize;
        let start = self.stack.len();
        let mut at = 0;
        while at < items.len() {
            let before = self.stack.len();
            let end = at.saturating_add(size).min(items.len());
            self.charge_items(end - at)?;
            for place in at..end {
                self.push(items.get(place))?;
            }
            let part = self.pop_array(before, 0)?;
            self.push(part)?;
            at = end;
        }
        self.pop_array(start, 0)
    }

    fn stepped_range(&mut self, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        let mut numbers = [0.0; 3];
        for (at, number) in numbers.iter_mut().enumerate() {
            match number_arg(Builtin::Range, arguments, at)? {
                None => return Ok(Val::Undefined),
                Some(given) => *number = math_round(given),
            }
        }
        let [first, last, step] = numbers;
        if step == 0.0 || !numbers.iter().all(|number| number.is_finite()) {
            return Err(Fault::with_message(
                "U1003",
                "Third argument of range function must evaluate to a number other than zero",
            ));
        }
        let start = self.stack.len();
        let mut number = first;
        while if step > 0.0 { number <= last } else { number >= last } {
            self.charge_bytes(16)?;
            self.push(Val::Num(number))?;
            number += step;
        }
        self.pop_array(start, SEQUENCE)
    }

    fn hash(&mut self, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        let Some(text) = text_arg(Builtin::Hash, arguments, 0)? else { return Ok(Val::Undefined) };
        let algorithm = text_arg(Builtin::Hash, arguments, 1)?.unwrap_or_default();
        self.charge(text.len() as u64)?;
        let digest = match algorithm {
            "MD5" => md5::Md5::digest(text).to_vec(),
            "SHA-1" => sha1::Sha1::digest(text).to_vec(),
            "SHA-256" => sha2::Sha256::digest(text).to_vec(),
            "SHA-384" => sha2::Sha384::digest(text).to_vec(),
            "SHA-512" => sha2::Sha512::digest(text).to_vec(),
            _ => {
                let message =
                    "Second argument of hash function must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512";
                let mut fault = Fault::with_message("U1003", message).index(2);
                fault.value = Some(Value::Str(Arc::from(algorithm)));
                return Err(fault);
            }
        };
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.text(&hex)
    }
}
