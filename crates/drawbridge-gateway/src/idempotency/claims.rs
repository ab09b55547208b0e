//! Who runs what: of several requests with the same key at once, on whichever core, one has the claim.
//!
//! One lock for all cores, held for a look into a map, and only by requests that carry an idempotency key.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use drawbridge_policy::denial::Denial;

use super::RETENTION;

type Scope = [u8; 32];

/// Bytes of answers that all recordings together may hold in memory; one that gets no more is not stored.
const MOST_BYTES: usize = 256 << 20;
/// Claims that are held, forfeited ones included. There are no more: a forfeited one that is not remembered would run again.
const MOST_HELD: usize = 100_000;

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
    /// Until when forfeited claims are held, first those that end first.
    forfeited: VecDeque<(Instant, Scope)>,
}

#[derive(PartialEq)]
enum Hold {
    /// The request is under way.
    Running,
    /// It was run, and its record could not be kept.
    Forfeited,
}

impl State {
    /// Lets go of the forfeited claims whose time is over.
    fn expire(&mut self, now: Instant) {
        while let Some((_, scope)) = self.forfeited.pop_front_if(|(until, _)| *until <= now) {
            self.held.remove(&scope);
        }
    }
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
        state.expire(Instant::now());
        match state.held.get(scope) {
            Some(Hold::Running) => Err(Denial::IdempotencyInFlight),
            Some(Hold::Forfeited) => Err(Denial::AnswerNotStored),
            None => Ok(Looked(state.ended)),
        }
    }

    /// Claims the scope; `None` where a claim ended since: it may have been this scope's, with a record.
    ///
    /// Refused while [`MOST_HELD`] are held, so that there is room for every claim to be forfeited.
    pub(crate) fn claim(
        self: &Arc<Self>,
        scope: Scope,
        looked: Looked,
    ) -> Result<Option<Claim>, Denial> {
        let mut state = self.state();
        if state.ended != looked.0 || state.held.contains_key(&scope) {
            return Ok(None);
        }
        if state.held.len() >= MOST_HELD {
            return Err(Denial::IdempotencyUnavailable);
        }
        state.held.insert(scope, Hold::Running);
        Ok(Some(Claim {
            claims: Arc::clone(self),
            scope,
            bytes: 0,
        }))
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
        state.held.insert(self.scope, Hold::Forfeited);
        let until = Instant::now() + RETENTION;
        state.forfeited.push_back((until, self.scope));
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

    fn claim(claims: &Arc<Claims>, scope: Scope) -> Result<Claim, Denial> {
        let looked = claims.look(&scope)?;
        Ok(claims.claim(scope, looked)?.unwrap())
    }

    #[test]
    fn a_scope_is_claimed_by_one_at_a_time() {
        let claims = Arc::new(Claims::default());
        let looked = claims.look(&SCOPE).unwrap();
        let running = claims.claim(SCOPE, looked).unwrap().unwrap();
        assert!(claims.claim(SCOPE, looked).unwrap().is_none());
        assert_eq!(claims.look(&SCOPE).err(), Some(Denial::IdempotencyInFlight));
        drop(running);
        // Looked before the end of the claim: the record may be there by now.
        assert!(claims.claim(SCOPE, looked).unwrap().is_none());
        assert!(claim(&claims, SCOPE).is_ok());
    }

    #[test]
    fn a_forfeited_claim_is_not_given_again_for_a_day() {
        let claims = Arc::new(Claims::default());
        let before = Instant::now();
        claim(&claims, SCOPE).unwrap().forfeit();
        assert!(claim(&claims, [2; 32]).is_ok());
        claims.state().expire(before + RETENTION);
        assert_eq!(claims.look(&SCOPE).err(), Some(Denial::AnswerNotStored));
        claims.state().expire(Instant::now() + RETENTION);
        assert!(claim(&claims, SCOPE).is_ok());
    }

    #[test]
    fn where_no_more_claims_can_be_forfeited_none_are_given() {
        let claims = Arc::new(Claims::default());
        let number = |number: usize| {
            let mut scope = [0; 32];
            scope[..8].copy_from_slice(&number.to_be_bytes());
            scope
        };
        // One is under way all the time, and is forfeited last.
        let running = claim(&claims, SCOPE).unwrap();
        for forfeited in 1..MOST_HELD {
            claim(&claims, number(forfeited)).unwrap().forfeit();
        }
        let refused = claim(&claims, number(MOST_HELD)).err();
        assert_eq!(refused, Some(Denial::IdempotencyUnavailable));
        running.forfeit();
        for forfeited in [SCOPE, number(1), number(MOST_HELD - 1)] {
            let refused = claim(&claims, forfeited).err();
            assert_eq!(refused, Some(Denial::AnswerNotStored));
        }
        let refused = claim(&claims, number(MOST_HELD)).err();
        assert_eq!(refused, Some(Denial::IdempotencyUnavailable));
    }

    #[test]
    fn what_recordings_hold_together_is_bounded() {
        let claims = Arc::new(Claims::default());
        let mut one = claim(&claims, [1; 32]).unwrap();
        let mut other = claim(&claims, [2; 32]).unwrap();
        assert!(one.reserve(MOST_BYTES - 1));
        assert!(!other.reserve(2));
        other.give_back();
        assert!(other.reserve(1));
        drop((one, other));
        assert_eq!(claims.bytes.load(Ordering::Relaxed), 0);
    }
}
