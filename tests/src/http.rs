//! HTTP/1.1 as far as the suites need it: one connection that is kept, and streams that are read as they come.
//!
//! Written by hand, so that a test may also send what no client library would.

use serde_json::Value;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {} {}", self.status, self.text()))
    }

    /// The JSON of a good answer.
    ///
    /// # Panics
    /// If the answer is not good.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// Holds an AWS error, or a problem of `/v1`, against its status, its name and a part of its message.
    ///
    /// # Panics
    /// If it is another.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str, message: &str) {
        let text = self.text();
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let named =
            body["__type"].as_str().or(body["code"].as_str()).unwrap_or(self.header("x-amzn-errortype"));
        assert_eq!((self.status, named), (status, code), "{text}");
        assert!(text.contains(message), "`{message}` is not in {text}");
    }
}

/// A connection to a server.
#[derive(Debug)]
pub struct Connection {
    host: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection {
    /// To this `host:port`; made when it is needed.
    #[must_use]
    pub fn new(host: &str) -> Self {
        Self { host: host.to_owned(), stream: None }
    }

    /// One request, and its answer. A connection that the server has closed in between is made anew, once.
    ///
    /// # Errors
    /// If the server cannot be reached, or goes away before it has answered.
    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let is_fresh = self.stream.is_none();
        let answer = self.exchange(method, path, headers, body);
        match answer {
            Err(error) if !is_fresh && error.kind() == io::ErrorKind::ConnectionAborted => {
                self.exchange(method, path, headers, body)
            }
            answer => answer,
        }
    }

    fn exchange(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => BufReader::new(connect(&self.host)?),
        };
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n", self.host, body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut message = head.into_bytes();
        message.extend_from_slice(body);
        // A server that refuses a body before its end has answered all the same.
        let written = stream.get_mut().write_all(&message);
        let (status, headers) = match read_head(&mut stream) {
            Ok(head) => head,
            Err(error) => {
                written?;
                return Err(error);
            }
        };
        let body = read_body(&mut stream, status, &headers)?;
        let answer = Answer { status, headers, body };
        if written.is_ok() && !answer.header("connection").eq_ignore_ascii_case("close") {
            self.stream = Some(stream);
        }
        Ok(answer)
    }
}

/// One request over a connection of its own.
///
/// # Errors
/// If the server cannot be reached, or goes away before it has answered.
pub fn request(
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Answer> {
    Connection::new(host).request(method, path, headers, body)
}

/// Reads a streamed answer's lines as they come, until the server ends it or goes away, or `line` says stop.
///
/// # Errors
/// If the server cannot be reached, or answers no stream.
pub fn follow(host: &str, path: &str, mut line: impl FnMut(&str) -> Follow) -> io::Result<()> {
    let mut stream = BufReader::new(connect(host)?);
    stream.get_ref().set_read_timeout(None)?;
    write!(stream.get_mut(), "GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")?;
    let (status, _) = read_head(&mut stream)?;
    if status != 200 {
        return Err(io::Error::other(format!("status {status}")));
    }
    let mut text = String::new();
    while let Ok(Some(chunk)) = read_chunk(&mut stream) {
        text.push_str(&String::from_utf8_lossy(&chunk));
        while let Some((complete, rest)) = text.split_once('\n') {
            if line(complete) == Follow::Stop {
                return Ok(());
            }
            text = rest.to_owned();
        }
    }
    Ok(())
}

/// Whether a stream is read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// To its end.
    On,
    /// No further.
    Stop,
}

fn connect(host: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(crate::PATIENCE))?;
    stream.set_write_timeout(Some(Duration::from_secs(60)))?;
    Ok(stream)
}

type Head = (u16, Vec<(String, String)>);

fn read_head(stream: &mut BufReader<TcpStream>) -> io::Result<Head> {
    loop {
        let line = read_line(stream)?.ok_or(io::ErrorKind::ConnectionAborted)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status: u16 = status.ok_or(io::ErrorKind::InvalidData)?;
        let mut headers = Vec::new();
        loop {
            let line = read_line(stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        // 100 Continue comes before the answer.
        if status >= 200 {
            return Ok((status, headers));
        }
    }
}

/// A line without its end; `None` where the stream has ended.
fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut line = String::new();
    let length = stream.read_line(&mut line).map_err(|error| match error.kind() {
        io::ErrorKind::ConnectionReset => io::ErrorKind::ConnectionAborted.into(),
        _ => error,
    })?;
    Ok((length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn read_body(
    stream: &mut BufReader<TcpStream>,
    status: u16,
    headers: &[(String, String)],
) -> io::Result<Vec<u8>> {
    let header =
        |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let mut body = Vec::new();
    if status == 204 || status == 304 {
        return Ok(body);
    }
    if header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        while let Some(chunk) = read_chunk(stream)? {
            body.extend(chunk);
        }
    } else if let Some(length) = header("content-length") {
        let length: usize = length.parse().map_err(|_| io::ErrorKind::InvalidData)?;
        body.resize(length, 0);
        stream.read_exact(&mut body)?;
    } else {
        stream.read_to_end(&mut body)?;
    }
    Ok(body)
}

/// The next piece of a chunked body; `None` after the last.
fn read_chunk(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let size = read_line(stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let size = usize::from_str_radix(size.trim(), 16).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut chunk = vec![0; size];
    stream.read_exact(&mut chunk)?;
    read_line(stream)?;
    Ok((size > 0).then_some(chunk))
}

/// A text as a segment of a path.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
