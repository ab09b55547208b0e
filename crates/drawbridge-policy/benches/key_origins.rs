//! What the origins of 100,000 keys cost: changing one key, and a preflight of an endpoint that leaves them to its keys.
//!
//! `cargo bench -p drawbridge-policy --bench key_origins` fails beyond its bounds. Keys have five origins each: all
//! different (`own`), or all the same, with as many ends as keys (`shared`). Questions come in an order that no cache
//! predicts. The shared URL's preflights ask every endpoint at once, and have a bound of their own (`bench/joint`).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark reports to a person"
)]

mod decisions;

use std::hint::black_box;
use std::iter::Once;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use decisions::{ROUNDS, fastest, random_numbers};
use drawbridge_policy::cors::{OriginHeader, Preflight};
use drawbridge_policy::endpoint::{Endpoint, Project};
use drawbridge_policy::key_config::KeyConfig;
use drawbridge_policy::snapshot::{Change, Live, Snapshot};
use drawbridge_policy::token::TokenDigest;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

const KEYS: usize = 100_000;
const CHANGES: usize = 1_000;
const REPETITIONS: usize = 10;
/// For the median change, in microseconds.
const CHANGE_BOUND: f64 = 5_000.0;
/// For a preflight of the endpoint's own URL, in nanoseconds.
const PREFLIGHT_BOUND: f64 = 1_000.0;
const PROJECT: &str = "proj_bench1";
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// Whose origins a key lists.
#[derive(Clone, Copy)]
enum Lists {
    Own,
    Shared,
}

impl Lists {
    /// The patterns of a key: four exact ones and a wildcard.
    fn patterns(self, key: usize) -> Vec<String> {
        let number = match self {
            Self::Own => key,
            Self::Shared => 0,
        };
        let exact =
            (0..4).map(|index| format!("https://app-{index}.customer-{number:06}.example.com"));
        let wildcard = format!("https://*.team-{number:06}.example.net");
        exact.chain([wildcard]).collect()
    }

    /// An origin that some key admits, or, once in eight, none.
    fn question(self, random: usize) -> String {
        let number = match self {
            Self::Own => random / 8 % KEYS,
            Self::Shared => 0,
        };
        match random % 8 {
            0 => format!("https://app-0.customer-{number:06}.example.org"),
            1 => format!("https://preview.team-{number:06}.example.net"),
            index => format!("https://app-{}.customer-{number:06}.example.com", index % 4),
        }
    }
}

fn key(lists: Lists, number: usize, generation: usize) -> Change {
    let end = NOW + SignedDuration::from_secs(i64::try_from(1_000 + number + generation).unwrap());
    // What changes is what every key has: `generation` 0 is the key as it was first.
    let patterns = lists.patterns((number + generation * 7) % KEYS);
    let document = json!({
        "kind": "publishable", "allowed_origins": patterns, "expires_at": end.to_string(),
    });
    let config = KeyConfig::read(&document).unwrap();
    let key = config.compile(&format!("ak_live_{number:06}"), PROJECT, [], None);
    Change::Key(Arc::new(key))
}

fn endpoint() -> Arc<Endpoint> {
    let project = Arc::new(Project {
        id: PROJECT.into(),
        slug: "bench".into(),
        ..Project::default()
    });
    let document = json!({"upstream": {"base_url": "http://127.0.0.1:1/v1"}});
    let (endpoint, _) = Endpoint::compile(&project, "chat", &document, None).unwrap();
    Arc::new(endpoint)
}

/// Microseconds to publish a change of one key, the old snapshot's end included: the median, and 99 of 100.
fn change(live: &Live, lists: Lists) -> (f64, f64) {
    let mut random = random_numbers();
    let mut revision = live.load().revision();
    let mut times: Vec<_> = (1..=CHANGES)
        .map(|generation| {
            let change = key(lists, random() % KEYS, generation);
            revision += 1;
            let start = Instant::now();
            live.publish(revision, [change]);
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[CHANGES / 2], times[CHANGES / 100 * 99])
}

/// Nanoseconds of a preflight's decision on the endpoint's own URL and on the shared one.
fn decide(snapshot: &Snapshot, lists: Lists) -> (f64, f64) {
    let endpoint = snapshot.endpoint(&format!("{PROJECT}/chat")).unwrap();
    let keys = snapshot.keys_at(NOW);
    let mut random = random_numbers();
    let questions: Vec<_> = (0..ROUNDS).map(|_| lists.question(random())).collect();
    let question = |index: usize| black_box(questions[index].as_bytes());
    let own = fastest(REPETITIONS, |index| {
        let origin = question(index);
        let grant = keys.grant(endpoint, OriginHeader::One(origin));
        let verdict = endpoint.cors.judge(&preflight(origin), grant);
        verdict.refusal.is_none()
    });
    let shared = fastest(REPETITIONS, |index| {
        let answer = snapshot
            .joint()
            .preflight(&preflight(question(index)), keys);
        answer.refusal.is_none()
    });
    (own, shared)
}

fn preflight(origin: &[u8]) -> Preflight<'_, Once<&[u8]>> {
    Preflight {
        origin,
        method: b"POST",
        header_lines: std::iter::once(b"authorization,content-type"),
    }
}

fn main() -> ExitCode {
    let mut is_beyond = false;
    println!(
        "{KEYS} keys  {:>10}  {:>16}  {:>14}  {:>16}  {:>19}",
        "load ms", "change median us", "change p99 us", "own preflight ns", "shared preflight ns"
    );
    for (name, lists) in [("own", Lists::Own), ("shared", Lists::Shared)] {
        let changes: Vec<_> = (0..KEYS).map(|number| key(lists, number, 0)).collect();
        let live = Live::new(Snapshot::new(TokenDigest::of(b"root")));
        let start = Instant::now();
        live.publish(1, changes.into_iter().chain([Change::Endpoint(endpoint())]));
        let load = start.elapsed().as_secs_f64() * 1e3;
        let (own, shared) = decide(&live.load(), lists);
        let (median, most) = change(&live, lists);
        println!(
            "{name:>11}  {load:>10.0}  {median:>16.0}  {most:>14.0}  {own:>16.0}  {shared:>19.0}"
        );
        is_beyond |= median > CHANGE_BOUND || own > PREFLIGHT_BOUND;
    }
    if is_beyond {
        println!("beyond {CHANGE_BOUND} us for a change or {PREFLIGHT_BOUND} ns for a preflight");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
