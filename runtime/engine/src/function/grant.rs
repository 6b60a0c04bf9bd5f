//! What a function may do beyond computing, as its tag `stepwell:grants` says it.
//!
//! | grant | the function may |
//! | --- | --- |
//! | `tcp:IP:PORT` | open TCP connections to this address and port; IPv6 in brackets |
//!
//! Any grant lets a function act on the outside, and so is side-effecting: an attempt that was in flight at a crash does
//! not run again by itself.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use stepwell_sandbox::Grants;

/// The most that one function may have.
const GRANTS_MAX: usize = 50;

/// One grant. Rows keep its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Grant {
    /// TCP connections to one address and port.
    Tcp(SocketAddr),
}

/// A grant that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GrantError {
    #[error("'{0}' is not known; there is tcp:IP:PORT")]
    Unknown(String),
    #[error("'{0}' is no tcp:IP:PORT, such as tcp:192.0.2.7:5432 or tcp:[2001:db8::7]:5432")]
    NoTcpAddress(String),
    #[error("{0} are more than {GRANTS_MAX}")]
    TooMany(usize),
}

impl FromStr for Grant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let Some(address) = text.strip_prefix("tcp:") else {
            return Err(GrantError::Unknown(text.to_owned()));
        };
        let address: Option<SocketAddr> = address.parse().ok();
        // What no connection can be opened to is a slip, not a grant.
        let is_one_host =
            |address: &SocketAddr| !address.ip().is_unspecified() && !address.ip().is_multicast();
        match address.filter(is_one_host) {
            Some(address) if address.port() != 0 => Ok(Self::Tcp(address)),
            Some(_) | None => Err(GrantError::NoTcpAddress(text.to_owned())),
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

impl TryFrom<String> for Grant {
    type Error = GrantError;

    fn try_from(text: String) -> Result<Self, GrantError> {
        text.parse()
    }
}

impl From<Grant> for String {
    fn from(grant: Grant) -> Self {
        grant.to_string()
    }
}

/// Reads a list that is separated by blanks.
pub(crate) fn parse_list(text: &str) -> Result<Vec<Grant>, GrantError> {
    let count = text.split_whitespace().count();
    if count > GRANTS_MAX {
        return Err(GrantError::TooMany(count));
    }
    text.split_whitespace().map(str::parse).collect()
}

/// The grants as the sandbox takes them.
pub(crate) fn for_sandbox(grants: &[Grant]) -> Grants {
    let mut given = Grants::default();
    given.tcp_addresses = grants.iter().map(|Grant::Tcp(address)| *address).collect();
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<&str, &str>) {
        let read = parse_list(text).map(|grants| {
            let texts: Vec<String> = grants.into_iter().map(String::from).collect();
            texts.join(" ")
        });
        let read = read.map_err(|error| error.to_string());
        assert_eq!(read.as_deref().map_err(String::as_str), want);
    }

    #[test]
    fn addresses_with_ports() {
        check("", Ok(""));
        check(" tcp:127.0.0.1:80\ttcp:[::1]:65535 ", Ok("tcp:127.0.0.1:80 tcp:[::1]:65535"));
    }

    #[test]
    fn slips_are_told() {
        check("network", Err("'network' is not known; there is tcp:IP:PORT"));
        check("udp:127.0.0.1:53", Err("'udp:127.0.0.1:53' is not known; there is tcp:IP:PORT"));
        for slip in [
            "tcp:",
            "tcp:80",
            "tcp:127.0.0.1",
            "tcp:localhost:80",
            "tcp:::1:80",
            "tcp:127.0.0.1:0",
            "tcp:0.0.0.0:80",
            "tcp:[::]:80",
            "tcp:224.0.0.1:80",
            "tcp:127.0.0.1:80,",
        ] {
            let want =
                format!("'{slip}' is no tcp:IP:PORT, such as tcp:192.0.2.7:5432 or tcp:[2001:db8::7]:5432");
            check(slip, Err(&want));
        }
        check(&"tcp:127.0.0.1:80 ".repeat(51), Err("51 are more than 50"));
    }
}
