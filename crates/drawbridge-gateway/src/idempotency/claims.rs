//! Who runs what: of several requests with the same key at once, on whichever core, one has the claim.
//!
//! One lock for all cores, held for a look into a map, and only by requests that carry an idempotency key.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use drawbridge_policy::denial::Denial;

use super::RETENTION;

type Scope = [u8; 32];

/// Bytes of answers that all recordings together may hold in memory; one that gets no more is not stored.
const MOST_BYTES: usize = 256 << 20;
/// Forfeited claims that are remembered.
const MOST_FORFEITED: usize = 10_000;

/// The claims of all cores.
#[derive(Default)]
pub(crate) struct Claims {
    state: Mutex<State>,
    /// Reserved by recordings.
    bytes: AtomicUsize,
}

#[derive(Default)]
struct State {
    held: HashMap<Scope, Hold>,
    /// Claims that have ended so far.
    ended: u64,
    forfeited: usize,
}

#[derive(PartialEq)]
enum Hold {
    /// The request is under way.
    Running,
    /// It was run, and its record could not be kept.
    Forfeited { until: Instant },
}

/// How many claims had ended when somebody looked.
#[derive(Clone, Copy)]
pub(crate) struct Looked(u64);

impl Claims {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in it is ever half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the scope is free, before its record is looked up.
    pub(crate) fn look(&self, scope: &Scope) -> Result<Looked, Denial> {
        let mut state = self.state();
        match state.held.get(scope) {
            Some(Hold::Running) => Err(Denial::IdempotencyInFlight),
            Some(Hold::Forfeited { until }) if Instant::now() < *until => {
                Err(Denial::AnswerNotStored)
            }
            Some(Hold::Forfeited { .. }) => {
                state.held.remove(scope);
                state.forfeited -= 1;
                Ok(Looked(state.ended))
            }
            None => Ok(Looked(state.ended)),
        }
    }

    /// Claims the scope, unless a claim ended since: it may have been this scope's, with a record.
    pub(crate) fn claim(self: &Arc<Self>, scope: Scope, looked: Looked) -> Option<Claim> {
        let mut state = self.state();
        if state.ended != looked.0 || state.held.contains_key(&scope) {
            return None;
        }
        state.held.insert(scope, Hold::Running);
        Some(Claim {
            claims: Arc::clone(self),
            scope,
            bytes: 0,
        })
    }
}

/// The right to run a request. Dropping it lets the next one run.
pub struct Claim {
    claims: Arc<Claims>,
    scope: Scope,
    bytes: usize,
}

impl Claim {
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether so many bytes more may be held in memory; they may until the claim ends.
    pub(crate) fn reserve(&mut self, bytes: usize) -> bool {
        let before = self.claims.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        before + bytes <= MOST_BYTES
    }

    /// Gives back all that was reserved.
    pub(crate) fn give_back(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.claims.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Ends the claim with nobody allowed to run the request again.
    pub(crate) fn forfeit(self) {
        let mut state = self.claims.state();
        let now = Instant::now();
        if state.forfeited >= MOST_FORFEITED {
            state.held.retain(|_scope, hold| match hold {
                Hold::Forfeited { until } => now < *until,
                Hold::Running => true,
            });
            let is_forfeited = |hold: &&Hold| **hold != Hold::Running;
            state.forfeited = state.held.values().filter(is_forfeited).count();
        }
        if state.forfeited < MOST_FORFEITED {
            state.forfeited += 1;
            let until = now + RETENTION;
            state.held.insert(self.scope, Hold::Forfeited { until });
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.give_back();
        let mut state = self.claims.state();
        state.ended += 1;
        if state.held.get(&self.scope) == Some(&Hold::Running) {
            state.held.remove(&self.scope);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: Scope = [1; 32];

    #[test]
    fn a_scope_is_claimed_by_one_at_a_time() {
        let claims = Arc::new(Claims::default());
        let looked = claims.look(&SCOPE).unwrap();
        let claim = claims.claim(SCOPE, looked).unwrap();
        assert!(claims.claim(SCOPE, looked).is_none());
        assert_eq!(claims.look(&SCOPE).err(), Some(Denial::IdempotencyInFlight));
        drop(claim);
        // Looked before the end of the claim: the record may be there by now.
        assert!(claims.claim(SCOPE, looked).is_none());
        let looked = claims.look(&SCOPE).unwrap();
        assert!(claims.claim(SCOPE, looked).is_some());
    }

    #[test]
    fn a_forfeited_claim_is_never_given_again() {
        let claims = Arc::new(Claims::default());
        let looked = claims.look(&SCOPE).unwrap();
        claims.claim(SCOPE, looked).unwrap().forfeit();
        assert_eq!(claims.look(&SCOPE).err(), Some(Denial::AnswerNotStored));
        let other = [2; 32];
        let looked = claims.look(&other).unwrap();
        assert!(claims.claim(other, looked).is_some());
    }

    #[test]
    fn forfeited_claims_are_bounded_and_others_go_on() {
        let claims = Arc::new(Claims::default());
        for number in 0..=MOST_FORFEITED {
            let mut scope = [0; 32];
            scope[..8].copy_from_slice(&number.to_be_bytes());
            let looked = claims.look(&scope).unwrap();
            claims.claim(scope, looked).unwrap().forfeit();
        }
        assert_eq!(claims.state().held.len(), MOST_FORFEITED);
    }

    #[test]
    fn what_recordings_hold_together_is_bounded() {
        let claims = Arc::new(Claims::default());
        let claim = |scope| {
            let looked = claims.look(&scope).unwrap();
            claims.claim(scope, looked).unwrap()
        };
        let (mut one, mut other) = (claim([1; 32]), claim([2; 32]));
        assert!(one.reserve(MOST_BYTES - 1));
        assert!(!other.reserve(2));
        other.give_back();
        assert!(other.reserve(1));
        drop((one, other));
        assert_eq!(claims.bytes.load(Ordering::Relaxed), 0);
    }
}
