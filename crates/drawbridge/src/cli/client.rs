//! A small HTTP/1.1 client for the management API: one connection, one request, one answer.
//!
//! Follows no redirect and uses no proxy: a key must go to the gateway that was named and nowhere else.

use std::time::Duration;

use bytes::Bytes;
use drawbridge_policy::endpoint::Secret;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HOST, HeaderValue, IF_MATCH};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::address::Address;
use super::failure::{Failure, Refusal};
use super::tls;

const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(60);
const LONGEST_ANSWER: usize = 64 << 20;

/// A gateway, and the key to speak to it with.
pub(crate) struct Client {
    address: Address,
    key: Option<Secret>,
}

/// One request of the management API.
pub(crate) struct Call {
    /// What it is for, as in `cannot {action}: …`.
    pub(crate) action: String,
    pub(crate) method: Method,
    /// Path and query, encoded.
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    pub(crate) if_match: Option<String>,
}

/// The gateway's answer, a success.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The body as it came; empty for 204.
    pub(crate) text: String,
    /// The same, read; null for 204.
    pub(crate) value: Value,
    pub(crate) etag: Option<String>,
}

impl Call {
    pub(crate) fn new(action: impl Into<String>, method: Method, path: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            method,
            path: path.into(),
            body: None,
            if_match: None,
        }
    }

    pub(crate) fn body(mut self, body: impl Into<Value>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Only if the resource still has this `ETag` (RFC 9110 section 13.1.1).
    pub(crate) fn if_match(mut self, etag: Option<String>) -> Self {
        self.if_match = etag;
        self
    }
}

impl Client {
    /// A client of the gateway at `url`; nothing is sent yet.
    ///
    /// # Errors
    /// [`Failure::Usage`] when `url` is more or less than scheme, host and port.
    pub(crate) fn new(url: &str, key: Option<Secret>) -> Result<Self, Failure> {
        let address = Address::parse(url)?;
        Ok(Self { address, key })
    }

    /// Sends one request and reads the whole answer.
    ///
    /// # Errors
    /// Everything but an answer of 2xx.
    pub(crate) async fn send(&self, call: Call) -> Result<Answer, Failure> {
        let request = self.request(&call)?;
        let address = &self.address;
        let connecting = TcpStream::connect((&*address.host, address.port));
        let stream = match timeout(CONNECT, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(self.unreachable(error.to_string())),
            Err(_) => return Err(self.unreachable(format!("no connection in {CONNECT:?}"))),
        };
        let response = if address.is_https {
            match timeout(CONNECT, tls::connect(stream, &address.host)).await {
                Ok(Ok(stream)) => self.exchange(stream, request).await,
                Ok(Err(error)) => return Err(self.unreachable(format!("{error:#}"))),
                Err(_) => return Err(self.unreachable(format!("no TLS handshake in {CONNECT:?}"))),
            }
        } else {
            self.exchange(stream, request).await
        };
        self.read(call.action, response?)
    }

    fn request(&self, call: &Call) -> Result<Request<Full<Bytes>>, Failure> {
        let mut request = Request::builder()
            .method(&call.method)
            .uri(&call.path)
            .header(HOST, &self.address.authority)
            .header(ACCEPT, "application/json");
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, bearer(key)?);
        }
        if let Some(etag) = &call.if_match {
            request = request.header(IF_MATCH, etag);
        }
        if call.body.is_some() {
            let media_type = match call.method {
                Method::PATCH => "application/merge-patch+json",
                _ => "application/json",
            };
            request = request.header(CONTENT_TYPE, media_type);
        }
        let body = call.body.as_ref().map(Value::to_string).unwrap_or_default();
        request
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| Failure::Usage(format!("cannot ask for {}: {error}", call.path)))
    }

    /// Sends the request over an open connection; from here on it may have had its effect, whatever comes back.
    async fn exchange(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, Failure> {
        let exchange = async {
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            let (head, body) = sender.send_request(request).await?.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await;
            let body = body.map_err(anyhow::Error::from_boxed)?;
            anyhow::Ok(Response::from_parts(head, body.to_bytes()))
        };
        let cause = match timeout(ANSWER, exchange).await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => format!("nothing came for {ANSWER:?}"),
        };
        let url = self.address.url.clone();
        Err(Failure::BrokenOff { url, cause })
    }

    fn read(&self, action: String, response: Response<Bytes>) -> Result<Answer, Failure> {
        let (head, body) = response.into_parts();
        let text = String::from_utf8_lossy(&body).into_owned();
        let value = match head.status {
            StatusCode::NO_CONTENT => Value::Null,
            status => serde_json::from_slice(&body)
                .ok()
                .filter(Value::is_object)
                .ok_or_else(|| Failure::NotAGateway {
                    url: self.address.url.clone(),
                    found: format!("it sent {status} without a JSON document"),
                })?,
        };
        if !head.status.is_success() {
            return Err(Failure::Refused(Box::new(Refusal {
                action,
                status: head.status,
                body: text,
                problem: value,
            })));
        }
        let etag = head.headers.get(ETAG).and_then(|etag| etag.to_str().ok());
        Ok(Answer {
            text,
            value,
            etag: etag.map(str::to_owned),
        })
    }

    fn unreachable(&self, cause: String) -> Failure {
        let url = self.address.url.clone();
        Failure::Unreachable { url, cause }
    }
}

fn bearer(key: &Secret) -> Result<HeaderValue, Failure> {
    let value = HeaderValue::from_str(&format!("Bearer {}", key.expose()));
    let mut value = value.map_err(|_| {
        Failure::Usage("the key has characters that no header line can carry".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_port_is_unreachable_and_names_the_cure() {
        // Bound, but not listening: nobody else can take the port meanwhile.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let closed = socket.local_addr().unwrap();
        let client = Client::new(&format!("http://{closed}"), None).unwrap();
        let failure = client
            .send(Call::new("list projects", Method::GET, "/v1/projects"))
            .await
            .unwrap_err();
        assert!(matches!(failure, Failure::Unreachable { .. }), "{failure}");
        assert!(
            failure.to_string().contains("drawbridge serve"),
            "{failure}"
        );
    }
}
