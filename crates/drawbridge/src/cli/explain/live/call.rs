//! The call of a page, as the flags describe it.

use std::io::Read;

use bytes::Bytes;
use drawbridge_policy::explain::{Body, PageRequest};
use drawbridge_policy::names::is_forbidden_method;
use drawbridge_policy::origin::Origin;
use http::{HeaderName, HeaderValue, Method};
use url::Url;

use super::shown::without_query;
use crate::cli::explain::PageFlags;
use crate::cli::failure::Failure;

/// Most bytes of a body that is sent.
const LONGEST_BODY: u64 = 32 << 20;

/// One call, checked.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) request: PageRequest,
    pub(super) body: Bytes,
    /// What the browser would add by itself, where the page includes credentials.
    pub(super) cookie: Option<String>,
    /// Headers that no script can set, and that are left out.
    pub(super) left_out: Vec<String>,
}

impl Call {
    /// Reads the flags; `origin` is the page's, as browsers send it.
    ///
    /// # Errors
    /// [`Failure::Usage`] when no page could make such a call.
    pub(super) fn new(
        url: Url,
        origin: &str,
        asked: &PageFlags,
        body: Option<&str>,
    ) -> Result<Self, Failure> {
        let body = body.map(read_body).transpose()?.unwrap_or_default();
        let method = match (&asked.method, body.is_empty()) {
            (Some(method), _) => method.as_str(),
            (None, true) => "GET",
            (None, false) => "POST",
        };
        if Method::from_bytes(method.as_bytes()).is_err() || is_forbidden_method(method.as_bytes())
        {
            return usage(format!("no page can send the method `{method}`"));
        }
        let mut request = PageRequest::new(origin, url, method);
        if !body.is_empty() {
            if matches!(request.sent_method(), "GET" | "HEAD") {
                return usage(format!("browsers send no body with {method}"));
            }
            request.body = Body::Text;
        }
        request.includes_credentials = asked.credentials;
        let mut cookie = None;
        for line in &asked.headers {
            let (name, value) = header(line)?;
            if name.eq_ignore_ascii_case("cookie") && asked.credentials {
                cookie = Some(value);
            } else {
                request.headers.push((name, value));
            }
        }
        let left_out = request.dropped_headers().map(str::to_owned).collect();
        Ok(Self {
            request,
            body,
            cookie,
            left_out,
        })
    }
}

/// A URL to send requests to.
///
/// # Errors
/// [`Failure::Usage`] when browsers would not fetch it.
pub(super) fn web_url(flag: &str, text: &str) -> Result<Url, Failure> {
    let fault = match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => "is neither http nor https",
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "has a user name or password in it, which no page can use"
        }
        Ok(mut url) => {
            url.set_fragment(None);
            return Ok(url);
        }
        Err(_) => "cannot be read",
    };
    let text = without_query(text);
    usage(format!(
        "{flag}: `{text}` {fault}, write it like https://api.example.com/v1/models"
    ))
}

/// An origin as browsers send it, or `null`.
///
/// # Errors
/// [`Failure::Usage`] with what was probably meant.
pub(super) fn origin(text: &str) -> Result<String, Failure> {
    if text == "null" || Origin::parse(text.as_bytes()).is_some() {
        return Ok(text.to_owned());
    }
    let meant = Url::parse(text).map(|url| url.origin().ascii_serialization());
    let meant = meant.ok().filter(|meant| meant != "null");
    let meant = meant.unwrap_or_else(|| "it like https://app.example.com".to_owned());
    usage(format!(
        "--origin: `{text}` is not what browsers send as an Origin, write {meant}"
    ))
}

fn header(line: &str) -> Result<(String, String), Failure> {
    let (name, value) = line.split_once(':').unwrap_or_default();
    let (name, value) = (name.trim(), value.trim());
    if HeaderName::from_bytes(name.as_bytes()).is_err() || HeaderValue::from_str(value).is_err() {
        return usage(
            "--header: write it as `Name: value`, such as --header 'Content-Type: application/json'"
                .to_owned(),
        );
    }
    Ok((name.to_owned(), value.to_owned()))
}

fn read_body(argument: &str) -> Result<Bytes, Failure> {
    let read = match argument {
        "-" => read_all(std::io::stdin()),
        file => std::fs::File::open(file).and_then(read_all),
    };
    let body =
        read.map_err(|error| Failure::Usage(format!("--body: cannot read {argument}: {error}")))?;
    match u64::try_from(body.len()) {
        Ok(length) if length <= LONGEST_BODY => Ok(body.into()),
        _ => usage(format!("--body: {argument} has more than 32 MiB")),
    }
}

fn read_all(source: impl Read) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    source.take(LONGEST_BODY + 1).read_to_end(&mut body)?;
    Ok(body)
}

fn usage<T>(sentence: String) -> Result<T, Failure> {
    Err(Failure::Usage(sentence))
}
