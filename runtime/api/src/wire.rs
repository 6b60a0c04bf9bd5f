//! Errors and answers in the form of each AWS protocol.

use crate::error::ApiError;
use crate::schema::FaultMember;
use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use stepwell_auth::RequestId;

/// The header that names a request in its answer, and in the log.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// The header that carries an error's code.
pub(crate) const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// A protocol, as far as answers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// `application/x-amz-json-1.0`, the code in `__type`.
    Json10,
    /// `application/x-amz-json-1.1`, likewise.
    Json11,
    /// `application/json`, the code in a header.
    RestJson,
    /// XML, errors in `ErrorResponse`.
    Query,
    /// XML as EC2 has it: errors in `Response`.
    Ec2,
    /// XML as S3 has it: a bare `Error`.
    RestXml,
}

impl Protocol {
    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json10 => "application/x-amz-json-1.0",
            Self::Json11 => "application/x-amz-json-1.1",
            Self::RestJson => "application/json",
            Self::Query | Self::Ec2 => "text/xml;charset=UTF-8",
            Self::RestXml => "application/xml",
        })
    }

    /// An error's answer.
    pub(crate) fn error(self, error: &ApiError, request_id: RequestId) -> Response {
        let status = StatusCode::from_u16(error.shape.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = error.shape.code;
        let body = match self {
            Self::Json10 | Self::Json11 | Self::RestJson => self.json_error(error),
            Self::Query => format!(
                "<ErrorResponse><Error><Type>{}</Type><Code>{code}</Code><Message>{}</Message></Error>\
                 <RequestId>{request_id}</RequestId></ErrorResponse>",
                if status.is_server_error() { "Receiver" } else { "Sender" },
                xml_text(&error.message),
            ),
            Self::Ec2 => format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>{}</Message></Error></Errors>\
                 <RequestID>{request_id}</RequestID></Response>",
                xml_text(&error.message),
            ),
            Self::RestXml => format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{}</Message>\
                 <RequestId>{request_id}</RequestId></Error>",
                xml_text(&error.message),
            ),
        };
        let mut response = self.answer(status, body.into(), request_id);
        response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(code));
        response
    }

    fn json_error(self, error: &ApiError) -> String {
        let mut body = Map::new();
        if self != Self::RestJson {
            body.insert("__type".to_owned(), Value::from(error.shape.code));
        }
        match error.shape.fault_member {
            FaultMember::Type => {
                let fault = if error.shape.status >= 500 { "Service" } else { "User" };
                body.insert("Type".to_owned(), Value::from(fault));
            }
            FaultMember::None => {}
        }
        body.insert(error.shape.message_member.to_owned(), Value::from(error.message.as_str()));
        for (member, value) in &error.members {
            body.insert((*member).to_owned(), Value::from(value.as_str()));
        }
        Value::Object(body).to_string()
    }

    /// A successful answer.
    pub(crate) fn answer(self, status: StatusCode, body: Body, request_id: RequestId) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, self.content_type());
        stamp(response.headers_mut(), request_id);
        response
    }
}

/// Names the request in its answer.
pub(crate) fn stamp(headers: &mut HeaderMap, request_id: RequestId) {
    if let Ok(value) = HeaderValue::from_str(&request_id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
}

/// A text within XML: markup escaped, characters that XML cannot carry left out.
pub(crate) fn xml_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' => escaped.push(c),
            '\r' => escaped.push_str("&#13;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                let _ = write!(escaped, "\u{fffd}");
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(protocol: Protocol, error: &ApiError, expected: &str) {
        let id = RequestId::new();
        let response = protocol.error(error, id);
        assert_eq!(response.headers()[&ERROR_TYPE], error.shape.code);
        assert_eq!(response.headers()[&REQUEST_ID], id.to_string());
        assert_eq!(response.status().as_u16(), error.shape.status);
        let body = futures_util::FutureExt::now_or_never(axum::body::to_bytes(response.into_body(), 4_096));
        let body = String::from_utf8(body.unwrap().unwrap().to_vec()).unwrap();
        assert_eq!(body.replace(&id.to_string(), "ID"), expected);
    }

    #[test]
    fn each_protocol_has_its_error_form() {
        let error = ApiError::not_served("S3 & <friends>");
        check(
            Protocol::Json10,
            &error,
            r#"{"__type":"NotImplemented","message":"Stepwell does not serve S3 & <friends>"}"#,
        );
        check(Protocol::RestJson, &error, r#"{"message":"Stepwell does not serve S3 & <friends>"}"#);
        check(
            Protocol::Query,
            &error,
            "<ErrorResponse><Error><Type>Receiver</Type><Code>NotImplemented</Code><Message>Stepwell does not serve \
             S3 &amp; &lt;friends&gt;</Message></Error><RequestId>ID</RequestId></ErrorResponse>",
        );
        check(
            Protocol::Ec2,
            &error,
            "<Response><Errors><Error><Code>NotImplemented</Code><Message>Stepwell does not serve S3 &amp; \
             &lt;friends&gt;</Message></Error></Errors><RequestID>ID</RequestID></Response>",
        );
        check(
            Protocol::RestXml,
            &error,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NotImplemented</Code><Message>Stepwell does \
             not serve S3 &amp; &lt;friends&gt;</Message><RequestId>ID</RequestId></Error>",
        );
    }

    #[test]
    fn lambda_says_who_is_at_fault() {
        use crate::generated::lambda::LambdaError;
        check(
            Protocol::RestJson,
            &ApiError::lambda(LambdaError::ResourceNotFoundException, "Function not found: x"),
            r#"{"Type":"User","Message":"Function not found: x"}"#,
        );
        check(
            Protocol::RestJson,
            &ApiError::lambda(LambdaError::ServiceException, "x"),
            r#"{"Type":"Service","Message":"x"}"#,
        );
    }
}
