//! The demo's two pages, each served from an origin of its own.
//!
//! Plain HTML, CSS and JavaScript, embedded. Nothing inline and nothing from elsewhere: the pages live under the same
//! strict Content-Security-Policy that the sites of the product's users should have.

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::json;

use super::setup::Demo;
use super::upstream::MODEL;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const SHARED: [(&str, &str, &str); 5] = [
    ("/style.css", CSS, include_str!("pages/style.css")),
    ("/ask.js", JAVASCRIPT, include_str!("pages/ask.js")),
    ("/icon.svg", SVG, include_str!("pages/icon.svg")),
    // What the dashboard's playground opens, on either origin.
    ("/playground", HTML, include_str!("pages/playground.html")),
    (
        "/playground.js",
        JAVASCRIPT,
        include_str!("pages/playground.js"),
    ),
];

/// The page on the origin that may call.
pub(super) fn page(demo: &Demo) -> Router {
    let policy = format!(
        "default-src 'self'; connect-src {}; frame-src {}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        demo.gateway, demo.blocked
    );
    let assets = [
        ("/", HTML, include_str!("pages/index.html")),
        ("/page.js", JAVASCRIPT, include_str!("pages/page.js")),
    ];
    router(demo, &assets, policy)
}

/// The page on the origin that may not, shown in a frame of the other.
pub(super) fn blocked(demo: &Demo) -> Router {
    let policy = format!(
        "default-src 'self'; connect-src {}; base-uri 'none'; form-action 'none'; frame-ancestors {}",
        demo.gateway, demo.page
    );
    let assets = [
        ("/", HTML, include_str!("pages/blocked.html")),
        ("/blocked.js", JAVASCRIPT, include_str!("pages/blocked.js")),
    ];
    router(demo, &assets, policy)
}

fn router(demo: &Demo, assets: &[(&'static str, &'static str, &str)], policy: String) -> Router {
    let settings = ("/settings.js", JAVASCRIPT, &*settings(demo));
    let mut router = Router::new();
    for (path, media_type, text) in SHARED.iter().chain(assets).chain([&settings]) {
        let headers = [
            (CONTENT_TYPE, (*media_type).to_owned()),
            (CONTENT_SECURITY_POLICY, policy.clone()),
            (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
            (CACHE_CONTROL, "no-store".to_owned()),
        ];
        let answer = (headers, (*text).to_owned());
        router = router.route(path, get(move || async move { answer.into_response() }));
    }
    router
}

/// All that the pages know, as a module of their own.
fn settings(demo: &Demo) -> String {
    let text = |value: &str| json!(value).to_string();
    format!(
        "// All that this page knows. The key is a publishable one: it may stand here for everybody to read, because it\n\
         // opens inference on this endpoint and nothing else, and browsers let only the origins that the endpoint lists\n\
         // use it.\n\
         export const endpoint = {};\n\
         export const key = {};\n\
         export const model = {};\n\n\
         // The two origins of this demo: one that the endpoint lists, one that it does not.\n\
         export const pageOrigin = {};\n\
         export const blockedOrigin = {};\n",
        text(&demo.endpoint),
        text(&demo.publishable_key),
        text(MODEL),
        text(&demo.page),
        text(&demo.blocked),
    )
}
