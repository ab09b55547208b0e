//! TLS towards clients: the gateway's own certificate, replaced while connections are open.
//!
//! A handshake uses the certificate that is current when it begins; open connections keep theirs. Files that cannot be
//! used, such as a new certificate beside an old key, must never replace a pair that can.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

/// HTTP/2 by its name in ALPN (RFC 9113 section 3.1).
pub(crate) const H2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// Why a pair of files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {what} {}", path.display())]
    Read {
        /// "the certificate" or "the key".
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The first file holds no certificate.
    #[error(
        "{} holds no certificate: it needs PEM (`-----BEGIN CERTIFICATE-----`), the server's own first, then its issuers",
        .0.display()
    )]
    NoCertificate(PathBuf),
    /// The second file holds no key.
    #[error(
        "{} holds no private key: it needs PEM (`-----BEGIN PRIVATE KEY-----`, or RSA, or EC) without a passphrase",
        .0.display()
    )]
    NoKey(PathBuf),
    /// What stands between the markers is none.
    #[error("{} is not sound PEM, write it anew", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: pem::Error,
    },
    /// The two files belong to different pairs.
    #[error(
        "the key {} does not belong to the certificate {}: name the pair that was made together, with the server's own \
         certificate first in its file",
        key.display(),
        certificate.display()
    )]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The key is of an unknown kind, or the certificate cannot be parsed.
    #[error("the certificate {} with the key {} cannot be used", certificate.display(), key.display())]
    Unusable {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What rustls said.
        #[source]
        source: rustls::Error,
    },
}

/// A certificate, its chain and its key, in two PEM files.
#[derive(Debug)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: ArcSwap<CertifiedKey>,
    seen: Mutex<Seen>,
}

/// Fingerprints of what the files held.
#[derive(Debug)]
struct Seen {
    /// When they were last judged, with whatever result.
    judged: u64,
    /// At the last look.
    last: u64,
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub fn load(
        chain: &Path,
        key: &Path,
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<Self>, CertificateError> {
        let files = Files::read(chain, key);
        let print = files.fingerprint();
        let current = files.into_pair(chain, key, &provider)?;
        Ok(Arc::new(Self {
            chain: chain.to_owned(),
            key: key.to_owned(),
            provider,
            current: ArcSwap::from_pointee(current),
            seen: Mutex::new(Seen {
                judged: print,
                last: print,
            }),
        }))
    }

    /// Reads the files again; handshakes from now on use what they hold.
    ///
    /// # Errors
    /// See [`CertificateError`]; the certificate in use stays then.
    pub fn reload(&self) -> Result<(), CertificateError> {
        let files = Files::read(&self.chain, &self.key);
        let print = files.fingerprint();
        *self.seen() = Seen {
            judged: print,
            last: print,
        };
        self.replace(files)
    }

    /// To be asked again and again: looks at the files, and takes over what is new there.
    ///
    /// Contents are compared, not times: a renewal by rename or by a swapped symbolic link counts as any other. What is
    /// new must look the same twice in a row, so that nobody's half-written pair is reported; `None` where nothing is.
    pub fn follow(&self) -> Option<Result<(), CertificateError>> {
        let files = Files::read(&self.chain, &self.key);
        let print = files.fingerprint();
        let mut seen = self.seen();
        let is_settled = seen.last == print;
        seen.last = print;
        if seen.judged == print || !is_settled {
            return None;
        }
        seen.judged = print;
        drop(seen);
        Some(self.replace(files))
    }

    /// TLS 1.2 and 1.3 with this certificate, for HTTP/2 and HTTP/1.1 by ALPN.
    ///
    /// # Errors
    /// The provider supports neither version of TLS, or the system has no randomness.
    pub fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![H2.to_vec(), HTTP_1.to_vec()];
        // Clients resume with what they were handed; a memory of them all would be too small or too large.
        config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new()?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn replace(&self, files: Files) -> Result<(), CertificateError> {
        let fresh = files.into_pair(&self.chain, &self.key, &self.provider)?;
        self.current.store(Arc::new(fresh));
        Ok(())
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

/// What the two files held at one moment.
struct Files {
    chain: io::Result<Vec<u8>>,
    key: io::Result<Zeroizing<Vec<u8>>>,
}

impl Files {
    fn read(chain: &Path, key: &Path) -> Self {
        Self {
            chain: fs::read(chain),
            key: fs::read(key).map(Zeroizing::new),
        }
    }

    /// Equal for equal contents; a file that cannot be read is a content too.
    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.chain
            .as_ref()
            .map_err(io::Error::kind)
            .hash(&mut hasher);
        let key = self.key.as_ref().map(|bytes| bytes.as_slice());
        key.map_err(io::Error::kind).hash(&mut hasher);
        hasher.finish()
    }

    fn into_pair(
        self,
        chain: &Path,
        key: &Path,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, CertificateError> {
        let unread = |what, path: &Path, source| CertificateError::Read {
            what,
            path: path.to_owned(),
            source,
        };
        let unsound = |path: &Path, source| CertificateError::Pem {
            path: path.to_owned(),
            source,
        };
        let chain_bytes = self
            .chain
            .map_err(|error| unread("the certificate", chain, error))?;
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(&chain_bytes)
            .collect::<Result<_, _>>()
            .map_err(|error| unsound(chain, error))?;
        if certificates.is_empty() {
            return Err(CertificateError::NoCertificate(chain.to_owned()));
        }
        let key_bytes = self.key.map_err(|error| unread("the key", key, error))?;
        let private = PrivateKeyDer::from_pem_slice(&key_bytes).map_err(|error| match error {
            pem::Error::NoItemsFound => CertificateError::NoKey(key.to_owned()),
            error => unsound(key, error),
        })?;
        CertifiedKey::from_der(certificates, private, provider).map_err(|source| {
            let (certificate, key) = (chain.to_owned(), key.to_owned());
            match source {
                rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    CertificateError::Mismatch { certificate, key }
                }
                source => CertificateError::Unusable {
                    certificate,
                    key,
                    source,
                },
            }
        })
    }
}

/// Why a handshake failed; `None` where the client only left.
///
/// Clients that do not trust the certificate, speak plain HTTP, or probe.
pub(crate) fn handshake_failure(error: &io::Error) -> Option<String> {
    let cause = error.get_ref()?;
    cause.is::<rustls::Error>().then(|| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_only_left_has_not_failed() {
        let left = io::ErrorKind::UnexpectedEof.into();
        assert_eq!(handshake_failure(&left), None);
        let failed = io::Error::other(rustls::Error::NoApplicationProtocol);
        assert_eq!(
            handshake_failure(&failed).as_deref(),
            Some("peer doesn't support any known protocol")
        );
    }
}
