//! The parts of an AWS Signature Version 4 that say who signed and for what.
//!
//! Source: AWS, "Authenticating Requests (AWS Signature Version 4)": the `Authorization` header, and the
//! `X-Amz-Credential` query parameter of a presigned URL.

use http::header::AUTHORIZATION;
use http::request::Parts;
use percent::decode;

/// Longest credential that is looked at, in bytes; AWS's own are below 200.
const CREDENTIAL_BYTES_MAX: usize = 1_024;

/// `ACCESS_KEY/DATE/REGION/SERVICE/aws4_request`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialScope {
    /// The access key id.
    pub access_key: String,
    /// `20260131`; not checked.
    pub date: String,
    /// The region as it was signed; not checked.
    pub region: String,
    /// The service as it was signed, in lower case.
    pub service: String,
}

impl CredentialScope {
    /// The scope of a request's signature, from its one `Authorization` header or else from its query; `None` if it
    /// has none, or one that is damaged, or several headers.
    #[must_use]
    pub fn of(request: &Parts) -> Option<Self> {
        let mut headers = request.headers.get_all(AUTHORIZATION).iter();
        match (headers.next(), headers.next()) {
            (Some(header), None) => Self::from_authorization(header.to_str().ok()?),
            (None, _) => Self::from_query(request.uri.query()?),
            (Some(_), Some(_)) => None,
        }
    }

    fn from_authorization(header: &str) -> Option<Self> {
        let (algorithm, parameters) = header.trim().split_once(' ')?;
        if !algorithm.starts_with("AWS4-") {
            return None;
        }
        parameters.split(',').find_map(|parameter| Self::parse(parameter.trim().strip_prefix("Credential=")?))
    }

    fn from_query(query: &str) -> Option<Self> {
        query.split('&').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            if !name.eq_ignore_ascii_case("x-amz-credential") || value.len() > CREDENTIAL_BYTES_MAX {
                return None;
            }
            Self::parse(&decode(value)?)
        })
    }

    /// Parses from the right, since an access key may hold a slash and nothing after it may.
    fn parse(credential: &str) -> Option<Self> {
        if credential.len() > CREDENTIAL_BYTES_MAX {
            return None;
        }
        let mut parts = credential.rsplitn(5, '/');
        let (_terminator, service, region, date) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let access_key = parts.next().filter(|key| !key.is_empty())?;
        Some(Self {
            access_key: access_key.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_ascii_lowercase(),
        })
    }
}

mod percent {
    /// Percent-decodes a query value; `None` if it is no UTF-8. A `%` that starts no escape stands for itself.
    pub(super) fn decode(text: &str) -> Option<String> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let [first, tail @ ..] = rest {
            let escape = (*first == b'%').then(|| Some(hex(*tail.first()?)? * 16 + hex(*tail.get(1)?)?));
            match escape.flatten() {
                Some(byte) => {
                    bytes.push(byte);
                    rest = tail.get(2..).unwrap_or_default();
                }
                None => {
                    bytes.push(*first);
                    rest = tail;
                }
            }
        }
        String::from_utf8(bytes).ok()
    }

    fn hex(digit: u8) -> Option<u8> {
        char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[&[u8]], uri: &str) -> Option<String> {
        let mut request = http::Request::builder().uri(uri);
        for value in headers {
            request = request.header(AUTHORIZATION, *value);
        }
        let scope = CredentialScope::of(&request.body(()).unwrap().into_parts().0)?;
        Some(format!("{} {} {} {}", scope.access_key, scope.date, scope.region, scope.service))
    }

    #[track_caller]
    fn check(header: &str, expected: Option<&str>) {
        assert_eq!(of(&[header.as_bytes()], "/").as_deref(), expected, "{header}");
    }

    #[test]
    fn headers() {
        let want = Some("AK 20260101 us-east-1 states");
        check(
            "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/states/aws4_request, SignedHeaders=host",
            want,
        );
        check(
            "AWS4-HMAC-SHA256 SignedHeaders=host,Credential=AK/20260101/us-east-1/states/aws4_request",
            want,
        );
        check("AWS4-ECDSA-P256-SHA256 Credential=A/B/20260101/r/S3/aws4_request", Some("A/B 20260101 r s3"));
        for none in [
            "",
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256 Credential=",
            "AWS4-HMAC-SHA256 Credential=a/b/c",
            "AWS4-HMAC-SHA256 Credential=/20260101/r/s/aws4_request",
            "AWS AK:signature",
            "Bearer Credential=AK/20260101/us-east-1/states/aws4_request",
        ] {
            check(none, None);
        }
    }

    #[test]
    fn presigned_queries() {
        let query = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20260101%2Fus-east-1%2Fsts%2Faws4_request";
        assert_eq!(of(&[], query).as_deref(), Some("AK 20260101 us-east-1 sts"));
        for none in
            ["/", "/?x", "/?X-Amz-Credential=", "/?X-Amz-Credential=%2F%2", "/?X-Amz-Credential=%ff%fe"]
        {
            assert_eq!(of(&[], none), None, "{none}");
        }
    }

    #[test]
    fn hostile_headers_are_no_signature() {
        let good: &[u8] = b"AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/states/aws4_request";
        assert_eq!(of(&[good, good], "/"), None, "two headers");
        assert_eq!(of(&[b"AWS4-HMAC-SHA256 Credential=\xff\xfe/1/2/3/4"], "/"), None, "no text");
        let huge = format!("AWS4-HMAC-SHA256 Credential={}/20260101/r/s/aws4_request", "A".repeat(100_000));
        assert_eq!(of(&[huge.as_bytes()], "/"), None, "huge");
        let commas = format!("AWS4-HMAC-SHA256 {}", ",".repeat(100_000));
        assert_eq!(of(&[commas.as_bytes()], "/"), None, "commas");
    }
}
