//! The scanner of `model` against `serde_json`, for every way in which a body can come in chunks, and the rename.
//!
//! Input: the first byte seeds the chunks and the new name, the rest is the body.

use bytes::Bytes;
use drawbridge_policy::model_scan::{Model, ModelMember};
use serde_json::Value;

#[path = "../../drawbridge-policy/tests/model_scan/oracle.rs"]
mod oracle;

use oracle::scan_cut;

/// Bodies up to this length are cut in two at every place.
const CUT_EVERYWHERE: usize = 96;

const NAMES: [&str; 5] = ["", "small", "\"\\\n\u{7f}é模🦙", "upstream/name", "model"];

/// Scans the body in all ways, and renames its model.
pub fn model_scan(bytes: &[u8]) {
    let Some((seed, body)) = bytes.split_first() else {
        return;
    };
    let whole = match oracle::agrees_by_bytes(body) {
        Ok(outcome) => outcome,
        Err(difference) => panic!("{difference}"),
    };
    let cuts = cuts(*seed, body.len());
    assert_eq!(scan_cut(body, &cuts), whole);
    if body.len() <= CUT_EVERYWHERE {
        for cut in 0..=body.len() {
            assert_eq!(scan_cut(body, &[cut]), whole, "cut at {cut}");
        }
    }
    if let Ok(ModelMember::Named(model)) = whole {
        check_rename(body, &model, NAMES[usize::from(*seed) % NAMES.len()], &cuts);
    }
}

/// Ascending places, by a generator that is the same everywhere.
fn cuts(seed: u8, length: usize) -> Vec<usize> {
    let mut state = u32::from(seed) + 1;
    let mut at = 0;
    let mut cuts = Vec::new();
    loop {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        at += (state >> 24) as usize % 37;
        if at >= length {
            return cuts;
        }
        cuts.push(at);
    }
}

/// The new body is the old one with another string in the model's place: by its bytes, and as `serde_json` reads it.
#[expect(clippy::unwrap_used, reason = "a body that was read has these places")]
fn check_rename(body: &[u8], model: &Model, name: &str, cuts: &[usize]) {
    let splice = model.rewrite(name);
    let held = Bytes::copy_from_slice(body);
    let mut start = 0;
    let chunks = cuts.iter().copied().chain([body.len()]).map(|cut| {
        let chunk = held.slice(start..cut);
        start = cut;
        chunk
    });
    let renamed = splice.apply(chunks.collect::<Vec<_>>()).concat();
    assert_eq!(splice.length(body.len() as u64), renamed.len() as u64);
    let (start, end) = (model.span.start, model.span.end);
    let (start, end) = (
        usize::try_from(start).unwrap(),
        usize::try_from(end).unwrap(),
    );
    let literal = serde_json::to_vec(name).unwrap();
    assert_eq!(renamed, [&body[..start], &literal, &body[end..]].concat());
    // Numbers that no f64 holds and lone surrogates have no `Value`; the bytes were compared.
    if let Ok(mut before) = serde_json::from_slice::<Value>(body) {
        assert_eq!(before["model"], model.name);
        before["model"] = name.into();
        assert_eq!(serde_json::from_slice::<Value>(&renamed).unwrap(), before);
    }
}
