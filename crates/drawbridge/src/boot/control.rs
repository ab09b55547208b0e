//! The control runtime: opens the store, makes the first snapshot, and answers management requests.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use anyhow::{Context, anyhow, bail};
use axum::Router;
use drawbridge_admin::{
    AdminState, ClientAddress, Dashboard, IsHttps, MetricsSource, Node, Outcome, RequestId,
};
use drawbridge_gateway::idempotency::IdempotencyCall;
use drawbridge_gateway::log::{Log, chain};
use drawbridge_gateway::management::{ManagementCall, ManagementReply};
use drawbridge_gateway::{Bound, BoxError, Metrics, is_local_address};
use drawbridge_policy::own_origins::OwnOrigins;
use drawbridge_policy::snapshot::{Live, Snapshot};
use drawbridge_policy::token::TokenDigest;
use drawbridge_policy::upstream::Destinations;
use drawbridge_store::{MasterKey, Store};
use http_body_util::BodyExt;
use jiff::Timestamp;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::{Opened, idempotency, keeping, node, root_key};
use crate::settings::Settings;

/// Encrypts upstream credentials and recorded answers; in the data directory.
const MASTER_KEY_FILE: &str = "master.key";

/// The control thread: ends when the data plane has ended and every management request is done.
pub(super) fn run(
    settings: &Settings,
    log: &Log,
    opened: &SyncSender<anyhow::Result<Opened>>,
    calls: Receiver<ManagementCall>,
    records: UnboundedReceiver<IdempotencyCall>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime.context("start the control runtime") {
        Ok(runtime) => runtime,
        Err(error) => {
            // The starter has given up waiting only if it is gone altogether.
            let _ = opened.send(Err(error));
            return;
        }
    };
    runtime.block_on(async {
        let (state, ready) = match open(settings, log).await {
            Ok(parts) => parts,
            Err(error) => {
                let _ = opened.send(Err(error));
                return;
            }
        };
        let metrics = Arc::clone(&ready.metrics);
        if opened.send(Ok(ready)).is_err() {
            return;
        }
        let (stop, stopped) = oneshot::channel();
        let keeping = keeping::keep(state.clone(), metrics, log.clone(), stopped);
        let keeping = tokio::spawn(keeping);
        let store = state.store.clone();
        let router = drawbridge_admin::router(state);
        tokio::join!(
            answer_all(&router, calls, log),
            idempotency::serve(&store, records, log),
        );
        // The cores have ended, and handed over what they had.
        let _ = stop.send(());
        let _ = keeping.await;
    });
}

/// The listening sockets come first: where the port is taken, nothing is made on disk and no key is shown.
async fn open(settings: &Settings, log: &Log) -> anyhow::Result<(AdminState, Opened)> {
    let bound = bind_all(settings)?;
    check_data_dir(&settings.data_dir)?;
    let master_key = match &settings.master_key {
        Some(text) => MasterKey::from_secret(text.expose()),
        None => MasterKey::load_or_create(&settings.data_dir.join(MASTER_KEY_FILE))?,
    };
    let store = Store::open(&settings.data_dir, master_key).await?;
    let root = root_key::of(settings)?;
    let live = Arc::new(Live::new(Snapshot::new(TokenDigest::of(
        root.expose().as_bytes(),
    ))));
    let configuration = store.load().await.context("load the configuration")?;
    let compiled = drawbridge_admin::compile(&configuration);
    for unusable in &compiled.unusable {
        let problems: Vec<_> = unusable
            .issues
            .iter()
            .map(|issue| format!("{}: {}", issue.pointer, issue.detail))
            .collect();
        log.warn(&format!(
            "{} is left out, its stored configuration is not valid in this release: {}",
            unusable.target,
            problems.join("; ")
        ));
    }
    live.publish(configuration.revision, compiled.changes);
    let is_https = settings.tls.is_some();
    let public_url = settings.public_url.as_deref();
    let own_origins = OwnOrigins::new(public_url, bound.address(), is_https);
    let metrics = Arc::new(Metrics::new(Arc::clone(&live), log.clone()));
    let exposed = Arc::clone(&metrics);
    let management = bound.management_address();
    let node = this_node(settings, &bound, &own_origins, Arc::clone(&metrics))?;
    let own = [Some(bound.address()), management].into_iter().flatten();
    let destinations = Destinations::new(own, is_local_address, settings.upstream_networks.clone());
    let destinations = Arc::new(destinations);
    let (key_uses, refusals) = (Arc::default(), Arc::default());
    let state = AdminState {
        store,
        live: Arc::clone(&live),
        clock: Timestamp::now,
        // Pages are served by another address; what they are called must not open management.
        own_origins: match management {
            Some(address) => OwnOrigins::new(None, address, is_https),
            None => own_origins.clone(),
        },
        metrics: MetricsSource::new(management.unwrap_or(bound.address()), move || {
            exposed.exposition()
        }),
        destinations: Arc::clone(&destinations),
        key_uses: Arc::clone(&key_uses),
        refusals: Arc::clone(&refusals),
        traffic: Arc::default(),
        node: Arc::new(node),
        settings: Arc::new(settings.shown()),
        sign_in_codes: Arc::default(),
        dashboard: Dashboard::embedded(),
    };
    Ok((
        state,
        Opened {
            bound,
            live,
            own_origins,
            metrics,
            destinations,
            key_uses,
            refusals,
        },
    ))
}

fn this_node(
    settings: &Settings,
    bound: &Bound,
    own_origins: &OwnOrigins,
    metrics: Arc<Metrics>,
) -> anyhow::Result<Node> {
    Ok(Node {
        id: node::id(&settings.data_dir)?,
        name: node::name(),
        started_at: Timestamp::now(),
        address: bound.address(),
        admin_address: bound.management_address(),
        is_https: settings.tls.is_some(),
        origin: own_origins.first().map(str::to_owned),
        cores: cores(),
        load: Box::new(move || metrics.load()),
    })
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

fn bind_all(settings: &Settings) -> anyhow::Result<Bound> {
    let bound = bind(settings.listen, "--listen")?;
    Ok(match settings.admin_listen {
        Some(address) => bound.with_management(bind(address, "--admin-listen")?),
        None => bound,
    })
}

fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<Bound> {
    Bound::bind(address, cores()).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow!(
            "cannot listen on {address}: something else does; stop it, or choose another port with {flag}"
        ),
        _ => anyhow!(error).context(format!("cannot listen on {address}")),
    })
}

fn check_data_dir(path: &Path) -> anyhow::Result<()> {
    if path.exists() && !path.is_dir() {
        bail!(
            "the data directory {} is not a directory; choose another with --data-dir",
            path.display()
        );
    }
    Ok(())
}

async fn answer_all(router: &Router, mut calls: Receiver<ManagementCall>, log: &Log) {
    let mut running = JoinSet::new();
    while let Some(call) = calls.recv().await {
        running.spawn(answer(router.clone(), call, log.clone()));
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
}

async fn answer(router: Router, call: ManagementCall, log: Log) {
    let ManagementCall {
        request,
        client,
        is_https,
        request_id,
        reply,
    } = call;
    let mut request = request.map(axum::body::Body::new);
    request.extensions_mut().insert(RequestId(request_id));
    request.extensions_mut().insert(ClientAddress(client));
    request.extensions_mut().insert(IsHttps(is_https));
    let Ok(mut response) = router.oneshot(request).await;
    let outcome = response
        .extensions_mut()
        .remove::<Outcome>()
        .unwrap_or_default();
    let cause = outcome.cause.map(|cause| chain(&*cause));
    if let Some(cause) = &cause {
        log.warn(&format!("a management request failed: {cause}"));
    }
    let response = response.map(|body| body.map_err(BoxError::from).boxed_unsync());
    // A client that left does not need its answer.
    let _ = reply.send(ManagementReply {
        response,
        caller: outcome.caller,
        code: outcome.code,
        cause,
    });
}
