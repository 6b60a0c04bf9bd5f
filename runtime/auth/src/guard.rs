//! What protects a server that checks no credentials.
//!
//! A web page can make a browser send requests to `localhost`, and a name of an attacker can be made to point at
//! 127.0.0.1 (DNS rebinding). Both give themselves away: the first by an `Origin` that is not ours, the second by
//! a `Host` that is no loopback name. AWS SDKs put `sync-` before the host of some operations, so each allowed name
//! is allowed behind `sync-`, too.

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// Longest host or origin that is repeated in an error message, in characters.
const ECHO_CHARS_MAX: usize = 100;

/// Why a request is not answered in open mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// The request names no host.
    #[error("open mode answers only requests that name one host; this one names none or several")]
    NoHost,
    /// The request is meant for a host that is neither loopback nor allowed.
    #[error(
        "open mode answers on loopback names only, not for host `{0}`; start with --allow-host to allow it"
    )]
    Host(String),
    /// A web page of another origin sent the request.
    #[error("open mode answers no web page of another origin (`{0}`)")]
    Origin(String),
}

/// Why the server will not listen on an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is reachable from other machines, which needs a key; open development mode listens on loopback only"
)]
pub struct ListenError(pub SocketAddr);

/// Whether open mode may listen on this address.
///
/// # Errors
/// [`ListenError`] for any address beyond loopback, the unspecified ones (`0.0.0.0`, `::`) included.
pub fn check_listen(address: SocketAddr) -> Result<(), ListenError> {
    if address.ip().to_canonical().is_loopback() { Ok(()) } else { Err(ListenError(address)) }
}

/// A host name or address to answer for, without a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost(String);

/// A text that names no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no host name or address; give it without scheme and port")]
pub struct AllowedHostError(pub String);

impl FromStr for AllowedHost {
    type Err = AllowedHostError;
    fn from_str(text: &str) -> Result<Self, AllowedHostError> {
        let fits = (1..=255).contains(&text.len())
            && (text.parse::<IpAddr>().is_ok()
                || text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')));
        if fits { Ok(Self(text.to_ascii_lowercase())) } else { Err(AllowedHostError(text.to_owned())) }
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Judges `Host`, the authority of an absolute-form target, and `Origin`.
pub(crate) fn admit(allowed: &[AllowedHost], request: &Parts) -> Result<(), AdmitError> {
    let mut hosts = request.headers.get_all(HOST).iter();
    let header = match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(host.to_str().map_err(|_| AdmitError::NoHost)?),
        (None, _) => None,
        (Some(_), Some(_)) => return Err(AdmitError::NoHost),
    };
    // RFC 9112, 3.2.2: the authority of an absolute-form target replaces Host; both must pass here.
    let target = request.uri.authority().map(http::uri::Authority::as_str);
    let authority = target.or(header).ok_or(AdmitError::NoHost)?;
    for authority in [target, header].into_iter().flatten() {
        if !is_allowed(allowed, authority) {
            return Err(AdmitError::Host(echo(authority)));
        }
    }
    for origin in request.headers.get_all(ORIGIN) {
        if !origin.to_str().is_ok_and(|origin| is_own(origin, authority)) {
            return Err(AdmitError::Origin(echo(&String::from_utf8_lossy(origin.as_bytes()))));
        }
    }
    Ok(())
}

fn is_allowed(allowed: &[AllowedHost], authority: &str) -> bool {
    let authority = authority.to_ascii_lowercase();
    let passes = |host: &str| {
        is_loopback(host) || allowed.iter().any(|allowed| allowed.0 == host.trim_end_matches('.'))
    };
    // Before the brackets of an IPv6 address, too.
    [Some(authority.as_str()), authority.strip_prefix("sync-")]
        .into_iter()
        .flatten()
        .any(|authority| host_of(authority).is_some_and(passes))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// The host of `HOST`, `HOST:PORT` or `[V6]:PORT`; `None` if it is none of these.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => match authority.find(':') {
            Some(colon) => authority.split_at(colon),
            None => (authority, ""),
        },
    };
    let port_fits = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    (port_fits && !host.is_empty()).then_some(host)
}

/// Whether an origin is the very place that the request was sent to.
fn is_own(origin: &str, authority: &str) -> bool {
    [("http://", ":80"), ("https://", ":443")].iter().any(|(scheme, port)| {
        origin.strip_prefix(scheme).is_some_and(|origin| {
            let bare = |text: &str| text.strip_suffix(port).unwrap_or(text).to_ascii_lowercase();
            bare(origin) == bare(authority)
        })
    })
}

fn echo(text: &str) -> String {
    text.chars().take(ECHO_CHARS_MAX).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(headers: &[(&str, &[u8])], uri: &str) -> &'static str {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let allowed = ["stepwell.test".parse().unwrap(), "10.0.0.7".parse().unwrap()];
        match admit(&allowed, &request.body(()).unwrap().into_parts().0) {
            Ok(()) => "ok",
            Err(AdmitError::NoHost) => "no host",
            Err(AdmitError::Host(_)) => "host",
            Err(AdmitError::Origin(_)) => "origin",
        }
    }

    #[track_caller]
    fn check_host(host: &str, expected: &str) {
        assert_eq!(judge(&[("host", host.as_bytes())], "/"), expected, "{host}");
    }

    #[track_caller]
    fn check_origin(host: &str, origin: &str, expected: &str) {
        let headers: [(&str, &[u8]); 2] = [("host", host.as_bytes()), ("origin", origin.as_bytes())];
        assert_eq!(judge(&headers, "/"), expected, "{host} {origin}");
    }

    #[test]
    fn loopback_names_pass() {
        for host in
            ["localhost", "localhost:8083", "LOCALHOST:80", "127.0.0.1", "127.9.9.9:1", "[::1]:8083", "[::1]"]
        {
            check_host(host, "ok");
        }
        for host in [
            "sync-localhost:8083",
            "sync-127.0.0.1:8083",
            "Sync-Localhost",
            "sync-[::1]:8083",
            "[::ffff:127.0.0.1]:80",
        ] {
            check_host(host, "ok");
        }
    }

    #[test]
    fn given_names_pass() {
        for host in
            ["stepwell.test:8083", "STEPWELL.TEST", "sync-stepwell.test", "10.0.0.7:8083", "stepwell.test."]
        {
            check_host(host, "ok");
        }
    }

    #[test]
    fn other_names_do_not() {
        for host in [
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com",
            "notlocalhost",
            "sync-sync-localhost",
            "sync-",
            "sync-[::2]",
            "0.0.0.0:8083",
            "192.168.0.1",
            "[::2]:80",
            "[::1",
            "::1",
            "",
            ":8083",
            "localhost:99999",
            "localhost:80:80",
            "localhost@evil.test",
            "localhost/",
        ] {
            check_host(host, "host");
        }
    }

    #[test]
    fn exactly_one_host() {
        assert_eq!(judge(&[], "/"), "no host");
        assert_eq!(judge(&[("host", b"localhost"), ("host", b"localhost")], "/"), "no host");
        assert_eq!(judge(&[("host", b"local\xffhost")], "/"), "no host");
    }

    #[test]
    fn absolute_form_targets() {
        assert_eq!(judge(&[], "http://localhost:8083/"), "ok");
        assert_eq!(judge(&[("host", b"localhost:8083")], "http://sync-localhost:8083/"), "ok");
        assert_eq!(judge(&[("host", b"localhost:8083")], "http://evil.test/"), "host");
        assert_eq!(judge(&[("host", b"evil.test")], "http://localhost/"), "host");
    }

    #[test]
    fn origins() {
        check_origin("localhost:8083", "http://localhost:8083", "ok");
        check_origin("localhost", "http://localhost:80", "ok");
        check_origin("LOCALHOST:443", "https://localhost", "ok");
        for origin in [
            "null",
            "",
            "http://evil.test",
            "http://localhost:3000",
            "http://localhost",
            "ftp://localhost:8083",
        ] {
            check_origin("localhost:8083", origin, "origin");
        }
        assert_eq!(judge(&[("host", b"localhost"), ("origin", b"\xff")], "/"), "origin");
        let two: [(&str, &[u8]); 3] =
            [("host", b"localhost"), ("origin", b"http://localhost"), ("origin", b"http://evil.test")];
        assert_eq!(judge(&two, "/"), "origin");
    }

    #[test]
    fn only_loopback_is_listened_on() {
        for good in ["127.0.0.1:0", "[::1]:8083", "127.1.2.3:80"] {
            assert_eq!(check_listen(good.parse().unwrap()), Ok(()));
        }
        for bad in ["0.0.0.0:8083", "[::]:8083", "192.168.1.1:80"] {
            let address: SocketAddr = bad.parse().unwrap();
            assert_eq!(check_listen(address), Err(ListenError(address)));
        }
    }

    #[test]
    fn allowed_hosts_are_bare_names() {
        for bad in ["", "http://a", "a:80", "a/b", "a b", "ä"] {
            assert!(bad.parse::<AllowedHost>().is_err(), "{bad}");
        }
        assert_eq!("A.Example".parse::<AllowedHost>().unwrap().to_string(), "a.example");
        assert_eq!("::2".parse::<AllowedHost>().unwrap().to_string(), "::2");
    }

    #[test]
    fn messages_do_not_repeat_control_characters() {
        let host = format!("evil\t{}", "x".repeat(5_000));
        let mut request = http::Request::builder().uri("/");
        request = request.header("host", host);
        let error = admit(&[], &request.body(()).unwrap().into_parts().0).unwrap_err().to_string();
        assert!(error.contains("evil\\t") && error.len() < 300, "{error}");
    }
}
