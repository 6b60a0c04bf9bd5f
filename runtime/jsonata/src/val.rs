//! Values inside the evaluator.
//!
//! A [`Val`] is a copy of a few words: what is built lives in the arena of one evaluation and goes with it at
//! once; what comes from outside is borrowed. So nothing is counted, nothing is freed one by one, and no chain of
//! values can overflow the stack when it is dropped.
//!
//! What the reference hangs on its arrays as hidden properties stands in [`Array::flags`], and functions are a
//! variant: neither can leave the evaluator.

use crate::code;
use crate::functions::Builtin;
use crate::regex::Regex;
use crate::syntax::Id;
use bumpalo::Bump;
use std::cell::Cell;
use std::sync::Arc;
use stepwell_types::{Map, Value};

#[derive(Clone, Copy)]
pub(crate) enum Val<'a> {
    Undefined,
    Null,
    Bool(bool),
    Num(f64),
    Str(Text<'a>),
    /// An array that was built here.
    Array(&'a Array<'a>),
    /// An array from outside.
    List(&'a Arc<Vec<Value>>),
    /// An object that was built here.
    Object(&'a Object<'a>),
    /// An object from outside.
    Record(&'a Arc<Map>),
    Func(&'a Func<'a>),
}

/// A string: shared ones leave the evaluator without a copy.
#[derive(Clone, Copy)]
pub(crate) enum Text<'a> {
    Shared(&'a Arc<str>),
    Plain(&'a str),
}

impl<'a> Text<'a> {
    pub(crate) fn as_str(self) -> &'a str {
        match self {
            Self::Shared(text) => text,
            Self::Plain(text) => text,
        }
    }

    pub(crate) fn to_arc(self) -> Arc<str> {
        match self {
            Self::Shared(text) => Arc::clone(text),
            Self::Plain(text) => Arc::from(text),
        }
    }
}

/// Built by the language itself: unwrapped when it holds one item, nothing when it holds none.
pub(crate) const SEQUENCE: u8 = 1;
/// A sequence that stays an array when it holds one item.
pub(crate) const KEEP_SINGLETON: u8 = 2;
/// An array constructor's result: a path does not flatten it.
pub(crate) const CONS: u8 = 4;
/// Its items are tuples: `@` and the variables bound on the way.
pub(crate) const TUPLES: u8 = 8;
/// The wrapping of an input that is an array.
pub(crate) const OUTER: u8 = 16;

pub(crate) struct Array<'a> {
    pub(crate) items: Items<'a>,
    pub(crate) flags: Cell<u8>,
}

impl Array<'_> {
    pub(crate) fn has(&self, flag: u8) -> bool {
        self.flags.get() & flag != 0
    }

    pub(crate) fn set(&self, flag: u8) {
        self.flags.set(self.flags.get() | flag);
    }
}

/// The items of an array, wherever they are.
#[derive(Clone, Copy)]
pub(crate) enum Items<'a> {
    Vals(&'a [Val<'a>]),
    Values(&'a [Value]),
    /// Consecutive integers.
    Range {
        first: f64,
        len: usize,
    },
    One(Val<'a>),
}

impl<'a> Items<'a> {
    #[inline]
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Vals(items) => items.len(),
            Self::Values(items) => items.len(),
            Self::Range { len, .. } => len,
            Self::One(_) => 1,
        }
    }

    #[inline]
    pub(crate) fn get(self, at: usize) -> Val<'a> {
        match self {
            Self::Vals(items) => items.get(at).copied().unwrap_or(Val::Undefined),
            Self::Values(items) => items.get(at).map_or(Val::Undefined, Val::from_value),
            #[expect(clippy::cast_precision_loss, reason = "a range holds at most 10^7 items")]
            Self::Range { first, len } if at < len => Val::Num(first + at as f64),
            Self::Range { .. } => Val::Undefined,
            Self::One(item) if at == 0 => item,
            Self::One(_) => Val::Undefined,
        }
    }

    pub(crate) fn iter(self) -> impl ExactSizeIterator<Item = Val<'a>> {
        (0..self.len()).map(move |at| self.get(at))
    }
}

pub(crate) type Field<'a> = (Text<'a>, Val<'a>);

/// Above this many fields an object has an index.
const INDEX_FIELDS_MIN: usize = 16;

/// An object's fields in JavaScript's order. A transform replaces them in its own copy of an object.
pub(crate) struct Object<'a> {
    fields: Cell<&'a [Field<'a>]>,
    /// Open addressing: place + 1 of the field, 0 where empty; a power of two long, half empty.
    index: Cell<&'a [u32]>,
}

fn hash(key: &str) -> usize {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for chunk in key.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash ^= hash >> 29;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a hash may lose bits")]
    let hash = (hash ^ (hash >> 32)) as usize;
    hash
}

impl<'a> Object<'a> {
    pub(crate) fn new(fields: &'a [Field<'a>], bump: &'a Bump) -> Self {
        let object = Self { fields: Cell::new(&[]), index: Cell::new(&[]) };
        object.replace(fields, bump);
        object
    }

    pub(crate) fn replace(&self, fields: &'a [Field<'a>], bump: &'a Bump) {
        self.fields.set(fields);
        self.index.set(&[]);
        if fields.len() < INDEX_FIELDS_MIN {
            return;
        }
        let index = bump.alloc_slice_fill_copy((fields.len() * 2).next_power_of_two(), 0_u32);
        let mask = index.len() - 1;
        for (place, (key, _)) in fields.iter().enumerate() {
            let mut at = hash(key.as_str()) & mask;
            while index[at] != 0 {
                at = (at + 1) & mask;
            }
            index[at] = u32::try_from(place + 1).unwrap_or(0);
        }
        self.index.set(index);
    }

    pub(crate) fn fields(&self) -> &'a [Field<'a>] {
        self.fields.get()
    }

    pub(crate) fn get(&self, key: &str) -> Val<'a> {
        let fields = self.fields.get();
        let index = self.index.get();
        if index.is_empty() {
            return fields.iter().find(|(k, _)| k.as_str() == key).map_or(Val::Undefined, |(_, v)| *v);
        }
        let mask = index.len() - 1;
        let mut at = hash(key) & mask;
        while let Some(place) = (index[at] as usize).checked_sub(1) {
            if let Some((k, value)) = fields.get(place)
                && k.as_str() == key
            {
                return *value;
            }
            at = (at + 1) & mask;
        }
        Val::Undefined
    }
}

/// A function. Name and place of its last call stay with it, as in the reference, for errors of later calls.
pub(crate) struct Func<'a> {
    pub(crate) kind: FuncKind<'a>,
    pub(crate) token: Cell<Option<Val<'a>>>,
    pub(crate) position: Cell<u32>,
}

/// The code that runs, with the values of what its text leaves to bindings and built-ins.
pub(crate) struct Unit<'a> {
    pub(crate) code: &'a code::Code,
    pub(crate) globals: &'a [Val<'a>],
    /// Where a name step found its key last time.
    pub(crate) guesses: &'a [Cell<Guess>],
}

/// The place of a key in the object in which it was found last, and the address of its text there: equal keys of one
/// parsed text are one string, so that most look-ups compare an address.
#[derive(Clone, Copy, Default)]
pub(crate) struct Guess {
    pub(crate) place: u32,
    pub(crate) address: usize,
}

pub(crate) enum FuncKind<'a> {
    Builtin(Builtin),
    Lambda(LambdaVal<'a>),
    /// The call that [`crate::machine::Machine::pending`] holds: a tail call on its way to the caller.
    Pending,
    /// A function that was passed as an argument: called without a signature's context.
    Closure(&'a Func<'a>),
    Regex {
        regex: &'a Regex,
        position: u32,
    },
    /// The next match of a regular expression.
    RegexNext {
        regex: &'a Regex,
        position: u32,
        text: Text<'a>,
        from: usize,
    },
    /// `f ~> g`.
    Chain(&'a Func<'a>, &'a Func<'a>),
    /// A built-in function with some of its arguments; `None` is still to come.
    Partial {
        function: &'a Func<'a>,
        arguments: &'a [Option<Val<'a>>],
    },
    Transform {
        unit: &'a Unit<'a>,
        env: &'a Frame<'a>,
        pattern: Id,
        update: Id,
        delete: Option<Id>,
        position: u32,
    },
}

#[derive(Clone, Copy)]
pub(crate) struct LambdaVal<'a> {
    pub(crate) unit: &'a Unit<'a>,
    pub(crate) lambda: &'a code::Lambda,
    pub(crate) env: &'a Frame<'a>,
    pub(crate) input: Val<'a>,
    /// For a partial application: the value of each parameter, `None` where it is still to come.
    pub(crate) bound: Option<&'a [Option<Val<'a>>]>,
}

/// Variables of one scope at run time, and the tuple that opened it, if one did.
pub(crate) struct Frame<'a> {
    pub(crate) parent: Option<&'a Frame<'a>>,
    pub(crate) names: &'a [Arc<str>],
    pub(crate) slots: &'a [Cell<Option<Val<'a>>>],
    pub(crate) tuple: Option<&'a Object<'a>>,
    /// Address of the scope's names tells the scope; tuples have none.
    pub(crate) scope: u32,
}

impl<'a> Val<'a> {
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "JSONata's numbers are doubles")]
    pub(crate) fn from_value(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::I64(n) => Self::Num(*n as f64),
            Value::U64(n) => Self::Num(*n as f64),
            Value::F64(n) => Self::Num(*n),
            Value::Str(text) => Self::Str(Text::Shared(text)),
            Value::Array(items) => Self::List(items),
            Value::Object(fields) => Self::Record(fields),
        }
    }

    pub(crate) fn plain(text: &'a str) -> Self {
        Self::Str(Text::Plain(text))
    }

    /// The items, if it is an array.
    #[inline]
    pub(crate) fn items(self) -> Option<Items<'a>> {
        match self {
            Self::Array(array) => Some(array.items),
            Self::List(items) => Some(Items::Values(items)),
            _ => None,
        }
    }

    /// The items of an array, or the value as the only item.
    pub(crate) fn items_or_one(self) -> Items<'a> {
        self.items().unwrap_or(Items::One(self))
    }

    pub(crate) fn is_undefined(self) -> bool {
        matches!(self, Self::Undefined)
    }

    pub(crate) fn is_array(self) -> bool {
        matches!(self, Self::Array(_) | Self::List(_))
    }

    pub(crate) fn has(self, flag: u8) -> bool {
        matches!(self, Self::Array(array) if array.has(flag))
    }

    pub(crate) fn as_str(self) -> Option<&'a str> {
        if let Self::Str(text) = self { Some(text.as_str()) } else { None }
    }

    pub(crate) fn as_func(self) -> Option<&'a Func<'a>> {
        if let Self::Func(func) = self { Some(func) } else { None }
    }

    /// A field of an object; undefined for anything else.
    #[inline]
    pub(crate) fn field(self, key: &str) -> Self {
        match self {
            Self::Record(fields) => fields.get(key).map_or(Val::Undefined, Val::from_value),
            Self::Object(object) => object.get(key),
            _ => Self::Undefined,
        }
    }
}
