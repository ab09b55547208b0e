//! API tokens: their text, and the digest that stands for them everywhere else.
//!
//! Shape: `dbr_{sk|pk}_{live|test}_{project-slug}_{32 base62 characters}{CRC-32 of what precedes, 6 base62 characters}`.
//! The check sum lets scanners and this gateway discard typos without a look-up. Nothing is ever granted from a
//! token's text; it is only hashed. A token must never be stored, logged or compared as text.

use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::denial::Denial;
use crate::key::{KeyKind, KeyMode};

const PREFIX: &str = "dbr_";
const SECRET_LENGTH: usize = 32;
const CHECK_LENGTH: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// SHA-256 of a token. Equality takes the same time wherever two digests differ.
#[derive(Clone, Copy, Debug, Eq)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of a token's bytes.
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// The digest's 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for TokenDigest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Hash for TokenDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0[..8]);
    }
}

/// Makes a token's text from 32 characters' worth of randomness.
///
/// `random` must come from the operating system's generator; each byte below 248 makes one character, so that all 62
/// are equally likely. `None` when `random` holds too few such bytes: ask again with fresh ones.
pub fn make_token(kind: KeyKind, mode: KeyMode, slug: &str, random: &[u8]) -> Option<String> {
    let secret: String = random
        .iter()
        .filter(|byte| **byte < 248)
        .take(SECRET_LENGTH)
        .map(|byte| char::from(BASE62[usize::from(byte % 62)]))
        .collect();
    if secret.len() < SECRET_LENGTH {
        return None;
    }
    let kind = match kind {
        KeyKind::Secret => "sk",
        KeyKind::Publishable => "pk",
    };
    let body = format!("{PREFIX}{kind}_{mode}_{slug}_{secret}");
    let check = check_sum(body.as_bytes());
    Some(format!("{body}{check}"))
}

/// Whether a token may be looked up: one that begins with `dbr_` must be well-formed down to its check sum.
pub fn is_plausible(token: &[u8]) -> bool {
    if !token.starts_with(PREFIX.as_bytes()) {
        return true;
    }
    let Some((body, check)) = token.split_at_checked(token.len().saturating_sub(CHECK_LENGTH))
    else {
        return false;
    };
    let mut parts = body.split(|byte| *byte == b'_').skip(1);
    let kind = matches!(parts.next(), Some(b"sk" | b"pk"));
    let mode = matches!(parts.next(), Some(b"live" | b"test"));
    let slug = parts.next().is_some_and(|slug| !slug.is_empty());
    let secret = parts.next().is_some_and(|secret| {
        secret.len() == SECRET_LENGTH && secret.iter().all(u8::is_ascii_alphanumeric)
    });
    kind && mode && slug && secret && parts.next().is_none() && check_sum(body).as_bytes() == check
}

/// Why text cannot be imported as a token, or `Ok`.
///
/// # Errors
/// One sentence that says what is wrong.
pub fn check_import(token: &str) -> Result<(), &'static str> {
    let is_token_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"._~+/=-".contains(&byte);
    if token.starts_with(PREFIX) {
        return Err("tokens that begin with `dbr_` are made by Drawbridge and cannot be imported");
    }
    if !(16..=256).contains(&token.len()) {
        return Err("an imported token has 16 to 256 characters");
    }
    if !token.bytes().all(is_token_byte) {
        return Err("an imported token consists of A-Z a-z 0-9 . _ ~ + / = -");
    }
    Ok(())
}

/// Whether an imported token is easy to guess: few characters, or few different ones.
pub fn is_weak(token: &str) -> bool {
    let mut seen = [false; 256];
    for byte in token.bytes() {
        seen[usize::from(byte)] = true;
    }
    token.len() < 24 || seen.iter().filter(|seen| **seen).count() < 10
}

/// The one token that a request presents, from the values of `Authorization`, `x-api-key` and `x-goog-api-key`.
///
/// An `Authorization` of another scheme than Bearer (RFC 6750) counts as none.
///
/// # Errors
/// [`Denial::ConflictingKeys`] when two values differ, [`Denial::MissingKey`] when there is none.
pub fn presented<'r>(
    authorization: impl Iterator<Item = &'r [u8]>,
    api_keys: impl Iterator<Item = &'r [u8]>,
) -> Result<&'r [u8], Denial> {
    let mut found = None;
    for token in authorization
        .filter_map(bearer)
        .chain(api_keys.map(<[u8]>::trim_ascii))
    {
        if token.is_empty() {
            continue;
        }
        match found {
            None => found = Some(token),
            Some(first) if first == token => {}
            Some(_) => return Err(Denial::ConflictingKeys),
        }
    }
    found.ok_or(Denial::MissingKey)
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}

fn check_sum(body: &[u8]) -> String {
    let mut rest = crc32fast::hash(body);
    let mut digits = [b'0'; CHECK_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> String {
        let random: Vec<u8> = (0..40).collect();
        make_token(KeyKind::Publishable, KeyMode::Live, "my-project", &random).unwrap()
    }

    #[test]
    fn a_made_token_has_the_documented_shape_and_is_plausible() {
        let token = token();
        assert!(
            token.starts_with("dbr_pk_live_my-project_0123456789ABCDEF"),
            "{token}"
        );
        assert_eq!(token.len(), "dbr_pk_live_my-project_".len() + 38);
        assert!(is_plausible(token.as_bytes()));
    }

    #[test]
    fn any_changed_character_makes_it_implausible() {
        let token = token().into_bytes();
        for index in 4..token.len() {
            let mut changed = token.clone();
            changed[index] = if changed[index] == b'x' { b'y' } else { b'x' };
            assert!(
                !is_plausible(&changed),
                "{}",
                String::from_utf8_lossy(&changed)
            );
        }
        assert!(!is_plausible(b"dbr_"));
        assert!(!is_plausible(&token[..token.len() - 1]));
        assert!(is_plausible(b"sk-some-other-gateway"));
    }

    #[test]
    fn randomness_that_would_favour_some_characters_is_left_out() {
        assert_eq!(
            make_token(KeyKind::Secret, KeyMode::Test, "p", &[250; 64]),
            None
        );
    }

    #[test]
    fn equal_keys_in_two_headers_are_one_and_different_ones_conflict() {
        let lines = |values: &'static [&'static [u8]]| values.iter().copied();
        assert_eq!(
            presented(lines(&[b"Bearer abc"]), lines(&[b"abc"])),
            Ok(&b"abc"[..])
        );
        assert_eq!(
            presented(lines(&[b"bearer abc"]), lines(&[b"abd"])),
            Err(Denial::ConflictingKeys)
        );
        assert_eq!(
            presented(lines(&[b"Basic abc"]), lines(&[])),
            Err(Denial::MissingKey)
        );
        assert_eq!(
            presented(lines(&[b"Bearer "]), lines(&[b""])),
            Err(Denial::MissingKey)
        );
    }

    #[test]
    fn imports_are_checked() {
        assert!(check_import("sk-1234567890abcdef").is_ok());
        assert!(check_import("short").is_err());
        assert!(check_import("dbr_sk_live_p_0123456789abcdef").is_err());
        assert!(check_import("has space in it, too").is_err());
        assert!(is_weak("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
        assert!(!is_weak("sk-proj-8f3kd02mvn47fhw1qpz6"));
    }
}
