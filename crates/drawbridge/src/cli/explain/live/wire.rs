//! One request to any server, and the head of its answer, line by line as it came.
//!
//! Follows nothing, keeps no connection, uses no proxy and adds no key: what is sent is what the caller names. Answers
//! are bounded in time and size, and bodies are only read where they are asked for.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use drawbridge_policy::explain::{Answer, NetworkError};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use url::{Host, Position, Url};

use super::reach::Reach;
use crate::cli::tls;

const CONNECT: Duration = Duration::from_secs(5);
const BODY: Duration = Duration::from_secs(10);

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) method: String,
    pub(super) url: Url,
    /// Without `Host`.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) answer: Answer,
    /// The address that answered.
    pub(super) from: SocketAddr,
    /// Its beginning, as far as it was asked for.
    pub(super) body: Vec<u8>,
}

/// Why nothing did.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreached {
    /// It was not asked: its address is out of reach.
    #[error("{host} is in a private network ({address})")]
    Private { host: String, address: IpAddr },
    #[error("{sentence}")]
    Network {
        error: NetworkError,
        sentence: String,
    },
}

fn network(error: NetworkError, sentence: String) -> Unreached {
    Unreached::Network { error, sentence }
}

/// Sends a request and reads the head of the answer, which may take as long as `patience`, and up to `keep` bytes of its
/// body.
pub(super) async fn exchange(
    reach: Reach,
    outgoing: &Outgoing,
    patience: Duration,
    keep: usize,
) -> Result<Received, Unreached> {
    let (stream, from) = connect(reach, &outgoing.url).await?;
    let host = host_of(&outgoing.url);
    let received = if outgoing.url.scheme() == "https" {
        let stream = match timeout(CONNECT, tls::connect(stream, &host)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(cause)) => {
                let sentence = format!("no TLS with {host}: {cause:#}");
                return Err(network(NetworkError::Certificate, sentence));
            }
            Err(_) => {
                let sentence = format!("{host} did not answer the TLS handshake in {CONNECT:?}");
                return Err(network(NetworkError::TimedOut, sentence));
            }
        };
        talk(stream, outgoing, patience, keep).await
    } else {
        talk(stream, outgoing, patience, keep).await
    };
    let (answer, body) = received?;
    Ok(Received { answer, from, body })
}

async fn connect(reach: Reach, url: &Url) -> Result<(TcpStream, SocketAddr), Unreached> {
    let host = host_of(url);
    let port = url.port_or_known_default().unwrap_or(443);
    let timed_out = |what: &str| {
        let sentence = format!("{what} {host} in {CONNECT:?}");
        network(NetworkError::TimedOut, sentence)
    };
    let addresses: Vec<SocketAddr> = match timeout(CONNECT, lookup_host((&*host, port))).await {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(cause)) => {
            let sentence = format!("the name {host} has no address ({cause})");
            return Err(network(NetworkError::Unresolved, sentence));
        }
        Err(_) => return Err(timed_out("no address was found for")),
    };
    let first = addresses.first().map(SocketAddr::ip);
    let addresses = reach.filter(addresses);
    if let (true, Some(address)) = (addresses.is_empty(), first) {
        return Err(Unreached::Private { host, address });
    }
    let connecting = TcpStream::connect(&*addresses);
    let stream = match timeout(CONNECT, connecting).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(cause)) => {
            let (error, what) = match cause.kind() {
                io::ErrorKind::ConnectionRefused => (NetworkError::Refused, "nothing listens at"),
                io::ErrorKind::TimedOut => (NetworkError::TimedOut, "there is no way to"),
                _ => (NetworkError::Closed, "there is no way to"),
            };
            return Err(network(error, format!("{what} {host}:{port} ({cause})")));
        }
        Err(_) => return Err(timed_out("no connection to")),
    };
    let from = stream.peer_addr().map_err(|cause| {
        let sentence = format!("{host} hung up at once ({cause})");
        network(NetworkError::Closed, sentence)
    })?;
    Ok((stream, from))
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    outgoing: &Outgoing,
    patience: Duration,
    keep: usize,
) -> Result<(Answer, Vec<u8>), Unreached> {
    let host = host_of(&outgoing.url);
    let broken = |cause: anyhow::Error| {
        let sentence = format!("{host} sent no usable answer: {cause:#}");
        network(NetworkError::Closed, sentence)
    };
    let request = request(outgoing).map_err(broken)?;
    let exchange = async {
        let builder = http1::Builder::new();
        let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        anyhow::Ok(sender.send_request(request).await?)
    };
    let response = match timeout(patience, exchange).await {
        Ok(response) => response.map_err(broken)?,
        Err(_) => {
            let sentence = format!("{host} did not answer in {patience:?}");
            return Err(network(NetworkError::TimedOut, sentence));
        }
    };
    let (head, body) = response.into_parts();
    let read = read_body(body, keep).await;
    Ok((answer(&Response::from_parts(head, ())), read))
}

fn request(outgoing: &Outgoing) -> anyhow::Result<Request<Full<Bytes>>> {
    let url = &outgoing.url;
    let mut request = Request::builder()
        .method(&*outgoing.method)
        .uri(&url[Position::BeforePath..Position::AfterQuery])
        .header("host", &url[Position::BeforeHost..Position::AfterPort]);
    for (name, value) in &outgoing.headers {
        request = request.header(name, value);
    }
    Ok(request.body(Full::new(outgoing.body.clone()))?)
}

/// Up to so many bytes; what breaks off or takes too long is as long as it is.
async fn read_body(mut body: Incoming, keep: usize) -> Vec<u8> {
    let until = Instant::now() + BODY;
    let mut read = Vec::new();
    while read.len() < keep {
        let Ok(Some(Ok(frame))) = timeout_at(until, body.frame()).await else {
            break;
        };
        if let Some(data) = frame.data_ref() {
            let room = keep.saturating_sub(read.len());
            read.extend(data.iter().take(room));
        }
    }
    read
}

/// Bytes become characters one by one, as in browsers (Infra, "isomorphic decode").
fn answer(response: &Response<()>) -> Answer {
    let mut answer = Answer::new(response.status().as_u16());
    for (name, value) in response.headers() {
        let value: String = value.as_bytes().iter().copied().map(char::from).collect();
        answer = answer.with(name.as_str(), value);
    }
    answer
}

/// A name, or an address without brackets.
fn host_of(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_out_of_reach_gets_no_connection() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
            let outgoing = Outgoing {
                method: "GET".to_owned(),
                url: Url::parse(&format!("http://{host}:{port}/")).unwrap(),
                headers: Vec::new(),
                body: Bytes::new(),
            };
            let reach = Reach::after("127.0.0.2:80".parse().unwrap(), false);
            let refused = exchange(reach, &outgoing, CONNECT, 0).await;
            assert!(
                matches!(refused, Err(Unreached::Private { .. })),
                "{host}: {refused:?}"
            );
        }
        let nobody = listener.accept().unwrap_err();
        assert_eq!(nobody.kind(), io::ErrorKind::WouldBlock);
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_is_waited_for_as_long_as_it_is_told() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let outgoing = Outgoing {
            method: "GET".to_owned(),
            url: Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap(),
            headers: Vec::new(),
            body: Bytes::new(),
        };
        let silent = exchange(Reach::Anywhere, &outgoing, Duration::from_millis(20), 0).await;
        let Err(Unreached::Network { error, sentence }) = silent else {
            panic!("{silent:?}");
        };
        assert_eq!(error, NetworkError::TimedOut);
        assert_eq!(sentence, "127.0.0.1 did not answer in 20ms");
    }
}
