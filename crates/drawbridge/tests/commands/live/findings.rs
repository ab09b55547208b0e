//! Each finding: a server with that fault has it, and the one without has not (`a_server_that_is_right_…`).

use serde_json::Value;

use super::{CHAT, PAGE, codes, report, wrong};
use crate::scripted::{Answer, Asked};

const GET: &[&str] = &[];

type Fault = fn(&Asked, &mut Answer);

/// One fault, and what is found.
struct Case {
    fault: Fault,
    arguments: &'static [&'static str],
    /// Severity and code.
    found: (&'static str, &'static str),
    /// What was seen.
    seen: &'static str,
}

fn is_preflight(asked: &Asked) -> bool {
    asked.method == "OPTIONS"
}

fn reflect(asked: &Asked, answer: &mut Answer) {
    if !asked.header("origin").is_empty() {
        answer.set("Access-Control-Allow-Origin", asked.header("origin"));
    }
}

/// Runs a case; the whole report.
fn check(case: &Case) -> Value {
    let server = wrong(case.fault);
    let path = match case.arguments.is_empty() {
        true => "/v1/models",
        false => "/v1/chat",
    };
    let report = report(&server, path, case.arguments);
    let found = codes(&report);
    assert!(found.contains(&case.found), "{:?}: {report:#}", case.found);
    let (_, code) = case.found;
    let findings = report["findings"].as_array().unwrap();
    let finding = findings.iter().find(|one| one["code"] == code).unwrap();
    let seen = finding["seen"].to_string();
    assert!(seen.contains(case.seen), "{code}: {seen}");
    for member in ["means", "cure"] {
        assert!(!finding[member].as_str().unwrap().is_empty(), "{finding}");
    }
    let blocks = found.iter().any(|(severity, _)| *severity == "blocks");
    let verdict = if blocks { "blocked" } else { "allowed" };
    assert_eq!(report["verdict"], verdict, "{report:#}");
    report
}

fn check_all(cases: &[Case]) {
    for case in cases {
        check(case);
    }
}

#[test]
fn a_refused_preflight_says_what_stands_in_front_of_it() {
    fn status(asked: &Asked, answer: &mut Answer, status: u16) {
        if is_preflight(asked) {
            *answer = Answer::new(status)
                .with("WWW-Authenticate: Bearer")
                .with("Location: /login")
                .with("Allow: GET, POST");
        }
    }
    let cases: [(Fault, &str, &str); 8] = [
        (
            |asked, answer| status(asked, answer, 301),
            "preflight_redirected",
            "location: /login",
        ),
        (
            |asked, answer| status(asked, answer, 400),
            "preflight_refused",
            "status 400",
        ),
        (
            |asked, answer| status(asked, answer, 401),
            "preflight_needs_key",
            "www-authenticate: Bearer",
        ),
        (
            |asked, answer| status(asked, answer, 403),
            "preflight_needs_key",
            "status 403",
        ),
        (
            |asked, answer| status(asked, answer, 404),
            "preflight_unknown",
            "status 404",
        ),
        (
            |asked, answer| status(asked, answer, 405),
            "preflight_unknown",
            "allow: GET, POST",
        ),
        (
            |asked, answer| status(asked, answer, 429),
            "preflight_limited",
            "status 429",
        ),
        (
            |asked, answer| status(asked, answer, 502),
            "preflight_failed",
            "status 502",
        ),
    ];
    for (fault, code, seen) in cases {
        check(&Case {
            fault,
            arguments: &CHAT,
            found: ("blocks", code),
            seen,
        });
    }
}

#[test]
fn what_the_preflight_does_not_list_is_named_with_the_line_that_would() {
    let report = check(&Case {
        fault: |_, answer| answer.set("Access-Control-Allow-Headers", "X-Other"),
        arguments: &CHAT,
        found: ("blocks", "HeaderDisallowedByPreflightResponse"),
        seen: "not listed: authorization, content-type",
    });
    let cure = report["findings"][0]["cure"].as_str().unwrap();
    let line = "Access-Control-Allow-Headers: X-Other, authorization, content-type";
    assert!(cure.contains(line), "{cure}");
    let report = check(&Case {
        fault: |_, answer| answer.set("Access-Control-Allow-Methods", "GET"),
        arguments: &["--method", "PUT"],
        found: ("blocks", "MethodDisallowedByPreflightResponse"),
        seen: "access-control-allow-methods: GET",
    });
    let cure = report["findings"][0]["cure"].as_str().unwrap();
    assert!(
        cure.contains("Access-Control-Allow-Methods: GET, PUT"),
        "{cure}"
    );
}

#[test]
fn origins_that_should_not_get_in_are_found() {
    check_all(&[
        Case {
            fault: |asked, answer| {
                reflect(asked, answer);
                answer.set("Access-Control-Allow-Credentials", "true");
            },
            arguments: GET,
            found: ("danger", "any_origin_reflected"),
            seen: "access-control-allow-origin: https://drawbridge-probe.example",
        },
        Case {
            fault: reflect,
            arguments: &CHAT,
            found: ("warning", "any_origin_reflected"),
            seen: "asked with Origin: https://drawbridge-probe.example",
        },
        Case {
            fault: |asked, answer| {
                if asked.header("origin").starts_with("http://localhost") {
                    reflect(asked, answer);
                }
            },
            arguments: GET,
            found: ("danger", "lookalike_origin_admitted"),
            seen: "http://localhost.drawbridge-probe.example:3000",
        },
        Case {
            fault: |asked, answer| {
                if asked.header("origin").ends_with("localhost:3000") {
                    reflect(asked, answer);
                }
            },
            arguments: &CHAT,
            found: ("danger", "lookalike_origin_admitted"),
            seen: "http://drawbridge-probelocalhost:3000",
        },
        Case {
            fault: |asked, answer| {
                if asked.header("origin") == "null" {
                    reflect(asked, answer);
                }
            },
            arguments: GET,
            found: ("warning", "null_origin_admitted"),
            seen: "access-control-allow-origin: null",
        },
    ]);
}

#[test]
fn an_answer_that_depends_on_the_origin_has_to_say_so() {
    let silent = |_: &Asked, answer: &mut Answer| answer.remove("Vary");
    check(&Case {
        fault: silent,
        arguments: GET,
        found: ("warning", "vary_missing"),
        seen: "no vary",
    });
    check(&Case {
        fault: silent,
        arguments: &CHAT,
        found: ("note", "vary_missing"),
        seen: "answer to the request (200): no vary",
    });
    // It has to stand on answers to nobody's request too.
    check(&Case {
        fault: |asked, answer| {
            if asked.header("origin").is_empty() {
                answer.remove("Vary");
            }
        },
        arguments: GET,
        found: ("warning", "vary_missing"),
        seen: "answer to a request without Origin (200): no vary",
    });
    // The same for everybody: nothing to say.
    for value in [PAGE, "*"] {
        let server = wrong(move |_, answer| {
            answer.remove("Vary");
            answer.set("Access-Control-Allow-Origin", value);
        });
        let report = report(&server, "/v1/models", GET);
        assert_eq!(
            codes(&report),
            [("note", "blocked_all_the_same")],
            "{value}"
        );
    }
}

#[test]
fn two_places_that_add_headers_are_found() {
    check_all(&[
        Case {
            fault: |_, answer| {
                answer
                    .lines
                    .push(format!("Access-Control-Allow-Origin: {PAGE}"));
            },
            arguments: GET,
            found: ("blocks", "MultipleAllowOriginValues"),
            seen: "access-control-allow-origin: http://localhost:3000",
        },
        Case {
            fault: |_, answer| {
                answer
                    .lines
                    .push("Access-Control-Allow-Origin: *".to_owned())
            },
            arguments: &CHAT,
            found: ("warning", "cors_headers_doubled"),
            seen: "answer to the preflight (204): access-control-allow-origin: *",
        },
        Case {
            fault: |_, answer| {
                answer
                    .lines
                    .push("Access-Control-Allow-Methods: POST".to_owned());
            },
            arguments: &CHAT,
            found: ("note", "cors_headers_doubled"),
            seen: "access-control-allow-methods: POST",
        },
        Case {
            fault: |asked, answer| {
                if !is_preflight(asked) {
                    answer.set("Access-Control-Allow-Origin", "*");
                }
            },
            arguments: &CHAT,
            found: ("warning", "cors_answers_differ"),
            seen: "answer to the request (200): access-control-allow-origin: *",
        },
    ]);
}

#[test]
fn credentials_and_wildcards_are_judged_together() {
    fn everybody(_: &Asked, answer: &mut Answer) {
        answer.set("Access-Control-Allow-Origin", "*");
        answer.set("Access-Control-Allow-Credentials", "true");
    }
    check_all(&[
        Case {
            fault: everybody,
            arguments: GET,
            found: ("warning", "wildcard_with_credentials"),
            seen: "access-control-allow-credentials: true",
        },
        Case {
            fault: everybody,
            arguments: &["--method", "PUT", "--credentials"],
            found: ("blocks", "PreflightWildcardOriginNotAllowed"),
            seen: "access-control-allow-origin: *",
        },
        Case {
            fault: |_, answer| answer.set("Access-Control-Allow-Credentials", "True"),
            arguments: GET,
            found: ("note", "allow_credentials_not_true"),
            seen: "access-control-allow-credentials: True",
        },
        Case {
            fault: |_, answer| answer.set("Access-Control-Allow-Headers", "*"),
            arguments: &CHAT,
            found: ("warning", "authorization_by_wildcard"),
            seen: "access-control-allow-headers: *",
        },
        Case {
            fault: |_, _| {},
            arguments: &["--method", "PUT", "--credentials"],
            found: ("blocks", "PreflightInvalidAllowCredentials"),
            seen: "no access-control-allow-credentials",
        },
    ]);
}

#[test]
fn how_long_a_preflight_is_kept_is_looked_at() {
    let cases: [(Fault, &str, &str, &str); 4] = [
        (
            |_, answer| answer.remove("Access-Control-Max-Age"),
            "note",
            "max_age_missing",
            "no access-control-max-age",
        ),
        (
            |_, answer| answer.set("Access-Control-Max-Age", "0"),
            "note",
            "max_age_missing",
            "max-age: 0",
        ),
        (
            |_, answer| answer.set("Access-Control-Max-Age", "604800"),
            "note",
            "max_age_capped",
            "604800",
        ),
        (
            |_, answer| answer.set("Access-Control-Max-Age", "10m"),
            "warning",
            "max_age_invalid",
            "10m",
        ),
    ];
    for (fault, severity, code, seen) in cases {
        check(&Case {
            fault,
            arguments: &CHAT,
            found: (severity, code),
            seen,
        });
    }
}

#[test]
fn errors_without_cors_headers_are_found() {
    check_all(&[
        Case {
            fault: |asked, answer| {
                if !is_preflight(asked) {
                    *answer = Answer::new(500);
                }
            },
            arguments: &CHAT,
            found: ("blocks", "cors_missing_on_errors"),
            seen: "answer to the request (500): no access-control-allow-origin",
        },
        Case {
            fault: |_, answer| {
                if answer.status == 404 {
                    answer.remove("Access-Control-Allow-Origin");
                }
            },
            arguments: GET,
            found: ("warning", "cors_missing_on_errors"),
            seen: "answer to a path that does not exist (404)",
        },
        Case {
            fault: |asked, answer| {
                if !is_preflight(asked) {
                    answer.status = 503;
                }
            },
            arguments: &CHAT,
            found: ("note", "error_answered"),
            seen: "status 503",
        },
    ]);
}

#[test]
fn headers_that_the_page_cannot_read_are_named() {
    fn limits(_: &Asked, answer: &mut Answer) {
        answer.set("X-Request-Id", "1");
        answer.set("X-RateLimit-Remaining", "9");
        answer.set("Access-Control-Expose-Headers", "X-Other");
    }
    let report = check(&Case {
        fault: limits,
        arguments: GET,
        found: ("note", "headers_not_exposed"),
        seen: "x-ratelimit-remaining: 9",
    });
    let line = "Access-Control-Expose-Headers: X-Other, x-request-id, x-ratelimit-remaining";
    assert!(report.to_string().contains(line), "{report:#}");
    for exposed in ["X-Request-ID,x-ratelimit-remaining", "*"] {
        let server = wrong(move |asked, answer| {
            limits(asked, answer);
            answer.set("Access-Control-Expose-Headers", exposed);
        });
        let report = super::report(&server, "/v1/models", GET);
        assert_eq!(codes(&report).len(), 1, "{report:#}");
    }
}

#[test]
fn what_no_browser_looks_at_and_what_no_script_sets_is_said() {
    check_all(&[
        Case {
            fault: |_, answer| answer.set("Access-Control-Allow-Header", "X"),
            arguments: GET,
            found: ("warning", "unknown_cors_header"),
            seen: "access-control-allow-header: X",
        },
        Case {
            fault: |_, _| {},
            arguments: &["--method", "POST", "--header", "Cookie: a=b"],
            found: ("note", "header_not_settable"),
            seen: "--header Cookie",
        },
    ]);
}
