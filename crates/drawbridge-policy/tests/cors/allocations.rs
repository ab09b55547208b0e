//! Judging allocates nothing unless a list depends on what was asked.

use drawbridge_policy::cors::{CorsPolicy, OriginHeader};
use serde_json::json;

use crate::support::policy;

const ORIGINS: [&str; 9] = [
    "https://app.example.com",
    "https://b.a.example.com",
    "http://localhost:3000",
    "http://[::1]:3000",
    "chrome-extension://abc",
    "https://evil.test",
    "http://[0::1]",
    "http://1.2.3.4",
    "null",
];

fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

fn ask_everything(policy: &CorsPolicy) {
    for origin in ORIGINS {
        for method in ["POST", "DELETE", "TRACE"] {
            for header in ["authorization,content-type", "x-tenant", "x-a b"] {
                let lines = [header.as_bytes()];
                let request = drawbridge_policy::cors::Preflight {
                    origin: origin.as_bytes(),
                    method: method.as_bytes(),
                    header_lines: lines.iter().copied(),
                };
                policy.preflight(&request);
            }
            policy.actual(
                OriginHeader::One(origin.as_bytes()),
                method.as_bytes(),
                false,
            );
        }
    }
    policy.actual(OriginHeader::Absent, b"POST", false);
}

#[test]
fn fixed_lists_cost_no_allocation() {
    let patterns = json!([
        "https://app.example.com",
        "https://*.example.com",
        "http://localhost:*",
        "http://[::1]:*",
        "chrome-extension://*",
    ]);
    for enforcement in ["server", "browser"] {
        let policy = policy(json!({"allowedOrigins": patterns, "enforcement": enforcement}));
        assert_eq!(allocations(|| ask_everything(&policy)), 0);
    }
    let any = policy(json!({"allowedOrigins": ["*"], "exposedHeaders": ["*"]}));
    assert_eq!(allocations(|| ask_everything(&any)), 0);
}

#[test]
fn the_counter_counts() {
    let policy = policy(json!({"allowedOrigins": ["*"], "allowedHeaders": ["*"]}));
    assert_ne!(allocations(|| ask_everything(&policy)), 0);
}
