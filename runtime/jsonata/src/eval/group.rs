//! Object constructors and grouping: `{key: value}`.

use crate::code::{Group, Kind};
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::syntax::Id;
use crate::val::{Field, Frame, Items, TUPLES, Text, Val};
use hashbrown::HashMap;

/// The items that share a key.
struct Entry<'a> {
    key: Text<'a>,
    pair: usize,
    first: Val<'a>,
    /// All items, arrays spread, once there is more than one.
    all: Option<Vec<Val<'a>>>,
}

/// The groups in the order in which their keys came up.
struct Groups<'a> {
    entries: Vec<Entry<'a>>,
    /// Places by key, once there are many.
    places: HashMap<&'a str, usize>,
}

impl<'a> Groups<'a> {
    fn find(&mut self, key: &str) -> Option<&mut Entry<'a>> {
        let at = if self.places.is_empty() {
            self.entries.iter().position(|entry| entry.key.as_str() == key)
        } else {
            self.places.get(key).copied()
        };
        self.entries.get_mut(at?)
    }

    fn add(&mut self, entry: Entry<'a>) {
        if !self.places.is_empty() {
            self.places.insert(entry.key.as_str(), self.entries.len());
        }
        self.entries.push(entry);
        if self.entries.len() == SCAN_MAX {
            self.places =
                self.entries.iter().enumerate().map(|(at, entry)| (entry.key.as_str(), at)).collect();
        }
    }

    /// Places in JavaScript's order of keys.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        if self.entries.iter().any(|entry| entry.key.as_str().starts_with(|c: char| c.is_ascii_digit())) {
            order.sort_by_key(|at| {
                let index = crate::text::index_key(self.entries[*at].key.as_str());
                (index.is_none(), index)
            });
        }
        order
    }
}

/// What a grouping weighs on the stack, in KiB of an unoptimized build.
const GROUP_KIB: u32 = 3;

/// Up to this many groups a scan finds a key faster than a hash.
const SCAN_MAX: usize = 8;

impl<'a> Machine<'a> {
    pub(super) fn eval_group(
        &mut self,
        group: &'a Group,
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        self.weigh(GROUP_KIB)?;
        let value = match input.items() {
            None => self.eval_object(group, input, env)?,
            Some(items) => {
                let items = if items.len() == 0 { Items::One(Val::Undefined) } else { items };
                self.eval_groups(group, items, input.has(TUPLES), env)?
            }
        };
        self.unweigh(GROUP_KIB);
        Ok(value)
    }

    fn eval_groups(
        &mut self,
        group: &'a Group,
        items: Items<'a>,
        tuples: bool,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let mut groups = Groups { entries: Vec::new(), places: HashMap::new() };
        for item in items.iter() {
            let (context, env) = match item {
                Val::Object(tuple) if tuples => (tuple.get("@"), self.tuple_frame(tuple, env)?),
                _ => (item, env),
            };
            for (pair, (key, _)) in group.pairs.iter().enumerate() {
                self.charge(1)?;
                let key = self.eval(*key, context, env)?;
                self.put(group, &mut groups, key, pair, item)?;
            }
        }
        let order = groups.order();
        let mut fields: Vec<Field<'a>> = Vec::with_capacity(order.len());
        for at in order {
            let entry = &groups.entries[at];
            let (key, pair) = (entry.key, entry.pair);
            let data = self.group_data(entry)?;
            let value = self.eval_group_value(group.pairs[pair].1, data, tuples, env)?;
            if !value.is_undefined() {
                fields.push((key, value));
            }
        }
        self.charge_bytes(size_of_val(fields.as_slice()))?;
        let fields: &'a [Field<'a>] = self.bump.alloc_slice_copy(&fields);
        self.object_of(fields)
    }

    fn eval_group_value(
        &mut self,
        value: Id,
        data: Val<'a>,
        tuples: bool,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        if !tuples {
            return self.eval(value, data, env);
        }
        let tuple = self.reduce_tuples(data)?;
        let env = self.tuple_frame(tuple, env)?;
        self.eval(value, tuple.get("@"), env)
    }

    fn group_data(&mut self, entry: &Entry<'a>) -> Res<Val<'a>> {
        match &entry.all {
            None => Ok(entry.first),
            Some(all) => self.array(all, 0),
        }
    }

    /// Puts an item into the group of its key.
    fn put(
        &mut self,
        group: &'a Group,
        groups: &mut Groups<'a>,
        key: Val<'a>,
        pair: usize,
        item: Val<'a>,
    ) -> Res<()> {
        let key = match key {
            Val::Undefined => return Ok(()),
            Val::Str(key) => key,
            other => return Err(self.bad_key(group, other)),
        };
        let text = key.as_str();
        let Some(entry) = groups.find(text) else {
            self.charge_bytes(size_of::<Entry<'_>>())?;
            groups.add(Entry { key, pair, first: item, all: None });
            return Ok(());
        };
        if entry.pair != pair {
            return Err(duplicate_key(group, text));
        }
        if item.is_undefined() {
            return Ok(());
        }
        if entry.all.is_none() && entry.first.is_undefined() {
            entry.first = item;
            return Ok(());
        }
        let added = item.items().map_or(1, Items::len);
        self.charge_bytes(added.saturating_mul(size_of::<Val<'_>>()))?;
        let first = entry.first;
        let all = entry.all.get_or_insert_with(|| spread(first));
        match item.items() {
            Some(inner) => all.extend(inner.iter()),
            None => all.push(item),
        }
        Ok(())
    }

    /// One object from one item: all keys are evaluated before any value.
    fn eval_object(&mut self, group: &'a Group, input: Val<'a>, env: &'a Frame<'a>) -> Res<Val<'a>> {
        let mut fields: Vec<(Field<'a>, Id)> = Vec::with_capacity(group.pairs.len());
        for (key, value) in &group.pairs {
            let key = match &self.node(*key).kind {
                Kind::Text(text) if self.node(*key).extra.is_none() => Val::Str(Text::Shared(text)),
                _ => self.eval(*key, input, env)?,
            };
            self.add_key(group, &mut fields, key, *value)?;
        }
        sort_keys(&mut fields);
        for ((_, value), id) in &mut fields {
            *value = self.eval(*id, input, env)?;
        }
        self.object_of_pairs(&fields)
    }

    fn add_key(
        &mut self,
        group: &'a Group,
        fields: &mut Vec<(Field<'a>, Id)>,
        key: Val<'a>,
        value: Id,
    ) -> Res<()> {
        let key = match key {
            Val::Undefined => return Ok(()),
            Val::Str(key) => key,
            other => return Err(self.bad_key(group, other)),
        };
        self.charge(1 + fields.len() as u64 / 8)?;
        if fields.iter().any(|((known, _), _)| known.as_str() == key.as_str()) {
            return Err(duplicate_key(group, key.as_str()));
        }
        fields.push(((key, Val::Undefined), value));
        Ok(())
    }

    fn object_of_pairs(&mut self, fields: &[(Field<'a>, Id)]) -> Res<Val<'a>> {
        self.charge_bytes(fields.len() * size_of::<Field<'_>>())?;
        let present = fields.iter().filter(|((_, value), _)| !value.is_undefined()).count();
        let mut rest = fields.iter().map(|(field, _)| *field).filter(|(_, value)| !value.is_undefined());
        let fields: &'a [Field<'a>] =
            self.bump.alloc_slice_fill_with(present, |_| rest.next().unwrap_or((Text::Plain(""), Val::Null)));
        self.object_of(fields)
    }

    fn bad_key(&mut self, group: &Group, key: Val<'a>) -> Box<Fault> {
        let fault = Fault::new("T1003").at(group.position);
        self.with_value(fault, key)
    }
}

/// Keys that look like array indices first, as JavaScript has them.
fn sort_keys(fields: &mut [(Field<'_>, Id)]) {
    if fields.iter().any(|((key, _), _)| key.as_str().as_bytes().first().is_some_and(u8::is_ascii_digit)) {
        fields.sort_by_key(|((key, _), _)| {
            let index = crate::text::index_key(key.as_str());
            (index.is_none(), index)
        });
    }
}

fn duplicate_key(group: &Group, key: &str) -> Box<Fault> {
    Fault::new("D1009").at(group.position).text_value(key)
}

fn spread<'a>(value: Val<'a>) -> Vec<Val<'a>> {
    value.items_or_one().iter().collect()
}
