//! The members of a session and of a sign-in link, and what makes them.

use drawbridge_policy::key::Scope;
use serde_json::{Value, json};

use super::members::{Member, Object};
use super::resources::{
    KEY_ID, PROJECT_ID, SLUG, choice, flag, object, or_null, pattern, text, time,
};
use crate::session::sign_in::{DEFAULT_EXPIRY, LONGEST_EXPIRY};
use crate::shape::Resource;

/// What signs in.
pub(super) const SIGN_IN: &str = "SignIn";
/// What a sign-in link is to be.
pub(super) const LINK: &str = "SignInLinkCreate";

pub(super) fn session() -> Object {
    let key_id = "The key that it stands for, or `root`.";
    let scopes: Vec<_> = Scope::ALL.iter().map(|scope| scope.name()).collect();
    let scopes = json!({"type": "array", "items": choice(&scopes)});
    let holder = json!({"type": "string", "pattern": format!("{KEY_ID}|^root$")});
    let origin = "The origin under which clients call the gateway: `public_url` where that is set; with `admin.listen` not \
                  that of the dashboard.";
    Object {
        name: Resource::Session.name(),
        about: "A browser that is signed in to the dashboard. Writes in it are its key's.",
        members: vec![
            object("session"),
            Member::made("key_id", holder, key_id),
            Member::made(
                "key_name",
                or_null(text()),
                "The key's name; null for the root key.",
            ),
            Member::made("is_root", flag(), "Whether it stands for the root key."),
            Member::made(
                "project",
                or_null(pattern(SLUG)),
                "The slug of the key's project.",
            ),
            Member::made(
                "project_id",
                or_null(pattern(PROJECT_ID)),
                "The id of the key's project.",
            ),
            Member::made(
                "scopes",
                scopes,
                "What the key may do; all of it for the root key.",
            ),
            Member::made("gateway_origin", text(), origin),
            Member::made("created_at", time(), "When it began."),
            Member::made("expires_at", time(), "When it ends, used or not."),
            Member::made(
                "idle_expires_at",
                time(),
                "When it ends if it is not used before.",
            ),
        ],
    }
}

pub(super) fn link() -> Object {
    let url = "To be opened once, in a browser that then is signed in as the calling key. Whoever has it can: send it to \
               nobody.";
    Object {
        name: Resource::SignInLink.name(),
        about: "A link that signs one browser in, once.",
        members: vec![
            object("sign_in_link"),
            Member::made("url", text(), url),
            Member::made(
                "expires_at",
                time(),
                "Until when it is good, unless the gateway restarts.",
            ),
        ],
    }
}

pub(super) fn sign_in() -> Value {
    let text = |about: &str| json!({"type": "string", "description": about, "writeOnly": true});
    json!({
        "type": "object",
        "description": "What signs in: one of the two.",
        "properties": {
            "token": text("A secret key, or the root key."),
            "code": text("What a sign-in link has behind `#code=`."),
        },
        "additionalProperties": false,
        "oneOf": [{"required": ["token"]}, {"required": ["code"]}],
        "examples": [{"token": "dbr_sk_live_my-project_…"}],
    })
}

pub(super) fn new_link() -> Value {
    let seconds = json!({
        "type": "integer",
        "minimum": 1,
        "maximum": LONGEST_EXPIRY,
        "default": DEFAULT_EXPIRY,
        "description": "How long it is good.",
    });
    json!({
        "type": "object",
        "description": "How long a sign-in link is to be good.",
        "properties": {"expires_in_seconds": seconds},
        "additionalProperties": false,
        "examples": [{"expires_in_seconds": 600}],
    })
}

pub(super) fn example() -> Value {
    json!({
        "object": "session",
        "key_id": "ak_live_0aBcDeFgHiJkLmNo",
        "key_name": "operator",
        "is_root": false,
        "project": "my-project",
        "project_id": "proj_4f7TqZ0aBcDe",
        "scopes": ["endpoints:read", "endpoints:write"],
        "gateway_origin": "http://127.0.0.1:8080",
        "created_at": "2026-11-21T12:00:00Z",
        "expires_at": "2026-11-22T00:00:00Z",
        "idle_expires_at": "2026-11-21T12:30:00Z",
    })
}

pub(super) fn example_of_link() -> Value {
    json!({
        "object": "sign_in_link",
        "url": "http://127.0.0.1:8080/dashboard/sign-in#code=…",
        "expires_at": "2026-11-21T12:10:00Z",
    })
}
