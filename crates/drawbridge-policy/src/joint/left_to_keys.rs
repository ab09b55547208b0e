//! The endpoints that list no origins, and so leave them to their keys.
//!
//! Several of them may share a policy's number, with keys that say different things. What one number is granted is what all
//! of its endpoints that take part have in common, so that an answer never promises what one of them would not.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::cors::{CorsPolicy, Enforcement, Granted, KeyGrant};
use crate::key_origins::KeysAt;
use crate::origin::Origin;
use crate::origin_set::is_matchable;

/// Which endpoints list no origins.
#[derive(Debug, Default)]
pub(super) struct LeftToKeys {
    /// The endpoint at each path.
    by_path: HashMap<Box<str>, usize, RandomState>,
    /// Those of each project.
    by_project: HashMap<Box<str>, Vec<usize>, RandomState>,
    /// For each endpoint, the number of its policy.
    policies: Vec<u32>,
    /// By those numbers.
    sharing: HashMap<u32, Sharing, RandomState>,
}

/// What endpoints have in common that share a policy.
#[derive(Debug)]
struct Sharing {
    endpoints: usize,
    credentials: bool,
    is_reporting: bool,
}

/// What has been found out about one question.
#[derive(Default)]
struct Found {
    /// By endpoint.
    grants: HashMap<usize, KeyGrant, RandomState>,
    /// Numbers about which nothing more can be found out.
    settled: usize,
    /// By number: whether it is settled.
    is_settled: HashMap<u32, bool, RandomState>,
}

impl LeftToKeys {
    /// Adds an endpoint (`{project_id}/{name}`) whose policy lists no origins.
    pub(super) fn add(&mut self, path: &str, number: u32, policy: &CorsPolicy) {
        let sharing = self.sharing.entry(number).or_insert_with(|| Sharing {
            endpoints: 0,
            credentials: policy.allows_credentials(),
            is_reporting: policy.enforcement() == Enforcement::Report,
        });
        sharing.endpoints += 1;
        let endpoint = self.policies.len();
        self.policies.push(number);
        if let Some((project, _)) = path.split_once('/') {
            self.by_path.insert(path.into(), endpoint);
            let siblings = self.by_project.entry(project.into()).or_default();
            siblings.push(endpoint);
        }
    }

    /// The numbers of the policies of which some endpoint's keys admit the origin, with what is granted to all of those
    /// endpoints; ascending.
    pub(super) fn grants(&self, origin: &[u8], keys: KeysAt<'_>) -> Vec<(u32, KeyGrant)> {
        let is_origin = Origin::parse(origin).is_some();
        let mut found = Found::default();
        if !self.by_path.is_empty() {
            self.find(origin, keys, &mut found);
        }
        let mut counts: HashMap<u32, [usize; 3], RandomState> = HashMap::default();
        for (endpoint, grant) in &found.grants {
            let number = self.policies[*endpoint];
            let [admitting, starring, listed] = counts.entry(number).or_default();
            let is_listed = grant.origin == Granted::Listed;
            *admitting += 1;
            *starring += usize::from(grant.any && !(is_listed && self.has_credentials(number)));
            *listed += usize::from(is_listed);
        }
        let mut grants: Vec<_> = counts
            .into_iter()
            .map(|(number, [admitting, starring, listed])| {
                // In report mode those take part, too, whose keys do not admit the origin, if it is one.
                let sharing = self.sharing.get(&number);
                let reporting = sharing.filter(|sharing| sharing.is_reporting && is_origin);
                let all = reporting.map_or(admitting, |sharing| sharing.endpoints);
                let origin = if listed == all {
                    Granted::Listed
                } else {
                    Granted::WithoutCredentials
                };
                let any = starring == all;
                (number, KeyGrant { any, origin })
            })
            .collect();
        grants.sort_unstable_by_key(|(number, _)| *number);
        grants
    }

    fn find(&self, origin: &[u8], keys: KeysAt<'_>, found: &mut Found) {
        // `*` admits whatever may be an origin at all.
        let can_match = is_matchable(origin);
        for scope in keys.scopes_of_any().filter(|_| can_match) {
            for endpoint in self.endpoints(scope) {
                let any = true;
                let origin = Granted::WithoutCredentials;
                found.grants.insert(*endpoint, KeyGrant { any, origin });
            }
        }
        for (scope, granted) in keys.scopes_admitting(origin) {
            for endpoint in self.endpoints(scope) {
                self.note(*endpoint, granted, found);
            }
            if found.settled == self.sharing.len() {
                return;
            }
        }
    }

    fn note(&self, endpoint: usize, granted: Granted, found: &mut Found) {
        let number = self.policies[endpoint];
        let is_settled = found.is_settled.entry(number).or_default();
        if *is_settled {
            return;
        }
        let grant = found.grants.entry(endpoint).or_default();
        grant.origin = grant.origin.max(granted);
        // Without credentials it is all the same who else admits the origin, and how, once one does not say `*`.
        if !grant.any && !self.has_credentials(number) {
            *is_settled = true;
            found.settled += 1;
        }
    }

    fn has_credentials(&self, number: u32) -> bool {
        let sharing = self.sharing.get(&number);
        sharing.is_some_and(|sharing| sharing.credentials)
    }

    fn endpoints(&self, scope: &str) -> &[usize] {
        let of_project = self.by_project.get(scope).map(Vec::as_slice);
        let at_path = self.by_path.get(scope).map(std::slice::from_ref);
        of_project.or(at_path).unwrap_or_default()
    }
}
