//! `$formatNumber`: pictures of XPath's decimal formats, as the reference reads them.

use super::{Builtin, arg, number_arg, text_arg, wrong_argument};
use crate::fault::{Fault, Res};
use crate::functions::numeric::round;
use crate::machine::Machine;
use crate::val::Val;

struct Symbols {
    decimal: String,
    grouping: String,
    exponent: String,
    minus: String,
    percent: String,
    per_mille: String,
    zero: String,
    digit: String,
    pattern: String,
    /// The ten digits from `zero` on.
    digits: Vec<char>,
}

impl Symbols {
    fn is_digit(&self, c: char) -> bool {
        self.digits.contains(&c)
    }

    fn is(&self, c: char, symbol: &str) -> bool {
        let mut chars = symbol.chars();
        chars.next() == Some(c) && chars.next().is_none()
    }

    fn is_active(&self, c: char) -> bool {
        self.is_digit(c)
            || [&self.decimal, &self.exponent, &self.grouping, &self.digit, &self.pattern]
                .iter()
                .any(|symbol| self.is(c, symbol))
    }

    fn is_any_digit(&self, c: char) -> bool {
        self.is_digit(c) || self.is(c, &self.digit)
    }
}

/// One sub-picture, taken apart.
struct Parts<'p> {
    prefix: &'p str,
    suffix: &'p str,
    active: &'p str,
    mantissa: String,
    exponent: Option<String>,
    integer: String,
    fraction: String,
    picture: &'p str,
}

struct Layout {
    prefix: String,
    suffix: String,
    picture: String,
    grouping: Vec<usize>,
    regular_grouping: usize,
    fraction_grouping: Vec<usize>,
    integer_min: usize,
    scaling: usize,
    fraction_min: usize,
    fraction_max: usize,
    exponent_min: usize,
}

impl<'a> Machine<'a> {
    pub(super) fn format_number(&mut self, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        let function = Builtin::FormatNumber;
        let Some(number) = number_arg(function, arguments, 0)? else { return Ok(Val::Undefined) };
        let picture = text_arg(function, arguments, 1)?.ok_or_else(|| wrong_argument(function))?;
        self.charge_bytes(picture.len().saturating_mul(8))?;
        let symbols = self.symbols(arg(arguments, 2))?;
        let pictures: Vec<&str> = if symbols.pattern.is_empty() {
            vec![picture]
        } else {
            picture.split(&*symbols.pattern).collect()
        };
        if pictures.len() > 2 {
            return Err(Fault::new("D3080"));
        }
        let parts: Vec<Parts<'_>> = pictures.iter().map(|picture| split_parts(picture, &symbols)).collect();
        for part in &parts {
            if let Some(code) = problem(part, &symbols) {
                return Err(Fault::new(code));
            }
        }
        let text = render(number, &parts, &symbols, self)?;
        self.text(&text)
    }

    fn symbols(&mut self, options: Val<'a>) -> Res<Symbols> {
        let mut symbols = Symbols {
            decimal: ".".to_owned(),
            grouping: ",".to_owned(),
            exponent: "e".to_owned(),
            minus: "-".to_owned(),
            percent: "%".to_owned(),
            per_mille: "‰".to_owned(),
            zero: "0".to_owned(),
            digit: "#".to_owned(),
            pattern: ";".to_owned(),
            digits: Vec::new(),
        };
        for (key, value) in self.fields(options)? {
            let Some(text) = value.as_str() else { continue };
            let symbol = match key.as_str() {
                "decimal-separator" => &mut symbols.decimal,
                "grouping-separator" => &mut symbols.grouping,
                "exponent-separator" => &mut symbols.exponent,
                "minus-sign" => &mut symbols.minus,
                "percent" => &mut symbols.percent,
                "per-mille" => &mut symbols.per_mille,
                "zero-digit" => &mut symbols.zero,
                "digit" => &mut symbols.digit,
                "pattern-separator" => &mut symbols.pattern,
                _ => continue,
            };
            text.clone_into(symbol);
        }
        let zero = symbols.zero.chars().next().unwrap_or('0');
        symbols.digits = (0..10)
            .map(|by| char::from_u32(u32::from(zero) + by).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        Ok(symbols)
    }
}

fn split_parts<'p>(picture: &'p str, symbols: &Symbols) -> Parts<'p> {
    let bounds = |c: char| symbols.is_active(c) && !symbols.is(c, &symbols.exponent);
    let start = picture.find(bounds).unwrap_or(0);
    let end = picture
        .char_indices()
        .rev()
        .find(|(_, c)| bounds(*c))
        .map_or(picture.len(), |(at, c)| at + c.len_utf8());
    let (prefix, suffix) = (picture.get(..start).unwrap_or_default(), picture.get(end..).unwrap_or_default());
    let active = picture.get(start..end).unwrap_or_default();
    // The reference looks in the whole picture behind the prefix, and cuts the active part there.
    let exponent_at =
        picture.get(start..).and_then(|rest| rest.find(&*symbols.exponent)).map(|at| at + start);
    let (mantissa, exponent) = match exponent_at {
        Some(at) if at <= end && !symbols.exponent.is_empty() => {
            let cut = |from: usize| active.get(from..).unwrap_or_default().to_owned();
            (active.get(..at).unwrap_or(active).to_owned(), Some(cut(at + 1)))
        }
        _ => (active.to_owned(), None),
    };
    let (integer, fraction) = match mantissa.split_once(&*symbols.decimal) {
        Some((integer, fraction)) => (integer.to_owned(), fraction.to_owned()),
        None => (mantissa.clone(), suffix.to_owned()),
    };
    Parts { prefix, suffix, active, mantissa, exponent, integer, fraction, picture }
}

/// The last of the reference's checks that fails.
fn problem(parts: &Parts<'_>, symbols: &Symbols) -> Option<&'static str> {
    let picture = parts.picture;
    let twice = |symbol: &str| picture.find(symbol) != picture.rfind(symbol);
    let has = |symbol: &str| picture.contains(symbol);
    let mut found = None;
    let mut check = |bad: bool, code: &'static str| {
        if bad {
            found = Some(code);
        }
    };
    check(twice(&symbols.decimal), "D3081");
    check(twice(&symbols.percent), "D3082");
    check(twice(&symbols.per_mille), "D3083");
    check(has(&symbols.percent) && has(&symbols.per_mille), "D3084");
    check(!parts.mantissa.chars().any(|c| symbols.is_any_digit(c)), "D3085");
    check(parts.active.chars().any(|c| !symbols.is_active(c)), "D3086");
    let grouping = &*symbols.grouping;
    match picture.split_once(&*symbols.decimal) {
        Some((before, after)) => check(before.ends_with(grouping) || after.starts_with(grouping), "D3087"),
        None => check(parts.integer.ends_with(grouping), "D3088"),
    }
    check(has(&grouping.repeat(2)), "D3089");
    let is_digit = |c: char| symbols.is_digit(c);
    if let Some((before, _)) = parts.integer.split_once(&*symbols.digit) {
        check(before.contains(is_digit), "D3090");
    }
    if let Some((_, after)) = parts.fraction.rsplit_once(&*symbols.digit) {
        check(after.contains(is_digit), "D3091");
    }
    if let Some(exponent) = &parts.exponent {
        check(!exponent.is_empty() && (has(&symbols.percent) || has(&symbols.per_mille)), "D3092");
        check(exponent.is_empty() || exponent.contains(|c| !symbols.is_digit(c)), "D3093");
    }
    found
}

fn layout(parts: &Parts<'_>, symbols: &Symbols) -> Layout {
    let count = |text: &str, keep: &dyn Fn(char) -> bool| text.chars().filter(|c| keep(*c)).count();
    let any = |c: char| symbols.is_any_digit(c);
    let mandatory = |c: char| symbols.is_digit(c);
    let find = |text: &str, from: usize| -> Option<usize> {
        text.get(from..).and_then(|rest| rest.find(&*symbols.grouping)).map(|at| at + from)
    };
    // After the first, the reference looks for further separators in the integer part, whichever part it was given.
    let positions = |part: &str, to_left: bool| {
        let mut positions = Vec::new();
        let mut at = find(part, 0);
        while let Some(place) = at {
            let side = if to_left { part.get(..place) } else { part.get(place..) };
            let side = side.unwrap_or(if to_left { part } else { "" });
            positions.push(count(side, &any));
            at = find(&parts.integer, place + 1);
        }
        positions
    };
    let grouping = positions(&parts.integer, false);
    let regular_grouping = regular(&grouping);
    let mut integer_min = count(&parts.integer, &mandatory);
    let scaling = integer_min;
    let mut fraction_min = count(&parts.fraction, &mandatory);
    let mut fraction_max = count(&parts.fraction, &any);
    if integer_min == 0 && fraction_max == 0 {
        if parts.exponent.is_some() {
            (fraction_min, fraction_max) = (1, 1);
        } else {
            integer_min = 1;
        }
    }
    if parts.exponent.is_some() && integer_min == 0 && parts.integer.contains(&*symbols.digit) {
        integer_min = 1;
    }
    if integer_min == 0 && fraction_min == 0 {
        fraction_min = 1;
    }
    Layout {
        prefix: parts.prefix.to_owned(),
        suffix: parts.suffix.to_owned(),
        picture: parts.picture.to_owned(),
        regular_grouping,
        fraction_grouping: positions(&parts.fraction, true),
        grouping,
        integer_min,
        scaling,
        fraction_min,
        fraction_max,
        exponent_min: parts.exponent.as_deref().map_or(0, |exponent| count(exponent, &mandatory)),
    }
}

/// The distance of separators that stand at regular distances; 0 where they do not.
pub(crate) fn regular(positions: &[usize]) -> usize {
    fn gcd(a: usize, b: usize) -> usize {
        if b == 0 { a } else { gcd(b, a % b) }
    }
    let Some(factor) = positions.iter().copied().reduce(gcd) else { return 0 };
    let all = (1..=positions.len()).all(|at| positions.contains(&(at * factor)));
    if all { factor } else { 0 }
}

fn render(number: f64, parts: &[Parts<'_>], symbols: &Symbols, machine: &mut Machine<'_>) -> Res<String> {
    let mut layouts: Vec<Layout> = parts.iter().map(|part| layout(part, symbols)).collect();
    let negative = number.is_nan() || number < 0.0;
    if negative && layouts.len() == 1 {
        layouts[0].prefix.insert_str(0, &symbols.minus);
    }
    let Some(layout) = layouts.get(if negative { layouts.len() - 1 } else { 0 }) else {
        return Ok(String::new());
    };
    let adjusted = if layout.picture.contains(&*symbols.percent) {
        number * 100.0
    } else if layout.picture.contains(&*symbols.per_mille) {
        number * 1000.0
    } else {
        number
    };
    let (mut mantissa, mut exponent) = (adjusted, None);
    if layout.exponent_min > 0 {
        let scale = i32::try_from(layout.scaling).unwrap_or(i32::MAX);
        let (most, least) = (10_f64.powi(scale), 10_f64.powi(scale - 1));
        let mut shift = 0_i32;
        // A number that is not above zero never gets there; the reference does not come back.
        while mantissa < least {
            machine.charge(16)?;
            mantissa *= 10.0;
            shift -= 1;
        }
        while mantissa > most {
            machine.charge(16)?;
            mantissa /= 10.0;
            shift += 1;
        }
        exponent = Some(shift);
    }
    #[expect(clippy::cast_precision_loss, reason = "digits of a picture")]
    let rounded = round(mantissa, layout.fraction_max as f64);
    let mut digits = fixed(rounded, layout.fraction_max, symbols);
    let decimal = symbols.decimal.chars().collect::<Vec<char>>();
    match digits.iter().position(|c| *c == '.') {
        None => digits.extend(&decimal),
        Some(at) => {
            digits.splice(at..=at, decimal.iter().copied());
        }
    }
    let zero = symbols.digits.first().copied().unwrap_or('0');
    let leading = digits.iter().take_while(|c| **c == zero).count();
    digits.drain(..leading);
    while digits.last() == Some(&zero) {
        digits.pop();
    }
    let find = |digits: &[char]| {
        if decimal.is_empty() { Some(0) } else { digits.windows(decimal.len()).position(|w| w == decimal) }
    };
    let at = find(&digits).unwrap_or(digits.len());
    machine.charge_bytes(layout.picture.len().saturating_mul(4) + 512)?;
    let right = layout.fraction_min.saturating_sub(digits.len().saturating_sub(at + 1));
    digits.extend(std::iter::repeat_n(zero, right));
    digits.splice(..0, std::iter::repeat_n(zero, layout.integer_min.saturating_sub(at)));
    group(&mut digits, layout, symbols, &find);
    let at = find(&digits);
    if !layout.picture.contains(&*symbols.decimal) || at.is_some_and(|at| at + 1 == digits.len()) {
        digits.pop();
    }
    let mut out = layout.prefix.clone();
    out.extend(&digits);
    if let Some(exponent) = exponent {
        let mut text = fixed(f64::from(exponent), 0, symbols);
        let missing = layout.exponent_min.saturating_sub(text.len());
        text.splice(..0, std::iter::repeat_n(zero, missing));
        out.push_str(&symbols.exponent);
        if exponent < 0 {
            out.push_str(&symbols.minus);
        }
        out.extend(text);
    }
    out.push_str(&layout.suffix);
    Ok(out)
}

fn group(
    digits: &mut Vec<char>,
    layout: &Layout,
    symbols: &Symbols,
    find: &dyn Fn(&[char]) -> Option<usize>,
) {
    let separator: Vec<char> = symbols.grouping.chars().collect();
    let insert = |digits: &mut Vec<char>, at: usize| {
        let at = at.min(digits.len());
        digits.splice(at..at, separator.iter().copied());
    };
    let at = find(digits).unwrap_or(0);
    match at.saturating_sub(1).checked_div(layout.regular_grouping) {
        Some(groups) => {
            for step in 1..=groups {
                insert(digits, at - step * layout.regular_grouping);
            }
        }
        None => {
            // Each separator moves the decimal point by one.
            for (at, position) in (at..).zip(&layout.grouping) {
                // JavaScript's slice counts from the end where this is negative.
                let place =
                    at.checked_sub(*position).unwrap_or((digits.len() + at).saturating_sub(*position));
                insert(digits, place);
            }
        }
    }
    let at = find(digits).unwrap_or(0);
    for position in &layout.fraction_grouping {
        insert(digits, position + at + 1);
    }
}

/// `Math.abs(number).toFixed(places)` in the picture's digits.
fn fixed(number: f64, places: usize, symbols: &Symbols) -> Vec<char> {
    let number = number.abs();
    let text = if number >= 1e21 || !number.is_finite() {
        crate::number::number_text(number)
    } else {
        to_fixed(number, places.min(100))
    };
    text.chars()
        .map(|c| match c.to_digit(10) {
            Some(digit) => symbols.digits.get(digit as usize).copied().unwrap_or(c),
            None => c,
        })
        .collect()
}

/// ECMA-262 `toFixed`: of two equally near decimals the larger, where Rust takes the even one.
fn to_fixed(number: f64, places: usize) -> String {
    // A double has at most 1,074 places; a tie shows within a few more than asked for.
    let long = format!("{number:.*}", places + 60);
    let cut = long.len() - 60;
    let (kept, rest) = long.split_at(cut);
    let kept = kept.strip_suffix('.').unwrap_or(kept);
    if !rest.starts_with('5') || rest.bytes().skip(1).any(|b| b != b'0') {
        return format!("{number:.places$}");
    }
    let mut digits: Vec<u8> = kept.bytes().collect();
    let mut at = digits.len();
    loop {
        let Some(before) = at.checked_sub(1) else {
            digits.insert(0, b'1');
            break;
        };
        at = before;
        match digits[at] {
            b'.' => {}
            b'9' => digits[at] = b'0',
            _ => {
                digits[at] += 1;
                break;
            }
        }
    }
    String::from_utf8(digits).unwrap_or_default()
}
