//! Keys that nobody recognises, and that are the same for the same text.
//!
//! A key becomes the first 64 bits of its HMAC-SHA256 under a secret. Without the
//! secret nobody can try out all addresses; with it a masked key can be found
//! again by masking what one looks for. Among a million keys two are taken for
//! one with a chance of 1 in 37 million.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How many bytes of a hash are a key.
const BYTES: usize = 8;

/// A secret that masks keys.
#[derive(Clone)]
pub struct Mask(Hmac<Sha256>);

/// The secret is not told.
impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mask")
    }
}

impl Mask {
    /// Under this secret; `None` where it is empty.
    #[must_use]
    pub fn new(secret: &str) -> Option<Mask> {
        let hash = Hmac::new_from_slice(secret.as_bytes()).ok()?;
        (!secret.is_empty()).then_some(Mask(hash))
    }

    /// The key that stands for a text: sixteen hexadecimal digits.
    #[must_use]
    pub fn of(&self, text: &[u8]) -> String {
        let mut hash = self.0.clone();
        hash.update(text);
        hex::encode(&hash.finalize().into_bytes()[..BYTES])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 2 of RFC 4231.
    #[test]
    fn it_is_the_head_of_hmac_sha256() {
        let mask = Mask::new("Jefe").unwrap();
        assert_eq!(mask.of(b"what do ya want for nothing?"), "5bdcc146bf60754e");
    }

    #[test]
    fn the_same_text_is_the_same_key_under_one_secret_only() {
        let (one, other) = (Mask::new("one").unwrap(), Mask::new("other").unwrap());
        assert_eq!(one.of(b"10.0.0.1"), one.of(b"10.0.0.1"));
        assert_ne!(one.of(b"10.0.0.1"), one.of(b"10.0.0.2"));
        assert_ne!(one.of(b"10.0.0.1"), other.of(b"10.0.0.1"));
        assert!(Mask::new("").is_none());
        assert!(!format!("{one:?}").contains("one"));
    }
}
