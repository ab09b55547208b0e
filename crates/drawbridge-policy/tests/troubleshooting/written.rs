//! What the engine answers to a row, and how the document writes it.

use std::fmt::Write;
use std::slice;

use drawbridge_policy::cors::{CorsConfig, KeyGrant};
use drawbridge_policy::explain::{
    Answer, Browser, Code, Explanation, Hop, Outcome, PageRequest, Question, Reply, Verdict,
    console_lines, explain, line_document, recognize, simulate,
};
use drawbridge_policy::issue::Problems;
use serde_json::Value;

use crate::rows::{ORIGIN, Row, Seen};

const URL: &str = "https://gateway.example.com/proj_4f7TqZ0aBcDe/my-endpoint/v1/chat/completions";

/// What the engine says of a row.
pub(crate) struct Told {
    pub(crate) code: Code,
    pub(crate) cause: String,
    pub(crate) fix: String,
    pub(crate) patch: Option<Value>,
    /// The verdict once the patch is applied.
    pub(crate) after: Option<Verdict>,
    /// The lines of each browser, the reason alone.
    pub(crate) console: Vec<(Browser, String)>,
    /// The names that the preflight asks for, and the answer that curl shows.
    seen: Option<(Vec<String>, Answer)>,
}

pub(crate) fn told(row: &Row) -> Told {
    match &row.seen {
        Seen::AtGateway(cors) => at_gateway(row, &serde_json::from_str(cors).unwrap()),
        Seen::AtServer(status, lines) => at_server(row, *status, lines),
        Seen::InBrowser => in_browser(row),
    }
}

fn call(row: &Row) -> PageRequest {
    let mut call = PageRequest::new(ORIGIN, URL.parse().unwrap(), row.method);
    row.headers.iter().for_each(|line| call.set_header(line));
    call.includes_credentials = row.credentials;
    call
}

fn ask(cors: &Value, call: &PageRequest) -> Explanation {
    let mut problems = Problems::new();
    let config = CorsConfig::read(cors, "", &mut problems);
    problems.into_result(()).unwrap();
    let (policy, _) = config.compile("").unwrap();
    explain(&Question {
        config: &config,
        policy: &policy,
        grant: KeyGrant::default(),
        key: None,
        request: call,
        is_same_origin: false,
        is_url_known: true,
    })
}

fn at_gateway(row: &Row, cors: &Value) -> Told {
    let call = call(row);
    let found = ask(cors, &call);
    let fix = found.fixes.first().unwrap();
    let mut cured = cors.clone();
    for (name, value) in fix.patch["cors"].as_object().unwrap() {
        cured[name] = value.clone();
    }
    let causes: Vec<_> = found.causes.iter().map(ToString::to_string).collect();
    let lines = found.browsers.iter();
    let lines = lines.filter_map(|one| Some((one.browser, one.console.first()?.text.clone())));
    let asked = found.preflight.as_ref().unwrap();
    Told {
        code: found.code.unwrap(),
        cause: causes.join("; "),
        fix: fix.summary.clone(),
        patch: Some(fix.patch.clone()),
        after: Some(ask(&cured, &call).verdict),
        console: lines.collect(),
        seen: Some((asked.headers.clone(), found.preflight_answer.unwrap())),
    }
}

fn at_server(row: &Row, status: u16, lines: &[&str]) -> Told {
    let call = call(row);
    let answer = lines.iter().fold(Answer::new(status), |answer, line| {
        let (name, value) = line.split_once(": ").unwrap();
        answer.with(name, value)
    });
    let hop = Hop {
        preflight: Some(Reply::Answer(answer.clone())),
        actual: None,
    };
    let judged =
        Browser::ALL.map(|browser| (browser, simulate(browser, &call, slice::from_ref(&hop))));
    let (_, first) = &judged[0];
    let Outcome::Blocked(fault) = &first.outcome else {
        unreachable!("{} is not blocked", row.error);
    };
    let asked = first.steps[0].preflight.as_ref().unwrap();
    let console = judged.iter().filter_map(|(browser, simulation)| {
        let lines = console_lines(*browser, &call, simulation);
        Some((*browser, lines.first()?.text.clone()))
    });
    Told {
        console: console.collect(),
        seen: Some((asked.headers.clone(), answer)),
        ..general(fault.code)
    }
}

fn in_browser(row: &Row) -> Told {
    let recognized = recognize(row.error).unwrap();
    let document = line_document(&recognized);
    let line = |browser: Browser| {
        Some((
            browser,
            document["console"][browser.as_str()].as_str()?.to_owned(),
        ))
    };
    Told {
        console: Browser::ALL.into_iter().filter_map(line).collect(),
        ..general(recognized.code())
    }
}

fn general(code: Code) -> Told {
    Told {
        code,
        cause: code.meaning().trim_end_matches('.').to_owned(),
        fix: code.cure().trim_end_matches('.').to_owned(),
        patch: None,
        after: None,
        console: Vec::new(),
        seen: None,
    }
}

/// The generated part of the document.
pub(crate) fn document(rows: &[(&Row, Told)]) -> String {
    let mut text = "\n| error | cause | fix | see it with curl |\n|---|---|---|---|\n".to_owned();
    for (row, told) in rows {
        let curl = told
            .seen
            .as_ref()
            .map(|(names, _)| format!("`{}`", curl(row, names, " ")));
        let curl = curl.unwrap_or_else(|| "cannot be seen with curl: nothing is sent".to_owned());
        let (error, cause, fix) = (row.error, sentence(&told.cause), sentence(&told.fix));
        writeln!(
            text,
            "| [{error}](#{}) | {cause} | {fix} | {curl} |",
            anchor(error)
        )
        .unwrap();
    }
    for (row, told) in rows {
        section(&mut text, row, told);
    }
    text.push('\n');
    text
}

fn section(text: &mut String, row: &Row, told: &Told) {
    let code = told.code;
    write!(
        text,
        "\n### {}\n`{}` · {}\n\n",
        row.error,
        code.name(),
        code.meaning()
    )
    .unwrap();
    if !told.console.is_empty() {
        text.push_str("```text\n");
        for (browser, line) in &told.console {
            writeln!(text, "{}: {line}", browser.as_str()).unwrap();
        }
        text.push_str("```\n");
    }
    if code.meaning().trim_end_matches('.') != told.cause {
        writeln!(text, "Cause: {}.", told.cause).unwrap();
    }
    match &told.patch {
        Some(patch) => writeln!(text, "Fix: {}.\n```json\n{patch}\n```", told.fix).unwrap(),
        None => writeln!(text, "Fix: {}.", told.fix).unwrap(),
    }
    if let Some((names, answer)) = &told.seen {
        writeln!(text, "```sh\n{}\n```", curl(row, names, " \\\n    ")).unwrap();
        writeln!(text, "```text\nHTTP/1.1 {}", answer.status).unwrap();
        for (name, value) in &answer.headers {
            writeln!(text, "{name}: {value}").unwrap();
        }
        text.push_str("```\n");
    }
}

fn curl(row: &Row, names: &[String], separator: &str) -> String {
    let method = row.method;
    let mut words = vec![
        "curl -i -X OPTIONS \"$URL\"".to_owned(),
        format!("-H 'Origin: {ORIGIN}'"),
        format!("-H 'Access-Control-Request-Method: {method}'"),
    ];
    if !names.is_empty() {
        words.push(format!(
            "-H 'Access-Control-Request-Headers: {}'",
            names.join(",")
        ));
    }
    words.join(separator)
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|first| first.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), characters.as_str())
}

/// As GitHub makes it of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|it| it.is_alphanumeric() || [' ', '-', '_'].contains(it));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}
