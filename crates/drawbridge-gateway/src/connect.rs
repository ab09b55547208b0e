//! Connections to upstreams: resolve, refuse forbidden addresses, connect, and speak TLS where asked to.
//!
//! A name may resolve to another address tomorrow, so every address is judged again right before the connection; what
//! was checked when the endpoint was saved protects nobody. It must never connect to an address it has not judged.

use std::cell::Cell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use drawbridge_policy::upstream::{Destinations, PrivateRoots, Upstream, UpstreamHost};
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The name does not resolve.
    #[error("cannot resolve {host}")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        #[source]
        source: io::Error,
    },
    /// Every address of the host is one that must not be reached through the gateway.
    #[error("{host} leads to {address}, which is {reason}")]
    Forbidden {
        /// The host.
        host: String,
        /// The last address that was refused.
        address: IpAddr,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Nobody accepts the connection.
    #[error("cannot connect to {address}")]
    Connect {
        /// The last address that was tried.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The TLS handshake failed.
    #[error("the TLS handshake with {host} failed")]
    Tls {
        /// The name that the certificate must carry.
        host: String,
        /// What rustls said.
        #[source]
        source: io::Error,
    },
}

/// Makes connections to upstreams.
pub struct Connector {
    /// For upstreams that the system's authorities vouch for.
    tls: Arc<ClientConfig>,
    /// For the others, each with its own memory of sessions, so that none is resumed under another trust.
    private: Mutex<HashMap<Arc<PrivateRoots>, Arc<ClientConfig>>>,
    destinations: Arc<Destinations>,
}

impl Connector {
    /// Connections over TLS are verified against `roots`, but for those of upstreams that have their own; none goes where
    /// `destinations` object.
    ///
    /// # Errors
    /// The provider supports no version of TLS.
    pub fn new(
        provider: Arc<CryptoProvider>,
        roots: RootCertStore,
        destinations: Arc<Destinations>,
    ) -> Result<Self, rustls::Error> {
        Ok(Self {
            tls: client_config(provider, roots)?,
            private: Mutex::default(),
            destinations,
        })
    }

    /// Connects to an upstream; the caller limits the time.
    ///
    /// # Errors
    /// See [`ConnectError`]; all addresses of the host were tried in order.
    pub async fn connect(&self, upstream: &Upstream) -> Result<UpstreamStream, ConnectError> {
        let addresses = resolve(upstream).await?;
        let tcp = self.connect_any(upstream, &addresses).await?;
        if !upstream.is_https() {
            return Ok(UpstreamStream::new(Transport::Plain(tcp)));
        }
        let name = server_name(upstream.host());
        let failed = |source| ConnectError::Tls {
            host: upstream.host().to_string(),
            source,
        };
        let name = name.map_err(|error| failed(io::Error::other(error)))?;
        let config = self.tls_config(upstream.roots());
        let config = config.map_err(|error| failed(io::Error::other(error)))?;
        let connecting = TlsConnector::from(config).connect(name, tcp);
        let tls = connecting.await.map_err(failed)?;
        Ok(UpstreamStream::new(Transport::Tls(Box::new(tls))))
    }

    /// Made once for each set of roots.
    fn tls_config(
        &self,
        roots: Option<&Arc<PrivateRoots>>,
    ) -> Result<Arc<ClientConfig>, rustls::Error> {
        let Some(roots) = roots else {
            return Ok(Arc::clone(&self.tls));
        };
        let mut private = self.private.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = private.get(roots) {
            return Ok(Arc::clone(config));
        }
        // Roots that no endpoint holds any more go.
        private.retain(|roots, _config| Arc::strong_count(roots) > 1);
        let store = RootCertStore {
            roots: roots.anchors().to_vec(),
        };
        let config = client_config(Arc::clone(self.tls.crypto_provider()), store)?;
        private.insert(Arc::clone(roots), Arc::clone(&config));
        Ok(config)
    }

    async fn connect_any(
        &self,
        upstream: &Upstream,
        addresses: &[SocketAddr],
    ) -> Result<TcpStream, ConnectError> {
        let mut failure = None;
        for address in addresses {
            if let Some(reason) = self.destinations.objection(*address) {
                failure.get_or_insert(ConnectError::Forbidden {
                    host: upstream.host().to_string(),
                    address: address.ip(),
                    reason,
                });
                continue;
            }
            match TcpStream::connect(address)
                .await
                .and_then(|tcp| tcp.set_nodelay(true).map(|()| tcp))
            {
                Ok(tcp) => return Ok(tcp),
                Err(source) => {
                    failure = Some(ConnectError::Connect {
                        address: *address,
                        source,
                    });
                }
            }
        }
        Err(failure.unwrap_or_else(|| ConnectError::Resolve {
            host: upstream.host().to_string(),
            source: io::Error::other("the name has no address"),
        }))
    }
}

/// HTTP/1.1 over TLS, with its own memory of sessions.
fn client_config(
    provider: Arc<CryptoProvider>,
    roots: RootCertStore,
) -> Result<Arc<ClientConfig>, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

async fn resolve(upstream: &Upstream) -> Result<Vec<SocketAddr>, ConnectError> {
    match upstream.host() {
        UpstreamHost::Ip(ip) => Ok(vec![SocketAddr::new(*ip, upstream.port())]),
        UpstreamHost::Name(name) => {
            let found = tokio::net::lookup_host((&**name, upstream.port())).await;
            let found = found.map_err(|source| ConnectError::Resolve {
                host: name.to_string(),
                source,
            })?;
            Ok(found.collect())
        }
    }
}

fn server_name(
    host: &UpstreamHost,
) -> Result<ServerName<'static>, rustls_pki_types::InvalidDnsNameError> {
    match host {
        UpstreamHost::Ip(ip) => Ok(ServerName::IpAddress((*ip).into())),
        UpstreamHost::Name(name) => ServerName::try_from(name.trim_end_matches('.').to_owned()),
    }
}

/// A connection to an upstream.
pub struct UpstreamStream {
    transport: Transport,
    has_answered: Rc<Cell<bool>>,
}

enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl UpstreamStream {
    fn new(transport: Transport) -> Self {
        Self {
            transport,
            has_answered: Rc::default(),
        }
    }

    /// True from the first byte that comes on. Set it back before a request to learn whether any of the answer was read.
    pub(crate) fn has_answered(&self) -> &Rc<Cell<bool>> {
        &self.has_answered
    }
}

impl AsyncRead for UpstreamStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let own = self.get_mut();
        let before = buffer.filled().len();
        let progress = match &mut own.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Transport::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if buffer.filled().len() > before {
            own.has_answered.set(true);
        }
        progress
    }
}

impl AsyncWrite for UpstreamStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().transport {
            Transport::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Transport::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(context),
            Transport::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.transport {
            Transport::Plain(stream) => stream.is_write_vectored(),
            Transport::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().transport {
            Transport::Plain(stream) => Pin::new(stream).poll_write_vectored(context, buffers),
            Transport::Tls(stream) => Pin::new(stream).poll_write_vectored(context, buffers),
        }
    }
}
