//! `$match`, `$contains`, `$replace`, `$split`: with strings, regular expressions, or any function that matches.

use super::{Builtin, arg, number_arg, text_arg, wrong_argument};
use crate::budget::Limit;
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::regex::{Match, Regex};
use crate::text::utf16_len;
use crate::val::{Frame, Func, FuncKind, SEQUENCE, Text, Val};

/// What a replacement by a function weighs on the stack, in KiB of an unoptimized build.
const REPLACE_KIB: u32 = 7;

/// A text as UTF-16 units, to match against.
struct Subject<'a> {
    text: &'a str,
    units: Vec<u16>,
}

impl<'a> Subject<'a> {
    /// The part between two places in UTF-16 units; halves of pairs become U+FFFD.
    fn part(&self, from: usize, to: usize, machine: &mut Machine<'a>) -> Res<&'a str> {
        if self.text.len() == self.units.len() {
            return Ok(self.text.get(from..to).unwrap_or_default());
        }
        let part = String::from_utf16_lossy(self.units.get(from..to).unwrap_or_default());
        machine.charge_bytes(part.len())?;
        Ok(machine.bump.alloc_str(&part))
    }
}

/// What matches: a regular expression, or a function that gives match objects.
enum Matcher<'a> {
    Regex { regex: &'a Regex, position: u32 },
    Function(&'a Func<'a>),
}

/// One match on its way through a function.
struct Found<'a> {
    text: Val<'a>,
    start: Val<'a>,
    end: Val<'a>,
    groups: Val<'a>,
    /// The match object, if a function gave it.
    object: Val<'a>,
}

fn regex_of<'a>(function: &'a Func<'a>) -> Option<(&'a Regex, u32)> {
    match &function.kind {
        FuncKind::Regex { regex, position } => Some((regex, *position)),
        FuncKind::Closure(inner) => regex_of(inner),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "places are far below 2^53")]
fn number<'a>(place: usize) -> Val<'a> {
    Val::Num(place as f64)
}

impl<'a> Machine<'a> {
    pub(super) fn pattern_function(
        &mut self,
        function: Builtin,
        arguments: &[Val<'a>],
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let Some(text) = text_arg(function, arguments, 0)? else { return Ok(Val::Undefined) };
        self.charge(text.len() as u64 >> 4)?;
        let pattern = arg(arguments, 1);
        match function {
            Builtin::Contains => match pattern {
                Val::Str(token) => Ok(Val::Bool(text.contains(token.as_str()))),
                Val::Func(_) => {
                    let mut matches = self.matches(text, pattern, env)?;
                    Ok(Val::Bool(matches.next(self)?.is_some()))
                }
                _ => Err(wrong_argument(function)),
            },
            Builtin::Match => self.match_all(text, pattern, number_arg(function, arguments, 2)?, env),
            Builtin::Split => self.split(text, pattern, number_arg(function, arguments, 2)?, env),
            _ => {
                let limit = number_arg(function, arguments, 3)?;
                self.replace(arg(arguments, 0), text, pattern, arg(arguments, 2), limit, env)
            }
        }
    }

    fn matches(&mut self, text: &'a str, pattern: Val<'a>, env: &'a Frame<'a>) -> Res<Matches<'a>> {
        let Val::Func(function) = pattern else { return Err(wrong_argument(Builtin::Match)) };
        let matcher = match regex_of(function) {
            Some((regex, position)) => Matcher::Regex { regex, position },
            None => Matcher::Function(function),
        };
        let units = match matcher {
            Matcher::Regex { .. } => {
                self.charge_bytes(text.len().saturating_mul(2))?;
                text.encode_utf16().collect()
            }
            Matcher::Function(_) => Vec::new(),
        };
        Ok(Matches {
            subject: Subject { text, units },
            matcher,
            from: 0,
            first: true,
            next: Val::Undefined,
            env,
        })
    }

    /// Runs a regular expression within the fuel that is left.
    fn exec(&mut self, regex: &Regex, units: &[u16], from: usize) -> Res<Option<Match>> {
        let left = self.steps_left();
        // A step of the matcher is cheaper than one of the evaluator.
        let mut steps = left.saturating_mul(4);
        let given = steps;
        let found = regex.exec(units, from, &mut steps);
        self.charge((given - steps) / 4)?;
        found.map_err(|crate::regex::Exhausted| Fault::limit(Limit::Fuel))
    }

    /// A match as the object that the reference's matcher functions give.
    pub(crate) fn regex_match(
        &mut self,
        regex: &'a Regex,
        position: u32,
        text: Text<'a>,
        from: usize,
    ) -> Res<Val<'a>> {
        self.charge_bytes(text.as_str().len().saturating_mul(2))?;
        let subject = Subject { text: text.as_str(), units: text.as_str().encode_utf16().collect() };
        let Some(found) = self.exec(regex, &subject.units, from)? else { return Ok(Val::Undefined) };
        let next = self.func(FuncKind::RegexNext { regex, position, text, from: found.end })?;
        let found = self.found(&subject, &found)?;
        self.match_object(&found, next)
    }

    fn found(&mut self, subject: &Subject<'a>, found: &Match) -> Res<Found<'a>> {
        let text = Val::plain(subject.part(found.start, found.end, self)?);
        let start = self.stack.len();
        for group in &found.groups {
            let value = match group {
                None => Val::Undefined,
                Some((from, to)) => Val::plain(subject.part(*from, *to, self)?),
            };
            self.push(value)?;
        }
        let groups = self.pop_array(start, 0)?;
        Ok(Found { text, start: number(found.start), end: number(found.end), groups, object: Val::Undefined })
    }

    fn match_object(&mut self, found: &Found<'a>, next: Val<'a>) -> Res<Val<'a>> {
        if !found.object.is_undefined() {
            return Ok(found.object);
        }
        self.object(&mut [
            Self::named("match", found.text),
            Self::named("start", found.start),
            Self::named("end", found.end),
            Self::named("groups", found.groups),
            Self::named("next", next),
        ])
    }

    fn match_all(
        &mut self,
        text: &'a str,
        pattern: Val<'a>,
        limit: Option<f64>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        if let Some(limit) = limit.filter(|limit| *limit < 0.0) {
            return Err(Fault::new("D3040").index(3).number_value(limit));
        }
        let start = self.stack.len();
        if limit.is_none_or(|limit| limit > 0.0) {
            let mut matches = self.matches(text, pattern, env)?;
            let mut count = 0.0;
            let mut found = matches.next(self)?;
            while let Some(one) = found.filter(|_| limit.is_none_or(|limit| count < limit)) {
                let object = self.object(&mut [
                    Self::named("match", one.text),
                    Self::named("index", one.start),
                    Self::named("groups", one.groups),
                ])?;
                self.push(object)?;
                found = matches.next(self)?;
                count += 1.0;
            }
        }
        self.pop_array(start, SEQUENCE)
    }

    fn split(
        &mut self,
        text: &'a str,
        pattern: Val<'a>,
        limit: Option<f64>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        if let Some(limit) = limit.filter(|limit| *limit < 0.0) {
            return Err(Fault::new("D3020").index(3).number_value(limit));
        }
        let start = self.stack.len();
        if limit.is_none_or(|limit| limit > 0.0) {
            match pattern {
                Val::Str(separator) => {
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
                    let most = limit.map_or(usize::MAX, |limit| limit as usize);
                    let separator = separator.as_str();
                    if separator.is_empty() {
                        for (at, c) in text.char_indices().take(most) {
                            self.charge(1)?;
                            let piece = text.get(at..at + c.len_utf8()).unwrap_or_default();
                            self.push(Val::plain(piece))?;
                        }
                    } else {
                        for piece in text.split(separator).take(most) {
                            self.charge(1)?;
                            self.push(Val::plain(piece))?;
                        }
                    }
                }
                Val::Func(_) => self.split_by_matches(text, pattern, limit, env)?,
                _ => return Err(wrong_argument(Builtin::Split)),
            }
        }
        self.pop_array(start, 0)
    }

    fn split_by_matches(
        &mut self,
        text: &'a str,
        pattern: Val<'a>,
        limit: Option<f64>,
        env: &'a Frame<'a>,
    ) -> Res<()> {
        let mut matches = self.matches(text, pattern, env)?;
        let mut count = 0.0;
        let mut from = 0;
        let Some(first) = matches.next(self)? else { return self.push(Val::plain(text)) };
        let mut found = Some(first);
        while let Some(one) = found.filter(|_| limit.is_none_or(|limit| count < limit)) {
            let piece = matches.text_between(from, place_of(one.start), self)?;
            self.push(Val::plain(piece))?;
            from = place_of(one.end);
            found = matches.next(self)?;
            count += 1.0;
        }
        if limit.is_none_or(|limit| count < limit) {
            let piece = matches.text_between(from, usize::MAX, self)?;
            self.push(Val::plain(piece))?;
        }
        Ok(())
    }

    fn replace(
        &mut self,
        whole: Val<'a>,
        text: &'a str,
        pattern: Val<'a>,
        replacement: Val<'a>,
        limit: Option<f64>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        if pattern.as_str() == Some("") {
            return Err(Fault::new("D3010").index(2).text_value(""));
        }
        if let Some(limit) = limit.filter(|limit| *limit < 0.0) {
            return Err(Fault::new("D3011").index(4).number_value(limit));
        }
        if limit.is_some_and(|limit| limit <= 0.0) {
            return Ok(whole);
        }
        if let Val::Str(pattern) = pattern {
            let replacement = replacement.as_str().unwrap_or_default();
            return self.replace_text(text, pattern.as_str(), replacement, limit);
        }
        let mut matches = self.matches(text, pattern, env)?;
        let mut found = matches.next(self)?;
        if found.is_none() {
            return Ok(whole);
        }
        let mut out = String::new();
        let (mut from, mut count) = (0, 0.0);
        while let Some(one) = found.filter(|_| limit.is_none_or(|limit| count < limit)) {
            let start = place_of(one.start);
            out.push_str(matches.text_between(from, start, self)?);
            match replacement {
                Val::Str(template) => self.substitute(template.as_str(), &one, &mut out)?,
                _ => {
                    let next = matches.next_function(self)?;
                    let object = self.match_object(&one, next)?;
                    let Val::Func(replacer) = replacement else {
                        return Err(wrong_argument(Builtin::Replace));
                    };
                    self.weigh(REPLACE_KIB)?;
                    let value = self.call_back(replacer, &[object], env)?;
                    self.unweigh(REPLACE_KIB);
                    match value {
                        Val::Str(text) => out.push_str(text.as_str()),
                        _ => return Err(self.with_value(Fault::new("D3012"), value)),
                    }
                }
            }
            if out.len() as u64 > self.bytes_left() {
                return Err(Fault::limit(Limit::Bytes));
            }
            from = start + utf16_len(one.text.as_str().unwrap_or_default());
            count += 1.0;
            found = matches.next(self)?;
        }
        out.push_str(matches.text_between(from, usize::MAX, self)?);
        self.text(&out)
    }

    fn replace_text(
        &mut self,
        text: &str,
        pattern: &str,
        replacement: &str,
        limit: Option<f64>,
    ) -> Res<Val<'a>> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let most = limit.map_or(usize::MAX, |limit| limit.ceil() as usize);
        let count = text.matches(pattern).take(most).count();
        self.charge_items(count)?;
        let total = text.len().saturating_add(count.saturating_mul(replacement.len()));
        if total as u64 > self.bytes_left() {
            return Err(Fault::limit(Limit::Bytes));
        }
        let replaced = text.replacen(pattern, replacement, most);
        self.text(&replaced)
    }

    /// A replacement text with `$0`, `$1`, … and `$$` filled in, as the reference reads them.
    fn substitute(&mut self, template: &str, found: &Found<'a>, out: &mut String) -> Res<()> {
        self.charge(1 + (template.len() as u64 >> 4))?;
        let groups = found.groups.items_or_one();
        let count = groups.len();
        let mut rest = template;
        while let Some(at) = rest.find('$') {
            let (before, after) = rest.split_at(at);
            out.push_str(before);
            rest = after.get(1..).unwrap_or_default();
            if let Some(behind) = rest.strip_prefix('$') {
                out.push('$');
                rest = behind;
                continue;
            }
            if let Some(behind) = rest.strip_prefix('0') {
                out.push_str(found.text.as_str().unwrap_or_default());
                rest = behind;
                continue;
            }
            // As many digits as the number of groups has; fewer where that names no group.
            let digits_max = if count == 0 { 1 } else { count.ilog10() as usize + 1 };
            let digits = rest.bytes().take(digits_max).take_while(u8::is_ascii_digit).count();
            let index = |digits: usize| rest.get(..digits).and_then(|text| text.parse::<usize>().ok());
            let mut number = index(digits);
            if digits_max > 1 && number.is_some_and(|number| number > count) {
                number = index(digits.min(digits_max - 1));
            }
            match number {
                None => out.push('$'),
                Some(number) => {
                    if number >= 1
                        && let Some(text) = groups.get(number - 1).as_str()
                    {
                        out.push_str(text);
                    }
                    rest = rest.get(number.to_string().len()..).unwrap_or_default();
                }
            }
        }
        out.push_str(rest);
        Ok(())
    }
}

/// The matches of one text, one after the other.
struct Matches<'a> {
    subject: Subject<'a>,
    matcher: Matcher<'a>,
    from: usize,
    first: bool,
    next: Val<'a>,
    env: &'a Frame<'a>,
}

impl<'a> Matches<'a> {
    fn next(&mut self, machine: &mut Machine<'a>) -> Res<Option<Found<'a>>> {
        machine.charge(1)?;
        let first = std::mem::take(&mut self.first);
        match self.matcher {
            Matcher::Regex { regex, position } => {
                if !first && self.from >= self.subject.units.len() {
                    return Ok(None);
                }
                let Some(found) = machine.exec(regex, &self.subject.units, self.from)? else {
                    return Ok(None);
                };
                if !first && found.start == found.end {
                    return Err(Fault::new("D1004").at(position).text_value(regex.source()));
                }
                self.from = found.end;
                machine.found(&self.subject, &found).map(Some)
            }
            Matcher::Function(function) => {
                let value = if first {
                    machine.call_back(function, &[Val::plain(self.subject.text)], self.env)?
                } else {
                    let Val::Func(next) = self.next else { return Err(wrong_argument(Builtin::Match)) };
                    machine.call_back(next, &[Val::Undefined], self.env)?
                };
                if value.is_undefined() {
                    return Ok(None);
                }
                self.check(value, machine)
            }
        }
    }

    /// A match object of a function; its structure is checked as loosely as the reference does.
    fn check(&mut self, value: Val<'a>, machine: &mut Machine<'a>) -> Res<Option<Found<'a>>> {
        let (start, groups, next) = (value.field("start"), value.field("groups"), value.field("next"));
        let good = matches!(start, Val::Num(_))
            || value.field("end").as_str() == Some("number")
            || groups.is_array()
            || matches!(next, Val::Func(_));
        let truthy = !matches!(value, Val::Null | Val::Bool(false))
            && !matches!(value, Val::Num(number) if number == 0.0 || number.is_nan())
            && value.as_str() != Some("");
        if truthy && !good {
            return Err(Fault::new("T1010"));
        }
        machine.charge(1)?;
        self.next = next;
        let end = value.field("end");
        Ok(Some(Found { text: value.field("match"), start, end, groups, object: value }))
    }

    fn text_between(&self, from: usize, to: usize, machine: &mut Machine<'a>) -> Res<&'a str> {
        match self.matcher {
            Matcher::Regex { .. } => {
                let to = to.min(self.subject.units.len());
                self.subject.part(from.min(to), to, machine)
            }
            Matcher::Function(_) => {
                let units: Vec<u16> = self.subject.text.encode_utf16().collect();
                machine.charge_items(units.len())?;
                let to = to.min(units.len());
                let part = String::from_utf16_lossy(units.get(from.min(to)..to).unwrap_or_default());
                machine.charge_bytes(part.len())?;
                Ok(machine.bump.alloc_str(&part))
            }
        }
    }

    /// What a match object shows as `next`.
    fn next_function(&self, machine: &mut Machine<'a>) -> Res<Val<'a>> {
        match self.matcher {
            Matcher::Function(_) => Ok(self.next),
            Matcher::Regex { regex, position } => {
                let text = Text::Plain(self.subject.text);
                machine.func(FuncKind::RegexNext { regex, position, text, from: self.from })
            }
        }
    }
}

fn place_of(value: Val<'_>) -> usize {
    match value {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        Val::Num(number) => number as usize,
        _ => 0,
    }
}
