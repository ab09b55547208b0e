//! Sets the demo up through the management API, as any client would.

use std::net::SocketAddr;

use anyhow::Context;
use drawbridge_policy::endpoint::Secret;
use http::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::upstream::MODEL;
use crate::cli::client::{Call, Client};

/// How long the sign-in link is good, in seconds.
const A_DAY: u32 = 86_400;
/// The names of the demo's project and endpoint.
const NAME: &str = "demo";

/// What the demo consists of, once it is set up.
pub(super) struct Demo {
    /// The gateway's URL.
    pub(super) gateway: String,
    /// The endpoint's URL, up to `/v1`.
    pub(super) endpoint: String,
    /// The page on the origin that may call.
    pub(super) page: String,
    /// The page on the origin that may not.
    pub(super) blocked: String,
    /// A key that stands in the pages' source.
    pub(super) publishable_key: String,
    /// A key that may change the endpoint.
    pub(super) secret_key: String,
    /// What signs a browser in to the dashboard, once.
    pub(super) sign_in: String,
    /// A key that may do everything, for as long as the demo runs.
    pub(super) root_key: Secret,
}

/// Where the parts of the demo listen.
pub(super) struct Addresses {
    pub(super) gateway: SocketAddr,
    pub(super) page: SocketAddr,
    pub(super) blocked: SocketAddr,
    pub(super) upstream: SocketAddr,
}

impl Demo {
    /// Creates project, endpoint and keys.
    ///
    /// # Errors
    /// When the gateway refuses.
    pub(super) async fn create(
        addresses: &Addresses,
        root_key: Secret,
        upstream_credential: &str,
    ) -> anyhow::Result<Self> {
        let gateway = format!("http://{}", addresses.gateway);
        let page = format!("http://{}", addresses.page);
        let client = Client::new(&gateway, Some(root_key.clone()))?;

        let project = json!({"slug": NAME, "name": "Demo"});
        create(&client, "/v1/projects".to_owned(), project).await?;
        let endpoint = json!({
            "name": NAME,
            "models": [MODEL],
            "upstream": {
                "base_url": format!("http://{}/v1", addresses.upstream),
                "credential": upstream_credential,
            },
            "cors": {
                "allowedOrigins": [page],
                "allowedHeaders": ["Content-Type", "Authorization", "@openai"],
            },
        });
        let endpoint = create(&client, format!("/v1/projects/{NAME}/endpoints"), endpoint).await?;
        let publishable = json!({
            "project": NAME, "name": "demo page", "kind": "publishable", "mode": "test", "endpoints": [NAME],
        });
        let publishable = create(&client, "/v1/api-keys".to_owned(), publishable).await?;
        let secret = json!({
            "project": NAME, "name": "demo operator", "kind": "secret", "mode": "test",
            "scopes": ["inference", "endpoints:read", "endpoints:write"],
        });
        let secret = create(&client, "/v1/api-keys".to_owned(), secret).await?;
        let link = json!({"expires_in_seconds": A_DAY});
        let link = create(&client, "/dashboard/api/sign-in-links".to_owned(), link).await?;
        let blocked = format!("http://{}", addresses.blocked);
        be_refused(addresses.gateway, &member(&endpoint, "url")?, &blocked).await?;
        Ok(Self {
            sign_in: member(&link, "url")?,
            root_key,
            endpoint: format!("{gateway}{}", member(&endpoint, "url")?),
            publishable_key: member(&publishable, "token")?,
            secret_key: member(&secret, "token")?,
            blocked,
            gateway,
            page,
        })
    }

    /// The command that lets the blocked page in.
    pub(super) fn cure(&self, program: &str) -> String {
        let Self {
            gateway,
            secret_key,
            blocked,
            ..
        } = self;
        format!(
            "DRAWBRIDGE_URL={gateway} \\\n    DRAWBRIDGE_KEY={secret_key} \\\n    \
             {program} endpoint update {NAME} --project {NAME} --add-origin {blocked}"
        )
    }

    /// The command that prints another link to sign in with.
    pub(super) fn another_link(&self, program: &str) -> String {
        format!(
            "DRAWBRIDGE_URL={} \\\n    DRAWBRIDGE_KEY={} \\\n    {program} dashboard",
            self.gateway,
            self.root_key.expose()
        )
    }

    /// The same call from a terminal.
    pub(super) fn curl(&self) -> String {
        let Self {
            endpoint,
            publishable_key,
            ..
        } = self;
        let body = json!({
            "model": MODEL, "stream": true, "messages": [{"role": "user", "content": "Hello"}],
        });
        format!(
            "curl -N {endpoint}/chat/completions \\\n    -H 'Authorization: Bearer {publishable_key}' \\\n    \
             -H 'Content-Type: application/json' \\\n    -d '{body}'"
        )
    }
}

/// Sends what a browser sends before a call of the blocked page, so that the dashboard has a refusal to cure from the
/// start.
async fn be_refused(gateway: SocketAddr, url: &str, origin: &str) -> anyhow::Result<()> {
    let preflight = format!(
        "OPTIONS {url}/chat/completions HTTP/1.1\r\nHost: {gateway}\r\nOrigin: {origin}\r\n\
         Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization,content-type\r\n\
         Connection: close\r\n\r\n"
    );
    let exchange = async {
        let mut stream = TcpStream::connect(gateway).await?;
        stream.write_all(preflight.as_bytes()).await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    exchange.await.context("call the demo's endpoint")?;
    Ok(())
}

async fn create(client: &Client, path: String, body: Value) -> anyhow::Result<Value> {
    let call = Call::new("set the demo up", Method::POST, path).body(body);
    Ok(client.send(call).await?.value)
}

fn member(resource: &Value, name: &str) -> anyhow::Result<String> {
    let text = resource[name].as_str();
    text.map(str::to_owned)
        .with_context(|| format!("the gateway's answer has no `{name}`"))
}
