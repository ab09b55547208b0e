//! Reading a page's `Content-Security-Policy`: whether it lets the page call the gateway, and the smallest change that
//! would.
//!
//! Follows Content Security Policy Level 3, and browsers where they agree on something else; the tests name what was
//! seen in them. Only `connect-src` and its fallback are judged. It must never be used to decide about a request: a
//! browser obeys the policy, the gateway only explains it.

mod source;

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::document::nearest;
use crate::origin::Origin;
use crate::pattern::is_loopback;
use crate::quote::quote;
use source::Source;
pub use source::{Miss, source_for};

/// The directive for fetch, XMLHttpRequest and EventSource (section 6.1.2), and what stands in for it.
const CONNECT: &str = "connect-src";
const FALLBACK: &str = "default-src";
/// Has browsers call https wherever http is written (Upgrade Insecure Requests, section 4.1).
const UPGRADE: &str = "upgrade-insecure-requests";

/// Every directive of Level 3 and of the specifications that extend it.
const DIRECTIVES: [&str; 30] = [
    "base-uri",
    "block-all-mixed-content",
    "child-src",
    CONNECT,
    FALLBACK,
    "fenced-frame-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "object-src",
    "plugin-types",
    "prefetch-src",
    "referrer",
    "report-to",
    "report-uri",
    "require-sri-for",
    "require-trusted-types-for",
    "sandbox",
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "style-src",
    "style-src-attr",
    "style-src-elem",
    "trusted-types",
    UPGRADE,
];

/// What a page calls: everything below `path` at the gateway, or one path.
#[derive(Clone, Copy, Debug)]
pub struct Call<'c> {
    /// The origin under which browsers reach the gateway.
    pub gateway: Origin<'c>,
    /// `/`, or a path that begins with a slash; with one at its end too, it is everything below.
    pub path: &'c str,
    /// Where the page comes from. Unknown, it is another origin than the gateway's, with the same scheme.
    pub page: Option<Origin<'c>>,
}

/// The value of a `Content-Security-Policy` header: policies that are obeyed all together.
#[derive(Clone, Debug)]
pub struct Csp<'t> {
    policies: Vec<Policy<'t>>,
}

/// One serialized policy.
#[derive(Clone, Debug)]
struct Policy<'t> {
    /// As they stand between semicolons; those that browsers ignore are here as text only.
    directives: Vec<Directive<'t>>,
}

#[derive(Clone, Debug)]
struct Directive<'t> {
    text: &'t str,
    /// In lower case; `None` where browsers ignore the directive.
    name: Option<String>,
}

/// A policy that blocks the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Among the policies of the header, from 0.
    pub policy: usize,
    /// The directive at fault, `connect-src`, `default-src` or `upgrade-insecure-requests`.
    pub directive: &'static str,
    /// The directive as it is written.
    pub text: String,
    /// Sources that name the gateway's host and miss it all the same.
    pub near: Vec<(String, Miss)>,
    /// The directive to put in its place; to add, where the fallback is at fault. `None` where no source can name the
    /// gateway, or the gateway needs TLS.
    pub cure: Option<String>,
}

/// What comes of a call under a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Empty where the call is allowed.
    pub blocks: Vec<Block>,
    /// The whole header with every cure applied; `None` where nothing needs one, or nothing can be one.
    pub cured: Option<String>,
}

impl Judgement {
    /// The judgement as JSON, with the `oddities` of the header that was judged.
    pub fn to_value(&self, oddities: &[String]) -> Value {
        let verdict = match self.blocks.is_empty() {
            true => "allowed",
            false => "blocked",
        };
        let blocks = self.blocks.iter().map(Block::to_value);
        json!({
            "verdict": verdict,
            "blocks": blocks.collect::<Vec<_>>(),
            "cured": self.cured,
            "warnings": oddities,
        })
    }
}

impl Block {
    /// Why calls to `source` are blocked, as half a sentence: without its end and the near misses.
    pub fn reason(&self, source: &str) -> String {
        match self.directive {
            UPGRADE => format!(
                "`{UPGRADE}` has browsers call it by https instead of http, so {source} is never called: serve the gateway over TLS"
            ),
            _ => format!("`{}` does not allow {source}", self.text),
        }
    }

    fn to_value(&self) -> Value {
        let near = self.near.iter();
        let near = near.map(|(near, miss)| json!({"source": near, "has": miss.difference()}));
        json!({
            "policy": self.policy + 1,
            "directive": self.directive,
            "text": self.text,
            "near": near.collect::<Vec<_>>(),
            "cure": self.cure,
        })
    }
}

/// A header's value, also where it was copied with its name: read as a directive, that would hide the first one.
pub fn without_name(header: &str) -> &str {
    match header.split_once(':') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("content-security-policy") => value,
        _ => header,
    }
}

impl<'t> Csp<'t> {
    /// Reads a header's value (sections 2.2.1 and 2.2.2). Every text is one, as browsers ignore what they do not know:
    /// beside it stands, in a sentence each, what they ignore, or read otherwise than its author may think.
    pub fn parse(text: &'t str) -> (Self, Vec<String>) {
        let mut oddities = Vec::new();
        let policies = text
            .split(',')
            .map(|policy| Policy::parse(policy, &mut oddities))
            .filter(|policy| !policy.directives.is_empty())
            .collect();
        (Self { policies }, oddities)
    }

    /// Whether the page may call.
    pub fn judge(&self, call: &Call<'_>) -> Judgement {
        let policies = self.policies.iter().enumerate();
        let blocks: Vec<_> = policies
            .flat_map(|(index, policy)| [policy.block(index, call), policy.upgrade(index, call)])
            .flatten()
            .collect();
        let cured = self.cured(&blocks);
        Judgement { blocks, cured }
    }

    /// Every other directive stays as it is.
    fn cured(&self, blocks: &[Block]) -> Option<String> {
        let mut policies: Vec<Vec<&str>> = self.policies.iter().map(Policy::texts).collect();
        for block in blocks {
            let cure = block.cure.as_deref()?;
            let directives = policies.get_mut(block.policy)?;
            let place = self.policies.get(block.policy)?.place_of(CONNECT);
            match place.and_then(|place| directives.get_mut(place)) {
                Some(directive) => *directive = cure,
                None => directives.push(cure),
            }
        }
        let policies = policies.iter().map(|directives| directives.join("; "));
        (!blocks.is_empty()).then(|| policies.collect::<Vec<_>>().join(", "))
    }
}

impl<'t> Policy<'t> {
    fn parse(text: &'t str, oddities: &mut Vec<String>) -> Self {
        let mut seen = HashSet::new();
        let texts = text
            .split(';')
            .map(|text| text.trim_matches(is_whitespace))
            .filter(|text| !text.is_empty());
        let directives: Vec<_> = texts
            .map(|text| Directive::parse(text, &mut seen, oddities))
            .collect();
        Self { directives }
    }

    fn texts(&self) -> Vec<&str> {
        self.directives
            .iter()
            .map(|directive| directive.text)
            .collect()
    }

    fn place_of(&self, name: &str) -> Option<usize> {
        let mut names = self.directives.iter().map(|directive| &directive.name);
        names.position(|own| own.as_deref() == Some(name))
    }

    /// Why the call is blocked, if it is.
    fn block(&self, policy: usize, call: &Call<'_>) -> Option<Block> {
        let (name, place) = [CONNECT, FALLBACK]
            .iter()
            .find_map(|name| Some((*name, self.place_of(name)?)))?;
        let directive = self.directives.get(place)?;
        let mut near = Vec::new();
        for text in directive.sources() {
            match Source::parse(text).map(|source| source.meets(call)) {
                Ok(Ok(())) => return None,
                Ok(Err(Miss::Elsewhere)) | Err(_) => {}
                Ok(Err(miss)) => near.push((text.to_owned(), miss)),
            }
        }
        Some(Block {
            policy,
            directive: name,
            text: directive.text.to_owned(),
            near,
            cure: directive.cure(call),
        })
    }

    /// Whether the call would go to https, which a gateway without TLS does not speak. Browsers leave loopback as it is.
    fn upgrade(&self, policy: usize, call: &Call<'_>) -> Option<Block> {
        let place = self.place_of(UPGRADE)?;
        let is_upgraded = call.gateway.scheme() == b"http" && !is_loopback(&call.gateway);
        is_upgraded.then(|| Block {
            policy,
            directive: UPGRADE,
            text: self
                .directives
                .get(place)
                .map_or(UPGRADE, |own| own.text)
                .to_owned(),
            near: Vec::new(),
            cure: None,
        })
    }
}

impl<'t> Directive<'t> {
    fn parse(text: &'t str, seen: &mut HashSet<String>, oddities: &mut Vec<String>) -> Self {
        let mut odd = |text: String| oddities.push(text);
        if !text.is_ascii() {
            let quoted = quote(text);
            odd(format!(
                "{quoted} has characters that are not ASCII; browsers ignore the whole directive"
            ));
            return Self { text, name: None };
        }
        let name = text.split(is_whitespace).next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        if !seen.insert(name.clone()) {
            let name = quote(&name);
            odd(format!(
                "{name} stands there twice; browsers obey the first and ignore the others"
            ));
            return Self { text, name: None };
        }
        if !DIRECTIVES.contains(&&*name) {
            let near = nearest(&name, &DIRECTIVES);
            let near = near.map(|near| format!(", did you mean `{near}`?"));
            let (name, near) = (quote(&name), near.unwrap_or_default());
            odd(format!("{name} is no directive that browsers know{near}"));
        }
        let directive = Self {
            text,
            name: Some(name),
        };
        directive.note_sources(&mut odd);
        directive
    }

    /// Says what is odd about the sources that are judged here.
    fn note_sources(&self, odd: &mut impl FnMut(String)) {
        let Some(name) = self.name.as_deref().filter(|name| is_judged(name)) else {
            return;
        };
        let sources: Vec<_> = self.sources().collect();
        for text in &sources {
            let problem = match Source::parse(text) {
                Ok(Source::None) if sources.len() > 1 => Some("means nothing beside other sources"),
                Ok(source) => source.pitfall(),
                Err(problem) => Some(problem),
            };
            if let Some(problem) = problem {
                odd(format!("{} in `{name}` {problem}", quote(text)));
            }
        }
    }

    /// What follows the name.
    fn sources(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        let words = self.text.split(is_whitespace);
        words.filter(|word| !word.is_empty()).skip(1)
    }

    /// `connect-src` with what this directive allows to be called, and the gateway.
    fn cure(&self, call: &Call<'_>) -> Option<String> {
        let source = source_for(call.gateway, call.path)?;
        let is_kept = |text: &&str| match Source::parse(text) {
            Ok(Source::None) => false,
            // What concerns scripts and styles has no place in a new `connect-src`.
            Ok(Source::OfContent) | Err(_) => self.name.as_deref() == Some(CONNECT),
            Ok(_) => true,
        };
        let mut words = vec![CONNECT];
        words.extend(self.sources().filter(is_kept));
        words.push(&source);
        Some(words.join(" "))
    }
}

fn is_judged(name: &str) -> bool {
    matches!(name, CONNECT | FALLBACK)
}

/// ASCII whitespace of the Infra standard.
fn is_whitespace(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\u{c}' | '\r' | ' ')
}
