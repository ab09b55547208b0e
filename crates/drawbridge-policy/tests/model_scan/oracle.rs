//! What `serde_json` makes of a body, and whether the scanner says the same.

use std::fmt;
use std::ops::Range;

use drawbridge_policy::model_scan::{MAX_MODEL_BYTES, ModelMember, ModelScan, ScanError};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

pub(crate) type Outcome = Result<ModelMember, ScanError>;

/// Pushes the chunks that `cuts` make of a body.
pub(crate) fn scan_cut(body: &[u8], cuts: &[usize]) -> Outcome {
    let mut scan = ModelScan::new();
    let mut start = 0;
    for cut in cuts.iter().copied().chain([body.len()]) {
        scan.push(&body[start..cut])?;
        start = cut;
    }
    scan.finish()
}

pub(crate) fn scan(body: impl AsRef<[u8]>) -> Outcome {
    scan_cut(body.as_ref(), &[])
}

/// The scanner must say what the oracle says. A body that is not JSON may be refused for an earlier duplicate.
pub(crate) fn agrees(body: &[u8]) -> Result<Outcome, String> {
    let outcome = scan(body);
    let (reading, wanted) = (Reading::from(&outcome), oracle(body));
    let agree = match wanted {
        Reading::NotJson => outcome.is_err(),
        _ => reading == wanted,
    };
    if !agree {
        let body = String::from_utf8_lossy(body);
        return Err(format!("{body:?}: {reading:?}, but serde_json: {wanted:?}"));
    }
    if let Ok(ModelMember::Named(model)) = &outcome {
        let literal = Range {
            start: usize::try_from(model.span.start).map_err(|error| error.to_string())?,
            end: usize::try_from(model.span.end).map_err(|error| error.to_string())?,
        };
        let there: String =
            serde_json::from_slice(&body[literal]).map_err(|error| error.to_string())?;
        if there != model.name {
            return Err(format!("the span holds {there:?}, not {:?}", model.name));
        }
    }
    Ok(outcome)
}

/// The oracle agrees, and one byte at a time says what the whole says, errors and offsets included.
pub(crate) fn agrees_by_bytes(body: &[u8]) -> Result<Outcome, String> {
    let whole = agrees(body)?;
    let cuts: Vec<usize> = (0..body.len()).collect();
    let bytes = scan_cut(body, &cuts);
    if bytes != whole {
        let body = String::from_utf8_lossy(body);
        return Err(format!("{body:?}: {whole:?}, but byte by byte {bytes:?}"));
    }
    Ok(whole)
}

/// The most containers that `serde_json` opens within each other.
const MOST_OPEN: usize = 127;

/// The most containers open at once in a JSON text.
fn depth(body: &[u8]) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    let mut bytes = body.iter();
    let mut is_text = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if is_text => drop(bytes.next()),
            b'"' => is_text = !is_text,
            b'[' | b'{' if !is_text => open += 1,
            b']' | b'}' if !is_text => open -= 1,
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// What `serde_json` makes of a body, told apart as far as a gateway must.
#[derive(Debug, PartialEq)]
enum Reading {
    NotJson,
    Duplicate,
    Absent,
    Unusable,
    Named(String),
}

impl From<&Outcome> for Reading {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Err(ScanError::NotJson { .. }) => Self::NotJson,
            Err(ScanError::DuplicateModel { .. }) => Self::Duplicate,
            Ok(ModelMember::Absent) => Self::Absent,
            Ok(ModelMember::Unusable) => Self::Unusable,
            Ok(ModelMember::Named(model)) => Self::Named(model.name.clone()),
        }
    }
}

/// The oracle. `IgnoredAny` checks the grammar without asking what numbers and escapes stand for, but not the UTF-8
/// nor, as it need not recurse, the depth that `serde_json` has for values.
fn oracle(body: &[u8]) -> Reading {
    if std::str::from_utf8(body).is_err()
        || serde_json::from_slice::<IgnoredAny>(body).is_err()
        || depth(body) > MOST_OPEN
    {
        return Reading::NotJson;
    }
    let names = serde_json::from_slice::<TopNames>(body).map_or_else(|_| Vec::new(), |top| top.0);
    let alike = |name: &&Vec<u8>| name.eq_ignore_ascii_case(b"model");
    match names.iter().filter(alike).count() {
        0 => return Reading::Absent,
        1 => {}
        _ => return Reading::Duplicate,
    }
    if !names.iter().any(|name| name == b"model") {
        return Reading::Absent;
    }
    match serde_json::from_slice::<TopModel>(body) {
        Ok(TopModel(serde_json::Value::String(name))) if name.len() <= MAX_MODEL_BYTES => {
            Reading::Named(name)
        }
        _ => Reading::Unusable,
    }
}

/// A member name as bytes, so that lone surrogates are no error.
#[derive(PartialEq)]
struct Name(Vec<u8>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Name;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a name")
            }
            fn visit_bytes<E>(self, name: &[u8]) -> Result<Name, E> {
                Ok(Name(name.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// The member names of the outermost object, in order.
struct TopNames(Vec<Vec<u8>>);

impl<'de> Deserialize<'de> for TopNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = TopNames;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TopNames, A::Error> {
                let mut names = Vec::new();
                while let Some((Name(name), IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(TopNames(names))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// The value of the one top-level member `model`.
struct TopModel(serde_json::Value);

impl<'de> Deserialize<'de> for TopModel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = TopModel;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TopModel, A::Error> {
                let mut found = serde_json::Value::Null;
                while let Some(name) = map.next_key::<Name>()? {
                    if name.0 == b"model" {
                        found = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(TopModel(found))
            }
        }
        deserializer.deserialize_map(Object)
    }
}
