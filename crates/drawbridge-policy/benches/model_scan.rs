//! What scanning a body for `model` costs, in nanoseconds a byte: the least of many short rounds.
//!
//! `cargo bench -p drawbridge-policy --bench model_scan` fails where a shape that clients send takes more than
//! [`BOUND`]. The others are whole short bodies, which cost little, and what nobody sends but to cost time; `cargo
//! bench … -- WORD` measures those named so.

#![expect(clippy::print_stdout, reason = "this is a program")]

mod bodies;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use bodies::LENGTH;
use drawbridge_policy::model_scan::ModelScan;

/// A packet's worth, and what a connection reads at once.
const CHUNKS: [usize; 2] = [1_400, 16 << 10];
const ROUNDS: usize = 100;
/// More rounds for what was too slow: others on the machine only ever make a round slower.
const PATIENCE: usize = 50;
/// Nanoseconds a byte.
const BOUND: f64 = 1.0;

fn scan(body: &[u8], chunk: usize) -> f64 {
    let times = (LENGTH / body.len()).max(1);
    let began = Instant::now();
    for _ in 0..times {
        let mut scan = ModelScan::new();
        for chunk in body.chunks(chunk) {
            let found = scan.push(black_box(chunk));
            assert!(found.is_ok(), "the body is JSON");
        }
        black_box(&scan);
    }
    began.elapsed().as_secs_f64() * 1e9 / (times * body.len()) as f64
}

/// The least of [`ROUNDS`], or of more while it is beyond the bound.
fn least(body: &[u8], chunk: usize, is_bounded: bool) -> f64 {
    let mut least = f64::INFINITY;
    for round in 0..ROUNDS * PATIENCE {
        if round >= ROUNDS && (least <= BOUND || !is_bounded) {
            break;
        }
        least = least.min(scan(body, chunk));
    }
    least
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let wanted = arguments.iter().find(|argument| *argument != "--bench");
    let mut beyond = 0;
    println!(
        "{:34} {:>8} {:>8}  ns/byte",
        "chunks of", CHUNKS[0], CHUNKS[1]
    );
    for (bodies, is_bounded, kind) in [
        (bodies::sent(), true, ""),
        (bodies::short(), false, "as a whole"),
        (bodies::pathological(), false, "pathological"),
    ] {
        for (name, body) in bodies {
            if wanted.is_some_and(|word| !name.contains(word.as_str())) {
                continue;
            }
            let cost = CHUNKS.map(|chunk| least(body.as_bytes(), chunk, is_bounded));
            let is_beyond = is_bounded && cost.iter().any(|cost| *cost > BOUND);
            beyond += usize::from(is_beyond);
            let note = if is_beyond { "beyond the bound" } else { kind };
            println!("{name:34} {:>8.3} {:>8.3}  {note}", cost[0], cost[1]);
        }
    }
    if beyond > 0 {
        println!("{beyond} beyond {BOUND} ns/byte");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
