//! Request bodies: JSON documents of at most 4 MiB that can be read in one way only.

use axum::body::Body;
use drawbridge_policy::document::parse_document;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;

use crate::problem::{Fault, Problem};

const MAX_BODY: usize = 4 << 20;
const MEDIA_TYPES: [&str; 2] = ["application/json", "application/merge-patch+json"];

/// Reads a request's document.
///
/// # Errors
/// 415, 413 and 400.
pub(crate) async fn read_document(headers: &HeaderMap, body: Body) -> Result<Value, Problem> {
    check_media_type(headers)?;
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    if length.is_some_and(|length| {
        length
            .parse::<usize>()
            .is_ok_and(|length| length > MAX_BODY)
    }) {
        return Err(too_large());
    }
    let bytes = match Limited::new(body, MAX_BODY).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(too_large()),
        Err(_) => {
            return Err(malformed(
                "the body broke off before its end; send it again",
            ));
        }
    };
    if bytes.trim_ascii().is_empty() {
        return Err(malformed("the body is empty; send a JSON object"));
    }
    parse_document(&bytes).map_err(|error| malformed(error.to_string()))
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    let is_encoded = headers
        .get(CONTENT_ENCODING)
        .is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if !is_encoded
        && MEDIA_TYPES
            .iter()
            .any(|known| essence.eq_ignore_ascii_case(known))
    {
        return Ok(());
    }
    let detail = "the body must be plain JSON: send `Content-Type: application/json` (a PATCH may also say \
                  `application/merge-patch+json`) and no Content-Encoding";
    Err(Problem::new(Fault::UnsupportedMediaType, detail))
}

fn too_large() -> Problem {
    let detail = format!(
        "the body is larger than {} MiB; send less at once",
        MAX_BODY >> 20
    );
    Problem::new(Fault::BodyTooLarge, detail)
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(Fault::MalformedJson, detail)
}
