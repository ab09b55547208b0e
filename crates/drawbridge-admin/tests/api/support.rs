//! A gateway's management API, and the actors who call it.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use drawbridge_admin::{
    AdminState, ClientAddress, Dashboard, MetricsSource, Node, Outcome, RequestId, Setting,
    Settings, compile, router,
};
use drawbridge_policy::cors::{CorsPolicy, Preflight, PreflightAnswer};
use drawbridge_policy::own_origins::OwnOrigins;
use drawbridge_policy::snapshot::{Live, Snapshot};
use drawbridge_policy::token::TokenDigest;
use drawbridge_policy::traffic::Load;
use drawbridge_policy::upstream::Destinations;
use drawbridge_store::{AuditEntry, AuditRow, MasterKey, Page, Store};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::document;

pub(crate) const ROOT: &str = "root-key-of-at-least-thirty-two-characters";
/// What management of these tests is reached under.
pub(crate) const HOST: &str = "127.0.0.1:8080";
/// What the gateway takes for an address of its machine, besides loopback.
pub(crate) const OWN_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

thread_local! {
    /// How far the clock of this test, which runs on one thread, is ahead.
    static AHEAD: Cell<SignedDuration> = const { Cell::new(SignedDuration::ZERO) };
    /// What is under way.
    static LOAD: Cell<Load> = const {
        Cell::new(Load {
            open_connections: 0,
            open_streams: 0,
            is_draining: false,
        })
    };
}

/// 21 November 2026, plus what the test let pass.
pub(crate) fn now() -> Timestamp {
    let start: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
    start + AHEAD.get()
}

/// Lets time pass.
pub(crate) fn pass(time: SignedDuration) {
    AHEAD.set(AHEAD.get() + time);
}

/// A gateway without a data plane.
pub(crate) struct Gateway {
    router: Router,
    /// What the router works with.
    pub(crate) state: AdminState,
    pub(crate) live: Arc<Live>,
    pub(crate) store: Store,
    /// Whether answers are held against the OpenAPI document: not about rows that this release would never have stored.
    pub(crate) is_documented: bool,
    directory: TempDir,
}

/// Somebody with a key.
pub(crate) struct Actor<'g> {
    gateway: &'g Gateway,
    token: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Null where there is none.
    pub(crate) body: Value,
    pub(crate) outcome: Outcome,
}

impl Gateway {
    /// An empty gateway on a loopback listener.
    pub(crate) async fn start() -> Self {
        Self::start_as(OwnOrigins::new(None, HOST.parse().unwrap(), false)).await
    }

    pub(crate) async fn start_as(own_origins: OwnOrigins) -> Self {
        Self::start_on(HOST.parse().unwrap(), own_origins).await
    }

    /// An empty gateway on a listener of its own.
    pub(crate) async fn start_on(listener: SocketAddr, own_origins: OwnOrigins) -> Self {
        let directory = TempDir::new().unwrap();
        let store = Store::open(directory.path(), master_key()).await.unwrap();
        let live = Arc::new(Live::new(Snapshot::new(TokenDigest::of(ROOT.as_bytes()))));
        let origin = own_origins.first().map(str::to_owned);
        let state = AdminState {
            store: store.clone(),
            live: Arc::clone(&live),
            clock: now,
            own_origins,
            key_uses: Arc::default(),
            refusals: Arc::default(),
            traffic: Arc::default(),
            destinations: Arc::new(Destinations::new(
                [listener],
                |ip| ip == OWN_ADDRESS,
                None::<[_; 0]>,
            )),
            metrics: MetricsSource::new(listener, || "# EOF\n".to_owned()),
            node: Arc::new(node(listener, origin)),
            settings: Arc::new(settings()),
            sign_in_codes: Arc::default(),
            dashboard: Dashboard::of(|_| None),
        };
        Self {
            router: router(state.clone()),
            state,
            live,
            store,
            is_documented: true,
            directory,
        }
    }

    /// A gateway with the projects `alpha` and `beta`, each with the endpoints `one` and `two`.
    pub(crate) async fn furnished() -> Self {
        let gateway = Self::start().await;
        for slug in ["alpha", "beta"] {
            let project = json!({"slug": slug, "id": format!("proj_{slug}00")});
            gateway.root().post("/v1/projects", project).await.must(201);
            for name in ["one", "two"] {
                let path = format!("/v1/projects/{slug}/endpoints");
                gateway.root().post(&path, endpoint(name)).await.must(201);
            }
        }
        gateway
    }

    /// The same gateway after a restart that changed what it works with.
    pub(crate) fn with(self, state: AdminState) -> Self {
        Self {
            router: router(state.clone()),
            live: Arc::clone(&state.live),
            state,
            ..self
        }
    }

    pub(crate) fn root(&self) -> Actor<'_> {
        self.actor(ROOT)
    }

    /// The holder of a token.
    pub(crate) fn actor(&self, token: &str) -> Actor<'_> {
        Actor {
            gateway: self,
            token: token.to_owned(),
        }
    }

    /// Creates a key, made by root from `document`; returns the resource, `token` included.
    pub(crate) async fn key(&self, document: Value) -> Value {
        self.root()
            .post("/v1/api-keys", document)
            .await
            .must(201)
            .body
    }

    /// The holder of a new secret key of the project `alpha` with these scopes.
    pub(crate) async fn manager(&self, scopes: &[&str]) -> Actor<'_> {
        let key = json!({"project": "alpha", "kind": "secret", "scopes": scopes});
        let key = self.key(key).await;
        self.actor(key["token"].as_str().unwrap())
    }

    /// The paths of all its routes, by what axum prints of them.
    pub(crate) fn paths(&self) -> BTreeSet<String> {
        let printed = format!("{:?}", self.router);
        let (_, paths) = printed.split_once("node: Node { paths: {").unwrap();
        let (paths, _) = paths.split_once("} }").unwrap();
        let quoted = paths.split('"').skip(1).step_by(2);
        quoted.map(str::to_owned).collect()
    }

    pub(crate) fn data_dir(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let extensions = request.extensions_mut();
        extensions.insert(RequestId("req_test".to_owned()));
        extensions.insert(ClientAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (mut parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = match bytes.is_empty() {
            true => Value::Null,
            false if !is_json(&parts.headers) => Value::from(&*String::from_utf8_lossy(&bytes)),
            false => serde_json::from_slice(&bytes).unwrap(),
        };
        let answer = Answer {
            status: parts.status,
            outcome: parts
                .extensions
                .remove()
                .expect("every answer has an outcome"),
            headers: parts.headers,
            body,
        };
        answer.check_form();
        if self.is_documented {
            document::check(&method, &path, &answer);
        }
        answer
    }

    /// The last row of the audit log.
    pub(crate) async fn last_audit(&self) -> AuditRow {
        let page = Page {
            limit: 1000,
            after: None,
        };
        self.store.audit(&page).await.unwrap().rows.pop().unwrap()
    }

    /// What the last row of the audit log says of the change.
    pub(crate) async fn last_change(&self) -> Value {
        serde_json::from_str(&self.last_audit().await.change).unwrap()
    }

    /// What a restart would make of the store is what requests obey now.
    pub(crate) async fn assert_live_is_stored(&self) {
        let configuration = self.store.load().await.unwrap();
        let compiled = compile(&configuration);
        assert!(compiled.unusable.is_empty(), "{:?}", compiled.unusable);
        let empty = Snapshot::new(TokenDigest::of(ROOT.as_bytes()));
        let fresh = empty.apply(configuration.revision, compiled.changes);
        let live = self.live.load();
        assert_eq!(live.revision(), fresh.revision());
        for row in &configuration.keys {
            // Nothing was used of either.
            let (live, fresh) = (live.key(&row.id).unwrap(), fresh.key(&row.id).unwrap());
            assert_eq!(format!("{live:?}"), format!("{fresh:?}"));
        }
        for row in &configuration.projects {
            assert_eq!(live.project(&row.id), fresh.project(&row.id));
        }
        for row in &configuration.endpoints {
            let path = format!("{}/{}", row.project_id, row.name);
            let (live, fresh) = (
                live.endpoint(&path).unwrap(),
                fresh.endpoint(&path).unwrap(),
            );
            assert_eq!(
                (&live.models, &live.upstream),
                (&fresh.models, &fresh.upstream)
            );
            assert_eq!(
                (&live.credential, &live.limits),
                (&fresh.credential, &fresh.limits)
            );
            assert_eq!(answers(&live.cors), answers(&fresh.cors));
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get("content-type");
    media_type.is_some_and(|media_type| media_type.as_bytes().ends_with(b"json"))
}

impl Actor<'_> {
    /// A request that the caller may still change.
    pub(crate) fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", HOST)
            .header("authorization", format!("Bearer {}", self.token))
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(body.to_string().into()),
            None => request.body(Body::empty()),
        };
        self.gateway.send(request.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn patch_if(&self, etag: &str, path: &str, body: Value) -> Answer {
        let request = self.request(Method::PATCH, path).header("if-match", etag);
        let request = request.header("content-type", "application/merge-patch+json");
        self.gateway
            .send(request.body(body.to_string().into()).unwrap())
            .await
    }
}

impl Answer {
    /// The same answer, which has this status.
    #[track_caller]
    pub(crate) fn must(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    /// The same answer, which is a problem of this status and code.
    #[track_caller]
    pub(crate) fn must_be(self, status: u16, code: &str) -> Self {
        assert_eq!(
            (self.status.as_u16(), self.code()),
            (status, code),
            "{self:#?}"
        );
        self
    }

    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Pointer and code of every entry of `errors`.
    pub(crate) fn errors(&self) -> Vec<(&str, &str)> {
        let errors = self.body["errors"]
            .as_array()
            .expect("a problem has errors");
        errors
            .iter()
            .map(|error| {
                (
                    error["pointer"].as_str().unwrap(),
                    error["code"].as_str().unwrap(),
                )
            })
            .collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn etag(&self) -> &str {
        self.header("etag").expect("a resource has an ETag")
    }

    /// What holds for every answer of the management API.
    fn check_form(&self) {
        assert_eq!(self.header("x-request-id"), Some("req_test"));
        for name in self.headers.keys() {
            assert!(!name.as_str().starts_with("access-control-"), "{name}");
        }
        if !self.status.is_client_error() && !self.status.is_server_error() {
            assert_eq!(self.outcome.code, None);
            return;
        }
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(self.header("cache-control"), Some("no-store"));
        let members: Vec<_> = self
            .body
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let expected = [
            "type",
            "title",
            "status",
            "detail",
            "code",
            "request_id",
            "errors",
        ];
        assert_eq!(members, expected);
        assert_eq!(self.body["status"], self.status.as_u16());
        assert_eq!(self.body["type"], format!("/errors#{}", self.code()));
        assert_eq!(self.body["request_id"], "req_test");
        assert_eq!(self.outcome.code, Some(self.code()));
        for error in self.body["errors"].as_array().unwrap() {
            assert!(
                error["detail"]
                    .as_str()
                    .is_some_and(|detail| !detail.is_empty())
            );
        }
    }
}

/// What a policy answers to the origins of these tests.
fn answers(policy: &CorsPolicy) -> Vec<PreflightAnswer> {
    let ask = |origin: &'static str| {
        let origin = origin.as_bytes();
        policy.preflight(&Preflight {
            origin,
            method: b"POST",
            header_lines: std::iter::empty(),
        })
    };
    ["https://a.example", "https://evil.example"]
        .map(ask)
        .into()
}

/// What the audit log says of a write that a test makes itself.
pub(crate) fn audit() -> AuditEntry {
    AuditEntry {
        at: now(),
        actor: "root".to_owned(),
        action: "test".to_owned(),
        project_id: None,
        target: "test".to_owned(),
        client_ip: None,
        request_id: "req_test".to_owned(),
        change: json!({}),
    }
}

/// What such a gateway says of itself.
pub(crate) fn node(address: SocketAddr, origin: Option<String>) -> Node {
    Node {
        id: "node_0123456789ab".to_owned(),
        name: "machine".to_owned(),
        started_at: now(),
        address,
        admin_address: None,
        is_https: false,
        origin,
        cores: 2,
        load: Box::new(|| LOAD.get()),
    }
}

fn settings() -> Settings {
    Settings {
        config_file: None,
        settings: vec![Setting {
            name: "listen",
            value: json!(HOST),
            source: "default",
            summary: "Where clients connect",
        }],
    }
}

/// Changes what is under way on the gateways of this test.
pub(crate) fn load(load: Load) {
    LOAD.set(load);
}

pub(crate) fn master_key() -> MasterKey {
    MasterKey::from_secret("a master key of at least thirty-two characters")
}

/// A small endpoint of that name.
pub(crate) fn endpoint(name: &str) -> Value {
    json!({"name": name, "upstream": {"base_url": "http://127.0.0.1:18080/v1"}})
}
