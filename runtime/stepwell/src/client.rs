//! Speaks to a server over plain HTTP: its `/v1`, and the AWS APIs as any SDK does.
//!
//! Not here: signatures. Each request carries a credential scope, from which a server in open mode reads account and
//! region; nothing secret is sent.

mod refusal;

pub(crate) use refusal::Refusal;

use crate::exit::CommandError;
use bytes::Bytes;
use clap::Args;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::time::Duration;
use stepwell_types::{AccountId, Region, Timestamp};

/// Where a server is looked for if nobody says.
pub(crate) const ENDPOINT_DEFAULT: &str = "http://127.0.0.1:8083";
/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// Which server, and on whose behalf.
#[derive(Args, Clone, Debug)]
pub(crate) struct ClientArgs {
    /// The server's address.
    #[arg(long, env = "STEPWELL_ENDPOINT", default_value = ENDPOINT_DEFAULT, value_name = "URL", global = false)]
    pub(crate) endpoint: String,
    /// Region; the default is AWS_REGION, AWS_DEFAULT_REGION or us-east-1.
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Account; the default is AWS_ACCESS_KEY_ID where that is twelve digits.
    #[arg(long, env = "STEPWELL_ACCOUNT", value_name = "ID", value_parser = read_account)]
    pub(crate) account: Option<AccountId>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl ClientArgs {
    /// Who reads the results.
    pub(crate) fn form(&self) -> crate::output::Form {
        if self.json { crate::output::Form::Json } else { crate::output::Form::Human }
    }

    /// The region that is meant.
    pub(crate) fn region(&self) -> Result<Region, CommandError> {
        match &self.region {
            Some(named) => read_region(named, "--region"),
            None => environment_region(),
        }
    }

    /// The account that is meant, unless the server was started for a certain one.
    pub(crate) fn account(&self) -> AccountId {
        self.account.unwrap_or_else(environment_account)
    }
}

/// The region that the environment means, as it does for AWS's tools.
pub(crate) fn environment_region() -> Result<Region, CommandError> {
    let variable =
        |name: &'static str| Some((std::env::var(name).ok().filter(|text| !text.is_empty())?, name));
    match variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")) {
        Some((named, variable)) => read_region(&named, variable),
        None => Ok(Region::default()),
    }
}

fn read_region(named: &str, by: &str) -> Result<Region, CommandError> {
    Region::new(named).map_err(|_| CommandError::usage(format!("`{named}` is no region ({by})")))
}

/// An account of the command line.
pub(crate) fn read_account(text: &str) -> Result<AccountId, String> {
    text.parse().map_err(|_| "an account has twelve digits".to_owned())
}

/// The account that the environment's access key means in open mode.
pub(crate) fn environment_account() -> AccountId {
    let key = std::env::var("AWS_ACCESS_KEY_ID").ok();
    key.and_then(|key| key.parse().ok()).unwrap_or(AccountId::DEFAULT)
}

/// An answer, whatever its status.
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: StatusCode,
    /// Headers.
    pub(crate) headers: HeaderMap,
    /// The whole body.
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as JSON; an empty one is null.
    pub(crate) fn json(&self) -> Result<Value, CommandError> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| anyhow::anyhow!("the server's answer is no JSON: {error}").into())
    }
}

/// A connection to one server for one account and region.
#[derive(Clone)]
pub(crate) struct Client {
    endpoint: String,
    key: AccountId,
    region: Region,
    http: HttpClient<HttpConnector, Full<Bytes>>,
}

impl Client {
    /// A client as the command line wants it.
    pub(crate) fn new(args: &ClientArgs) -> Result<Self, CommandError> {
        Self::at(&args.endpoint, args.account(), args.region()?)
    }

    /// A client of the server at this address.
    pub(crate) fn at(endpoint: &str, key: AccountId, region: Region) -> Result<Self, CommandError> {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        let uri: Option<Uri> = endpoint.parse().ok();
        let is_http =
            uri.as_ref().is_some_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some());
        if !is_http {
            return Err(CommandError::usage(format!(
                "the endpoint must look like {ENDPOINT_DEFAULT}, not `{endpoint}`"
            )));
        }
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_MAX));
        connector.set_nodelay(true);
        let http = HttpClient::builder(TokioExecutor::new()).build(connector);
        Ok(Self { endpoint, key, region, http })
    }

    /// Where the server is.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A call of `/v1`. `path` follows `/v1`, query included.
    pub(crate) async fn v1(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Value, CommandError> {
        self.good(self.whole(method, &format!("/v1{path}"), "states", HeaderMap::new(), body.into()).await?)?
            .json()
    }

    /// A call of `/v1` whose answer comes piece by piece.
    pub(crate) async fn v1_stream(&self, path: &str) -> Result<Incoming, CommandError> {
        let response =
            self.send(Method::GET, &format!("/v1{path}"), "states", HeaderMap::new(), Bytes::new()).await?;
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        let answer = self.read(response).await?;
        Err(Refusal::of(&answer).into())
    }

    /// An operation of Step Functions.
    pub(crate) async fn states(&self, operation: &str, input: &Value) -> Result<Value, CommandError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
        let target = HeaderValue::from_str(&format!("AWSStepFunctions.{operation}"));
        headers.insert("x-amz-target", target.map_err(anyhow::Error::from)?);
        let answer = self.whole(Method::POST, "/", "states", headers, input.to_string().into()).await?;
        self.good(answer)?.json()
    }

    /// An operation of Lambda; `path` follows `/2015-03-31`.
    pub(crate) async fn lambda(
        &self,
        method: Method,
        path: &str,
        input: &Value,
    ) -> Result<Value, CommandError> {
        self.rest(method, &format!("/2015-03-31{path}"), input).await
    }

    /// `TagResource` of Lambda.
    pub(crate) async fn tag(&self, arn: &str, tags: &Value) -> Result<(), CommandError> {
        let path = format!("/2017-03-31/tags/{}", segment(arn));
        self.rest(Method::POST, &path, &json!({ "Tags": tags })).await.map(drop)
    }

    /// `UntagResource` of Lambda.
    pub(crate) async fn untag(&self, arn: &str, keys: &[&str]) -> Result<(), CommandError> {
        let keys: Vec<String> = keys.iter().map(|key| format!("tagKeys={}", segment(key))).collect();
        let path = format!("/2017-03-31/tags/{}?{}", segment(arn), keys.join("&"));
        self.rest(Method::DELETE, &path, &Value::Null).await.map(drop)
    }

    async fn rest(&self, method: Method, path: &str, input: &Value) -> Result<Value, CommandError> {
        let body = if input.is_null() { Bytes::new() } else { input.to_string().into() };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let answer = self.whole(method, path, "lambda", headers, body).await?;
        self.good(answer)?.json()
    }

    /// `Invoke` of Lambda.
    pub(crate) async fn invoke(
        &self,
        path: &str,
        headers: HeaderMap,
        event: Bytes,
    ) -> Result<Answer, CommandError> {
        let answer =
            self.whole(Method::POST, &format!("/2015-03-31{path}"), "lambda", headers, event).await?;
        self.good(answer)
    }

    /// The account that the server takes this client for.
    pub(crate) async fn server_account(&self) -> Result<AccountId, CommandError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let body = Bytes::from_static(b"Action=GetCallerIdentity&Version=2011-06-15");
        let answer = self.good(self.whole(Method::POST, "/", "sts", headers, body).await?)?;
        let text = String::from_utf8_lossy(&answer.body);
        let account = text.split_once("<Account>").and_then(|(_, rest)| rest.split_once("</Account>"));
        let account = account.and_then(|(account, _)| account.parse().ok());
        account.ok_or_else(|| anyhow::anyhow!("the server does not say whose account this is").into())
    }

    /// The region that requests are made for.
    pub(crate) fn region(&self) -> &Region {
        &self.region
    }

    /// A path outside the APIs, such as `/readyz`.
    pub(crate) async fn probe(&self, path: &str) -> Result<Answer, CommandError> {
        self.whole(Method::GET, path, "states", HeaderMap::new(), Bytes::new()).await
    }

    fn good(&self, answer: Answer) -> Result<Answer, CommandError> {
        if answer.status.is_success() { Ok(answer) } else { Err(Refusal::of(&answer).into()) }
    }

    async fn whole(
        &self,
        method: Method,
        path: &str,
        service: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, CommandError> {
        let response = self.send(method, path, service, headers, body).await?;
        self.read(response).await
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Answer, CommandError> {
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| self.gone(&error))?.to_bytes();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        service: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Incoming>, CommandError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.endpoint))
            .header(AUTHORIZATION, self.scope(service))
            .body(Full::new(body))
            .map_err(anyhow::Error::from)?;
        request.headers_mut().extend(headers);
        self.http.request(request).await.map_err(|error| self.gone(&error))
    }

    /// The server does not answer, or not to the end.
    pub(crate) fn gone(&self, error: &dyn std::error::Error) -> CommandError {
        // The innermost cause is what the system said.
        let mut innermost = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        CommandError::NoServer { endpoint: self.endpoint.clone(), reason: innermost.to_string() }
    }

    /// Names account and region in the form that a signed request has. Open mode checks no signature.
    fn scope(&self, service: &str) -> String {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        let date = Timestamp::default().after(now).to_string();
        let date: String = date.chars().take(10).filter(char::is_ascii_digit).collect();
        let Self { key, region, .. } = self;
        format!(
            "AWS4-HMAC-SHA256 Credential={key}/{date}/{region}/{service}/aws4_request, SignedHeaders=host, Signature=unsigned"
        )
    }
}

/// A segment of a path, percent-encoded.
pub(crate) fn segment(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(b));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(encoded, "%{b:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_hide_what_a_path_would_read() {
        assert_eq!(segment("arn:aws:x/y ä"), "arn%3Aaws%3Ax%2Fy%20%C3%A4");
    }

    #[track_caller]
    fn check_endpoint(endpoint: &str, fits: bool) {
        let client = Client::at(endpoint, AccountId::DEFAULT, Region::default());
        assert_eq!(client.is_ok(), fits, "{endpoint}");
    }

    #[test]
    fn endpoints() {
        check_endpoint("http://127.0.0.1:8083", true);
        check_endpoint("http://localhost/", true);
        check_endpoint("https://localhost", false);
        check_endpoint("localhost:8083", false);
        check_endpoint("", false);
    }
}
