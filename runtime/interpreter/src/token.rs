//! Task tokens: base64url of shard, execution number, scheduling event and a MAC under the execution's own key.
//!
//! A token needs no table and cannot be guessed. Whoever gets one back parses it, loads the execution that it
//! names, and checks the MAC under that execution's key.

use crate::input::AttemptId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use std::sync::Arc;
use stepwell_history::EventId;
use subtle::ConstantTimeEq;

const VERSION: u8 = 1;
const HEAD_BYTES: usize = 1 + 4 + 8 + 8;
const MAC_BYTES: usize = 16;

/// The key of one execution's task tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenKey(pub [u8; 32]);

impl fmt::Debug for TokenKey {
    /// Nothing of the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(..)")
    }
}

/// A task token, taken apart. It is genuine only if [`TaskToken::is_genuine`] says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskToken {
    /// The shard that holds the execution.
    pub shard: u32,
    /// The execution's number.
    pub execution: u64,
    /// The attempt that waits.
    pub attempt: AttemptId,
    mac: [u8; MAC_BYTES],
}

impl TaskToken {
    /// The token of an attempt.
    #[must_use]
    pub fn new(shard: u32, execution: u64, attempt: AttemptId, key: &TokenKey) -> Self {
        Self { shard, execution, attempt, mac: mac(&head(shard, execution, attempt), key) }
    }

    /// Takes a text apart; `None` if it has not the form of a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (head, mac) = bytes.split_at_checked(HEAD_BYTES)?;
        let (version, rest) = head.split_first()?;
        let (shard, rest) = rest.split_first_chunk::<4>()?;
        let (execution, attempt) = rest.split_first_chunk::<8>()?;
        (*version == VERSION).then_some(Self {
            shard: u32::from_be_bytes(*shard),
            execution: u64::from_be_bytes(*execution),
            attempt: AttemptId(EventId(u64::from_be_bytes(attempt.try_into().ok()?))),
            mac: mac.try_into().ok()?,
        })
    }

    /// Whether it was made with this key.
    #[must_use]
    pub fn is_genuine(&self, key: &TokenKey) -> bool {
        let expected = mac(&head(self.shard, self.execution, self.attempt), key);
        expected.ct_eq(&self.mac).into()
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> Arc<str> {
        let mut bytes = head(self.shard, self.execution, self.attempt).to_vec();
        bytes.extend(self.mac);
        Arc::from(URL_SAFE_NO_PAD.encode(bytes))
    }
}

fn head(shard: u32, execution: u64, attempt: AttemptId) -> [u8; HEAD_BYTES] {
    let mut head = [VERSION; HEAD_BYTES];
    head[1..5].copy_from_slice(&shard.to_be_bytes());
    head[5..13].copy_from_slice(&execution.to_be_bytes());
    head[13..].copy_from_slice(&attempt.0.0.to_be_bytes());
    head
}

fn mac(head: &[u8], key: &TokenKey) -> [u8; MAC_BYTES] {
    let mut mac = [0; MAC_BYTES];
    // HMAC takes a key of any length, so this cannot fail.
    if let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(&key.0) {
        hmac.update(head);
        mac.copy_from_slice(&hmac.finalize().into_bytes()[..MAC_BYTES]);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_attempt_and_is_genuine_under_its_own_key_alone() {
        let (key, other) = (TokenKey([7; 32]), TokenKey([8; 32]));
        let token = TaskToken::new(3, 1 << 40, AttemptId(EventId(12)), &key);
        let parsed = TaskToken::parse(&token.text()).unwrap();
        assert_eq!(parsed, token);
        assert!(parsed.is_genuine(&key));
        assert!(!parsed.is_genuine(&other));
        let forged = TaskToken { attempt: AttemptId(EventId(13)), ..parsed };
        assert!(!forged.is_genuine(&key));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let key = TokenKey([7; 32]);
        let text = TaskToken::new(0, 1, AttemptId(EventId(2)), &key).text();
        for bad in ["", "x", "not base64!", &text[1..], &format!("{text}AAAA"), &text.replace('A', "_")] {
            assert!(TaskToken::parse(bad).is_none_or(|token| !token.is_genuine(&key)), "{bad}");
        }
    }
}
