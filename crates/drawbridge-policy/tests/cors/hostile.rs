//! `cors` objects of any shape, most of them nearly right.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Texts that people have really put into such lists, and worse.
pub(crate) const TEXTS: [&str; 96] = [
    "",
    " ",
    "*",
    "null",
    "NULL",
    "https://app.example.com",
    "https://app.example.com/",
    "https://app.example.com/x?y#z",
    "https://u:p@app.example.com",
    "https://App.Example.com",
    "HTTPS://app.example.com",
    "https://app.example.com:443",
    "http://app.example.com:80",
    "https://app.example.com:08443",
    "https://app.example.com:99999",
    "app.example.com",
    "localhost:3000",
    "//app.example.com",
    "https:/app.example.com",
    "https:///app.example.com",
    "https//app.example.com",
    "https:app.example.com",
    "http:3000",
    "ws://app.example.com",
    "wss://app.example.com",
    "ftp://app.example.com",
    "file:///x",
    "data:,x",
    "blob:https://app.example.com/x",
    "blob:blob:https://x",
    "about:blank",
    "https://b\u{fc}cher.example",
    "https://*.b\u{fc}cher.example/",
    "https://xn--a.example",
    "https://\u{202e}.example",
    "https://a..example.com",
    "https://.example.com",
    "https://-a.example.com",
    "https://a_.example.com",
    "https://a.example.com.",
    "https://*.example.com.",
    "http://a.example.com.:*",
    "http://0x7f000001:3000",
    "http://127.1",
    "http://192.168.001.010",
    "http://192.168.1.20:3000",
    "http://::1:3000",
    "http://[::1]:3000",
    "http://[::1]:03000",
    "http://[0::1]",
    "http://[::1",
    "http://[",
    "https://]",
    "http://fe80::1%25eth0",
    "https://a.com https://b.com",
    "https://a.com,https://b.com",
    "https://a.com,",
    "\"https://a.com\"",
    "https://a.com\n",
    "\u{0}https://a.com",
    "https://${HOST}",
    r"/^https:\/\/.*\.example\.com$/",
    r"^https?://.*\.github\.io$",
    "(",
    "[",
    "/",
    "//",
    "://",
    ":",
    "@",
    "https://*example.com",
    "https://example.*",
    "https://a.*.com",
    "https://*.*",
    "*://*",
    "http*://a.com",
    "h*",
    "https://*",
    "https://*:*",
    "http://localhost:*",
    "http://localhost:30*",
    "https://*.com",
    "http://*.com",
    "https://*.github.io:8443",
    "http://*.co.uk/",
    "https://*.localhost:*",
    "chrome-extension://*",
    "Chrome-Extension://*:80",
    "tauri://*",
    "tauri://Localhost:*",
    "https://*github.io",
    "http://A.com:443/",
    "*.example.com",
    "https://*.127.0.0.1",
    "web+app://X",
    "a/b://c",
];

const NAMES: [&str; 34] = [
    "GET",
    "get",
    "Post",
    "patch",
    "Patch",
    "TRACE",
    "trace",
    " get",
    "GET,",
    "GET, POST",
    "g*",
    "*",
    "**",
    "",
    " ",
    "Content-Type",
    "content-type:",
    "Authorization",
    "Cookie",
    "Origin",
    "Sec-*",
    "X*",
    "X-*",
    "X-Stainless*",
    "X-Stainless-*",
    "Sec*",
    "Access-Control-Allow-Origin",
    "Set-Cookie",
    "@openai",
    "@opnai",
    "@",
    "x\u{e4}",
    "a b",
    "\"X-A\"",
];

fn origin_text() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => select(TEXTS.to_vec()).prop_map(str::to_owned),
        2 => "(https?|ws|tauri|chrome-extension)?:?/{0,3}(\\*|\\*\\.)?[a-zA-Z0-9_.*\\[\\]:%@-]{0,20}(:[0-9*]{0,6})?[/?#]?",
        1 => any::<String>(),
    ]
}

fn name_text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(NAMES.to_vec()).prop_map(str::to_owned),
        2 => "[@\"]?[A-Za-z-]{0,8}\\*?[,:]?",
        1 => any::<String>(),
    ]
}

pub(crate) fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        origin_text().prop_map(Value::from),
        name_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn list(text: impl Strategy<Value = String>) -> impl Strategy<Value = Value> {
    let elements = prop_oneof![9 => text.prop_map(Value::from), 1 => json_value()];
    prop_oneof![12 => prop::collection::vec(elements, 0..5).prop_map(Value::from), 1 => json_value()]
}

pub(crate) fn document() -> impl Strategy<Value = Value> {
    let max_age = prop_oneof![
        select(vec![
            json!(0),
            json!(-1),
            json!(86_401),
            json!(u64::MAX),
            json!("600")
        ]),
        json_value(),
    ];
    let credentials = prop_oneof![6 => any::<bool>().prop_map(Value::from), 1 => json_value()];
    let enforcement = prop_oneof![
        select(vec![
            "server", "browser", "report", "Server", "reprot", "none"
        ])
        .prop_map(Value::from),
        json_value(),
    ];
    let maybe = |strategy: BoxedStrategy<Value>| prop::option::weighted(0.7, strategy);
    let fields = (
        maybe(list(origin_text()).boxed()),
        maybe(list(name_text()).boxed()),
        maybe(list(name_text()).boxed()),
        maybe(list(name_text()).boxed()),
        prop::option::weighted(0.2, max_age),
        maybe(credentials.boxed()),
        prop::option::weighted(0.2, enforcement),
        prop::option::weighted(0.1, (any::<String>(), json_value())),
    );
    fields.prop_map(
        |(origins, methods, headers, exposed, max_age, credentials, enforcement, other)| {
            let members = [
                ("allowedOrigins", origins),
                ("allowedMethods", methods),
                ("allowedHeaders", headers),
                ("exposedHeaders", exposed),
                ("maxAge", max_age),
                ("allowCredentials", credentials),
                ("enforcement", enforcement),
            ];
            let members = members
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Value::Object(other.into_iter().chain(members).collect::<Map<_, _>>())
        },
    )
}
