//! `upstream.ca_certificate`: what is admitted, and what is refused with which cure.

use std::sync::Arc;

use drawbridge_policy::endpoint::{Endpoint, Project};
use drawbridge_policy::issue::ConfigIssue;
use drawbridge_policy::upstream::MAX_CA_BYTES;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use serde_json::{Value, json};

#[expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]
fn made() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["ca.example".to_owned()]).unwrap()
}

fn compile(base_url: &str, ca_certificate: Value) -> Result<Endpoint, Vec<ConfigIssue>> {
    let project = Arc::new(Project {
        id: "proj_tests1".into(),
        slug: "tests".into(),
        ..Project::default()
    });
    let document = json!({"upstream": {"base_url": base_url, "ca_certificate": ca_certificate}});
    Endpoint::compile(&project, "e", &document, None).map(|(endpoint, _warnings)| endpoint)
}

const HTTPS: &str = "https://llm.internal/v1";

#[test]
fn one_certificate_or_more_are_the_only_ones_trusted() {
    let (one, two) = (made().cert.pem(), made().cert.pem());
    let cases = [
        (one.clone(), 1),
        (format!("# our authority\r\n{one}\n\nand another\n{two}"), 2),
    ];
    for (pem, count) in cases {
        let endpoint = compile(HTTPS, json!(pem)).unwrap();
        let roots = endpoint.upstream.roots().unwrap();
        assert_eq!(roots.anchors().len(), count);
    }
    for none in [
        compile(HTTPS, Value::Null),
        compile("http://a", Value::Null),
    ] {
        assert!(none.unwrap().upstream.roots().is_none());
    }
}

#[test]
fn connections_are_shared_under_the_same_trust_only() {
    let (one, two) = (made().cert.pem(), made().cert.pem());
    let key = |base_url: &str, pem: Value| {
        let endpoint = compile(base_url, pem).unwrap();
        endpoint.upstream.connection_key().to_owned()
    };
    let under_one = key(HTTPS, json!(one));
    assert_eq!(
        under_one,
        key("https://LLM.internal:443/v2", json!(format!("{one}\n")))
    );
    let others = [
        key(HTTPS, json!(two)),
        key(HTTPS, json!(format!("{one}{two}"))),
        key(HTTPS, Value::Null),
        key("https://llm.internal:8443/v1", json!(one)),
        key("http://llm.internal:443/v1", Value::Null),
    ];
    for (index, other) in others.iter().enumerate() {
        assert_ne!(*other, under_one);
        assert!(!others[..index].contains(other), "{other}");
    }
}

#[test]
fn what_is_no_authority_is_refused_with_its_reason_and_never_repeated() {
    let made = made();
    let pem = made.cert.pem();
    let key = made.signing_key.serialize_pem();
    let cut = &pem[..pem.len() - 30];
    let hollow = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let long = pem.repeat(MAX_CA_BYTES / pem.len() + 1);
    let cases = [
        (HTTPS, json!(""), "no_certificate"),
        (HTTPS, json!("/etc/ssl/ca.pem"), "no_certificate"),
        (
            HTTPS,
            json!(pem.replace("CERTIFICATE", "CERTIFICATE REQUEST")),
            "no_certificate",
        ),
        (HTTPS, json!(key), "private_key"),
        (HTTPS, json!(format!("{pem}{key}")), "private_key"),
        (
            HTTPS,
            json!(key.replace("PRIVATE", "ENCRYPTED PRIVATE")),
            "private_key",
        ),
        (HTTPS, json!(cut), "bad_certificate"),
        (HTTPS, json!(format!("{pem}{hollow}")), "bad_certificate"),
        (HTTPS, json!(long), "too_long"),
        (HTTPS, json!(7), "wrong_type"),
        ("http://127.0.0.1:1", json!(pem), "needs_https"),
    ];
    for (base_url, given, code) in cases {
        let issues = compile(base_url, given).unwrap_err();
        assert_eq!(issues.len(), 1, "{issues:?}");
        assert_eq!(issues[0].pointer, "/upstream/ca_certificate");
        assert_eq!(issues[0].code, code, "{}", issues[0].detail);
        let body = key.lines().nth(1).unwrap();
        assert!(!issues[0].detail.contains(body), "{}", issues[0].detail);
    }
}
