//! Lambda: REST JSON. Method and path say which operation; path, query, headers and body together are its request.

mod configuration;
mod function;
mod invoke;
pub(crate) mod name;
mod tag;
mod version;

use crate::body::{self, Unread};
use crate::error::ApiError;
use crate::generated::lambda::KNOWN_OPERATIONS;
use crate::operation::{Answer, Call, Row, raw_row, row};
use crate::query;
use crate::schema::{Kind, Place, Shape};
use bytes::Bytes;
use http::Method;
use http::request::Parts;
use serde_json::{Map, Value};
use std::sync::LazyLock;

pub(crate) use function::{own, unqualified};
pub(crate) use invoke::event_text;

/// The operations that are served. To serve another: its name in `cargo xtask codegen`, its handler in the file of
/// its resource, its row here, its line in the test of this crate.
pub(crate) static OPERATIONS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    vec![
        row(function::create),
        row(function::get),
        row(function::get_configuration),
        row(function::update_code),
        row(function::update_configuration),
        raw_row(function::delete),
        row(function::list),
        row(version::publish),
        row(version::list),
        row(tag::list),
        row(tag::tag),
        row(tag::untag),
        raw_row(invoke::invoke),
    ]
});

/// The values of a path template's variable segments, by name.
type PathValues = Vec<(&'static str, String)>;

/// Answers one request.
pub(crate) async fn call(mut call: Call, request: &Parts, mut unread: Unread) -> Result<Answer, ApiError> {
    let (row, path) = find(&request.method, request.uri.path())?;
    let mut members = bound(row.input, request, &path)?;
    let bytes_max = bytes_max(row.name, &members);
    let body = unread.read(&request.headers, bytes_max, operation_name(row.name)).await?;
    let _turn = if bytes_max >= body::CODE_BYTES_MAX { call.uploads.turn().await } else { None };
    if takes_payload(row.input) {
        unread.release();
        call.payload = body;
    } else {
        let fields = parse(&body)?;
        drop(body);
        for (name, value) in fields {
            // What the path says cannot be said otherwise in the body.
            members.entry(name).or_insert(value);
        }
    }
    row.run(call, Value::Object(members)).await
}

/// How AWS names an operation where a body is too large.
fn operation_name(name: &str) -> &str {
    if name == "Invoke" { "InvokeFunction" } else { name }
}

fn bytes_max(operation: &str, members: &Map<String, Value>) -> usize {
    match operation {
        "CreateFunction" | "UpdateFunctionCode" => body::CODE_BYTES_MAX,
        "Invoke" if members.get("InvocationType").is_some_and(|kind| kind == "Event") => {
            body::INVOKE_EVENT_BYTES_MAX
        }
        "Invoke" => body::INVOKE_BYTES_MAX,
        _ => body::OTHER_BYTES_MAX,
    }
}

fn takes_payload(input: &Shape) -> bool {
    match &input.kind {
        Kind::Structure(members) => members.iter().any(|member| member.place == Place::Payload),
        _ => false,
    }
}

/// The operation of a method and a path, with the path's variable segments.
fn find(method: &Method, path: &str) -> Result<(&'static Row, PathValues), ApiError> {
    let unknown = |message: String| ApiError::unknown_operation(404, message);
    let served = OPERATIONS.iter().find_map(|row| {
        let path = (row.http.method == method.as_str()).then(|| segments(row.http.uri, path))??;
        Some((row, path))
    });
    if let Some(served) = served {
        return Ok(served);
    }
    let known = KNOWN_OPERATIONS
        .iter()
        .find(|known| known.method == method.as_str() && segments(known.uri, path).is_some());
    Err(unknown(match known {
        Some(known) => format!("Stepwell does not serve {} of Lambda yet", known.name),
        None => "Lambda has no operation with this method and path".to_owned(),
    }))
}

/// Matches a path against a template: `None` if it differs, else the values of its `{…}` segments. A final slash,
/// which older SDKs send, makes no difference.
fn segments(template: &'static str, path: &str) -> Option<PathValues> {
    let mut values = Vec::new();
    let mut found = path.strip_suffix('/').unwrap_or(path).split('/');
    for expected in template.strip_suffix('/').unwrap_or(template).split('/') {
        let found = found.next()?;
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            None if expected == found => {}
            None => return None,
            Some(_) if found.is_empty() => return None,
            Some(name) => values.push((name.trim_end_matches('+'), query::percent_decode(found)?)),
        }
    }
    found.next().is_none().then_some(values)
}

/// What path, query and headers say of a request.
fn bound(input: &Shape, request: &Parts, path: &[(&str, String)]) -> Result<Map<String, Value>, ApiError> {
    let Kind::Structure(members) = &input.kind else { return Ok(Map::new()) };
    let parameters = query::parameters(request.uri.query().unwrap_or_default());
    let mut bound = Map::new();
    for member in *members {
        // A list is its parameter, as often as it is given.
        if let (Place::Query(name), Kind::List { .. }) = (member.place, &member.shape.kind) {
            let given = parameters.iter().filter(|(found, _)| found == name);
            let list: Vec<Value> = given.map(|(_, value)| Value::from(value.as_str())).collect();
            if !list.is_empty() {
                bound.insert(member.name.to_owned(), Value::Array(list));
            }
            continue;
        }
        let text = match member.place {
            Place::Uri => path.iter().find(|(name, _)| *name == member.name).map(|(_, value)| value.clone()),
            Place::Query(name) => query::parameter(&parameters, name).map(ToOwned::to_owned),
            Place::Header(name) => match request.headers.get(name) {
                None => None,
                Some(value) => Some(
                    value
                        .to_str()
                        .map(ToOwned::to_owned)
                        .map_err(|_| ApiError::serialization(format!("the header {name} is no text")))?,
                ),
            },
            Place::Body | Place::Payload => None,
        };
        if let Some(text) = text {
            bound.insert(member.name.to_owned(), typed(member.shape, text));
        }
    }
    Ok(bound)
}

/// A text from outside the body as the JSON value that its shape wants; what does not fit stays a text and is
/// refused with the other types.
fn typed(shape: &Shape, text: String) -> Value {
    match shape.kind {
        Kind::Integer { .. } => text.parse::<i64>().map_or(Value::String(text), Value::from),
        Kind::Boolean => text.parse::<bool>().map_or(Value::String(text), Value::from),
        _ => Value::String(text),
    }
}

/// A body's JSON; an empty one stands for `{}`.
fn parse(body: &Bytes) -> Result<Map<String, Value>, ApiError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(ApiError::serialization("the body is no JSON object")),
        Err(error) => Err(ApiError::serialization(format!("the body is no JSON: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &'static str, path: &str, expected: Option<&[(&str, &str)]>) {
        let found = segments(template, path);
        let found: Option<Vec<(&str, &str)>> =
            found.as_ref().map(|found| found.iter().map(|(name, value)| (*name, value.as_str())).collect());
        assert_eq!(found.as_deref(), expected, "{path}");
    }

    #[test]
    fn path_templates() {
        const CODE: &str = "/2015-03-31/functions/{FunctionName}/code";
        check(CODE, "/2015-03-31/functions/a/code", Some(&[("FunctionName", "a")]));
        check(CODE, "/2015-03-31/functions/a/code/", Some(&[("FunctionName", "a")]));
        check(
            CODE,
            "/2015-03-31/functions/arn%3Aaws%3a%24LATEST/code",
            Some(&[("FunctionName", "arn:aws:$LATEST")]),
        );
        for other in [
            "",
            "/",
            "/2015-03-31/functions/a",
            "/2015-03-31/functions//code",
            "/2015-03-31/functions/%ff/code",
        ] {
            check(CODE, other, None);
        }
        check("/2015-03-31/functions", "/2015-03-31/functions/", Some(&[]));
        check("/2015-03-31/functions/", "/2015-03-31/functions", Some(&[]));
    }

    #[test]
    fn operations_by_path() {
        let name =
            |method: Method, path: &str| find(&method, path).map(|(row, _)| row.name).map_err(|e| e.message);
        assert_eq!(name(Method::GET, "/2015-03-31/functions/a"), Ok("GetFunction"));
        assert_eq!(name(Method::DELETE, "/2015-03-31/functions/a"), Ok("DeleteFunction"));
        assert_eq!(name(Method::GET, "/2015-03-31/functions"), Ok("ListFunctions"));
        assert_eq!(
            name(Method::GET, "/2015-03-31/functions/a/policy").unwrap_err(),
            "Stepwell does not serve GetPolicy of Lambda yet"
        );
        assert_eq!(
            name(Method::PATCH, "/2015-03-31/functions/a").unwrap_err(),
            "Lambda has no operation with this method and path"
        );
    }
}
