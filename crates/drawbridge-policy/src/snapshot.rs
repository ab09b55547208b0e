//! The immutable view of all configuration at one revision; a request uses exactly one.
//!
//! A change makes a new [`Snapshot`] that shares all but the touched shards with the old one, and [`Live`] swaps it in.
//! A snapshot must never change once published, and revisions must never go back.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use jiff::Timestamp;

use crate::denial::Denial;
use crate::endpoint::{Endpoint, Project};
use crate::key::{ApiKey, Caller};
use crate::token::{TokenDigest, is_plausible};

/// One change between two revisions.
#[derive(Clone, Debug)]
pub enum Change {
    /// A project was created or changed.
    Project(Arc<Project>),
    /// The project of that id was deleted.
    ProjectRemoved(Box<str>),
    /// An endpoint was created or changed.
    Endpoint(Arc<Endpoint>),
    /// The endpoint at that path (`{project_id}/{name}`) was deleted.
    EndpointRemoved(Box<str>),
    /// A key was created, changed, rotated or revoked.
    Key(Arc<ApiKey>),
    /// The key of that id is gone, together with its project.
    KeyRemoved(Box<str>),
}

/// All configuration at one revision.
#[derive(Clone, Debug)]
pub struct Snapshot {
    revision: u64,
    root: TokenDigest,
    projects: Sharded<Box<str>, Arc<Project>>,
    endpoints: Sharded<Box<str>, Arc<Endpoint>>,
    keys: Sharded<Box<str>, Arc<ApiKey>>,
    tokens: Sharded<TokenDigest, Arc<ApiKey>>,
}

impl Snapshot {
    /// Nothing but the root key.
    pub fn new(root: TokenDigest) -> Self {
        let hasher = RandomState::default();
        Self {
            revision: 0,
            root,
            projects: Sharded::new(&hasher),
            endpoints: Sharded::new(&hasher),
            keys: Sharded::new(&hasher),
            tokens: Sharded::new(&hasher),
        }
    }

    /// The revision of the store that this is a view of.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The project of that id.
    pub fn project(&self, id: &str) -> Option<&Arc<Project>> {
        self.projects.get(id)
    }

    /// The endpoint at `{project_id}/{name}`.
    pub fn endpoint(&self, path: &str) -> Option<&Arc<Endpoint>> {
        self.endpoints.get(path)
    }

    /// The key of that id.
    pub fn key(&self, id: &str) -> Option<&Arc<ApiKey>> {
        self.keys.get(id)
    }

    /// Who holds the token.
    ///
    /// The token is hashed, the hash is looked up by its first 64 bits and compared whole in constant time.
    ///
    /// # Errors
    /// [`Denial::InvalidKey`], [`Denial::RevokedKey`] or [`Denial::ExpiredKey`].
    pub fn authenticate(&self, token: &[u8], now: Timestamp) -> Result<Caller, Denial> {
        let digest = TokenDigest::of(token);
        if digest == self.root {
            return Ok(Caller::Root);
        }
        if !is_plausible(token) {
            return Err(Denial::InvalidKey);
        }
        let key = self.tokens.get(&digest).ok_or(Denial::InvalidKey)?;
        key.check_validity(&digest, now)?;
        Ok(Caller::Key(Arc::clone(key)))
    }

    /// The snapshot of a later revision.
    #[must_use]
    pub fn apply(&self, revision: u64, changes: impl IntoIterator<Item = Change>) -> Self {
        let mut next = self.clone();
        next.revision = revision;
        for change in changes {
            next.make(change);
        }
        next
    }

    fn make(&mut self, change: Change) {
        match change {
            Change::Project(project) => self.projects.insert(project.id.clone(), project),
            Change::ProjectRemoved(id) => self.projects.remove(&id),
            Change::Endpoint(endpoint) => self.endpoints.insert(endpoint.path.clone(), endpoint),
            Change::EndpointRemoved(path) => self.endpoints.remove(&path),
            Change::Key(key) => {
                self.forget_tokens(&key.id);
                for token in &key.tokens {
                    self.tokens.insert(token.digest, Arc::clone(&key));
                }
                self.keys.insert(key.id.clone(), key);
            }
            Change::KeyRemoved(id) => {
                self.forget_tokens(&id);
                self.keys.remove(&id);
            }
        }
    }

    fn forget_tokens(&mut self, id: &str) {
        let Some(key) = self.keys.get(id).map(Arc::clone) else {
            return;
        };
        for token in &key.tokens {
            self.tokens.remove(&token.digest);
        }
    }
}

/// The current snapshot, for all cores.
#[derive(Debug)]
pub struct Live {
    current: ArcSwap<Snapshot>,
    publishing: Mutex<()>,
}

impl Live {
    /// Starts with a snapshot.
    pub fn new(snapshot: Snapshot) -> Self {
        Self {
            current: ArcSwap::from_pointee(snapshot),
            publishing: Mutex::new(()),
        }
    }

    /// The current snapshot; hold it for one request, no longer.
    pub fn load(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.current.load()
    }

    /// Makes the next request see `changes`. A revision that is not newer than the current one is ignored.
    pub fn publish(&self, revision: u64, changes: impl IntoIterator<Item = Change>) {
        let _one_at_a_time = self
            .publishing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let current = self.current.load();
        if revision > current.revision {
            self.current
                .store(Arc::new(current.apply(revision, changes)));
        }
    }
}

const SHARDS: usize = 256;

/// A map in shards, so that changing one entry among 100,000 copies some 400, not all.
#[derive(Debug)]
struct Sharded<K, V> {
    hasher: RandomState,
    shards: Vec<Arc<HashMap<K, V, RandomState>>>,
}

impl<K, V> Clone for Sharded<K, V> {
    fn clone(&self) -> Self {
        Self {
            hasher: self.hasher.clone(),
            shards: self.shards.clone(),
        }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Sharded<K, V> {
    fn new(hasher: &RandomState) -> Self {
        let shard = Arc::new(HashMap::with_hasher(hasher.clone()));
        Self {
            hasher: hasher.clone(),
            shards: vec![shard; SHARDS],
        }
    }

    fn index<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        // The map inside the shard uses the low bits and the top 7; take others.
        (self.hasher.hash_one(key) >> 40) as usize % SHARDS
    }

    fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.shards[self.index(key)].get(key)
    }

    /// Copies the shard when an older snapshot still shares it, else changes it in place.
    fn insert(&mut self, key: K, value: V) {
        let index = self.index(&key);
        Arc::make_mut(&mut self.shards[index]).insert(key, value);
    }

    fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let index = self.index(key);
        if self.shards[index].contains_key(key) {
            Arc::make_mut(&mut self.shards[index]).remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{KeyKind, KeyMode, KeyToken, Scope};

    fn key(id: &str, tokens: &[&[u8]], revoked: bool) -> Change {
        Change::Key(Arc::new(ApiKey {
            id: id.into(),
            project_id: "proj_abcdef".into(),
            kind: KeyKind::Secret,
            mode: KeyMode::Live,
            scopes: [Scope::Inference].into_iter().collect(),
            endpoints: None,
            expires_at: None,
            revoked_at: revoked.then_some(Timestamp::UNIX_EPOCH),
            tokens: tokens
                .iter()
                .map(|token| KeyToken {
                    digest: TokenDigest::of(token),
                    expires_at: None,
                })
                .collect(),
        }))
    }

    fn who(snapshot: &Snapshot, token: &[u8]) -> Result<String, Denial> {
        let caller = snapshot.authenticate(token, Timestamp::UNIX_EPOCH)?;
        Ok(caller.id().to_owned())
    }

    #[test]
    fn a_changed_key_loses_its_old_tokens_and_older_snapshots_stay_as_they_were() {
        let empty = Snapshot::new(TokenDigest::of(b"root"));
        let first = empty.apply(1, [key("ak_1", &[b"one", b"two"], false)]);
        let second = first.apply(2, [key("ak_1", &[b"two", b"three"], false)]);
        assert_eq!(who(&first, b"one"), Ok("ak_1".to_owned()));
        assert_eq!(who(&second, b"one"), Err(Denial::InvalidKey));
        assert_eq!(who(&second, b"three"), Ok("ak_1".to_owned()));
        assert_eq!(who(&second, b"root"), Ok("root".to_owned()));
        let third = second.apply(3, [key("ak_1", &[b"two", b"three"], true)]);
        assert_eq!(who(&third, b"two"), Err(Denial::RevokedKey));
        let fourth = third.apply(4, [Change::KeyRemoved("ak_1".into())]);
        assert_eq!(who(&fourth, b"two"), Err(Denial::InvalidKey));
        assert_eq!(who(&empty, b"two"), Err(Denial::InvalidKey));
    }

    #[test]
    fn live_never_goes_back() {
        let live = Live::new(Snapshot::new(TokenDigest::of(b"root")));
        live.publish(2, [key("ak_1", &[b"one"], false)]);
        live.publish(1, [Change::KeyRemoved("ak_1".into())]);
        assert_eq!(live.load().revision(), 2);
        assert!(live.load().key("ak_1").is_some());
    }
}
