//! The gateway's certificate: read at start, and again when its files change or a SIGHUP says so.
//!
//! Renewals come by all ways: files written over, renamed, or swapped as links. None may ever cost a connection: a pair
//! that cannot be used leaves the one in use alone, and is reported once.

use std::sync::Arc;

use anyhow::Context;
use drawbridge_gateway::log::Log;
use drawbridge_gateway::tls::{Certificate, CertificateError};
use tokio::signal::unix::Signal;
use tokio::time::{Duration, MissedTickBehavior, interval};

use crate::settings::TlsSettings;

/// Between two looks at the files.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads the pair that the settings name, if they do.
pub(super) fn load(settings: Option<&TlsSettings>) -> anyhow::Result<Option<Arc<Certificate>>> {
    let Some(TlsSettings { cert, key }) = settings else {
        return Ok(None);
    };
    let certificate = Certificate::load(cert, key, super::tls_provider());
    let cure =
        "cannot speak TLS (correct `tls.cert` and `tls.key`, or unset both to speak plain HTTP)";
    certificate.map(Some).context(cure)
}

/// Keeps the certificate as its files are, for ever.
pub(super) async fn keep(certificate: Option<Arc<Certificate>>, hangup: &mut Signal, log: &Log) {
    let mut look = interval(PAUSE);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let is_asked = tokio::select! {
            _ = hangup.recv() => true,
            _ = look.tick(), if certificate.is_some() => false,
        };
        match &certificate {
            None => log.info("SIGHUP: there is no certificate to read again"),
            Some(certificate) if is_asked => tell(log, certificate.reload()),
            Some(certificate) => {
                if let Some(result) = certificate.follow() {
                    tell(log, result);
                }
            }
        }
    }
}

fn tell(log: &Log, result: Result<(), CertificateError>) {
    match result {
        Ok(()) => log.info("new connections use the certificate that was read just now"),
        Err(error) => log.error(
            "the certificate in use stays: the new one cannot be used",
            &error,
        ),
    }
}
