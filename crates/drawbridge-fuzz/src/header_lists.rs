//! `Access-Control-Request-Headers` over several lines: the tolerant reader against a plain one.
//!
//! Input: the first byte picks a policy, the rest are the header's lines, separated by line feeds.

use std::sync::OnceLock;

use drawbridge_policy::cors::{CorsConfig, CorsPolicy, Preflight, Refusal};
use drawbridge_policy::issue::Problems;
use serde_json::{Value, json};

const ORIGIN: &str = "https://app.example.com";

/// The policy as it is asked, and as it is written down for the naive reading.
struct Subject {
    policy: CorsPolicy,
    names: Vec<&'static str>,
    prefixes: Vec<&'static str>,
    any: bool,
    reports: bool,
}

/// Asks a policy what it says of the lines.
#[expect(clippy::expect_used, reason = "a harness that cannot go on ends")]
pub fn header_lists(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else {
        return;
    };
    let subjects = subjects();
    let subject = &subjects[usize::from(*choice) % subjects.len()];
    let lines: Vec<&[u8]> = rest.split(|byte| *byte == b'\n').collect();
    let answer = subject.policy.preflight(&Preflight {
        origin: ORIGIN.as_bytes(),
        method: b"POST",
        header_lines: lines.iter().copied(),
    });
    let Some(asked) = naive_names(&lines) else {
        assert_eq!(
            (answer.status, answer.refusal),
            (431, Some(Refusal::HeadersTooLarge))
        );
        assert_eq!((answer.allow_headers, answer.max_age), (None, None));
        return;
    };
    let is_refused = asked.iter().any(|name| match subject.standing(name) {
        Standing::Listed => false,
        Standing::Unlisted => !subject.reports,
        Standing::Impossible => true,
    });
    let refusal = is_refused.then_some(Refusal::HeaderNotAllowed);
    assert_eq!((answer.status, answer.refusal), (204, refusal), "{asked:?}");
    assert_eq!(answer.max_age.is_some(), !is_refused);
    let wanted = subject.answer(&asked);
    let sent = answer.allow_headers.as_deref().unwrap_or_default();
    let sent = str::from_utf8(sent).expect("names of header fields are ASCII");
    assert_eq!(sent, wanted.join(", "), "{asked:?}");
}

/// Design section 4, rule 9, word by word; `None` beyond 64 names or 4 KiB.
fn naive_names(lines: &[&[u8]]) -> Option<Vec<Vec<u8>>> {
    let bytes: usize = lines.iter().map(|line| line.len()).sum();
    let names: Vec<Vec<u8>> = lines
        .join(&b',')
        .split(|byte| *byte == b',')
        .map(|element| {
            let is_blank = |byte: &u8| [b' ', b'\t'].contains(byte);
            let start = element.iter().take_while(|byte| is_blank(byte)).count();
            let end = element
                .iter()
                .rev()
                .take_while(|byte| is_blank(byte))
                .count();
            if start == element.len() {
                Vec::new()
            } else {
                element[start..element.len() - end].to_vec()
            }
        })
        .filter(|name| !name.is_empty())
        .collect();
    (bytes <= 4096 && names.len() <= 64).then_some(names)
}

enum Standing {
    Listed,
    Unlisted,
    Impossible,
}

impl Subject {
    #[expect(clippy::unwrap_used, reason = "a harness that cannot go on ends")]
    fn new(names: &[&'static str], prefixes: &[&'static str], any: bool, mode: &str) -> Self {
        let prefixed = prefixes.iter().map(|prefix| format!("{prefix}*"));
        let all = any.then(|| "*".to_owned());
        let listed: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let listed: Vec<String> = listed.into_iter().chain(prefixed).chain(all).collect();
        let document: Value = json!({
            "allowedOrigins": [ORIGIN], "allowedHeaders": listed, "enforcement": mode,
        });
        let mut problems = Problems::new();
        let config = CorsConfig::read(&document, "", &mut problems);
        assert!(problems.is_empty());
        let (policy, _) = config.compile("").unwrap();
        Self {
            policy,
            names: names.to_vec(),
            prefixes: prefixes.to_vec(),
            any,
            reports: mode == "report",
        }
    }

    fn standing(&self, name: &[u8]) -> Standing {
        let lower = name.to_ascii_lowercase();
        let is_token = lower.iter().all(|byte| {
            matches!(byte, b'a'..=b'z' | b'0'..=b'9') || b"!#$%&'*+-.^_`|~".contains(byte)
        });
        let is_named = |other: &&str| other.to_ascii_lowercase().as_bytes() == lower;
        let is_prefixed = |prefix: &&str| {
            let prefix = prefix.to_ascii_lowercase();
            lower.len() > prefix.len() && lower.starts_with(prefix.as_bytes())
        };
        let is_covered = self.any && lower != b"authorization";
        if self.names.iter().any(is_named) {
            Standing::Listed
        } else if !is_token || lower == b"*" {
            Standing::Impossible
        } else if is_covered || self.prefixes.iter().any(is_prefixed) {
            Standing::Listed
        } else {
            Standing::Unlisted
        }
    }

    /// The names of `Access-Control-Allow-Headers`: the listed ones, then what was asked for and is answered by name.
    #[expect(clippy::unwrap_used, reason = "what is sent back is a token")]
    fn answer(&self, asked: &[Vec<u8>]) -> Vec<String> {
        let mut sent: Vec<String> = self.names.iter().map(|name| (*name).to_owned()).collect();
        for name in asked {
            let is_sent = match self.standing(name) {
                Standing::Listed => true,
                Standing::Unlisted => self.reports,
                Standing::Impossible => false,
            };
            if is_sent
                && !sent
                    .iter()
                    .any(|other| other.as_bytes().eq_ignore_ascii_case(name))
            {
                sent.push(String::from_utf8(name.clone()).unwrap());
            }
        }
        sent
    }
}

fn subjects() -> &'static [Subject] {
    static SUBJECTS: OnceLock<Vec<Subject>> = OnceLock::new();
    SUBJECTS.get_or_init(|| {
        let usual = ["Content-Type", "Authorization"];
        vec![
            Subject::new(&usual, &[], false, "server"),
            Subject::new(&usual, &["X-Stainless-", "abc-"], false, "server"),
            Subject::new(&["Content-Type"], &[], true, "server"),
            Subject::new(&["a", "b-c", "x^y_z"], &[], true, "browser"),
            Subject::new(&usual, &[], false, "report"),
            Subject::new(&[], &[], false, "server"),
        ]
    })
}
