//! Names that the server makes: they look like UUIDs and hold the execution's number, so that they need no row.
//!
//! The first half is a MAC of the number, which tells them from any other UUID; the second is the number, hidden by a
//! mask that the first half gives, so that nobody can read from a name how many executions others have started.

use crate::engine::Inner;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use stepwell_types::Name;
use uuid::Uuid;

fn half(key: &Hmac<Sha256>, purpose: u8, bytes: [u8; 8]) -> [u8; 8] {
    let mut mac = key.clone();
    mac.update(&[purpose]);
    mac.update(&bytes);
    let mut half = [0; 8];
    half.copy_from_slice(&mac.finalize().into_bytes()[..8]);
    half
}

fn tag(key: &Hmac<Sha256>, number: u64) -> [u8; 8] {
    half(key, 1, number.to_be_bytes())
}

fn mask(key: &Hmac<Sha256>, tag: [u8; 8]) -> u64 {
    u64::from_be_bytes(half(key, 2, tag))
}

impl Inner {
    /// The name of the execution with this number.
    pub(crate) fn derived_name(&self, number: u64) -> Name {
        let tag = tag(&self.name_key, number);
        let hidden = number ^ mask(&self.name_key, tag);
        let uuid = Uuid::from_u64_pair(u64::from_be_bytes(tag), hidden);
        Name::new(&uuid.to_string()).unwrap_or_else(|_| unreachable!("a UUID is a name"))
    }

    /// The number in a name that this server made.
    pub(crate) fn number_of(&self, name: &Name) -> Option<u64> {
        let uuid = Uuid::try_parse(name.as_str()).ok()?;
        let (tagged, hidden) = uuid.as_u64_pair();
        let number = hidden ^ mask(&self.name_key, tagged.to_be_bytes());
        let is_ours =
            tag(&self.name_key, number) == tagged.to_be_bytes() && uuid.to_string() == name.as_str();
        is_ours.then_some(number)
    }
}
