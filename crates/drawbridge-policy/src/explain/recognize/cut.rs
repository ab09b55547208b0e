//! Lines that break off: what stands before the break still tells who printed them, about which call, and mostly why.
//!
//! It must never guess: where what is left of a reason begins several, none of them is taken.

use std::sync::LazyLock;

use crate::explain::Browser;
use crate::explain::code::Code;
use crate::explain::recognize::sentence::{Pasted, Reading, Sentence, shared_len};
use crate::explain::recognize::{Before, CONTEXT_SENTENCES, Recognized, SENTENCES, codes};
use crate::explain::wording::{PREFLIGHT, Rank, Row, rows};

/// Of a reason behind its context at least so many bytes.
const LEAST: usize = 8;
/// Of a sentence that stands alone.
const LEAST_ALONE: usize = 20;

/// The reasons of whole lines that begin like those with a context.
static OTHER_REASONS: LazyLock<Vec<(&Row, Sentence)>> = LazyLock::new(|| {
    let reasons = rows().filter(|row| !row.is_prefixed);
    reasons
        .filter_map(|row| Some((row, Sentence::new(row.text.split_once("(Reason: ")?.1))))
        .collect()
});

/// The reason that is told although it breaks off.
pub(super) fn reason(text: &Pasted) -> Option<Recognized> {
    contexts(text)
        .find_map(|context| context.reason(text))
        .or_else(|| {
            let (found, rank) = alone(text)?;
            (rank == Rank::Reason && found.code() != Code::Unspecified).then_some(found)
        })
}

/// What stands before a reason that is not told.
pub(super) fn context(text: &Pasted) -> Option<Recognized> {
    let longest = contexts(text).max_by_key(|context| context.reading.shared())?;
    Some(longest.recognized(vec![Code::Unspecified]))
}

/// That the text breaks off within a sentence about CORS, whichever.
pub(super) fn some(text: &Pasted) -> Option<Recognized> {
    alone(text).map(|(found, _)| found)
}

/// What stands before a reason, or the beginning of it.
struct Context {
    browser: Browser,
    reading: Reading,
    is_whole: bool,
}

fn contexts(text: &Pasted) -> impl Iterator<Item = Context> {
    CONTEXT_SENTENCES.iter().flat_map(|(browser, sentence)| {
        let readings = sentence.find_all(text);
        readings.map(|reading| Context {
            browser: *browser,
            is_whole: sentence.is_whole(&reading),
            reading,
        })
    })
}

impl Context {
    fn recognized(&self, codes: Vec<Code>) -> Recognized {
        let mut recognized = Recognized {
            browser: Some(self.browser),
            codes,
            ..Recognized::default()
        };
        for (gap, filling) in &self.reading.gaps {
            recognized.set(gap, filling);
        }
        recognized
    }

    fn reason(&self, text: &Pasted) -> Option<Recognized> {
        if !self.is_whole {
            return None;
        }
        let of_preflight = PREFLIGHT.to_ascii_lowercase();
        let rest = &text.lower[self.reading.end..];
        let (before, at) = match rest.starts_with(&of_preflight) {
            true => (Before::Preflight, self.reading.end + of_preflight.len()),
            false => (Before::Context, self.reading.end),
        };
        let own = SENTENCES.iter().filter(|(row, _)| row.is_prefixed);
        let candidates = own
            .chain(OTHER_REASONS.iter())
            .filter(|(row, _)| row.browser == Some(self.browser))
            .map(|(row, sentence)| (*row, sentence.reach(text, at)));
        let (row, reading) = longest(candidates.collect())?;
        let least = LEAST.max(shared_len(rest, &of_preflight) + 1);
        let is_told = before == Before::Preflight || reading.shared() >= least;
        if !is_told || reading.shared() < LEAST || !reading.is_cut(text) {
            return None;
        }
        let mut recognized = self.recognized(codes(row, before));
        for (gap, filling) in &reading.gaps {
            recognized.set(gap, filling);
        }
        Some(recognized)
    }
}

/// The sentence of which most stands there; `None` where several do that mean different things.
fn longest(candidates: Vec<(&'static Row, Reading)>) -> Option<(&'static Row, Reading)> {
    let most = candidates.iter().map(|(_, it)| it.shared()).max()?;
    let mut equals = candidates.into_iter().filter(|(_, it)| it.shared() == most);
    let first = equals.next()?;
    let is_same = |row: &Row| row.text == first.0.text || row.codes == first.0.codes;
    equals.all(|(row, _)| is_same(row)).then_some(first)
}

/// A sentence that the text breaks off in, without a context.
fn alone(text: &Pasted) -> Option<(Recognized, Rank)> {
    let end = text.text.trim_end_matches([' ', '…', '.']).to_owned();
    let text = Pasted::of(end);
    let cut = SENTENCES.iter().filter_map(|(row, sentence)| {
        // These say what the matter is only at their very end.
        let is_general = row.text.starts_with("Failed to load resource");
        let reading = sentence.find_cut(&text, LEAST_ALONE)?;
        (!is_general).then_some((*row, reading))
    });
    let cut: Vec<_> = cut.collect();
    let most = cut.iter().map(|(_, it)| it.shared()).max()?;
    let (row, reading) = cut.iter().find(|(_, it)| it.shared() == most)?;
    let equals = || cut.iter().filter(|(_, it)| it.shared() == most);
    let is_one = |is_same: fn(&Row, &Row) -> bool| equals().all(|(other, _)| is_same(row, other));
    let is_clear = is_one(|left, right| left.codes.first() == right.codes.first());
    let is_reason = equals().all(|(other, _)| other.rank == Rank::Reason && other.is_prefixed);
    if !is_clear && !is_reason {
        return None;
    }
    let mut recognized = Recognized {
        codes: match is_clear {
            true => codes(row, Before::Nothing),
            false => vec![Code::Unspecified],
        },
        browser: row
            .browser
            .filter(|_| is_one(|left, right| left.browser == right.browser)),
        ..Recognized::default()
    };
    for (gap, filling) in &reading.gaps {
        recognized.set(gap, filling);
    }
    Some((recognized, row.rank))
}
