//! Picture strings, taken apart.

use super::words::Ordinal;
use crate::fault::{Fault, Res};
use crate::functions::regular_distance;

/// First code points of the decimal digit families.
const DIGIT_FAMILIES: [u32; 37] = [
    0x30, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];
/// Digits that a picture or a width may ask for; ours.
const DIGITS_MAX: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Lower,
    Title,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Primary {
    Decimal,
    Letters,
    Roman,
    Words,
    /// A sequence that nobody knows how to count in.
    Sequence(String),
}

#[derive(Debug, Clone)]
pub(super) struct Integer {
    pub(super) primary: Primary,
    pub(super) case: Case,
    pub(super) ordinal: Ordinal,
    pub(super) zero: u32,
    pub(super) mandatory: usize,
    pub(super) optional: usize,
    pub(super) grouping: Grouping,
    /// For parsing: how many digits there are, if that is known.
    pub(super) width: Option<usize>,
}

#[derive(Debug, Clone)]
pub(super) enum Grouping {
    Regular {
        distance: usize,
        separator: char,
    },
    /// Distances from the right end.
    Irregular(Vec<(usize, char)>),
}

/// The layout of an integer picture.
pub(super) fn integer(picture: &str) -> Res<Integer> {
    let (primary_text, modifier) = match picture.rsplit_once(';') {
        Some((primary, modifier)) => (primary, modifier),
        None => (picture, ""),
    };
    let mut format = Integer {
        primary: Primary::Decimal,
        case: Case::Lower,
        ordinal: if modifier.starts_with('o') { Ordinal::Yes } else { Ordinal::No },
        zero: 0x30,
        mandatory: 0,
        optional: 0,
        grouping: Grouping::Irregular(Vec::new()),
        width: None,
    };
    let (primary, case) = match primary_text {
        "A" => (Primary::Letters, Case::Upper),
        "a" => (Primary::Letters, Case::Lower),
        "I" => (Primary::Roman, Case::Upper),
        "i" => (Primary::Roman, Case::Lower),
        "W" => (Primary::Words, Case::Upper),
        "Ww" => (Primary::Words, Case::Title),
        "w" => (Primary::Words, Case::Lower),
        _ => {
            decimal(primary_text, &mut format)?;
            return Ok(format);
        }
    };
    (format.primary, format.case) = (primary, case);
    Ok(format)
}

fn decimal(picture: &str, format: &mut Integer) -> Res<()> {
    let mut zero = None;
    let mut separators: Vec<(usize, char)> = Vec::new();
    let mut place = 0;
    for c in picture.chars().rev() {
        let code = u32::from(c);
        let family = DIGIT_FAMILIES.iter().copied().find(|first| (*first..=first + 9).contains(&code));
        match family {
            Some(family) => {
                format.mandatory += 1;
                place += 1;
                if *zero.get_or_insert(family) != family {
                    return Err(Fault::new("D3131"));
                }
            }
            None if c == '#' => {
                place += 1;
                format.optional += 1;
            }
            None => separators.push((place, c)),
        }
    }
    let Some(zero) = zero else {
        format.primary = Primary::Sequence(picture.to_owned());
        format.mandatory = 0;
        format.optional = 0;
        return Ok(());
    };
    format.zero = zero;
    let alike = separators.windows(2).all(|pair| pair[0].1 == pair[1].1);
    let positions: Vec<usize> = separators.iter().map(|(position, _)| *position).collect();
    let distance = if alike { regular_distance(&positions) } else { 0 };
    format.grouping = match separators.first() {
        Some((_, separator)) if distance > 0 => Grouping::Regular { distance, separator: *separator },
        _ => Grouping::Irregular(separators),
    };
    Ok(())
}

/// A part of a date-time picture.
#[derive(Debug, Clone)]
pub(super) enum Part {
    Literal(String),
    Marker(Box<Marker>),
}

#[derive(Debug, Clone)]
pub(super) struct Marker {
    pub(super) component: char,
    /// The most characters of a name, if the picture says so.
    pub(super) width_max: Option<usize>,
    /// In which case a name is written, if it is one.
    pub(super) names: Option<Case>,
    pub(super) integer: Option<Integer>,
    /// Digits of a year that are shown; all if `None`.
    pub(super) digits: Option<usize>,
    /// `t`: UTC is written `Z`.
    pub(super) traditional: bool,
}

fn default_presentation(component: char) -> Option<&'static str> {
    Some(match component {
        'Y' | 'M' | 'D' | 'd' | 'W' | 'w' | 'X' | 'x' | 'H' | 'h' | 'f' => "1",
        'F' | 'P' | 'C' | 'E' => "n",
        'm' | 's' => "01",
        'Z' | 'z' => "01:01",
        _ => return None,
    })
}

/// The parts of a date-time picture.
pub(super) fn date_time(picture: &str) -> Res<Vec<Part>> {
    let mut parts = Vec::new();
    let literal = |parts: &mut Vec<Part>, text: &str| {
        if !text.is_empty() {
            parts.push(Part::Literal(text.replace("]]", "]")));
        }
    };
    let mut rest = picture;
    while let Some(open) = rest.find('[') {
        let (before, after) = rest.split_at(open);
        literal(&mut parts, before);
        if let Some(behind) = after.strip_prefix("[[") {
            parts.push(Part::Literal("[".to_owned()));
            rest = behind;
            continue;
        }
        let Some(close) = after.find(']') else { return Err(Fault::new("D3135")) };
        let marker: String =
            after.get(1..close).unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
        parts.push(Part::Marker(Box::new(self::marker(&marker)?)));
        rest = after.get(close + 1..).unwrap_or_default();
    }
    literal(&mut parts, rest);
    Ok(parts)
}

fn marker(text: &str) -> Res<Marker> {
    let component = text.chars().next().unwrap_or('\0');
    let start = text.chars().next().map_or(0, char::len_utf8);
    let (presentation, width_min, width_max) = match text.rfind(',') {
        None => (text.get(start..).unwrap_or_default(), None, None),
        Some(comma) => {
            let widths = text.get(comma + 1..).unwrap_or_default();
            let (least, most) = match widths.split_once('-') {
                Some((least, most)) => (least, Some(most)),
                None => (widths, None),
            };
            (text.get(start..comma).unwrap_or_default(), width(least), most.and_then(width))
        }
    };
    let mut second = None;
    let mut first = presentation.to_owned();
    if presentation.chars().count() > 1
        && let Some(last) = presentation.chars().last().filter(|last| "atco".contains(*last))
    {
        second = Some(last);
        first.pop();
    }
    if presentation.is_empty() {
        match default_presentation(component) {
            Some(default) => default.clone_into(&mut first),
            None => {
                let shown = if component == '\0' { String::new() } else { component.to_string() };
                return Err(Fault::new("D3132").text_value(&shown));
            }
        }
    }
    let mut marker = Marker {
        component,
        width_max,
        names: None,
        integer: None,
        digits: None,
        traditional: second == Some('t'),
    };
    if first.starts_with('n') {
        marker.names = Some(Case::Lower);
    } else if first.starts_with('N') {
        marker.names = Some(if first.starts_with("Nn") { Case::Title } else { Case::Upper });
    } else if "YMDdFWwXxHhmsf".contains(component) {
        let pattern = match second {
            Some(second) => format!("{first};{second}"),
            None => first.clone(),
        };
        let mut format = integer(&pattern)?;
        // Only a number in digits has a number of digits.
        let in_digits = format.primary == Primary::Decimal;
        if let Some(least) = width_min.filter(|_| in_digits) {
            format.mandatory = format.mandatory.max(least);
        }
        if "YMD".contains(component) {
            if let Some(most) = width_max {
                marker.digits = Some(most);
                format.mandatory = most;
            } else if in_digits && format.mandatory + format.optional >= 2 {
                marker.digits = Some(format.mandatory + format.optional);
            }
        }
        format.width = marker.digits;
        marker.integer = Some(format);
    }
    if component == 'Z' || component == 'z' {
        marker.integer = Some(integer(&first)?);
    }
    Ok(marker)
}

fn width(text: &str) -> Option<usize> {
    let number = crate::number::parse_int(text)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    Some((number.max(0.0) as usize).min(DIGITS_MAX))
}
