//! What one CORS decision costs, from 1 to 100,000 origins asked for in random order.
//!
//! `cargo bench -p drawbridge-policy --bench decision` prints nanoseconds; with `count SIZE ROUNDS` it only decides, for
//! counting instructions from outside (`bench/decision`).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark reports to a person"
)]

use std::hint::black_box;
use std::time::Instant;

use drawbridge_policy::cors::{CorsPolicy, OriginHeader, Preflight};
use drawbridge_policy::cors_config::CorsConfig;
use drawbridge_policy::origin_set::OriginSet;
use drawbridge_policy::pattern::OriginPattern;

const SIZES: [usize; 6] = [1, 10, 100, 1_000, 10_000, 100_000];
const ROUNDS: usize = 2_000_000;

fn origin(index: usize) -> String {
    format!("https://customer-{index:06}.apps.example.com")
}

/// Exact origins, and every tenth entry a subdomain wildcard of its own.
fn policy(size: usize) -> CorsPolicy {
    let patterns: Vec<_> = (0..size)
        .map(|index| match index % 10 {
            9 => format!("https://*.team-{index:06}.example.net"),
            _ => origin(index),
        })
        .map(|pattern| OriginPattern::parse(&pattern).unwrap())
        .collect();
    CorsPolicy::new(&CorsConfig::default(), OriginSet::new(&patterns))
}

/// The questions: exact, by wildcard, and refused, in an order that no cache predicts.
fn questions(size: usize) -> Vec<String> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap()
    };
    (0..131_072)
        .map(|_| {
            let index = random() % size;
            match (random() % 8, index % 10) {
                (0, _) => format!("https://customer-{index:06}.apps.example.com.evil.example"),
                (_, 9) => format!("https://app.team-{index:06}.example.net"),
                _ => origin(index),
            }
        })
        .collect()
}

fn decide(policy: &CorsPolicy, questions: &[String], rounds: usize) -> usize {
    let lines: [&[u8]; 1] = [b"authorization,content-type"];
    let mut admitted = 0;
    for round in 0..rounds {
        let origin = questions[round % questions.len()].as_bytes();
        if round % 2 == 0 {
            let verdict = policy.actual(OriginHeader::One(black_box(origin)), b"POST", false);
            admitted += usize::from(black_box(verdict).refusal.is_none());
        } else {
            let answer = policy.preflight(&Preflight {
                origin: black_box(origin),
                method: b"POST",
                header_lines: lines.iter().copied(),
            });
            admitted += usize::from(black_box(answer).refusal.is_none());
        }
    }
    admitted
}

fn main() {
    let arguments: Vec<_> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if let [_, size, rounds] = &arguments[..] {
        let size = size.parse().unwrap();
        black_box(decide(
            &policy(size),
            &questions(size),
            rounds.parse().unwrap(),
        ));
        return;
    }
    println!("{:>9}  {:>12}", "origins", "ns/decision");
    for size in SIZES {
        let (policy, questions) = (policy(size), questions(size));
        decide(&policy, &questions, ROUNDS / 10);
        let start = Instant::now();
        let admitted = black_box(decide(&policy, &questions, ROUNDS));
        let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / ROUNDS as f64;
        assert!(
            admitted > ROUNDS / 2,
            "the questions are mostly admitted ones"
        );
        println!("{size:>9}  {nanoseconds:>12.1}");
    }
}
