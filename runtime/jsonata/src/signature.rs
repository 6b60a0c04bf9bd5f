//! Function signatures: `<s-nn?:s>`.
//!
//! The reference turns a signature into a regular expression over one letter per argument; what it accepts, and
//! which argument it blames, follow from how that expression matches, so this matches the same way.

use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::val::{Items, Val};
use std::borrow::Cow;

/// Parameters that one signature may have; ours.
const PARAMETERS_MAX: usize = 64;

/// Attempts to fit letters to parameters before they are held not to fit; ours.
const TRIES_MAX: u32 = 4_096;

#[derive(Debug, Clone)]
pub(crate) struct Signature {
    parameters: Cow<'static, [Parameter]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    One,
    Optional,
    OptionalLazy,
    Many,
}

#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    /// A bit for each letter that fits.
    letters: u16,
    count: Count,
    /// `-`: the context stands in for a missing argument.
    context: bool,
    /// `a`: a single value is wrapped.
    array: bool,
    /// The type of an array's items; only the first letter counts for items.
    subtype: Option<Cow<'static, str>>,
}

const LETTERS: &[u8; 8] = b"asnblofm";

fn bit(letter: u8) -> u16 {
    LETTERS.iter().position(|known| *known == letter).map_or(0, |at| 1 << at)
}

fn bits(letters: &str) -> u16 {
    letters.bytes().fold(0, |bits, letter| bits | bit(letter))
}

pub(crate) fn letter(value: Val<'_>) -> u8 {
    match value {
        Val::Undefined => b'm',
        Val::Null => b'l',
        Val::Bool(_) => b'b',
        Val::Num(_) => b'n',
        Val::Str(_) => b's',
        Val::Array(_) | Val::List(_) => b'a',
        Val::Object(_) | Val::Record(_) => b'o',
        Val::Func(_) => b'f',
    }
}

impl Signature {
    /// No parameters.
    pub(crate) fn empty() -> Self {
        Self { parameters: Cow::Borrowed(&[]) }
    }

    /// Reads a signature; an error comes with its offset in the text.
    pub(crate) fn parse(text: &str) -> Result<Self, (Box<Fault>, u32)> {
        let bytes = text.as_bytes();
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut at = 1;
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        while let Some(symbol) = bytes.get(at).copied() {
            if parameters.len() > PARAMETERS_MAX {
                return Err((Fault::limit(crate::budget::Limit::Depth), offset(at)));
            }
            match symbol {
                b':' => break,
                b's' | b'n' | b'b' | b'l' | b'o' => parameters.push(Parameter::of(bit(symbol) | bit(b'm'))),
                b'a' => parameters.push(Parameter { array: true, ..Parameter::of(bits("asnblfom")) }),
                b'f' => parameters.push(Parameter::of(bit(b'f'))),
                b'j' => parameters.push(Parameter::of(bits("asnblom"))),
                b'x' => parameters.push(Parameter::of(bits("asnblfom"))),
                b'-' => {
                    if let Some(last) = parameters.last_mut() {
                        last.context = true;
                        last.count = last.count.optional();
                    }
                }
                b'?' => {
                    if let Some(last) = parameters.last_mut() {
                        last.count = last.count.optional();
                    }
                }
                b'+' => {
                    if let Some(last) = parameters.last_mut() {
                        last.count = Count::Many;
                    }
                }
                b'(' => {
                    let end = closing(bytes, at, b'(', b')');
                    let choice = text.get(at + 1..end).unwrap_or_default();
                    if choice.contains('<') {
                        return Err((Fault::new("S0402").text_value(choice), offset(at)));
                    }
                    parameters.push(Parameter::of(bits(choice) | bit(b'm')));
                    at = end;
                }
                b'<' => {
                    let end = closing(bytes, at, b'<', b'>');
                    let subtype = text.get(at + 1..end).unwrap_or_default().to_owned();
                    let takes_one = |p: &Parameter| p.array || p.letters == bit(b'f');
                    match parameters.last_mut() {
                        Some(last) if takes_one(last) => last.subtype = Some(Cow::Owned(subtype)),
                        other => {
                            let mut fault = Fault::new("S0401");
                            if let Some(last) = other {
                                fault = fault.text_value(last.type_text());
                            }
                            return Err((fault, offset(at)));
                        }
                    }
                    at = end;
                }
                _ => {}
            }
            at += 1;
        }
        Ok(Self { parameters: Cow::Owned(parameters) })
    }

    /// How many letters each parameter takes, if the letters fit. `whole` asks that none be left.
    fn matches(&self, upto: usize, letters: &[u8], whole: bool, takes: &mut [usize]) -> bool {
        fn go(
            rest: &[Parameter],
            letters: &[u8],
            at: usize,
            whole: bool,
            takes: &mut [usize],
            tries: &mut u32,
        ) -> bool {
            let Some((parameter, rest)) = rest.split_first() else { return !whole || at == letters.len() };
            *tries = tries.saturating_sub(1);
            if *tries == 0 {
                return false;
            }
            let Some((take, takes)) = takes.split_first_mut() else { return false };
            let fits = |at: usize| letters.get(at).is_some_and(|l| parameter.letters & bit(*l) != 0);
            let mut attempt = |count: usize, takes: &mut [usize]| {
                *take = count;
                go(rest, letters, at + count, whole, takes, tries)
            };
            match parameter.count {
                Count::One => fits(at) && attempt(1, takes),
                Count::Optional => (fits(at) && attempt(1, takes)) || attempt(0, takes),
                Count::OptionalLazy => attempt(0, takes) || (fits(at) && attempt(1, takes)),
                Count::Many => {
                    let most = (at..letters.len()).take_while(|at| fits(*at)).count();
                    (1..=most).rev().any(|count| attempt(count, takes))
                }
            }
        }
        let mut tries = TRIES_MAX;
        go(self.parameters.get(..upto).unwrap_or_default(), letters, 0, whole, takes, &mut tries)
    }
}

impl Count {
    fn optional(self) -> Self {
        match self {
            Self::One => Self::Optional,
            Self::Optional | Self::OptionalLazy => Self::OptionalLazy,
            Self::Many => Self::Many,
        }
    }
}

impl Parameter {
    fn of(letters: u16) -> Self {
        Self { letters, count: Count::One, context: false, array: false, subtype: None }
    }

    /// The type as the signature writes it, of the kinds that take no type parameter.
    fn type_text(&self) -> &'static str {
        let letters = self.letters & !bit(b'm');
        if letters == bits("asnblo") {
            return "j";
        }
        if letters == bits("asnblfo") {
            return "x";
        }
        ["s", "n", "b", "l", "o"].into_iter().find(|t| bits(t) == letters).unwrap_or("()")
    }
}

fn closing(bytes: &[u8], start: usize, open: u8, close: u8) -> usize {
    let mut depth = 1;
    let mut at = start;
    while at < bytes.len() {
        at += 1;
        match bytes.get(at) {
            Some(byte) if *byte == close => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            Some(byte) if *byte == open => depth += 1,
            _ => {}
        }
    }
    at
}

fn type_name(subtype: &str) -> Option<&'static str> {
    Some(match subtype {
        "a" => "arrays",
        "b" => "booleans",
        "f" => "functions",
        "n" => "numbers",
        "o" => "objects",
        "s" => "strings",
        _ => return None,
    })
}

impl<'a> Machine<'a> {
    /// Checks arguments against a signature: fills in the context, wraps single values in arrays.
    pub(crate) fn validate(
        &mut self,
        signature: &Signature,
        arguments: &[Val<'a>],
        context: Val<'a>,
    ) -> Res<&'a [Val<'a>]> {
        let parameters = &*signature.parameters;
        let mut takes = [0_usize; PARAMETERS_MAX + 1];
        let mut short = [0_u8; 16];
        let long: Vec<u8>;
        let letters: &[u8] = if let Some(short) = short.get_mut(..arguments.len()) {
            short.iter_mut().zip(arguments).for_each(|(l, value)| *l = letter(*value));
            short
        } else {
            long = arguments.iter().map(|value| letter(*value)).collect();
            &long
        };
        self.charge(parameters.len() as u64)?;
        if !signature.matches(parameters.len(), letters, true, &mut takes) {
            return Err(self.mismatch(signature, arguments, letters));
        }
        let start = self.stack.len();
        let mut at = 0;
        for (parameter, take) in parameters.iter().zip(takes) {
            let argument = arguments.get(at).copied().unwrap_or(Val::Undefined);
            if take == 0 {
                if parameter.context {
                    // A context that is missing is an argument that is missing.
                    if parameter.letters & bit(letter(context)) == 0 {
                        let fault = Fault::new("T0411").index(at + 1);
                        return Err(self.with_value(fault, context));
                    }
                    self.push(context)?;
                } else {
                    self.push(argument)?;
                    at += 1;
                }
                continue;
            }
            let end = at + take;
            for place in at..end {
                if !parameter.array {
                    // The reference repeats the first here.
                    self.push(argument)?;
                    continue;
                }
                let value = arguments.get(place).copied().unwrap_or(Val::Undefined);
                let value = self.array_argument(parameter, value, letters.get(at..end), place)?;
                self.push(value)?;
            }
            at = end;
        }
        self.pop_slice(start)
    }

    fn array_argument(
        &mut self,
        parameter: &Parameter,
        value: Val<'a>,
        matched: Option<&[u8]>,
        place: usize,
    ) -> Res<Val<'a>> {
        let items = match value {
            Val::Undefined => return Ok(value),
            _ => value.items(),
        };
        if let Some(subtype) = &parameter.subtype {
            let fits = match items {
                None => matched == Some(subtype.as_bytes()),
                Some(Items::Range { .. }) => subtype.starts_with('n'),
                Some(items) if items.len() == 0 => true,
                Some(items) => {
                    self.charge_items(items.len())?;
                    let wanted = subtype.as_bytes().first().copied();
                    items.iter().all(|item| Some(letter(item)) == wanted)
                }
            };
            if !fits {
                let mut fault = Fault::new("T0412").index(place + 1);
                fault.kind = type_name(subtype);
                return Err(self.with_value(fault, value));
            }
        }
        if items.is_some() { Ok(value) } else { self.array(&[value], 0) }
    }

    fn mismatch(&mut self, signature: &Signature, arguments: &[Val<'a>], letters: &[u8]) -> Box<Fault> {
        let mut good = 0;
        for upto in 1..=signature.parameters.len() {
            let mut takes = [0_usize; PARAMETERS_MAX + 1];
            if !signature.matches(upto, letters, false, &mut takes) {
                break;
            }
            good = takes.iter().take(upto).sum();
        }
        let value = arguments.get(good).copied().unwrap_or(Val::Undefined);
        self.with_value(Fault::new("T0410").index(good + 1), value)
    }
}
