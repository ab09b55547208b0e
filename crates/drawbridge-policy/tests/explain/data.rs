//! Scenarios that were run in browsers (`conformance/console.json`), as values.

use drawbridge_policy::explain::{
    Answer, Api, Body, Browser, Hop, Mode, NetworkError, PageRequest, Reply, Simulation, simulate,
};
use serde_json::{Map, Value};

/// Fewer mean that the data was not read.
const COMMITTED: usize = 175;

/// What the placeholders stand for here; the end-to-end tests have other ports.
const PLACEHOLDERS: [(&str, &str); 6] = [
    ("{page}", "http://localhost:3000"),
    ("{server}", "http://127.0.0.1:9302"),
    ("{server_host}", "127.0.0.1:9302"),
    ("{other}", "http://127.0.0.1:9303"),
    ("{other_port}", "9303"),
    ("{gone}", "http://127.0.0.1:9304"),
];

/// One call, the answers to it, and what was seen.
pub(crate) struct Scenario {
    pub(crate) id: String,
    pub(crate) request: PageRequest,
    pub(crate) hops: Vec<Hop>,
    seen: Map<String, Value>,
}

impl Scenario {
    pub(crate) fn simulated(&self, browser: Browser) -> Simulation {
        simulate(browser, &self.request, &self.hops)
    }

    /// What the browser sent.
    pub(crate) fn sent(&self, browser: Browser) -> Vec<String> {
        let sent = &self.seen["sent"];
        strings(sent.get(browser.as_str()).unwrap_or(sent))
    }

    /// The code of the check that failed.
    pub(crate) fn code(&self, browser: Browser) -> Option<String> {
        let code = self.seen.get("code")?;
        let code = code.get(browser.as_str()).unwrap_or(code);
        code.as_str().map(str::to_owned)
    }

    /// The lines that it printed; each with the others that it might have printed as well.
    pub(crate) fn lines(&self, browser: Browser) -> Vec<Vec<String>> {
        let Some(lines) = self.seen.get(browser.as_str()) else {
            return Vec::new();
        };
        let lines = lines.as_array().unwrap();
        let line = |line: &Value| match line {
            Value::String(line) => vec![line.clone()],
            _ => strings(line),
        };
        lines.iter().map(line).collect()
    }
}

/// All scenarios.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let scenarios: Vec<_> = read("scenarios").iter().map(scenario).collect();
    assert!(
        scenarios.len() >= COMMITTED,
        "{} scenarios",
        scenarios.len()
    );
    scenarios
}

/// `(code, browser, line)` of what browsers print for reasons that the simulator does not know.
pub(crate) fn beyond() -> Vec<(String, Browser, String)> {
    let mut lines = Vec::new();
    for one in read("beyond") {
        for browser in Browser::ALL {
            let printed = one.get(browser.as_str()).map(strings).unwrap_or_default();
            let code = one["code"].as_str().unwrap();
            lines.extend(
                printed
                    .into_iter()
                    .map(|line| (code.to_owned(), browser, line)),
            );
        }
    }
    assert!(!lines.is_empty());
    lines
}

fn read(member: &str) -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../conformance/console.json"
    );
    let mut text = std::fs::read_to_string(path).unwrap();
    for (placeholder, value) in PLACEHOLDERS {
        text = text.replace(placeholder, value);
    }
    let document: Value = serde_json::from_str(&text).unwrap();
    document[member].as_array().unwrap().clone()
}

fn scenario(value: &Value) -> Scenario {
    let known = [
        "id",
        "why",
        "page",
        "url",
        "request",
        "preflight",
        "answer",
        "redirected",
        "sent",
        "code",
        "chromium",
        "firefox",
        "safari",
    ];
    assert_known(value, &known);
    let id = value["id"].as_str().unwrap().to_owned();
    let url = match value.get("url") {
        Some(url) => url.as_str().unwrap().to_owned(),
        None => format!("{}/{id}", PLACEHOLDERS[1].1),
    };
    let page = match value.get("page") {
        Some(page) => page.as_str().unwrap(),
        None => PLACEHOLDERS[0].1,
    };
    let mut request = PageRequest::new(page, url.parse().unwrap(), "GET");
    if let Some(more) = value.get("request") {
        complete(&mut request, more);
    }
    let hops = [Some(value), value.get("redirected")];
    Scenario {
        id,
        request,
        hops: hops.into_iter().flatten().map(hop).collect(),
        seen: value.as_object().unwrap().clone(),
    }
}

fn complete(request: &mut PageRequest, value: &Value) {
    let known = [
        "via",
        "method",
        "headers",
        "credentials",
        "mode",
        "body",
        "upload_listener",
    ];
    assert_known(value, &known);
    let text = |name: &str| value.get(name).map(|value| value.as_str().unwrap());
    if let Some(method) = text("method") {
        method.clone_into(&mut request.method);
    }
    if let Some(headers) = value.get("headers") {
        let headers = headers.as_object().unwrap().iter();
        request.headers = headers
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
    }
    request.includes_credentials = text("credentials") == Some("include");
    request.watches_upload = value.get("upload_listener").is_some();
    request.api = match text("via") {
        None => Api::Fetch,
        Some("xhr") => Api::Xhr,
        Some(other) => panic!("via {other}"),
    };
    request.mode = match text("mode") {
        None => Mode::Cors,
        Some("no-cors") => Mode::NoCors,
        Some("same-origin") => Mode::SameOrigin,
        Some(other) => panic!("mode {other}"),
    };
    request.body = match text("body") {
        None => Body::Empty,
        Some("text") => Body::Text,
        Some("form") => Body::Form,
        Some("multipart") => Body::Multipart,
        Some("stream") => Body::Stream,
        Some("blob") => Body::Blob(String::new()),
        Some(other) => Body::Blob(other.strip_prefix("blob:").unwrap().to_owned()),
    };
}

fn hop(value: &Value) -> Hop {
    Hop {
        preflight: value.get("preflight").map(reply),
        actual: value.get("answer").map(reply),
    }
}

fn reply(value: &Value) -> Reply {
    assert_known(value, &["status", "lines", "fault"]);
    if let Some(fault) = value.get("fault") {
        return Reply::Failed(match fault.as_str().unwrap() {
            "closes" => NetworkError::Closed,
            "refuses" => NetworkError::Refused,
            other => panic!("fault {other}"),
        });
    }
    let status = u16::try_from(value["status"].as_u64().unwrap()).unwrap();
    let lines = strings(&value["lines"]).into_iter();
    lines.fold(Reply::Answer(Answer::new(status)), |reply, line| {
        let (name, value) = line.split_once(':').unwrap();
        match reply {
            Reply::Answer(answer) => Reply::Answer(answer.with(name, value)),
            failed => failed,
        }
    })
}

fn strings(value: &Value) -> Vec<String> {
    let elements = value.as_array().unwrap().iter();
    elements
        .map(|element| element.as_str().unwrap().to_owned())
        .collect()
}

fn assert_known(value: &Value, known: &[&str]) {
    for name in value.as_object().unwrap().keys() {
        assert!(known.contains(&name.as_str()), "unknown member {name}");
    }
}
