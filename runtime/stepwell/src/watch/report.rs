//! What a watched project's changes led to, a line each, on stdout.

use crate::deployment::{Action, Deployed, Kind};
use crate::output::{BAD, FAINT, Form, GOOD, ODD, Style, one_line, paint, say, say_json};
use serde_json::json;
use std::time::Duration;

/// Lines of one error that are shown; the others are counted.
const LINES_MAX: usize = 10;

/// What happened.
#[derive(Debug)]
pub(super) enum Event<'a> {
    /// An entry was deployed, or found to be as it should be.
    Deployed {
        /// What became of it.
        deployed: Deployed,
        /// How long it took.
        took: Duration,
    },
    /// Something cannot be deployed.
    Error {
        /// An entry; none for the manifest as a whole.
        of: Option<(Kind, &'a str)>,
        /// Why, each reason in a line.
        lines: Vec<String>,
    },
    /// The manifest does not name it any more.
    Unnamed {
        /// What it is.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// The manifest was written and says what it said before.
    NothingNew {
        /// The manifest.
        file: String,
    },
}

/// Says it. A server whose output nobody reads goes on.
pub(super) fn tell(form: Form, event: &Event<'_>) {
    let _ = match form {
        Form::Human => human(event).iter().try_for_each(|line| say(line)),
        Form::Json => say_json(&json(event)),
    };
}

fn human(event: &Event<'_>) -> Vec<String> {
    let line =
        |style: Style, word: &str, text: &str| format!("{} {text}", paint(style, &format!("{word:<9}")));
    match event {
        Event::Deployed { deployed: Deployed { kind, name, action, arn: _ }, took } => {
            let style = match action {
                Action::Created | Action::Updated => GOOD,
                Action::Unchanged => FAINT,
            };
            let took = paint(FAINT, &format!("{:.2} s", took.as_secs_f64()));
            vec![line(style, &action.to_string(), &format!("{kind:<8} {name}  {took}"))]
        }
        Event::Error { of: _, lines } => {
            let mut told: Vec<String> =
                lines.iter().take(LINES_MAX).map(|text| line(BAD, "error", &one_line(text))).collect();
            if lines.len() > LINES_MAX {
                told.push(line(BAD, "error", &format!("and {} more", lines.len() - LINES_MAX)));
            }
            told
        }
        Event::Unnamed { kind, name } => {
            let text = format!("{kind:<8} {name}  is not in stepwell.toml any more; it stays on the server");
            vec![line(ODD, "removed", &text)]
        }
        Event::NothingNew { file } => vec![line(FAINT, "unchanged", file)],
    }
}

fn json(event: &Event<'_>) -> serde_json::Value {
    match event {
        Event::Deployed { deployed, took } => {
            let mut told = deployed.json();
            let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            if let Some(fields) = told.as_object_mut() {
                fields.insert("tookMs".to_owned(), took_ms.into());
            }
            told
        }
        Event::Error { of, lines } => {
            let (kind, name) = of.map(|(kind, name)| (kind.to_string(), name)).unzip();
            json!({ "kind": kind, "name": name, "action": "failed", "errors": lines })
        }
        Event::Unnamed { kind, name } => {
            json!({ "kind": kind.to_string(), "name": name, "action": "removed" })
        }
        Event::NothingNew { file } => json!({ "kind": "manifest", "name": file, "action": "unchanged" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(event: &Event<'_>, expected: &str, expected_json: &str) {
        let text = human(event).join("\n");
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), expected);
        assert_eq!(json(event).to_string(), expected_json);
    }

    #[test]
    fn lines() {
        let deployed = Deployed {
            kind: Kind::Function,
            name: "f".to_owned(),
            arn: "arn".to_owned(),
            action: Action::Created,
        };
        check(
            &Event::Deployed { deployed, took: Duration::from_millis(1_234) },
            "created   function f  1.23 s",
            r#"{"kind":"function","name":"f","arn":"arn","action":"created","tookMs":1234}"#,
        );
        check(
            &Event::Unnamed { kind: Kind::Machine, name: "m".to_owned() },
            "removed   machine  m  is not in stepwell.toml any more; it stays on the server",
            r#"{"kind":"machine","name":"m","action":"removed"}"#,
        );
        check(
            &Event::Error {
                of: Some((Kind::Machine, "m")),
                lines: vec!["a\n  b".to_owned(), "c".to_owned()],
            },
            "error     a b\nerror     c",
            r#"{"kind":"machine","name":"m","action":"failed","errors":["a\n  b","c"]}"#,
        );
        let many = Event::Error { of: None, lines: vec!["x".to_owned(); 12] };
        assert_eq!(human(&many).len(), 11);
    }
}
