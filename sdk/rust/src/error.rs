//! What a task fails with.

use alloc::{
    format,
    string::{String, ToString},
};
use core::{any::type_name, error::Error, fmt};

/// A failure of the task: a name for the state machine's `Retry` and `Catch`, and a cause for people.
///
/// It does not implement [`Error`] itself, so that every type that does becomes one by `?`.
#[derive(Clone, PartialEq, Eq)]
pub struct TaskError {
    /// The name, Lambda's `errorType`.
    pub error: String,
    /// The cause, Lambda's `errorMessage`; may be empty.
    pub cause: String,
}

impl TaskError {
    /// A failure with a name of your own.
    ///
    /// Choose one that callers can rely on (`Payment.Declined`); names that begin with `States.` belong to the language.
    pub fn new(error: impl Into<String>, cause: impl fmt::Display) -> Self {
        Self { error: error.into(), cause: cause.to_string() }
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cause.is_empty() {
            f.write_str(&self.error)
        } else {
            write!(f, "{}: {}", self.error, self.cause)
        }
    }
}

impl fmt::Debug for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Any error: its type's name, and its message followed by those of its sources.
impl<E: Error> From<E> for TaskError {
    fn from(error: E) -> Self {
        Self { error: error_name(type_name::<E>()), cause: message_with_sources(&error) }
    }
}

/// Give a failure a name that `Retry` and `Catch` can rely on.
pub trait Named<T> {
    /// The success as it is, or a [`TaskError`] called `name` with the failure's message as its cause.
    ///
    /// # Errors
    /// Those of `self`, renamed.
    fn named(self, name: &str) -> crate::Result<T>;
}

impl<T, E: Error> Named<T> for Result<T, E> {
    fn named(self, name: &str) -> crate::Result<T> {
        self.map_err(|error| TaskError::new(name, message_with_sources(&error)))
    }
}

fn message_with_sources(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        message = format!("{message}: {error}");
        source = error.source();
    }
    message
}

/// A type's last name; where that is just `Error`, its crate's before it (`serde_json.Error`).
fn error_name(type_name: &str) -> String {
    let path = type_name.trim_start_matches('&').split('<').next().unwrap_or_default();
    match path.rsplit("::").next().unwrap_or_default() {
        "" => "Error".into(),
        "Error" => match path.split("::").next() {
            Some(krate) if krate != "Error" => format!("{krate}.Error"),
            _ => "Error".into(),
        },
        name => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_name(type_name: &str, want: &str) {
        assert_eq!(error_name(type_name), want);
    }

    #[test]
    fn last_name_of_a_path() {
        check_name("core::num::error::ParseIntError", "ParseIntError");
    }
    #[test]
    fn bare_error_takes_its_crate() {
        check_name("serde_json::error::Error", "serde_json.Error");
    }
    #[test]
    fn generics_are_left_out() {
        check_name("mine::Refused<alloc::string::String>", "Refused");
    }
    #[test]
    fn no_path_at_all() {
        check_name("Error", "Error");
    }

    #[test]
    fn question_mark_names_the_type() {
        fn parse() -> crate::Result<u8> {
            Ok("x".parse::<u8>()?)
        }
        let want = TaskError::new("ParseIntError", "invalid digit found in string");
        assert_eq!(parse(), Err(want));
    }
    #[test]
    fn named_keeps_the_message() {
        let failed = "x".parse::<u8>().named("Order.Quantity");
        assert_eq!(failed, Err(TaskError::new("Order.Quantity", "invalid digit found in string")));
    }

    #[derive(Debug)]
    struct Outer(core::num::ParseIntError);
    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("no quantity")
        }
    }
    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn sources_follow_the_message() {
        let error = "x".parse::<u8>().map_err(Outer).map_err(TaskError::from);
        assert_eq!(error, Err(TaskError::new("Outer", "no quantity: invalid digit found in string")));
    }
}
