//! Paths that bind variables on the way (`@`, `#`) or look back at parents (`%`): streams of tuples.

use crate::code::{Kind, Node, Stage};
use crate::fault::Res;
use crate::machine::Machine;
use crate::syntax::Id;
use crate::val::{Field, Frame, Items, Object, SEQUENCE, TUPLES, Text, Val};

/// What a stream of tuples weighs on the stack, in KiB of an unoptimized build.
const TUPLES_KIB: u32 = 3;

impl<'a> Machine<'a> {
    /// The steps from the first that works on tuples to the end of the path.
    pub(super) fn walk_tuples(
        &mut self,
        node: &'a Node,
        steps: &'a [Id],
        from: usize,
        input: Items<'a>,
        keep_singleton: bool,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let mut tuples: Option<Items<'a>> = None;
        self.weigh(TUPLES_KIB)?;
        for id in steps.iter().skip(from) {
            let step = self.node(*id);
            tuples = Some(self.tuple_step(*id, step, input, tuples, env)?);
        }
        self.unweigh(TUPLES_KIB);
        let tuples = tuples.unwrap_or(Items::Vals(&[]));
        let stream = self.array_of(tuples, SEQUENCE | TUPLES)?;
        let mut value = stream;
        if !node.tuple {
            let start = self.stack.len();
            self.charge_items(tuples.len())?;
            for tuple in tuples.iter() {
                self.push(tuple.field("@"))?;
            }
            value = self.pop_array(start, SEQUENCE)?;
        }
        if keep_singleton && let Val::Array(array) = value {
            array.set(crate::val::KEEP_SINGLETON);
        }
        match node.group() {
            Some(group) => self.eval_group(group, stream, env),
            None => Ok(value),
        }
    }

    fn tuple_step(
        &mut self,
        id: Id,
        step: &'a Node,
        input: Items<'a>,
        tuples: Option<Items<'a>>,
        env: &'a Frame<'a>,
    ) -> Res<Items<'a>> {
        if matches!(step.kind, Kind::Sort(_)) {
            return self.tuple_sort(id, step, input, tuples, env);
        }
        let start = self.stack.len();
        let source = tuples.unwrap_or(input);
        self.charge_items(source.len())?;
        for at in 0..source.len() {
            let item = source.get(at);
            let (context, base, env): (Val<'a>, &'a [Field<'a>], &'a Frame<'a>) = match (tuples, item) {
                (Some(_), Val::Object(tuple)) => {
                    (tuple.get("@"), tuple.fields(), self.tuple_frame(tuple, env)?)
                }
                _ => (item, &[], env),
            };
            let found = self.eval(id, context, env)?;
            if found.is_undefined() {
                continue;
            }
            let nested = found.has(TUPLES);
            let items = found.items_or_one();
            for place in 0..items.len() {
                let tuple = self.tuple(step, base, context, items.get(place), place, nested)?;
                self.push(tuple)?;
            }
        }
        let result = self.pop_slice(start)?;
        self.stages(step, Items::Vals(result), env)
    }

    /// One tuple: what came before, and what this step adds.
    fn tuple(
        &mut self,
        step: &'a Node,
        base: &[Field<'a>],
        context: Val<'a>,
        item: Val<'a>,
        place: usize,
        nested: bool,
    ) -> Res<Val<'a>> {
        self.charge(1)?;
        let mut fields: Vec<Field<'a>> = Vec::with_capacity(base.len() + 4);
        fields.extend_from_slice(base);
        if nested {
            if let Val::Object(inner) = item {
                inner.fields().iter().for_each(|(key, value)| set(&mut fields, *key, *value));
            }
        } else {
            match step.focus() {
                Some(focus) => {
                    set(&mut fields, Text::Shared(focus), item);
                    set(&mut fields, Text::Plain("@"), context);
                }
                None => set(&mut fields, Text::Plain("@"), item),
            }
            if let Some(index) = step.index() {
                set(&mut fields, Text::Shared(index), number(place));
            }
            if let Some(label) = step.ancestor() {
                set(&mut fields, Text::Shared(label), context);
            }
        }
        self.tuple_of(&fields)
    }

    fn tuple_of(&mut self, fields: &[Field<'a>]) -> Res<Val<'a>> {
        self.charge_bytes(size_of_val(fields))?;
        let fields: &'a [Field<'a>] = self.bump.alloc_slice_copy(fields);
        self.object_of(fields)
    }

    fn tuple_sort(
        &mut self,
        id: Id,
        step: &'a Node,
        input: Items<'a>,
        tuples: Option<Items<'a>>,
        env: &'a Frame<'a>,
    ) -> Res<Items<'a>> {
        let result = match tuples {
            Some(tuples) => self.eval_sort(id, tuples, true, env)?.items_or_one(),
            None => {
                let sorted = self.eval_sort(id, input, false, env)?.items_or_one();
                let start = self.stack.len();
                for (place, item) in sorted.iter().enumerate() {
                    let mut fields = vec![(Text::Plain("@"), item)];
                    if let Some(index) = step.index() {
                        set(&mut fields, Text::Shared(index), number(place));
                    }
                    let tuple = self.tuple_of(&fields)?;
                    self.push(tuple)?;
                }
                Items::Vals(self.pop_slice(start)?)
            }
        };
        self.stages(step, result, env)
    }

    fn stages(&mut self, step: &'a Node, tuples: Items<'a>, env: &'a Frame<'a>) -> Res<Items<'a>> {
        let mut tuples = tuples;
        for stage in step.stages().unwrap_or_default() {
            match stage {
                Stage::Filter(predicate) => {
                    let stream = self.array_of(tuples, SEQUENCE | TUPLES)?;
                    tuples = self.filter(*predicate, stream, env)?.items_or_one();
                }
                Stage::Index(name) => {
                    let start = self.stack.len();
                    for (place, tuple) in tuples.iter().enumerate() {
                        let Val::Object(object) = tuple else { continue };
                        let mut fields = object.fields().to_vec();
                        set(&mut fields, Text::Shared(name), number(place));
                        let tuple = self.tuple_of(&fields)?;
                        self.push(tuple)?;
                    }
                    tuples = Items::Vals(self.pop_slice(start)?);
                }
            }
        }
        Ok(tuples)
    }

    /// The tuples of one group as one: each variable holds the values of all.
    pub(super) fn reduce_tuples(&mut self, data: Val<'a>) -> Res<&'a Object<'a>> {
        let Some(items) = data.items() else {
            return match data {
                Val::Object(tuple) => Ok(tuple),
                _ => self.empty_object(),
            };
        };
        let mut columns: Vec<(Text<'a>, Val<'a>)> = Vec::new();
        for item in items.iter() {
            let Val::Object(tuple) = item else { continue };
            for (key, _) in tuple.fields() {
                if !columns.iter().any(|(known, _)| known.as_str() == key.as_str()) {
                    columns.push((*key, Val::Undefined));
                }
            }
        }
        for (key, column) in &mut columns {
            let start = self.stack.len();
            self.charge_items(items.len())?;
            let mut single = Val::Undefined;
            let mut count = 0_usize;
            for item in items.iter() {
                let value = item.field(key.as_str());
                if value.is_undefined() {
                    continue;
                }
                count += 1;
                single = value;
                match value.items() {
                    Some(inner) => self.push_all(inner)?,
                    None => self.push(value)?,
                }
            }
            if count == 1 {
                self.stack.truncate(start);
                *column = single;
            } else {
                *column = self.pop_array(start, 0)?;
            }
        }
        let fields: &'a [Field<'a>] = self.bump.alloc_slice_copy(&columns);
        match self.object_of(fields)? {
            Val::Object(object) => Ok(object),
            _ => self.empty_object(),
        }
    }

    fn empty_object(&mut self) -> Res<&'a Object<'a>> {
        Ok(self.bump.alloc(Object::new(&[], self.bump)))
    }
}

fn set<'a>(fields: &mut Vec<Field<'a>>, key: Text<'a>, value: Val<'a>) {
    match fields.iter_mut().find(|(known, _)| known.as_str() == key.as_str()) {
        Some((_, old)) => *old = value,
        None => fields.push((key, value)),
    }
}

fn number<'a>(place: usize) -> Val<'a> {
    #[expect(clippy::cast_precision_loss, reason = "places are far below 2^53")]
    let number = place as f64;
    Val::Num(number)
}
