//! Paths as their most generous reader takes them.
//!
//! What lies between the gateway's judgement and a file or a handler at the upstream may decode a path, more than once
//! where proxies stand in a row, and cut it at more than slashes: nginx decodes `%2f` before it resolves `..`, Windows
//! takes `\` for a slash, servlet containers drop what follows a `;`. What is judged by this reading is safe from all of
//! them. It must never be sent on: an upstream gets the path as it came.

use std::borrow::Cow;

/// The path without any percent-encoding, however often it was encoded (`%252e` is `.`).
///
/// Encoding twice is no way to hide: what one reader decodes once another may decode again, and nobody names a segment
/// `%2e%2e`. What looks like an escape and is none stays.
fn decoded(path: &str) -> Cow<'_, [u8]> {
    let bytes = path.as_bytes();
    let Some(first) = memchr::memchr(b'%', bytes) else {
        return Cow::Borrowed(bytes);
    };
    let mut decoded = Vec::with_capacity(bytes.len());
    decoded.extend_from_slice(&bytes[..first]);
    for byte in &bytes[first..] {
        decoded.push(*byte);
        // What was decoded may complete another escape: `%25` `2e`.
        while let Some(value) = escape(&decoded) {
            decoded.truncate(decoded.len() - 3);
            decoded.push(value);
        }
    }
    Cow::Owned(decoded)
}

/// What the escape at the end of `bytes` stands for.
fn escape(bytes: &[u8]) -> Option<u8> {
    let [.., b'%', high, low] = bytes else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()
}

/// The pieces between whatever somebody ends a segment at (C ends a text at NUL).
fn segments(decoded: &[u8]) -> impl Iterator<Item = &[u8]> {
    decoded.split(|byte| b"/\\;?#\0".contains(byte))
}

/// `.` or `..`. Controls and spaces do not count: URL parsers of browsers drop the former (URL Standard, section 4.4),
/// Windows the latter.
fn is_dots(segment: &[u8]) -> bool {
    let mut visible = segment.iter().filter(|byte| **byte > b' ');
    visible.next() == Some(&b'.')
        && visible.next().is_none_or(|byte| *byte == b'.')
        && visible.next().is_none()
}

/// Whether some reader would take the path for a shorter one: it has a segment `.` or `..`.
pub fn has_dot_segment(path: &str) -> bool {
    // Every dot is written as one, or with a `%`.
    memchr::memchr2(b'.', b'%', path.as_bytes()).is_some() && segments(&decoded(path)).any(is_dots)
}

/// Whether the first segment that is not empty is one of `names`.
pub fn begins_with_one_of(path: &str, names: &[&str]) -> bool {
    segments(&decoded(path))
        .find(|segment| !segment.is_empty())
        .is_some_and(|first| names.iter().any(|name| name.as_bytes() == first))
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode;
    use proptest::prelude::*;

    use super::*;

    /// Decodes until nothing changes, and cuts at one kind of end after another.
    fn naive(path: &str) -> bool {
        let mut bytes = path.as_bytes().to_vec();
        loop {
            let next: Vec<u8> = percent_decode(&bytes).collect();
            if next == bytes {
                break;
            }
            bytes = next;
        }
        let text = String::from_utf8_lossy(&bytes);
        let slashed = [";", "\\", "?", "#", "\0"]
            .iter()
            .fold(text.into_owned(), |text, end| text.replace(end, "/"));
        let slashed: String = slashed.chars().filter(|c| *c > ' ').collect();
        let framed = format!("/{slashed}/");
        framed.contains("/./") || framed.contains("/../")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_dot_segment_is_seen_in_every_spelling(
            pieces in proptest::collection::vec(
                prop::sample::select(vec![
                    "/", "%2f", "%5C", "\\", ";", "%3b", "?", "#", ".", "%2E", "%252e", "%25", "25", "%", "2", "e", "E",
                    "%32%65", "a", "..", "%2e%2e", "%25%32%66", "é", "%c3", "%zz", "%00", "%09",
                    "%20", " ",
                ]),
                0..12,
            )
        ) {
            let path = pieces.concat();
            prop_assert_eq!(has_dot_segment(&path), naive(&path), "{}", path);
        }
    }

    #[test]
    fn names_with_slashes_and_dots_are_no_dot_segments() {
        for path in [
            "/models/org%2Fname",
            "/models/org%2Fname-2.5",
            "/a/...",
            "/a/%2e%2e%2e",
            "/a..b/..c/d..",
            "/.well-known",
            "/100%",
            "/a%2",
        ] {
            assert!(!has_dot_segment(path), "{path}");
        }
    }

    #[test]
    fn a_name_is_found_in_every_spelling() {
        let is_there = |path| begins_with_one_of(path, &["projects"]);
        for path in [
            "/projects",
            "/projects/x",
            "//projects",
            "/%70rojects",
            "/%2570rojects",
            "/%2fprojects",
            "/projects;x",
            "/;/projects",
        ] {
            assert!(is_there(path), "{path}");
        }
        for path in ["", "/", "/x/projects", "/projects2", "/Projects", "/%70"] {
            assert!(!is_there(path), "{path}");
        }
    }
}
