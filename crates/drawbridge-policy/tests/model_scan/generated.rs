//! Bodies made by chance: unusual but valid, slightly broken, and noise.

use bytes::Bytes;
use drawbridge_policy::model_scan::ModelMember;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::oracle::{agrees, agrees_by_bytes, scan, scan_cut};

/// String literals, some of them with lone surrogates.
fn literal() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[ -!#-\\[\\]-~]{0,6}",
        2 => "\\PC{0,3}".prop_map(|text| text.replace(['"', '\\'], "x")),
        2 => select(vec!["\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\ud83d\\ude00"])
            .prop_map(str::to_owned),
        1 => select(vec!["\\ud83d", "\\udc00", "model", "m\\u006fdel"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => literal(),
        3 => select(vec![
            "\"model\"", "\"m\\u006fdel\"", "\"Model\"", "\"\\u004d\\u004F\\u0044\\u0045\\u004c\"",
            "\"models\"", "\"mode\"", "\"stream\"", "\"messages\"",
        ])
        .prop_map(str::to_owned),
    ]
}

fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => Just(""), 1 => select(vec![" ", "\n", "\t", "\r\n", "  "])]
}

/// Valid JSON texts, written in unusual ways.
fn json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        3 => literal(),
        1 => select(vec!["true", "false", "null", "0", "-0.5", "1E+9", "10e-2", "1e400", "[]", "{ }"])
            .prop_map(str::to_owned),
        // Tokens, as they are sent to embeddings; the edits below make some of them unsound.
        1 => prop::collection::vec("(0|[1-9][0-9]{0,9})", 0..12)
            .prop_map(|numbers| format!("[{}]", numbers.join(","))),
    ];
    scalar.prop_recursive(5, 40, 5, |inner| {
        let member = (space(), name(), space(), inner.clone(), space()).prop_map(
            |(before, name, colon, value, behind)| {
                format!("{before}{name}{colon}:{colon}{value}{behind}")
            },
        );
        prop_oneof![
            3 => prop::collection::vec(member, 0..5)
                .prop_map(|members| format!("{{{}}}", members.join(","))),
            1 => prop::collection::vec(inner, 0..5)
                .prop_map(|elements| format!("[{}]", elements.join(","))),
        ]
    })
}

/// Valid texts of many blocks.
fn long_json() -> impl Strategy<Value = String> {
    let names = prop::collection::vec((name(), json()), 5..20);
    let members = |members: Vec<(String, String)>| {
        let members: Vec<String> = members
            .into_iter()
            .map(|(name, value)| format!("{name}:{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    };
    let elements = prop::collection::vec(json(), 5..20);
    prop_oneof![
        names.prop_map(members),
        elements.prop_map(|elements| format!("{{\"x\":[{}]}}", elements.join(", "))),
    ]
}

/// Valid texts, and texts with a few bytes changed, dropped or put in.
fn body(json: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<Index>(), any::<bool>(), prop::option::of(byte()));
    let edits = prop_oneof![
        2 => Just(Vec::new()),
        1 => prop::collection::vec(edit, 1..3),
    ];
    (json, edits).prop_map(|(text, edits)| {
        let mut body = text.into_bytes();
        for (place, replaces, byte) in edits {
            let at = place.index(body.len() + 1);
            let end = (at + usize::from(replaces)).min(body.len());
            body.splice(at..end, byte);
        }
        body
    })
}

fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        any::<u8>(),
        select(b"{}[],:\"\\ \n\x00\x1f\x7f\x80\xc3\xe6\xf0-+.eEu0194tfn".to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn generated_bodies_read_as_serde_json_reads_them_however_cut(
        body in prop_oneof![body(json()), body(long_json())],
        cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let whole = agrees_by_bytes(&body).map_err(TestCaseError::fail)?;
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        cuts.sort_unstable();
        prop_assert_eq!(scan_cut(&body, &cuts), whole);
    }

    #[test]
    fn noise_never_panics_and_is_never_read_differently(
        body in prop::collection::vec(byte(), 0..40),
    ) {
        agrees(&body).map(drop).map_err(TestCaseError::fail)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn long_bodies_read_the_same_however_cut(
        members in prop::collection::vec(json(), 10..30),
        model in literal(),
        place in any::<Index>(),
        cuts in prop::collection::vec(any::<Index>(), 0..20),
    ) {
        let mut members: Vec<String> =
            members.iter().enumerate().map(|(index, value)| format!("\"{index}\":{value}")).collect();
        members.insert(place.index(members.len() + 1), format!("\"model\":{model}"));
        let body = format!("{{{}}}", members.join(",")).into_bytes();
        let whole = agrees(&body).map_err(TestCaseError::fail)?;
        prop_assert!(whole.is_ok());
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        cuts.sort_unstable();
        prop_assert_eq!(scan_cut(&body, &cuts), whole);
    }

    #[test]
    fn a_rewrite_changes_the_model_and_no_other_byte(
        before in prop::collection::vec((literal(), json()), 0..4),
        behind in prop::collection::vec((literal(), json()), 0..4),
        name in "\\PC{0,12}",
        wanted in any::<String>(),
        cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let head: String = before.iter().map(|(name, value)| format!("{name}:{value},")).collect();
        let tail: String = behind.iter().map(|(name, value)| format!(",{name}:{value}")).collect();
        let body = format!("{{{head}\"model\":{}{tail}}}", serde_json::Value::from(name));
        let Ok(ModelMember::Named(model)) = scan(&body) else {
            // Another member happens to be called `model`.
            return Ok(());
        };
        let splice = model.rewrite(&wanted);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        let held = Bytes::from(body.clone());
        let pieces = splice.apply(cuts.windows(2).map(|cut| held.slice(cut[0]..cut[1])));
        prop_assert!(pieces.iter().all(|piece| !piece.is_empty()));
        let changed = pieces.concat();
        prop_assert_eq!(splice.length(body.len() as u64), changed.len() as u64);
        let literal = serde_json::Value::from(wanted);
        prop_assert_eq!(
            String::from_utf8_lossy(&changed),
            format!("{{{head}\"model\":{literal}{tail}}}")
        );
    }
}
