//! The same where keys have a say: endpoint, keys and snapshot as the gateway has them.

use std::sync::Arc;

use drawbridge_policy::cors::{CorsConfig, OriginHeader};
use drawbridge_policy::denial::Denial;
use drawbridge_policy::endpoint::{Endpoint, Project};
use drawbridge_policy::explain::{
    AskedKey, Cause, Code, Explanation, Fix, PageRequest, Question, Target, Verdict, explain,
};
use drawbridge_policy::issue::Problems;
use drawbridge_policy::key::KeyToken;
use drawbridge_policy::key_config::KeyConfig;
use drawbridge_policy::snapshot::{Change, Snapshot};
use drawbridge_policy::token::TokenDigest;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

const APP: &str = "https://app.example.com";
const LOCAL: &str = "http://localhost:3000";

/// One endpoint's `cors`, and the `allowed_origins` of the key that is asked about and of another one.
#[derive(Clone, Debug)]
struct World {
    cors: Value,
    own: Value,
    other: Value,
}

impl World {
    /// What is said of the call; `None` where the world cannot be saved.
    fn explain(&self, request: &PageRequest) -> Option<Explanation> {
        let mut problems = Problems::new();
        let config = CorsConfig::read(&self.cors, "", &mut problems);
        problems.into_result(()).ok()?;
        let (own, other) = (self.key(&self.own)?, self.key(&self.other)?);
        let snapshot = self.snapshot(&own, &other)?;
        let endpoint = snapshot.endpoint("proj_abcdef/e").unwrap();
        let origin = OriginHeader::One(request.origin.as_bytes());
        let grant = snapshot
            .keys_at(Timestamp::UNIX_EPOCH)
            .grant(endpoint, origin);
        Some(explain(&Question {
            config: &config,
            policy: &endpoint.cors,
            grant,
            key: Some(AskedKey {
                key: snapshot.key("ak_own").unwrap(),
                allowed_origins: own.allowed_origins.as_deref(),
            }),
            request,
            is_same_origin: false,
            is_url_known: true,
        }))
    }

    fn key(&self, allowed_origins: &Value) -> Option<KeyConfig> {
        let document =
            json!({"kind": "publishable", "mode": "test", "allowed_origins": allowed_origins});
        KeyConfig::read(&document).ok()
    }

    fn snapshot(&self, own: &KeyConfig, other: &KeyConfig) -> Option<Snapshot> {
        let project = Arc::new(Project {
            id: "proj_abcdef".into(),
            slug: "p".into(),
            ..Project::default()
        });
        let document =
            json!({"upstream": {"base_url": "http://127.0.0.1:1/v1"}, "cors": self.cors});
        let (endpoint, _) = Endpoint::compile(&project, "e", &document, None).ok()?;
        let key = |id: &str, config: &KeyConfig| {
            let token = KeyToken {
                digest: TokenDigest::of(id.as_bytes()),
                expires_at: None,
            };
            Change::Key(Arc::new(config.compile(id, "proj_abcdef", [token], None)))
        };
        let changes = [
            Change::Project(Arc::clone(&project)),
            Change::Endpoint(Arc::new(endpoint)),
            key("ak_own", own),
            key("ak_other", other),
        ];
        Some(Snapshot::new(TokenDigest::of(b"root")).apply(1, changes))
    }

    /// The world with a fix applied (RFC 7396).
    fn with(&self, target: Target, patch: &Value) -> Self {
        let mut world = self.clone();
        match target {
            Target::Key => world.own = patch["allowed_origins"].clone(),
            Target::Endpoint => {
                for (name, value) in patch["cors"].as_object().unwrap() {
                    world.cors[name] = value.clone();
                }
            }
        }
        world
    }

    fn with_all(&self, fixes: &[Fix]) -> Self {
        let mut fixes = fixes.iter();
        fixes
            .try_fold(self.clone(), |world, fix| {
                Some(world.with(fix.target, &fix.patch))
            })
            .unwrap()
    }

    fn verdict(&self, request: &PageRequest) -> Verdict {
        self.explain(request)
            .map_or(Verdict::Blocked, |found| found.verdict)
    }
}

fn call(origin: &str, includes_credentials: bool) -> PageRequest {
    let url = "https://gw.example/proj_abcdef/e/v1/chat/completions";
    let mut call = PageRequest::new(origin, url.parse().unwrap(), "POST");
    call.headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    call.includes_credentials = includes_credentials;
    call
}

fn world(origins: &[&str], own: Value, other: Value) -> World {
    World {
        cors: json!({"allowedOrigins": origins}),
        own,
        other,
    }
}

#[test]
fn where_the_endpoint_leaves_origins_to_keys_the_key_is_what_changes() {
    let found = world(&[], json!([LOCAL]), json!(null))
        .explain(&call(APP, false))
        .unwrap();
    assert_eq!(found.code, Some(Code::PreflightMissingAllowOriginHeader));
    assert_eq!(found.causes, [Cause::KeyOrigin(APP.to_owned())]);
    assert_eq!(found.fixes.len(), 1);
    assert_eq!(found.fixes[0].target, Target::Key);
    assert_eq!(
        found.fixes[0].patch,
        json!({"allowed_origins": [LOCAL, APP]})
    );
}

#[test]
fn what_only_another_key_lists_is_readably_refused() {
    let found = world(&[], json!([LOCAL]), json!([APP]))
        .explain(&call(APP, false))
        .unwrap();
    assert_eq!(found.code, Some(Code::Refused(Denial::KeyOriginNotAllowed)));
    assert_eq!(found.actual_answer.status, 403);
    assert_eq!(found.fixes[0].target, Target::Key);
}

#[test]
fn a_key_that_narrows_needs_a_change_beside_the_endpoints() {
    let found = world(&[LOCAL], json!([LOCAL]), json!(null))
        .explain(&call(APP, false))
        .unwrap();
    let targets: Vec<_> = found.fixes.iter().map(|fix| fix.target).collect();
    assert_eq!(targets, [Target::Endpoint, Target::Key]);
}

fn worlds() -> impl Strategy<Value = World> {
    let patterns = vec![
        APP,
        "https://*.example.com",
        "http://localhost:*",
        "http://plain.test",
    ];
    let some = move |nothing: Value| {
        let listed = subsequence(patterns.clone(), 0..=2).prop_map(|list| json!(list));
        prop_oneof![3 => listed, 1 => Just(json!(["*"])), 2 => Just(nothing)]
    };
    let modes = (any::<bool>(), select(vec!["server", "browser", "report"]));
    (some(json!([])), some(json!(null)), some(json!(null)), modes).prop_map(|(origins, own, other, modes)| World {
        cors: json!({"allowedOrigins": origins, "allowCredentials": modes.0, "enforcement": modes.1}),
        own,
        other,
    })
}

/// The fixes with one added origin, or one other member, left out: `(which, lesser patch)`.
fn lessened(world: &World, fixes: &[Fix]) -> Vec<(usize, Value)> {
    let mut lessened = Vec::new();
    for (index, fix) in fixes.iter().enumerate() {
        let is_key = fix.target == Target::Key;
        let before = if is_key {
            &world.own
        } else {
            &world.cors["allowedOrigins"]
        };
        let list = if is_key {
            fix.patch.pointer("/allowed_origins")
        } else {
            fix.patch.pointer("/cors/allowedOrigins")
        };
        for (place, entry) in list
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            let is_old = before.as_array().is_some_and(|list| list.contains(entry));
            if !is_old {
                let mut less = fix.patch.clone();
                let list = if is_key {
                    &mut less["allowed_origins"]
                } else {
                    &mut less["cors"]["allowedOrigins"]
                };
                let list = list.as_array_mut().unwrap();
                list.remove(place);
                // An endpoint that lists something is not to leave its origins to keys all of a sudden.
                let is_other_matter = list.is_empty() && before != &json!([]);
                if is_key || !is_other_matter {
                    lessened.push((index, less));
                }
            }
        }
        if fix.patch.pointer("/cors/allowCredentials").is_some() {
            let mut less = fix.patch.clone();
            less["cors"]
                .as_object_mut()
                .unwrap()
                .remove("allowCredentials");
            lessened.push((index, less));
        }
    }
    lessened
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn fixes_cure_together_and_nothing_in_them_can_be_left_out(
        world in worlds(),
        origin in select(vec![APP, LOCAL, "https://evil.test", "http://plain.test", "null"]),
        includes_credentials in any::<bool>(),
    ) {
        let call = call(origin, includes_credentials);
        let found = world.explain(&call);
        prop_assume!(found.is_some());
        let found = found.unwrap();
        if found.verdict == Verdict::Allowed {
            prop_assert!(found.causes.is_empty() && found.fixes.is_empty() && found.code.is_none());
            return Ok(());
        }
        prop_assert!(!found.causes.contains(&Cause::NotSent));
        if found.fixes.is_empty() {
            prop_assert!(origin == "null" || includes_credentials || world.cors["allowCredentials"] == true, "{:?}", found.causes);
            return Ok(());
        }
        prop_assert_eq!(world.with_all(&found.fixes).verdict(&call), Verdict::Allowed, "{:?}", found.fixes);
        for (index, less) in lessened(&world, &found.fixes) {
            let mut fixes = found.fixes.clone();
            fixes[index].patch = less;
            prop_assert_eq!(world.with_all(&fixes).verdict(&call), Verdict::Blocked, "{:?} of {:?}", fixes, found.fixes);
        }
    }
}
