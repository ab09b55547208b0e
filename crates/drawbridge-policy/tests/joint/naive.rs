//! Rule 8 read literally: every policy is asked by itself, and the answers are put together.

use std::sync::Arc;

use drawbridge_policy::cors::{
    AllowOrigin, CorsConfig, CorsPolicy, Enforcement, KeyGrant, Preflight, PreflightAnswer, Refusal,
};

use crate::support::compiled;

/// One endpoint's policy, and the same without report mode.
pub(crate) struct Candidate {
    pub(crate) config: CorsConfig,
    pub(crate) policy: Arc<CorsPolicy>,
    /// What its keys say of the origin that is asked for.
    pub(crate) grant: KeyGrant,
    enforced: Arc<CorsPolicy>,
}

impl Candidate {
    pub(crate) fn new(config: CorsConfig) -> Self {
        let policy = compiled(&config);
        let mut enforced = Arc::clone(&policy);
        if config.enforcement == Enforcement::Report {
            let enforcement = Enforcement::Server;
            enforced = compiled(&CorsConfig {
                enforcement,
                ..config.clone()
            });
        }
        Self {
            config,
            policy,
            grant: KeyGrant::default(),
            enforced,
        }
    }

    fn own_answer(&self, question: &Question) -> PreflightAnswer {
        self.ask(&self.policy, question, &question.method, &question.lines)
    }

    fn ask(
        &self,
        policy: &CorsPolicy,
        question: &Question,
        method: &str,
        lines: &[String],
    ) -> PreflightAnswer {
        let preflight = Preflight {
            origin: question.origin.as_bytes(),
            method: method.as_bytes(),
            header_lines: lines.iter().map(String::as_bytes),
        };
        policy.preflight_with(&preflight, self.grant)
    }

    /// How many of method and headers the policy refuses; each header is asked for alone.
    fn refusals(&self, question: &Question) -> usize {
        let listed = self.config.allowed_methods.iter().map(String::as_str);
        let fine = listed
            .chain(["GET", "POST", "PUT", "DELETE"])
            .find(|method| {
                self.ask(&self.policy, question, method, &[])
                    .refusal
                    .is_none()
            })
            .unwrap();
        let method = self
            .ask(&self.policy, question, &question.method, &[])
            .refusal;
        let mut names: Vec<_> = question
            .names()
            .iter()
            .map(|name| name.to_ascii_lowercase())
            .collect();
        names.sort();
        names.dedup();
        let refused = names.into_iter().filter(|name| {
            let answer = self.ask(&self.policy, question, fine, std::slice::from_ref(name));
            answer.refusal.is_some()
        });
        usize::from(method.is_some()) + refused.count()
    }
}

/// A preflight.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) origin: String,
    pub(crate) method: String,
    pub(crate) lines: Vec<String>,
}

impl Question {
    fn names(&self) -> Vec<&str> {
        let elements = self.lines.iter().flat_map(|line| line.split(','));
        elements
            .map(|element| element.trim_matches([' ', '\t']))
            .filter(|name| !name.is_empty())
            .collect()
    }

    fn is_too_large(&self) -> bool {
        self.names().len() > 64 || self.lines.iter().map(String::len).sum::<usize>() > 4096
    }
}

/// The answer of the shared URL. `candidates` are in the order of creation.
pub(crate) fn answer(candidates: &[Candidate], question: &Question) -> PreflightAnswer {
    let admitting: Vec<_> = candidates
        .iter()
        .filter(|it| it.own_answer(question).allow_origin != AllowOrigin::Withheld)
        .collect();
    let mut answer = PreflightAnswer {
        status: 204,
        allow_origin: common_origin(&admitting, question),
        allow_credentials: false,
        allow_methods: None,
        allow_headers: None,
        max_age: None,
        expose_headers: None,
        vary: Some("Origin, Access-Control-Request-Method, Access-Control-Request-Headers".into()),
        refusal: None,
        reported: None,
    };
    if question.is_too_large() {
        answer.status = 431;
        answer.refusal = Some(Refusal::HeadersTooLarge);
        return answer;
    }
    let passing: Vec<_> = admitting
        .iter()
        .copied()
        .filter(|it| it.own_answer(question).refusal.is_none())
        .collect();
    if !passing.is_empty() {
        return in_common(candidates, &passing, question, answer);
    }
    // Equal policies are one, as old as the oldest, whoever admits the origin.
    let place = |it: &Candidate| {
        candidates
            .iter()
            .position(|other| other.config == it.config)
    };
    let rank = |it: &&&Candidate| (it.refusals(question), place(it));
    let Some(best) = admitting.iter().min_by_key(rank) else {
        answer.refusal = Some(Refusal::OriginNotAllowed);
        return answer;
    };
    let alike: Vec<_> = admitting
        .iter()
        .copied()
        .filter(|it| it.config == best.config)
        .collect();
    let mut own = alike.iter().map(|it| it.own_answer(question));
    PreflightAnswer {
        vary: answer.vary,
        allow_origin: common_origin(&alike, question),
        allow_credentials: own.all(|own| own.allow_credentials),
        ..best.own_answer(question)
    }
}

fn in_common(
    candidates: &[Candidate],
    passing: &[&Candidate],
    question: &Question,
    nothing: PreflightAnswer,
) -> PreflightAnswer {
    let answers: Vec<_> = passing.iter().map(|it| it.own_answer(question)).collect();
    let would_pass = |it: &Candidate| {
        let answer = it.ask(&it.enforced, question, &question.method, &question.lines);
        answer.refusal.is_none()
    };
    let allow_credentials = answers.iter().all(|it| it.allow_credentials);
    PreflightAnswer {
        allow_origin: common_origin(passing, question),
        allow_credentials,
        allow_methods: intersection(answers.iter().map(|it| names(&it.allow_methods))),
        allow_headers: intersection(answers.iter().map(|it| names(&it.allow_headers))),
        max_age: passing
            .iter()
            .map(|it| it.config.max_age)
            .min()
            .map(|seconds| seconds.to_string().into()),
        expose_headers: common_exposed(passing),
        reported: if candidates.iter().any(would_pass) {
            None
        } else {
            answers[0].reported
        },
        ..nothing
    }
}

fn common_origin(candidates: &[&Candidate], question: &Question) -> AllowOrigin {
    let answers: Vec<_> = candidates
        .iter()
        .map(|it| it.own_answer(question).allow_origin)
        .collect();
    match &answers[..] {
        [] => AllowOrigin::Withheld,
        all if all.iter().all(|it| *it == AllowOrigin::Any) => AllowOrigin::Any,
        _ => AllowOrigin::Echo,
    }
}

fn common_exposed(passing: &[&Candidate]) -> Option<bytes::Bytes> {
    let has_star = |it: &&Candidate| it.config.exposed_headers.iter().any(|name| name == "*");
    if passing.iter().all(has_star) {
        let is_wildcard = passing.iter().all(|it| !it.config.allow_credentials);
        return is_wildcard.then(|| "*".into());
    }
    let naming = passing.iter().filter(|it| !has_star(it));
    intersection(naming.map(|it| {
        let mut names = it.config.exposed_headers.clone();
        names.dedup_by(|name, before| name.eq_ignore_ascii_case(before));
        names
    }))
}

fn names(value: &Option<bytes::Bytes>) -> Vec<String> {
    let text = value.as_deref().unwrap_or_default();
    let names = text.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    names
        .filter(|name| !name.is_empty())
        .map(|name| String::from_utf8(name.to_vec()).unwrap())
        .collect()
}

/// What is in all lists, in any case; methods that differ in case alone are not in the tests.
fn intersection(mut lists: impl Iterator<Item = Vec<String>>) -> Option<bytes::Bytes> {
    let mut common = lists.next().unwrap_or_default();
    for list in lists {
        common.retain(|name| list.iter().any(|other| other.eq_ignore_ascii_case(name)));
    }
    (!common.is_empty()).then(|| common.join(", ").into())
}
