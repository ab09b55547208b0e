//! What the call behind a refusal would get now, and what would cure it.
//!
//! Only what the refusal is about is asked: the origin alone, or with it the method or the headers at fault, so that a fix
//! adds nothing else. Where the endpoint only reports it is asked as if it enforced.

use std::collections::HashMap;
use std::sync::Arc;

use drawbridge_policy::cors::{CorsConfig, CorsPolicy, Enforcement, OriginHeader, Refusal};
use drawbridge_policy::explain::{AskedKey, PageRequest, Question, Verdict, explain};
use drawbridge_policy::issue::Problems;
use drawbridge_policy::key::Scope;
use drawbridge_policy::key_config::KeyConfig;
use drawbridge_policy::refusals::{Kind, SeenOrigin};
use drawbridge_store::{EndpointRow, KeyRow, ProjectRow, RefusalRow};
use serde_json::Value;
use url::Url;

use crate::call::Call;
use crate::fixes::fix_document;
use crate::problem::Problem;

/// What there is to say; nothing where the call cannot be asked about.
#[derive(Debug, Default)]
pub(super) struct Cure {
    /// What the same call would get now.
    pub(super) verdict: Option<Verdict>,
    /// What stands in its way.
    pub(super) cause: Option<String>,
    /// What would let it through.
    pub(super) fixes: Vec<Value>,
}

/// The endpoints of one list, each read once.
#[derive(Default)]
pub(super) struct Subjects(HashMap<Box<str>, Option<Arc<Subject>>>);

/// An endpoint as it is stored.
struct Subject {
    project: ProjectRow,
    endpoint: EndpointRow,
    config: CorsConfig,
    /// The policy as if it were enforced, where it only reports.
    strict: Option<CorsPolicy>,
}

impl Subjects {
    pub(super) async fn cure(&mut self, call: &Call, row: &RefusalRow) -> Result<Cure, Problem> {
        let Some(kind) = &row.kind else {
            return Ok(Cure::default());
        };
        let path = &row.place.endpoint;
        let subject = match self.0.get(path) {
            Some(known) => known.clone(),
            None => {
                let found = Subject::find(call, path).await?.map(Arc::new);
                self.0.insert(path.clone(), found.clone());
                found
            }
        };
        match subject {
            Some(subject) => subject.cure(call, path, kind).await,
            None => Ok(Cure::default()),
        }
    }
}

impl Subject {
    /// `None` on the shared URL, and where the endpoint is gone.
    async fn find(call: &Call, path: &str) -> Result<Option<Self>, Problem> {
        let Some((project_id, name)) = path.split_once('/') else {
            return Ok(None);
        };
        let project = call.store().project(project_id).await?;
        let endpoint = call.store().endpoint(project_id, name).await?;
        let (Some(project), Some(endpoint)) = (project, endpoint) else {
            return Ok(None);
        };
        let config = match endpoint.document.get("cors") {
            Some(cors) => CorsConfig::read(cors, "", &mut Problems::new()),
            None => CorsConfig::default(),
        };
        let strict = (config.enforcement == Enforcement::Report).then(|| {
            let enforced = CorsConfig {
                enforcement: Enforcement::Server,
                ..config.clone()
            };
            Some(enforced.compile("").ok()?.0)
        });
        Ok(Some(Self {
            project,
            endpoint,
            config,
            strict: strict.flatten(),
        }))
    }

    async fn cure(&self, call: &Call, path: &str, kind: &Kind) -> Result<Cure, Problem> {
        let Some(request) = self.request(path, kind) else {
            return Ok(Cure::default());
        };
        let key = match (kind.reason, &kind.name) {
            (Refusal::KeyOriginNotAllowed, Some(id)) => call.store().key(id).await?,
            _ => None,
        };
        let snapshot = call.live().load();
        let live_key = key.as_ref().and_then(|row| snapshot.key(&row.id));
        let Some(endpoint) = snapshot.endpoint(path) else {
            return Ok(Cure::default());
        };
        if kind.reason == Refusal::KeyOriginNotAllowed && live_key.is_none() {
            return Ok(Cure::default());
        }
        let listed = key
            .as_ref()
            .and_then(|row| KeyConfig::read(&row.document).ok());
        let listed = listed.and_then(|config| config.allowed_origins);
        let origin = OriginHeader::One(request.origin.as_bytes());
        let policy = self.strict.as_ref().filter(|_| kind.is_reported);
        let found = explain(&Question {
            config: &self.config,
            policy: policy.unwrap_or(&endpoint.cors),
            grant: snapshot.keys_at(call.now()).grant(endpoint, origin),
            key: live_key.map(|key| AskedKey {
                key,
                allowed_origins: listed.as_deref(),
            }),
            request: &request,
            is_same_origin: false,
            is_url_known: false,
        });
        let causes: Vec<_> = found.causes.iter().map(ToString::to_string).collect();
        Ok(Cure {
            verdict: Some(found.verdict),
            cause: (!causes.is_empty()).then(|| causes.join("; ")),
            fixes: match key.is_none() || call.has_scope(Scope::KeysRead) {
                true => self.documents(&found.fixes, key.as_ref()),
                // A fix tells what the key lists.
                false => Vec::new(),
            },
        })
    }

    fn documents(
        &self,
        fixes: &[drawbridge_policy::explain::Fix],
        key: Option<&KeyRow>,
    ) -> Vec<Value> {
        let document = |fix| fix_document(fix, &self.project, &self.endpoint, key);
        fixes.iter().map(document).collect()
    }

    /// The call that the refusal is about; `None` where too little of it is known.
    fn request(&self, path: &str, kind: &Kind) -> Option<PageRequest> {
        let SeenOrigin::Text(origin) = &kind.origin else {
            return None;
        };
        let method = match kind.reason {
            Refusal::MethodNotAllowed => kind.name.as_deref()?,
            Refusal::HeadersTooLarge => return None,
            _ => self.listed_method(),
        };
        // Only shown to nobody; over https, as no page may call anything else from everywhere.
        let url = Url::parse(&format!(
            "https://gateway.invalid/{path}/v1/chat/completions"
        ))
        .ok()?;
        let mut request = PageRequest::new(&**origin, url, method);
        if kind.reason == Refusal::HeaderNotAllowed {
            // A value with which no name is safelisted (Fetch, "CORS-safelisted request-header").
            kind.name.as_ref()?;
            let header = |name: &str| (name.to_owned(), "\"".to_owned());
            request.headers.extend(kind.names().map(header));
        }
        Some(request)
    }

    /// A method that cannot be what is wrong.
    fn listed_method(&self) -> &str {
        let methods = &self.config.allowed_methods;
        let is_any = |method: &String| ["GET", "*"].contains(&&**method);
        match methods.iter().find(|method| *method != "OPTIONS") {
            Some(first) if !methods.iter().any(is_any) => first,
            _ => "GET",
        }
    }
}
