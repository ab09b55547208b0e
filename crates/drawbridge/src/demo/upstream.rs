//! The demo's upstream: the shape of an OpenAI-compatible server, and no model.
//!
//! It says plainly that it is a demo, streams word by word, and wants a credential that only the gateway has. It sends
//! no CORS header: that is the gateway's part.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use futures_util::stream;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The one model there is.
pub(super) const MODEL: &str = "demo";

/// From one word to the next; about as fast as a small model on a laptop.
const PACE: Duration = Duration::from_millis(45);

/// Longest part of the question that comes back.
const LONGEST_ECHO: usize = 160;

/// The upstream, which answers whoever sends `credential`.
pub(super) fn router(credential: String) -> Router {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(chat))
        .fallback(|| async { error(StatusCode::NOT_FOUND, "the demo upstream has no such route") })
        .layer(from_fn_with_state(credential, check_credential))
}

async fn check_credential(
    State(credential): State<String>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let sent = headers.get(AUTHORIZATION).map(|value| value.as_bytes());
    match sent == Some(format!("Bearer {credential}").as_bytes()) {
        true => next.run(request).await,
        false => error(
            StatusCode::UNAUTHORIZED,
            "the demo upstream knows only the gateway",
        ),
    }
}

async fn models() -> Json<Value> {
    let model =
        json!({"id": MODEL, "object": "model", "created": 0, "owned_by": "drawbridge-demo"});
    Json(json!({"object": "list", "data": [model]}))
}

async fn chat(body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return error(StatusCode::BAD_REQUEST, "the body is not JSON");
    };
    let Some(question) = question(&request) else {
        let message = "`messages` needs one with the role `user` and a text";
        return error(StatusCode::BAD_REQUEST, message);
    };
    let answer = answer(&question);
    let completion = Completion::new(&question, &answer);
    if request["stream"] == true {
        let wants_usage = request["stream_options"]["include_usage"] == true;
        return stream_events(completion.events(&answer, wants_usage));
    }
    Json(completion.whole(&answer)).into_response()
}

/// The text of the last message of the user.
fn question(request: &Value) -> Option<String> {
    let messages = request["messages"].as_array()?;
    let last = messages.iter().rfind(|message| message["role"] == "user")?;
    match &last["content"] {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(
            parts
                .iter()
                .filter_map(|part| part["text"].as_str())
                .collect(),
        ),
        _ => None,
    }
}

fn answer(question: &str) -> String {
    let question = question.trim();
    let mut echo: String = question.chars().take(LONGEST_ECHO).collect();
    if echo.len() < question.len() {
        echo.push('…');
    }
    format!(
        "This is a demo, not a language model: a small server that ships with Drawbridge and repeats what it hears. \
         You said: “{echo}” Your browser asked the gateway whether this page's origin may call; the gateway checked \
         origin and key, took both off the request, put my own credential in their place, and passes on every word of \
         this answer the moment I say it. Put a real inference server in my place, and the page need not change."
    )
}

/// What all parts of one answer have in common.
struct Completion {
    id: String,
    created: i64,
    usage: Value,
}

impl Completion {
    fn new(question: &str, answer: &str) -> Self {
        let now = Timestamp::now();
        let count = |text: &str| text.split_whitespace().count();
        let (prompt, completion) = (count(question), count(answer));
        Self {
            id: format!("chatcmpl-demo-{:x}", now.as_nanosecond()),
            created: now.as_second(),
            usage: json!({
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "total_tokens": prompt + completion,
            }),
        }
    }

    fn whole(&self, answer: &str) -> Value {
        json!({
            "id": self.id, "object": "chat.completion", "created": self.created, "model": MODEL,
            "choices": [{
                "index": 0,
                "message": {"role": "assistant", "content": answer},
                "finish_reason": "stop",
            }],
            "usage": self.usage,
        })
    }

    fn chunk(&self, delta: &Value, finish_reason: Option<&str>) -> Value {
        json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": MODEL,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
        })
    }

    /// The server-sent events of the answer, in order.
    fn events(&self, answer: &str, wants_usage: bool) -> Vec<String> {
        let mut chunks = vec![self.chunk(&json!({"role": "assistant", "content": ""}), None)];
        let words = answer.split_inclusive(' ');
        chunks.extend(words.map(|word| self.chunk(&json!({"content": word}), None)));
        chunks.push(self.chunk(&json!({}), Some("stop")));
        if wants_usage {
            let mut usage = self.chunk(&json!({}), None);
            usage["choices"] = json!([]);
            usage["usage"] = self.usage.clone();
            chunks.push(usage);
        }
        let mut events: Vec<String> = chunks
            .iter()
            .map(|chunk| format!("data: {chunk}\n\n"))
            .collect();
        events.push("data: [DONE]\n\n".to_owned());
        events
    }
}

/// Sends the events at the demo's pace; a client that leaves drops the stream, and with it the rest.
fn stream_events(events: Vec<String>) -> Response {
    let paced = stream::unfold(events.into_iter(), |mut events| async move {
        let event = events.next()?;
        tokio::time::sleep(PACE).await;
        Some((Ok::<_, Infallible>(event), events))
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(paced)).into_response()
}

/// An error in OpenAI's shape.
fn error(status: StatusCode, message: &str) -> Response {
    let body =
        json!({"error": {"message": message, "type": "invalid_request_error", "code": null}});
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_question_is_heard_as_text_or_as_parts() {
        let text = json!({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]});
        assert_eq!(question(&text).as_deref(), Some("a"));
        let parts =
            json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "c"}]}]});
        assert_eq!(question(&parts).as_deref(), Some("c"));
        assert_eq!(question(&json!({"messages": []})), None);
        assert_eq!(question(&json!({})), None);
    }

    #[test]
    fn the_answer_says_that_it_is_a_demo_and_repeats_a_bounded_part() {
        assert!(answer("hello").contains("“hello”"));
        assert!(answer("hello").contains("demo, not a language model"));
        assert!(answer(&"ü".repeat(5000)).chars().count() < 1000);
    }

    #[test]
    fn the_events_add_up_to_the_answer_and_end_with_done() {
        let answer = answer("hello");
        let events = Completion::new("hello", &answer).events(&answer, true);
        assert_eq!(events.last().map(String::as_str), Some("data: [DONE]\n\n"));
        let said: String = events
            .iter()
            .filter_map(|event| serde_json::from_str::<Value>(event.strip_prefix("data: ")?).ok())
            .filter_map(|chunk| Some(chunk["choices"][0]["delta"]["content"].as_str()?.to_owned()))
            .collect();
        assert_eq!(said, answer);
    }
}
