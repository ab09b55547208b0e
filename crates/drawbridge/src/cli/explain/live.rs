//! `drawbridge explain --live URL`: sends what a page's browser would, to any server, and explains what came back.
//!
//! No gateway is needed, and none is asked. It must never send a key that was not named on the command line, show one or
//! hand it on to another origin, follow a redirect into a private network unless told, or repeat a request that may
//! change something.

mod call;
mod document;
mod finding;
mod journey;
mod page;
mod probe;
mod reach;
mod report;
mod shown;
mod wire;

use clap::Args;
use drawbridge_policy::explain::{
    Browser, Code, ConsoleLine, Fault, Outcome, Phase, Simulation, console_lines,
};

use super::PageFlags;
use crate::cli::failure::Failure;
use crate::cli::output;
use call::Call;
use finding::{Finding, Observed, find_all, unseen_codes};
use journey::{Exchange, Network};
use page::Page;

/// Where a page comes from when nobody says: somebody's, not the server's.
const SOME_PAGE: &str = "https://app.example.com";

/// The other forms of the command: what they exclude is no longer required by clap, so it has to be excluded itself.
const OTHERS: [&str; 2] = ["endpoint", "console"];

/// What only a live question has.
#[derive(Args, Debug)]
#[command(next_help_heading = "Live: any server, with or without Drawbridge")]
pub(super) struct LiveFlags {
    /// Send the real preflight and request to this URL, and explain what comes back
    #[arg(
        long,
        value_name = "URL",
        group = "form",
        conflicts_with_all = ["endpoint", "key_id", "apply"]
    )]
    live: Option<String>,
    /// The body to send: a file, or `-` for stdin
    #[arg(long, value_name = "FILE", requires = "live", conflicts_with_all = OTHERS)]
    body: Option<String>,
    /// The page's own Content-Security-Policy, as in its header
    #[arg(
        long,
        value_name = "CSP",
        requires = "live",
        conflicts_with_all = OTHERS,
        conflicts_with = "page_url"
    )]
    csp: Option<String>,
    /// The page: its Content-Security-Policy is read, and without --origin it says where the call comes from
    #[arg(
        id = "page_url",
        long = "page",
        value_name = "URL",
        requires = "live",
        conflicts_with_all = OTHERS
    )]
    page: Option<String>,
    /// Follow redirects into private networks, not only to the first server's own address
    #[arg(long, requires = "live", conflicts_with_all = OTHERS)]
    follow_private: bool,
}

impl LiveFlags {
    pub(super) fn is_asked(&self) -> bool {
        self.live.is_some()
    }
}

/// How it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Allowed,
    Blocked,
    /// The way was not gone to its end.
    Unknown,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Blocked => "blocked",
            Self::Unknown => "unknown",
        }
    }
}

/// What was found out.
struct Report<'r> {
    verdict: Verdict,
    /// The first check that fails.
    code: Option<Code>,
    call: &'r Call,
    exchanges: &'r [Exchange],
    browsers: &'r [(Browser, Simulation)],
    console: Vec<(Browser, Vec<ConsoleLine>)>,
    findings: Vec<Finding>,
    stopped: Option<&'r str>,
}

/// Asks, and tells.
///
/// # Errors
/// [`Failure::Usage`], [`Failure::NoAnswer`] when the server or the page cannot be reached, and [`Failure::Verdict`] when
/// the call is blocked.
pub(super) async fn run(flags: LiveFlags, asked: PageFlags, json: bool) -> Result<(), Failure> {
    let url = call::web_url("--live", flags.live.as_deref().unwrap_or_default())?;
    let page = read_page(&flags).await?;
    let of_page = page.url.as_ref();
    let of_page = of_page.map(|url| url.origin().ascii_serialization());
    let origin = match asked.origin.as_deref() {
        Some(origin) => call::origin(origin)?,
        None => of_page.unwrap_or_else(|| SOME_PAGE.to_owned()),
    };
    let mut call = Call::new(url, &origin, &asked, flags.body.as_deref())?;
    let is_of_origin = |url: &url::Url| url.origin().ascii_serialization() == origin;
    call.request.page_url = page.url.clone().filter(is_of_origin);
    let mut network = Network::new(&call, flags.follow_private);
    let browsers = Box::pin(visit(&mut network, &call)).await?;

    let judged = page.judge(&call.request);
    let observed = Observed {
        call: &call,
        exchanges: &network.exchanges,
        browsers: &browsers,
        judged: judged.as_ref(),
    };
    let report = Report::new(&observed, network.stopped.as_deref());
    output::print(&match json {
        true => document::of(&report).to_string(),
        false => report::human(&report),
    });
    if asked.origin.is_none() && page.url.is_none() {
        output::note(&format!(
            "The origin is {SOME_PAGE}; name the page's own with --origin."
        ));
    }
    match (report.verdict, report.code, report.stopped) {
        (Verdict::Allowed, ..) => Ok(()),
        (Verdict::Unknown, _, Some(stopped)) => Err(Failure::NoAnswer(stopped.to_owned())),
        (_, code, _) => Err(Failure::Verdict(format!(
            "browsers block the call ({})",
            code.map_or("", Code::name)
        ))),
    }
}

async fn read_page(flags: &LiveFlags) -> Result<Page, Failure> {
    match (&flags.csp, &flags.page) {
        (Some(csp), _) => Ok(Page::given(csp)),
        (None, Some(url)) => {
            let url = call::web_url("--page", url)?;
            Box::pin(Page::fetch(url, flags.follow_private)).await
        }
        (None, None) => Ok(Page::default()),
    }
}

/// Goes each browser's way, and asks around where it was gone to its end.
async fn visit(
    network: &mut Network<'_>,
    call: &Call,
) -> Result<Vec<(Browser, Simulation)>, Failure> {
    let mut browsers = Vec::new();
    for browser in Browser::ALL {
        browsers.push((browser, network.travel(browser).await?));
    }
    let usual = browsers
        .iter()
        .find(|(browser, _)| *browser == probe::USUAL);
    if let (None, Some((_, simulation))) = (&network.stopped, usual) {
        probe::ask_around(network, call, simulation).await?;
    }
    Ok(browsers)
}

impl<'r> Report<'r> {
    fn new(observed: &Observed<'r>, stopped: Option<&'r str>) -> Self {
        let unseen = unseen_codes(observed);
        let first = unseen.first();
        let code = first.map(|(code, _)| *code);
        let code = code.or_else(|| observed.faults().next().map(|fault| fault.code));
        let verdict = match (code, stopped) {
            (Some(_), _) => Verdict::Blocked,
            (None, Some(_)) => Verdict::Unknown,
            (None, None) => Verdict::Allowed,
        };
        let console = observed.browsers.iter().map(|(browser, simulation)| {
            // Only Chromium looks at networks; what the others do is told by the answers.
            let first = first.filter(|(code, _)| {
                *code != Code::InsecureLocalNetwork || *browser == Browser::Chromium
            });
            let unsent = first.map(|(code, value)| unsent(observed, *code, value));
            let simulation = unsent.as_ref().unwrap_or(simulation);
            let request = &observed.call.request;
            let mut lines = console_lines(*browser, request, simulation);
            for line in &mut lines {
                line.text = shown::line(&line.text, request, simulation);
            }
            (*browser, lines)
        });
        Self {
            verdict,
            code,
            call: observed.call,
            exchanges: observed.exchanges,
            browsers: observed.browsers,
            console: console.collect(),
            findings: find_all(observed),
            stopped,
        }
    }
}

/// What a browser does that does not even begin.
fn unsent(observed: &Observed<'_>, code: Code, value: &str) -> Simulation {
    let request = &observed.call.request;
    Simulation {
        steps: Vec::new(),
        outcome: Outcome::Blocked(Box::new(Fault {
            code,
            phase: Phase::Start,
            url: request.url.clone(),
            redirects: 0,
            origin: request.origin.clone(),
            status: None,
            value: value.to_owned(),
            others: Vec::new(),
            list: String::new(),
            is_repeated: false,
            network: None,
        })),
        is_authorized_by_wildcard: false,
    }
}

#[cfg(test)]
mod tests {
    use drawbridge_policy::explain::{Answer, PageRequest};
    use url::Url;

    use super::*;
    use finding::Severity;
    use journey::Purpose;

    /// A call that a server admits, were it sent.
    fn call(origin: &str, url: &str) -> (Call, Exchange) {
        let request = PageRequest::new(origin, Url::parse(url).unwrap(), "GET");
        let exchange = Exchange {
            purpose: Purpose::Request,
            why: Vec::new(),
            sent: wire::Outgoing {
                method: "GET".to_owned(),
                url: request.url.clone(),
                headers: Vec::new(),
                body: bytes::Bytes::new(),
            },
            reply: Ok(Answer::new(200).with("access-control-allow-origin", "*")),
            is_private: false,
        };
        let call = Call {
            request,
            body: bytes::Bytes::new(),
            cookie: None,
            left_out: Vec::new(),
        };
        (call, exchange)
    }

    fn report(call: &Call, exchange: Exchange, test: impl FnOnce(&Report<'_>)) {
        let readable = Simulation {
            steps: Vec::new(),
            outcome: Outcome::Readable(Answer::new(200)),
            is_authorized_by_wildcard: false,
        };
        let browsers = Browser::ALL.map(|browser| (browser, readable.clone()));
        test(&Report::new(
            &Observed {
                call,
                exchanges: &[exchange],
                browsers: &browsers,
                judged: None,
            },
            None,
        ));
    }

    #[test]
    fn a_page_over_https_cannot_call_plain_http_whatever_the_server_says() {
        let (call, exchange) = call("https://app.example.com", "http://api.example.com/v1");
        report(&call, exchange, |report| {
            assert_eq!(report.verdict, Verdict::Blocked);
            assert_eq!(report.code, Some(Code::MixedContent));
            let (_, chromium) = &report.console[0];
            assert!(
                chromium[0].text.starts_with("Mixed Content: "),
                "{chromium:?}"
            );
            assert_eq!(report.findings[0].code, "MixedContent");
        });
        let (call, exchange) = self::call("http://app.example.com", "http://api.example.com/v1");
        report(&call, exchange, |report| {
            assert_eq!(report.verdict, Verdict::Allowed);
        });
    }

    #[test]
    fn a_page_over_http_that_calls_a_more_private_address_is_blocked_by_chromium() {
        let url = "http://10.0.0.1/v1";
        let (call, exchange) = call("http://app.example.com", url);
        report(&call, exchange, |report| {
            assert_eq!(report.verdict, Verdict::Blocked);
            assert_eq!(report.code, Some(Code::InsecureLocalNetwork));
            let [chromium, firefox, safari] = &report.console[..] else {
                panic!("{:?}", report.console);
            };
            let line = format!(
                "Access to fetch at '{url}' from origin 'http://app.example.com' has been blocked by CORS policy: The request \
                 client is not a secure context and the resource is in more-private address space `local`."
            );
            assert_eq!(chromium.1[0].text, line);
            assert!(firefox.1.is_empty() && safari.1.is_empty());
            let found = report.findings.iter();
            let found: Vec<_> = found.map(|one| (one.severity, one.code)).collect();
            assert_eq!(found, [(Severity::Blocks, "InsecureLocalNetwork")]);
        });
        // Where the page's name leads is not known: it may be in the same network.
        let (call, mut exchange) =
            self::call("http://app.example.com", "http://intranet.example.com/");
        exchange.is_private = true;
        report(&call, exchange, |report| {
            assert_eq!(report.verdict, Verdict::Allowed);
            let first = &report.findings[0];
            assert_eq!(
                (first.severity, first.code),
                (Severity::Warning, "InsecureLocalNetwork")
            );
        });
    }

    #[test]
    fn a_name_that_leads_to_a_private_address_is_told_of_local_network_access() {
        for (is_private, expected) in [(true, true), (false, false)] {
            let (call, mut exchange) =
                call("https://app.example.com", "https://intranet.example.com/");
            exchange.is_private = is_private;
            report(&call, exchange, |report| {
                let codes: Vec<_> = report.findings.iter().map(|one| one.code).collect();
                let is_told = codes.contains(&"LocalNetworkAccessPermissionDenied");
                assert_eq!(is_told, expected, "{codes:?}");
                assert_eq!(report.verdict, Verdict::Allowed);
            });
        }
    }
}
