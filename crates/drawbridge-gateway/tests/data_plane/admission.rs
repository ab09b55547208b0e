//! What reaches the upstream is what endpoint and key both admit, whatever they are and whatever is asked.
//!
//! Generated configurations and requests go through a whole gateway to an upstream that writes down what it gets; what
//! it should have got is said by a naive reading of the rules ([`oracle`]), which shares no code with the engine.

mod ask;
#[path = "../../../drawbridge-policy/tests/cors/naive.rs"]
mod naive;
mod oracle;
mod world;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use serde_json::json;

use self::ask::{Ask, Base, Sent, Token, asks};
use self::world::{World, worlds};
use crate::client_address::trust;
use crate::support::{Gateway, Message, Upstream, document};

/// The least percentage of all requests: where hardly anything is admitted, or refused, nothing is shown.
const LEAST: [(&str, u32); 9] = [
    ("admitted", 30),
    ("refused", 15),
    ("admitted without a page", 4),
    ("admitted on the shared URL", 4),
    ("admitted from a network", 1),
    ("admitted publishable keys", 5),
    ("pages that the endpoint lists", 4),
    ("pages that only keys list", 4),
    ("pages that endpoint and key list", 2),
];

/// An upstream that answers everything, and what it was asked.
struct Recorder {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    fn start(upstream: Upstream) -> Self {
        let (address, seen) = (upstream.address, Arc::<Mutex<Vec<_>>>::default());
        let own = Arc::clone(&seen);
        std::thread::spawn(move || {
            loop {
                let mut connection = upstream.accept();
                if connection.0.peek(&mut [0]).unwrap() == 0 {
                    return;
                }
                let request = connection.request();
                let id = request.header("x-request-id").unwrap();
                own.lock().unwrap().push(format!("{id}: {}", request.start));
                connection.answer("connection: close\r\n", "");
            }
        });
        Self { address, seen }
    }

    /// What came since the last time.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // A connection without a request ends its thread.
        drop(TcpStream::connect(self.address));
    }
}

/// A gateway that is configured and asked again and again.
struct Run {
    gateway: Gateway,
    upstream: Recorder,
    asked: Cell<u32>,
    /// How often what must not be rare was seen, by its name in [`LEAST`].
    counts: RefCell<BTreeMap<&'static str, u32>>,
}

impl Run {
    fn count(&self, what: &'static str, is_so: bool) {
        *self.counts.borrow_mut().entry(what).or_default() += u32::from(is_so);
    }

    fn check_all(&self, world: &World, asks: &[Ask]) -> Result<(), TestCaseError> {
        self.publish(world);
        for ask in worthwhile(world, asks) {
            self.check(world, &ask)?;
        }
        Ok(())
    }

    /// Sends the request, and has a look at what the upstream got.
    fn check(&self, world: &World, ask: &Ask) -> Result<(), TestCaseError> {
        self.asked.set(self.asked.get() + 1);
        let id = format!("ask-{}", self.asked.get());
        let own = format!("http://{}", self.gateway.address);
        let expected = oracle::destination(world, ask);
        let answer = self.send(ask, &ask.lines(&id, &own));
        let should_see: Vec<_> = expected
            .map(|index| format!("{id}: {} /{index}{} HTTP/1.1", ask.method, ask.path))
            .into_iter()
            .collect();
        prop_assert_eq!(self.upstream.take(), should_see, "{:?}: {:?}", ask, answer);
        if let Some(index) = expected {
            prop_assert_eq!(answer.status(), 200);
            self.count_admitted(world, ask, index);
            self.check_preflight(ask)?;
        }
        self.count("refused", expected.is_none());
        Ok(())
    }

    /// A page that may send the request was told so by its preflight.
    fn check_preflight(&self, ask: &Ask) -> Result<(), TestCaseError> {
        let Some(origin) = ask.page() else {
            return Ok(());
        };
        let lines = format!(
            "origin: {origin}\r\naccess-control-request-method: {}\r\n\
             access-control-request-headers: authorization,content-type\r\n",
            ask.method
        );
        let preflight = Ask {
            method: "OPTIONS",
            ..ask.clone()
        };
        let answer = self.send(&preflight, &format!("{lines}\r\n"));
        let list = |name| {
            let names = answer.header(name).unwrap_or_default().split(',');
            names
                .map(|name| name.trim().to_ascii_lowercase())
                .collect::<Vec<_>>()
        };
        let told = answer.header("access-control-allow-origin");
        prop_assert!(told == Some(origin) || told == Some("*"), "{:?}", answer);
        // Only where everything is admitted.
        prop_assert!(
            answer.header("access-control-max-age").is_some(),
            "{:?}",
            answer
        );
        // Fetch asks no list about these.
        let is_safe = ["GET", "HEAD", "POST"].contains(&ask.method);
        let methods = list("access-control-allow-methods");
        let is_listed = methods.contains(&ask.method.to_ascii_lowercase());
        prop_assert!(is_safe || is_listed, "{:?}", answer);
        let headers = list("access-control-allow-headers");
        for name in ["authorization", "content-type"] {
            prop_assert!(headers.iter().any(|own| own == name), "{:?}", answer);
        }
        prop_assert_eq!(self.upstream.take(), Vec::<String>::new());
        Ok(())
    }

    fn send(&self, ask: &Ask, lines: &str) -> Message {
        let mut client = self.gateway.client();
        let (method, target) = (ask.method, ask.target());
        client.send(format!(
            "{method} {target} HTTP/1.1\r\nhost: gw\r\nconnection: close\r\n{lines}"
        ));
        match method {
            "HEAD" => client.head(),
            _ => client.answer(),
        }
    }

    fn publish(&self, world: &World) {
        self.gateway.publish([world.project()]);
        for (index, endpoint) in world.endpoints.iter().enumerate() {
            let base_url = format!("http://{}/{index}", self.upstream.address);
            let mut document = endpoint.document();
            document["upstream"] = json!({"base_url": base_url});
            let (project, name) = endpoint.path.split_once('/').unwrap();
            self.gateway.set_endpoint(project, name, &document);
        }
        for (index, key) in world.keys.iter().enumerate() {
            let (token, document) = (Token::Key(index).text().unwrap(), key.document());
            if key.is_revoked {
                self.gateway.revoke(&token, &document);
            } else {
                self.gateway.set_key(&token, &document);
            }
        }
    }

    fn count_admitted(&self, world: &World, ask: &Ask, index: usize) {
        let is_page = ask.page().is_some();
        let endpoint = &world.endpoints[index];
        self.count("admitted", true);
        self.count("admitted without a page", ask.origin == Sent::Absent);
        self.count("admitted on the shared URL", ask.base == Base::Shared);
        let by_list = is_page && !endpoint.origins.is_empty();
        self.count("pages that the endpoint lists", by_list);
        let by_keys = is_page && endpoint.origins.is_empty();
        self.count("pages that only keys list", by_keys);
        if let Token::Key(key) = ask.token {
            let key = &world.keys[key];
            let by_both = by_list && key.origins.is_some();
            self.count("pages that endpoint and key list", by_both);
            self.count("admitted publishable keys", key.is_publishable);
            self.count("admitted from a network", key.networks.is_some());
        }
    }
}

/// Requests of which about half pass, and many others do not for one reason only.
fn worthwhile(world: &World, asks: &[Ask]) -> Vec<Ask> {
    let admitted = asks
        .iter()
        .filter(|ask| oracle::destination(world, ask).is_some());
    let with_variants = admitted.zip(asks).take(2).flat_map(|(ask, other)| {
        let variants = ask.variants(other);
        [ask.clone()].into_iter().chain(variants)
    });
    with_variants.chain(asks.iter().take(3).cloned()).collect()
}

#[test]
fn the_upstream_gets_what_endpoint_and_key_both_admit_and_preflights_agree() {
    let upstream = Upstream::start();
    let gateway = Gateway::start_with(&document(&upstream, &json!({})), trust);
    let run = Run {
        gateway,
        upstream: Recorder::start(upstream),
        asked: Cell::default(),
        counts: RefCell::default(),
    };
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 64,
        source_file: Some(file!()),
        ..ProptestConfig::default()
    });
    let cases = (worlds(), prop::collection::vec(asks(), 20..40));
    let outcome = runner.run(&cases, |(world, asks)| run.check_all(&world, &asks));
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let (asked, counts) = (run.asked.get(), run.counts.take());
    for (what, percent) in LEAST {
        let count = counts.get(what).copied().unwrap_or_default();
        assert!(count * 100 >= asked * percent, "{what}: {count} of {asked}");
    }
}
