//! Object constructors and grouping: `{key: value}`.

use crate::code::{Group, Kind};
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::val::{Field, Frame, Items, Object, TUPLES, Text, Val};
use hashbrown::HashMap;

/// The items that share a key.
struct Entry<'a> {
    key: Text<'a>,
    pair: usize,
    first: Val<'a>,
    /// All items, arrays spread, once there is more than one.
    all: Option<Vec<Val<'a>>>,
}

/// Up to this many groups a scan finds a key faster than a hash.
const SCAN_MAX: usize = 8;

impl<'a> Machine<'a> {
    pub(super) fn eval_group(&mut self, group: &'a Group, input: Val<'a>, env: &'a Frame<'a>) -> Res<Val<'a>> {
        let items = match input.items() {
            None => return self.eval_object(group, input, env),
            Some(items) if items.len() == 0 => Items::One(Val::Undefined),
            Some(items) => items,
        };
        let tuples = input.has(TUPLES);
        let mut entries: Vec<Entry<'a>> = Vec::new();
        let mut places: HashMap<&'a str, usize> = HashMap::new();
        for item in items.iter() {
            let (context, env) = match item {
                Val::Object(tuple) if tuples => (tuple.get("@"), self.tuple_frame(tuple, env)?),
                _ => (item, env),
            };
            for (pair, (key, _)) in group.pairs.iter().enumerate() {
                self.charge(1)?;
                let key = match self.eval(*key, context, env)? {
                    Val::Undefined => continue,
                    Val::Str(key) => key,
                    other => return Err(self.bad_key(group, other)),
                };
                let text = key.as_str();
                let found = if places.is_empty() {
                    entries.iter().position(|entry| entry.key.as_str() == text)
                } else {
                    places.get(text).copied()
                };
                let Some(entry) = found.and_then(|at| entries.get_mut(at)) else {
                    if !places.is_empty() {
                        places.insert(text, entries.len());
                    } else if entries.len() == SCAN_MAX {
                        places.extend(entries.iter().enumerate().map(|(at, entry)| (entry.key.as_str(), at)));
                        places.insert(text, entries.len());
                    }
                    self.charge_bytes(size_of::<Entry<'_>>())?;
                    entries.push(Entry { key, pair, first: item, all: None });
                    continue;
                };
                if entry.pair != pair {
                    return Err(duplicate_key(group, text));
                }
                if item.is_undefined() {
                    continue;
                }
                if entry.all.is_none() && entry.first.is_undefined() {
                    entry.first = item;
                    continue;
                }
                let first = entry.first;
                let all = entry.all.get_or_insert_with(|| spread(first));
                let before = all.len();
                match item.items() {
                    Some(inner) => {
                        let spent = inner.len();
                        self.charge_bytes(spent * size_of::<Val<'_>>())?;
                        all.extend(inner.iter());
                    }
                    None => all.push(item),
                }
                let added = all.len() - before;
                self.charge_bytes(added * size_of::<Val<'_>>())?;
            }
        }
        let mut order: Vec<usize> = (0..entries.len()).collect();
        if entries.iter().any(|entry| entry.key.as_str().starts_with(|c: char| c.is_ascii_digit())) {
            order.sort_by_key(|at| {
                let index = crate::text::index_key(entries[*at].key.as_str());
                (index.is_none(), index)
            });
        }
        let mut fields: Vec<Field<'a>> = Vec::with_capacity(entries.len());
        for at in order {
            let entry = &entries[at];
            let data = match &entry.all {
                None => entry.first,
                Some(all) => self.array(all, 0)?,
            };
            let (_, value) = group.pairs[entry.pair];
            let value = if tuples {
                let tuple = self.reduce_tuples(data)?;
                let env = self.tuple_frame(tuple, env)?;
                self.eval(value, tuple.get("@"), env)?
            } else {
                self.eval(value, data, env)?
            };
            if !value.is_undefined() {
                fields.push((entry.key, value));
            }
        }
        self.charge_bytes(size_of_val(fields.as_slice()))?;
        let fields: &'a [Field<'a>] = self.bump.alloc_slice_copy(&fields);
        self.object_of(fields)
    }

    /// One object from one item: all keys are evaluated before any value.
    fn eval_object(&mut self, group: &'a Group, input: Val<'a>, env: &'a Frame<'a>) -> Res<Val<'a>> {
        let mut fields: Vec<Field<'a>> = Vec::with_capacity(group.pairs.len());
        let mut values = Vec::with_capacity(group.pairs.len());
        let mut index_keys = false;
        for (key, value) in &group.pairs {
            let key = match &self.node(*key).kind {
                Kind::Text(text) if self.node(*key).extra.is_none() => Text::Shared(text),
                _ => match self.eval(*key, input, env)? {
                    Val::Undefined => continue,
                    Val::Str(key) => key,
                    other => return Err(self.bad_key(group, other)),
                },
            };
            let text = key.as_str();
            self.charge(1 + fields.len() as u64 / 8)?;
            if fields.iter().any(|(known, _)| known.as_str() == text) {
                return Err(duplicate_key(group, text));
            }
            index_keys |= text.as_bytes().first().is_some_and(u8::is_ascii_digit);
            fields.push((key, Val::Undefined));
            values.push(*value);
        }
        if index_keys {
            let mut both: Vec<_> = fields.drain(..).zip(values.drain(..)).collect();
            both.sort_by_key(|((key, _), _)| {
                let index = crate::text::index_key(key.as_str());
                (index.is_none(), index)
            });
            (fields, values) = both.into_iter().unzip();
        }
        let mut missing = false;
        for (field, value) in fields.iter_mut().zip(&values) {
            field.1 = self.eval(*value, input, env)?;
            missing |= field.1.is_undefined();
        }
        if missing {
            fields.retain(|(_, value)| !value.is_undefined());
        }
        self.charge_bytes(size_of_val(fields.as_slice()) + size_of::<Object<'_>>())?;
        let fields: &'a [Field<'a>] = self.bump.alloc_slice_copy(&fields);
        Ok(Val::Object(self.bump.alloc(Object::new(fields, self.bump))))
    }

    fn bad_key(&mut self, group: &Group, key: Val<'a>) -> Box<Fault> {
        let fault = Fault::new("T1003").at(group.position);
        self.with_value(fault, key)
    }
}

fn duplicate_key(group: &Group, key: &str) -> Box<Fault> {
    Fault::new("D1009").at(group.position).text_value(key)
}

fn spread<'a>(value: Val<'a>) -> Vec<Val<'a>> {
    value.items_or_one().iter().collect()
}
