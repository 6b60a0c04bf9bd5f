//! Pages of a listing, and the tokens that lead from one to the next.

use crate::StoreFailure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use std::time::Duration;
use stepwell_types::Timestamp;

/// How long a page token leads on. Source: AWS quota, 24 hours.
pub const PAGE_TOKEN_VALID: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes of the MAC at a token's end.
const MAC_BYTES: usize = 16;

/// Which page is wanted.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// How many entries at most; 0 means the operation's default. The caller has checked it against the API model.
    pub max_results: u32,
    /// Where an earlier page ended ([`Page::next_token`]).
    pub next_token: Option<String>,
}

impl PageRequest {
    /// Entries wanted, where the operation gives `default` and at most `max`.
    #[must_use]
    pub fn limit(&self, default: u32, max: u32) -> usize {
        let wanted = if self.max_results == 0 { default } else { self.max_results };
        wanted.min(max) as usize
    }
}

/// One page.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Its entries.
    pub entries: Vec<T>,
    /// Where the next page begins, if there is one. Opaque, bound to scope and query, valid for 24 hours (AWS quota).
    pub next_token: Option<String>,
}

/// Why a page cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The token is not one of ours, belongs to another query, or is older than 24 hours.
    #[error("Invalid Token: '{0}'")]
    InvalidToken(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// Makes and reads page tokens: base64url of expiry, cursor and a MAC over both and the query they belong to.
#[derive(Clone)]
pub(crate) struct PageTokens(Hmac<Sha256>);

impl PageTokens {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let mac = Hmac::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        Self(mac)
    }

    /// A token that leads to `cursor` of `query`.
    pub(crate) fn make<C: Serialize>(&self, query: &str, cursor: &C, now: Timestamp) -> String {
        let mut bytes = now.after(PAGE_TOKEN_VALID).as_millis().to_be_bytes().to_vec();
        // Cursors are plain structs: serde_json has nothing to refuse.
        let _ = serde_json::to_writer(&mut bytes, cursor);
        let mac = self.mac(query, &bytes).finalize().into_bytes();
        bytes.extend(mac.iter().take(MAC_BYTES));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The cursor that a token leads to; `None` for no token.
    pub(crate) fn read<C: DeserializeOwned>(
        &self,
        query: &str,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<C>, PageError> {
        let Some(token) = token else { return Ok(None) };
        let cursor = || {
            let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
            let (signed, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_BYTES)?)?;
            self.mac(query, signed).verify_truncated_left(mac).ok()?;
            let (expiry, cursor) = signed.split_first_chunk::<8>()?;
            if now > Timestamp::from_millis(i64::from_be_bytes(*expiry)) {
                return None;
            }
            serde_json::from_slice(cursor).ok()
        };
        cursor().map(Some).ok_or_else(|| PageError::InvalidToken("Invalid token".to_owned()))
    }

    fn mac(&self, query: &str, bytes: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(query.as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_belong_to_one_query_and_expire() {
        let tokens = PageTokens::new(&[7; 32]);
        let now = Timestamp::from_millis(1_000_000);
        let token = tokens.make("list", &("a".to_owned(), 3), now);
        let read = |query: &str, token: &str, now| tokens.read::<(String, i32)>(query, Some(token), now);
        assert_eq!(read("list", &token, now).unwrap(), Some(("a".to_owned(), 3)));
        assert_eq!(read("list", &token, now.after(PAGE_TOKEN_VALID)).unwrap(), Some(("a".to_owned(), 3)));
        assert!(read("list", &token, now.after(PAGE_TOKEN_VALID + Duration::from_millis(1))).is_err());
        assert!(read("other", &token, now).is_err());
        for bad in ["", "x", "####", &token[1..], &"A".repeat(5_000)] {
            assert_eq!(read("list", bad, now).unwrap_err().to_string(), "Invalid Token: 'Invalid token'");
        }
        assert!(tokens.read::<(String, i32)>("list", None, now).unwrap().is_none());
    }
}
