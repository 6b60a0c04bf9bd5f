//! `stepwell env`: points AWS's tools at the server.

use crate::client::ClientArgs;
use crate::exit::{CommandError, Outcome};
use crate::output::{Form, say, say_json};
use serde_json::{Map, Value};

/// Arguments of `env`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    client: ClientArgs,
}

/// Variables that would make a tool sign for somebody else, or ask for credentials.
const UNSET: [&str; 3] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"];

/// Prints what a shell evaluates; nothing is asked of the server.
pub(crate) fn run(args: &Args) -> Result<Outcome, CommandError> {
    let endpoint = args.client.endpoint.trim_end_matches('/');
    let region = args.client.region()?.to_string();
    let account = args.client.account().to_string();
    let variables = [
        ("STEPWELL_ENDPOINT", endpoint),
        ("AWS_ENDPOINT_URL_SFN", endpoint),
        ("AWS_ENDPOINT_URL_LAMBDA", endpoint),
        ("AWS_ENDPOINT_URL_STS", endpoint),
        ("AWS_REGION", region.as_str()),
        ("AWS_DEFAULT_REGION", region.as_str()),
        // Twelve digits are an account of their own; open mode checks no secret.
        ("AWS_ACCESS_KEY_ID", account.as_str()),
        ("AWS_SECRET_ACCESS_KEY", "stepwell"),
        // The SDKs put `sync-` before the host of StartSyncExecution, which no name server knows.
        ("AWS_DISABLE_HOST_PREFIX_INJECTION", "true"),
    ];
    match args.client.form() {
        Form::Json => {
            let variables: Map<String, Value> =
                variables.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
            say_json(&Value::Object(variables))?;
        }
        Form::Human => {
            for (name, value) in variables {
                say(&format!("export {name}={}", quoted(value)))?;
            }
            say(&format!("unset {}", UNSET.join(" ")))?;
        }
    }
    Ok(Outcome::Good)
}

/// A word of a POSIX shell.
fn quoted(text: &str) -> String {
    let is_plain = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'/'));
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_they_must_be() {
        assert_eq!(quoted("http://127.0.0.1:8083"), "http://127.0.0.1:8083");
        assert_eq!(quoted("a b$(c)'d"), r"'a b$(c)'\''d'");
        assert_eq!(quoted(""), "''");
    }
}
