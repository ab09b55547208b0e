//! Which policies admit an origin.

use crate::cors::{AllowOrigin, Granted, KeyGrant};
use crate::joint::JointPolicies;
use crate::joint::members::Selection;
use crate::key_origins::KeysAt;
use crate::origin::Origin;

/// Who admits an origin, and how.
pub(super) struct Admission {
    /// Those that list it, themselves or by a key.
    pub(super) listed: Selection,
    /// Those of them that may allow it credentials.
    pub(super) credentialed: Selection,
    /// Those that list it, and the ones in report mode if it is well-formed.
    pub(super) admitted: Selection,
    /// Those that answer `Access-Control-Allow-Origin: *`.
    starring: Selection,
    /// By the numbers of policies that leave the origin to keys.
    grants: Vec<(u32, KeyGrant)>,
}

impl Admission {
    /// `*` only where each of these says so by itself.
    pub(super) fn allow_origin(&self, policies: &Selection) -> AllowOrigin {
        if policies.is_empty() {
            AllowOrigin::Withheld
        } else if policies.is_subset(&self.starring) {
            AllowOrigin::Any
        } else {
            AllowOrigin::Echo
        }
    }

    /// What keys say to a policy.
    pub(super) fn grant(&self, policy: usize) -> KeyGrant {
        let mut grants = self.grants.iter();
        let found = grants.find(|(number, _)| *number as usize == policy);
        found.map_or_else(KeyGrant::default, |(_, grant)| *grant)
    }
}

impl JointPolicies {
    /// Who admits the value of an `Origin` header.
    pub(super) fn admission(&self, origin: &[u8], keys: KeysAt<'_>) -> Admission {
        let listed = self.index.listing(origin);
        let mut admission = Admission {
            credentialed: listed.clone(),
            admitted: listed.clone(),
            listed,
            starring: self.index.union([self.index.answering_star()]),
            grants: self.left_to_keys.grants(origin, keys),
        };
        for (number, grant) in &admission.grants {
            admission.listed.add_one(*number);
            admission.admitted.add_one(*number);
            if grant.origin == Granted::Listed {
                admission.credentialed.add_one(*number);
            }
            if self.policies[*number as usize].answers_any(*grant) {
                admission.starring.add_one(*number);
            }
        }
        if Origin::parse(origin).is_some() {
            admission.admitted.add(self.index.reporting());
        }
        admission
    }
}
