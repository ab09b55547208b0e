//! What one CORS decision costs, from 1 to 100,000 origins asked for in random order.
//!
//! `cargo bench -p drawbridge-policy --bench decision` prints nanoseconds, and fails where the most
//! origins take more than [`BOUND`]; with `actual|preflight SIZE ROUNDS` it only decides, for
//! counting instructions from outside (`bench/decision`).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark reports to a person"
)]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use drawbridge_policy::cors::{CorsPolicy, KeyGrant, OriginHeader, Preflight};
use drawbridge_policy::cors_config::CorsConfig;
use drawbridge_policy::origin_set::OriginSet;
use drawbridge_policy::pattern::OriginPattern;

const SIZES: [usize; 6] = [1, 10, 100, 1_000, 10_000, 100_000];
const ROUNDS: usize = 131_072;
/// Decisions without a pause.
const BATCH: usize = 1_024;
const REPETITIONS: usize = 30;
/// Nanoseconds for a decision among the most origins.
const BOUND: f64 = 200.0;

fn origin(index: usize) -> String {
    format!("https://customer-{index:06}.apps.example.com")
}

/// Exact origins, and every tenth entry a subdomain wildcard of its own; at least one of these, so that every size is asked
/// the same kinds of questions.
fn policy(size: usize) -> CorsPolicy {
    let patterns: Vec<_> = (0..size)
        .map(pattern)
        .chain(["https://*.other.example".to_owned()])
        .map(|pattern| OriginPattern::parse(&pattern).unwrap())
        .collect();
    CorsPolicy::new(&CorsConfig::default(), OriginSet::new(&patterns))
}

fn pattern(index: usize) -> String {
    match index % 10 {
        9 => format!("https://*.team-{index:06}.example.net"),
        _ => origin(index),
    }
}

/// The questions: exact, by wildcard, and refused, in an order that no cache predicts.
fn questions(size: usize) -> Questions {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap()
    };
    let mut questions = Questions::default();
    for _ in 0..ROUNDS {
        let index = random() % size;
        let (exact, wildcard) = (index - usize::from(index % 10 == 9), index - index % 10 + 9);
        questions.text.push_str(&match random() % 8 {
            0 => format!("{}.evil.example", origin(index)),
            1 if wildcard < size => format!("https://app.team-{wildcard:06}.example.net"),
            1 => format!("https://application-{index:06}.other.example"),
            _ => origin(exact),
        });
        questions.ends.push(questions.text.len());
    }
    questions
}

/// Origins one behind the other, as a request's bytes are at hand when it is judged.
#[derive(Default)]
struct Questions {
    text: String,
    ends: Vec<usize>,
}

impl Questions {
    fn get(&self, round: usize) -> &[u8] {
        let index = round % self.ends.len();
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text.as_bytes()[start..self.ends[index]]
    }
}

/// The two decisions of the data plane.
#[derive(Clone, Copy)]
enum Kind {
    Actual,
    Preflight,
}

fn decide(
    kind: Kind,
    policy: &CorsPolicy,
    questions: &Questions,
    rounds: impl Iterator<Item = usize>,
) -> usize {
    let lines: [&[u8]; 1] = [b"authorization,content-type"];
    let mut admitted = 0;
    for round in rounds {
        let origin = black_box(questions.get(round));
        let refusal = match kind {
            Kind::Actual => {
                black_box(policy.actual(OriginHeader::One(origin), b"POST", false)).refusal
            }
            Kind::Preflight => {
                let preflight = Preflight {
                    origin,
                    method: b"POST",
                    header_lines: lines.iter().copied(),
                };
                black_box(policy.judge(&preflight, KeyGrant::default())).refusal
            }
        };
        admitted += usize::from(refusal.is_none());
    }
    admitted
}

/// The fastest of many batches, each too short for the scheduler: others on the machine only ever make one slower.
fn nanoseconds(kind: Kind, policy: &CorsPolicy, questions: &Questions) -> f64 {
    let begins = (0..ROUNDS * REPETITIONS).step_by(BATCH);
    let batches = begins.map(|begin| {
        let start = Instant::now();
        let admitted = black_box(decide(kind, policy, questions, begin..begin + BATCH));
        let time = start.elapsed().as_secs_f64();
        assert!(admitted > BATCH / 2, "most are admitted: {admitted}");
        time * 1e9 / BATCH as f64
    });
    batches.fold(f64::INFINITY, f64::min)
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if let [kind, size, rounds] = &arguments[..] {
        let kind = if kind == "preflight" {
            Kind::Preflight
        } else {
            Kind::Actual
        };
        let size = size.parse().unwrap();
        black_box(decide(
            kind,
            &policy(size),
            &questions(size),
            0..rounds.parse().unwrap(),
        ));
        return ExitCode::SUCCESS;
    }
    println!(
        "{:>9}  {:>9}  {:>12}",
        "origins", "actual ns", "preflight ns"
    );
    let mut most: f64 = 0.0;
    for size in SIZES {
        let (policy, questions) = (policy(size), questions(size));
        let actual = nanoseconds(Kind::Actual, &policy, &questions);
        let preflight = nanoseconds(Kind::Preflight, &policy, &questions);
        println!("{size:>9}  {actual:>9.1}  {preflight:>12.1}");
        most = actual.max(preflight);
    }
    if most > BOUND {
        println!("beyond {BOUND} ns");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
