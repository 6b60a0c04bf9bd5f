//! Findings about a definition: code, words, place, and a hint.

use std::fmt;
use std::fmt::Write as _;

/// One finding.
///
/// Wording follows what AWS was recorded to say; only the code and the severity are a contract, there and here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the definition can be used.
    pub severity: Severity,
    /// What kind of finding it is.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// Where, as AWS writes it: `/States/Pay/Retry[0]/ErrorEquals`, `/` for the whole; `None` where AWS gives none.
    pub location: Option<String>,
    /// Where, as a JSON Pointer (RFC 6901) of the field or object in question; empty for the whole.
    pub pointer: String,
    /// Where in the text; `None` for a finding about a definition whose text is not at hand.
    pub position: Option<Position>,
    /// What may help, such as ``did you mean `Ship`?``
    pub help: Option<String>,
}

/// Whether a definition can be used in spite of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but probably does not do what was meant.
    Warning,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// Bytes before it.
    pub offset: usize,
    /// Bytes before the end of the key, text, number or bracket that stands there.
    pub end: usize,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The kind of a finding; the names are those of AWS's `ValidateStateMachineDefinition`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// The name on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// The text is no JSON, or names a field twice in one object.
    InvalidJsonDescription = "INVALID_JSON_DESCRIPTION";
    /// There is no text.
    MissingDescription = "MISSING_DESCRIPTION";
    /// A field is missing, unknown, of a wrong type, or out of range.
    SchemaValidationFailed = "SCHEMA_VALIDATION_FAILED";
    /// A `Resource` that names nothing that can be called.
    InvalidResource = "INVALID_RESOURCE";
    /// No state ends the workflow.
    MissingEndState = "MISSING_END_STATE";
    /// Two states have one name.
    DuplicateStateName = "DUPLICATE_STATE_NAME";
    /// A state's name is empty or too long.
    InvalidStateName = "INVALID_STATE_NAME";
    /// Two Distributed Maps have one label.
    DuplicateLabelName = "DUPLICATE_LABEL_NAME";
    /// A label is too long or holds a character that is not allowed.
    InvalidLabelName = "INVALID_LABEL_NAME";
    /// A state that is named but not there, or there but never reached.
    MissingTransitionTarget = "MISSING_TRANSITION_TARGET";
    /// States are nested too deeply in each other.
    TooDeeplyNested = "TOO_DEEPLY_NESTED";
    /// A variable's name holds a character that is not allowed, or is too long.
    InvalidVariableName = "INVALID_VARIABLE_NAME";
    /// A variable's name is one that the language uses itself.
    ReservedVariableName = "RESERVED_VARIABLE_NAME";
    /// Text between `{%` and `%}` that is no expression.
    InvalidJsonataExpression = "INVALID_JSONATA_EXPRESSION";
    /// An expression that asks for what Step Functions does not offer.
    UnsupportedJsonataExpression = "UNSUPPORTED_JSONATA_EXPRESSION";
    /// Valid on AWS, but this server cannot run it yet.
    NotSupported = "NOT_SUPPORTED";
    /// A value looks like a path, but its field's name does not end with `.$`.
    NoDollar = "NO_DOLLAR";
    /// A value looks like a path, but its field's name does not end with `Path`.
    NoPath = "NO_PATH";
    /// The `Result` of a Pass state holds a path, which is not applied.
    PassResultIsStatic = "PASS_RESULT_IS_STATIC";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Severity {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warning => "WARNING",
        }
    }
}

impl Diagnostic {
    /// Whether the definition cannot be used.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    /// `CODE: message at /States/Pay/Next`, as in AWS's `InvalidDefinition`.
    ///
    /// AWS writes `at null` where it has no place, but for a broken text, whose message says it itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        match (&self.location, self.code) {
            (_, Code::InvalidJsonDescription) => Ok(()),
            (Some(location), _) => write!(f, " at {location}"),
            (None, _) => f.write_str(" at null"),
        }
    }
}

/// The message of the `InvalidDefinition` exception: all errors, joined as AWS joins them.
///
/// ```text
/// Invalid State Machine Definition: 'CODE: message at /States/A/Next, CODE: message at /States/B'
/// ```
#[must_use]
pub fn invalid_definition_message(diagnostics: &[Diagnostic]) -> String {
    let mut text = String::from("Invalid State Machine Definition: '");
    for (n, diagnostic) in diagnostics.iter().filter(|d| d.is_error()).enumerate() {
        let separator = if n == 0 { "" } else { ", " };
        // Writing into a string cannot fail.
        let _ = write!(text, "{separator}{diagnostic}");
    }
    text.push('\'');
    text
}
