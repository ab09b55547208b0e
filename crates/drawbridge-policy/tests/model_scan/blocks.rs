//! The scanner reads 64 bytes at once where it can, which may begin and end anywhere: what stands in a body must be
//! read alike wherever it stands.

use crate::oracle::{agrees, agrees_by_bytes};

/// A block and then some: where in a block something stands depends on what is before it.
const OFFSETS: std::ops::Range<usize> = 0..70;

fn check(body: impl AsRef<[u8]>) {
    assert_eq!(agrees_by_bytes(body.as_ref()).err(), None);
}

/// Every text of up to `length` of these pieces.
fn texts(pieces: &[&str], length: u32) -> impl Iterator<Item = String> {
    (0..=length).flat_map(move |length| {
        (0..pieces.len().pow(length)).map(move |number| {
            (0..length)
                .map(|place| pieces[number / pieces.len().pow(place) % pieces.len()])
                .collect()
        })
    })
}

/// What takes up room before something, in ways that a block may be cut: spaces, a string, its escapes, its characters.
fn fillers(length: usize) -> [String; 6] {
    let pairs = "\\\\".repeat(length / 2) + &"a".repeat(length % 2);
    let escapes = "\\u0041".repeat(length / 6) + &"a".repeat(length % 6);
    let characters = "a".repeat(length % 3) + &"あ".repeat(length / 3);
    [
        " ".repeat(length),
        "\n".repeat(length),
        format!("\"{}\",", "a".repeat(length)),
        format!("\"{pairs}\","),
        format!("\"{escapes}\","),
        format!("\"{characters}\","),
    ]
}

const VALUES: &[&str] = &[
    "0",
    "-0.5e+10",
    "123456789",
    "1E9",
    "true",
    "false",
    "null",
    "[]",
    "{}",
    "[[],{}]",
    r#""""#,
    r#""a""#,
    r#""\\""#,
    r#""\"""#,
    r#""\\\"\\""#,
    r#""\ud83d\ude00\n""#,
    r#""é模🦙""#,
    r#"{"a":[1,{"b":null}]}"#,
    r#"{"model":"inner"}"#,
    // What is none.
    "01",
    "-",
    "1.",
    ".5",
    "1e",
    "1e+",
    "-true",
    "tru",
    "truee",
    "nul",
    "true1",
    "1true",
    "1\"a\"",
    "\"a\"1",
    "+1",
    "1.5.3",
    "1e5e5",
    "--1",
    "1-1",
    "[",
    "]",
    "{]",
    "[}",
    "[1,]",
    "[,1]",
    "{,}",
    r#"{"a"}"#,
    r#"{"a":}"#,
    r#"{"a":1,}"#,
    r#"{"a" 1}"#,
    r#"{"a":1 "b":2}"#,
    "{1:2}",
    "[1:2]",
    "[1 2]",
    r#"["a":1]"#,
    r#""\x""#,
    r#""\u12g4""#,
    r#""\u123""#,
    "\"\t\"",
    "\"\u{1f}\"",
    "\"a",
    "\"\\",
    "\u{7f}",
    "é",
    "\\",
    "\\\"",
    "\\n",
    "a",
    ":",
    ",",
    "::",
    "{\"a\"::1}",
    "\u{0}",
    "\u{b}",
    "",
];

#[test]
fn values_are_read_alike_wherever_they_stand() {
    for length in OFFSETS {
        for filler in fillers(length) {
            for value in VALUES {
                check(format!("{{\"x\":[{filler}{value},7]}}"));
                assert_eq!(
                    agrees(format!("{{\"x\":[[{filler}{value}]],\"model\":\"a\"}}").as_bytes())
                        .err(),
                    None
                );
            }
        }
    }
}

#[test]
fn the_outermost_names_are_read_alike_wherever_they_stand() {
    let names = [
        "model",
        "models",
        "mode",
        "other",
        "m\\u006fdel",
        "\\u0041",
        "Model",
        "",
        "m\\\"del",
    ];
    let values = [
        "\"a\"",
        "{\"model\":\"inner\"}",
        "[\"model\"]",
        "1",
        "\"\"",
        "\"model\"",
        "tru",
    ];
    for length in OFFSETS {
        for filler in [
            " ".repeat(length),
            format!("\"x\":\"{}\",", "a".repeat(length)),
            format!("\"x\":[{}1],", "1,".repeat(length / 2)),
            format!("\"{}\":{{}},", "\\n".repeat(length / 2)),
            format!("\"x\":{}1,", " ".repeat(length)),
        ] {
            for name in names {
                for value in values {
                    check(format!("{{{filler}\"{name}\":{value}}}"));
                    check(format!(
                        "{{{filler}\"{name}\" : {value} , \"model\":\"b\",\"y\":[1]}}"
                    ));
                }
            }
        }
    }
}

#[test]
fn numbers_and_literals_are_read_as_serde_json_reads_them() {
    for text in texts(&["0", "7", "-", "+", ".", "e", "E", "123456789"], 5) {
        check(format!("[[{text},1]]"));
    }
    for text in texts(&["t", "true", "f", "false", "null", "1", "-", "e"], 4) {
        check(format!("[[{text} ,1]]"));
    }
}

#[test]
fn escapes_are_read_as_serde_json_reads_them() {
    for text in texts(&["\\", "\"", "u", "n", "0", "g", "u00e9"], 6) {
        check(format!("[[\"{text}\",1]]"));
    }
    for byte in 0..=u8::MAX {
        for text in [
            vec![b'\\', byte],
            vec![byte],
            b"\\u00".iter().copied().chain([byte, b'0']).collect(),
        ] {
            let body = [b"[[\"", text.as_slice(), b"\",1]]"].concat();
            check(body);
            let body = [b"[[1,", text.as_slice(), b",1]]"].concat();
            check(body);
        }
    }
}

#[test]
fn tokens_follow_each_other_as_serde_json_says() {
    for text in texts(&["{", "}", "[", "]", ":", ",", "\"a\"", "1", " "], 5) {
        for (before, behind) in [("[[", "]]"), ("[{", "}]"), ("{\"a\":{\"b\":1,", "}}")] {
            assert_eq!(
                agrees(format!("{before}{text}{behind}").as_bytes()).err(),
                None
            );
        }
    }
}

#[test]
fn containers_open_and_close_as_serde_json_says_at_every_depth() {
    for depth in 1..=127 {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            for inside in [
                "[1,{\"a\":[2]},[]]",
                "{\"a\":[],\"b\":{}}",
                "[}",
                "{]",
                "[[",
                "]",
            ] {
                check(format!(
                    "{}{inside}{}",
                    open.repeat(depth),
                    close.repeat(depth)
                ));
                let shorter = depth.saturating_sub(1);
                check(format!(
                    "{}{inside}{},0]",
                    open.repeat(depth),
                    close.repeat(shorter)
                ));
            }
        }
    }
}
