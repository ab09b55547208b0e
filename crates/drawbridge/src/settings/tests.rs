use std::ffi::OsString;
use std::fs;

use serde_json::json;

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Loads from a file of that text (none when empty), variables and flags.
fn load(
    file: &str,
    variables: &[(&str, &str)],
    change: impl FnOnce(&mut Flags),
) -> Result<Settings, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("drawbridge.toml");
    fs::write(&path, file).unwrap();
    let mut flags = Flags {
        config: Some(path.clone()),
        ..Flags::default()
    };
    change(&mut flags);
    let environment = variables
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let shorten =
        |error: SettingsError| error.to_string().replace(&*path.to_string_lossy(), "FILE");
    Settings::load(&flags, environment).map_err(shorten)
}

fn problem(file: &str, variables: &[(&str, &str)]) -> String {
    load(file, variables, |_| {}).map(|_| ()).unwrap_err()
}

#[test]
fn nothing_written_gives_the_documented_defaults() {
    let settings = load("", &[], |_| {}).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.data_dir, PathBuf::from("data"));
    assert_eq!(settings.limits.max_connections, 10_000);
    assert_eq!(settings.limits.max_body_bytes, 33_554_432);
    assert_eq!(settings.log.format, LogFormat::Auto);
    assert_eq!(settings.log.level, LogLevel::Info);
    assert!(settings.root_key.is_none() && settings.public_url.is_none());
}

#[test]
fn flags_win_over_environment_and_environment_over_the_file() {
    let file = "listen = '127.0.0.1:1'\ndata_dir = 'file'\n[log]\nlevel = 'warn'\n[limits]\nmax_connections = 7";
    let variables = [
        ("DRAWBRIDGE_LISTEN", "127.0.0.1:2"),
        ("DRAWBRIDGE_DATA_DIR", "environment"),
        ("DRAWBRIDGE_LOG_LEVEL", ""),
        ("HOME", "/"),
    ];
    let flag = |flags: &mut Flags| flags.listen = Some("[::1]:3".to_owned());
    let settings = load(file, &variables, flag).unwrap();
    assert_eq!(settings.listen.to_string(), "[::1]:3");
    assert_eq!(settings.data_dir, PathBuf::from("environment"));
    assert_eq!(
        settings.log.level,
        LogLevel::Warn,
        "an empty variable is an unset one"
    );
    assert_eq!(settings.limits.max_connections, 7);
}

#[test]
fn every_setting_is_shown_with_what_holds_and_where_it_was_written() {
    let file = "data_dir = 'file'\nupstream_networks = []\n[security_headers]\nprofile = 'strict'\noverride = {X-A = 'b'}";
    let variables = [
        ("DRAWBRIDGE_DATA_DIR", "environment"),
        ("DRAWBRIDGE_TRUSTED_PROXIES", "10.0.0.0/8"),
        ("DRAWBRIDGE_ROOT_KEY", SECRET),
        ("DRAWBRIDGE_MASTER_KEY", SECRET),
    ];
    let flag = |flags: &mut Flags| flags.log_level = Some("warn".to_owned());
    let shown = load(file, &variables, flag).unwrap().shown();
    let names: Vec<_> = shown.settings.iter().map(|setting| setting.name).collect();
    assert_eq!(names, names::all().collect::<Vec<_>>());
    let all = format!("{shown:?}");
    assert!(!all.contains(SECRET), "{all}");
    let of = |name| {
        let mut found = shown.settings.iter().filter(|setting| setting.name == name);
        let setting = found.next().unwrap();
        assert!(!setting.summary.is_empty());
        (setting.value.clone(), setting.source)
    };
    for (name, value, source) in [
        ("listen", json!("127.0.0.1:8080"), "default"),
        ("data_dir", json!("environment"), "environment"),
        ("public_url", json!(null), "default"),
        ("tls.key", json!(null), "default"),
        ("security_headers.profile", json!("strict"), "file"),
        ("security_headers.override", json!({"X-A": "b"}), "file"),
        ("limits.max_connections", json!(10_000), "default"),
        ("log.format", json!("auto"), "default"),
        ("log.level", json!("warn"), "flag"),
        ("trusted_proxies", json!(["10.0.0.0/8"]), "environment"),
        ("proxy_protocol", json!(false), "default"),
        ("upstream_networks", json!([]), "file"),
    ] {
        assert_eq!(of(name), (value, source), "{name}");
    }
    for setting in &shown.settings {
        assert!(!setting.summary.is_empty(), "{}", setting.name);
    }
    let read = shown.config_file.unwrap();
    assert!(
        read.starts_with('/') && read.ends_with("drawbridge.toml"),
        "{read}"
    );
}

#[test]
fn management_has_no_address_of_its_own_unless_it_is_given_another() {
    let load = |file| load(file, &[], |_| {});
    assert_eq!(load("").unwrap().admin_listen, None);
    let settings = load("[admin]\nlisten = '127.0.0.1:8081'").unwrap();
    let address = settings.admin_listen.map(|address| address.to_string());
    assert_eq!(address.as_deref(), Some("127.0.0.1:8081"));
    // Port 0 picks two.
    assert!(load("listen = '127.0.0.1:0'\n[admin]\nlisten = '127.0.0.1:0'").is_ok());
    assert_eq!(
        load("[admin]\nlisten = '127.0.0.1:8080'").unwrap_err(),
        "`listen` and `admin.listen` are both 127.0.0.1:8080: give management another port, or leave `admin.listen` out"
    );
}

#[test]
fn certificate_and_key_may_be_written_in_different_places() {
    let settings = load(
        "[tls]\ncert = 'a.pem'",
        &[("DRAWBRIDGE_TLS_KEY", "b.pem")],
        |flags| flags.tls_cert = Some("c.pem".to_owned()),
    )
    .unwrap();
    let expected = TlsSettings {
        cert: "c.pem".into(),
        key: "b.pem".into(),
    };
    assert_eq!(settings.tls, Some(expected));
}

#[test]
fn secrets_come_from_the_environment_and_are_not_printed() {
    let settings = load("", &[("DRAWBRIDGE_ROOT_KEY", SECRET)], |_| {}).unwrap();
    assert_eq!(settings.root_key.as_ref().map(Secret::expose), Some(SECRET));
    assert!(!format!("{settings:?}").contains(SECRET));
}

#[test]
fn every_wrong_file_gets_one_sentence_that_names_the_place() {
    let cases = [
        (
            "listne = 'x'",
            "unknown key `listne` in FILE, did you mean `listen`?",
        ),
        (
            "level = 'info'",
            "unknown key `level` in FILE, did you mean `log.level`?",
        ),
        ("colour = true", "unknown key `colour` in FILE"),
        (
            "redis_url = 'redis://'",
            "`redis_url` in FILE is not available in this version",
        ),
        (
            "[tls]\ncert = 'a.pem'",
            "`tls.cert` in FILE is nothing without `tls.key`: set both, or neither",
        ),
        (
            "[tls]\nkey = 'a.pem'",
            "`tls.key` in FILE is nothing without `tls.cert`: set both, or neither",
        ),
        (
            "[tls]\ncert = ''\nkey = 'a.pem'",
            "`tls.cert` in FILE: is empty, name a file",
        ),
        (
            "[security_headers]\nprofile = 'string'",
            "`security_headers.profile` in FILE: `string` is none of standard, strict, off",
        ),
        (
            "[security_headers]\noverride = 'X-Frame-Options'",
            "`security_headers.override` in FILE must be a table of strings, it is of type string",
        ),
        (
            "[security_headers.override]\nX-Frame-Options = 1",
            "`security_headers.override` in FILE: `X-Frame-Options` must be a string, it is of type integer",
        ),
        (
            "[security_headers.override]\nVary = '*'",
            "`security_headers.override` in FILE: `Vary` is decided by the gateway for each answer and cannot be set here",
        ),
        (
            "[security_headers.override]\n'X Frame' = 'DENY'",
            "`security_headers.override` in FILE: `X Frame` is not the name of a header: use letters, digits and `-`",
        ),
        (
            "[security_headers.override]\nX-Frame-Options = 'é'",
            "`security_headers.override` in FILE: `X-Frame-Options` has a value that no header line can carry: use visible ASCII, with spaces only between",
        ),
        (
            "[security_headers.override]\nX-A = ''\nx-a = ''",
            "`security_headers.override` in FILE: `x-a` stands there twice; the case of its letters makes no difference",
        ),
        (
            "[security_headers.overide]\nX-A = ''",
            "unknown key `security_headers.overide` in FILE, did you mean `security_headers.override`?",
        ),
        (
            "root_key = 'abc'",
            "`root_key` in FILE is a secret: set DRAWBRIDGE_ROOT_KEY in the environment instead",
        ),
        (
            "log = 'json'",
            "`log` in FILE is a table: write it as [log]",
        ),
        (
            "listen = 8080",
            "`listen` in FILE must be a string, it is of type integer",
        ),
        (
            "[limits]\nmax_connections = '7'",
            "`limits.max_connections` in FILE must be an integer, it is of type string",
        ),
        (
            "[limits]\nmax_connections = 0",
            "`limits.max_connections` in FILE: `0` is not a whole number from 1 to 1000000",
        ),
        (
            "listen = 'localhost:8080'",
            "`listen` in FILE: `localhost:8080` is not ADDRESS:PORT, write 127.0.0.1:8080",
        ),
        (
            "listen = ':80'",
            "`listen` in FILE: `:80` is not ADDRESS:PORT, write 0.0.0.0:80",
        ),
        (
            "listen = '::1:80'",
            "`listen` in FILE: `::1:80` is not ADDRESS:PORT, write [::1]:80",
        ),
        (
            "listen = 'nowhere'",
            "`listen` in FILE: `nowhere` is not ADDRESS:PORT such as 127.0.0.1:8080",
        ),
        (
            "data_dir = ''",
            "`data_dir` in FILE: is empty, name a directory",
        ),
        (
            "trusted_proxies = ['10.0.0.1/8']",
            "`trusted_proxies` in FILE: `10.0.0.1/8` has bits set behind its prefix; the network is 10.0.0.0/8",
        ),
        (
            "trusted_proxies = ['10.0.0.0/8', '::/0']",
            "`trusted_proxies` in FILE: `::/0` is every address, so that any client could claim any: list those of the proxies",
        ),
        (
            "trusted_proxies = ['proxy']",
            "`trusted_proxies` in FILE: `proxy` is neither an IP address nor a CIDR block such as 192.0.2.0/24 or 2001:db8::/32",
        ),
        (
            "proxy_protocol = true",
            "`proxy_protocol` is nothing without `trusted_proxies`: list the addresses of the proxies that speak it",
        ),
        (
            "proxy_protocol = 'v2'",
            "`proxy_protocol` in FILE must be true or false, it is of type string",
        ),
        (
            "[log]\nformat = 'xml'",
            "`log.format` in FILE: `xml` is none of auto, json, text",
        ),
    ];
    for (file, expected) in cases {
        assert_eq!(problem(file, &[]), expected, "{file}");
    }
}

#[test]
fn a_file_that_is_not_toml_names_the_line() {
    let problem = problem("listen = '127.0.0.1:1'\n= 3\n", &[]);
    assert!(problem.starts_with("FILE, line 2: "), "{problem}");
    assert!(!problem.contains('\n'), "{problem}");
}

#[test]
fn a_named_file_that_is_missing_is_a_problem() {
    let missing = |flags: &mut Flags| flags.config = Some(PathBuf::from("/no/such/file.toml"));
    let problem = load("", &[], missing).map(|_| ()).unwrap_err();
    assert!(
        problem.starts_with("cannot read the configuration file /no/such/file.toml: "),
        "{problem}"
    );
}

#[test]
fn every_wrong_variable_gets_one_sentence() {
    let cases = [
        (
            ("DRAWBRIDGE_LISTNE", "x"),
            "DRAWBRIDGE_LISTNE is not a setting, did you mean DRAWBRIDGE_LISTEN?",
        ),
        (
            ("DRAWBRIDGE_DATABASE_URL", "postgres://"),
            "DRAWBRIDGE_DATABASE_URL is not available in this version",
        ),
        (
            ("DRAWBRIDGE_LIMITS_MAX_BODY_BYTES", "32MB"),
            "DRAWBRIDGE_LIMITS_MAX_BODY_BYTES: `32MB` is not a whole number from 1 to 1073741824",
        ),
        (
            ("DRAWBRIDGE_SECURITY_HEADERS_PROFILE", "none"),
            "DRAWBRIDGE_SECURITY_HEADERS_PROFILE: `none` is none of standard, strict, off",
        ),
        (
            ("DRAWBRIDGE_SECURITY_HEADERS_OVERRIDE", "X-A=b"),
            "DRAWBRIDGE_SECURITY_HEADERS_OVERRIDE would be a table, which only the file can hold: write it there as [security_headers.override]",
        ),
        (
            ("DRAWBRIDGE_PROXY_PROTOCOL", "1"),
            "DRAWBRIDGE_PROXY_PROTOCOL: `1` is none of true, false",
        ),
        (
            ("DRAWBRIDGE_ROOT_KEY", "short"),
            "DRAWBRIDGE_ROOT_KEY has 5 characters, 32 or more are needed",
        ),
    ];
    for (variable, expected) in cases {
        assert_eq!(problem("", &[variable]), expected);
    }
    assert!(load("", &[("DRAWBRIDGE_SERVICE_HOST", "10.0.0.1")], |_| {}).is_ok());
}

#[test]
fn wrong_flags_are_named_as_they_are_typed() {
    type Change = fn(&mut Flags);
    let cases: [(Change, &str); 6] = [
        (
            |flags| flags.tls_key = Some("key.pem".to_owned()),
            "--tls-key is nothing without `tls.cert`: set both, or neither",
        ),
        (
            |flags| flags.security_headers_profile = Some("all".to_owned()),
            "--security-headers-profile: `all` is none of standard, strict, off",
        ),
        (
            |flags| flags.log_format = Some("xml".to_owned()),
            "--log-format: `xml` is none of auto, json, text",
        ),
        (
            |flags| flags.max_connections = Some("many".to_owned()),
            "--max-connections: `many` is not a whole number from 1 to 1000000",
        ),
        (
            |flags| flags.public_url = Some("https://ai.example.com/".to_owned()),
            "--public-url: `https://ai.example.com/` is not an origin, write https://ai.example.com",
        ),
        (
            |flags| flags.redis_url = Some("redis://".to_owned()),
            "--redis-url is not available in this version",
        ),
    ];
    for (change, expected) in cases {
        let problem = load("", &[], change).map(|_| ()).unwrap_err();
        assert!(problem.starts_with(expected), "{problem}");
    }
}

#[test]
fn public_url_is_a_web_origin() {
    for good in [
        "https://ai.example.com",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
    ] {
        let settings = load("", &[("DRAWBRIDGE_PUBLIC_URL", good)], |_| {}).unwrap();
        assert_eq!(settings.public_url.as_deref(), Some(good));
    }
    for bad in [
        "https://ai.example.com/",
        "https://*.example.com",
        "ai.example.com",
        "*",
        "null",
        "ftp://a.b",
    ] {
        assert!(
            load("", &[("DRAWBRIDGE_PUBLIC_URL", bad)], |_| {}).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn all_problems_are_reported_in_one_line() {
    let problem = problem("listne = 1\ndata_dir = 3", &[("DRAWBRIDGE_LISTEN", "x")]);
    assert_eq!(problem.matches("; ").count(), 2, "{problem}");
    assert!(!problem.contains('\n'), "{problem}");
}

#[test]
fn networks_are_an_array_in_the_file_and_separated_by_commas_elsewhere() {
    let networks = |settings: Settings| {
        let networks = settings.upstream_networks?;
        Some(networks.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let file = "upstream_networks = ['10.1.0.0/16', '::1']";
    let expected = Some(vec!["10.1.0.0/16".to_owned(), "::1/128".to_owned()]);
    assert_eq!(networks(load(file, &[], |_| {}).unwrap()), expected);
    let variables = [("DRAWBRIDGE_UPSTREAM_NETWORKS", "10.1.0.0/16, ::1")];
    assert_eq!(networks(load("", &variables, |_| {}).unwrap()), expected);
    assert_eq!(networks(load("", &[], |_| {}).unwrap()), None);
    let none = load("upstream_networks = []", &[], |_| {}).unwrap();
    assert_eq!(networks(none), Some(Vec::new()));
    let found = problem("upstream_networks = ['10.1.0.1/16']", &[]);
    assert_eq!(
        found,
        "`upstream_networks` in FILE: `10.1.0.1/16` has bits set behind its prefix; the network is 10.1.0.0/16"
    );
    let found = problem("upstream_networks = '10.1.0.0/16'", &[]);
    assert!(found.contains("must be an array of strings"), "{found}");
}

#[test]
fn proxies_are_trusted_where_they_are_listed_and_speak_the_proxy_protocol_where_it_says_so() {
    let settings = load("", &[], |_| {}).unwrap();
    assert!(settings.trusted_proxies.is_empty() && !settings.proxy_protocol);
    let file = "trusted_proxies = ['10.0.0.0/8', '::ffff:192.0.2.1']\nproxy_protocol = true";
    let settings = load(file, &[("DRAWBRIDGE_PROXY_PROTOCOL", "false")], |_| {}).unwrap();
    let proxies: Vec<_> = settings
        .trusted_proxies
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.1/32"]);
    assert!(!settings.proxy_protocol);
    let settings = load("", &[], |flags| {
        flags.trusted_proxies = Some("127.0.0.1,::1".to_owned());
        flags.proxy_protocol = Some("true".to_owned());
    });
    let settings = settings.unwrap();
    assert_eq!(settings.trusted_proxies.len(), 2);
    assert!(settings.proxy_protocol);
}
