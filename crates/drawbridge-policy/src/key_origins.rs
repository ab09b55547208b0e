//! The origins that keys admit together, for endpoints that list none (design section 4, rule 5).
//!
//! A preflight carries no key, so such an endpoint answers it by the union over its project's active keys that may use
//! it. [`KeyOrigins`] keeps that union: for each pattern, who lists it and until when. A change of one key touches that
//! key's patterns only, and a decision looks up the few patterns that would admit the origin. It must never say what a
//! key that came along may do: that is for [`ApiKey::allows_origin`].

mod holders;

use std::collections::HashSet;
use std::sync::Arc;

use hashbrown::Equivalent;
use hashbrown::hash_map::Entry;
use jiff::Timestamp;
use smallvec::SmallVec;

use crate::cors::{Granted, KeyGrant, OriginHeader};
use crate::endpoint::Endpoint;
use crate::key::{ApiKey, Scope};
use crate::key_origins::holders::{Holder, Holders};
use crate::origin_set::{OriginSet, Part};
use crate::pattern::OriginPattern;
use crate::sharded::Sharded;

/// A change among half a million patterns copies some hundred of them.
const SHARDS: usize = 4096;

/// A text that, at usual lengths, stands in the table itself.
type Text = SmallVec<[u8; 56]>;

impl Equivalent<Part<Text>> for Part<&[u8]> {
    fn equivalent(&self, key: &Part<Text>) -> bool {
        *self == borrowed(key)
    }
}

/// What all keys of all projects admit.
#[derive(Clone, Debug)]
pub struct KeyOrigins {
    listed: Sharded<Part<Text>, Listed>,
}

/// One pattern.
#[derive(Clone, Debug)]
struct Listed {
    /// Saving it together with `allowCredentials` would be refused.
    is_never_credentialed: bool,
    holders: Holders,
}

/// What one key adds.
#[derive(PartialEq, Eq)]
struct Share<'k> {
    project_id: &'k str,
    endpoints: Option<&'k [Box<str>]>,
    end: Timestamp,
    origins: &'k OriginSet,
}

impl Default for KeyOrigins {
    fn default() -> Self {
        Self {
            listed: Sharded::new(SHARDS),
        }
    }
}

impl KeyOrigins {
    /// Puts what a key adds in the place of what it added before.
    pub(crate) fn replace(union: &mut Arc<Self>, before: Option<&ApiKey>, after: Option<&ApiKey>) {
        let (before, after) = (before.and_then(Share::of), after.and_then(Share::of));
        if before == after {
            return;
        }
        let union = Arc::make_mut(union);
        // A key may have a thousand patterns, and its owner change one.
        let is_alike = |a: &Share<'_>, b: &Share<'_>| {
            (a.project_id, a.endpoints, a.end) == (b.project_id, b.endpoints, b.end)
        };
        let kept: HashSet<_> = match (&before, &after) {
            (Some(before), Some(after)) if is_alike(before, after) => {
                let old: HashSet<_> = before.origins.parts().collect();
                after
                    .origins
                    .parts()
                    .filter(|part| old.contains(part))
                    .collect()
            }
            _ => HashSet::new(),
        };
        for (share, is_added) in [(before, false), (after, true)] {
            let Some(share) = share else { continue };
            let holders = share.holders();
            for part in share.origins.parts().filter(|part| !kept.contains(part)) {
                if is_added {
                    union.add(part, &holders);
                } else {
                    union.remove(part, &holders);
                }
            }
        }
    }

    fn add(&mut self, part: Part<&[u8]>, holders: &[Holder]) {
        let shard = self.listed.shard_mut(&part);
        let listed = shard.entry(owned(part)).or_insert_with(|| Listed {
            is_never_credentialed: pattern(part).is_refused_with_credentials(),
            holders: Holders::default(),
        });
        for holder in holders {
            listed.holders.insert(holder.clone());
        }
    }

    fn remove(&mut self, part: Part<&[u8]>, holders: &[Holder]) {
        let shard = self.listed.shard_mut(&part);
        if let Entry::Occupied(mut entry) = shard.entry(owned(part)) {
            let listed = &mut entry.get_mut().holders;
            holders.iter().for_each(|holder| listed.remove(holder));
            if listed.is_empty() {
                entry.remove();
            }
        }
    }
}

impl<'k> Share<'k> {
    /// Nothing for a key that is revoked, may call nothing, or leaves its origins to endpoints.
    fn of(key: &'k ApiKey) -> Option<Self> {
        let origins = key.allowed_origins.as_ref()?;
        let is_active = key.revoked_at.is_none() && key.scopes.contains(Scope::Inference);
        is_active.then(|| Self {
            project_id: &key.project_id,
            endpoints: key.endpoints.as_deref(),
            end: key.expires_at.unwrap_or(Timestamp::MAX),
            origins,
        })
    }

    /// Where the key may be used: in its whole project (`proj_x`), or at endpoints (`proj_x/name`).
    fn holders(&self) -> Vec<Holder> {
        let holder = |scope: &str| Holder {
            scope: scope.into(),
            end: self.end,
        };
        match self.endpoints {
            None => vec![holder(self.project_id)],
            Some(names) => names
                .iter()
                .map(|name| holder(&format!("{}/{name}", self.project_id)))
                .collect(),
        }
    }
}

/// The keys that are active at a moment.
#[derive(Clone, Copy, Debug)]
pub struct KeysAt<'k> {
    union: &'k KeyOrigins,
    now: Timestamp,
}

impl<'k> KeysAt<'k> {
    /// The keys of the union that have not expired at `now`.
    pub fn new(union: &'k KeyOrigins, now: Timestamp) -> Self {
        Self { union, now }
    }

    /// What the keys that may use the endpoint say of an origin, where its policy lists none: nothing where it does.
    pub fn grant(&self, endpoint: &Endpoint, origin: OriginHeader<'_>) -> KeyGrant {
        if endpoint.cors.lists_origins() {
            return KeyGrant::default();
        }
        let admits = |listed: &Listed| {
            [&*endpoint.project.id, &*endpoint.path]
                .iter()
                .any(|scope| listed.holders.admits(scope, self.now))
        };
        let mut grant = KeyGrant {
            any: self.union.listed.get(&ANY).is_some_and(admits),
            origin: Granted::Nothing,
        };
        if let OriginHeader::One(origin) = origin {
            for part in Part::admitting(origin) {
                let listed = self.union.listed.get(&part);
                if let Some(listed) = listed.filter(|listed| admits(listed)) {
                    grant.origin = grant.origin.max(listed.granted());
                    if grant.origin == Granted::Listed {
                        break;
                    }
                }
            }
        }
        grant
    }

    /// The projects (`proj_x`) and endpoints (`proj_x/name`) at which keys list `*`.
    pub(crate) fn scopes_of_any(&self) -> impl Iterator<Item = &'k str> {
        let listed = self.union.listed.get(&ANY).into_iter();
        listed.flat_map(|listed| listed.holders.scopes(self.now))
    }

    /// The projects and endpoints at which keys admit an origin otherwise than by `*`, each perhaps several times.
    pub(crate) fn scopes_admitting(
        &self,
        origin: &[u8],
    ) -> impl Iterator<Item = (&'k str, Granted)> {
        let parts = Part::admitting(origin).filter(|part| *part != ANY);
        let listed = parts.filter_map(|part| self.union.listed.get(&part));
        listed.flat_map(|listed| {
            let scopes = listed.holders.scopes(self.now);
            scopes.map(|scope| (scope, listed.granted()))
        })
    }
}

const ANY: Part<&[u8]> = Part::Any;

impl Listed {
    fn granted(&self) -> Granted {
        if self.is_never_credentialed {
            Granted::WithoutCredentials
        } else {
            Granted::Listed
        }
    }
}

fn borrowed(part: &Part<Text>) -> Part<&[u8]> {
    match part {
        Part::Any => Part::Any,
        Part::Exact(text) => Part::Exact(text),
        Part::AnyPort(text) => Part::AnyPort(text),
        Part::Subdomains(scheme, text) => Part::Subdomains(*scheme, text),
        Part::AnyExtension(scheme) => Part::AnyExtension(*scheme),
    }
}

fn owned(part: Part<&[u8]>) -> Part<Text> {
    match part {
        Part::Any => Part::Any,
        Part::Exact(text) => Part::Exact(text.into()),
        Part::AnyPort(text) => Part::AnyPort(text.into()),
        Part::Subdomains(scheme, text) => Part::Subdomains(scheme, text.into()),
        Part::AnyExtension(scheme) => Part::AnyExtension(scheme),
    }
}

/// The pattern that is looked up in this way; it was text when it was saved.
fn pattern(part: Part<&[u8]>) -> OriginPattern {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into();
    match part {
        Part::Any => OriginPattern::Any,
        Part::Exact(origin) => OriginPattern::Exact(text(origin)),
        Part::AnyPort(origin) => OriginPattern::AnyPort(text(origin)),
        Part::Subdomains(scheme, parent) => OriginPattern::Subdomains {
            scheme,
            parent: text(parent),
        },
        Part::AnyExtension(scheme) => OriginPattern::AnyExtension(scheme),
    }
}
