//! The real server with a project, its keys, and an endpoint for each policy.

use std::collections::HashMap;
use std::net::SocketAddr;

use drawbridge_conformance::{Case, Fault, Key};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::process::{ROOT_KEY, Running, drawbridge};
use crate::upstream::Upstream;
use crate::wire::{Received, exchange};

pub(crate) const PROJECT: &str = "conformance";

/// A gateway that runs until it is dropped.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    pub(crate) project: String,
    pub(crate) publishable: String,
    pub(crate) secret: String,
    pub(crate) elsewhere: String,
    spent: String,
    pub(crate) upstream: Upstream,
    endpoints: HashMap<String, String>,
    /// Tokens of keys that restrict themselves, by endpoint and name.
    own_keys: HashMap<(String, String), String>,
    _server: Running,
    _data: TempDir,
}

impl Gateway {
    pub(crate) fn start(public_url: Option<&str>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut command = drawbridge(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
        command.arg(data.path());
        if let Some(url) = public_url {
            command.args(["--public-url", url]);
        }
        let server = Running::start(&mut command);
        let url = server
            .first_line
            .strip_prefix("drawbridge listening on http://");
        let address = url
            .unwrap_or_else(|| panic!("{}", server.first_line))
            .parse()
            .unwrap();
        let mut gateway = Self {
            address,
            project: String::new(),
            publishable: String::new(),
            secret: String::new(),
            elsewhere: String::new(),
            spent: String::new(),
            upstream: Upstream::start(),
            endpoints: HashMap::new(),
            own_keys: HashMap::new(),
            _server: server,
            _data: data,
        };
        let project = gateway.create(
            "/v1/projects",
            &json!({"slug": PROJECT, "name": "Conformance"}),
        );
        gateway.project = text(&project["id"]);
        gateway.create_endpoint(
            "elsewhere",
            Map::new(),
            &Value::Null,
            gateway.upstream.address,
        );
        gateway.publishable = gateway.create_key("publishable", json!({}));
        gateway.secret = gateway.create_key("secret", json!({}));
        gateway.elsewhere = gateway.create_key("publishable", json!({"endpoints": ["elsewhere"]}));
        gateway.spent = gateway.create_spent_key();
        gateway
    }

    /// The endpoint that a case needs; cases with the same needs share one.
    pub(crate) fn endpoint(&mut self, case: &Case) -> String {
        let refuses = case.upstream.fault == Some(Fault::Refuses);
        let needs = json!([case.policy, case.endpoint, refuses, case.keys]).to_string();
        if let Some(name) = self.endpoints.get(&needs) {
            return name.clone();
        }
        let name = format!("case-{}", self.endpoints.len());
        let address = if refuses {
            self.upstream.refusing
        } else {
            self.upstream.address
        };
        let cors = Value::Object(case.policy.clone());
        self.create_endpoint(&name, case.endpoint.clone(), &cors, address);
        for (key, own) in &case.keys {
            let restrictions = json!({"endpoints": [name], "allowed_origins": own.allowed_origins});
            let token = self.create_key("publishable", restrictions);
            self.own_keys.insert((name.clone(), key.clone()), token);
        }
        self.endpoints.insert(needs, name.clone());
        name
    }

    /// The token that a case for an endpoint sends by itself.
    pub(crate) fn token(&self, key: &Key, endpoint: &str) -> Option<&str> {
        match key {
            Key::None => None,
            Key::Publishable => Some(&self.publishable),
            Key::Secret => Some(&self.secret),
            Key::Elsewhere => Some(&self.elsewhere),
            Key::Spent => Some(&self.spent),
            Key::Root => Some(ROOT_KEY),
            Key::Own(name) => Some(&self.own_keys[&(endpoint.to_owned(), name.clone())]),
        }
    }

    /// Calls the management API with the root key.
    pub(crate) fn manage(&self, method: &str, path: &str, body: &Value) -> Received {
        exchange(self.address, method, path, ROOT_KEY, body)
    }

    fn create_endpoint(
        &self,
        name: &str,
        mut document: Map<String, Value>,
        cors: &Value,
        upstream: SocketAddr,
    ) {
        document.insert("name".to_owned(), name.into());
        document.insert(
            "upstream".to_owned(),
            json!({"base_url": format!("http://{upstream}/v1")}),
        );
        if !cors.is_null() {
            document.insert("cors".to_owned(), cors.clone());
        }
        self.create(&endpoints_path(), &Value::Object(document));
    }

    fn create_key(&self, kind: &str, mut key: Value) -> String {
        for (name, value) in [("project", PROJECT), ("name", kind), ("kind", kind)] {
            key[name] = value.into();
        }
        text(&self.create("/v1/api-keys", &key)["token"])
    }

    fn create_spent_key(&self) -> String {
        let limit = json!({"requests": 1, "per_seconds": 86_400});
        let token = self.create_key("publishable", json!({"rate_limit": limit}));
        let models = exchange(self.address, "GET", "/v1/models", &token, &Value::Null);
        assert_eq!(models.status, 200);
        token
    }

    fn create(&self, path: &str, body: &Value) -> Value {
        let received = self.manage("POST", path, body);
        let answer = received.json();
        assert_eq!(received.status, 201, "{body} was answered with {answer}");
        answer
    }
}

/// Where endpoints are created and listed.
pub(crate) fn endpoints_path() -> String {
    format!("/v1/projects/{PROJECT}/endpoints")
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}
