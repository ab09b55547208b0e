//! The members of what happened over time.

use drawbridge_policy::cors::Refusal;
use drawbridge_policy::traffic::{Phase, StatusClass};
use serde_json::{Map, Value, json};

use super::members::{Member, Object};
use super::resources::{choice, object, time};
use crate::shape::Resource;

fn number() -> Value {
    json!({"type": "integer", "minimum": 0})
}

/// An object with exactly these members.
fn whole(about: &str, members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let properties: Map<_, _> = members
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    let required: Vec<_> = properties.keys().cloned().collect();
    json!({"type": "object", "description": about, "properties": properties, "required": required})
}

fn list(items: &Value) -> Value {
    json!({"type": "array", "items": items})
}

pub(super) fn traffic() -> Object {
    let one = Member::made;
    let reasons = Refusal::ALL.map(Refusal::code);
    let reason = whole(
        "Refusals of one kind.",
        [
            ("reason", choice(&reasons)),
            ("phase", choice(&Phase::ALL.map(Phase::name))),
            ("count", number()),
        ],
    );
    let label = json!({"type": "string", "description": "`project/name`; `other` for those that are not told apart."});
    let endpoint = whole(
        "What one endpoint had to do.",
        [
            ("endpoint", label),
            ("requests", number()),
            ("refused", number()),
        ],
    );
    let now = whole(
        "What is under way on this node.",
        [
            ("open_streams", number()),
            ("open_connections", number()),
            ("revision", number()),
        ],
    );
    let step = json!({"type": "integer", "enum": [300, 3600]});
    let endpoints =
        "The twenty with most requests. Deleted ones keep their history under their name.";
    let points = "One every step, without gaps.";
    Object {
        name: Resource::Traffic.name(),
        about: "What happened to requests over time; a few seconds late.",
        members: vec![
            object("traffic"),
            one("from", time(), "When the first point begins."),
            one(
                "to",
                time(),
                "When the last point ends, which may be yet to come.",
            ),
            one("step", step, "How long a point is, in seconds."),
            one("points", list(&point()), points),
            one(
                "reasons",
                list(&reason),
                "Why requests were refused, the most frequent first.",
            ),
            one("endpoints", list(&endpoint), endpoints),
            one("now", now, "What is under way."),
        ],
    }
}

fn point() -> Value {
    let requests = StatusClass::ALL.map(|class| (class.name(), number()));
    let about = "Requests that have ended, preflights too, by the class of their status; `other` where the client left \
                 before the answer.";
    let decided = |about: &str| {
        whole(
            about,
            [
                ("admitted", number()),
                ("refused", number()),
                ("reported", number()),
            ],
        )
    };
    let milliseconds = || json!({"type": "number", "minimum": 0});
    let first_byte = "Half, and 95 of 100, of the forwarded requests had the head of their answer within so many \
                      milliseconds; null where there were none. Guessed between the bounds of a histogram.";
    let mut latency = whole(
        first_byte,
        [("p50", milliseconds()), ("p95", milliseconds())],
    );
    latency["type"] = json!(["object", "null"]);
    whole(
        "What happened within one step.",
        [
            ("at", time()),
            ("requests", whole(about, requests)),
            ("preflights", decided("What preflights were answered.")),
            ("actual", decided("What came of requests themselves.")),
            ("upstream_errors", number()),
            ("first_byte_ms", latency),
        ],
    )
}

pub(super) fn example() -> Value {
    let none = json!({"admitted": 0, "refused": 0, "reported": 0});
    json!({
        "object": "traffic",
        "from": "2026-11-21T12:00:00Z",
        "to": "2026-11-21T12:05:00Z",
        "step": 300,
        "points": [{
            "at": "2026-11-21T12:00:00Z",
            "requests": {"2xx": 10, "3xx": 0, "4xx": 0, "5xx": 0, "other": 0},
            "preflights": {"admitted": 4, "refused": 2, "reported": 0},
            "actual": none,
            "upstream_errors": 0,
            "first_byte_ms": {"p50": 12.5, "p95": 80.0},
        }],
        "reasons": [{"reason": "origin_not_allowed", "phase": "preflight", "count": 2}],
        "endpoints": [{"endpoint": "my-project/my-endpoint", "requests": 10, "refused": 2}],
        "now": {"open_streams": 3, "open_connections": 12, "revision": 42},
    })
}
