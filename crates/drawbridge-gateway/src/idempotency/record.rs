//! The form of a record: whose request, and what was answered.
//!
//! The length of a JSON head in four bytes, the head, then the body as it is.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

/// What a request was answered.
pub(crate) struct Record {
    /// Of the request.
    pub(crate) fingerprint: [u8; 32],
    /// `None` where it was not stored.
    pub(crate) answer: Option<Answer>,
}

/// An upstream's answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

#[derive(Serialize, Deserialize)]
struct Head {
    fingerprint: [u8; 32],
    answer: Option<AnswerHead>,
}

/// The part of an answer that is known before its body.
#[derive(Serialize, Deserialize)]
pub(crate) struct AnswerHead {
    status: u16,
    /// Each byte of a value as one character: values need not be UTF-8.
    headers: Vec<(String, String)>,
}

impl AnswerHead {
    /// Without the fields that say how things stand at this moment.
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap) -> Self {
        let lasting = headers.iter().filter(|(name, _)| !is_momentary(name));
        let text = |value: &HeaderValue| value.as_bytes().iter().copied().map(char::from).collect();
        Self {
            status: status.as_u16(),
            headers: lasting
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect(),
        }
    }

    fn decode(self) -> Option<(StatusCode, HeaderMap)> {
        let mut headers = HeaderMap::with_capacity(self.headers.len());
        for (name, value) in self.headers {
            let bytes: Result<Vec<u8>, _> = value.chars().map(u8::try_from).collect();
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).ok()?,
                HeaderValue::from_bytes(&bytes.ok()?).ok()?,
            );
        }
        Some((StatusCode::from_u16(self.status).ok()?, headers))
    }
}

/// Rate limits, and when to come again.
fn is_momentary(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("x-ratelimit-")
        || name.starts_with("ratelimit")
        || name.starts_with("retry-after")
}

/// A record's bytes; without an answer it says that there was one.
pub(crate) fn encode(
    fingerprint: [u8; 32],
    answer: Option<AnswerHead>,
    body: &[u8],
) -> Option<Vec<u8>> {
    let head = Head {
        fingerprint,
        answer,
    };
    let head = serde_json::to_vec(&head).ok()?;
    let length = u32::try_from(head.len()).ok()?;
    Some([&length.to_be_bytes()[..], &head, body].concat())
}

impl Record {
    /// What was encoded; `None` where it cannot have been.
    pub(crate) fn decode(bytes: Vec<u8>) -> Option<Self> {
        let mut bytes = Bytes::from(bytes);
        let length = bytes.first_chunk().copied().map(u32::from_be_bytes)?;
        let head = 4..usize::try_from(length).ok()?.checked_add(4)?;
        let body = head.end;
        let Head {
            fingerprint,
            answer,
        } = serde_json::from_slice(bytes.get(head)?).ok()?;
        let answer = match answer {
            None => None,
            Some(answer) => {
                let (status, headers) = answer.decode()?;
                let body = bytes.split_off(body);
                Some(Answer {
                    status,
                    headers,
                    body,
                })
            }
        };
        Some(Self {
            fingerprint,
            answer,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(b"caf\xe9").unwrap();
        headers.append("x-twice", value.clone());
        headers.append("x-twice", HeaderValue::from_static("2"));
        headers.append("x-ratelimit-remaining", HeaderValue::from_static("3"));
        headers.append("retry-after-ms", HeaderValue::from_static("3"));
        let head = AnswerHead::new(StatusCode::CREATED, &headers);
        let bytes = encode([7; 32], Some(head), b"\0\xffbody").unwrap();
        let record = Record::decode(bytes).unwrap();
        assert_eq!(record.fingerprint, [7; 32]);
        let answer = record.answer.unwrap();
        assert_eq!(answer.status, StatusCode::CREATED);
        assert_eq!(&answer.body[..], b"\0\xffbody");
        let lines: Vec<_> = answer.headers.iter().collect();
        assert_eq!(
            lines,
            [
                (&HeaderName::from_static("x-twice"), &value),
                (
                    &HeaderName::from_static("x-twice"),
                    &HeaderValue::from_static("2")
                )
            ]
        );
    }

    #[test]
    fn what_was_not_written_is_not_read() {
        let bytes = encode([7; 32], None, b"").unwrap();
        assert!(Record::decode(bytes.clone()).unwrap().answer.is_none());
        for length in 0..bytes.len() {
            assert!(Record::decode(bytes[..length].to_vec()).is_none());
        }
        assert!(Record::decode(vec![0xff; 64]).is_none());
    }
}
