//! Randomness that a replay sees again: derived from (seed, event id, counter), with no generator state.

use sha2::{Digest, Sha256};
use stepwell_history::EventId;

/// 64 uniformly distributed bits for the `counter`-th question that is asked before event `event` is written.
///
/// SHA-256 rather than a fast mixer, since UUIDs are made of these bits and must not tell the seed or each other.
#[must_use]
pub(crate) fn bits(seed: &[u8; 32], event: EventId, counter: u64) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed);
    hash.update(event.0.to_be_bytes());
    hash.update(counter.to_be_bytes());
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_has_the_same_answer_and_others_have_others() {
        let at = |seed: u8, event: u64, counter: u64| bits(&[seed; 32], EventId(event), counter);
        assert_eq!(at(1, 2, 3), at(1, 2, 3));
        let all = [at(1, 2, 3), at(2, 2, 3), at(1, 3, 3), at(1, 2, 4), at(1, 3, 2)];
        for (n, one) in all.iter().enumerate() {
            assert!(all[n + 1..].iter().all(|other| other != one));
        }
    }
}
