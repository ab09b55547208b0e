//! The same cure, as a few servers spell it. Short, to be found by; their own documentation has the rest.

pub(super) fn allow_origin(origin: &str) -> Vec<String> {
    if origin == "null" {
        return Vec::new();
    }
    vec![
        format!("nginx: add_header Access-Control-Allow-Origin \"{origin}\" always;"),
        format!("Express: app.use(cors({{ origin: \"{origin}\" }}))"),
        format!("FastAPI: app.add_middleware(CORSMiddleware, allow_origins=[\"{origin}\"])"),
    ]
}

pub(super) fn allow_credentials() -> Vec<String> {
    vec![
        "nginx: add_header Access-Control-Allow-Credentials true always;".to_owned(),
        "Express: cors({ …, credentials: true })".to_owned(),
        "FastAPI: CORSMiddleware, …, allow_credentials=True".to_owned(),
    ]
}

pub(super) fn allow_methods(methods: &str) -> Vec<String> {
    vec![
        format!("nginx: add_header Access-Control-Allow-Methods \"{methods}\" always;"),
        format!("Express: cors({{ …, methods: \"{methods}\" }})"),
        format!(
            "FastAPI: CORSMiddleware, …, allow_methods=[{}]",
            quoted(methods)
        ),
    ]
}

pub(super) fn allow_headers(headers: &str) -> Vec<String> {
    vec![
        format!("nginx: add_header Access-Control-Allow-Headers \"{headers}\" always;"),
        format!("Express: cors({{ …, allowedHeaders: \"{headers}\" }})"),
        format!(
            "FastAPI: CORSMiddleware, …, allow_headers=[{}]",
            quoted(headers)
        ),
    ]
}

pub(super) fn expose_headers(headers: &str) -> Vec<String> {
    vec![
        format!("nginx: add_header Access-Control-Expose-Headers \"{headers}\" always;"),
        format!("Express: cors({{ …, exposedHeaders: \"{headers}\" }})"),
        format!(
            "FastAPI: CORSMiddleware, …, expose_headers=[{}]",
            quoted(headers)
        ),
    ]
}

pub(super) fn max_age() -> Vec<String> {
    vec![
        "nginx: add_header Access-Control-Max-Age 7200 always;".to_owned(),
        "Express: cors({ …, maxAge: 7200 })".to_owned(),
        "FastAPI: CORSMiddleware, …, max_age=7200".to_owned(),
    ]
}

pub(super) fn answer_options() -> Vec<String> {
    vec![
        "nginx: if ($request_method = OPTIONS) { return 204; }, with the CORS headers in that block".to_owned(),
        "Express: app.use(cors(…)) before anything that asks for a key".to_owned(),
        "FastAPI: app.add_middleware(CORSMiddleware, …) as the last one that is added, which is the outermost".to_owned(),
    ]
}

pub(super) fn on_errors() -> Vec<String> {
    vec![
        "nginx: add_header … always; (without `always` only answers below 400 get it)".to_owned(),
        "Express: app.use(cors(…)) before the routes".to_owned(),
        "FastAPI: CORSMiddleware does not reach what an unhandled exception answers: handle it"
            .to_owned(),
    ]
}

pub(super) fn only_once() -> Vec<String> {
    vec![
        "nginx: proxy_hide_header Access-Control-Allow-Origin; where nginx itself adds it"
            .to_owned(),
    ]
}

pub(super) fn vary() -> Vec<String> {
    vec![
        "nginx: add_header Vary Origin always;".to_owned(),
        "Express: res.vary(\"Origin\")".to_owned(),
    ]
}

fn quoted(names: &str) -> String {
    let quoted: Vec<String> = names
        .split(',')
        .map(|name| format!("\"{}\"", name.trim()))
        .collect();
    quoted.join(", ")
}
