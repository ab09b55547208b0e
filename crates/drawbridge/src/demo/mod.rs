//! `drawbridge demo`: everything at once on this machine, for somebody who wants to see it work.
//!
//! A gateway on a data directory that goes when it stops, a demo upstream behind it, a page on an origin that may call
//! it and a page on one that may not. It is set up as any client would do it, through the management API; nothing here
//! may reach into the gateway.

mod pages;
mod setup;
mod upstream;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use clap::Args;
use drawbridge_policy::endpoint::Secret;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::boot;
use crate::cli::output::print;
use crate::settings::{LogLevel, LogSettings, Settings, SettingsOrigin};
use setup::{Addresses, Demo};

const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Flags of `drawbridge demo`.
#[derive(Args)]
pub(crate) struct DemoFlags {
    /// Address and port of the gateway; the pages take the two ports after it [default: 127.0.0.1:8080, or free ports]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Show the gateway's log line of every request
    #[arg(long)]
    log: bool,
}

/// Runs the demo until Ctrl-C.
///
/// # Errors
/// When something of it cannot be started.
pub(crate) fn run(flags: &DemoFlags) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    // Registered first: from here on Ctrl-C ends this function, and not the process with its directory left behind.
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        )
    };
    let directory = tempfile::Builder::new()
        .prefix("drawbridge-demo-")
        .tempdir()
        .context("create the demo's data directory")?;
    let root_key = Secret::new(random_text()?);
    let gateway = start_gateway(flags, &directory, root_key.clone())?;
    let served = runtime.block_on(async {
        tokio::select! {
            result = serve(gateway.address, root_key) => result,
            _ = interrupt.recv() => Ok(()),
            _ = terminate.recv() => Ok(()),
        }
    });
    // Closes every connection of pages and upstream, so that the gateway has no stream left to wait for.
    drop(runtime);
    gateway.stop();
    served?;
    print("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Sets the demo up and serves its pages and its upstream, until dropped.
async fn serve(gateway: SocketAddr, root_key: Secret) -> anyhow::Result<()> {
    let listeners = Listeners::bind(gateway).await?;
    let credential = random_text()?;
    let addresses = listeners.addresses(gateway)?;
    let demo = Demo::create(&addresses, root_key, &credential).await?;
    print(&introduction(&demo));
    tokio::try_join!(
        axum::serve(listeners.upstream, upstream::router(credential)),
        axum::serve(listeners.page, pages::page(&demo)),
        axum::serve(listeners.blocked, pages::blocked(&demo)),
    )?;
    Ok(())
}

/// Starts a gateway on the address asked for; where none was and the usual one is taken, on a free one.
fn start_gateway(
    flags: &DemoFlags,
    directory: &TempDir,
    root_key: Secret,
) -> anyhow::Result<boot::Running> {
    let usual_is_free = || std::net::TcpListener::bind(DEFAULT_ADDRESS).is_ok();
    let listen = match flags.listen {
        Some(address) => address,
        None if usual_is_free() => DEFAULT_ADDRESS,
        None => SocketAddr::new(DEFAULT_ADDRESS.ip(), 0),
    };
    let defaults = Settings::default();
    let level = if flags.log {
        LogLevel::Info
    } else {
        LogLevel::Error
    };
    boot::start(Settings {
        listen,
        data_dir: directory.path().to_owned(),
        root_key: Some(root_key),
        log: LogSettings {
            level,
            ..defaults.log
        },
        origin: SettingsOrigin::flags(["listen", "data_dir", "log.level"]),
        ..defaults
    })
}

/// Everything that listens beside the gateway.
struct Listeners {
    page: TcpListener,
    blocked: TcpListener,
    upstream: TcpListener,
}

impl Listeners {
    /// The pages listen on the two ports after the gateway's, where these are free.
    async fn bind(gateway: SocketAddr) -> anyhow::Result<Self> {
        let after = |distance| gateway.port().checked_add(distance).unwrap_or(0);
        Ok(Self {
            page: bind(gateway.ip(), after(1)).await?,
            blocked: bind(gateway.ip(), after(2)).await?,
            upstream: bind(DEFAULT_ADDRESS.ip(), 0).await?,
        })
    }

    fn addresses(&self, gateway: SocketAddr) -> anyhow::Result<Addresses> {
        Ok(Addresses {
            gateway: reachable(gateway),
            page: reachable(self.page.local_addr()?),
            blocked: reachable(self.blocked.local_addr()?),
            upstream: self.upstream.local_addr()?,
        })
    }
}

async fn bind(ip: IpAddr, port: u16) -> anyhow::Result<TcpListener> {
    let listener = match TcpListener::bind((ip, port)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((ip, 0)).await,
    };
    listener.with_context(|| format!("listen on {ip}"))
}

/// The address to reach a listener at from this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// 256 random bits as text.
fn random_text() -> anyhow::Result<String> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).context("ask the system for randomness")?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random))
}

fn introduction(demo: &Demo) -> String {
    let Demo {
        page,
        endpoint,
        blocked,
        sign_in,
        ..
    } = demo;
    let program = std::env::args().next();
    let program = program.as_deref().unwrap_or("drawbridge");
    let cure = demo.cure(program);
    let another_link = demo.another_link(program);
    let curl = demo.curl();
    format!(
        "drawbridge demo: open {page}

  page      {page}      may call the endpoint
  frame     {blocked}      may not: see what its browser says
  endpoint  {endpoint}
  dashboard {sign_in}
            signs one browser in, once, within a day; that refusal and its cure are there too

Let the frame's origin in, then ask again; the next request obeys:

  {cure}

The same call from a terminal, which has no origin:

  {curl}

Another link to the dashboard, once that one is used:

  {another_link}

Ctrl-C stops the demo and removes everything."
    )
}
