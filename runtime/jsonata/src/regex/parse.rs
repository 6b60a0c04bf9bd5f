//! Patterns to trees.

use super::{Class, NESTING_MAX};

#[derive(Debug)]
pub(super) enum Tree {
    Empty,
    Char(u16),
    Any,
    Class(Class),
    Sequence(Vec<Tree>),
    Either(Vec<Tree>),
    /// A capture group, by number from 1.
    Group(u32, Box<Tree>),
    Repeat {
        inner: Box<Tree>,
        least: u32,
        most: Option<u32>,
        greed: Greed,
        first_group: u32,
        last_group: u32,
    },
    LineStart,
    LineEnd,
    WordBoundary,
    NotWordBoundary,
    BackReference(u32),
    NamedReference(String),
    Look {
        inner: Box<Tree>,
        side: Side,
        expect: Expect,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Greed {
    Greedy,
    Lazy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Ahead,
    Behind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    Match,
    NoMatch,
}

pub(super) struct Parser<'p> {
    units: &'p [u16],
    at: usize,
    pub(super) groups: u32,
    /// Groups in the whole pattern, counted beforehand: `\3` is a reference only if there are three.
    total_groups: u32,
    pub(super) names: Vec<(String, u32)>,
    has_names: bool,
    nesting: u32,
}

type Parsed<T> = Result<T, &'static str>;

const fn unit(c: char) -> u16 {
    c as u16
}

impl<'p> Parser<'p> {
    pub(super) fn new(units: &'p [u16]) -> Self {
        let (total_groups, has_names) = count_groups(units);
        Self { units, at: 0, groups: 0, total_groups, names: Vec::new(), has_names, nesting: 0 }
    }

    fn peek(&self) -> Option<u16> {
        self.units.get(self.at).copied()
    }

    fn ahead(&self, by: usize) -> Option<u16> {
        self.units.get(self.at + by).copied()
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(unit(c));
        self.at += usize::from(found);
        found
    }

    fn eat_text(&mut self, text: &str) -> bool {
        let found = text.bytes().enumerate().all(|(by, b)| self.ahead(by) == Some(u16::from(b)));
        if found {
            self.at += text.len();
        }
        found
    }

    pub(super) fn pattern(&mut self) -> Parsed<Tree> {
        let tree = self.either()?;
        match self.peek() {
            None => Ok(tree),
            Some(_) => Err("Unmatched ')'"),
        }
    }

    fn either(&mut self) -> Parsed<Tree> {
        self.nesting += 1;
        if self.nesting > NESTING_MAX {
            return Err("Nested too deeply");
        }
        let mut branches = vec![self.sequence()?];
        while self.eat('|') {
            branches.push(self.sequence()?);
        }
        self.nesting -= 1;
        if branches.len() == 1 { branches.pop().ok_or("") } else { Ok(Tree::Either(branches)) }
    }

    fn sequence(&mut self) -> Parsed<Tree> {
        let mut items = Vec::new();
        while let Some(next) = self.peek() {
            if next == unit('|') || next == unit(')') {
                break;
            }
            items.push(self.term()?);
        }
        Ok(match items.len() {
            0 => Tree::Empty,
            _ => Tree::Sequence(items),
        })
    }

    fn term(&mut self) -> Parsed<Tree> {
        let first_group = self.groups;
        let atom = self.atom()?;
        let quantifiable =
            !matches!(atom, Tree::LineStart | Tree::LineEnd | Tree::WordBoundary | Tree::NotWordBoundary)
                && !matches!(atom, Tree::Look { side: Side::Behind, .. });
        let Some((least, most)) = self.quantifier()? else { return Ok(atom) };
        if !quantifiable {
            return Err("Nothing to repeat");
        }
        let greed = if self.eat('?') { Greed::Lazy } else { Greed::Greedy };
        Ok(Tree::Repeat { inner: Box::new(atom), least, most, greed, first_group, last_group: self.groups })
    }

    fn quantifier(&mut self) -> Parsed<Option<(u32, Option<u32>)>> {
        if self.eat('*') {
            return Ok(Some((0, None)));
        }
        if self.eat('+') {
            return Ok(Some((1, None)));
        }
        if self.eat('?') {
            return Ok(Some((0, Some(1))));
        }
        let start = self.at;
        let braces = self.braces();
        match braces {
            None => {
                self.at = start;
                Ok(None)
            }
            Some((least, Some(most))) if most < least => Err("numbers out of order in {} quantifier"),
            Some(found) => Ok(Some(found)),
        }
    }

    fn braces(&mut self) -> Option<(u32, Option<u32>)> {
        if !self.eat('{') {
            return None;
        }
        let least = self.decimal()?;
        let most = if self.eat(',') {
            if self.peek() == Some(unit('}')) { None } else { Some(self.decimal()?) }
        } else {
            Some(least)
        };
        self.eat('}').then_some((least, most))
    }

    fn decimal(&mut self) -> Option<u32> {
        let mut value: Option<u32> = None;
        while let Some(digit) = self.peek().and_then(|u| char::from_u32(u32::from(u))?.to_digit(10)) {
            value = Some(value.unwrap_or(0).saturating_mul(10).saturating_add(digit));
            self.at += 1;
        }
        value
    }

    fn atom(&mut self) -> Parsed<Tree> {
        let Some(next) = self.peek() else { return Ok(Tree::Empty) };
        self.at += 1;
        Ok(match char::from_u32(u32::from(next)) {
            Some('^') => Tree::LineStart,
            Some('$') => Tree::LineEnd,
            Some('.') => Tree::Any,
            Some('(') => self.group()?,
            Some('[') => Tree::Class(self.class()?),
            Some('\\') => self.escape()?,
            Some('*' | '+' | '?') => return Err("Nothing to repeat"),
            Some('{') => {
                self.at -= 1;
                let start = self.at;
                if self.braces().is_some() {
                    return Err("Nothing to repeat");
                }
                self.at = start + 1;
                Tree::Char(next)
            }
            _ => Tree::Char(next),
        })
    }

    fn group(&mut self) -> Parsed<Tree> {
        for (open, side, expect) in [
            ("?=", Side::Ahead, Expect::Match),
            ("?!", Side::Ahead, Expect::NoMatch),
            ("?<=", Side::Behind, Expect::Match),
            ("?<!", Side::Behind, Expect::NoMatch),
        ] {
            if self.eat_text(open) {
                let inner = Box::new(self.closed()?);
                return Ok(Tree::Look { inner, side, expect });
            }
        }
        if self.eat_text("?:") {
            return self.closed();
        }
        let mut name = None;
        if self.eat_text("?<") {
            name = Some(self.group_name()?);
        } else if self.peek() == Some(unit('?')) {
            return Err("Invalid group");
        }
        self.groups += 1;
        let number = self.groups;
        if let Some(name) = name {
            if self.names.iter().any(|(known, _)| *known == name) {
                return Err("Duplicate capture group name");
            }
            self.names.push((name, number));
        }
        let inner = self.closed()?;
        Ok(Tree::Group(number, Box::new(inner)))
    }

    fn closed(&mut self) -> Parsed<Tree> {
        let inner = self.either()?;
        if self.eat(')') { Ok(inner) } else { Err("Unterminated group") }
    }

    fn group_name(&mut self) -> Parsed<String> {
        let rest = self.units.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|u| *u == unit('>')).ok_or("Invalid capture group name")?;
        let name = String::from_utf16_lossy(rest.get(..length).unwrap_or_default());
        let valid = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
        if !valid {
            return Err("Invalid capture group name");
        }
        self.at += length + 1;
        Ok(name)
    }

    fn escape(&mut self) -> Parsed<Tree> {
        let next = self.peek().ok_or("\\ at end of pattern")?;
        match char::from_u32(u32::from(next)) {
            Some('b') => {
                self.at += 1;
                return Ok(Tree::WordBoundary);
            }
            Some('B') => {
                self.at += 1;
                return Ok(Tree::NotWordBoundary);
            }
            Some('1'..='9') => {
                let start = self.at;
                let number = self.decimal().unwrap_or(0);
                if number <= self.total_groups {
                    return Ok(Tree::BackReference(number));
                }
                self.at = start;
            }
            Some('k') if self.has_names => {
                self.at += 1;
                if !self.eat('<') {
                    return Err("Invalid named reference");
                }
                return Ok(Tree::NamedReference(self.group_name()?));
            }
            _ => {}
        }
        if let Some(class) = self.class_escape() {
            return Ok(Tree::Class(class));
        }
        Ok(Tree::Char(self.char_escape()?))
    }

    /// `\d`, `\w`, `\s` and their opposites.
    fn class_escape(&mut self) -> Option<Class> {
        let (ranges, negated): (&[(u16, u16)], bool) =
            match self.peek().and_then(|u| char::from_u32(u32::from(u)))? {
                'd' => (DIGITS, false),
                'D' => (DIGITS, true),
                'w' => (WORD, false),
                'W' => (WORD, true),
                's' => (SPACE, false),
                'S' => (SPACE, true),
                _ => return None,
            };
        self.at += 1;
        Some(Class { ranges: ranges.to_vec(), negated })
    }

    fn hex(&mut self, digits: usize) -> Option<u16> {
        let mut value = 0_u32;
        for by in 0..digits {
            let digit = char::from_u32(u32::from(self.ahead(by)?))?.to_digit(16)?;
            value = value * 16 + digit;
        }
        self.at += digits;
        u16::try_from(value).ok()
    }

    fn char_escape(&mut self) -> Parsed<u16> {
        let next = self.peek().ok_or("\\ at end of pattern")?;
        self.at += 1;
        Ok(match char::from_u32(u32::from(next)) {
            Some('t') => 0x09,
            Some('n') => 0x0A,
            Some('v') => 0x0B,
            Some('f') => 0x0C,
            Some('r') => 0x0D,
            Some('c') => match self.peek().and_then(|u| u8::try_from(u).ok()) {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    self.at += 1;
                    u16::from(letter % 32)
                }
                _ => {
                    self.at -= 1;
                    unit('\\')
                }
            },
            Some('x') => self.hex(2).unwrap_or(next),
            Some('u') => self.hex(4).unwrap_or(next),
            Some(octal @ '0'..='7') => {
                let mut value = octal.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let digit = self.peek().and_then(|u| char::from_u32(u32::from(u))?.to_digit(8));
                    match digit {
                        Some(digit) if value * 8 + digit <= 0o377 => {
                            value = value * 8 + digit;
                            self.at += 1;
                        }
                        _ => break,
                    }
                }
                u16::try_from(value).unwrap_or(0)
            }
            _ => next,
        })
    }

    fn class(&mut self) -> Parsed<Class> {
        let mut class = Class { ranges: Vec::new(), negated: self.eat('^') };
        loop {
            if self.peek().is_none() {
                return Err("Unterminated character class");
            }
            if self.eat(']') {
                return Ok(class);
            }
            let low = self.class_atom()?;
            if self.peek() != Some(unit('-')) || self.ahead(1).is_none_or(|u| u == unit(']')) {
                class.add(low);
                continue;
            }
            self.at += 1;
            let high = self.class_atom()?;
            match (low, high) {
                (ClassAtom::Char(low), ClassAtom::Char(high)) => {
                    if high < low {
                        return Err("Range out of order in character class");
                    }
                    class.ranges.push((low, high));
                }
                (low, high) => {
                    class.add(low);
                    class.ranges.push((unit('-'), unit('-')));
                    class.add(high);
                }
            }
        }
    }

    fn class_atom(&mut self) -> Parsed<ClassAtom> {
        let next = self.peek().ok_or("Unterminated character class")?;
        self.at += 1;
        if next != unit('\\') {
            return Ok(ClassAtom::Char(next));
        }
        if let Some(set) = self.class_escape() {
            return Ok(ClassAtom::Set(set));
        }
        if self.eat('b') {
            return Ok(ClassAtom::Char(0x08));
        }
        Ok(ClassAtom::Char(self.char_escape()?))
    }
}

enum ClassAtom {
    Char(u16),
    Set(Class),
}

impl Class {
    fn add(&mut self, atom: ClassAtom) {
        match atom {
            ClassAtom::Char(unit) => self.ranges.push((unit, unit)),
            ClassAtom::Set(set) if !set.negated => self.ranges.extend(set.ranges),
            ClassAtom::Set(mut set) => {
                // The complement, range by range.
                set.ranges.sort_unstable();
                let mut next = Some(0_u16);
                for (low, high) in set.ranges {
                    if let Some(from) = next
                        && from < low
                    {
                        self.ranges.push((from, low - 1));
                    }
                    next = high.checked_add(1);
                }
                if let Some(from) = next {
                    self.ranges.push((from, u16::MAX));
                }
            }
        }
    }
}

const DIGITS: &[(u16, u16)] = &[(0x30, 0x39)];
const WORD: &[(u16, u16)] = &[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];
/// White space and line ends of ECMA-262.
const SPACE: &[(u16, u16)] = &[
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
];

/// Capture groups of a pattern, and whether any has a name.
fn count_groups(units: &[u16]) -> (u32, bool) {
    let (mut count, mut names, mut in_class, mut at) = (0, false, false, 0);
    while let Some(next) = units.get(at).copied() {
        match char::from_u32(u32::from(next)) {
            Some('\\') => at += 1,
            Some('[') => in_class = true,
            Some(']') => in_class = false,
            Some('(') if !in_class => {
                let rest = |by: usize| units.get(at + by).copied();
                if rest(1) != Some(unit('?')) {
                    count += 1;
                } else if rest(2) == Some(unit('<'))
                    && rest(3).is_some_and(|u| u != unit('=') && u != unit('!'))
                {
                    count += 1;
                    names = true;
                }
            }
            _ => {}
        }
        at += 1;
    }
    (count, names)
}
