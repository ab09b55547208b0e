//! Entity tags and conditional requests (RFC 9110 sections 8.8.3 and 13.1).
//!
//! A resource's tag is the revision of its last change: strong, and never used twice.

use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};

use crate::problem::{Fault, Problem};

/// The tag of a resource whose row was last changed at `revision`.
pub(crate) fn entity_tag(revision: u64) -> HeaderValue {
    // Digits and quotes always make a header value.
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The conditions of one request.
#[derive(Debug)]
pub(crate) struct Conditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

/// The value of `If-Match` or `If-None-Match`.
#[derive(Debug, PartialEq, Eq)]
enum Tags {
    Any,
    Listed(Vec<Tag>),
}

/// One entity tag, quotes included.
#[derive(Debug, PartialEq, Eq)]
struct Tag {
    is_weak: bool,
    opaque: Box<[u8]>,
}

impl Conditions {
    /// Reads the conditions of a request.
    ///
    /// # Errors
    /// 400 where one cannot be read: a condition must not be ignored.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        Ok(Self {
            if_match: read_tags(headers, IF_MATCH)?,
            if_none_match: read_tags(headers, IF_NONE_MATCH)?,
        })
    }

    /// Whether a resource with this tag may be changed.
    ///
    /// # Errors
    /// 412.
    pub(crate) fn check_write(&self, etag: &HeaderValue) -> Result<(), Problem> {
        let is_matched = self
            .if_match
            .as_ref()
            .is_none_or(|tags| tags.contain_strongly(etag));
        if is_matched && !self.is_known(etag) {
            return Ok(());
        }
        let detail = "the resource was changed since its ETag was taken; fetch it again, repeat the change on what it \
                      is now, and send the new ETag in If-Match";
        Err(Problem::new(Fault::PreconditionFailed, detail))
    }

    /// Whether something new may be made, which has no current representation: `If-Match` never holds then, and
    /// `If-None-Match` always (RFC 9110 sections 13.1.1 and 13.1.2).
    ///
    /// # Errors
    /// 412.
    pub(crate) fn check_create(&self) -> Result<(), Problem> {
        if self.if_match.is_none() {
            return Ok(());
        }
        let detail =
            "what is to be created has no ETag yet, so that If-Match can name none; leave it out";
        Err(Problem::new(Fault::PreconditionFailed, detail))
    }

    /// Whether a resource with this tag may be shown, or the client has it already (304).
    ///
    /// # Errors
    /// 412.
    pub(crate) fn check_read(&self, etag: &HeaderValue) -> Result<bool, Problem> {
        let is_matched = self
            .if_match
            .as_ref()
            .is_none_or(|tags| tags.contain_strongly(etag));
        if !is_matched {
            let detail =
                "the resource has another ETag than If-Match names; leave If-Match out to fetch it";
            return Err(Problem::new(Fault::PreconditionFailed, detail));
        }
        Ok(self.is_known(etag))
    }

    fn is_known(&self, etag: &HeaderValue) -> bool {
        self.if_none_match.as_ref().is_some_and(|tags| match tags {
            Tags::Any => true,
            Tags::Listed(tags) => tags.iter().any(|tag| *tag.opaque == *etag.as_bytes()),
        })
    }
}

impl Tags {
    /// RFC 9110 section 13.1.1: If-Match compares strongly, a weak tag matches nothing.
    fn contain_strongly(&self, etag: &HeaderValue) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags
                .iter()
                .any(|tag| !tag.is_weak && *tag.opaque == *etag.as_bytes()),
        }
    }
}

fn read_tags(headers: &HeaderMap, name: HeaderName) -> Result<Option<Tags>, Problem> {
    if !headers.contains_key(&name) {
        return Ok(None);
    }
    let lines: Vec<_> = headers
        .get_all(&name)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    let list = lines.join(&b","[..]);
    parse_tags(&list).map(Some).ok_or_else(|| {
        let detail =
            format!("`{name}` is `*` or a list of entity tags in double quotes, such as `\"42\"`");
        Problem::new(Fault::MalformedCondition, detail)
    })
}

/// `*`, or entity tags with commas between them (empty elements are ignored); `None` for anything else.
fn parse_tags(list: &[u8]) -> Option<Tags> {
    let mut rest = list.trim_ascii();
    if rest == b"*" {
        return Some(Tags::Any);
    }
    let mut tags = Vec::new();
    while !rest.is_empty() {
        if rest[0] != b',' {
            let (tag, after) = parse_tag(rest)?;
            tags.push(tag);
            rest = after.trim_ascii_start();
        }
        match rest.split_first() {
            Some((b',', after)) => rest = after.trim_ascii_start(),
            Some(_) => return None,
            None => {}
        }
    }
    (!tags.is_empty()).then_some(Tags::Listed(tags))
}

fn parse_tag(text: &[u8]) -> Option<(Tag, &[u8])> {
    let (is_weak, quoted) = match text.strip_prefix(b"W/") {
        Some(quoted) => (true, quoted),
        None => (false, text),
    };
    let inner = quoted.strip_prefix(b"\"")?;
    let end = inner.iter().position(|byte| *byte == b'"')? + 2;
    let (opaque, rest) = quoted.split_at_checked(end)?;
    Some((
        Tag {
            is_weak,
            opaque: opaque.into(),
        },
        rest,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(name: &'static str, lines: &[&'static str]) -> Result<Conditions, Problem> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_static(line));
        }
        Conditions::read(&headers)
    }

    #[test]
    fn if_match_admits_the_tag_in_any_list_and_no_weak_one() {
        let etag = entity_tag(42);
        for lines in [
            &["\"42\""][..],
            &["*"],
            &["\"1\", \"42\""],
            &["\"1\"", " ,, \"a,b\" ,\"42\""],
            &[],
        ] {
            assert!(
                conditions("if-match", lines)
                    .unwrap()
                    .check_write(&etag)
                    .is_ok(),
                "{lines:?}"
            );
        }
        for lines in [&["\"4\""][..], &["W/\"42\""], &["\"1\",\"2\""]] {
            assert!(
                conditions("if-match", lines)
                    .unwrap()
                    .check_write(&etag)
                    .is_err(),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn a_condition_that_cannot_be_read_is_refused() {
        for line in [
            "",
            "42",
            "\"42",
            "\"1\" \"2\"",
            "*, \"1\"",
            "\"1\";",
            "w/\"1\"",
            ",",
        ] {
            assert!(conditions("if-match", &[line]).is_err(), "{line}");
            assert!(conditions("if-none-match", &[line]).is_err(), "{line}");
        }
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let etag = entity_tag(42);
        for line in ["W/\"42\"", "\"42\"", "*"] {
            let conditions = conditions("if-none-match", &[line]).unwrap();
            assert!(conditions.check_read(&etag).unwrap(), "{line}");
            assert!(conditions.check_write(&etag).is_err(), "{line}");
        }
        assert!(
            !conditions("if-none-match", &["\"41\""])
                .unwrap()
                .check_read(&etag)
                .unwrap()
        );
    }
}
