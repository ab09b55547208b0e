//! What an operation takes and gives, beside its resource: what the router, the handlers and the OpenAPI document know
//! of it from the one table.

use crate::query::{AFTER, DRY_RUN, LIMIT, PROJECT};

/// The kind of thing that an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    Project,
    Endpoint,
    ApiKey,
}

/// What an operation does with its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Answers a page of a list.
    List,
    /// The same, narrowed to one project by `?project=`.
    Filter,
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
}

impl Shape {
    /// The query parameters of such an operation; all others are refused.
    pub(crate) fn query(self) -> &'static [&'static str] {
        match self {
            Self::List => &[LIMIT, AFTER],
            Self::Filter => &[LIMIT, AFTER, PROJECT],
            Self::Show => &[],
            Self::Create | Self::Update | Self::Delete | Self::Revoke => &[DRY_RUN],
        }
    }

    /// Whether a document comes with the request.
    pub(crate) fn takes_document(self) -> bool {
        matches!(self, Self::Create | Self::Update)
    }

    /// Whether `If-Match` and `If-None-Match` are heeded.
    pub(crate) fn is_conditional(self) -> bool {
        matches!(
            self,
            Self::Show | Self::Update | Self::Delete | Self::Revoke
        )
    }
}
