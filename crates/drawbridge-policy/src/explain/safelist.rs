//! Which headers are a reason to ask first (Fetch, "CORS-safelisted request-header"; Chromium has some more).

use std::fmt;

use crate::explain::Browser;

/// Longest value of a safelisted header, in bytes.
const MAX_VALUE: usize = 128;

/// The most bytes of all safelisted values together.
const MAX_VALUES: usize = 1024;

const SAFE_TYPES: [&str; 3] = [
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
];

/// Why a header is not safelisted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Objection {
    /// Its name is not.
    Name,
    /// Its value has more than 128 bytes.
    TooLong,
    /// Its value has a byte that is not.
    UnsafeByte(u8),
    /// `Content-Type` is none of the three that forms send.
    ContentType,
    /// `Range` is not one range with a start.
    Range,
    /// Chromium sends such a header without asking, but not with such a value.
    Hint,
    /// All safelisted values together have more than 1024 bytes.
    TooManyBytes,
}

impl fmt::Display for Objection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => formatter.write_str("its name is not CORS-safelisted"),
            Self::TooLong => formatter.write_str("its value is longer than 128 bytes"),
            Self::UnsafeByte(byte) => write!(
                formatter,
                "its value holds `{}`, which is not safelisted there",
                byte.escape_ascii()
            ),
            Self::ContentType => formatter.write_str(
                "only application/x-www-form-urlencoded, multipart/form-data and text/plain go without asking",
            ),
            Self::Range => {
                formatter.write_str("only one simple range with a start goes without asking")
            }
            Self::Hint => formatter.write_str("its value is none that browsers send there by themselves"),
            Self::TooManyBytes => {
                formatter.write_str("the safelisted values together are longer than 1024 bytes")
            }
        }
    }
}

/// The headers that need a preflight, lower case and sorted, with the objection to each (Fetch, "CORS-unsafe
/// request-header names").
pub(super) fn unsafe_headers(
    browser: Browser,
    headers: &[(String, String)],
) -> Vec<(String, Objection)> {
    let mut unsafe_ones = Vec::new();
    let mut safe_ones = Vec::new();
    let mut bytes = 0;
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        let hint = (browser == Browser::Chromium).then(|| hint(&name, value));
        let objection = hint
            .flatten()
            .unwrap_or_else(|| objection(&name, value.as_bytes()));
        match objection {
            Some(objection) => unsafe_ones.push((name, objection)),
            None => {
                bytes += value.len();
                safe_ones.push((name, Objection::TooManyBytes));
            }
        }
    }
    if bytes > MAX_VALUES {
        unsafe_ones.append(&mut safe_ones);
    }
    unsafe_ones.sort_by(|left, right| left.0.cmp(&right.0));
    unsafe_ones
}

/// Client hints and their kin, which Chromium lets pass as if Fetch safelisted them; `None` for what is none of them.
fn hint(name: &str, value: &str) -> Option<Option<Objection>> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let is_fine = match name {
        "device-memory" | "downlink" | "dpr" => {
            let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
            is_number(whole) && is_number(fraction)
        }
        "rtt" | "viewport-width" | "width" => is_number(value),
        "ect" => matches!(value, "slow-2g" | "2g" | "3g" | "4g"),
        "save-data" => value.eq_ignore_ascii_case("on"),
        "intervention" => true,
        _ => return None,
    };
    Some(match value.len() > MAX_VALUE {
        true => Some(Objection::TooLong),
        false => (!is_fine).then_some(Objection::Hint),
    })
}

fn objection(name: &str, value: &[u8]) -> Option<Objection> {
    let too_long = (value.len() > MAX_VALUE).then_some(Objection::TooLong);
    let unsafe_byte = |is_safe: fn(u8) -> bool| {
        let byte = value.iter().copied().find(|byte| !is_safe(*byte));
        byte.map(Objection::UnsafeByte)
    };
    match name {
        "accept" => too_long.or_else(|| unsafe_byte(is_safe_byte)),
        "accept-language" | "content-language" => {
            too_long.or_else(|| unsafe_byte(is_language_byte))
        }
        "content-type" => {
            let objection = too_long.or_else(|| unsafe_byte(is_safe_byte));
            objection.or_else(|| (!is_safe_type(value)).then_some(Objection::ContentType))
        }
        "range" => too_long.or_else(|| (!is_simple_range(value)).then_some(Objection::Range)),
        _ => Some(Objection::Name),
    }
}

/// Fetch, "CORS-unsafe request-header byte".
fn is_safe_byte(byte: u8) -> bool {
    byte == b'\t' || (byte >= 0x20 && byte != 0x7f && !b"\"():<>?@[\\]{}".contains(&byte))
}

fn is_language_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" *,-.;=".contains(&byte)
}

fn is_safe_type(value: &[u8]) -> bool {
    let essence = value
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    SAFE_TYPES
        .iter()
        .any(|safe| essence.eq_ignore_ascii_case(safe.as_bytes()))
}

/// Fetch, "parse a single range header value" without white space, and with a start.
fn is_simple_range(value: &[u8]) -> bool {
    let Ok(value) = str::from_utf8(value) else {
        return false;
    };
    let Some((start, end)) = value
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return false;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let number = |text: &str| text.parse::<u128>().unwrap_or(u128::MAX);
    is_number(start) && (end.is_empty() || (is_number(end) && number(start) <= number(end)))
}
