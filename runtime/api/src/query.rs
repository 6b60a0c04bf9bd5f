//! Percent-encoding and `name=value` lists, of queries and of form bodies.

/// Decodes `%XX`; `None` if an escape is damaged or the result is no UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    decode(text, b'+')
}

/// The parameters of a query or a form body, in order. `+` is a blank; what cannot be decoded stays as it is.
pub(crate) fn parameters(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| decode(text, b' ').unwrap_or_else(|| text.to_owned());
    query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

/// The first parameter of this name.
pub(crate) fn parameter<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

fn decode(text: &str, plus: u8) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? * 16 + hex(rest.next()?)?,
            b'+' => plus,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_decoding() {
        assert_eq!(percent_decode("arn%3Aaws%3a+x").as_deref(), Some("arn:aws:+x"));
        for bad in ["%", "%4", "%zz", "%ff", "a%c3"] {
            assert_eq!(percent_decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn parameter_lists() {
        let parameters = parameters("a=1&b=x+y%20z&c&&a=2&d=%ff");
        assert_eq!(parameter(&parameters, "a"), Some("1"));
        assert_eq!(parameter(&parameters, "b"), Some("x y z"));
        assert_eq!(parameter(&parameters, "c"), Some(""));
        assert_eq!(parameter(&parameters, "d"), Some("%ff"));
        assert_eq!(parameter(&parameters, "e"), None);
    }
}
