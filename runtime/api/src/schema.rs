//! What the generated tables are made of: the shapes of requests, the operations that carry them, the errors.
//!
//! The tables come from the AWS service models (`cargo xtask codegen`); the walks over them are in [`check`]
//! (types, then constraints with AWS's wording), the wire forms of single values in [`wire`].

pub(crate) mod check;
pub(crate) mod wire;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// One shape of a service model.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The model's name; AWS prints it where a message repeats a structure.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) kind: Kind,
    /// Whether its value may be repeated in a message.
    pub(crate) sensitivity: Sensitivity,
}

/// Whether a value may appear in messages and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sensitivity {
    /// It may.
    Open,
    /// It may not.
    Sensitive,
}

/// What a shape is, with its constraints.
#[derive(Debug)]
#[allow(dead_code, reason = "which of them is used depends on the operations that are served")]
pub(crate) enum Kind {
    /// A string: characters at least and at most, a pattern (empty for none), the allowed values (empty for any).
    Text { min: u64, max: u64, pattern: &'static str, values: &'static [&'static str] },
    /// A whole number within bounds.
    Integer { min: i64, max: i64 },
    /// Any number within bounds.
    Float { min: i64, max: i64 },
    /// `true` or `false`.
    Boolean,
    /// Seconds since the epoch.
    Timestamp,
    /// Bytes, in JSON as base64.
    Blob,
    /// A list: items at least and at most.
    List { member: &'static Shape, min: u64, max: u64 },
    /// A map from texts.
    Map { key: &'static Shape, value: &'static Shape, min: u64, max: u64 },
    /// Named members.
    Structure(&'static [Member]),
}

/// A member of a structure.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its name in JSON.
    pub(crate) name: &'static str,
    /// Its shape.
    pub(crate) shape: &'static Shape,
    /// Whether it must be there.
    pub(crate) presence: Presence,
    /// Where in the request it is.
    pub(crate) place: Place,
}

/// Whether a member must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It must.
    Required,
    /// It may be absent or null.
    Optional,
}

/// Where in an HTTP request a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A field of the JSON body.
    Body,
    /// The body itself.
    Payload,
    /// A segment of the path.
    Uri,
    /// This query parameter.
    Query(&'static str),
    /// This header.
    Header(&'static str),
}

/// An operation's request, tied to what the model says about it.
pub(crate) trait Operation: DeserializeOwned + Send + 'static {
    /// The operation's name.
    const NAME: &'static str;
    /// Method, path template and status of the answer.
    const HTTP: Http;
    /// The shape of the request.
    const INPUT: &'static Shape;
    /// The answer.
    type Output: Serialize + Send;
}

/// How an operation looks in HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Http {
    /// `POST`, …
    pub(crate) method: &'static str,
    /// `/2015-03-31/functions/{FunctionName}`
    pub(crate) uri: &'static str,
    /// Status of a successful answer.
    pub(crate) status: u16,
}

/// An operation that the model knows, served or not.
#[derive(Debug)]
pub(crate) struct KnownOperation {
    /// Its name.
    pub(crate) name: &'static str,
    /// `POST`, …
    pub(crate) method: &'static str,
    /// Its path template.
    pub(crate) uri: &'static str,
}

/// An error of a service model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ErrorShape {
    /// The code in `__type` and `x-amzn-ErrorType`.
    pub(crate) code: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The member that carries the message: `message` or `Message`.
    pub(crate) message_member: &'static str,
    /// Whether the body says `Type: User` or `Type: Service`.
    pub(crate) fault_member: FaultMember,
}

/// Whether an error's body names who is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultMember {
    /// It has a member `Type`.
    Type,
    /// It has none.
    None,
}

/// Constructors for the generated tables, so that one shape is one line.
#[allow(dead_code, reason = "which of them is used depends on the operations that are served")]
pub(crate) mod table {
    use super::{Kind, Member, Place, Presence, Sensitivity, Shape};

    const fn open(name: &'static str, kind: Kind) -> Shape {
        Shape { name, kind, sensitivity: Sensitivity::Open }
    }

    pub(crate) const fn text(
        name: &'static str,
        min: u64,
        max: u64,
        pattern: &'static str,
        values: &'static [&'static str],
    ) -> Shape {
        open(name, Kind::Text { min, max, pattern, values })
    }

    pub(crate) const fn integer(name: &'static str, min: i64, max: i64) -> Shape {
        open(name, Kind::Integer { min, max })
    }

    pub(crate) const fn float(name: &'static str, min: i64, max: i64) -> Shape {
        open(name, Kind::Float { min, max })
    }

    pub(crate) const fn boolean(name: &'static str) -> Shape {
        open(name, Kind::Boolean)
    }

    pub(crate) const fn timestamp(name: &'static str) -> Shape {
        open(name, Kind::Timestamp)
    }

    pub(crate) const fn blob(name: &'static str) -> Shape {
        open(name, Kind::Blob)
    }

    pub(crate) const fn list(name: &'static str, member: &'static Shape, min: u64, max: u64) -> Shape {
        open(name, Kind::List { member, min, max })
    }

    pub(crate) const fn map(
        name: &'static str,
        key: &'static Shape,
        value: &'static Shape,
        min: u64,
        max: u64,
    ) -> Shape {
        open(name, Kind::Map { key, value, min, max })
    }

    pub(crate) const fn structure(name: &'static str, members: &'static [Member]) -> Shape {
        open(name, Kind::Structure(members))
    }

    pub(crate) const fn sensitive(shape: Shape) -> Shape {
        Shape { sensitivity: Sensitivity::Sensitive, ..shape }
    }

    pub(crate) const fn required(name: &'static str, shape: &'static Shape) -> Member {
        Member { name, shape, presence: Presence::Required, place: Place::Body }
    }

    pub(crate) const fn optional(name: &'static str, shape: &'static Shape) -> Member {
        Member { name, shape, presence: Presence::Optional, place: Place::Body }
    }

    pub(crate) const fn at(place: Place, member: Member) -> Member {
        Member { place, ..member }
    }
}

/// An enum of a service model: its values as AWS writes them.
macro_rules! wire_enum {
    ($name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name { $($variant),* }

        impl $name {
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                match text.as_ref() {
                    $($text => Ok(Self::$variant),)*
                    other => Err(serde::de::Error::unknown_variant(other, &[$($text),*])),
                }
            }
        }
    };
}

/// The errors of a service model.
macro_rules! wire_errors {
    ($name:ident { $($code:ident = $status:literal, $message:literal, $fault:ident;)* }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(clippy::enum_variant_names, reason = "the names are AWS's")]
        pub(crate) enum $name { $($code),* }

        impl $name {
            pub(crate) const fn shape(self) -> $crate::schema::ErrorShape {
                match self {
                    $(Self::$code => $crate::schema::ErrorShape {
                        code: stringify!($code),
                        status: $status,
                        message_member: $message,
                        fault_member: $crate::schema::FaultMember::$fault,
                    }),*
                }
            }
        }
    };
}

pub(crate) use {wire_enum, wire_errors};
