//! Starts and stops a gateway: store, snapshot, management and data plane, wired together.
//!
//! One thread, the control runtime, owns the store and answers management requests; the data plane's threads hand these
//! over to it. Each management request runs in a task of its own to its end, whatever its client does: between commit
//! and publication nothing may stop it.

mod certificate;
mod control;
mod descriptors;
mod idempotency;
mod keeping;
mod node;
mod root_key;

use std::io::{IsTerminal, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use anyhow::Context;
use drawbridge_gateway::log::{Format, Level, Log};
use drawbridge_gateway::tls::Certificate;
use drawbridge_gateway::{Bound, Connector, Metrics, Parts, Running as Gateway, Times};
use drawbridge_policy::key_use::KeyUses;
use drawbridge_policy::own_origins::OwnOrigins;
use drawbridge_policy::refusals::WaitingRefusals;
use drawbridge_policy::upstream::Destinations;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::settings::{LogFormat, LogLevel, LogSettings, Settings};

/// Management requests that wait for the control runtime; more wait at the data plane.
const WAITING_CALLS: usize = 1024;
/// The exit code after a second signal: open requests were cut.
const STOPPED_AT_ONCE: u8 = 1;

/// A gateway that answers.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Where management is served, if elsewhere.
    management: Option<SocketAddr>,
    certificate: Option<Arc<Certificate>>,
    gateway: Gateway,
    control: JoinHandle<()>,
    log: Log,
    log_writer: JoinHandle<()>,
}

impl Running {
    /// Stops it, and waits until open requests have ended and everything is on disk.
    pub(crate) fn stop(self) {
        self.gateway.shut_down();
        // The data plane held the only way to the control runtime, which ends now. A panic has been reported.
        let _ = self.control.join();
        self.log.close(self.log_writer);
    }

    /// The same on a thread of its own, so that the caller can give up waiting; says what is waited for.
    fn stop_aside(self) -> std::io::Result<oneshot::Receiver<()>> {
        let open = self.gateway.open_requests();
        if open > 0 {
            self.log.warn(&format!(
                "draining: {open} open requests; again to stop at once"
            ));
        }
        let (done, stopped) = oneshot::channel();
        std::thread::Builder::new()
            .name("drawbridge-stop".to_owned())
            .spawn(move || {
                self.stop();
                // Nobody waits any more only when the process ends.
                let _ = done.send(());
            })?;
        Ok(stopped)
    }
}

/// Starts a gateway; returns once it is ready.
pub(crate) fn start(settings: Settings) -> anyhow::Result<Running> {
    // First: where it cannot be used, nothing is made on disk and no key is shown.
    let certificate = certificate::load(settings.tls.as_ref())?;
    let tls = certificate.as_ref().map(Certificate::acceptor).transpose();
    let tls = tls.context("set up TLS")?;
    let (log, log_writer) = start_log(settings.log).context("start the log")?;
    descriptors::raise_limit(settings.limits.max_connections, &log);
    let (calls, waiting) = tokio::sync::mpsc::channel(WAITING_CALLS);
    let (idempotency, records) = tokio::sync::mpsc::unbounded_channel();
    let (opened, opening) = mpsc::sync_channel(1);
    let control = {
        let (settings, log) = (settings.clone(), log.clone());
        std::thread::Builder::new()
            .name("drawbridge-control".to_owned())
            .spawn(move || control::run(&settings, &log, &opened, waiting, records))
            .context("start the control thread")?
    };
    let opened = opening.recv().context("the control thread ended")??;
    let (address, management) = (opened.bound.address(), opened.bound.management_address());
    let connector = Connector::new(tls_provider(), system_roots(), opened.destinations);
    let connector = connector.context("set up TLS")?;
    let parts = Parts {
        live: opened.live,
        own_origins: opened.own_origins,
        tls,
        trusted_proxies: settings.trusted_proxies.into_iter().collect(),
        proxy_protocol: settings.proxy_protocol,
        log: log.clone(),
        metrics: opened.metrics,
        key_uses: opened.key_uses,
        refusals: opened.refusals,
        management: calls,
        idempotency,
        connector: Arc::new(connector),
        max_connections: settings.limits.max_connections,
        max_body_bytes: settings.limits.max_body_bytes,
        error_page: drawbridge_admin::error_page().into(),
        security_headers: settings.security_headers,
        times: Times::default(),
    };
    let gateway = Gateway::start(opened.bound, parts).context("start the data plane")?;
    if !address.ip().is_loopback() && management.is_none() {
        log.warn(
            "the management API is reachable from other machines, as `admin.listen` is unset: set it to an address of its own",
        );
    }
    Ok(Running {
        address,
        management,
        certificate,
        gateway,
        control,
        log,
        log_writer,
    })
}

/// Runs a gateway until it is told to stop.
pub(crate) fn serve(settings: Settings) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    // Registered first, so that no signal is missed once the gateway is ready.
    let (mut interrupt, mut terminate, mut hangup) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        )
    };
    let running = start(settings)?;
    announce(&running).context("write to standard output")?;
    runtime.block_on(async {
        let mut signal = async || {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        tokio::select! {
            () = signal() => {}
            () = certificate::keep(running.certificate.clone(), &mut hangup, &running.log) => {}
        }
        let stopped = running.stop_aside().context("start a thread")?;
        tokio::select! {
            _ = stopped => Ok(ExitCode::SUCCESS),
            () = signal() => Ok(ExitCode::from(STOPPED_AT_ONCE)),
        }
    })
}

/// The line that scripts wait for, and where management is.
fn announce(running: &Running) -> std::io::Result<()> {
    let scheme = match running.certificate {
        Some(_) => "https",
        None => "http",
    };
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "drawbridge listening on {scheme}://{}",
        running.address
    )?;
    if let Some(address) = running.management {
        writeln!(
            out,
            "drawbridge management listening on {scheme}://{address}"
        )?;
    }
    out.flush()
}

fn start_log(settings: LogSettings) -> std::io::Result<(Log, JoinHandle<()>)> {
    let format = match settings.format {
        LogFormat::Json => Format::Json,
        LogFormat::Text => Format::Text,
        LogFormat::Auto if std::io::stderr().is_terminal() => Format::Text,
        LogFormat::Auto => Format::Json,
    };
    let level = match settings.level {
        LogLevel::Error => Level::Error,
        LogLevel::Warn => Level::Warn,
        LogLevel::Info => Level::Info,
    };
    Log::start(format, level, std::io::stderr())
}

/// What upstreams are verified against.
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // A machine without roots can still use http upstreams; an https one then fails with its reason in the log.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn tls_provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// What the control thread hands back once the store is open.
struct Opened {
    bound: Bound,
    live: Arc<drawbridge_policy::snapshot::Live>,
    own_origins: OwnOrigins,
    metrics: Arc<Metrics>,
    destinations: Arc<Destinations>,
    key_uses: Arc<KeyUses>,
    refusals: Arc<WaitingRefusals>,
}
