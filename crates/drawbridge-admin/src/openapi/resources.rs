//! The members of each resource: what they are, who writes them, and within which bounds.
//!
//! The bounds stand in the policy crate too, where they are enforced; the tests hold the two against each other.

use drawbridge_policy::cors_config::CorsConfig;
use drawbridge_policy::key::{KeyKind, KeyMode, Scope, SecretKeysInBrowsers};
use drawbridge_policy::rate_limit::{LONGEST_PERIOD, MOST_CONCURRENT, MOST_REQUESTS};
use serde_json::{Value, json};

use super::explanation;
use super::members::{Kind, Member, Object, reference};
use super::{node, refusals, sessions, traffic};
use crate::shape::Resource;

pub(super) const SLUG: &str = "^[a-z0-9-]{1,40}$";
pub(super) const PROJECT_ID: &str = "^proj_[A-Za-z0-9]{6,16}$";
pub(super) const KEY_ID: &str = "^ak_(live|test)_[A-Za-z0-9]{16}$";
/// RFC 9110 section 5.6.2.
pub(super) const TOKEN: &str = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
const PRESET_OR_TOKEN: &str = "^@?[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
const VISIBLE: &str = "^[!-~]+$";
const CREDENTIAL: &str = "^[!-~]{1,4096}$";
const PEM: &str = "-----BEGIN CERTIFICATE-----";
const IMPORTED_TOKEN: &str = "^[A-Za-z0-9._~+/=-]{16,256}$";
const HASH: &str = "^[0-9a-f]{64}$";
const NO_CONTROLS: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";

impl Resource {
    /// The name of its schema.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Project => "Project",
            Self::Endpoint => "Endpoint",
            Self::ApiKey => "ApiKey",
            Self::AuditEntry => "AuditEntry",
            Self::CorsRefusal => "CorsRefusal",
            Self::Explanation => "Explanation",
            Self::Node => "Node",
            Self::Settings => "Settings",
            Self::Csp => "Csp",
            Self::Session => "Session",
            Self::SignInLink => "SignInLink",
            Self::Traffic => "Traffic",
        }
    }

    pub(super) fn object(self) -> Object {
        match self {
            Self::Project => project(),
            Self::Endpoint => endpoint(),
            Self::ApiKey => api_key(),
            Self::AuditEntry => audit_entry(),
            Self::CorsRefusal => refusals::cors_refusal(),
            Self::Explanation => explanation::object(),
            Self::Node => node::node(),
            Self::Settings => node::settings(),
            Self::Csp => node::csp(),
            Self::Session => sessions::session(),
            Self::SignInLink => sessions::link(),
            Self::Traffic => traffic::traffic(),
        }
    }
}

fn project() -> Object {
    let id = "Made where it is not given. It stands in the URLs of the project's endpoints.";
    let name = "What people call it; the slug where it is not given.";
    let rate_limit = "The limit of keys that have none of their own; each has it for itself. Null means no limit.";
    let choices: Vec<_> = SecretKeysInBrowsers::ALL
        .iter()
        .map(|choice| choice.name())
        .collect();
    let in_browsers = "What becomes of requests by which a page of another origin sends a secret key without \
                       `allowed_origins`: `warn` in the answer's header, or `refuse` them (403).";
    let debug = "Whether refusals by origin, method or header carry `Drawbridge-Cors`, which says what was refused.";
    Object {
        name: Resource::Project.name(),
        about: "The tenant that endpoints and keys belong to.",
        members: vec![
            object("project"),
            Member::fixed("id", pattern(PROJECT_ID), id),
            Member::fixed(
                "slug",
                pattern(SLUG),
                "The name in URLs of the management API.",
            )
            .required(),
            Member::new("name", display_name(), name),
            Member::new("secret_keys_in_browsers", choice(&choices), in_browsers).default("warn"),
            Member::new(
                "rate_limit",
                Kind::ObjectOrNull(rate_limit_object()),
                rate_limit,
            )
            .default(Value::Null),
            Member::new("debug", flag(), debug).default(false),
            created_at(),
            updated_at(),
        ],
    }
}

fn endpoint() -> Object {
    let url = "The path of its API on this gateway; an SDK's base URL ends in it.";
    let base_url = "The whole URL of its API, as an SDK is given it: below `public_url` where that is set, else below the \
                    address where clients connect.";
    let models =
        "The models that it serves; an empty list means any, and then bodies are not looked at.";
    let limits_about = "Sizes and times; what is not set has the gateway's default.";
    let impact_about = "Only in answers to dry runs: of the origins whose pages called the endpoint since then, those that \
                        the change would admit, and those that it would refuse. Judged by origin alone, not by method or \
                        header.";
    Object {
        name: Resource::Endpoint.name(),
        about: "One inference endpoint of a project.",
        members: vec![
            object("endpoint"),
            Member::made("project", pattern(SLUG), "The slug of its project."),
            Member::made("project_id", pattern(PROJECT_ID), "The id of its project."),
            Member::fixed("name", pattern(SLUG), "Unique in its project.").required(),
            Member::made("url", text(), url),
            Member::made("base_url", text(), base_url),
            Member::new("models", Kind::List(model_name(), model()), models).default(json!([])),
            Member::new("upstream", upstream(), "Where requests go.").required(),
            Member::new("cors", cors(), "Which web origins may call it, and how."),
            Member::new("limits", limits(), limits_about),
            created_at(),
            updated_at(),
            warnings(),
            Member::made("impact", impact(), impact_about).shown_if_set(),
        ],
    }
}

/// What a change would mean for pages.
fn impact() -> Value {
    let origins = json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "origin": text(),
                "count": {"type": "integer", "minimum": 1, "description": "How often, today and yesterday (UTC)."},
                "last_seen_at": time(),
            },
            "required": ["origin", "count", "last_seen_at"],
        },
    });
    json!({
        "type": "object",
        "properties": {
            "newly_admitted": origins,
            "newly_refused": origins,
            "since": time(),
        },
        "required": ["newly_admitted", "newly_refused", "since"],
    })
}

fn model() -> Object {
    let upstream_name = "The name that the upstream is sent instead.";
    Object {
        name: "Model",
        about: "A model that the upstream may know by another name.",
        members: vec![
            Member::new("name", model_name(), "The name that clients send.").required(),
            Member::new("upstream_name", or_null(model_name()), upstream_name).shown_if_set(),
        ],
    }
}

fn upstream() -> Object {
    let url = json!({"type": "string", "format": "uri"});
    let base_url = "An http or https URL that stands for the gateway's `…/v1`. Where its origin changes, \
                    `credential` must come along.";
    let header = "The header field that carries the credential; `Authorization: Bearer …` where it is not set.";
    let credential = "What the upstream wants to see instead of the client's key: a string sets it, null removes it.";
    let authorities = "PEM with the certificates of the authorities that vouch for an https upstream, and no others do; \
                       null means the system's. At most 64 KiB.";
    Object {
        name: "Upstream",
        about: "The inference server behind an endpoint.",
        members: vec![
            Member::new("base_url", url, base_url).required(),
            Member::new("ca_certificate", or_null(pattern(PEM)), authorities).shown_if_set(),
            Member::new("credential_header", pattern(TOKEN), header).shown_if_set(),
            Member::new("credential", or_null(pattern(CREDENTIAL)), credential).secret(),
            Member::made("has_credential", flag(), "Whether a credential is stored."),
        ],
    }
}

fn cors() -> Object {
    let default = CorsConfig::default().to_value();
    let member = |name, kind, about| Member::new(name, kind, about).default(default[name].clone());
    let mut methods = names(TOKEN, 100);
    methods["minItems"] = 1.into();
    let age = json!({"type": "integer", "minimum": 0, "maximum": 2_147_483_647});
    let headers = "Request header names, prefixes such as `X-Stainless-*`, presets such as `@openai`, or `*`.";
    let enforcement = "Who enforces the policy: the gateway before the upstream, browsers alone, or nobody (what \
                       would be refused is counted).";
    Object {
        name: "Cors",
        about: "The CORS policy of an endpoint.",
        members: vec![
            member(
                "allowedOrigins",
                names(VISIBLE, 10_000),
                "Origins, patterns of origins, or `*`.",
            ),
            member("allowedMethods", methods, "Method names, or `*`."),
            member("allowedHeaders", names(PRESET_OR_TOKEN, 100), headers),
            member(
                "maxAge",
                age,
                "How long browsers may remember the answer to a preflight, in seconds.",
            ),
            member(
                "allowCredentials",
                flag(),
                "Whether browsers may send cookies and client certificates.",
            ),
            member(
                "exposedHeaders",
                names(TOKEN, 100),
                "Response header names that pages may read, or `*`.",
            ),
            member(
                "enforcement",
                choice(&["server", "browser", "report"]),
                enforcement,
            ),
        ],
    }
}

fn limits() -> Object {
    let member =
        |name, greatest: u32, about| Member::new(name, count(greatest), about).shown_if_set();
    Object {
        name: "Limits",
        about: "An endpoint's own limits.",
        members: vec![
            member("max_body_bytes", 1 << 30, "Largest request body."),
            member(
                "connect_seconds",
                3600,
                "Longest wait for a connection to the upstream.",
            ),
            member(
                "first_byte_seconds",
                3600,
                "Longest wait for the head of the upstream's answer.",
            ),
            member(
                "idle_seconds",
                3600,
                "Longest silence within the upstream's answer.",
            ),
        ],
    }
}

fn api_key() -> Object {
    let kinds: Vec<_> = KeyKind::ALL.iter().map(|kind| kind.name()).collect();
    let modes: Vec<_> = KeyMode::ALL.iter().map(|mode| mode.name()).collect();
    let scopes: Vec<_> = Scope::ALL.iter().map(|scope| scope.name()).collect();
    let scopes = json!({"type": "array", "items": choice(&scopes), "maxItems": 1000});
    let project = "Its project: the slug in answers, id or slug at creation. A key may leave it out when it creates \
                   another.";
    let kind = "`secret` for servers and management, `publishable` for a page's source.";
    let endpoints = "Names of the endpoints that it may use; null means all of its project, an empty list none.";
    let allowed_origins = "Origin patterns, as in `allowedOrigins`, that pages may use it from: narrows an endpoint that lists \
                           origins, decides at one that lists none. Null leaves them to the endpoint, an empty list means none.";
    let networks = json!({"type": "array", "items": text(), "maxItems": 1000});
    let allowed_ips = "IPv4 and IPv6 addresses and CIDR blocks that it may be used from; null means any, an empty list none.";
    let require_origin =
        "Whether requests without `Origin` are refused: stops copying by habit, not forgery.";
    let concurrent =
        "Most requests in flight, streams until their last byte; null means any number.";
    let rate_limit =
        "How many requests it may send in which time; null means the project's `rate_limit`.";
    let token =
        "The token of another gateway that is to open this key; made where it is not given.";
    let previous =
        "When the token before the last rotation ends, or ended; null where it was never rotated.";
    let exposure = json!({
        "type": ["object", "null"],
        "properties": {"first_seen_at": time(), "last_seen_at": time(), "origin": text()},
        "required": ["first_seen_at", "last_seen_at", "origin"],
        "additionalProperties": false,
    });
    let exposed = "Set where pages of other origins send this secret key, which has no `allowed_origins`: since when, \
                   when last, and by a page of which origin then. A rotation clears it.";
    let last_used = "When a request last came with a valid token of it, whatever the answer; up to three seconds late. \
                     It moves without the ETag.";
    Object {
        name: Resource::ApiKey.name(),
        about: "What opens endpoints, and management, to its holder.",
        members: vec![
            object("api_key"),
            Member::made("id", pattern(KEY_ID), "Not secret."),
            Member::fixed("project", text(), project),
            Member::made("project_id", pattern(PROJECT_ID), "The id of its project."),
            Member::new("name", display_name(), "What people call it.").default("unnamed"),
            Member::fixed("kind", choice(&kinds), kind).required(),
            Member::fixed(
                "mode",
                choice(&modes),
                "For production, or for trying things out.",
            )
            .default("live"),
            Member::new("scopes", scopes, "What it may do.").default(json!(["inference"])),
            Member::new("endpoints", or_null(names(SLUG, 1000)), endpoints).default(Value::Null),
            Member::new(
                "allowed_origins",
                or_null(json!({"type": "array", "items": text(), "maxItems": 1000})),
                allowed_origins,
            )
            .default(Value::Null),
            Member::new("allowed_ips", or_null(networks), allowed_ips).default(Value::Null),
            Member::new("require_origin", flag(), require_origin).default(false),
            Member::new(
                "max_concurrent",
                or_null(count(MOST_CONCURRENT)),
                concurrent,
            )
            .default(Value::Null),
            Member::new(
                "rate_limit",
                Kind::ObjectOrNull(rate_limit_object()),
                rate_limit,
            )
            .default(Value::Null),
            Member::new(
                "expires_at",
                or_null(time()),
                "When it ends; null means never.",
            )
            .default(Value::Null),
            created_at(),
            Member::made("revoked_at", or_null(time()), "When it was revoked."),
            Member::made("previous_token_expires_at", or_null(time()), previous),
            Member::made(
                "status",
                choice(&["active", "expired", "revoked"]),
                "Whether it opens anything.",
            ),
            Member::made("last_used_at", or_null(time()), last_used),
            Member::made(
                "last_used_ip",
                or_null(text()),
                "From which address it was used then.",
            ),
            Member::made(
                "last_used_origin",
                or_null(text()),
                "The `Origin` that came with it then, if one did.",
            ),
            Member::made("exposed", exposure, exposed),
            warnings(),
            Member::fixed("token", pattern(IMPORTED_TOKEN), token).secret(),
        ],
    }
}

fn rate_limit_object() -> Object {
    let burst = "How many at once; null means as many as `requests`. What is used up must be refilled within 30 days.";
    let per_seconds = "In which time, in seconds.";
    Object {
        name: "RateLimit",
        about: "A bucket of `burst` requests, refilled at `requests` in `per_seconds`.",
        members: vec![
            Member::new("requests", count(MOST_REQUESTS), "How many requests.").required(),
            Member::new("per_seconds", count(LONGEST_PERIOD), per_seconds).required(),
            Member::new("burst", or_null(count(MOST_REQUESTS)), burst).default(Value::Null),
        ],
    }
}

fn audit_entry() -> Object {
    let project = "The slug of the project that it concerns; null where it concerns none, or one that is gone.";
    let target = "What it was done to: the id of a project or key, or `{project_id}/{endpoint}`.";
    let change = "`created` or `deleted` with the document, or `changed` with `from` and `to` by JSON Pointer; what is \
                  secret is named, never given.";
    let prev_hash = "The hash of the row before; zeros in the first.";
    let hash = "Of the row and `prev_hash`, and so of every row before: `drawbridge audit verify --expect {id}:{hash}` \
                tells whether they are all still as they were.";
    let number = || json!({"type": "integer", "minimum": 1});
    let one = |name, kind, about| Member::made(name, kind, about);
    Object {
        name: Resource::AuditEntry.name(),
        about: "One row of the audit log: a write, written in the same transaction.",
        members: vec![
            object("audit_entry"),
            one("id", number(), "Its number: 1, 2, 3 …, without gaps."),
            one("at", time(), "When."),
            one("actor", text(), "Who: the id of a key, or `root`."),
            one("client_ip", or_null(text()), "Where the request came from."),
            one(
                "action",
                text(),
                "What was done, such as `endpoint.update`.",
            ),
            one("target", text(), target),
            one("project", or_null(pattern(SLUG)), project),
            one(
                "project_id",
                or_null(pattern(PROJECT_ID)),
                "The id of that project.",
            ),
            one("change", json!({"type": "object"}), change),
            one(
                "revision",
                number(),
                "The revision of the configuration that it made.",
            ),
            one("request_id", text(), "The `X-Request-Id` of the request."),
            one("prev_hash", pattern(HASH), prev_hash),
            one("hash", pattern(HASH), hash),
        ],
    }
}

pub(super) fn object(name: &'static str) -> Member {
    Member::made("object", json!({"const": name}), "What this is.")
}

fn created_at() -> Member {
    Member::made("created_at", time(), "When it was created.")
}

fn updated_at() -> Member {
    Member::made("updated_at", time(), "When it was last changed.")
}

fn warnings() -> Member {
    let issues = json!({"type": "array", "items": reference("Issue")});
    Member::made(
        "warnings",
        issues,
        "What is allowed, and most likely not what was meant.",
    )
}

pub(super) fn text() -> Value {
    json!({"type": "string"})
}

pub(super) fn flag() -> Value {
    json!({"type": "boolean"})
}

pub(super) fn time() -> Value {
    json!({"type": "string", "format": "date-time"})
}

pub(super) fn pattern(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

fn count(greatest: u32) -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": greatest})
}

fn names(of: &str, greatest: u32) -> Value {
    json!({"type": "array", "items": pattern(of), "maxItems": greatest})
}

pub(super) fn choice(values: &[&str]) -> Value {
    json!({"type": "string", "enum": values})
}

pub(super) fn or_null(mut schema: Value) -> Value {
    schema["type"] = json!([schema["type"], "null"]);
    schema
}

fn display_name() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 100, "pattern": NO_CONTROLS})
}

/// At most 256 bytes, which no schema can say.
fn model_name() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 256, "pattern": NO_CONTROLS})
}
