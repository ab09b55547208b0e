//! One-time codes: links that sign a browser in, made by whoever has the key already.
//!
//! They are in memory: none survives a restart, and each is good on the node that made it. A code must never be kept as
//! text, and never be good twice.

use std::sync::{Mutex, PoisonError};

use drawbridge_policy::token::TokenDigest;
use jiff::Timestamp;

/// How many a key has at once; beyond, the oldest goes.
const MOST_OF_A_KEY: usize = 10;

/// The codes that are good.
#[derive(Debug, Default)]
pub struct SignInCodes {
    /// In the order in which they were made.
    codes: Mutex<Vec<Code>>,
}

#[derive(Debug)]
struct Code {
    digest: TokenDigest,
    expires_at: Timestamp,
    grant: Grant,
}

/// Whom a code signs in.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    /// The key, or `root`.
    pub(super) key_id: String,
    /// The digest of its token: another one ends the code.
    pub(super) key_digest: TokenDigest,
}

impl SignInCodes {
    /// Adds a code by its digest.
    pub(super) fn add(
        &self,
        digest: TokenDigest,
        expires_at: Timestamp,
        grant: Grant,
        now: Timestamp,
    ) {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|code| code.expires_at > now);
        let of_key = |code: &Code| code.grant.key_id == grant.key_id;
        if codes.iter().filter(|code| of_key(code)).count() >= MOST_OF_A_KEY
            && let Some(oldest) = codes.iter().position(of_key)
        {
            codes.remove(oldest);
        }
        codes.push(Code {
            digest,
            expires_at,
            grant,
        });
    }

    /// Takes a code out; whom it signs in, if it was good.
    pub(super) fn take(&self, digest: &TokenDigest, now: Timestamp) -> Option<Grant> {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        let index = codes.iter().position(|code| code.digest == *digest)?;
        let code = codes.remove(index);
        (code.expires_at > now).then_some(code.grant)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn grant(key_id: &str) -> Grant {
        Grant {
            key_id: key_id.to_owned(),
            key_digest: TokenDigest::of(key_id.as_bytes()),
        }
    }

    fn code(number: usize) -> TokenDigest {
        TokenDigest::of(&number.to_be_bytes())
    }

    #[test]
    fn a_key_has_ten_codes_at_once_and_takes_none_from_another() {
        let (codes, now) = (SignInCodes::default(), Timestamp::UNIX_EPOCH);
        let soon = now + SignedDuration::from_mins(1);
        codes.add(code(100), soon, grant("ak_other"), now);
        for number in 0..=MOST_OF_A_KEY {
            codes.add(code(number), soon, grant("ak_one"), now);
        }
        assert!(codes.take(&code(0), now).is_none(), "the oldest made way");
        for number in 1..=MOST_OF_A_KEY {
            let taken = codes.take(&code(number), now).map(|grant| grant.key_id);
            assert_eq!(taken.as_deref(), Some("ak_one"), "{number}");
        }
        assert!(codes.take(&code(100), now).is_some());
    }

    #[test]
    fn what_has_expired_takes_no_room() {
        let (codes, now) = (SignInCodes::default(), Timestamp::UNIX_EPOCH);
        let soon = now + SignedDuration::from_mins(1);
        codes.add(code(1), soon, grant("ak_one"), now);
        codes.add(
            code(2),
            soon + SignedDuration::from_mins(1),
            grant("ak_two"),
            soon,
        );
        assert_eq!(codes.codes.lock().unwrap().len(), 1);
        assert!(codes.take(&code(1), now).is_none());
    }
}
