use drawbridge_policy::csp::source_for;
use drawbridge_policy::origin::Origin;
use proptest::prelude::*;

use crate::{allows, judge};

const GATEWAYS: [&str; 5] = [
    "https://gw.example.com",
    "http://gw.example.com",
    "https://gw.example.com:8443",
    "http://localhost:8080",
    "http://192.0.2.1",
];
const PAGES: [Option<&str>; 4] = [
    None,
    Some("https://gw.example.com"),
    Some("http://app.example.com"),
    Some("chrome-extension://abcdefghijklmnopabcdefghijklmnop"),
];
const PATHS: [&str; 2] = ["/", "/proj_a/"];

fn source() -> impl Strategy<Value = String> {
    let scheme = prop_oneof![Just(""), Just("http://"), Just("https://"), Just("wss://")];
    let host = prop_oneof![
        Just("gw.example.com"),
        Just("*.example.com"),
        Just("*"),
        Just("localhost"),
        Just("192.0.2.1"),
        Just("[::1]"),
        Just("other.example"),
    ];
    let port = prop_oneof![
        Just(""),
        Just(":443"),
        Just(":8443"),
        Just(":8080"),
        Just(":*")
    ];
    let path = prop_oneof![
        Just(""),
        Just("/"),
        Just("/proj_a/"),
        Just("/v1"),
        Just("/?q")
    ];
    let built = (scheme, host, port, path).prop_map(|(a, b, c, d)| format!("{a}{b}{c}{d}"));
    let words = prop_oneof![
        Just("'self'"),
        Just("'none'"),
        Just("'unsafe-inline'"),
        Just("'nonce-x'"),
        Just("https:"),
        Just("http:"),
        Just("*"),
        Just("self"),
        Just("é"),
        Just("'what'"),
    ];
    prop_oneof![3 => built, 1 => words.prop_map(str::to_owned)]
}

fn directive() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("connect-src"),
        Just("Connect-Src"),
        Just("default-src"),
        Just("img-src"),
        Just("sandbox"),
        Just("unknown"),
        Just(""),
    ];
    let sources = prop::collection::vec(source(), 0..4);
    (name, sources).prop_map(|(name, sources)| format!("{name} {}", sources.join(" ")))
}

fn header() -> impl Strategy<Value = String> {
    let policy = prop::collection::vec(directive(), 0..4).prop_map(|own| own.join(";"));
    prop::collection::vec(policy, 0..3).prop_map(|policies| policies.join(","))
}

/// What stands between semicolons and commas, in order, without `connect-src`.
fn others(csp: &str) -> Vec<String> {
    let texts = csp.split([';', ',']).map(str::trim);
    let others = texts
        .filter(|text| !text.is_empty() && !text.to_ascii_lowercase().starts_with("connect-src"));
    others.map(str::to_owned).collect()
}

proptest! {
    #[test]
    fn every_cure_cures_and_leaves_the_other_directives_alone(
        csp in header(),
        gateway in prop::sample::select(&GATEWAYS[..]),
        path in prop::sample::select(&PATHS[..]),
        page in prop::sample::select(&PAGES[..]),
    ) {
        let judgement = judge(&csp, gateway, path, page);
        prop_assert_eq!(judgement.cured.is_none(), judgement.blocks.is_empty());
        if let Some(cured) = judgement.cured {
            prop_assert!(allows(&cured, gateway, path, page), "{} does not cure {}", cured, csp);
            prop_assert_eq!(others(&csp), others(&cured));
        }
    }

    #[test]
    fn what_a_cure_allows_was_allowed_or_is_the_gateway(
        csp in header(),
        other in prop::sample::select(&GATEWAYS[..]),
    ) {
        let gateway = "https://unique.example.net";
        if let Some(cured) = judge(&csp, gateway, "/", None).cured {
            prop_assert_eq!(allows(&csp, other, "/", None), allows(&cured, other, "/", None), "{} => {}", csp, cured);
        }
    }

    #[test]
    fn the_source_for_a_gateway_allows_it_and_no_other(
        gateway in prop::sample::select(&GATEWAYS[..]),
        other in prop::sample::select(&GATEWAYS[..]),
        path in prop::sample::select(&PATHS[..]),
        page in prop::sample::select(&PAGES[..]),
    ) {
        let origin = Origin::parse(gateway.as_bytes()).unwrap();
        let csp = format!("connect-src {}", source_for(origin, path).unwrap());
        prop_assert!(allows(&csp, gateway, path, page));
        // http stands for https at the same, default, port (section 6.7.2.9).
        let is_upgrade = gateway == "http://gw.example.com" && other == "https://gw.example.com";
        prop_assert_eq!(allows(&csp, other, path, page), other == gateway || is_upgrade);
    }

    #[test]
    fn any_text_is_read(csp in any::<String>()) {
        allows(&csp, GATEWAYS[0], "/", None);
    }
}
