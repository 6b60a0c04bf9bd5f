//! What a server says when it says no, in any of its protocols.

use super::Answer;
use crate::output::{cut, one_line};
use http::StatusCode;
use serde_json::Value;
use std::fmt;

/// Characters that are shown of a body that is none of Stepwell's.
const BODY_CHARS_MAX: usize = 120;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) status: StatusCode,
    /// The AWS error's name, such as `StateMachineDoesNotExist`; empty where there is none.
    pub(crate) code: String,
    /// What went wrong.
    pub(crate) message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code.as_str() {
            "" => write!(f, "the server answers {}, as no Stepwell does: {}", self.status, self.message),
            code => write!(f, "{code}: {}", self.message),
        }
    }
}

impl Refusal {
    /// Reads a problem of `/v1`, or an error of the AWS protocols.
    pub(crate) fn of(answer: &Answer) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let member =
            |names: &[&str]| names.iter().find_map(|name| Some(body.get(name)?.as_str()?.to_owned()));
        let header = || Some(answer.headers.get("x-amzn-errortype")?.to_str().ok()?.to_owned());
        let code = member(&["code", "__type"]).or_else(header).unwrap_or_default();
        // `com.amazonaws.states#Name` and `Name:http://…` both mean the name.
        let code = code.rsplit('#').next().unwrap_or_default();
        let code = code.split(':').next().unwrap_or_default().to_owned();
        let message = member(&["detail", "message", "Message"])
            .unwrap_or_else(|| cut(&one_line(&String::from_utf8_lossy(&answer.body)), BODY_CHARS_MAX));
        Self { status: answer.status, code, message }
    }

    /// Whether what was asked for does not exist.
    pub(crate) fn is_missing(&self) -> bool {
        self.status == StatusCode::NOT_FOUND || self.code.ends_with("DoesNotExist")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::HeaderMap;

    #[track_caller]
    fn check(status: u16, header: Option<&str>, body: &'static str, expected: &str) {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert("x-amzn-errortype", header.parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers, body: Bytes::from_static(body.as_bytes()) };
        assert_eq!(Refusal::of(&answer).to_string(), expected);
    }

    #[test]
    fn reads_every_protocol() {
        check(404, None, r#"{"code":"A","detail":"b"}"#, "A: b");
        check(400, None, r#"{"__type":"com.amazonaws.states#A","message":"b"}"#, "A: b");
        check(404, Some("A:http://x/"), r#"{"Type":"User","Message":"b"}"#, "A: b");
        check(
            500,
            None,
            "<p>\n  oops\n</p>",
            "the server answers 500 Internal Server Error, as no Stepwell does: <p> oops </p>",
        );
    }
}
