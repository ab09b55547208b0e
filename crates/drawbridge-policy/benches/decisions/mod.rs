//! Many decisions in an order that no cache predicts, and what one of them costs.

use std::time::Instant;

/// How many questions there are.
pub(crate) const ROUNDS: usize = 131_072;
/// Decisions without a pause.
const BATCH: usize = 1_024;

/// The same numbers every time, in no order (xorshift).
pub(crate) fn random_numbers() -> impl FnMut() -> usize {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap()
    }
}

/// Nanoseconds of a decision, asked all questions by their index `repetitions` times: the fastest of many batches, each
/// too short for the scheduler. Others on the machine only ever make one slower.
pub(crate) fn fastest(repetitions: usize, mut admits: impl FnMut(usize) -> bool) -> f64 {
    let mut batch = |begin: usize| {
        let start = Instant::now();
        let admitted = (begin..begin + BATCH)
            .filter(|index| admits(*index))
            .count();
        let time = start.elapsed().as_secs_f64();
        assert!(admitted > BATCH / 2, "most are admitted: {admitted}");
        time * 1e9 / BATCH as f64
    };
    let begins = (0..repetitions).flat_map(|_| (0..ROUNDS).step_by(BATCH));
    begins.map(&mut batch).fold(f64::INFINITY, f64::min)
}
