//! The smallest change that lets one call through.
//!
//! A fix adds that origin, that method and those headers, and nothing that covers more. It is offered only when saving it
//! would succeed and the same question is then answered `allowed`; it must never be a guess.

mod change;

use serde_json::{Value, json};

use crate::cors::{Granted, KeyGrant};
use crate::explain::cause::Cause;
use crate::explain::fix::change::{EndpointChange, KeyChange};
use crate::explain::judge::{AskedKey, Question, Verdict, judge};
use crate::key::{ApiKey, KeyMode};
use crate::origin_set::OriginSet;
use crate::pattern::{OriginPattern, PatternContext, compile_patterns};

/// What a patch is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The endpoint's resource.
    Endpoint,
    /// The key's resource.
    Key,
}

/// One change of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What it does, in a sentence.
    pub summary: String,
    /// What it is applied to.
    pub target: Target,
    /// A JSON Merge Patch (RFC 7396).
    pub patch: Value,
    /// What else becomes possible by it, or ceases to be.
    pub risk: String,
}

/// The changes that remove all causes together; none where none can.
pub(super) fn find_fixes(question: &Question<'_>, causes: &[Cause]) -> Vec<Fix> {
    try_to_fix(question, causes).unwrap_or_default()
}

fn try_to_fix(question: &Question<'_>, causes: &[Cause]) -> Option<Vec<Fix>> {
    let mut endpoint = EndpointChange::new(question);
    let mut key = KeyChange::new(question.key);
    for cause in causes {
        match cause {
            Cause::KeyOrigin(origin) => key.add(origin),
            Cause::CredentialsOfUnlisted(origin) if is_for_key(question) => key.add(origin),
            Cause::Origin(origin) | Cause::CredentialsOfUnlisted(origin) => {
                endpoint.add_origin(origin);
            }
            Cause::Method(method) => endpoint.add_method(method),
            Cause::Header(name) => endpoint.add_header(name),
            Cause::Credentials => endpoint.allow_credentials(),
            Cause::PlainGateway(_)
            | Cause::InsecurePage(_)
            | Cause::NotAnOrigin(_)
            | Cause::NullOrigin
            | Cause::ImpossibleMethod(_)
            | Cause::ImpossibleHeader(_)
            | Cause::TooManyHeaders
            | Cause::NotSent => return None,
        }
    }
    let (policy, warnings) = endpoint.config.compile("").ok()?;
    let new_key = match key.added() {
        Some(origin) => Some(NewKey::of(question, &key, origin)?),
        None => None,
    };
    let cured = Question {
        config: &endpoint.config,
        policy: &policy,
        key: match &new_key {
            Some(new) => Some(AskedKey {
                key: &new.key,
                allowed_origins: Some(&key.origins),
            }),
            None => question.key,
        },
        grant: new_key.as_ref().map_or(question.grant, |new| new.grant),
        ..*question
    };
    if judge(&cured).verdict == Verdict::Blocked {
        return None;
    }
    let fixes = [endpoint.into_fix(&warnings), key.into_fix()];
    Some(fixes.into_iter().flatten().collect())
}

/// Whether the key's list is the one that decides.
fn is_for_key(question: &Question<'_>) -> bool {
    question.key.is_some() && !question.policy.lists_origins()
}

/// The key as it would be, and what all keys would then say.
struct NewKey {
    key: ApiKey,
    grant: KeyGrant,
}

impl NewKey {
    /// `None` where the list cannot be saved.
    fn of(question: &Question<'_>, change: &KeyChange, origin: &str) -> Option<Self> {
        let asked = question.key?;
        let context = PatternContext::key(asked.key.mode == KeyMode::Live);
        let (patterns, _) = compile_patterns(&change.origins, "", context).ok()?;
        let granted = if OriginPattern::parse(origin)?.is_refused_with_credentials() {
            Granted::WithoutCredentials
        } else {
            Granted::Listed
        };
        Some(Self {
            key: ApiKey {
                allowed_origins: Some(OriginSet::new(&patterns)),
                ..asked.key.clone()
            },
            grant: KeyGrant {
                origin: question.grant.origin.max(granted),
                ..question.grant
            },
        })
    }
}

fn put(patch: &mut Value, member: &str, value: Value) {
    if let Some(members) = patch.as_object_mut() {
        members.insert(member.to_owned(), value);
    } else {
        *patch = json!({ member: value });
    }
}
