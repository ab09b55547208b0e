//! Bodies of about half a megabyte in the shapes that clients send, and in shapes that cost time.

use serde_json::{Value, json};

pub(crate) const LENGTH: usize = 1 << 19;

type Bodies = Vec<(&'static str, String)>;

fn repeated(piece: &str) -> String {
    piece.repeat(LENGTH / piece.len())
}

/// Items, with what stands between them.
fn listed(item: &str, between: &str) -> String {
    let mut list = repeated(&format!("{item}{between}"));
    list.truncate(list.len() - between.len());
    list
}

fn text(piece: &str) -> String {
    format!("{{\"model\":\"small\",\"x\":\"{}\"}}", repeated(piece))
}

fn array(item: &str) -> String {
    format!("{{\"model\":\"small\",\"x\":[{}]}}", listed(item, ","))
}

/// As Python's `json.dumps` writes it.
fn spaced(name: &str, item: &str) -> String {
    format!(
        "{{\"model\": \"small\", \"{name}\": [{}]}}",
        listed(item, ", ")
    )
}

fn escaped(json: &str) -> String {
    json.encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect()
}

/// Numbers below a bound, in an order that no branch predictor learns.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn choose<'c>(&mut self, choices: &[&'c str]) -> &'c str {
        let index = self.below(choices.len() as u64);
        usize::try_from(index).map_or("", |index| choices[index])
    }
}

/// Messages of one to sixty words, some of them quoted, on new lines, or not ASCII.
fn history() -> Value {
    const WORDS: [&str; 18] = [
        "the",
        "gateway",
        "holds",
        "a",
        "credential",
        "and",
        "decides",
        "for",
        "every",
        "request",
        "café",
        "déjà",
        "你好",
        "\n",
        "\"quoted\"",
        "x",
        "because",
        "of",
    ];
    let mut random = Random(1);
    let messages: Vec<_> = (0..LENGTH / 256)
        .map(|_| {
            let words: Vec<_> = (0..=random.below(60)).map(|_| random.choose(&WORDS)).collect();
            json!({"role": random.choose(&["user", "assistant", "tool"]), "content": words.join(" ")})
        })
        .collect();
    json!({"model": "small", "messages": messages})
}

fn tools() -> Value {
    let tool = json!({"type": "function", "function": {
        "name": "get_weather", "strict": true,
        "description": "Get the current weather in a given location, in metric units",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string", "description": "City and country, e.g. Bogotá, Colombia"},
                "unit": {"type": "string", "enum": ["c", "f"]},
                "days": {"type": "integer", "minimum": 0},
            },
            "required": ["location"],
            "additionalProperties": false,
        },
    }});
    json!({"model": "small", "tools": vec![tool; LENGTH / 400]})
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Token numbers of one to six digits, and the numbers of an embedding.
fn numbers() -> (Vec<String>, Vec<String>) {
    let mut random = Random(2);
    let tokens = (0..LENGTH / 6).map(|_| (random.below(200_000) >> random.below(8)).to_string());
    let tokens = tokens.collect();
    let floats = (0..LENGTH / 12).map(|_| {
        let sign = random.choose(&["", "-"]);
        format!("{sign}0.{:09}", random.below(1_000_000_000))
    });
    (tokens, floats.collect())
}

/// What clients send.
pub(crate) fn sent() -> Bodies {
    let prose = "The gateway holds the upstream's credential and decides for every request. ";
    let code = r#"    if (item[\"name\"] !== \"\\n\") {\n\treturn 'a\\\\b';\n    }\n"#;
    let cjk = "ゲートウェイはすべてのリクエストを判断します。";
    let french = "Le café est déjà fermé, où êtes-vous allés cet été ? ";
    let message = |content: &str| format!("{{\"role\":\"user\",\"content\":\"{content}\"}}");
    let image = format!("data:image/png;base64,{}", repeated("aGVsbG8gd29ybGQ/"));
    let schema = r#"{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}},"required":["a"]}}}"#;
    let (tokens, floats) = numbers();
    let input = |numbers: &[String], between: &str| {
        format!(
            "{{\"model\":\"small\",\"input\":[{}]}}",
            numbers.join(between)
        )
    };
    let bias = |colon: &str, comma: &str| {
        let list = listed(&format!("\"50256\":{colon}-100"), comma);
        format!("{{\"model\":\"small\",\"logit_bias\":{{{list}}}}}")
    };
    let parts = r#"{"role":"user","content":[{"type":"text","text":"Hi"}]}"#;
    let greeting = json!({"role": "user", "content": "Hello!"});
    vec![
        ("prose", text(prose)),
        (
            "base64 image",
            json!({"image_url": {"url": image}}).to_string(),
        ),
        ("source code", text(code)),
        ("CJK", text(cjk)),
        ("CJK as escapes", text(&escaped(cjk))),
        ("French", text(french)),
        ("French as escapes", text(&escaped(french))),
        ("emoji as escapes", text(&escaped("Great 😀 "))),
        ("JSON in a string", text(r#"{\"a\":\"b\",\"n\":[1,2]},"#)),
        ("nothing but \\n", text("\\n")),
        ("short messages", array(&message("Hello!"))),
        (
            "short messages, spaced",
            spaced("messages", "{\"role\": \"user\", \"content\": \"Hello!\"}"),
        ),
        (
            "short messages, pretty",
            pretty(&json!({"messages": vec![greeting; LENGTH / 70]})),
        ),
        ("short messages in Japanese", array(&message("こんにちは"))),
        ("short messages with an escape", array(&message("Hi!\\n"))),
        ("content parts", array(parts)),
        ("history", history().to_string()),
        ("history, pretty", pretty(&history())),
        ("history as escapes", escaped(&history().to_string())),
        ("tool schemas", array(schema)),
        ("tool definitions", tools().to_string()),
        ("tool definitions, pretty", pretty(&tools())),
        ("logit_bias", bias("", ",")),
        ("logit_bias, spaced", bias(" ", ", ")),
        ("token numbers", input(&tokens, ",")),
        ("token numbers, spaced", input(&tokens, ", ")),
        ("token numbers, pretty", input(&tokens, ",\n    ")),
        (
            "token lists",
            format!("{{\"input\":[[{}]]}}", tokens.join(",")),
        ),
        ("floats", input(&floats, ",")),
        ("floats, spaced", input(&floats, ", ")),
    ]
}

/// Whole bodies of a hundred bytes or so: most of what they cost is the beginning and the outermost members.
pub(crate) fn short() -> Bodies {
    let question = json!({"role": "user", "content": "Write a haiku about drawbridges."});
    let options = json!({
        "model": "gpt-4o-mini", "messages": [question], "stream": true, "temperature": 0.7, "max_tokens": 256,
        "top_p": 1, "frequency_penalty": 0, "presence_penalty": 0, "stop": ["END"], "user": "u-1",
    });
    vec![
        (
            "a question",
            json!({"model": "gpt-4o-mini", "messages": [question]}).to_string(),
        ),
        ("a question with options", options.to_string()),
        (
            "an embedding",
            json!({"model": "text-embedding-3-small", "input": "How high is the bridge?"})
                .to_string(),
        ),
    ]
}

/// What is sent to cost time.
pub(crate) fn pathological() -> Bodies {
    let members = |member: &str| format!("{{{}}}", listed(member, ","));
    let nest = format!("{}{}", "[".repeat(100), "]".repeat(100));
    vec![
        ("trailing newlines", format!("{{}}{}", repeated("\n"))),
        ("trailing CRLF", format!("{{}}{}", repeated("\r\n"))),
        ("short floats, pretty", array("\n      0.5")),
        (
            "exponents in the outermost array",
            format!("[{}]", listed("1.5e10", ",")),
        ),
        ("literals", array("null")),
        ("empty arrays", array("[]")),
        ("empty objects", array("{}")),
        ("empty strings", array("\"\"")),
        (
            "empty strings, outermost array",
            format!("[{}]", listed("\"\"", ",")),
        ),
        ("short CJK strings", array("\"あ\"")),
        ("short escapes", array("\"\\n\"")),
        ("lone \\u escapes", text("\\u0041a")),
        ("escapes in turn", text("\\u0041\\n")),
        ("100 levels", array(&nest)),
        ("outermost members", members("\"a\":1")),
        ("outermost members as escapes", members("\"\\u0061bcde\":1")),
    ]
}
