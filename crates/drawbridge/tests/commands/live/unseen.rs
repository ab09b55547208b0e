//! What no server's log shows.

use super::{CHAT, PAGE, codes, explain, report, right};
use crate::scripted::{Answer, Scripted};

#[test]
fn a_page_of_a_public_site_is_told_of_local_network_access() {
    let server = Scripted::start(|asked| {
        let mut answer = right(asked);
        answer.set("Access-Control-Allow-Origin", "https://app.example.com");
        answer
    });
    let said = explain(&format!("{}/v1/models", server.url), &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for part in [
        "allowed: a page of https://app.example.com can GET",
        "[warning] LocalNetworkAccessPermissionDenied",
        "the server's address space is `loopback`",
    ] {
        assert!(said.stdout.contains(part), "{part}: {said:?}");
    }
    assert!(said.stderr.contains("--origin"), "{said:?}");
}

#[test]
fn a_page_over_http_on_the_internet_cannot_call_this_machine_whatever_that_says() {
    let origin = "http://app.example.com";
    let server = Scripted::start(move |asked| {
        let mut answer = right(asked);
        answer.set("Access-Control-Allow-Origin", origin);
        answer
    });
    let url = format!("{}/v1/models", server.url);
    let said = explain(&url, &["--origin", origin]);
    assert_eq!(said.code, Some(4), "{said:?}");
    let line = format!(
        "Access to fetch at '{url}' from origin '{origin}' has been blocked by CORS policy: The request client is not a secure \
         context and the resource is in more-private address space `loopback`."
    );
    for part in [
        "blocked: a page of http://app.example.com cannot GET",
        "  Chromium (from its source, not measured)\n",
        &line,
        "[blocks] InsecureLocalNetwork",
    ] {
        assert!(said.stdout.contains(part), "{part}: {}", said.stdout);
    }
    assert!(!said.stdout.contains("  Firefox"), "{said:?}");
}

#[test]
fn a_given_policy_blocks_before_anything_else() {
    let server = Scripted::start(right);
    let csp = ["--csp", "Content-Security-Policy: default-src 'self'"];
    let blocked = report(&server, "/v1/models", &csp);
    assert_eq!(blocked["code"], "ContentSecurityPolicy");
    assert_eq!(codes(&blocked)[0], ("blocks", "ContentSecurityPolicy"));
    let line = blocked["console"]["chromium"].as_str().unwrap();
    assert!(
        line.contains(
            "violates the following Content Security Policy directive: \"default-src 'self'\""
        ),
        "{line}"
    );
    let cure = format!("connect-src 'self' {}", server.url);
    assert!(blocked.to_string().contains(&cure), "{blocked:#}");
    // What was sent shows that the server itself is right.
    assert_eq!(blocked["browsers"]["firefox"]["verdict"], "allowed");

    let csp = format!("connect-src {}/v1/models", server.url);
    let allowed = report(&server, "/v1/models", &["--csp", &csp]);
    assert_eq!(allowed["verdict"], "allowed", "{allowed:#}");
    let said = explain(&format!("{}/v1/chat", server.url), &["--csp", &csp]);
    assert_eq!(said.code, Some(4), "{said:?}");
}

#[test]
fn a_page_brings_its_own_policy_and_origin() {
    const META: &str =
        "<meta http-equiv=content-security-policy content=\"connect-src &#39;self&#39;\">";
    let server = Scripted::start(right);
    let page = Scripted::start(|asked| match &*asked.path {
        "/" => Answer::new(302).with("Location: /app"),
        "/header" => Answer::new(200).with("Content-Security-Policy: connect-src 'none'"),
        "/free" => Answer {
            body: format!("<head><title>{META}</title></head><body>{META}"),
            ..Answer::new(200)
        },
        _ => Answer {
            body: format!("<head>{META}"),
            ..Answer::new(200)
        },
    });
    for path in ["/", "/header"] {
        let url = format!("{}{path}", page.url);
        let blocked = report(&server, "/v1/models", &["--page", &url]);
        assert_eq!(blocked["code"], "ContentSecurityPolicy", "{path}");
    }
    let free = format!("{}/free", page.url);
    let allowed = report(&server, "/v1/models", &["--page", &free]);
    assert_eq!(allowed["verdict"], "allowed", "{allowed:#}");
    // Without --origin the call comes from the page.
    let url = format!("{}/v1/models", server.url);
    let said = explain(&url, &["--page", &free]);
    let first = format!("blocked: a page of {} cannot GET", page.url);
    assert!(said.stdout.starts_with(&first), "{said:?}");
}

#[test]
fn nothing_is_judged_on_the_pages_own_server() {
    let server = Scripted::start(|_| Answer::new(200));
    let url = format!("{}/v1/chat", server.url);
    let own = ["--origin", &server.url];
    let said = explain(&url, &[&own[..], &CHAT].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(server.asked().len(), 1, "no preflight, and no questions");
    let other = explain(&url, &[&["--origin", PAGE][..], &CHAT].concat());
    assert_eq!(other.code, Some(4), "{other:?}");
}
