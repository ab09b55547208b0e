//! The immutable view of all configuration at one revision; a request uses exactly one.
//!
//! A change makes a new [`Snapshot`] that shares all but the touched shards with the old one, and [`Live`] swaps it in.
//! A snapshot must never change once published, and revisions must never go back.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use hashbrown::{HashMap, HashSet};
use jiff::Timestamp;

use crate::denial::Denial;
use crate::directory::Directory;
use crate::endpoint::{Endpoint, Project};
use crate::joint::JointPolicies;
use crate::key::{ApiKey, Caller};
use crate::key_origins::{KeyOrigins, KeysAt};
use crate::rate_limit::RateLimit;
use crate::sharded::Sharded;
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

impl Change {
    /// The id of the project of which an endpoint changed.
    fn project_of_endpoint(&self) -> Option<&str> {
        match self {
            Self::Endpoint(endpoint) => Some(&endpoint.project.id),
            Self::EndpointRemoved(path) => path.split_once('/').map(|(project, _)| project),
            Self::Project(_) | Self::ProjectRemoved(_) | Self::Key(_) | Self::KeyRemoved(_) => None,
        }
    }
}

/// A change among 100,000 keys copies some 400 of them.
const SHARDS: usize = 256;

/// All configuration at one revision.
#[derive(Clone, Debug)]
pub struct Snapshot {
    revision: u64,
    root: TokenDigest,
    projects: Sharded<Box<str>, Arc<Project>>,
    endpoints: Sharded<Box<str>, Arc<Endpoint>>,
    keys: Sharded<Box<str>, Arc<ApiKey>>,
    tokens: Sharded<TokenDigest, Arc<ApiKey>>,
    /// By the ids of projects that have endpoints.
    directories: Sharded<Box<str>, Arc<Directory>>,
    joint: Arc<JointPolicies>,
    key_origins: Arc<KeyOrigins>,
}

impl Snapshot {
    /// Nothing but the root key.
    pub fn new(root: TokenDigest) -> Self {
        Self {
            revision: 0,
            root,
            projects: Sharded::new(SHARDS),
            endpoints: Sharded::new(SHARDS),
            keys: Sharded::new(SHARDS),
            tokens: Sharded::new(SHARDS),
            directories: Sharded::new(SHARDS),
            joint: Arc::default(),
            key_origins: Arc::default(),
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

    /// The endpoints of the project of that id, as the shared URL finds them; `None` where it has none.
    pub fn directory(&self, project_id: &str) -> Option<&Arc<Directory>> {
        self.directories.get(project_id)
    }

    /// The policies of all endpoints, as the shared URL answers preflights.
    pub fn joint(&self) -> &JointPolicies {
        &self.joint
    }

    /// The origins that keys admit, for endpoints that list none.
    pub fn key_origins(&self) -> &Arc<KeyOrigins> {
        &self.key_origins
    }

    /// The same at a moment.
    pub fn keys_at(&self, now: Timestamp) -> KeysAt<'_> {
        KeysAt::new(&self.key_origins, now)
    }

    /// The key of that id.
    pub fn key(&self, id: &str) -> Option<&Arc<ApiKey>> {
        self.keys.get(id)
    }

    /// How many requests the key may send in which time: as it says itself, else as its project does.
    pub fn rate_limit(&self, key: &ApiKey) -> Option<RateLimit> {
        let default = || self.project(&key.project_id)?.rate_limit;
        key.rate_limit.or_else(default)
    }

    /// Whether that is the digest of the root key.
    pub fn is_root(&self, digest: &TokenDigest) -> bool {
        *digest == self.root
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
        let mut touched = HashSet::new();
        for change in changes {
            touched.extend(change.project_of_endpoint().map(Box::from));
            next.make(change);
        }
        if !touched.is_empty() {
            next.index_endpoints(touched);
        }
        next
    }

    /// Makes anew what is known of all endpoints together, and of those of the projects that were touched.
    fn index_endpoints(&mut self, touched: HashSet<Box<str>>) {
        let mut endpoints: Vec<_> = self.endpoints.values().collect();
        endpoints.sort_unstable_by_key(|endpoint| endpoint.created.sequence);
        self.joint = Arc::new(JointPolicies::of_endpoints(
            endpoints
                .iter()
                .map(|endpoint| (&*endpoint.path, &endpoint.cors)),
        ));
        let mut by_project: HashMap<_, Vec<_>> =
            touched.into_iter().map(|id| (id, Vec::new())).collect();
        for endpoint in endpoints {
            if let Some(siblings) = by_project.get_mut(&endpoint.project.id) {
                siblings.push(Arc::clone(endpoint));
            }
        }
        for (id, endpoints) in by_project {
            if endpoints.is_empty() {
                self.directories.remove(&id);
            } else {
                self.directories
                    .insert(id, Arc::new(Directory::new(endpoints)));
            }
        }
    }

    fn make(&mut self, change: Change) {
        match change {
            Change::Project(project) => self.projects.insert(project.id.clone(), project),
            Change::ProjectRemoved(id) => self.projects.remove(&id),
            Change::Endpoint(endpoint) => self.endpoints.insert(endpoint.path.clone(), endpoint),
            Change::EndpointRemoved(path) => self.endpoints.remove(&path),
            Change::Key(mut key) => {
                if let Some(before) = self.keys.get(&key.id) {
                    // What it has used stays used.
                    Arc::make_mut(&mut key).meter = Arc::clone(&before.meter);
                }
                self.forget(&key.id, Some(&key));
                for token in &key.tokens {
                    self.tokens.insert(token.digest, Arc::clone(&key));
                }
                self.keys.insert(key.id.clone(), key);
            }
            Change::KeyRemoved(id) => {
                self.forget(&id, None);
                self.keys.remove(&id);
            }
        }
    }

    /// Forgets the tokens of the key of that id, and has `successor` admit origins in its place.
    fn forget(&mut self, id: &str, successor: Option<&ApiKey>) {
        let key = self.keys.get(id).map(Arc::clone);
        for token in key.iter().flat_map(|key| &key.tokens) {
            self.tokens.remove(&token.digest);
        }
        KeyOrigins::replace(&mut self.key_origins, key.as_deref(), successor);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cors::{AllowOrigin, OriginHeader};
    use crate::key::{KeyKind, KeyMode, KeyToken, Scope};

    fn key(id: &str, tokens: &[&[u8]], revoked: bool) -> Change {
        Change::Key(Arc::new(ApiKey {
            id: id.into(),
            project_id: "proj_abcdef".into(),
            kind: KeyKind::Secret,
            mode: KeyMode::Live,
            scopes: [Scope::Inference].into_iter().collect(),
            endpoints: None,
            allowed_origins: None,
            allowed_ips: None,
            require_origin: false,
            max_concurrent: None,
            rate_limit: None,
            expires_at: None,
            revoked_at: revoked.then_some(Timestamp::UNIX_EPOCH),
            tokens: tokens
                .iter()
                .map(|token| KeyToken {
                    digest: TokenDigest::of(token),
                    expires_at: None,
                })
                .collect(),
            meter: Arc::default(),
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
    fn what_a_key_has_used_survives_its_changes_and_its_limit_is_its_own_before_its_projects() {
        let project = |limit| {
            Change::Project(Arc::new(Project {
                id: "proj_abcdef".into(),
                rate_limit: limit,
                ..Project::default()
            }))
        };
        let limit = |requests| RateLimit::new(requests, 3600);
        let of = |snapshot: &Snapshot| {
            let key = Arc::clone(snapshot.key("ak_1").unwrap());
            (snapshot.rate_limit(&key), key)
        };
        let empty = Snapshot::new(TokenDigest::of(b"root"));
        let first = empty.apply(1, [key("ak_1", &[b"one"], false)]);
        assert_eq!(of(&first).0, None);
        let second = first.apply(2, [project(limit(1))]);
        let (found, used) = of(&second);
        assert_eq!(found, limit(1));
        let now = std::time::Duration::ZERO;
        assert!(used.meter.bucket.take(found.unwrap(), now).is_ok());
        let changed = match key("ak_1", &[b"two"], false) {
            Change::Key(key) => Change::Key(Arc::new(ApiKey {
                rate_limit: limit(2),
                ..ApiKey::clone(&key)
            })),
            other => other,
        };
        let third = second.apply(3, [changed, project(None)]);
        let (found, used) = of(&third);
        assert_eq!(found, limit(2));
        assert!(used.meter.bucket.take(found.unwrap(), now).is_err());
    }

    fn endpoint(project: &str, name: &str, origin: &str, sequence: u64) -> Change {
        let project = Arc::new(Project {
            id: project.into(),
            slug: "p".into(),
            ..Project::default()
        });
        let document = serde_json::json!({
            "models": [name],
            "upstream": {"base_url": "http://127.0.0.1:1/v1"},
            "cors": {"allowedOrigins": [origin]},
        });
        let (mut endpoint, _) = Endpoint::compile(&project, name, &document, None).unwrap();
        endpoint.created.sequence = sequence;
        Change::Endpoint(Arc::new(endpoint))
    }

    fn admits(snapshot: &Snapshot, origin: &str) -> bool {
        let origin = OriginHeader::One(origin.as_bytes());
        let keys = snapshot.keys_at(Timestamp::UNIX_EPOCH);
        let verdict = snapshot.joint().before_endpoint(origin, false, keys);
        verdict.allow_origin != AllowOrigin::Withheld
    }

    #[test]
    fn what_is_known_of_endpoints_together_follows_every_change_of_one() {
        let empty = Snapshot::new(TokenDigest::of(b"root"));
        let (a, b) = ("https://a.example", "https://b.example");
        let first = empty.apply(
            1,
            [
                endpoint("proj_two222", "y", b, 2),
                endpoint("proj_one111", "x", a, 1),
            ],
        );
        assert!(admits(&first, a) && admits(&first, b) && !admits(&empty, a));
        assert!(first.directory("proj_one111").is_some());
        let moved = first.apply(2, [endpoint("proj_one111", "x", b, 1)]);
        assert!(!admits(&moved, a) && admits(&first, a));
        let gone = moved.apply(3, [Change::EndpointRemoved("proj_two222/y".into())]);
        assert!(gone.directory("proj_two222").is_none() && admits(&gone, b));
        let gone = gone.apply(4, [Change::EndpointRemoved("proj_one111/x".into())]);
        assert!(gone.directory("proj_one111").is_none() && !admits(&gone, b));
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
