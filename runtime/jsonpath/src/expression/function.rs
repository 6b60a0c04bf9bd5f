//! The intrinsic functions: one row each.

use crate::limit::INTRINSIC_ARGUMENTS_MAX;

macro_rules! functions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $least:expr, $most:expr;)*) => {
        /// An intrinsic function.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Function {
            $($(#[$doc])* $variant,)*
        }

        impl Function {
            /// Every intrinsic function.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name, `States.ArrayRange`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The function of that name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The least and the largest number of arguments.
            #[must_use]
            pub fn arity(self) -> (usize, usize) {
                match self {
                    $(Self::$variant => ($least, $most),)*
                }
            }
        }
    };
}

functions! {
    /// `States.Array(a, b, …)`: the arguments as an array.
    Array = "States.Array", 0, INTRINSIC_ARGUMENTS_MAX;
    /// `States.ArrayPartition(array, size)`: the items in arrays of at most that many.
    ArrayPartition = "States.ArrayPartition", 2, 2;
    /// `States.ArrayContains(array, value)`: whether an item has that value.
    ArrayContains = "States.ArrayContains", 2, 2;
    /// `States.ArrayRange(first, last, step)`: numbers from the first to at most the last.
    ArrayRange = "States.ArrayRange", 3, 3;
    /// `States.ArrayGetItem(array, index)`: the item at that index, from 0.
    ArrayGetItem = "States.ArrayGetItem", 2, 2;
    /// `States.ArrayLength(array)`: how many items there are.
    ArrayLength = "States.ArrayLength", 1, 1;
    /// `States.ArrayUnique(array)`: the items without repetitions, the first of each kept.
    ArrayUnique = "States.ArrayUnique", 1, 1;
    /// `States.Base64Encode(text)`
    Base64Encode = "States.Base64Encode", 1, 1;
    /// `States.Base64Decode(text)`
    Base64Decode = "States.Base64Decode", 1, 1;
    /// `States.Hash(data, algorithm)`: hexadecimal digest by MD5, SHA-1, SHA-256, SHA-384 or SHA-512.
    Hash = "States.Hash", 2, 2;
    /// `States.JsonMerge(left, right, false)`: both objects' fields, the right one's where both have one.
    JsonMerge = "States.JsonMerge", 3, 3;
    /// `States.StringToJson(text)`: the value that the text spells.
    StringToJson = "States.StringToJson", 1, 1;
    /// `States.JsonToString(value)`: the value as compact JSON.
    JsonToString = "States.JsonToString", 1, 1;
    /// `States.MathRandom(start, end[, seed])`: an integer from `start` to below `end`.
    MathRandom = "States.MathRandom", 2, 3;
    /// `States.MathAdd(a, b)`: the sum of both, rounded before.
    MathAdd = "States.MathAdd", 2, 2;
    /// `States.StringSplit(text, delimiters)`: the pieces between any of the delimiting characters.
    StringSplit = "States.StringSplit", 2, 2;
    /// `States.UUID()`: a version 4 UUID.
    Uuid = "States.UUID", 0, 0;
    /// `States.Format(template, a, b, …)`: the template with each `{}` replaced.
    Format = "States.Format", 1, INTRINSIC_ARGUMENTS_MAX;
}
