//! Runs programs: backtracking on a stack of its own.

use super::{Op, Regex, Way, canonical, is_line_end, is_word};

/// The steps ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// A match, in UTF-16 units.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// `None` for groups that took no part.
    pub(crate) groups: Vec<Option<(usize, usize)>>,
}

const NOWHERE: usize = usize::MAX;

/// What backtracking undoes.
enum Undo {
    /// Goes on here.
    Branch {
        at: u32,
        position: usize,
    },
    Slot {
        slot: u32,
        old: usize,
    },
}

struct Run<'r> {
    regex: &'r Regex,
    text: &'r [u16],
    slots: Vec<usize>,
    undo: Vec<Undo>,
    steps: &'r mut u64,
}

impl Regex {
    /// The first match at or after `from`. Each step of the matcher takes one from `steps`.
    pub(crate) fn exec(
        &self,
        text: &[u16],
        from: usize,
        steps: &mut u64,
    ) -> Result<Option<Match>, Exhausted> {
        let mut run = Run { regex: self, text, slots: vec![NOWHERE; self.slots], undo: Vec::new(), steps };
        for start in from..=text.len() {
            run.pay()?;
            // A pattern that begins with a plain character needs no run where the text has another.
            if let Some(Op::Char(first, Way::Forward)) = self.program.first()
                && text.get(start).is_none_or(|unit| run.fold(*unit) != *first)
            {
                continue;
            }
            run.slots.fill(NOWHERE);
            run.undo.clear();
            if let Some(end) = run.run(0, start)? {
                let groups = (1..=self.groups)
                    .map(|group| {
                        let (from, to) = (run.slots[group * 2], run.slots[group * 2 + 1]);
                        (from != NOWHERE && to != NOWHERE).then_some((from, to))
                    })
                    .collect();
                return Ok(Some(Match { start, end, groups }));
            }
        }
        Ok(None)
    }

    fn class_has(&self, class: u32, unit: u16) -> bool {
        let Some(class) = self.classes.get(class as usize) else { return false };
        let has = |unit: u16| class.ranges.iter().any(|(low, high)| (*low..=*high).contains(&unit));
        let mut found = has(unit);
        if !found && self.ignore_case {
            let upper = canonical(unit);
            let lower = char::from_u32(u32::from(upper))
                .and_then(|c| c.to_lowercase().next())
                .and_then(|c| u16::try_from(u32::from(c)).ok());
            found = has(upper) || lower.is_some_and(|lower| canonical(lower) == upper && has(lower));
        }
        found != class.negated
    }
}

impl Run<'_> {
    fn pay(&mut self) -> Result<(), Exhausted> {
        *self.steps = self.steps.checked_sub(1).ok_or(Exhausted)?;
        Ok(())
    }

    fn fold(&self, unit: u16) -> u16 {
        if self.regex.ignore_case { canonical(unit) } else { unit }
    }

    fn set(&mut self, slot: u32, value: usize) {
        if let Some(place) = self.slots.get_mut(slot as usize) {
            let old = std::mem::replace(place, value);
            self.undo.push(Undo::Slot { slot, old });
        }
    }

    /// The unit read at a position, and the position behind it.
    fn read(&self, position: usize, way: Way) -> Option<(u16, usize)> {
        match way {
            Way::Forward => self.text.get(position).map(|unit| (*unit, position + 1)),
            Way::Backward => {
                let before = position.checked_sub(1)?;
                self.text.get(before).map(|unit| (*unit, before))
            }
        }
    }

    fn at_boundary(&self, position: usize) -> bool {
        let word = |at: Option<usize>| at.and_then(|at| self.text.get(at)).is_some_and(|unit| is_word(*unit));
        word(position.checked_sub(1)) != word(Some(position))
    }

    /// Undoes down to the last branch above `floor`, and gives where to go on.
    fn backtrack(&mut self, floor: usize) -> Option<(usize, usize)> {
        while self.undo.len() > floor {
            match self.undo.pop()? {
                Undo::Branch { at, position } => return Some((at as usize, position)),
                Undo::Slot { slot, old } => self.slots[slot as usize] = old,
            }
        }
        None
    }

    /// Runs from an instruction to its `Accept`; gives the position there.
    fn run(&mut self, start: usize, position: usize) -> Result<Option<usize>, Exhausted> {
        let floor = self.undo.len();
        let (mut at, mut position) = (start, position);
        loop {
            self.pay()?;
            let Some(op) = self.regex.program.get(at) else { return Ok(None) };
            let next = match op {
                Op::Accept => return Ok(Some(position)),
                Op::Char(wanted, way) => match self.read(position, *way) {
                    Some((unit, behind)) if self.fold(unit) == *wanted => Some((at + 1, behind)),
                    _ => None,
                },
                Op::Any(way) => match self.read(position, *way) {
                    Some((unit, behind)) if !is_line_end(unit) => Some((at + 1, behind)),
                    _ => None,
                },
                Op::Class(class, way) => match self.read(position, *way) {
                    Some((unit, behind)) if self.regex.class_has(*class, unit) => Some((at + 1, behind)),
                    _ => None,
                },
                Op::Split(first, second) => {
                    self.undo.push(Undo::Branch { at: *second, position });
                    Some((*first as usize, position))
                }
                Op::Jump(to) => Some((*to as usize, position)),
                Op::Save(slot) | Op::Mark(slot) => {
                    self.set(*slot, position);
                    Some((at + 1, position))
                }
                Op::Progress(slot) => {
                    let began = self.slots.get(*slot as usize).copied();
                    (began != Some(position)).then_some((at + 1, position))
                }
                Op::Forget(first, last) => {
                    for slot in first * 2..=last * 2 + 1 {
                        self.set(slot, NOWHERE);
                    }
                    Some((at + 1, position))
                }
                Op::LineStart => {
                    let here = position == 0
                        || (self.regex.multiline
                            && self.text.get(position - 1).is_some_and(|u| is_line_end(*u)));
                    here.then_some((at + 1, position))
                }
                Op::LineEnd => {
                    let here = position == self.text.len()
                        || (self.regex.multiline && self.text.get(position).is_some_and(|u| is_line_end(*u)));
                    here.then_some((at + 1, position))
                }
                Op::WordBoundary => self.at_boundary(position).then_some((at + 1, position)),
                Op::NotWordBoundary => (!self.at_boundary(position)).then_some((at + 1, position)),
                Op::BackReference(group, way) => {
                    self.back_reference(*group, *way, position)?.map(|behind| (at + 1, behind))
                }
                Op::Look { end } => {
                    let before = self.undo.len();
                    match self.run(at + 1, position)? {
                        None => None,
                        Some(_) => {
                            // What was matched stays; how else it could match is not tried.
                            let kept: Vec<Undo> = self
                                .undo
                                .drain(before..)
                                .filter(|undo| matches!(undo, Undo::Slot { .. }))
                                .collect();
                            self.undo.extend(kept);
                            Some((*end as usize, position))
                        }
                    }
                }
                Op::LookNot { end } => {
                    let before = self.undo.len();
                    let found = self.run(at + 1, position)?.is_some();
                    while self.undo.len() > before {
                        if let Some(Undo::Slot { slot, old }) = self.undo.pop() {
                            self.slots[slot as usize] = old;
                        }
                    }
                    (!found).then_some((*end as usize, position))
                }
            };
            match next.or_else(|| self.backtrack(floor)) {
                Some(to) => (at, position) = to,
                None => return Ok(None),
            }
        }
    }

    fn back_reference(&mut self, group: u32, way: Way, position: usize) -> Result<Option<usize>, Exhausted> {
        let from = self.slots.get(group as usize * 2).copied().unwrap_or(NOWHERE);
        let to = self.slots.get(group as usize * 2 + 1).copied().unwrap_or(NOWHERE);
        if from == NOWHERE || to == NOWHERE {
            return Ok(Some(position));
        }
        let length = to.saturating_sub(from);
        let start = match way {
            Way::Forward => Some(position),
            Way::Backward => position.checked_sub(length),
        };
        let Some(start) = start else { return Ok(None) };
        for by in 0..length {
            self.pay()?;
            let (Some(wanted), Some(unit)) = (self.text.get(from + by), self.text.get(start + by)) else {
                return Ok(None);
            };
            if self.fold(*wanted) != self.fold(*unit) {
                return Ok(None);
            }
        }
        Ok(Some(if way == Way::Forward { start + length } else { start }))
    }
}
