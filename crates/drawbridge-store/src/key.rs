//! The master key, and what is encrypted with it.
//!
//! A sealed value is one version byte (1), a random nonce of 24 bytes and the XChaCha20-Poly1305 ciphertext with its tag.
//! The associated data names the place that the value belongs to, so that it opens nowhere else. The key must never be
//! printed, and a value must never be sealed without its place.

use std::fmt;

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::Cause;

const VERSION: u8 = 1;
const NONCE_LENGTH: usize = 24;

/// The key that credentials and answers are encrypted with; wiped from memory when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// The key made from a text. The caller sees to it that the text is hard to guess: 32 random characters or more.
    pub fn from_secret(text: &str) -> Self {
        Self(Zeroizing::new(Sha256::digest(text.as_bytes()).into()))
    }

    /// Encrypts a value for one place.
    pub(crate) fn seal(&self, place: &Place<'_>, value: &[u8]) -> Result<Vec<u8>, Cause> {
        let mut nonce = [0; NONCE_LENGTH];
        getrandom::fill(&mut nonce)?;
        let payload = Payload {
            msg: value,
            aad: &place.associated_data(),
        };
        let ciphertext = self.cipher().encrypt(&nonce.into(), payload)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LENGTH + ciphertext.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Decrypts what was sealed for the same place with the same key.
    pub(crate) fn open(
        &self,
        place: &Place<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Cause> {
        let rest = sealed
            .strip_prefix(&[VERSION])
            .ok_or("it is not sealed as version 1")?;
        let (nonce, ciphertext) = rest
            .split_first_chunk::<NONCE_LENGTH>()
            .ok_or("it is too short")?;
        let payload = Payload {
            msg: ciphertext,
            aad: &place.associated_data(),
        };
        let value = self.cipher().decrypt(nonce.into(), payload);
        value
            .map(Zeroizing::new)
            .map_err(|_| "it was sealed with another key, for another place, or damaged".into())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey(…)")
    }
}

/// Where a sealed value belongs.
pub(crate) enum Place<'a> {
    /// The check value that tells a wrong master key.
    KeyCheck,
    /// The credential of an endpoint.
    Endpoint {
        /// The id of its project.
        project_id: &'a str,
        /// Its name.
        name: &'a str,
    },
    /// What a request was answered.
    Answer {
        /// What the answer is found by.
        scope: &'a [u8; 32],
    },
}

impl Place<'_> {
    /// Ids and names hold no zero byte, and each kind begins otherwise, so that different places never read the same.
    fn associated_data(&self) -> Vec<u8> {
        match self {
            Self::KeyCheck => b"key check".to_vec(),
            Self::Endpoint { project_id, name } => {
                format!("endpoint\0{project_id}\0{name}").into_bytes()
            }
            Self::Answer { scope } => [b"answer\0", &scope[..]].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> = Place::Endpoint {
        project_id: "proj_abcdef",
        name: "chat",
    };

    fn key() -> MasterKey {
        MasterKey::from_secret("0123456789abcdef0123456789abcdef")
    }

    #[test]
    fn a_sealed_value_opens_only_with_its_key_in_its_place_and_undamaged() {
        let sealed = key().seal(&PLACE, b"sk-upstream").unwrap();
        assert_eq!(
            key().open(&PLACE, &sealed).unwrap().as_slice(),
            b"sk-upstream"
        );
        assert!(
            MasterKey::from_secret("another")
                .open(&PLACE, &sealed)
                .is_err()
        );
        for place in [
            Place::KeyCheck,
            Place::Endpoint {
                project_id: "proj_abcdef",
                name: "chats",
            },
            Place::Endpoint {
                project_id: "proj_abcdeg",
                name: "chat",
            },
        ] {
            assert!(key().open(&place, &sealed).is_err());
        }
        for index in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[index] ^= 1;
            assert!(key().open(&PLACE, &damaged).is_err(), "byte {index}");
            assert!(
                key().open(&PLACE, &sealed[..index]).is_err(),
                "first {index} bytes"
            );
        }
    }

    #[test]
    fn the_same_value_is_never_sealed_the_same_way_twice() {
        assert_ne!(
            key().seal(&PLACE, b"x").unwrap(),
            key().seal(&PLACE, b"x").unwrap()
        );
    }

    #[test]
    fn the_key_is_not_printed() {
        assert_eq!(format!("{:?}", key()), "MasterKey(…)");
    }
}
