//! What an operation takes and gives, beside its resource: what the router, the handlers and the OpenAPI document know
//! of it from the one table.

use crate::query::{
    ACTION, ACTOR, AFTER, DRY_RUN, ENDPOINT, EVERYWHERE, FROM, FROM_DAY, LIMIT, ORDER, ORIGIN,
    PROJECT, SEARCH, SINCE, STATE, STEP, TARGET, TO, TO_DAY, UNTIL,
};

/// The kind of thing that an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    Project,
    Endpoint,
    ApiKey,
    AuditEntry,
    CorsRefusal,
    Explanation,
    Node,
    Settings,
    Csp,
    Session,
    SignInLink,
    Traffic,
}

/// What an operation does with its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Answers a page of resources.
    List,
    /// Answers a page of a list, narrowed by `?search=`.
    Search,
    /// The same, narrowed by everything that keys can be narrowed by.
    Keys,
    /// The same, narrowed by everything that the audit log can be narrowed by.
    Log,
    /// The same, narrowed by everything that refusals can be narrowed by.
    Refused,
    /// Answers the resource.
    Show,
    /// Takes a document, answers a new resource.
    Create,
    /// Takes a merge patch, answers the changed resource.
    Update,
    /// Answers that the resource is gone.
    Delete,
    /// Ends the resource for good, and answers what is left of it.
    Revoke,
    /// Takes a document about the new token, answers the resource with it.
    Rotate,
    /// Answers what is true now.
    Tell,
    /// Answers what happened, narrowed by time, project and endpoint.
    Measure,
    /// Takes a question, answers it, and changes nothing.
    Ask,
    /// Takes what signs in, answers the session.
    SignIn,
    /// Ends one or more sessions.
    SignOut,
    /// Takes a document about a sign-in link, answers the link.
    MakeLink,
}

impl Shape {
    /// The query parameters of such an operation; all others are refused.
    pub(crate) fn query(self) -> &'static [&'static str] {
        match self {
            Self::List => &[LIMIT, AFTER],
            Self::Search => &[LIMIT, AFTER, SEARCH],
            Self::Keys => &[LIMIT, AFTER, ORDER, SEARCH, PROJECT, ENDPOINT, STATE],
            Self::Log => &[LIMIT, AFTER, PROJECT, ACTOR, ACTION, TARGET, SINCE, UNTIL],
            Self::Refused => &[LIMIT, AFTER, PROJECT, ENDPOINT, ORIGIN, FROM_DAY, TO_DAY],
            Self::Measure => &[PROJECT, ENDPOINT, FROM, TO, STEP],
            Self::Show | Self::Ask | Self::SignIn | Self::Tell | Self::MakeLink => &[],
            Self::SignOut => &[EVERYWHERE],
            Self::Create | Self::Update | Self::Delete | Self::Revoke | Self::Rotate => &[DRY_RUN],
        }
    }

    /// Whether a document comes with the request.
    pub(crate) fn takes_document(self) -> bool {
        matches!(
            self,
            Self::Create | Self::Update | Self::Rotate | Self::Ask | Self::SignIn | Self::MakeLink
        )
    }

    /// Whether `If-Match` and `If-None-Match` are heeded.
    pub(crate) fn is_conditional(self) -> bool {
        matches!(
            self,
            Self::Show | Self::Create | Self::Update | Self::Delete | Self::Revoke | Self::Rotate
        )
    }
}
