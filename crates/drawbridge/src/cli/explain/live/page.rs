//! A page's own Content-Security-Policy, as it is given or as the page brings it.
//!
//! What stands in a page is text of strangers: it is searched, bounded, and never run.

use std::time::Duration;

use bytes::Bytes;
use drawbridge_policy::csp::{Call as PageCall, Csp, Judgement, without_name};
use drawbridge_policy::explain::{Answer, PageRequest};
use drawbridge_policy::origin::Origin;
use url::Url;

use super::journey::{AGENT, not_followed, unreachable};
use super::reach::Reach;
use super::wire::{Outgoing, Unreached, exchange};
use crate::cli::failure::Failure;

/// Most bytes of a page that are looked at.
const LONGEST_PAGE: usize = 64 << 10;
const MAX_REDIRECTS: usize = 20;
const PATIENCE: Duration = Duration::from_secs(20);

/// A page, as far as its policy goes.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Where it is, after redirects; `None` where only its policy was given.
    pub(super) url: Option<Url>,
    /// Its policies, as one header would have them; `None` where it has none.
    pub(super) csp: Option<String>,
}

/// What its policy says to the call.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) judgement: Judgement,
    /// What browsers ignore in it.
    pub(super) oddities: Vec<String>,
}

impl Page {
    /// The policy that was given.
    pub(super) fn given(csp: &str) -> Self {
        Self {
            url: None,
            csp: Some(without_name(csp).to_owned()),
        }
    }

    /// Fetches a page, through its redirects.
    ///
    /// # Errors
    /// [`Failure::NoAnswer`] when it cannot be reached.
    pub(super) async fn fetch(url: Url, follows_private: bool) -> Result<Self, Failure> {
        let mut url = url;
        let mut reach = Reach::Anywhere;
        for visited in 0..=MAX_REDIRECTS {
            let outgoing = Outgoing {
                method: "GET".to_owned(),
                url: url.clone(),
                headers: vec![
                    ("user-agent".to_owned(), AGENT.to_owned()),
                    ("accept".to_owned(), "text/html".to_owned()),
                ],
                body: Bytes::new(),
            };
            let received = exchange(reach, &outgoing, PATIENCE, LONGEST_PAGE).await;
            let received = received.map_err(|unreached| {
                Failure::NoAnswer(match unreached {
                    Unreached::Private { .. } => {
                        format!("the page: {}", not_followed(&url, &unreached))
                    }
                    Unreached::Network { sentence, .. } => {
                        let sentence = format!("{sentence} (the page that --page names)");
                        unreachable(&url, &sentence)
                    }
                })
            })?;
            if visited == 0 {
                reach = Reach::after(received.from, follows_private);
            }
            match redirected(&url, &received.answer) {
                Some(target) => url = target,
                None => {
                    let html = String::from_utf8_lossy(&received.body);
                    let csp = policies(&received.answer, &html);
                    return Ok(Self {
                        url: Some(url),
                        csp,
                    });
                }
            }
        }
        let sentence = format!("it redirects more than {MAX_REDIRECTS} times");
        Err(Failure::NoAnswer(unreachable(&url, &sentence)))
    }

    /// What its policy says to a call; `None` where it has none.
    pub(super) fn judge(&self, request: &PageRequest) -> Option<Judged> {
        let (csp, oddities) = Csp::parse(self.csp.as_deref()?);
        let gateway = request.url.origin().ascii_serialization();
        let judge = |path: &str| {
            Some(csp.judge(&PageCall {
                gateway: Origin::parse(gateway.as_bytes())?,
                path,
                page: Origin::parse(request.origin.as_bytes()),
            }))
        };
        let mut judgement = judge(request.url.path())?;
        if !judgement.blocks.is_empty() {
            // The cure names the origin: a source for one path would have to be right to the letter.
            judgement = judge("/")?;
        }
        Some(Judged {
            judgement,
            oddities,
        })
    }
}

fn redirected(url: &Url, answer: &Answer) -> Option<Url> {
    let is_redirect = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
    let location = answer.get("location").filter(|_| is_redirect)?;
    let target = url.join(&location).ok()?;
    matches!(target.scheme(), "http" | "https").then_some(target)
}

/// Those of the header and those of the page's head; all of them are obeyed together.
fn policies(answer: &Answer, html: &str) -> Option<String> {
    let mut policies: Vec<String> = answer
        .lines("content-security-policy")
        .map(str::to_owned)
        .collect();
    policies.extend(metas(html));
    (!policies.is_empty()).then(|| policies.join(", "))
}

/// `<meta http-equiv="Content-Security-Policy" content="…">` (HTML, "pragma directives") where browsers obey it: in the
/// head, which may go without its tags and takes in what follows `</head>`, up to whatever can only be in a body (HTML,
/// "the insertion modes in head, after head").
fn metas(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = html.trim_start_matches('\u{feff}');
    while let Some(tag) = rest.trim_ascii_start().strip_prefix('<') {
        if let Some(comment) = tag.strip_prefix(['!', '?']) {
            let end = if comment.starts_with("--") {
                "-->"
            } else {
                ">"
            };
            rest = comment.split_once(end).map_or("", |(_, after)| after);
            continue;
        }
        let (is_end, tag) = match tag.strip_prefix('/') {
            Some(tag) => (true, tag),
            None => (false, tag),
        };
        let is_end_of_name = |next: char| next.is_ascii_whitespace() || matches!(next, '/' | '>');
        let (name, follows) = tag.split_at(tag.find(is_end_of_name).unwrap_or(tag.len()));
        let (attributes, after) = attributes(follows);
        rest = after;
        match (&*name.to_ascii_lowercase(), is_end) {
            ("meta", false) => found.extend(policy(&attributes)),
            // Text to browsers that run scripts, whatever stands in it; templates are never obeyed.
            ("noframes" | "noscript" | "script" | "style" | "template" | "title", false) => {
                rest = after_element(rest, name);
            }
            ("base" | "basefont" | "bgsound" | "head" | "html" | "link", false) => {}
            ("body" | "br" | "html", true) => break,
            (_, true) => {}
            (_, false) => break,
        }
    }
    found
}

/// The policy that a `<meta>` states.
fn policy(attributes: &[(String, String)]) -> Option<String> {
    let value = |name: &str| {
        let mut attributes = attributes.iter();
        attributes
            .find(|(other, _)| other == name)
            .map(|(_, value)| value)
    };
    value("http-equiv")
        .filter(|value| value.eq_ignore_ascii_case("content-security-policy"))
        .and_then(|_| value("content").cloned())
}

/// What follows the element's end tag; nothing where it has none.
fn after_element<'h>(html: &'h str, name: &str) -> &'h str {
    let mut ends = html.match_indices("</").filter_map(|(at, _)| {
        let (own, after) = html.get(at + 2..)?.split_at_checked(name.len())?;
        let is_whole =
            after.starts_with(|next: char| next.is_ascii_whitespace() || matches!(next, '/' | '>'));
        (is_whole && own.eq_ignore_ascii_case(name)).then_some(after)
    });
    ends.next().map_or("", |after| attributes(after).1)
}

/// The attributes of a tag, names in lower case, and what follows the tag.
fn attributes(text: &str) -> (Vec<(String, String)>, &str) {
    let mut attributes = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|next: char| next.is_ascii_whitespace() || next == '/');
        if rest.is_empty() {
            return (attributes, rest);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (attributes, after);
        }
        let is_end = |next: char| next.is_ascii_whitespace() || matches!(next, '=' | '>' | '/');
        let end = rest.find(is_end).unwrap_or(rest.len()).max(1);
        let (name, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = after.trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            (value, rest) = attribute_value(after.trim_start());
        }
        attributes.push((name.to_ascii_lowercase(), plain(value)));
    }
}

fn attribute_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    let end = text.find(|next: char| next.is_ascii_whitespace() || next == '>');
    text.split_at(end.unwrap_or(text.len()))
}

/// The characters that stand for themselves only by a reference.
fn plain(value: &str) -> String {
    let plain = value.replace("&#39;", "'").replace("&apos;", "'");
    plain.replace("&quot;", "\"").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_brings_policies_in_its_header_and_in_its_head() {
        let answer = Answer::new(200).with("content-security-policy", "default-src 'self'");
        let html = "<!doctype html><head><META content='connect-src &#39;none&#39;' \
                    HTTP-EQUIV=\"Content-Security-Policy\"/><meta charset=utf-8><title>a<b</title>";
        assert_eq!(
            policies(&answer, html).unwrap(),
            "default-src 'self', connect-src 'none'"
        );
        assert_eq!(policies(&Answer::new(200), "<p>nothing"), None);
    }

    #[test]
    fn what_is_no_meta_is_no_policy() {
        for html in [
            "<!-- <meta http-equiv=Content-Security-Policy content=x> -->",
            "<metal http-equiv=Content-Security-Policy content=x>",
            "<meta name=Content-Security-Policy content=x>",
            "<meta http-equiv=Content-Security-Policy>",
            "<meta http-equiv=Content-Security-Policy-Report-Only content=x>",
            "<meta =",
            "<meta",
            "<",
            "<!--",
            "<meta a='",
        ] {
            assert_eq!(metas(html), Vec::<String>::new(), "{html}");
        }
        let unquoted = "<meta/http-equiv=content-security-policy content=sandbox>";
        assert_eq!(metas(unquoted), ["sandbox"]);
    }

    const META: &str = "<meta http-equiv=Content-Security-Policy content=x>";

    // Measured in Chromium 156, one page each.
    #[test]
    fn a_policy_counts_in_the_head_however_that_is_written() {
        for html in [
            "<!doctype html><head>¶</head><body>",
            "<!doctype html>¶<title>x</title>",
            "\u{feff}<HTML lang=en>\n ¶",
            "<?xml version=\"1.0\"?><!doctype html><html>¶",
            "<title>a<b</title><base href=/><link rel=x title='<p>'>¶",
            "<head><script>1</SCRIPT >¶</head>",
            "<head><style></styles></style x='>'>¶</head>",
            "<head></p></script>¶</head>",
            "<head><!-->¶<!-- --></head>",
            "<head></head>\n¶<body>",
        ] {
            assert_eq!(metas(&html.replace('¶', META)), ["x"], "{html}");
        }
    }

    #[test]
    fn a_policy_outside_of_the_head_or_in_text_does_not_count() {
        for html in [
            "<head></head><BODY class=x>¶",
            "<head></head>text¶<body>",
            "<head></body>¶",
            "<head></br>¶",
            "<!doctype html><p>¶",
            "<head><div></div>¶</head>",
            "<head><x-a></x-a>¶</head>",
            "text¶",
            "<head>< x¶",
            "<head><!-- ¶ --></head>",
            "<head><link title=\"¶\">",
            "<head><noframes>¶</noframes></head>",
            "<head><noscript>¶</noscript></head>",
            "<head><script/>'¶'</script></head>",
            "<head><style>¶</style></head>",
            "<head><template>¶</template></head>",
            "<head><textarea>¶</textarea></head>",
            "<head><title>¶</title></head>",
            "<head><title>¶",
        ] {
            let html = html.replace('¶', META);
            assert_eq!(metas(&html), Vec::<String>::new(), "{html}");
        }
    }
}
