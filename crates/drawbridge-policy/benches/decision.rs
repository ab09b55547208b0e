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

mod decisions;

use std::hint::black_box;
use std::process::ExitCode;

use decisions::{ROUNDS, fastest, random_numbers};
use drawbridge_policy::cors::{CorsPolicy, KeyGrant, OriginHeader, Preflight};
use drawbridge_policy::cors_config::CorsConfig;
use drawbridge_policy::origin_set::OriginSet;
use drawbridge_policy::pattern::OriginPattern;

const SIZES: [usize; 6] = [1, 10, 100, 1_000, 10_000, 100_000];
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
    let mut random = random_numbers();
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

fn admits(kind: Kind, policy: &CorsPolicy, origin: &[u8]) -> bool {
    let lines: [&[u8]; 1] = [b"authorization,content-type"];
    let origin = black_box(origin);
    let refusal = match kind {
        Kind::Actual => black_box(policy.actual(OriginHeader::One(origin), b"POST", false)).refusal,
        Kind::Preflight => {
            let preflight = Preflight {
                origin,
                method: b"POST",
                header_lines: lines.iter().copied(),
            };
            black_box(policy.judge(&preflight, KeyGrant::default())).refusal
        }
    };
    refusal.is_none()
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
        let rounds: usize = rounds.parse().unwrap();
        let (policy, questions) = (policy(size), questions(size));
        let decisions = (0..rounds).filter(|round| admits(kind, &policy, questions.get(*round)));
        black_box(decisions.count());
        return ExitCode::SUCCESS;
    }
    println!(
        "{:>9}  {:>9}  {:>12}",
        "origins", "actual ns", "preflight ns"
    );
    let mut most: f64 = 0.0;
    for size in SIZES {
        let (policy, questions) = (policy(size), questions(size));
        let nanoseconds = |kind| {
            fastest(REPETITIONS, |round| {
                admits(kind, &policy, questions.get(round))
            })
        };
        let (actual, preflight) = (nanoseconds(Kind::Actual), nanoseconds(Kind::Preflight));
        println!("{size:>9}  {actual:>9.1}  {preflight:>12.1}");
        most = actual.max(preflight);
    }
    if most > BOUND {
        println!("beyond {BOUND} ns");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
