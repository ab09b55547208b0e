//! Parameters: of paths, of queries, and the conditions.

use drawbridge_store::KeyState;
use serde_json::{Map, Value, json};

use super::refusals::DAY;
use super::resources::{KEY_ID, PROJECT_ID, SLUG, choice};
use crate::query::{
    ACTION, ACTOR, AFTER, DEFAULT_LIMIT, DRY_RUN, ENDPOINT, EVERYWHERE, FROM, FROM_DAY,
    GREATEST_LIMIT, LIMIT, LONGEST_SEARCH, ORDER, ORDERS, ORIGIN, PROJECT, SEARCH, SINCE, STATE,
    STEP, TARGET, TO, TO_DAY, UNTIL,
};
use crate::shape::Shape;

const ENTITY_TAGS: &str = r#"^(\*|(W/)?"[!#-~]*"(, (W/)?"[!#-~]*")*)$"#;
/// What people may call a project by.
const PROJECT_NAME: &str = "^(proj_[A-Za-z0-9]{6,16}|[a-z0-9-]{1,40})$";

/// All parameters.
pub(super) fn shared() -> Map<String, Value> {
    let limit = json!({
        "type": "integer",
        "minimum": 1,
        "maximum": GREATEST_LIMIT,
        "default": DEFAULT_LIMIT,
    });
    let cursor = json!({"type": "string"});
    let flag = json!({"type": "boolean", "default": false});
    let name = || json!({"type": "string"});
    let time = || json!({"type": "string", "format": "date-time"});
    let search = json!({
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_SEARCH,
        "pattern": r"^[^\x00-\x1f\x7f-\x9f]*$",
    });
    let state = choice(&KeyState::ALL.map(KeyState::name));
    let mut order = choice(&ORDERS);
    order["default"] = json!(ORDERS[0]);
    let searched = "Those with this text in them, in whatever case: in slug, name or id of a project; name, models, \
                    allowed origins or `base_url` of an endpoint; name, id or allowed origins of a key.";
    let in_state = "Keys in this state only; `exposed` are those that have `exposed`, whatever their `status`.";
    let target = "About this only: the id of a project or key, or `{project_id}/{endpoint}`.";
    let step = "How finely, in seconds: 300 goes two days back, 3600 thirty. The finest that goes far enough where it is \
                left out.";
    let matching = "412 unless the resource has one of these entity tags.";
    let none_match = "304 (on a write 412) if the resource has one of these entity tags.";
    Map::from_iter([
        path("project", PROJECT_NAME, "The project's id or slug."),
        path("project_id", PROJECT_ID, "The project's id."),
        path("endpoint", SLUG, "The endpoint's name."),
        path("name", SLUG, "The endpoint's name."),
        path("id", KEY_ID, "The key's id."),
        query(LIMIT, limit, "How many resources a page has at most."),
        query(AFTER, cursor, "`next_cursor` of the page before."),
        query(PROJECT, text(PROJECT_NAME), "Of this project only."),
        query(ACTOR, name(), "By this key only, or by `root`."),
        query(ACTION, name(), "This action only, such as `key.create`."),
        query(TARGET, name(), target),
        query(SINCE, time(), "At this time or later."),
        query(UNTIL, time(), "Before this time."),
        query(SEARCH, search, searched),
        query(STATE, state, in_state),
        query(
            ORDER,
            order,
            "What the list begins with, by when it was created.",
        ),
        query(
            ENDPOINT,
            text(SLUG),
            "At endpoints of this name only; of keys those that may use them.",
        ),
        query(
            ORIGIN,
            name(),
            "By pages of this origin only, as it was sent.",
        ),
        query(FROM_DAY, text(DAY), "On this day (UTC) or later."),
        query(TO_DAY, text(DAY), "On this day (UTC) or earlier."),
        query(
            EVERYWHERE,
            flag.clone(),
            "End all sessions of the same key.",
        ),
        query(
            FROM,
            time(),
            "From this time on; a day before the end where it is left out.",
        ),
        query(TO, time(), "Up to this time; now where it is left out."),
        query(STEP, json!({"type": "integer", "enum": [300, 3600]}), step),
        query(DRY_RUN, flag, "Check everything, change nothing."),
        header("If-Match", "*", matching),
        header("If-None-Match", "\"41\"", none_match),
    ])
}

fn path(name: &str, pattern: &str, about: &str) -> (String, Value) {
    parameter("path", name, text(pattern), about)
}

fn query(name: &str, schema: Value, about: &str) -> (String, Value) {
    parameter("query", name, schema, about)
}

fn header(name: &str, example: &str, about: &str) -> (String, Value) {
    let mut schema = text(ENTITY_TAGS);
    schema["examples"] = json!([example]);
    parameter("header", name, schema, about)
}

fn parameter(place: &str, name: &str, schema: Value, about: &str) -> (String, Value) {
    let parameter = json!({
        "name": name,
        "in": place,
        "required": place == "path",
        "description": about,
        "schema": schema,
    });
    (format!("{place}-{name}"), parameter)
}

fn text(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// The names of the parameters in a path template.
pub(super) fn in_path(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split('{').skip(1);
    parts.filter_map(|part| part.split('}').next())
}

/// The parameters of a path template.
pub(super) fn of_path(path: &str) -> Value {
    in_path(path).map(|name| reference("path", name)).collect()
}

/// The parameters of an operation, but for those of its path.
pub(super) fn of_shape(shape: Shape) -> Value {
    let query = shape.query().iter().map(|name| reference("query", name));
    let conditions = ["If-Match", "If-None-Match"].map(|name| reference("header", name));
    query
        .chain(conditions.into_iter().filter(|_| shape.is_conditional()))
        .collect()
}

fn reference(place: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/parameters/{place}-{name}")})
}
