//! What scanning a body for `model` costs, in nanoseconds a byte: the least of many rounds, in chunks of 16 KiB.

#![expect(clippy::print_stdout, reason = "this is a program")]

use std::hint::black_box;
use std::time::Instant;

use drawbridge_policy::model_scan::ModelScan;
use serde_json::json;

const LENGTH: usize = 1 << 20;
const CHUNK: usize = 16 << 10;
const ROUNDS: usize = 200;

fn main() {
    let prose = "The gateway holds the upstream's credential and decides for every request. ";
    let code = "    if (item[\"name\"] !== \"\\n\") {\n\treturn 'a\\\\b';\n    }\n";
    let cjk = "ゲートウェイはすべてのリクエストを判断します。";
    let escaped_cjk: String = cjk
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    let message = |text: &str| json!({"messages": [{"role": "user", "content": text}]}).to_string();
    let bodies = [
        ("prose", message(&prose.repeat(LENGTH / prose.len()))),
        ("source code", message(&code.repeat(LENGTH / code.len()))),
        ("CJK as UTF-8", message(&cjk.repeat(LENGTH / cjk.len()))),
        (
            "CJK as \\u escapes",
            format!(
                "{{\"x\":\"{}\"}}",
                escaped_cjk.repeat(LENGTH / escaped_cjk.len())
            ),
        ),
        (
            "nothing but \\n",
            format!("{{\"x\":\"{}\"}}", "\\n".repeat(LENGTH / 2)),
        ),
        (
            "token numbers",
            json!({"input": (0..LENGTH / 6).map(|n| n * 7919 % 100_000).collect::<Vec<_>>()})
                .to_string(),
        ),
        (
            "short messages",
            json!({"messages": vec![json!({"role": "user", "content": "Hello!"}); LENGTH / 36]})
                .to_string(),
        ),
    ];
    for (name, body) in bodies {
        let mut least = f64::INFINITY;
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let mut scan = ModelScan::new();
            for chunk in body.as_bytes().chunks(CHUNK) {
                let found = scan.push(black_box(chunk));
                assert!(found.is_ok(), "{name} is JSON");
            }
            black_box(&scan);
            least = least.min(began.elapsed().as_secs_f64() * 1e9 / body.len() as f64);
        }
        println!("{name:20} {least:.3} ns/byte");
    }
}
