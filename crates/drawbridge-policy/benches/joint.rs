//! What the joint test of the shared URL costs, with 1 to 20,000 different policies.
//!
//! `cargo bench -p drawbridge-policy --bench joint` prints microseconds, and for making the index milliseconds; it fails
//! where a refused header takes more than [`BOUND`]. All
//! policies admit one origin, have one of their own, and differ in one header; `own` asks from an origin that only one
//! of them admits.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark reports to a person"
)]

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use drawbridge_policy::cors::{CorsPolicy, OriginHeader, Preflight, PreflightAnswer, Refusal};
use drawbridge_policy::cors_config::CorsConfig;
use drawbridge_policy::joint::JointPolicies;
use drawbridge_policy::key_origins::{KeyOrigins, KeysAt};
use drawbridge_policy::origin_set::OriginSet;
use drawbridge_policy::pattern::OriginPattern;
use jiff::Timestamp;

const SIZES: [usize; 5] = [1, 100, 1_000, 10_000, 20_000];
/// Microseconds for a preflight with a refused header, with this many policies.
const BOUND: (usize, f64) = (10_000, 100.0);
const APP: &str = "https://app.example.com";
const OWN: &str = "https://customer-0.example.com";

/// No key has a say: every policy lists its origins.
fn no_keys() -> KeysAt<'static> {
    static NONE: LazyLock<KeyOrigins> = LazyLock::new(KeyOrigins::default);
    KeysAt::new(&NONE, Timestamp::UNIX_EPOCH)
}

/// Policies in the order of creation, each with its own header, and 64 more in common.
fn policies(size: usize, more: &[String]) -> Vec<Arc<CorsPolicy>> {
    let policy = |index: usize| {
        let own_origin = format!("https://customer-{index}.example.com");
        let patterns = [APP, &own_origin].map(|text| OriginPattern::parse(text).unwrap());
        let mut config = CorsConfig::default();
        config.allowed_headers.push(format!("X-Customer-{index}"));
        config.allowed_headers.extend_from_slice(more);
        config.max_age = i64::try_from(index % 100_000).unwrap();
        Arc::new(CorsPolicy::new(&config, OriginSet::new(&patterns)))
    };
    (0..size).map(policy).collect()
}

fn names(count: usize) -> Vec<String> {
    (0..count)
        .map(|index| format!("X-Name-Number-{index}"))
        .collect()
}

fn ask(policies: &JointPolicies, origin: &str, headers: &str) -> PreflightAnswer {
    let preflight = Preflight {
        origin: black_box(origin).as_bytes(),
        method: b"POST",
        header_lines: std::iter::once(black_box(headers).as_bytes()),
    };
    policies.preflight(&preflight, no_keys())
}

/// Microseconds for one run, the least of ten times some.
fn microseconds<T>(mut run: impl FnMut() -> T) -> f64 {
    const RUNS: u32 = 200;
    let mut time = || {
        let start = Instant::now();
        for _ in 0..RUNS {
            black_box(run());
        }
        start.elapsed().as_secs_f64() * 1e6 / f64::from(RUNS)
    };
    (0..10).map(|_| time()).fold(f64::INFINITY, f64::min)
}

fn main() -> ExitCode {
    let mut is_beyond = false;
    println!(
        "{:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "policies", "build ms", "pass", "own", "refused", "nobody", "error", "64 pass", "64 fail"
    );
    for size in SIZES {
        let typical = policies(size, &[]);
        let start = Instant::now();
        let joint = JointPolicies::new(&typical);
        let build = start.elapsed().as_secs_f64() * 1e3;
        assert_eq!(joint.distinct(), size);

        let asked = "authorization,content-type";
        let with_refused = "authorization,content-type,x-nobody-lists-this";
        let refusal = |origin, headers| ask(&joint, origin, headers).refusal;
        assert_eq!(refusal(APP, asked), None);
        assert_eq!(refusal(APP, with_refused), Some(Refusal::HeaderNotAllowed));
        let pass = microseconds(|| ask(&joint, APP, asked));
        let own = microseconds(|| ask(&joint, OWN, asked));
        let refused = microseconds(|| ask(&joint, APP, with_refused));
        let nobody = microseconds(|| ask(&joint, "https://evil.example", asked));
        let error = microseconds(|| {
            joint.before_endpoint(OriginHeader::One(APP.as_bytes()), false, no_keys())
        });

        let many = names(64);
        let joint = JointPolicies::new(&policies(size, &many));
        let asked = many.join(",").to_ascii_lowercase();
        let others = asked.replace("number", "other");
        assert_eq!(ask(&joint, APP, &asked).refusal, None);
        assert!(ask(&joint, APP, &others).refusal.is_some());
        let all_pass = microseconds(|| ask(&joint, APP, &asked));
        let all_fail = microseconds(|| ask(&joint, APP, &others));
        println!(
            "{size:>9} {build:>9.2} {pass:>9.2} {own:>9.2} {refused:>9.2} {nobody:>9.2} {error:>9.2} {all_pass:>9.2} \
             {all_fail:>9.2}"
        );
        is_beyond |= size == BOUND.0 && refused > BOUND.1;
    }
    if is_beyond {
        println!(
            "beyond {} us for a refused header and {} policies",
            BOUND.1, BOUND.0
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
