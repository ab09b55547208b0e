//! The dashboard's pages: the files of `ui/dist`, which `make build` puts into the binary.
//!
//! They are the same for everybody and need no key: what they show comes from the API. Nothing that was not embedded may
//! ever be served, and a page must never stand where the API is.

use std::borrow::Cow;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use drawbridge_store::hexadecimal;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, LOCATION, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use rust_embed::Embed;
use sha2::{Digest, Sha256};

use crate::AdminState;
use crate::conditions::Conditions;
use crate::problem::{Fault, Problem, method_not_allowed, route_not_found};

const ROOT: &str = "/dashboard/";
const INDEX: &str = "index.html";
/// What is named by its content stays as it is.
const ASSETS: &str = "assets/";
/// What is added to the path of a file that is compressed, and how; the smallest first. Not every browser takes brotli
/// without TLS.
const CODINGS: [(&str, &str); 2] = [(".br", "br"), (".gz", "gzip")];
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

const NOT_BUILT: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Drawbridge</title>\n\
                         <h1>The dashboard was not built into this binary</h1>\n<p>Run <code>make build</code>, which builds it \
                         first; <code>cargo build</code> alone does not. The API and the command line have all of it.</p>\n</html>\n";

/// What `cargo build` finds; nothing is needed there.
#[derive(Embed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Embedded;

/// The dashboard's files.
#[derive(Clone, Copy, Debug)]
pub struct Dashboard {
    /// A file by its path below `/dashboard/`.
    file: fn(&str) -> Option<Cow<'static, [u8]>>,
}

impl Dashboard {
    /// What was built into this binary, if anything was.
    pub fn embedded() -> Self {
        Self::of(|path| Embedded::get(path).map(|file| file.data))
    }

    /// Files by their paths below `/dashboard/`; what has `.br` or `.gz` added to its path is the same, compressed.
    pub fn of(file: fn(&str) -> Option<Cow<'static, [u8]>>) -> Self {
        Self { file }
    }

    fn file(self, path: &str) -> Option<Bytes> {
        let bytes = (self.file)(path)?;
        Some(match bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        })
    }

    /// The file as its client takes it, without its caching.
    fn encoded(self, path: &str, file: Bytes, headers: &HeaderMap) -> Response {
        let compressed = CODINGS.map(|(ending, coding)| {
            let file = self.file(&format!("{path}{ending}"))?;
            Some((file, coding))
        });
        let varies = compressed.iter().any(Option::is_some);
        let mut choices = compressed.into_iter().flatten();
        let (file, coding) = choices
            .find(|(_, coding)| accepts(headers, coding))
            .map_or((file, None), |(file, coding)| (file, Some(coding)));
        let mut response = file.into_response();
        let fields = response.headers_mut();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
        if varies {
            fields.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if let Some(coding) = coding {
            fields.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        response
    }

    /// A file that may be another one tomorrow.
    fn fresh(self, path: &str, file: Bytes, headers: &HeaderMap) -> Result<Response, Problem> {
        let digest = hexadecimal(&Sha256::digest(&file).into());
        let tag = |text: String| HeaderValue::try_from(text).map_err(Problem::internal);
        // Compressed or not, it is the same page.
        let caching = [
            (CACHE_CONTROL, ASK_AGAIN),
            (ETAG, tag(format!("W/\"{digest}\""))?),
        ];
        if Conditions::read(headers)?.check_read(&tag(format!("\"{digest}\""))?)? {
            return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
        }
        Ok((caching, self.encoded(path, file, headers)).into_response())
    }
}

/// The routes of the pages; those of the API below `/dashboard/api` come before them.
pub(crate) fn routes() -> Router<AdminState> {
    Router::new()
        .route(
            "/dashboard",
            get(async || (StatusCode::PERMANENT_REDIRECT, [(LOCATION, ROOT)]))
                .fallback(method_not_allowed),
        )
        .route(ROOT, get(show).fallback(method_not_allowed))
        .route("/dashboard/{*path}", get(show).fallback(method_not_allowed))
        .route("/dashboard/api", any(route_not_found))
        .route("/dashboard/api/", any(route_not_found))
        .route("/dashboard/api/{*path}", any(route_not_found))
}

/// A file, or the one page that has all the others in it.
async fn show(
    State(state): State<AdminState>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let dashboard = state.dashboard;
    let path = uri.path().strip_prefix(ROOT).unwrap_or_default();
    let is_compressed = CODINGS.iter().any(|(ending, _)| path.ends_with(ending));
    let is_named = !path.is_empty() && !is_compressed;
    match dashboard.file(path).filter(|_| is_named) {
        Some(file) if path.starts_with(ASSETS) => {
            let caching = [(CACHE_CONTROL, FOREVER)];
            Ok((caching, dashboard.encoded(path, file, &headers)).into_response())
        }
        Some(file) => dashboard.fresh(path, file, &headers),
        None if path.starts_with(ASSETS) => {
            let detail = "the dashboard of this release has no such file; load the page anew";
            Err(Problem::new(Fault::RouteNotFound, detail))
        }
        None => match dashboard.file(INDEX) {
            Some(index) => dashboard.fresh(INDEX, index, &headers),
            None => Ok(not_built()),
        },
    }
}

/// 404: there is no dashboard here.
fn not_built() -> Response {
    let fields = [
        (CONTENT_TYPE, HeaderValue::from_static(media_type(INDEX))),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::NOT_FOUND, fields, NOT_BUILT).into_response()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// RFC 9110 section 12.5.3.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let lines = headers.get_all(ACCEPT_ENCODING).iter();
    let codings = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    codings.into_iter().any(|accepted| {
        let mut parts = accepted.split(';').map(str::trim);
        let is_named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        is_named && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|q| q > 0.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_is_sent_to_those_who_take_it() {
        for (line, is_accepted) in [
            ("br", true),
            ("gzip, deflate, BR", true),
            ("gzip;q=1.0, br;q=0.5", true),
            ("br; q=0", false),
            ("br;q=0.000", false),
            ("br;q=x", false),
            ("gzip", false),
            ("brotli", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(line));
            assert_eq!(accepts(&headers, "br"), is_accepted, "{line}");
        }
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }

    #[test]
    fn without_files_the_page_says_what_to_do() {
        let page = not_built();
        assert_eq!(page.status(), 404);
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        assert!(NOT_BUILT.contains("make build"));
    }
}
