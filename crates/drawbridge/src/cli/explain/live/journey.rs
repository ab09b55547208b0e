//! What the browsers send, and what the servers say to it.
//!
//! The simulated browsers say what is to be sent next. What several of them send alike is sent once, and the request
//! itself once for each place, so that looking never does what the page does more often than a page would.

use std::time::Duration;

use drawbridge_policy::explain::{
    Answer, Asked, Browser, Hop, NetworkError, Outcome, Reply, Simulation, Step, simulate,
};
use drawbridge_policy::names::is_harmless_request_header;
use url::Url;

use super::call::Call;
use super::probe::Probe;
use super::reach::Reach;
use super::shown;
use super::wire::{Outgoing, Unreached, exchange};
use crate::cli::failure::Failure;

/// What servers see; honest, and like a browser for those that look.
pub(super) const AGENT: &str = concat!(
    "Mozilla/5.0 (compatible; drawbridge-explain/",
    env!("CARGO_PKG_VERSION"),
    ")"
);

/// What servers get that a redirect leads to, in the place of values that may be keys.
pub(super) const PLACEHOLDER: &str = "left-out-by-drawbridge-explain";

/// How long an answer may take: a model that thinks first, and a question beside it.
const ANSWER: Duration = Duration::from_secs(60);
const PROBE: Duration = Duration::from_secs(10);

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Preflight,
    Request,
    Probe(Probe),
}

/// One request and what became of it.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) purpose: Purpose,
    /// Why there is a preflight.
    pub(super) why: Vec<String>,
    pub(super) sent: Outgoing,
    pub(super) reply: Result<Answer, (NetworkError, String)>,
    /// What answered is not on the internet.
    pub(super) is_private: bool,
}

impl Exchange {
    /// The value of one field that was sent.
    pub(super) fn sent(&self, name: &str) -> Option<&str> {
        let mut headers = self.sent.headers.iter();
        headers
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn answer(&self) -> Option<&Answer> {
        self.reply.as_ref().ok()
    }
}

/// Sends, and remembers what came back.
#[derive(Debug)]
pub(super) struct Network<'c> {
    call: &'c Call,
    /// Known once the first server has answered.
    reach: Option<Reach>,
    follows_private: bool,
    pub(super) exchanges: Vec<Exchange>,
    /// Why a redirect was not followed.
    pub(super) stopped: Option<String>,
}

impl<'c> Network<'c> {
    pub(super) fn new(call: &'c Call, follows_private: bool) -> Self {
        Self {
            call,
            reach: None,
            follows_private,
            exchanges: Vec::new(),
            stopped: None,
        }
    }

    /// Goes the way of one browser.
    ///
    /// # Errors
    /// [`Failure::NoAnswer`] when the very first request reaches nobody.
    pub(super) async fn travel(&mut self, browser: Browser) -> Result<Simulation, Failure> {
        let mut hops: Vec<Hop> = Vec::new();
        loop {
            let simulation = simulate(browser, &self.call.request, &hops);
            let Some(step) = simulation.steps.last() else {
                return Ok(simulation);
            };
            hops.resize(simulation.steps.len(), Hop::default());
            let is_preflight = simulation.outcome == Outcome::NeedsPreflight;
            let found = match (&simulation.outcome, &step.preflight, &step.request) {
                (Outcome::NeedsPreflight, Some(asked), _) => {
                    let needs = asked.needs.iter().map(ToString::to_string).collect();
                    let outgoing = preflight(&step.url, asked);
                    self.ask(Purpose::Preflight, outgoing, needs).await?
                }
                (Outcome::NeedsAnswer, _, Some((method, origin))) => {
                    let outgoing = self.request(step, method, origin.as_deref());
                    self.ask(Purpose::Request, outgoing, Vec::new()).await?
                }
                _ => return Ok(simulation),
            };
            let Some(reply) = found else {
                return Ok(simulation);
            };
            if let Some(hop) = hops.last_mut() {
                let place = if is_preflight {
                    &mut hop.preflight
                } else {
                    &mut hop.actual
                };
                *place = Some(reply);
            }
        }
    }

    /// What is known of a request, else what is said to it now; `None` where it may not be sent.
    async fn ask(
        &mut self,
        purpose: Purpose,
        outgoing: Outgoing,
        why: Vec<String>,
    ) -> Result<Option<Reply>, Failure> {
        let known = self.exchanges.iter().find(|known| {
            let is_alike = |name: &str| known.sent(name) == value(&outgoing.headers, name);
            known.purpose == purpose
                && known.sent.method == outgoing.method
                && known.sent.url == outgoing.url
                && is_alike("origin")
                && is_alike("access-control-request-headers")
        });
        let exchange = match known {
            Some(known) => Some(known),
            None => self.send(purpose, outgoing, why).await?,
        };
        Ok(exchange.map(|exchange| match &exchange.reply {
            Ok(answer) => Reply::Answer(answer.clone()),
            Err((error, _)) => Reply::Failed(*error),
        }))
    }

    /// Sends, whatever is known.
    pub(super) async fn send(
        &mut self,
        purpose: Purpose,
        outgoing: Outgoing,
        why: Vec<String>,
    ) -> Result<Option<&Exchange>, Failure> {
        let reach = self.reach.unwrap_or(Reach::Anywhere);
        let patience = match purpose {
            Purpose::Probe(_) => PROBE,
            Purpose::Preflight | Purpose::Request => ANSWER,
        };
        let (reply, is_private) = match exchange(reach, &outgoing, patience, 0).await {
            Ok(received) => {
                let reach = || Reach::after(received.from, self.follows_private);
                self.reach.get_or_insert_with(reach);
                let is_private = !super::reach::is_public(received.from.ip());
                (Ok(received.answer), is_private)
            }
            Err(Unreached::Network { sentence, .. }) if self.reach.is_none() => {
                return Err(Failure::NoAnswer(unreachable(&outgoing.url, &sentence)));
            }
            Err(Unreached::Network { error, sentence }) => (Err((error, sentence)), false),
            Err(private @ Unreached::Private { .. }) => {
                let sentence = not_followed(&outgoing.url, &private);
                self.stopped.get_or_insert(sentence);
                return Ok(None);
            }
        };
        self.exchanges.push(Exchange {
            purpose,
            why,
            sent: outgoing,
            reply,
            is_private,
        });
        Ok(self.exchanges.last())
    }

    /// The request itself, as a page's browser sends it.
    pub(super) fn request(&self, step: &Step, method: &str, origin: Option<&str>) -> Outgoing {
        let mut headers = basics();
        headers.retain(|(name, _)| value(&step.headers, name).is_none());
        headers.extend(origin.map(|origin| ("origin".to_owned(), origin.to_owned())));
        // Keys, cookies and the body are for the first server, whatever browsers do where a redirect leads.
        let is_first = step.url.origin() == self.call.request.url.origin();
        headers.extend(match is_first {
            true => step.headers.clone(),
            false => without_keys(&step.headers),
        });
        let cookie = self.call.cookie.iter().filter(|_| is_first);
        headers.extend(cookie.map(|cookie| ("cookie".to_owned(), cookie.clone())));
        // A redirect that changes the method drops the body (Fetch, "HTTP-redirect fetch", step 12).
        let keeps_body = is_first && method == self.call.request.sent_method();
        Outgoing {
            method: method.to_owned(),
            url: step.url.clone(),
            headers,
            body: match keeps_body {
                true => self.call.body.clone(),
                false => bytes::Bytes::new(),
            },
        }
    }
}

/// A page's headers for another origin than the one that they were given for. Browsers drop `Authorization` on the way
/// there (Fetch, "HTTP-redirect fetch", step 13) and hand on the rest; the names of that go along, as preflights and
/// servers look at them.
fn without_keys(headers: &[(String, String)]) -> Vec<(String, String)> {
    let kept = headers
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
    kept.map(|(name, value)| match is_harmless_request_header(name) {
        true => (name.clone(), value.clone()),
        false => (name.clone(), PLACEHOLDER.to_owned()),
    })
    .collect()
}

/// A preflight as browsers send it (Fetch, "CORS-preflight fetch").
pub(super) fn preflight(url: &Url, asked: &Asked) -> Outgoing {
    let mut headers = basics();
    let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
    add("origin", &asked.origin);
    add("access-control-request-method", &asked.method);
    if !asked.headers.is_empty() {
        add("access-control-request-headers", &asked.headers.join(","));
    }
    Outgoing {
        method: "OPTIONS".to_owned(),
        url: url.clone(),
        headers,
        body: bytes::Bytes::new(),
    }
}

/// What every request has.
pub(super) fn basics() -> Vec<(String, String)> {
    let pairs = [("user-agent", AGENT), ("accept", "*/*")];
    let owned = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    owned.into()
}

pub(super) fn unreachable(url: &Url, sentence: &str) -> String {
    let url = shown::url(url);
    format!(
        "cannot reach {url}: {sentence}\n  no browser gets there either from this machine, and to a page it looks like a \
         CORS error; look at the address, the port and the certificate"
    )
}

/// Why a redirect was not followed.
pub(super) fn not_followed(url: &Url, private: &Unreached) -> String {
    let url = shown::url(url);
    format!(
        "the redirect to {url} was not followed: {private}, at another address than the first URL's server; \
         --follow-private follows it"
    )
}

fn value<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    let mut headers = headers.iter();
    headers
        .find(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use drawbridge_policy::explain::PageRequest;

    use super::*;

    const PAGE: &str = "https://app.example.com";

    fn call() -> Call {
        let url = Url::parse("http://public.example/").unwrap();
        Call {
            request: PageRequest::new(PAGE, url, "GET"),
            body: bytes::Bytes::new(),
            cookie: None,
            left_out: Vec::new(),
        }
    }

    /// What a server said to the request: go there.
    fn redirect(network: &Network<'_>, location: &str) -> Exchange {
        let first = simulate(Browser::Chromium, &network.call.request, &[]);
        let sent = network.request(&first.steps[0], "GET", Some(PAGE));
        let answer = Answer::new(302)
            .with("access-control-allow-origin", "*")
            .with("location", location);
        Exchange {
            purpose: Purpose::Request,
            why: Vec::new(),
            sent,
            reply: Ok(answer),
            is_private: false,
        }
    }

    #[tokio::test]
    async fn a_redirect_to_another_private_address_is_followed_only_when_told() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let target = format!("http://{}/", listener.local_addr().unwrap());
        let call = call();

        for first in ["8.8.8.8:80", "10.0.0.1:80", "127.0.0.2:80"] {
            let mut network = Network::new(&call, false);
            network.reach = Some(Reach::after(first.parse().unwrap(), false));
            network.exchanges = vec![redirect(&network, &target)];
            let simulation = network.travel(Browser::Chromium).await.unwrap();
            assert_eq!(simulation.outcome, Outcome::NeedsAnswer, "{first}");
            let stopped = network.stopped.unwrap();
            assert!(stopped.contains(&target), "{stopped}");
            assert!(stopped.contains("--follow-private"), "{stopped}");
            let nobody = listener.accept().unwrap_err();
            assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock, "{first}");
        }

        let accept = tokio::net::TcpListener::from_std(listener).unwrap();
        for (first, is_told) in [("8.8.8.8:80", true), ("127.0.0.1:80", false)] {
            let mut network = Network::new(&call, is_told);
            network.reach = Some(Reach::after(first.parse().unwrap(), is_told));
            network.exchanges = vec![redirect(&network, &target)];
            let answer = async {
                // Hangs up: that it came is enough.
                drop(accept.accept().await.unwrap());
            };
            let (simulation, ()) = tokio::join!(network.travel(Browser::Chromium), answer);
            assert!(matches!(simulation.unwrap().outcome, Outcome::Blocked(_)));
            assert_eq!(network.stopped, None, "{first}");
        }
    }
}
