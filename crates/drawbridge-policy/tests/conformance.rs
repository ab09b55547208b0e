//! The conformance corpus on the pure engine: what the policy says of each request, and of each configuration.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

use std::sync::Arc;

use drawbridge_conformance::{
    Answer, Case, Configuration, Document, Key, Layer, Outcome, StatedIssue, Tally, cases,
    configurations, differences, issue_differences,
};
use drawbridge_policy::cors::{
    ActualVerdict, AllowOrigin, CorsConfig, CorsPolicy, Expose, OriginHeader, Preflight,
    PreflightAnswer, Refusal,
};
use drawbridge_policy::endpoint::{Endpoint, Project};
use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_policy::key::ApiKey;
use drawbridge_policy::key_config::KeyConfig;
use drawbridge_policy::snapshot::{Change, Snapshot};
use drawbridge_policy::token::TokenDigest;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Fewer cases than this are a mistake in the data or in the runner.
const COMMITTED_CASES: usize = 383;
const COMMITTED_CONFIGURATIONS: usize = 208;

/// The port that the gateway would listen on.
const PORT: &str = "8080";

type Line = (String, Vec<u8>);

#[test]
fn every_case_is_judged_as_the_corpus_says() {
    let mut tally = Tally::of("pure");
    for case in cases().unwrap() {
        match case.reason_against(Layer::Pure) {
            Some(reason) => tally.excluded(&case.id, reason),
            None => tally.ran(&case.id, differences(&case.expect, &judged(&case))),
        }
    }
    println!("{tally}");
    tally
        .verdict(COMMITTED_CASES)
        .unwrap_or_else(|differences| panic!("{differences}"));
}

#[test]
fn every_configuration_is_saved_or_refused_as_the_corpus_says() {
    let mut tally = Tally::of("pure, configurations");
    for configuration in configurations().unwrap() {
        match configuration.excluded.get(&Layer::Pure) {
            Some(reason) => tally.excluded(&configuration.id, reason),
            None => tally.ran(&configuration.id, saved(&configuration)),
        }
    }
    println!("{tally}");
    tally
        .verdict(COMMITTED_CONFIGURATIONS)
        .unwrap_or_else(|differences| panic!("{differences}"));
}

/// The answer as far as the policy decides it: its headers, and status and code where the refusal is its own.
fn judged(case: &Case) -> Answer {
    let furnished = Furnished::for_case(case);
    let policy = &*furnished.endpoint.cors;
    let names = [("{port}", PORT)];
    let (method, _) = case.request_line(&names).unwrap();
    let lines: Vec<Line> = case
        .header_lines(&names)
        .unwrap()
        .iter()
        .map(|line| split(line))
        .collect();
    let origins: Vec<&[u8]> = values(&lines, "Origin").collect();
    let header = OriginHeader::from_lines(origins.iter().copied());
    let keys = furnished.snapshot.keys_at(Timestamp::UNIX_EPOCH);
    let grant = keys.grant(&furnished.endpoint, header);
    let asked = values(&lines, "Access-Control-Request-Method");
    let named = values(&lines, "Access-Control-Request-Headers");
    if let Some(question) = Preflight::recognize(method.as_bytes(), header, asked, named) {
        return preflight_answer(&policy.preflight_with(&question, grant), question.origin);
    }
    let is_same_origin = matches!(header, OriginHeader::One(origin) if is_own(case, origin));
    let mut verdict = policy.actual_with(header, method.as_bytes(), is_same_origin, grant);
    let is_refused = verdict.refusal == Some(Refusal::OriginNotAllowed);
    if let Some(key) = furnished.key(&case.key)
        && !(is_same_origin || is_refused || key.allows_origin(header, policy))
    {
        verdict.refusal = Some(Refusal::KeyOriginNotAllowed);
    }
    actual_answer(
        case,
        policy,
        &verdict,
        origins.first().copied().unwrap_or_default(),
    )
}

/// The endpoint of a case and the keys of its project.
struct Furnished {
    endpoint: Arc<Endpoint>,
    snapshot: Snapshot,
}

impl Furnished {
    fn for_case(case: &Case) -> Self {
        let project = Arc::new(Project {
            id: "proj_corpus".into(),
            slug: "corpus".into(),
            ..Project::default()
        });
        let document =
            json!({"upstream": {"base_url": "http://127.0.0.1:1/v1"}, "cors": case.policy});
        let (endpoint, _) = Endpoint::compile(&project, "e", &document, None).unwrap();
        let endpoint = Arc::new(endpoint);
        let key = |name: &str, mut document: Value| {
            document["kind"] = "publishable".into();
            let config = KeyConfig::read(&document).unwrap();
            Change::Key(Arc::new(config.compile(name, &project.id, [], None)))
        };
        let own = case.keys.iter().map(|(name, own)| {
            key(
                name,
                json!({"endpoints": ["e"], "allowed_origins": own.allowed_origins}),
            )
        });
        let changes = [Change::Endpoint(Arc::clone(&endpoint)), key("", json!({}))];
        let empty = Snapshot::new(TokenDigest::of(b"root"));
        let snapshot = empty.apply(1, changes.into_iter().chain(own));
        Self { endpoint, snapshot }
    }

    /// The key that the request carries, where no more than its origins can be wrong with it.
    fn key(&self, key: &Key) -> Option<&ApiKey> {
        let name = match key {
            Key::Own(name) => name,
            Key::Publishable | Key::Secret | Key::Spent => "",
            Key::Elsewhere | Key::Root | Key::None => return None,
        };
        self.snapshot.key(name).map(|key| &**key)
    }
}

/// Design section 4, rule 7: the public URL, else the loopback names.
fn is_own(case: &Case, origin: &[u8]) -> bool {
    match &case.public_url {
        Some(url) => url.as_bytes() == origin,
        None => ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|host| format!("http://{host}:{PORT}").as_bytes() == origin),
    }
}

fn preflight_answer(answer: &PreflightAnswer, origin: &[u8]) -> Answer {
    let mut headers = common(answer.allow_origin, answer.allow_credentials, origin);
    for (name, value) in [
        ("Access-Control-Allow-Methods", &answer.allow_methods),
        ("Access-Control-Allow-Headers", &answer.allow_headers),
        ("Access-Control-Max-Age", &answer.max_age),
        ("Access-Control-Expose-Headers", &answer.expose_headers),
        ("Vary", &answer.vary),
    ] {
        headers.extend(
            value
                .as_ref()
                .map(|value| (name.to_owned(), value.to_vec())),
        );
    }
    Answer {
        status: Some(answer.status),
        forwarded: Some(false),
        headers,
        has_all_headers: false,
        refusal: Some(code(answer.refusal)),
        reported: Some(code(answer.reported)),
    }
}

fn actual_answer(
    case: &Case,
    policy: &CorsPolicy,
    verdict: &ActualVerdict<'_>,
    origin: &[u8],
) -> Answer {
    let mut headers = common(verdict.allow_origin, verdict.allow_credentials, origin);
    if let Expose::Fixed(value) = verdict.expose {
        headers.push(("Access-Control-Expose-Headers".to_owned(), value.to_vec()));
    }
    if verdict.vary_origin {
        headers.push(("Vary".to_owned(), b"Origin".to_vec()));
    }
    let (status, forwarded) = match verdict.refusal {
        None => (case.upstream.status, true),
        Some(Refusal::OriginNotAllowed | Refusal::KeyOriginNotAllowed) => (403, false),
        Some(Refusal::MethodNotAllowed) => (405, false),
        Some(other) => panic!(
            "{}: an actual request refused for {}",
            case.id,
            other.code()
        ),
    };
    if status == 405 {
        headers.push(("Allow".to_owned(), policy.allow().to_vec()));
        assert_allow(case, policy);
    }
    // An error made for another reason stands above the policy's own, or comes after its leave.
    let is_the_policys = match case.expect.refusal.as_deref() {
        None => true,
        Some(code) => [
            "origin_not_allowed",
            "key_origin_not_allowed",
            "method_not_allowed",
        ]
        .contains(&code),
    };
    Answer {
        status: is_the_policys.then_some(status),
        forwarded: is_the_policys.then_some(forwarded),
        headers,
        has_all_headers: false,
        refusal: is_the_policys.then(|| code(verdict.refusal)),
        reported: Some(code(verdict.reported)),
    }
}

/// `Allow` is the only header beside CORS's own that the policy makes.
fn assert_allow(case: &Case, policy: &CorsPolicy) {
    let mut only_allow = case.expect.clone();
    only_allow.headers.retain(|name, _| name == "Allow");
    only_allow.absent.clear();
    let answer = Answer {
        headers: vec![("Allow".to_owned(), policy.allow().to_vec())],
        has_all_headers: true,
        ..Answer::default()
    };
    let wrong: Vec<String> = differences(&only_allow, &answer)
        .into_iter()
        .filter(|one| one.starts_with("Allow"))
        .collect();
    assert!(wrong.is_empty(), "{}: {wrong:?}", case.id);
}

fn common(allow_origin: AllowOrigin, allow_credentials: bool, origin: &[u8]) -> Vec<Line> {
    let mut headers = Vec::new();
    let value = match allow_origin {
        AllowOrigin::Withheld => None,
        AllowOrigin::Any => Some(b"*".to_vec()),
        AllowOrigin::Echo => Some(origin.to_vec()),
    };
    headers.extend(value.map(|value| ("Access-Control-Allow-Origin".to_owned(), value)));
    if allow_credentials {
        headers.push((
            "Access-Control-Allow-Credentials".to_owned(),
            b"true".to_vec(),
        ));
    }
    headers
}

fn code(refusal: Option<Refusal>) -> Option<String> {
    refusal.map(|refusal| refusal.code().to_owned())
}

/// Name and value of a header line, without the white space around the value (RFC 9110 section 5.5).
fn split(line: &[u8]) -> Line {
    let colon = line.iter().position(|byte| *byte == b':').unwrap();
    let is_blank = |byte: &u8| b" \t".contains(byte);
    let value = &line[colon + 1..];
    let start = value
        .iter()
        .position(|byte| !is_blank(byte))
        .unwrap_or(value.len());
    let end = value
        .iter()
        .rposition(|byte| !is_blank(byte))
        .map_or(start, |last| last + 1);
    (
        String::from_utf8_lossy(&line[..colon]).into_owned(),
        value[start..end].to_vec(),
    )
}

fn values<'l>(lines: &'l [Line], name: &'l str) -> impl Iterator<Item = &'l [u8]> + Clone {
    lines
        .iter()
        .filter(move |(one, _)| one.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_slice())
}

fn compile(cors: &Value) -> Result<(CorsPolicy, Vec<ConfigIssue>), Vec<ConfigIssue>> {
    let mut problems = Problems::new();
    let config = CorsConfig::read(cors, "", &mut problems);
    let compiled = config
        .compile("")
        .map_err(|issues| problems.extend(issues))
        .ok();
    let compiled = problems.into_result(compiled)?;
    Ok(compiled.expect("no policy, and no problem either"))
}

/// The document as it is kept, with the warnings; or the problems.
type Saved = Result<(Value, Vec<ConfigIssue>), Vec<ConfigIssue>>;

fn save_cors(cors: &Value) -> Saved {
    let (_, warnings) = compile(cors)?;
    let kept = CorsConfig::read(cors, "", &mut Problems::new()).to_value();
    Ok((kept, warnings))
}

fn save_key(key: &Value) -> Saved {
    let config = KeyConfig::read(key)?;
    Ok((config.to_value(), config.warnings()))
}

fn saved(configuration: &Configuration) -> Vec<String> {
    let (save, document): (fn(&Value) -> Saved, _) = match &configuration.document {
        Document::Cors(cors) => (save_cors, cors),
        Document::Key(key) => (save_key, key),
    };
    let mut found = Vec::new();
    match (save(document), &configuration.outcome) {
        (Ok(_), Outcome::Accepted) => {}
        (Ok((_, issues)), Outcome::Warned(stated)) | (Err(issues), Outcome::Refused(stated)) => {
            found = issue_differences(stated, issues.iter().map(as_stated).collect());
            hold_to_suggestions(save, document, &issues, &mut found);
        }
        (Ok((_, warnings)), Outcome::Refused(stated)) => {
            found.push(format!(
                "saved with {warnings:?}, expected to be refused for {stated:?}"
            ));
        }
        (Err(problems), _) => found.push(format!("refused for {problems:?}")),
    }
    if let (true, Ok((kept, _))) = (found.is_empty(), save(document)) {
        keeps_what_was_given(document, &kept, &mut found);
    }
    found
}

fn as_stated(issue: &ConfigIssue) -> StatedIssue {
    StatedIssue {
        pointer: issue.pointer.clone(),
        code: issue.code.to_owned(),
        suggestion: issue.suggestion.clone(),
    }
}

/// A suggestion is the value to put at its pointer, itself valid (design section 3).
fn hold_to_suggestions(
    save: fn(&Value) -> Saved,
    document: &Value,
    issues: &[ConfigIssue],
    found: &mut Vec<String>,
) {
    for issue in issues {
        let Some(suggestion) = &issue.suggestion else {
            continue;
        };
        let mut cured = document.clone();
        let Some(place) = cured.pointer_mut(&issue.pointer) else {
            found.push(format!("there is nothing at {}", issue.pointer));
            continue;
        };
        *place = suggestion.clone();
        let left = match save(&cured) {
            Ok((_, warnings)) => warnings
                .into_iter()
                .filter(|left| left.code == issue.code)
                .collect(),
            Err(problems) => problems,
        };
        if let Some(left) = left.iter().find(|left| left.pointer == issue.pointer) {
            found.push(format!(
                "{suggestion} at {} still has {}",
                issue.pointer, left.code
            ));
        }
    }
}

/// Lists come back as given, in order (design section 2).
fn keeps_what_was_given(document: &Value, kept: &Value, found: &mut Vec<String>) {
    for (field, value) in document.as_object().unwrap() {
        if kept[field] != *value {
            found.push(format!("{field} came back as {}", kept[field]));
        }
    }
}
