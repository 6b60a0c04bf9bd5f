//! The built-in functions.

mod aggregate;
mod aws;
mod collection;
mod encoding;
mod format_number;
mod higher_order;
mod numeric;
mod pattern;
mod string;

pub(crate) use format_number::regular as regular_distance;

use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::options::Dialect;
use crate::signature::Signature;
use crate::val::{Frame, Func, FuncKind, Items, SEQUENCE, Val};
use std::sync::LazyLock;

/// What `$eval` weighs on the stack, in KiB of an unoptimized build.
const EVAL_KIB: u32 = 4;

/// Which dialects know a function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Everywhere,
    Standard,
    StepFunctions,
}

macro_rules! builtins {
    ($($variant:ident $name:literal $signature:literal $arity:literal $parameters:literal $known:ident;)*) => {
        /// A built-in function.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Builtin {
            $(#[doc = concat!("`$", $name, "`, ", $signature)] $variant,)*
        }

        const TABLE: &[(Builtin, &str, &str, usize, usize, Known)] =
            &[$((Builtin::$variant, $name, $signature, $arity, $parameters, Known::$known),)*];
    };
}

// Name, signature, the arity that higher-order functions see, the parameters that partial application sees.
builtins! {
    Sum "sum" "<a<n>:n>" 1 1 Everywhere;
    Count "count" "<a:n>" 1 1 Everywhere;
    Max "max" "<a<n>:n>" 1 1 Everywhere;
    Min "min" "<a<n>:n>" 1 1 Everywhere;
    Average "average" "<a<n>:n>" 1 1 Everywhere;
    String "string" "<x-b?:s>" 1 2 Everywhere;
    Substring "substring" "<s-nn?:s>" 3 3 Everywhere;
    SubstringBefore "substringBefore" "<s-s:s>" 2 2 Everywhere;
    SubstringAfter "substringAfter" "<s-s:s>" 2 2 Everywhere;
    Lowercase "lowercase" "<s-:s>" 1 1 Everywhere;
    Uppercase "uppercase" "<s-:s>" 1 1 Everywhere;
    Length "length" "<s-:n>" 1 1 Everywhere;
    Trim "trim" "<s-:s>" 1 1 Everywhere;
    Pad "pad" "<s-ns?:s>" 3 3 Everywhere;
    Match "match" "<s-f<s:o>n?:a<o>>" 3 3 Everywhere;
    Contains "contains" "<s-(sf):b>" 2 2 Everywhere;
    Replace "replace" "<s-(sf)(sf)n?:s>" 4 4 Everywhere;
    Split "split" "<s-(sf)n?:a<s>>" 3 3 Everywhere;
    Join "join" "<a<s>s?:s>" 2 2 Everywhere;
    FormatNumber "formatNumber" "<n-so?:s>" 3 3 Everywhere;
    FormatBase "formatBase" "<n-n?:s>" 2 2 Everywhere;
    FormatInteger "formatInteger" "<n-s:s>" 2 2 Everywhere;
    ParseInteger "parseInteger" "<s-s:n>" 2 2 Everywhere;
    Number "number" "<(nsb)-:n>" 1 1 Everywhere;
    Floor "floor" "<n-:n>" 1 1 Everywhere;
    Ceil "ceil" "<n-:n>" 1 1 Everywhere;
    Round "round" "<n-n?:n>" 2 2 Everywhere;
    Abs "abs" "<n-:n>" 1 1 Everywhere;
    Sqrt "sqrt" "<n-:n>" 1 1 Everywhere;
    Power "power" "<n-n:n>" 2 2 Everywhere;
    Random "random" "<:n>" 0 1 Standard;
    RandomSeeded "random" "<n?:n>" 1 1 StepFunctions;
    Boolean "boolean" "<x-:b>" 1 1 Everywhere;
    Not "not" "<x-:b>" 1 1 Everywhere;
    Map "map" "<af>" 2 2 Everywhere;
    Zip "zip" "<a+>" 0 1 Everywhere;
    Filter "filter" "<af>" 2 2 Everywhere;
    Single "single" "<af?>" 2 2 Everywhere;
    Reduce "reduce" "<afj?:j>" 3 3 Everywhere;
    Sift "sift" "<o-f?:o>" 2 2 Everywhere;
    Keys "keys" "<x-:a<s>>" 1 1 Everywhere;
    Lookup "lookup" "<x-s:x>" 2 2 Everywhere;
    Append "append" "<xx:a>" 2 2 Everywhere;
    Exists "exists" "<x:b>" 1 1 Everywhere;
    Spread "spread" "<x-:a<o>>" 1 1 Everywhere;
    Merge "merge" "<a<o>:o>" 1 1 Everywhere;
    Reverse "reverse" "<a:a>" 1 1 Everywhere;
    Each "each" "<o-f:a>" 2 2 Everywhere;
    Error "error" "<s?:x>" 1 1 Everywhere;
    Assert "assert" "<bs?:x>" 2 2 Everywhere;
    Type "type" "<x:s>" 1 1 Everywhere;
    Sort "sort" "<af?:a>" 2 2 Everywhere;
    Shuffle "shuffle" "<a:a>" 1 1 Everywhere;
    Distinct "distinct" "<x:x>" 1 1 Everywhere;
    Base64Encode "base64encode" "<s-:s>" 1 1 Everywhere;
    Base64Decode "base64decode" "<s-:s>" 1 1 Everywhere;
    EncodeUrlComponent "encodeUrlComponent" "<s-:s>" 1 1 Everywhere;
    EncodeUrl "encodeUrl" "<s-:s>" 1 1 Everywhere;
    DecodeUrlComponent "decodeUrlComponent" "<s-:s>" 1 1 Everywhere;
    DecodeUrl "decodeUrl" "<s-:s>" 1 1 Everywhere;
    Eval "eval" "<sx?:x>" 2 2 Standard;
    ToMillis "toMillis" "<s-s?:n>" 2 2 Everywhere;
    FromMillis "fromMillis" "<n-s?s?:s>" 3 3 Everywhere;
    Clone "clone" "<(oa)-:o>" 1 1 Everywhere;
    Now "now" "<s?s?:s>" 2 2 Everywhere;
    Millis "millis" "<:n>" 0 1 Everywhere;
    Parse "parse" "<s-:x>" 1 1 StepFunctions;
    Partition "partition" "<an:a>" 2 2 StepFunctions;
    Range "range" "<nnn:a>" 3 3 StepFunctions;
    Hash "hash" "<s-s:s>" 2 2 StepFunctions;
    Uuid "uuid" "<:s>" 0 1 StepFunctions;
}

/// Signatures in the order of the table; the last is that of a transform.
static SIGNATURES: LazyLock<Vec<Signature>> = LazyLock::new(|| {
    TABLE
        .iter()
        .map(|row| row.2)
        .chain(["<(oa):o>"])
        .map(|text| Signature::parse(text).unwrap_or_else(|_| Signature::empty()))
        .collect()
});

/// Rows of the table by name; two dialects may have a function of one name each.
static BY_NAME: LazyLock<hashbrown::HashMap<&'static str, Vec<usize>>> = LazyLock::new(|| {
    let mut rows: hashbrown::HashMap<&'static str, Vec<usize>> = hashbrown::HashMap::new();
    for (at, row) in TABLE.iter().enumerate() {
        rows.entry(row.1).or_default().push(at);
    }
    rows
});

static NO_SIGNATURE: LazyLock<Signature> = LazyLock::new(Signature::empty);

impl Builtin {
    /// The function of that name in a dialect.
    pub(crate) fn of(name: &str, dialect: Dialect) -> Option<Self> {
        let row = |at: usize| {
            TABLE.get(at).filter(|row| match row.5 {
                Known::Everywhere => true,
                Known::Standard => dialect == Dialect::Standard,
                Known::StepFunctions => dialect == Dialect::StepFunctions,
            })
        };
        BY_NAME.get(name)?.iter().find_map(|at| row(*at)).map(|row| row.0)
    }

    pub(crate) fn signature(self) -> &'static Signature {
        SIGNATURES.get(self as usize).unwrap_or(&NO_SIGNATURE)
    }

    pub(crate) fn transform_signature() -> &'static Signature {
        SIGNATURES.last().unwrap_or(&NO_SIGNATURE)
    }

    fn row(self) -> (usize, usize) {
        TABLE.get(self as usize).map_or((0, 0), |row| (row.3, row.4))
    }

    /// Parameters that partial application sees.
    pub(crate) fn parameters(self) -> usize {
        self.row().1
    }

    pub(crate) fn name(self) -> &'static str {
        TABLE.get(self as usize).map_or("", |row| row.1)
    }
}

/// How many arguments a higher-order function passes.
pub(crate) fn arity(function: &Func<'_>) -> usize {
    match &function.kind {
        FuncKind::Builtin(builtin) => builtin.row().0,
        FuncKind::Lambda(lambda) => match lambda.bound {
            None => lambda.lambda.slots.len(),
            Some(bound) => bound.iter().filter(|value| value.is_none()).count(),
        },
        FuncKind::Closure(inner) => arity(inner),
        FuncKind::Regex { .. } => 2,
        FuncKind::RegexNext { .. } | FuncKind::Pending => 0,
        FuncKind::Chain(..) | FuncKind::Transform { .. } => 1,
        FuncKind::Partial { arguments, .. } => arguments.iter().filter(|value| value.is_none()).count(),
    }
}

pub(crate) fn arg<'a>(arguments: &[Val<'a>], at: usize) -> Val<'a> {
    arguments.get(at).copied().unwrap_or(Val::Undefined)
}

/// An argument that its signature would have refused; only partial application brings such here.
pub(crate) fn wrong_argument(function: Builtin) -> Box<Fault> {
    Fault::with_message("U1003", format!("Unexpected argument of function \"{}\"", function.name()))
}

/// The string at a place, or nothing where the argument is undefined.
pub(crate) fn text_arg<'a>(function: Builtin, arguments: &[Val<'a>], at: usize) -> Res<Option<&'a str>> {
    match arg(arguments, at) {
        Val::Undefined => Ok(None),
        Val::Str(text) => Ok(Some(text.as_str())),
        _ => Err(wrong_argument(function)),
    }
}

pub(crate) fn number_arg(function: Builtin, arguments: &[Val<'_>], at: usize) -> Res<Option<f64>> {
    match arg(arguments, at) {
        Val::Undefined => Ok(None),
        Val::Num(number) => Ok(Some(number)),
        _ => Err(wrong_argument(function)),
    }
}

pub(crate) fn items_arg<'a>(function: Builtin, arguments: &[Val<'a>], at: usize) -> Res<Option<Items<'a>>> {
    match arg(arguments, at) {
        Val::Undefined => Ok(None),
        value => value.items().map(Some).ok_or_else(|| wrong_argument(function)),
    }
}

pub(crate) fn func_arg<'a>(function: Builtin, arguments: &[Val<'a>], at: usize) -> Res<Option<&'a Func<'a>>> {
    match arg(arguments, at) {
        Val::Undefined => Ok(None),
        value => value.as_func().map(Some).ok_or_else(|| wrong_argument(function)),
    }
}

impl<'a> Machine<'a> {
    /// Calls a function whose arguments no signature has checked.
    pub(crate) fn call_unchecked(
        &mut self,
        function: Builtin,
        arguments: &'a [Val<'a>],
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        self.call_builtin(function, arguments, env)
    }

    pub(crate) fn call_builtin(
        &mut self,
        function: Builtin,
        arguments: &'a [Val<'a>],
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        self.charge(2)?;
        match function {
            Builtin::Sum | Builtin::Count | Builtin::Max | Builtin::Min | Builtin::Average => {
                self.aggregate(function, arguments)
            }
            Builtin::String
            | Builtin::Substring
            | Builtin::SubstringBefore
            | Builtin::SubstringAfter
            | Builtin::Lowercase
            | Builtin::Uppercase
            | Builtin::Length
            | Builtin::Trim
            | Builtin::Pad
            | Builtin::Join => self.string_function(function, arguments),
            Builtin::Match | Builtin::Contains | Builtin::Replace | Builtin::Split => {
                self.pattern_function(function, arguments, env)
            }
            Builtin::FormatNumber => self.format_number(arguments),
            Builtin::FormatBase
            | Builtin::Number
            | Builtin::Floor
            | Builtin::Ceil
            | Builtin::Round
            | Builtin::Abs
            | Builtin::Sqrt
            | Builtin::Power
            | Builtin::Random
            | Builtin::RandomSeeded => self.numeric_function(function, arguments),
            Builtin::FormatInteger
            | Builtin::ParseInteger
            | Builtin::ToMillis
            | Builtin::FromMillis
            | Builtin::Now
            | Builtin::Millis => self.date_time_function(function, arguments),
            Builtin::Boolean => match arg(arguments, 0) {
                Val::Undefined => Ok(Val::Undefined),
                value => Ok(Val::Bool(self.truthy(value)?)),
            },
            Builtin::Not => match arg(arguments, 0) {
                Val::Undefined => Ok(Val::Undefined),
                value => Ok(Val::Bool(!self.truthy(value)?)),
            },
            Builtin::Map
            | Builtin::Filter
            | Builtin::Single
            | Builtin::Reduce
            | Builtin::Sift
            | Builtin::Each
            | Builtin::Sort => self.higher_order(function, arguments, env),
            Builtin::Zip
            | Builtin::Keys
            | Builtin::Lookup
            | Builtin::Append
            | Builtin::Exists
            | Builtin::Spread
            | Builtin::Merge
            | Builtin::Reverse
            | Builtin::Shuffle
            | Builtin::Distinct
            | Builtin::Clone => self.collection_function(function, arguments),
            Builtin::Error => {
                let message = text_arg(function, arguments, 0)?.filter(|text| !text.is_empty());
                Err(Fault::with_message("D3137", message.unwrap_or("$error() function evaluated")))
            }
            Builtin::Assert => {
                if self.truthy(arg(arguments, 0))? {
                    return Ok(Val::Undefined);
                }
                let message = text_arg(function, arguments, 1)?.filter(|text| !text.is_empty());
                Err(Fault::with_message("D3141", message.unwrap_or("$assert() statement failed")))
            }
            Builtin::Type => self.type_of(arg(arguments, 0)),
            Builtin::Base64Encode
            | Builtin::Base64Decode
            | Builtin::EncodeUrlComponent
            | Builtin::EncodeUrl
            | Builtin::DecodeUrlComponent
            | Builtin::DecodeUrl => self.encoding_function(function, arguments),
            Builtin::Eval => self.eval_text(arguments, env),
            Builtin::Parse | Builtin::Partition | Builtin::Range | Builtin::Hash | Builtin::Uuid => {
                self.aws_function(function, arguments)
            }
        }
    }

    fn type_of(&mut self, value: Val<'a>) -> Res<Val<'a>> {
        Ok(Val::plain(match value {
            Val::Undefined => return Ok(Val::Undefined),
            Val::Null => "null",
            Val::Num(_) => {
                if self.is_numeric(value)? {
                    "number"
                } else {
                    "object"
                }
            }
            Val::Str(_) => "string",
            Val::Bool(_) => "boolean",
            Val::Array(_) | Val::List(_) => "array",
            Val::Func(_) => "function",
            Val::Object(_) | Val::Record(_) => "object",
        }))
    }

    /// `$eval`: compiles a text and evaluates it where the call stands.
    fn eval_text(&mut self, arguments: &[Val<'a>], env: &'a Frame<'a>) -> Res<Val<'a>> {
        let Some(text) = text_arg(Builtin::Eval, arguments, 0)? else { return Ok(Val::Undefined) };
        self.charge_bytes(text.len().saturating_mul(32))?;
        let code = crate::compile::compile_eval(text).map_err(|fault| {
            if fault.limit.is_some() {
                return fault;
            }
            Fault::new("D3120").text_value(&fault.text())
        })?;
        let code = self.evals.keep(code);
        let unit = crate::machine::unit(self.bump, code, self.bindings, self.root);
        let input = match arg(arguments, 1) {
            Val::Undefined => self.eval_input,
            focus if focus.is_array() && !focus.has(SEQUENCE) => {
                self.array_of(Items::One(focus), SEQUENCE | crate::val::OUTER)?
            }
            focus => focus,
        };
        let outer = std::mem::replace(&mut self.unit, unit);
        let frame = self.frame(0, env)?;
        self.enter()?;
        self.weigh(EVAL_KIB)?;
        let result = self.eval(code.root, input, frame).map_err(|fault| {
            if fault.limit.is_some() {
                return fault;
            }
            Fault::new("D3121").text_value(&fault.text())
        });
        self.leave();
        self.unweigh(EVAL_KIB);
        self.unit = outer;
        result
    }
}
