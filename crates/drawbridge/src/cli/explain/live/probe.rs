//! What the server says to others than the page: questions that change nothing, so that answers can be compared.
//!
//! Only preflights, GET and HEAD are sent, and no header of the page goes anywhere but to the URL that it was given for.

use drawbridge_policy::explain::{Answer, Asked, Browser, Simulation};
use drawbridge_policy::origin::Origin;
use url::Url;

use super::call::Call;
use super::journey::{Network, Purpose, basics, preflight};
use super::wire::Outgoing;
use crate::cli::failure::Failure;

/// An origin that nobody can have listed (RFC 2606 reserves the name).
pub(super) const STRANGER: &str = "https://drawbridge-probe.example";

/// Who asks, or for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probe {
    /// [`STRANGER`].
    Stranger,
    /// One that begins like the page's origin.
    Beginning,
    /// One that ends like the page's origin.
    Ending,
    /// The origin `null`.
    Null,
    /// Nobody: no Origin.
    Nobody,
    /// The page, for a path that there is hardly anything at, without its headers.
    UnknownPath,
}

impl Probe {
    /// The name in documents.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stranger => "probe_stranger",
            Self::Beginning => "probe_beginning",
            Self::Ending => "probe_ending",
            Self::Null => "probe_null",
            Self::Nobody => "probe_no_origin",
            Self::UnknownPath => "probe_unknown_path",
        }
    }

    /// As in "the answer to …".
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Stranger => "a stranger's origin",
            Self::Beginning => "an origin that only begins like the page's",
            Self::Ending => "an origin that only ends like the page's",
            Self::Null => "the origin null",
            Self::Nobody => "a request without Origin",
            Self::UnknownPath => "a path that does not exist",
        }
    }
}

/// Asks the first URL again, as others; `simulation` is what the page's browser did.
pub(super) async fn ask_around(
    network: &mut Network<'_>,
    call: &Call,
    simulation: &Simulation,
) -> Result<(), Failure> {
    let Some(step) = simulation.steps.first() else {
        return Ok(());
    };
    let page = &call.request.origin;
    let is_same_origin = call.request.url.origin().ascii_serialization() == *page;
    let is_safe = matches!(call.request.sent_method(), "GET" | "HEAD");
    let asks = |origin: Option<&str>| match (&step.preflight, &step.request, origin) {
        (_, Some((method, _)), origin) if is_safe => Some(network_request(call, method, origin)),
        (Some(asked), _, Some(origin)) => {
            let asked = Asked {
                origin: origin.to_owned(),
                ..asked.clone()
            };
            Some(preflight(&step.url, &asked))
        }
        _ => None,
    };
    if is_same_origin {
        return Ok(());
    }
    let mut probes = vec![
        (Probe::Stranger, asks(Some(STRANGER))),
        (Probe::Null, asks(Some("null")).filter(|_| page != "null")),
        (Probe::Nobody, asks(None)),
    ];
    for (probe, origin) in lookalikes(page) {
        probes.push((probe, asks(Some(&origin))));
    }
    probes.push((Probe::UnknownPath, unknown_path(call)));
    for (probe, outgoing) in probes {
        if let Some(outgoing) = outgoing {
            network
                .send(Purpose::Probe(probe), outgoing, Vec::new())
                .await?;
        }
    }
    Ok(())
}

fn network_request(call: &Call, method: &str, origin: Option<&str>) -> Outgoing {
    let mut headers = basics();
    headers.extend(origin.map(|origin| ("origin".to_owned(), origin.to_owned())));
    let own = call.request.headers.iter();
    let is_set = |name: &str| !call.left_out.iter().any(|other| other == name);
    let is_basic = |name: &str| matches!(&*name.to_ascii_lowercase(), "user-agent" | "accept");
    let own = own.filter(|(name, _)| is_set(name) && !is_basic(name));
    headers.extend(own.cloned());
    Outgoing {
        method: method.to_owned(),
        url: call.request.url.clone(),
        headers,
        body: bytes::Bytes::new(),
    }
}

/// What a pattern without anchors, or a comparison of beginnings, takes for the page's origin.
fn lookalikes(page: &str) -> Vec<(Probe, String)> {
    let page = Url::parse(page).ok();
    let Some((page, host)) = page
        .as_ref()
        .and_then(|page| Some((page, page.host_str()?)))
    else {
        return Vec::new();
    };
    let scheme = page.scheme();
    let port = page.port().map(|port| format!(":{port}"));
    let port = port.unwrap_or_default();
    let hosts = [
        (Probe::Beginning, format!("{host}.drawbridge-probe.example")),
        (Probe::Ending, format!("drawbridge-probe{host}")),
    ];
    let origins = hosts.map(|(probe, host)| (probe, format!("{scheme}://{host}{port}")));
    let is_origin = |origin: &str| Origin::parse(origin.as_bytes()).is_some();
    let origins = origins.into_iter();
    origins.filter(|(_, origin)| is_origin(origin)).collect()
}

fn unknown_path(call: &Call) -> Option<Outgoing> {
    let url = call
        .request
        .url
        .join("drawbridge-explain-no-such-path")
        .ok()?;
    let mut headers = basics();
    headers.push(("origin".to_owned(), call.request.origin.clone()));
    Some(Outgoing {
        method: "GET".to_owned(),
        url,
        headers,
        body: bytes::Bytes::new(),
    })
}

/// Whether the answer admits the origin that asked for it, by naming it.
pub(super) fn names(answer: &Answer, origin: &str) -> bool {
    answer
        .lines("access-control-allow-origin")
        .any(|line| line == origin)
}

/// The browser whose way is compared with.
pub(super) const USUAL: Browser = Browser::Chromium;
