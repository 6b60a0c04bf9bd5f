//! Settings of machines with AWS's defaults.

use super::MachineSettings;
use stepwell_types::Value;

/// Seconds for which AWS keeps a data key where nothing is said.
const DATA_KEY_REUSE_S_DEFAULT: i64 = 300;

impl MachineSettings {
    /// The settings with AWS's defaults for what was not given: what is shown, and what is compared.
    #[must_use]
    pub fn complete(self) -> Self {
        let logging = [("level", Value::str("OFF")), ("includeExecutionData", Value::Bool(false))];
        let encryption = Value::with_defaults(self.encryption, [("type", Value::str("AWS_OWNED_KEY"))]);
        let encryption = match encryption.get("type").and_then(Value::as_str) {
            Some("CUSTOMER_MANAGED_KMS_KEY") => {
                let reuse = ("kmsDataKeyReusePeriodSeconds", Value::I64(DATA_KEY_REUSE_S_DEFAULT));
                Value::with_defaults(Some(encryption), [reuse])
            }
            _ => encryption,
        };
        Self {
            logging: Some(Value::with_defaults(self.logging, logging)),
            tracing: Some(Value::with_defaults(self.tracing, [("enabled", Value::Bool(false))])),
            encryption: Some(encryption),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_logging(given: &str, expected: &str) {
        let logging = Some(Value::parse(given).unwrap());
        let complete = MachineSettings { logging, ..MachineSettings::default() }.complete();
        assert_eq!(complete.logging.unwrap().to_json(), expected);
    }

    #[test]
    fn logging() {
        check_logging("{}", r#"{"level":"OFF","includeExecutionData":false}"#);
        check_logging(
            r#"{"destinations":[]}"#,
            r#"{"destinations":[],"level":"OFF","includeExecutionData":false}"#,
        );
        const WHOLE: &str = r#"{"level":"ALL","includeExecutionData":true,"destinations":[{}]}"#;
        check_logging(WHOLE, WHOLE);
    }

    #[test]
    fn what_is_not_given_is_the_default() {
        let complete = MachineSettings::default().complete();
        assert_eq!(complete.clone().complete(), complete);
        let text = |value: Option<Value>| value.map(|value| value.to_json());
        assert_eq!(text(complete.tracing).as_deref(), Some(r#"{"enabled":false}"#));
        assert_eq!(text(complete.encryption).as_deref(), Some(r#"{"type":"AWS_OWNED_KEY"}"#));
    }
}
