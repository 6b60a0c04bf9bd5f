//! Trees to programs.

use super::parse::{Expect, Greed, Parser, Side, Tree};
use super::{Class, Op, PROGRAM_MAX, Regex, Way, canonical};
use std::sync::Arc;

struct Compiler {
    program: Vec<Op>,
    classes: Vec<Class>,
    names: Vec<(String, u32)>,
    slots: u32,
    ignore_case: bool,
}

pub(super) fn compile(pattern: &str, ignore_case: bool, multiline: bool) -> Result<Regex, &'static str> {
    let units: Vec<u16> = pattern.encode_utf16().collect();
    let mut parser = Parser::new(&units);
    let tree = parser.pattern()?;
    let groups = parser.groups;
    let mut compiler = Compiler {
        program: Vec::new(),
        classes: Vec::new(),
        names: parser.names,
        slots: (groups + 1) * 2,
        ignore_case,
    };
    compiler.tree(&tree, Way::Forward)?;
    compiler.push(Op::Accept)?;
    Ok(Regex {
        source: Arc::from(pattern),
        program: compiler.program,
        classes: compiler.classes,
        groups: groups as usize,
        slots: compiler.slots as usize,
        ignore_case,
        multiline,
    })
}

impl Compiler {
    fn push(&mut self, op: Op) -> Result<usize, &'static str> {
        if self.program.len() >= PROGRAM_MAX {
            return Err("Pattern is too large");
        }
        self.program.push(op);
        Ok(self.program.len() - 1)
    }

    fn here(&self) -> u32 {
        u32::try_from(self.program.len()).unwrap_or(u32::MAX)
    }

    fn set(&mut self, at: usize, op: Op) {
        if let Some(slot) = self.program.get_mut(at) {
            *slot = op;
        }
    }

    fn tree(&mut self, tree: &Tree, way: Way) -> Result<(), &'static str> {
        match tree {
            Tree::Empty => {}
            Tree::Char(unit) => {
                let unit = if self.ignore_case { canonical(*unit) } else { *unit };
                self.push(Op::Char(unit, way))?;
            }
            Tree::Any => {
                self.push(Op::Any(way))?;
            }
            Tree::Class(class) => {
                self.classes.push(class.clone());
                let id = u32::try_from(self.classes.len() - 1).unwrap_or(u32::MAX);
                self.push(Op::Class(id, way))?;
            }
            Tree::Sequence(items) => match way {
                Way::Forward => items.iter().try_for_each(|item| self.tree(item, way))?,
                Way::Backward => items.iter().rev().try_for_each(|item| self.tree(item, way))?,
            },
            Tree::Either(branches) => self.either(branches, way)?,
            Tree::Group(number, inner) => {
                let (open, close) = (number * 2, number * 2 + 1);
                let (first, second) = if way == Way::Forward { (open, close) } else { (close, open) };
                self.push(Op::Save(first))?;
                self.tree(inner, way)?;
                self.push(Op::Save(second))?;
            }
            Tree::Repeat { inner, least, most, greed, first_group, last_group } => {
                let forget = (first_group < last_group).then_some((first_group + 1, *last_group));
                self.repeat(inner, (*least, *most), *greed, forget, way)?;
            }
            Tree::LineStart => {
                self.push(Op::LineStart)?;
            }
            Tree::LineEnd => {
                self.push(Op::LineEnd)?;
            }
            Tree::WordBoundary => {
                self.push(Op::WordBoundary)?;
            }
            Tree::NotWordBoundary => {
                self.push(Op::NotWordBoundary)?;
            }
            Tree::BackReference(number) => {
                self.push(Op::BackReference(*number, way))?;
            }
            Tree::NamedReference(name) => {
                let found = self.names.iter().find(|(known, _)| known == name).map(|(_, number)| *number);
                let number = found.ok_or("Invalid named capture referenced")?;
                self.push(Op::BackReference(number, way))?;
            }
            Tree::Look { inner, side, expect } => {
                let at = self.push(Op::Accept)?;
                self.tree(inner, if *side == Side::Ahead { Way::Forward } else { Way::Backward })?;
                self.push(Op::Accept)?;
                let end = self.here();
                self.set(at, if *expect == Expect::Match { Op::Look { end } } else { Op::LookNot { end } });
            }
        }
        Ok(())
    }

    fn either(&mut self, branches: &[Tree], way: Way) -> Result<(), &'static str> {
        let mut jumps = Vec::new();
        for (at, branch) in branches.iter().enumerate() {
            if at + 1 == branches.len() {
                self.tree(branch, way)?;
                break;
            }
            let split = self.push(Op::Accept)?;
            self.tree(branch, way)?;
            jumps.push(self.push(Op::Accept)?);
            let next = self.here();
            self.set(split, Op::Split(u32::try_from(split + 1).unwrap_or(0), next));
        }
        let end = self.here();
        jumps.into_iter().for_each(|jump| self.set(jump, Op::Jump(end)));
        Ok(())
    }

    fn once(&mut self, inner: &Tree, forget: Option<(u32, u32)>, way: Way) -> Result<(), &'static str> {
        if let Some((first, last)) = forget {
            self.push(Op::Forget(first, last))?;
        }
        self.tree(inner, way)
    }

    fn split(&mut self, at: usize, enter: u32, leave: u32, greed: Greed) {
        let op = if greed == Greed::Greedy { Op::Split(enter, leave) } else { Op::Split(leave, enter) };
        self.set(at, op);
    }

    fn repeat(
        &mut self,
        inner: &Tree,
        (least, most): (u32, Option<u32>),
        greed: Greed,
        forget: Option<(u32, u32)>,
        way: Way,
    ) -> Result<(), &'static str> {
        let start = self.program.len();
        for _ in 0..least {
            self.once(inner, forget, way)?;
            if self.program.len() == start {
                // What matches nothing needs no repetition, however often it is asked for.
                break;
            }
        }
        let Some(most) = most else {
            let mark = self.slots;
            self.slots += 1;
            let split = self.push(Op::Accept)?;
            let enter = self.here();
            self.push(Op::Mark(mark))?;
            self.once(inner, forget, way)?;
            self.push(Op::Progress(mark))?;
            self.push(Op::Jump(u32::try_from(split).unwrap_or(0)))?;
            let leave = self.here();
            self.split(split, enter, leave, greed);
            return Ok(());
        };
        let mut splits = Vec::new();
        for _ in least..most {
            let mark = self.slots;
            let before = self.program.len();
            splits.push(self.push(Op::Accept)?);
            self.push(Op::Mark(mark))?;
            let body = self.program.len();
            self.once(inner, forget, way)?;
            if self.program.len() == body {
                self.program.truncate(before);
                splits.pop();
                break;
            }
            self.push(Op::Progress(mark))?;
            self.slots += 1;
        }
        let leave = self.here();
        for split in splits {
            self.split(split, u32::try_from(split + 1).unwrap_or(0), leave, greed);
        }
        Ok(())
    }
}
