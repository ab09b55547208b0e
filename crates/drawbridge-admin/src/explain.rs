//! `POST /v1/cors/explain`: would a page's call get through, and if not, why not and what cures it?
//!
//! The judgement is the policy crate's, over what requests obey now; the fixes are for what is stored. It must never
//! write, and never offer to undo by one click what was done on purpose: that a key was revoked, has expired, or may not
//! use the endpoint.

mod question;

use std::sync::Arc;

use axum::response::Response;
use drawbridge_policy::cors::OriginHeader;
use drawbridge_policy::cors_config::CorsConfig;
use drawbridge_policy::denial::Denial;
use drawbridge_policy::endpoint::Endpoint;
use drawbridge_policy::explain::{
    AddressSpace, AskedKey, Code, Explanation, Note, PageRequest, Question as Judged, Recognized,
    Verdict, call_document, explain, line_document, notes_on_line,
};
use drawbridge_policy::issue::Problems;
use drawbridge_policy::key::{ApiKey, KeyKind, Scope, SecretKeysInBrowsers, is_publishable_route};
use drawbridge_policy::key_config::KeyConfig;
use drawbridge_store::{EndpointRow, KeyRow, ProjectRow};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use crate::call::Call;
use crate::fixes::fix_document;
use crate::problem::{Fault, Problem, settled};
use crate::{answer, endpoints, keys, projects};
use question::{PageCall, Question};

pub(crate) use question::{DEFAULT_METHOD, LONGEST_ORIGIN, MOST_HEADERS};

/// `POST /v1/cors/explain`
pub(crate) async fn answer(mut call: Call) -> Result<Response, Problem> {
    call.query()?;
    let body = call.document().await?;
    let question = Question::read(&Value::Object(body), call.key().map(|key| &*key.project_id))?;
    let mut document = match &question.call {
        Some(asked) => judged(&call, asked, question.line.as_ref()).await?,
        None => question.line.as_ref().map_or(Value::Null, line_document),
    };
    if let Some(line) = &question.line {
        document["recognized"] = line.to_value();
    }
    Ok(answer::said(&document))
}

/// What a question is about, as it is stored.
struct Subject {
    project: ProjectRow,
    endpoint: EndpointRow,
    key: Option<KeyRow>,
}

impl Subject {
    /// # Errors
    /// 403 and 404, with the member that names what is not there for the caller.
    async fn find(call: &Call, asked: &PageCall) -> Result<Self, Problem> {
        let project = projects::find(call, &asked.project).await;
        let project = project.map_err(|problem| problem.at("/project"))?;
        endpoints::check_permitted(call, &asked.endpoint)
            .map_err(|problem| problem.at("/endpoint"))?;
        let endpoint = call.store().endpoint(&project.id, &asked.endpoint).await?;
        let endpoint = endpoint.ok_or_else(|| endpoints::not_found().at("/endpoint"))?;
        let key = match &asked.key_id {
            Some(id) => Some(find_key(call, &project, id).await?),
            None => None,
        };
        Ok(Self {
            project,
            endpoint,
            key,
        })
    }

    /// The endpoint's `cors` as given.
    fn cors(&self) -> Result<CorsConfig, Problem> {
        let mut problems = Problems::new();
        let cors = self.endpoint.document.get("cors");
        let config = match cors {
            Some(cors) => CorsConfig::read(cors, "/cors", &mut problems),
            None => CorsConfig::default(),
        };
        settled(Some(config), problems)
    }
}

/// Whoever asks about a key must be able to see it.
async fn find_key(call: &Call, project: &ProjectRow, id: &str) -> Result<KeyRow, Problem> {
    let allowed = call.check_scope(Scope::KeysRead);
    allowed.map_err(|problem| problem.at("/key_id"))?;
    let row = call.store().key(id).await?;
    row.filter(|row| row.project_id == project.id)
        .ok_or_else(|| keys::not_found().at("/key_id"))
}

async fn judged(
    call: &Call,
    asked: &PageCall,
    line: Option<&Recognized>,
) -> Result<Value, Problem> {
    let subject = Subject::find(call, asked).await?;
    let config = subject.cors()?;
    let snapshot = call.live().load();
    let path = format!("{}/{}", subject.project.id, subject.endpoint.name);
    let Some(endpoint) = snapshot.endpoint(&path) else {
        let detail =
            "this release cannot serve the endpoint: its `warnings` say why, when you GET it";
        return Err(Problem::new(Fault::EndpointNotFound, detail).at("/endpoint"));
    };
    let request = asked.request(url(call, &path)?);
    let origin = OriginHeader::One(request.origin.as_bytes());
    let listed = subject
        .key
        .as_ref()
        .and_then(|row| KeyConfig::read(&row.document).ok());
    let listed = listed.and_then(|config| config.allowed_origins);
    let key = subject.key.as_ref().and_then(|row| snapshot.key(&row.id));
    let is_same_origin = call.own_origins().contains(request.origin.as_bytes());
    let mut found = explain(&Judged {
        config: &config,
        policy: &endpoint.cors,
        grant: snapshot.keys_at(call.now()).grant(endpoint, origin),
        key: key.map(|key| AskedKey {
            key,
            allowed_origins: listed.as_deref(),
        }),
        request: &request,
        is_same_origin,
        is_url_known: is_url_known(call, &request.url),
    });
    let refusal = key.and_then(|key| {
        let use_of = UseOfKey {
            key,
            endpoint,
            request: &request,
            is_same_origin,
            in_browsers: snapshot
                .project(&subject.project.id)
                .map(|project| project.secret_keys_in_browsers),
        };
        use_of.denial(&found, call.now())
    });
    let mut document = match refusal {
        Some(denial) => refused_by_key(&request, &mut found, denial),
        None => call_document(&request, &found),
    };
    document["fixes"] = found
        .fixes
        .iter()
        .map(|fix| {
            fix_document(
                fix,
                &subject.project,
                &subject.endpoint,
                subject.key.as_ref(),
            )
        })
        .collect();
    let is_own = |origin: &[u8]| {
        call.own_origins().contains(origin) || call.gateway_origin().as_bytes() == origin
    };
    let notes = line.map(|line| notes_on_line(line, &request, found.verdict, is_own));
    if let Some(all) = document["notes"].as_array_mut() {
        all.extend(notes.iter().flatten().map(Note::to_value));
    }
    Ok(document)
}

/// The URL that such calls mostly have.
fn url(call: &Call, path: &str) -> Result<Url, Problem> {
    let origin = call.gateway_origin();
    let url = Url::parse(&format!("{origin}/{path}/v1/chat/completions"));
    url.map_err(Problem::internal)
}

/// Whether pages call the gateway by that URL for certain: a gateway on loopback may have a proxy in front, and without
/// `public_url` any other is shown by the name that management is called by.
fn is_url_known(call: &Call, url: &Url) -> bool {
    call.node().origin.is_some() && AddressSpace::of(url) != AddressSpace::Loopback
}

/// What makes a key useless for a call whatever the page's origin.
struct UseOfKey<'a> {
    key: &'a ApiKey,
    endpoint: &'a Arc<Endpoint>,
    request: &'a PageRequest,
    is_same_origin: bool,
    in_browsers: Option<SecretKeysInBrowsers>,
}

impl UseOfKey<'_> {
    /// In the order of the gateway's refusals; an address is not known here.
    fn denial(&self, found: &Explanation, now: Timestamp) -> Option<Denial> {
        let Self { key, endpoint, .. } = self;
        let method = self.request.sent_method().as_bytes();
        let has_route = ["chat/completions", "models"]
            .iter()
            .any(|path| is_publishable_route(method, path));
        if key.revoked_at.is_some() {
            Some(Denial::RevokedKey)
        } else if key.expires_at.is_some_and(|end| end <= now) {
            Some(Denial::ExpiredKey)
        } else if !key.allows_endpoint(&endpoint.project.id, &endpoint.name) {
            Some(Denial::EndpointNotPermitted)
        } else if !key.scopes.contains(Scope::Inference) {
            Some(Denial::ScopeMissing)
        } else if key.kind == KeyKind::Publishable && !has_route {
            Some(Denial::RouteNotPermitted)
        } else if found.denial != Some(Denial::OriginNotAllowed) && self.is_refused_as_published() {
            Some(Denial::SecretKeyInBrowser)
        } else {
            None
        }
    }

    fn is_refused_as_published(&self) -> bool {
        self.in_browsers == Some(SecretKeysInBrowsers::Refuse)
            && self.key.is_published_by_pages()
            && !self.is_same_origin
    }
}

/// No change of origins, methods or headers cures this, so none is offered.
fn refused_by_key(request: &PageRequest, found: &mut Explanation, denial: Denial) -> Value {
    found.verdict = Verdict::Blocked;
    found.denial = Some(denial);
    found.actual_answer.status = denial.status();
    found.fixes.clear();
    // What browsers meet on the way comes first.
    if !matches!(found.code, Some(code) if !matches!(code, Code::Refused(_))) {
        found.code = Some(Code::Refused(denial));
    }
    let mut document = call_document(request, found);
    let own = format!("{} {}", denial.message(), denial.hint());
    document["cause"] = match document["cause"].as_str() {
        Some(others) => json!(format!("{own}; {others}")),
        None => json!(own),
    };
    document
}
