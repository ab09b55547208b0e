//! Whom an https upstream's certificate must lead to: the rules for `upstream.ca_certificate`.
//!
//! Reads certificates and judges nothing about time: an authority that has expired is refused when it is used. It must
//! never repeat the text in a message: people paste keys there.

use std::fmt::Write as _;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use sha2::{Digest, Sha256};

use crate::issue::ConfigIssue;

/// The longest `ca_certificate`, in bytes.
pub const MAX_CA_BYTES: usize = 64 << 10;

/// The authorities that vouch for one upstream, and nobody else does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PrivateRoots {
    anchors: Box<[TrustAnchor<'static>]>,
    digest: Box<str>,
}

impl PrivateRoots {
    /// Reads PEM with one certificate or more; `pointer` is where it stands in its document.
    ///
    /// # Errors
    /// The first problem.
    #[expect(
        clippy::result_large_err,
        reason = "asked once when configuration is saved; the issue moves on into a list"
    )]
    pub fn parse(pem: &str, pointer: &str) -> Result<Self, ConfigIssue> {
        Self::read(pem).map_err(|fault| ConfigIssue::new(pointer, fault.code(), fault.to_string()))
    }

    /// What certificates are verified against.
    pub fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.anchors
    }

    /// SHA-256 over the certificates, in hexadecimal digits: equal where the certificates are.
    pub(super) fn digest(&self) -> &str {
        &self.digest
    }

    fn read(pem: &str) -> Result<Self, Fault> {
        if pem.len() > MAX_CA_BYTES {
            return Err(Fault::TooLong);
        }
        let is_key = |line: &str| line.contains("-----BEGIN") && line.contains("PRIVATE KEY");
        if pem.lines().any(is_key) {
            return Err(Fault::PrivateKey);
        }
        let mut anchors = Vec::new();
        let mut hasher = Sha256::new();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let number = anchors.len() + 1;
            let certificate = certificate.map_err(|_| Fault::Pem(number))?;
            let anchor = webpki::anchor_from_trusted_cert(&certificate);
            anchors.push(anchor.map_err(|_| Fault::Certificate(number))?.to_owned());
            hasher.update(&certificate);
        }
        if anchors.is_empty() {
            return Err(Fault::NoCertificate);
        }
        let digest = hasher
            .finalize()
            .iter()
            .fold(String::new(), |mut text, byte| {
                // Writing to a string cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            });
        Ok(Self {
            anchors: anchors.into(),
            digest: digest.into(),
        })
    }
}

/// What can be wrong with the text.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(
        "{MAX_CA_BYTES} bytes at most can be given here; leave out the authorities that this upstream does not need"
    )]
    TooLong,
    #[error(
        "a private key stands here, which only its owner may have; give the certificate of the authority alone, and \
         consider the key lost if it was real"
    )]
    PrivateKey,
    #[error(
        "no certificate stands here; give the authority's as PEM, from `-----BEGIN CERTIFICATE-----` to \
         `-----END CERTIFICATE-----`, with its line breaks"
    )]
    NoCertificate,
    #[error("certificate {0} is not sound PEM; give the whole text, with its line breaks")]
    Pem(usize),
    #[error("certificate {0} is not one of X.509; give the authority's certificate as it was made")]
    Certificate(usize),
}

impl Fault {
    const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::PrivateKey => "private_key",
            Self::NoCertificate => "no_certificate",
            Self::Pem(_) | Self::Certificate(_) => "bad_certificate",
        }
    }
}
