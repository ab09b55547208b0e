//! `admin.listen`: management and metrics at an address of their own.

use std::net::TcpListener;

use drawbridge_admin::OPERATIONS;

use crate::process::{ROOT_KEY, Running, drawbridge, exchange, run};

const FREE: &str = "127.0.0.1:0";

#[test]
fn management_and_metrics_move_to_the_second_address_that_is_printed() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    let mut command = drawbridge(["serve", "--listen", FREE, "--data-dir", data]);
    let mut process = Running::start(command.env("DRAWBRIDGE_ADMIN_LISTEN", FREE));
    let public = process.first_line.strip_prefix("drawbridge listening on ");
    let public = public.unwrap().to_owned();
    let second = process.lines_until("drawbridge management listening on ");
    let management = second.trim_end().rsplit(' ').next().unwrap();
    assert_ne!(public, management);

    let project = |url: &str| {
        let arguments = ["project", "create", "p", "--url", url];
        run(&mut drawbridge(arguments))
    };
    let lost = project(&public);
    assert_eq!(lost.code, Some(1), "{lost:?}");
    assert!(lost.stderr.contains("`admin.listen`"), "{lost:?}");
    assert_eq!(project(management).code, Some(0));

    let get = |url, path, lines: &[&str]| exchange(url, "GET", path, lines, "");
    let key = format!("Authorization: Bearer {ROOT_KEY}");
    for path in ["/v1/projects", "/metrics", "/openapi.json"] {
        let here = get(&public, path, &[&key]);
        assert!(here.starts_with("HTTP/1.1 404"), "{path}: {here}");
        let there = get(management, path, &[&key]);
        assert!(there.starts_with("HTTP/1.1 200"), "{path}: {there}");
        // Its own origin is that of its own address, and of no other.
        let own = get(management, path, &[&key, &format!("Origin: {management}")]);
        assert!(own.starts_with("HTTP/1.1 200"), "{path}: {own}");
        let foreign = get(management, path, &[&key, &format!("Origin: {public}")]);
        assert!(foreign.starts_with("HTTP/1.1 403"), "{path}: {foreign}");
    }
    let metrics = get(management, "/metrics", &[]);
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");
    for url in [&*public, management] {
        assert!(get(url, "/healthz", &[]).starts_with("HTTP/1.1 200"));
    }
    assert_eq!(process.interrupt().0, Some(0));
}

#[test]
fn the_urls_that_people_are_told_are_those_of_the_data_plane() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    let serve = |arguments: &[&str]| {
        let base = ["serve", "--listen", FREE, "--data-dir", data];
        let arguments = base.iter().chain(arguments);
        let mut process =
            Running::start(drawbridge(arguments).env("DRAWBRIDGE_ADMIN_LISTEN", FREE));
        let line = process.lines_until("drawbridge management listening on ");
        let management = line.trim_end().rsplit(' ').next().unwrap().to_owned();
        (process, management)
    };
    let told = |management: &str, arguments: &[&str]| {
        let said = run(drawbridge(arguments).env("DRAWBRIDGE_URL", management));
        assert_eq!(said.code, Some(0), "{arguments:?}: {said:?}");
        said.stdout
    };
    let create = [
        "endpoint",
        "create",
        "e",
        "--project",
        "p",
        "--upstream",
        "http://127.0.0.1:9/v1",
    ];

    let (process, management) = serve(&[]);
    let public = process.first_line.rsplit(' ').next().unwrap().to_owned();
    told(
        &management,
        &["project", "create", "p", "--id", "proj_abcdef"],
    );
    let url = format!("{public}/proj_abcdef/e/v1");
    for arguments in [
        &create[..],
        &["endpoint", "show", "e", "--project", "p"],
        &["endpoint", "list", "--project", "p"],
    ] {
        let said = told(&management, arguments);
        assert!(said.contains(&url), "{arguments:?}: {said}");
    }
    let key = format!("Authorization: Bearer {ROOT_KEY}");
    let answer = exchange(&public, "GET", "/proj_abcdef/e/v1/models", &[&key], "");
    // It is the endpoint that answers, and its upstream that is not there.
    assert!(answer.contains("upstream_unreachable"), "{answer}");
    let source = format!("connect-src 'self' {public}");
    assert_eq!(told(&management, &["csp"]).trim_end(), source);
    let source = format!("{source}/proj_abcdef/");
    assert_eq!(
        told(&management, &["csp", "--project", "p"]).trim_end(),
        source
    );
    assert_eq!(process.interrupt().0, Some(0));

    let (process, management) = serve(&["--public-url", "https://gw.example.com"]);
    let said = told(&management, &["endpoint", "show", "e", "--project", "p"]);
    assert!(
        said.contains("https://gw.example.com/proj_abcdef/e/v1"),
        "{said}"
    );
    let said = told(&management, &["csp"]);
    assert_eq!(said.trim_end(), "connect-src 'self' https://gw.example.com");
    assert_eq!(process.interrupt().0, Some(0));
}

#[test]
fn every_operation_is_managements_where_that_is_served_and_nothing_elsewhere() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    let mut command = drawbridge(["serve", "--listen", FREE, "--data-dir", data]);
    let mut process = Running::start(command.env("DRAWBRIDGE_ADMIN_LISTEN", FREE));
    let public = process.first_line.rsplit(' ').next().unwrap().to_owned();
    let line = process.lines_until("drawbridge management listening on ");
    let management = line.trim_end().rsplit(' ').next().unwrap();
    for operation in OPERATIONS {
        let path = operation.path.replace("{project_id}", "proj_abcdef");
        let path = path.replace(['{', '}'], "");
        let method = operation.method.as_str();
        // Without a key: management says so in its own shape, before it looks at anything else.
        let there = exchange(management, method, &path, &[], "");
        let content_type = "content-type: application/problem+json";
        assert!(there.contains(content_type), "{method} {path}: {there}");
        assert!(
            !there.contains("route_not_found"),
            "{method} {path}: {there}"
        );
        let here = exchange(&public, method, &path, &[], "");
        assert!(
            here.contains("\"route_not_found\""),
            "{method} {path}: {here}"
        );
        assert!(!here.contains(content_type), "{method} {path}: {here}");
    }
    assert_eq!(process.interrupt().0, Some(0));
}

#[test]
fn an_address_that_cannot_be_its_own_stops_the_start_with_one_sentence() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    let taken = TcpListener::bind(FREE).unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let start = |listen: &str, admin: &str| {
        let arguments = [
            "serve",
            "--data-dir",
            data,
            "--listen",
            listen,
            "--admin-listen",
            admin,
        ];
        run(&mut drawbridge(arguments))
    };
    let said = start(FREE, &taken);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(
        said.stderr
            .contains("choose another port with --admin-listen"),
        "{said:?}"
    );
    let said = start(&taken, &taken);
    assert_eq!(said.code, Some(3), "{said:?}");
    let sentence = format!("`listen` and `admin.listen` are both {taken}");
    assert!(said.stderr.contains(&sentence), "{said:?}");
    assert_eq!(said.stderr.trim_end().lines().count(), 1, "{said:?}");
    let said = start(FREE, "localhost:8081");
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(
        said.stderr.contains("--admin-listen: `localhost:8081`"),
        "{said:?}"
    );
}
