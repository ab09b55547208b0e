//! TLS towards a gateway behind https, verified against the system's roots.

use std::sync::Arc;

use anyhow::{Context, ensure};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Shakes hands with `host` over an open connection.
///
/// # Errors
/// When the system has no root certificates, or the server's certificate does not hold.
pub(super) async fn connect(stream: TcpStream, host: &str) -> anyhow::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    ensure!(
        !roots.is_empty(),
        "the system has no root certificates (SSL_CERT_FILE can name some)"
    );
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())?;
    let connector = TlsConnector::from(Arc::new(config));
    let handshake = connector.connect(name, stream).await;
    handshake.context("TLS, with the system's root certificates or those in SSL_CERT_FILE")
}
