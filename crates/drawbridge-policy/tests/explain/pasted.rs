//! Lines as people paste them.

use drawbridge_policy::explain::{
    Answer, Api, Browser, Code, ConsoleLine, Fault, Hop, MAX_PASTED, Outcome, PageRequest,
    Recognized, Reply, console_lines, nearest, read_line, recognize, simulate,
};
use proptest::prelude::*;
use proptest::sample::select;

use crate::data::{beyond, scenarios};

/// Whether what was read from a line is what the fault was made of, as far as it was read.
fn assert_read(line: &str, pasted: &str, browser: Browser, fault: &Fault, page: &str) {
    let Some(found) = recognize(pasted) else {
        panic!("{pasted:?} is not recognised");
    };
    assert!(
        found.codes.contains(&fault.code),
        "{pasted:?}: {:?} is not among {:?}",
        fault.code,
        found.codes
    );
    if browser == Browser::Chromium {
        assert_eq!(found.codes, [fault.code], "{pasted:?}");
    }
    assert_facts(line, pasted, &found, browser, fault, page);
}

/// Whether nothing is read that is not so.
fn assert_facts(
    line: &str,
    pasted: &str,
    found: &Recognized,
    browser: Browser,
    fault: &Fault,
    page: &str,
) {
    let value = fault.value.clone();
    let may_be = |read: &Option<String>, fact: &str, what: &str| {
        if let Some(read) = read {
            assert_eq!(read, fact, "{what} in {pasted:?}, from {line:?}");
        }
    };
    may_be(&found.url, fault.url.as_str(), "url");
    may_be(&found.method, &value, "method");
    may_be(&found.header, &value, "header");
    let origin = match browser {
        Browser::Safari => &fault.origin,
        Browser::Chromium | Browser::Firefox => page,
    };
    may_be(&found.origin, origin, "origin");
    may_be(&found.value, &value.replace(['‘', '’'], "'"), "value");
    if let Some(status) = found.status {
        assert_eq!(
            Some(status),
            fault.status,
            "status in {pasted:?}, from {line:?}"
        );
    }
}

/// Whether a line that is cut anywhere behind the beginning of its context keeps what stands before the cut.
fn assert_kept(line: &str, end: usize, browser: Browser, fault: &Fault, page: &str) {
    let pasted = &line[..end];
    let Some(found) = recognize(pasted) else {
        panic!("{pasted:?} is not recognised");
    };
    assert_eq!(found.browser, Some(browser), "{pasted:?}");
    let is_told = found.codes.contains(&fault.code);
    assert!(
        is_told || found.codes == [Code::Unspecified],
        "{pasted:?}: {:?} for {:?}",
        found.codes,
        fault.code
    );
    assert_facts(line, pasted, &found, browser, fault, page);
    let is_past = |part: &str| line.find(part).is_some_and(|at| at + part.len() <= end);
    if is_past("' from origin '") || is_past(". (Reason: ") {
        assert_eq!(found.url.as_deref(), Some(fault.url.as_str()), "{pasted:?}");
    }
    if is_past("' has been blocked by ") {
        assert_eq!(found.origin.as_deref(), Some(page), "{pasted:?}");
    }
}

/// Where the context of a line has begun.
fn recognizable(line: &str, browser: Browser) -> Option<usize> {
    let (before, part) = match browser {
        Browser::Chromium => ("Access to ", " at '"),
        Browser::Firefox => ("disallows reading ", "the remote resource at "),
        Browser::Safari => return None,
    };
    let at = line.find(before)?;
    Some(at + line[at..].find(part)? + part.len())
}

fn ends(line: &str, from: usize) -> impl Iterator<Item = usize> {
    (from..=line.len()).filter(|end| line.is_char_boundary(*end))
}

/// Whether everything that the line names is read, when nothing is missing.
fn assert_complete(pasted: &str, browser: Browser, fault: &Fault) {
    let found = recognize(pasted).unwrap();
    let is_prefixed = fault.network.is_none()
        && !matches!(
            fault.code,
            Code::CorsDisabledScheme | Code::DisallowedByMode | Code::ForbiddenMethod
        );
    if browser != Browser::Safari && is_prefixed {
        assert_eq!(found.url.as_deref(), Some(fault.url.as_str()), "{pasted:?}");
    }
    match (browser, fault.code) {
        (_, Code::HeaderDisallowedByPreflightResponse) => {
            assert_eq!(found.header.as_deref(), Some(&*fault.value), "{pasted:?}");
        }
        (Browser::Chromium | Browser::Safari, Code::MethodDisallowedByPreflightResponse) => {
            assert_eq!(found.method.as_deref(), Some(&*fault.value), "{pasted:?}")
        }
        (Browser::Chromium, _) if is_prefixed => {
            assert!(found.origin.is_some(), "{pasted:?}");
        }
        _ => {}
    }
}

/// The line that gives the reason, and what else is printed.
fn first_line(
    browser: Browser,
    request: &PageRequest,
    hops: &[Hop],
) -> Option<(Fault, ConsoleLine)> {
    let simulation = simulate(browser, request, hops);
    let line = console_lines(browser, request, &simulation)
        .into_iter()
        .next()?;
    match simulation.outcome {
        Outcome::Blocked(fault) => Some((*fault, line)),
        _ => None,
    }
}

#[test]
fn every_measured_line_is_recognised_whole_cut_and_among_noise() {
    for scenario in scenarios() {
        for browser in Browser::ALL {
            let Some((fault, line)) = first_line(browser, &scenario.request, &scenario.hops) else {
                continue;
            };
            let page = scenario.request.origin.as_str();
            assert_complete(&line.text, browser, &fault);
            for end in ends(&line.text, line.telling_len) {
                assert_read(&line.text, &line.text[..end], browser, &fault, page);
            }
            for noisy in noises(&line.text) {
                assert_read(&line.text, &noisy, browser, &fault, page);
                assert_complete(&noisy, browser, &fault);
            }
        }
    }
}

/// The line as it stands in consoles, logs, tickets and terminals.
fn noises(line: &str) -> Vec<String> {
    let wrapped = line.replacen(' ', "\n    ", 3);
    vec![
        format!("chat:1 {line}"),
        format!("[12:03:44.120] ❌ {line} main-Bq3f.js:18:244"),
        format!("  {wrapped}\n"),
        format!(
            "Uncaught (in promise) TypeError: Failed to fetch\n    at app.js:3:9\n{line}\nPOST https://x.example/v1 \
             net::ERR_FAILED"
        ),
        format!(
            "TypeError: NetworkError when attempting to fetch resource.\n{line}\nUncaught (in promise) TypeError: Load failed"
        ),
        line.replace(['‘', '’'], "'"),
    ]
}

#[test]
fn the_general_sentences_around_a_reason_do_not_hide_it() {
    let pasted = "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at \
                  https://gw.example/v1/chat/completions. (Reason: CORS request did not succeed). Status code: (null). \
                  Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at \
                  https://gw.example/v1/embeddings. (Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 401.";
    let found = recognize(pasted).unwrap();
    assert_eq!(found.code(), Code::MissingAllowOriginHeader);
    assert_eq!(
        found.url.as_deref(),
        Some("https://gw.example/v1/embeddings")
    );
    assert_eq!(found.status, Some(401));
}

#[test]
fn safaris_second_line_tells_the_url() {
    let pasted = "[Error] Request header field X-Stainless-OS is not allowed by Access-Control-Allow-Headers.\n\
                  [Error] Fetch API cannot load https://gw.example/v1/models due to access control checks.";
    let found = recognize(pasted).unwrap();
    assert_eq!(found.code(), Code::HeaderDisallowedByPreflightResponse);
    assert_eq!(found.header.as_deref(), Some("X-Stainless-OS"));
    assert_eq!(found.url.as_deref(), Some("https://gw.example/v1/models"));
}

#[test]
fn a_line_that_is_cut_keeps_the_names_that_are_whole() {
    for (line, method, header) in [
        (
            "Request header field x-tenant is not allowed by Access-Control-Allow-Headers in preflight resp",
            None,
            Some("x-tenant"),
        ),
        ("Request header field x-tenant is", None, Some("x-tenant")),
        ("Request header field x-tenant …", None, Some("x-tenant")),
        ("Request header field x-ten", None, None),
        ("Request header field is not allowed by", None, None),
        (
            "header ‘x-it's’ is not allowed according to header ‘Access",
            None,
            Some("x-it's"),
        ),
        (
            "Method PATCH is not allowed by Access-Control-Allow-Methods in pre",
            Some("PATCH"),
            None,
        ),
        (
            "TypeError: Window.fetch: Invalid request method TRACE.",
            Some("TRACE"),
            None,
        ),
        (
            "TypeError: Window.fetch: Invalid request method TRA",
            None,
            None,
        ),
    ] {
        let found = recognize(line).unwrap();
        let named = (found.method.as_deref(), found.header.as_deref());
        assert_eq!(named, (method, header), "{line}");
    }
}

#[test]
fn what_people_call_it_is_recognised() {
    for (phrase, code) in [
        (
            "No 'Access-Control-Allow-Origin' header",
            Code::MissingAllowOriginHeader,
        ),
        (
            "why is there no access-control-allow-origin header??",
            Code::MissingAllowOriginHeader,
        ),
        (
            "Method not allowed by CORS",
            Code::MethodDisallowedByPreflightResponse,
        ),
        (
            "Request header not allowed",
            Code::HeaderDisallowedByPreflightResponse,
        ),
        (
            "Credentials flag is true but origin is wildcard",
            Code::WildcardOriginNotAllowed,
        ),
        (
            "Preflight response has invalid status",
            Code::PreflightInvalidStatus,
        ),
        (
            "Preflight response has an invalid status",
            Code::PreflightInvalidStatus,
        ),
        (
            "Response for preflight has invalid HTTP status code 401",
            Code::PreflightInvalidStatus,
        ),
        (
            "credentials flag is true, but Allow-Credentials is false",
            Code::InvalidAllowCredentials,
        ),
        (
            "corsErrorStatus: PreflightMissingAllowOriginHeader",
            Code::PreflightMissingAllowOriginHeader,
        ),
        (
            "app.js:1 Access to fetch at 'https://a.example/' from origin 'https://b.example' has been blocked by CORS policy: N",
            Code::Unspecified,
        ),
        (
            "Uncaught (in promise) TypeError: Failed to fetch",
            Code::FailedToFetch,
        ),
        (
            "POST https://a.example/v1 net::ERR_BLOCKED_BY_CLIENT",
            Code::BlockedByClient,
        ),
        (
            "Access to fetch at 'http://127.0.0.1:8080/v1/models' from origin 'https://app.example.com' has been blocked by CORS policy: Permission was denied for this request to access the `loopback` address space.",
            Code::LocalNetworkAccessPermissionDenied,
        ),
        (
            "Mixed Content: The page at 'https://app.example.com/' was loaded over HTTPS, but requested an insecure resource 'http://gw.example/v1/models'. This request has been blocked; the content must be served over HTTPS.",
            Code::MixedContent,
        ),
    ] {
        let found = recognize(phrase).map(|found| found.code());
        assert_eq!(found, Some(code), "{phrase}");
    }
}

#[test]
fn an_older_line_keeps_its_url_and_status() {
    let line = "XMLHttpRequest cannot load https://gw.example/v1. Response for preflight has invalid HTTP status code 401";
    let found = recognize(line).unwrap();
    assert_eq!(found.code(), Code::PreflightInvalidStatus);
    assert_eq!(found.status, Some(401));
    assert_eq!(found.url.as_deref(), Some("https://gw.example/v1"));
    assert_eq!(found.browser, Some(Browser::Chromium));
}

#[test]
fn lines_beyond_the_simulator_are_recognised_too() {
    for (code, browser, line) in beyond() {
        let found = recognize(&line).unwrap();
        assert_eq!(found.code().name(), code, "{line}");
        assert_eq!(found.browser, Some(browser), "{line}");
        assert!(found.url.is_some(), "{line}");
    }
}

#[test]
fn what_is_no_cors_error_is_not_recognised() {
    for line in [
        "",
        "Hello",
        "GET / 200",
        "ReferenceError: fetch is not defined",
        "Method Man is not here",
        "Origin of species",
        "Request header field",
        "{}¦{value}",
        "‘’“”\u{a0}\u{2028}",
    ] {
        let found = recognize(line);
        let is_nothing = found.is_none() || line == "Request header field";
        assert!(is_nothing, "{line:?}: {found:?}");
    }
}

#[test]
fn a_mistyped_sentence_has_a_nearest_one() {
    let (code, _) = nearest(
        "the method DELETE was not allowed in access-control-allow-methods of the preflight",
    )
    .unwrap();
    assert_eq!(code, Code::MethodDisallowedByPreflightResponse);
    assert_eq!(nearest("Hello"), None);
}

#[test]
fn a_line_that_is_cut_anywhere_keeps_its_context() {
    let mut cuts = 0;
    for scenario in scenarios() {
        for browser in Browser::ALL {
            let line = first_line(browser, &scenario.request, &scenario.hops);
            let Some((fault, line)) = line else { continue };
            let Some(from) = recognizable(&line.text, browser) else {
                continue;
            };
            for end in ends(&line.text, from) {
                assert_kept(&line.text, end, browser, &fault, &scenario.request.origin);
                cuts += 1;
            }
        }
    }
    assert!(cuts > 20_000, "{cuts} cuts");
}

#[test]
fn a_reason_that_breaks_off_is_told_where_only_one_begins_so() {
    const CHROMIUM: &str = "Access to fetch at 'https://gw.example/v1' from origin 'https://app.example.com' has been blocked \
                            by CORS policy: ";
    const PREFLIGHT: &str = "Response to preflight request doesn't pass access control check: ";
    const FIREFOX: &str = "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at \
                           https://gw.example/v1. (Reason: ";
    for (line, codes) in [
        (
            format!("{CHROMIUM}{PREFLIGHT}No 'Access-Con"),
            vec![Code::PreflightMissingAllowOriginHeader],
        ),
        (
            format!("{CHROMIUM}No 'Access-Con… app.js:3:1"),
            vec![Code::MissingAllowOriginHeader],
        ),
        (
            format!("{CHROMIUM}Response to preflight request does"),
            vec![Code::Unspecified],
        ),
        (
            format!("{CHROMIUM}Cannot parse Access-Control-Allow-"),
            vec![Code::Unspecified],
        ),
        // Not a cut: what no browser is known to print.
        (
            format!("{CHROMIUM}The request client is not at home."),
            vec![Code::Unspecified],
        ),
        (
            format!("{CHROMIUM}Method PATCH is not allowed by"),
            vec![Code::MethodDisallowedByPreflightResponse],
        ),
        (
            "Method PATCH is not allowed by".to_owned(),
            vec![Code::MethodDisallowedByPreflightResponse],
        ),
        (
            format!("{FIREFOX}CORS header ‘Access-Control-Allow-Origin’ miss"),
            vec![
                Code::MissingAllowOriginHeader,
                Code::PreflightMissingAllowOriginHeader,
            ],
        ),
        (
            format!("{FIREFOX}CORS request did not suc"),
            vec![
                Code::NetworkFailure,
                Code::RedirectContainsCredentials,
                Code::CorsDisabledScheme,
                Code::Unspecified,
            ],
        ),
        (
            "…has been blocked by CORS pol".to_owned(),
            vec![Code::Unspecified],
        ),
        (
            "Refused to connect because it violates the document's Content Security Policy."
                .to_owned(),
            vec![Code::ContentSecurityPolicy],
        ),
    ] {
        let found = recognize(&line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!(found.codes, codes, "{line}");
        if line.contains("gw.example") {
            assert!(found.browser.is_some(), "{line}");
            assert_eq!(
                found.url.as_deref(),
                Some("https://gw.example/v1"),
                "{line}"
            );
        }
        if line.contains("PATCH") {
            assert_eq!(found.method.as_deref(), Some("PATCH"), "{line}");
        }
    }
}

#[test]
fn the_beginning_and_the_end_of_a_long_text_are_looked_at() {
    let line = "Preflight response is not successful. Status code: 401";
    let noise = "é ".repeat(MAX_PASTED);
    for long in [
        format!("{line} {noise}"),
        format!("{noise} {line}"),
        format!("{}{line}", "Origin ".repeat(MAX_PASTED)),
    ] {
        let found = recognize(&long).unwrap();
        assert_eq!(found.code(), Code::PreflightInvalidStatus);
    }
    let lost = read_line(&format!("{noise} {line} {noise}")).unwrap_err();
    let told = "only the first and the last 8 KiB were read";
    assert!(lost.to_string().contains(told), "{lost}");
    let short = read_line("Hello").unwrap_err();
    assert!(!short.to_string().contains(told), "{short}");
}

fn answers() -> impl Strategy<Value = Answer> {
    let origin = select(vec![
        None,
        Some("*"),
        Some("https://app.example.com"),
        Some("https://b.example"),
        Some("null"),
        Some("b.example"),
        Some("https://a.example, https://b.example"),
        Some(""),
        Some("it's 'quoted' (oddly). Status code: 7"),
    ]);
    let credentials = select(vec![None, Some("true"), Some("TRUE"), Some("'")]);
    let methods = select(vec![
        None,
        Some("GET"),
        Some("*"),
        Some("DELETE, PATCH"),
        Some("a b"),
        Some("x, (y)"),
    ]);
    let headers = select(vec![
        None,
        Some("x-a"),
        Some("*"),
        Some("content-type"),
        Some("a;b"),
    ]);
    let status = select(vec![200, 204, 302, 401, 404, 431, 500]);
    (status, origin, credentials, methods, headers, any::<bool>()).prop_map(
        |(status, origin, credentials, methods, headers, is_doubled)| {
            let mut answer = Answer::new(status);
            let fields = [
                ("Access-Control-Allow-Origin", origin),
                ("Access-Control-Allow-Origin", origin.filter(|_| is_doubled)),
                ("Access-Control-Allow-Credentials", credentials),
                ("Access-Control-Allow-Methods", methods),
                ("Access-Control-Allow-Headers", headers),
                ("Location", Some("/elsewhere").filter(|_| status == 302)),
            ];
            for (name, value) in fields {
                if let Some(value) = value {
                    answer = answer.with(name, value);
                }
            }
            answer
        },
    )
}

fn requests() -> impl Strategy<Value = PageRequest> {
    let urls = vec![
        "https://gw.example/v1/chat/completions",
        "https://gw.example:8443/v1/a'b?x=(1).&y=%20",
        "http://127.0.0.1:8080/proj_abc/e/v1/models.",
    ];
    let methods = vec!["GET", "POST", "put", "DELETE", "PATCH", "x-method"];
    let headers = vec!["x-a", "Content-Type", "Authorization", "x-stainless-os"];
    let headers = proptest::sample::subsequence(headers.clone(), 0..=headers.len());
    let flags = (any::<bool>(), any::<bool>());
    (select(urls), select(methods), headers, flags).prop_map(|(url, method, headers, flags)| {
        let mut request = PageRequest::new("https://app.example.com", url.parse().unwrap(), method);
        request.headers = headers
            .into_iter()
            .map(|name| (name.to_owned(), "application/json".to_owned()))
            .collect();
        request.includes_credentials = flags.0;
        request.api = if flags.1 { Api::Xhr } else { Api::Fetch };
        request
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_line_that_can_be_printed_is_recognised_as_what_it_is(
        request in requests(),
        preflight in answers(),
        actual in answers(),
        cut in any::<prop::sample::Index>(),
        noise in any::<prop::sample::Index>(),
    ) {
        let hop = Hop { preflight: Some(Reply::Answer(preflight)), actual: Some(Reply::Answer(actual)) };
        let hops = [hop.clone(), hop];
        for browser in Browser::ALL {
            let Some((fault, line)) = first_line(browser, &request, &hops) else { continue };
            let page = request.origin.as_str();
            assert_complete(&line.text, browser, &fault);
            let told: Vec<_> = ends(&line.text, line.telling_len).collect();
            let end = *cut.get(&told);
            assert_read(&line.text, &line.text[..end], browser, &fault, page);
            if let Some(from) = recognizable(&line.text, browser) {
                let kept: Vec<_> = ends(&line.text, from).collect();
                assert_kept(&line.text, *cut.get(&kept), browser, &fault, page);
            }
            let noises = noises(&line.text);
            assert_read(&line.text, noise.get(&noises).as_str(), browser, &fault, page);
        }
    }

    #[test]
    fn nothing_that_is_pasted_panics(text in "(\\PC|[ \n\r'‘’{}¦.]|Method |Origin |Access to fetch at '|\\(Reason: |is not allowed by ){0,60}") {
        let _ = recognize(&text);
        let _ = nearest(&text);
    }
}
