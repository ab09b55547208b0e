//! The shared URL: the key gives the project, the body's `model` gives the endpoint (design sections 2 and 4, rule 8).
//!
//! Until the endpoint is known an answer wears what the endpoints have in common; then the endpoint judges the request
//! as if it had been called by its own URL. An endpoint that the key may not use must never show.

use std::borrow::Cow;
use std::sync::Arc;

use drawbridge_policy::denial::Denial;
use drawbridge_policy::directory::{Choice, Directory};
use drawbridge_policy::endpoint::Endpoint;
use drawbridge_policy::key::{ApiKey, Caller, SecretKeysInBrowsers};
use drawbridge_policy::key_origins::{KeyOrigins, KeysAt};
use drawbridge_policy::snapshot::Snapshot;
use http::header;
use http::request::Parts;
use http::{Method, Response};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use crate::admit::check_key;
use crate::body::Content;
use crate::core::Core;
use crate::judge::{
    Crossing, Step, authenticate, is_own, names_at_fault, note_exposure, origin, preflight, usage,
};
use crate::respond::{self, Dress};
use crate::trail::Trail;

/// A request whose body has to say which of several endpoints it is for.
pub(crate) struct Undecided {
    directory: Arc<Directory>,
    key: Arc<ApiKey>,
    key_origins: Arc<KeyOrigins>,
    arrived: Timestamp,
}

impl Undecided {
    /// The endpoint for a request to `model`.
    pub(crate) fn endpoint(&self, model: &str, trail: &mut Trail) -> Result<Arc<Endpoint>, Denial> {
        match self.directory.choose_by_model(&self.key, model) {
            Choice::Nothing => Err(Denial::ModelNotFound),
            Choice::One(endpoint) => Ok(endpoint),
            Choice::Several(endpoints) => Err(ambiguous(&endpoints, trail)),
        }
    }

    /// The keys as they were when the request was authenticated.
    pub(crate) fn keys(&self) -> KeysAt<'_> {
        KeysAt::new(&self.key_origins, self.arrived)
    }

    pub(crate) fn caller(&self) -> Caller {
        Caller::Key(Arc::clone(&self.key))
    }
}

/// Judges a request to `path` below `/v1` by its head. `is_sound` says whether it can be read in one way only.
pub(crate) fn judge(
    core: &Core,
    snapshot: &Snapshot,
    head: &Parts,
    path: &str,
    is_sound: Result<(), Denial>,
    trail: &mut Trail,
) -> Result<Step, Denial> {
    let joint = snapshot.joint();
    let origin = origin(head);
    let now = Timestamp::now();
    let keys = snapshot.keys_at(now);
    if is_sound.is_ok()
        && let Some(step) = preflight(head, origin, trail, |asked| {
            let answer = joint.preflight(asked, keys);
            let names = names_at_fault(asked, &answer, |asked| answer.missing_headers(asked));
            (answer, names)
        })
    {
        return Ok(step);
    }
    let is_own = is_own(core, origin);
    let verdict = joint.before_endpoint(origin, is_own, keys);
    trail.dress = Dress::of_actual(&verdict, head.headers.get(header::ORIGIN));
    // From here on the page can read what is wrong.
    is_sound?;
    let caller = authenticate(snapshot, head, now, trail)?;
    note_exposure(core, snapshot, &caller, origin, trail);
    let Caller::Key(key) = &caller else {
        // The root key has no project.
        return Err(Denial::EndpointNotPermitted);
    };
    check_key(key, &usage(head, path, trail.exchange.client_ip()))?;
    let directory = snapshot.directory(&key.project_id).cloned();
    let directory = directory.unwrap_or_default();
    let models = Models::of(path).filter(|_| matches!(head.method, Method::GET | Method::HEAD));
    if let Some(response) = models.as_ref().and_then(|models| {
        models.answer(&directory, key, |endpoint| {
            let grant = keys.grant(endpoint, origin);
            endpoint.cors.admits(origin, is_own, grant)
                && (is_own || key.allows_origin(origin, &endpoint.cors))
        })
    }) {
        // Where an endpoint is asked it refuses this itself, after its own look at the origin.
        return match trail.exposure {
            Some(SecretKeysInBrowsers::Refuse) => Err(Denial::SecretKeyInBrowser),
            _ => Ok(Step::Tell(Ok(response))),
        };
    }
    match directory.choose(key) {
        Choice::Nothing => Ok(Step::Tell(Err(Denial::ModelNotFound))),
        Choice::One(endpoint) => {
            let crossing = Crossing::meet(core, &endpoint, head, keys, trail);
            let (admitted, target) = crossing.admit(head, path, &caller, trail)?;
            Ok(Step::Forward(admitted, target))
        }
        Choice::Several(_) if models.is_some() => Ok(Step::Tell(Err(Denial::ModelNotFound))),
        Choice::Several(_) => Ok(Step::Choose(Undecided {
            directory,
            key: Arc::clone(key),
            key_origins: Arc::clone(snapshot.key_origins()),
            arrived: now,
        })),
    }
}

/// A question about models, which the gateway answers itself.
enum Models<'p> {
    /// `/v1/models`
    All,
    /// `/v1/models/{id}`
    One(Cow<'p, str>),
}

impl<'p> Models<'p> {
    fn of(path: &'p str) -> Option<Self> {
        match path.strip_prefix("/models")? {
            "" => Some(Self::All),
            // SDKs encode the slash of `org/name`.
            rest => rest
                .strip_prefix('/')
                .map(|id| Self::One(percent_decode_str(id).decode_utf8_lossy())),
        }
    }

    /// What this key may call from this origin; `None` where no endpoint lists the one that was asked for.
    fn answer(
        &self,
        directory: &Directory,
        key: &ApiKey,
        admits: impl Fn(&Endpoint) -> bool,
    ) -> Option<Response<Content>> {
        let admitting = directory.usable(key).filter(|endpoint| admits(endpoint));
        let mut listed = admitting.flat_map(|endpoint| {
            let models = endpoint.models.iter();
            models.map(|model| (&**endpoint, model))
        });
        match self {
            Self::All => Some(respond::models(listed)),
            Self::One(id) => {
                let (endpoint, model) = listed.find(|(_, model)| *model.name == **id)?;
                Some(respond::model(endpoint, model))
            }
        }
    }
}

/// Names the endpoints that the client can choose from.
fn ambiguous(endpoints: &[Arc<Endpoint>], trail: &mut Trail) -> Denial {
    let urls: Vec<_> = endpoints
        .iter()
        .map(|endpoint| format!("`/{}/v1`", endpoint.path))
        .collect();
    trail.detail = Some(format!("They are at {}.", urls.join(", ")));
    Denial::AmbiguousModel
}
