//! An answer as a runner saw it, and how it differs from what a case expects.
//!
//! The checks that hold for every answer of every case live here too: no `Access-Control-*` line twice, none that the
//! case does not name, never `*` with credentials, never a forbidden method, no member of `Vary` twice.

use crate::members::{Same, same_bytes, same_name};
use crate::{Expect, HeaderValue, Members};

/// An answer. `None` in a field: this layer does not decide it.
#[derive(Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: Option<u16>,
    /// Whether the upstream saw the request.
    pub forwarded: Option<bool>,
    /// Header lines in order, values without the white space around them.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Whether every header of the answer is among `headers`, not only those of CORS.
    pub has_all_headers: bool,
    /// Code of the refusal; the inner `None`: it was not refused.
    pub refusal: Option<Option<String>>,
    /// Code of what was let pass and reported.
    pub reported: Option<Option<String>>,
}

impl Answer {
    /// The values of every line called `name`.
    pub fn lines(&self, name: &str) -> Vec<String> {
        self.headers
            .iter()
            .filter(|(one, _)| one.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.iter().copied().map(char::from).collect())
            .collect()
    }

    fn members(&self, name: &str) -> Vec<String> {
        self.lines(name)
            .iter()
            .flat_map(|line| line.split(','))
            .map(|member| member.trim_matches([' ', '\t']).to_owned())
            .filter(|member| !member.is_empty())
            .collect()
    }
}

/// Every way in which `answer` is not what the case expects.
pub fn differences(expect: &Expect, answer: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    compare("status", expect.status, answer.status, &mut found);
    compare("forwarded", expect.forwarded, answer.forwarded, &mut found);
    compare(
        "refusal",
        expect.refusal.clone(),
        answer.refusal.clone(),
        &mut found,
    );
    compare(
        "reported",
        expect.reported.clone(),
        answer.reported.clone(),
        &mut found,
    );
    cors_headers(expect, answer, &mut found);
    never(answer, &mut found);
    list("Vary", Some(&expect.vary), same_name, answer, &mut found);
    if answer.has_all_headers {
        other_headers(expect, answer, &mut found);
    }
    if let Some(most) = expect.max_header_bytes {
        let bytes: usize = answer
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len() + 4)
            .sum();
        if bytes > most {
            found.push(format!(
                "header lines take {bytes} bytes, expected at most {most}"
            ));
        }
    }
    found
}

fn compare<T: PartialEq + std::fmt::Debug>(
    what: &str,
    expected: T,
    seen: Option<T>,
    found: &mut Vec<String>,
) {
    if let Some(seen) = seen
        && seen != expected
    {
        found.push(format!("{what} is {seen:?}, expected {expected:?}"));
    }
}

fn cors_headers(expect: &Expect, answer: &Answer, found: &mut Vec<String>) {
    let cors = &expect.cors;
    let credentials = cors.credentials.then(|| "true".to_owned());
    let max_age = cors.max_age.map(|seconds| seconds.to_string());
    whole(
        "Access-Control-Allow-Origin",
        cors.origin.as_deref(),
        answer,
        found,
    );
    whole(
        "Access-Control-Allow-Credentials",
        credentials.as_deref(),
        answer,
        found,
    );
    whole("Access-Control-Max-Age", max_age.as_deref(), answer, found);
    list(
        "Access-Control-Allow-Methods",
        cors.methods.as_ref(),
        same_bytes,
        answer,
        found,
    );
    list(
        "Access-Control-Allow-Headers",
        cors.headers.as_ref(),
        same_name,
        answer,
        found,
    );
    list(
        "Access-Control-Expose-Headers",
        cors.expose.as_ref(),
        same_name,
        answer,
        found,
    );
}

const CORS_HEADERS: [&str; 6] = [
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Max-Age",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
];

fn never(answer: &Answer, found: &mut Vec<String>) {
    for name in CORS_HEADERS {
        if answer.lines(name).len() > 1 {
            found.push(format!("{name} is on several lines"));
        }
    }
    for (name, _) in &answer.headers {
        let is_known = CORS_HEADERS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name));
        if name.to_ascii_lowercase().starts_with("access-control-") && !is_known {
            found.push(format!("{name} is in the answer"));
        }
    }
    if !answer.lines("Access-Control-Allow-Credentials").is_empty()
        && CORS_HEADERS
            .iter()
            .any(|name| answer.members(name).iter().any(|one| one == "*"))
    {
        found.push("a wildcard beside credentials".to_owned());
    }
    for method in answer.members("Access-Control-Allow-Methods") {
        if ["CONNECT", "TRACE", "TRACK"]
            .iter()
            .any(|one| one.eq_ignore_ascii_case(&method))
        {
            found.push(format!("{method} is among the methods"));
        }
    }
    let vary = answer.members("Vary");
    for (index, member) in vary.iter().enumerate() {
        if vary[..index]
            .iter()
            .any(|earlier| same_name(earlier, member))
        {
            found.push(format!("Vary has {member} twice"));
        }
    }
}

fn other_headers(expect: &Expect, answer: &Answer, found: &mut Vec<String>) {
    for name in &expect.absent {
        if !answer.lines(name).is_empty() {
            found.push(format!("{name} is in the answer"));
        }
    }
    for (name, value) in &expect.headers {
        match value {
            HeaderValue::Whole(value) => whole(name, Some(value), answer, found),
            HeaderValue::Members(members) => {
                list(name, Some(members), same_bytes, answer, found);
            }
        }
    }
}

fn whole(name: &str, expected: Option<&str>, answer: &Answer, found: &mut Vec<String>) {
    let lines = answer.lines(name);
    if lines.iter().map(String::as_str).ne(expected) {
        let expected = expected.unwrap_or("none");
        found.push(format!("{name} is {lines:?}, expected {expected}"));
    }
}

fn list(
    name: &str,
    expected: Option<&Members>,
    same: Same,
    answer: &Answer,
    found: &mut Vec<String>,
) {
    let nothing = Members::default();
    let difference = expected
        .unwrap_or(&nothing)
        .difference(&answer.members(name), same);
    found.extend(difference.map(|difference| format!("{name} {difference}")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// What differs when an answer with these header lines meets this expectation.
    fn found(expect: Value, lines: &[(&str, &str)]) -> String {
        let mut whole = json!({"status": 200, "forwarded": true});
        json_patch::merge(&mut whole, &expect);
        let headers = lines
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        let answer = Answer {
            status: Some(200),
            headers: headers.collect(),
            has_all_headers: true,
            ..Answer::default()
        };
        differences(&serde_json::from_value(whole).unwrap(), &answer).join("; ")
    }

    #[test]
    fn what_is_as_expected_does_not_differ() {
        let expect = json!({
            "cors": {"origin": "https://a.example", "methods": ["GET", "POST"], "max_age": 5},
            "vary": ["Accept", "Origin"],
            "headers": {"Allow": ["POST"], "ETag": "\"x\""},
            "absent": ["Set-Cookie"]
        });
        let lines = [
            ("access-control-allow-origin", "https://a.example"),
            ("Access-Control-Allow-Methods", "POST,GET"),
            ("Access-Control-Max-Age", "5"),
            ("vary", "origin"),
            ("Vary", "accept"),
            ("Allow", "POST"),
            ("ETag", "\"x\""),
        ];
        assert_eq!(found(expect, &lines), "");
    }

    #[test]
    fn whatever_is_not_named_must_not_be_there() {
        for (name, value) in [
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Expose-Headers", "X-A"),
            ("Access-Control-Allow-Private-Network", "true"),
            ("Vary", "Origin"),
        ] {
            assert!(found(json!({}), &[(name, value)]).contains(name), "{name}");
        }
    }

    #[test]
    fn what_holds_for_every_answer_is_held() {
        let star = ("Access-Control-Allow-Origin", "*");
        let any = json!({"cors": {"origin": "*", "credentials": true, "methods": {"has": []}}, "vary": {"has": []}});
        for (lines, problem) in [
            (vec![star, star], "several lines"),
            (
                vec![star, ("Access-Control-Allow-Credentials", "true")],
                "a wildcard beside credentials",
            ),
            (
                vec![star, ("Access-Control-Allow-Methods", "GET, trace")],
                "trace is among the methods",
            ),
            (
                vec![star, ("Vary", "Origin"), ("Vary", "origin")],
                "Vary has origin twice",
            ),
        ] {
            assert!(found(any.clone(), &lines).contains(problem), "{problem}");
        }
    }

    #[test]
    fn status_code_size_and_other_headers_are_compared() {
        assert!(found(json!({"status": 403}), &[]).contains("status is 200, expected 403"));
        let expect =
            json!({"absent": ["Set-Cookie"], "headers": {"ETag": "x"}, "max_header_bytes": 10});
        let found = found(expect, &[("Set-Cookie", "a=b"), ("ETag", "y")]);
        for problem in [
            "Set-Cookie is in the answer",
            "ETag is [\"y\"]",
            "take 26 bytes",
        ] {
            assert!(found.contains(problem), "{problem}: {found}");
        }
    }
}
