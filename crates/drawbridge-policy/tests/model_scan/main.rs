//! The scanner against `serde_json`, with every body cut into chunks in every way.

mod blocks;
mod generated;
mod oracle;

use std::ops::Range;

use drawbridge_policy::model_scan::{
    JsonFault, MAX_MODEL_BYTES, Model, ModelMember, ModelScan, ScanError,
};
use oracle::{Outcome, agrees, agrees_by_bytes, scan, scan_cut};

fn named(name: &str, span: Range<u64>) -> Outcome {
    let name = name.to_owned();
    Ok(ModelMember::Named(Model { name, span }))
}

fn not_json(at: u64, fault: JsonFault) -> Outcome {
    Err(ScanError::NotJson { at, fault })
}

/// Every cut in two, and one byte at a time, must give what the whole gives, errors and offsets included.
fn check_every_cut(body: &[u8]) {
    let whole = agrees_by_bytes(body);
    for cut in 0..=body.len() {
        let halves = Ok(scan_cut(body, &[cut]));
        assert_eq!(halves, whole, "cut at {cut} of {body:?}");
    }
}

const VALID: &[&str] = &[
    r#"{"model":"small"}"#,
    " \t\r\n{ \"a\" : [ 1 , -0.5e+10 , true ] , \"model\" : \"small\" , \"b\" : { } } \n",
    r#"{"m\u006fdel":"sm\u0061ll\n\"\\\/","messages":[{"role":"user","content":"h\u00e9 \ud83d\ude00"}]}"#,
    r#"{"a":{"model":"inner"},"b":[{"model":"inner"}],"model":"outer"}"#,
    r#"{"model":"größe-模型-🦙","x":"größe-模型-🦙"}"#,
    r#"{"modell":1,"mode":2,"":3,"model ":4,"\u006dodel\u0000":5,"model":""}"#,
    r#"{"x":"\ud83d","\udc00":1,"model":"ok"}"#,
    r#"{"model":"\ud83d"}"#,
    r#"{"model":"\ud83d\u0041"}"#,
    r#"{"model":null}"#,
    r#"{"model":["small"]}"#,
    r#"{"model":{"model":"inner"}}"#,
    r#"{"model":-1.5e-3}"#,
    r#"{"model":true,"n":1}"#,
    r#"{"Model":"small"}"#,
    r#"["model","small",{"model":"inner"}]"#,
    r#""model""#,
    "-0",
    "12",
    "1e999",
    "null",
    "[]",
    "{}",
    "[[],{},[{}]]",
];

#[test]
fn valid_bodies_read_as_serde_json_reads_them_at_every_cut() {
    for body in VALID {
        check_every_cut(body.as_bytes());
        assert!(scan(body).is_ok(), "{body}");
    }
}

#[test]
fn broken_bodies_are_refused_at_every_cut() {
    let broken: &[&[u8]] = &[
        b"",
        b" ",
        b"\xef\xbb\xbf{\"model\":\"small\"}",
        b"{\0\"\0m\0",
        b"{\"model\":\"small\"",
        b"{\"model\":\"small\"}}",
        b"{\"model\":\"small\"} x",
        b"{\"model\":\"small\"}{\"model\":\"other\"}",
        b"{\"model\":\"small\",}",
        b"{\"model\":\"small\"]",
        b"{\"model\" \"small\"}",
        b"{\"model\":}",
        b"{\"model\"}",
        b"{model:\"small\"}",
        b"{'model':'small'}",
        b"{,\"model\":\"small\"}",
        b"{\"model\":\"small\" \"b\":1}",
        b"{\"model\":\"sm\nall\"}",
        b"{\"a\":\"\x1f\"}",
        b"{\"a\":\"\\x\"}",
        b"{\"a\":\"\\u12g4\"}",
        b"{\"a\":\"\\u12\"}",
        b"{\"a\":\"\\",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\xc0\xaf\"}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"{\"a\":\"\xf0\x9f\x92\"}",
        b"{\"a\":\"\xe6\xa8\\n\"}",
        b"{\"\xe6\xa8\":1}",
        b"\"\xf0\n\x98\xb3\xbf\"",
        b"{\"a\":\"\xf4\x90\x80\x80\"}",
        b"{\"a\":\xe2\x80\xa8 1}",
        b"[1,]",
        b"[,1]",
        b"[1 2]",
        b"[1:2]",
        b"[}",
        b"{]",
        b"]",
        b"01",
        b"-",
        b"-a",
        b"+1",
        b".5",
        b"1.",
        b"[1.]",
        b"1e",
        b"1e+",
        b"0x1",
        b"1 1",
        b"tru",
        b"truE",
        b"trueish",
        b"nul]",
        b"NaN",
        b"[Infinity]",
        b"{}/**/",
        b"// a\n{}",
        b"--boundary\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nsmall",
        b"model=small",
    ];
    for body in broken {
        check_every_cut(body);
        assert!(
            matches!(scan(body), Err(ScanError::NotJson { .. })),
            "{body:?}"
        );
    }
}

#[test]
fn a_fault_is_reported_where_it_stands() {
    assert_eq!(scan(""), not_json(0, JsonFault::UnexpectedEnd));
    assert_eq!(scan("[1,2"), not_json(4, JsonFault::UnexpectedEnd));
    assert_eq!(scan("\u{feff}{}"), not_json(0, JsonFault::UnexpectedByte));
    assert_eq!(scan("{\"a\":1}x"), not_json(7, JsonFault::UnexpectedByte));
    assert_eq!(
        scan("[\"ab\tc\"]"),
        not_json(4, JsonFault::ControlCharacter)
    );
    assert_eq!(scan("[\"\\q\"]"), not_json(3, JsonFault::BadEscape));
    assert_eq!(scan(b"[\"ab\xff\"]"), not_json(4, JsonFault::NotUtf8));
}

#[test]
fn a_wrong_byte_is_found_anywhere_in_a_long_string() {
    let text = "Größe 模型 🦙 plain ASCII, and\\n\\u00e9 once more: ".repeat(3);
    let body = format!("[\"{text}\"]").into_bytes();
    for at in 2..body.len() - 2 {
        for wrong in *b"\0\x1f\"\\\x7f\x80\xc3\xe6\xf0\xff" {
            let mut body = body.clone();
            body[at] = wrong;
            let whole = agrees(&body);
            for cuts in [
                [at - 1, at],
                [at, at + 1],
                [at + 1, at + 2],
                [at - 2, at + 3],
            ] {
                let cut = Ok(scan_cut(&body, &cuts.map(|cut| cut.min(body.len()))));
                assert_eq!(cut, whole, "{wrong:#x} at {at}, cut at {cuts:?}");
            }
        }
    }
}

#[test]
fn a_model_is_known_as_soon_as_its_closing_quote_is_there() {
    let mut scan = ModelScan::new();
    assert_eq!(scan.push(b"{\"model\":\"sma"), Ok(&ModelMember::Absent));
    let found = scan.push(b"ll\"").cloned();
    assert_eq!(found, named("small", 9..16));
    assert_eq!(scan.push(b",\"n\":[1,").cloned(), found);
    assert_eq!(scan.push(b"2]}").cloned(), found);
    assert_eq!(scan.finish(), found);
}

#[test]
fn a_model_that_is_no_string_is_known_to_be_unusable_at_once() {
    for body in [
        "{\"model\":1",
        "{\"model\":n",
        "{\"model\":[",
        "{\"model\": {",
    ] {
        assert_eq!(
            ModelScan::new().push(body.as_bytes()),
            Ok(&ModelMember::Unusable),
            "{body}"
        );
    }
}

#[test]
fn a_second_model_is_refused_in_every_spelling() {
    let second = [
        "model",
        r"m\u006fdel",
        r"\u006d\u006F\u0064\u0065\u006c",
        "Model",
        "MODEL",
        r"\u004dodel",
    ];
    for name in second {
        for value in ["\"other\"", "null", "[]", "{}", "1"] {
            let rest = format!(",\"a\":[{{}}],\"{name}\":{value}}}");
            for first in ["\"model\":\"small\"", "\"model\":7", "\"mODEL\":\"x\""] {
                let body = format!("{{{first}{rest}");
                check_every_cut(body.as_bytes());
                let at = (body.len() - value.len() - 2) as u64;
                assert_eq!(scan(&body), Err(ScanError::DuplicateModel { at }), "{body}");
            }
        }
    }
}

#[test]
fn a_refusal_stays_whatever_is_pushed_later() {
    let mut scan = ModelScan::new();
    let refused = scan.push(b"{]").cloned();
    assert_eq!(
        refused,
        Err(ScanError::NotJson {
            at: 1,
            fault: JsonFault::UnexpectedByte
        })
    );
    assert_eq!(scan.push(b"{}").cloned(), refused.clone());
    assert_eq!(scan.finish(), refused);
}

#[test]
fn names_are_read_up_to_the_limit_and_no_further() {
    let longest = "é".repeat(MAX_MODEL_BYTES / 2);
    assert_eq!(
        scan(format!("{{\"model\":\"{longest}\"}}")),
        named(&longest, 9..267)
    );
    let escaped = "\\u0061".repeat(MAX_MODEL_BYTES);
    assert_eq!(
        scan(format!("{{\"model\":\"{escaped}\"}}")),
        named(&"a".repeat(MAX_MODEL_BYTES), 9..(9 + 6 * 256 + 2))
    );
    for longer in [
        "a".repeat(MAX_MODEL_BYTES + 1),
        "\\u0061".repeat(MAX_MODEL_BYTES + 1),
        "a".repeat(1 << 20),
    ] {
        let body = format!("{{\"model\":\"{longer}\"}}");
        assert_eq!(scan(&body), Ok(ModelMember::Unusable));
        assert_eq!(
            scan_cut(body.as_bytes(), &[10, 12, 200]),
            Ok(ModelMember::Unusable)
        );
    }
    let long_name = "m".repeat(1 << 20);
    assert_eq!(
        scan(format!("{{\"{long_name}\":1,\"model\":\"a\"}}")),
        named("a", 1_048_590..1_048_593)
    );
}

#[test]
fn nesting_ends_where_serde_json_ends_it() {
    for depth in 120..=130 {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"model\":", "}]")] {
            let levels = depth / open.matches(['[', '{']).count();
            let body = format!("{}1{}", open.repeat(levels), close.repeat(levels));
            let accepted = serde_json::from_str::<serde_json::Value>(&body).is_ok();
            assert_eq!(scan(&body).is_ok(), accepted, "{levels} times {open}");
        }
    }
    let bottomless = "[".repeat(1 << 20);
    assert_eq!(scan(bottomless), not_json(127, JsonFault::TooDeep));
}

#[test]
fn every_short_text_reads_as_serde_json_reads_it() {
    const TOKENS: [&str; 16] = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "\"",
        "\\",
        "\"model\"",
        "\"a\"",
        "0",
        "1",
        "-",
        ".",
        "e",
    ];
    let mut texts = vec![String::new()];
    let mut from = 0;
    for _ in 0..4 {
        let until = texts.len();
        for index in from..until {
            for token in TOKENS {
                texts.push(format!("{}{token}", texts[index]));
            }
        }
        from = until;
    }
    for text in texts {
        for body in [
            text.clone(),
            format!("{{\"model\":\"a\"{text}"),
            format!("{{{text}}}"),
        ] {
            agrees(body.as_bytes())
                .map(drop)
                .unwrap_or_else(|problem| panic!("{problem}"));
        }
    }
}
