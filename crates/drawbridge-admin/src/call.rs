//! One authorized call of an operation, and the one way to write.
//!
//! A [`Call`] is the proof that its caller may call its operation: only [`Call::admit`] makes one. What the caller may
//! do to a certain resource is for the operation to ask: [`Call::sees`], [`Call::may_use`].

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use axum::RequestPartsExt;
use axum::body::Body;
use axum::extract::{RawPathParams, Request};
use drawbridge_policy::denial::Denial;
use drawbridge_policy::key::{ApiKey, Caller, Scope};
use drawbridge_policy::own_origins::OwnOrigins;
use drawbridge_policy::snapshot::{Change, Live};
use drawbridge_policy::upstream::Destinations;
use drawbridge_store::{AuditEntry, Store, Write};
use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::body::read_document;
use crate::boundary::Identity;
use crate::conditions::Conditions;
use crate::nodes::Node;
use crate::operations::{Needs, Operation};
use crate::problem::{Fault, Problem, route_not_found};
use crate::query::Query;
use crate::settings::Settings;
use crate::{AdminState, ClientAddress, IsHttps, RequestId, SignInCodes, patch};

/// One authorized call.
pub(crate) struct Call {
    state: AdminState,
    operation: &'static Operation,
    identity: Identity,
    parameters: Vec<(Box<str>, Box<str>)>,
    parts: Parts,
    /// A body is not `Sync`, and a call must be; nobody ever waits for this.
    body: Mutex<Body>,
}

impl Call {
    /// Holds a request against its operation's row.
    ///
    /// # Errors
    /// 403.
    pub(crate) async fn admit(
        state: AdminState,
        operation: &'static Operation,
        request: Request,
    ) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let Some(identity) = parts.extensions.remove::<Identity>() else {
            return Err(Problem::internal(NoIdentity));
        };
        check_authorization(&identity.caller, operation.needs)?;
        let Ok(parameters) = parts.extract::<RawPathParams>().await else {
            return Err(route_not_found().await);
        };
        let parameters = parameters
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        Ok(Self {
            parameters: parameters.collect(),
            state,
            operation,
            identity,
            parts,
            body: Mutex::new(body),
        })
    }

    pub(crate) fn store(&self) -> &Store {
        &self.state.store
    }

    pub(crate) fn live(&self) -> &Live {
        &self.state.live
    }

    pub(crate) fn destinations(&self) -> &Destinations {
        &self.state.destinations
    }

    pub(crate) fn own_origins(&self) -> &OwnOrigins {
        &self.state.own_origins
    }

    /// The host that the call names, in HTTP/2 by its authority; to be shown, never to be trusted.
    pub(crate) fn host(&self) -> &str {
        if let Some(authority) = self.parts.uri.authority() {
            return authority.as_str();
        }
        let host = self.parts.headers.get(HOST);
        host.and_then(|host| host.to_str().ok())
            .unwrap_or("localhost")
    }

    /// This node.
    pub(crate) fn node(&self) -> &Node {
        &self.state.node
    }

    /// What this node was configured with.
    pub(crate) fn settings(&self) -> &Settings {
        &self.state.settings
    }

    /// The origin under which pages call the gateway, as far as it is known; to be shown, never to be trusted.
    ///
    /// Where neither `public_url` nor a loopback address says it, it is what this call names, if the call came to the
    /// same listener; with `admin.listen` it is the address of the other.
    pub(crate) fn gateway_origin(&self) -> String {
        let node = &self.state.node;
        if let Some(origin) = &node.origin {
            return origin.clone();
        }
        let is_seen_as_https = self.parts.extensions.get() == Some(&IsHttps(true));
        let scheme = match node.is_https || (node.admin_address.is_none() && is_seen_as_https) {
            true => "https",
            false => "http",
        };
        match node.admin_address {
            None => format!("{scheme}://{}", self.host()),
            Some(_) if !node.address.ip().is_unspecified() => {
                format!("{scheme}://{}", node.address)
            }
            Some(_) => {
                let host = self.host().parse::<Authority>();
                let host = host.as_ref().map_or("localhost", Authority::host);
                format!("{scheme}://{host}:{}", node.address.port())
            }
        }
    }

    /// Who calls, and by what.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The request, but for its body.
    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    pub(crate) fn sign_in_codes(&self) -> &SignInCodes {
        &self.state.sign_in_codes
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.state.clock)()
    }

    /// A parameter of the path; empty where the path has none of that name.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(other, _)| **other == *name);
        found.map_or("", |(_, value)| value)
    }

    /// The calling key; `None` for the root key.
    pub(crate) fn key(&self) -> Option<&Arc<ApiKey>> {
        match &self.identity.caller {
            Caller::Root => None,
            Caller::Key(key) => Some(key),
        }
    }

    /// Whether the caller may know that the project exists.
    pub(crate) fn sees(&self, project_id: &str) -> bool {
        self.key().is_none_or(|key| *key.project_id == *project_id)
    }

    /// Whether the calling key's `endpoints` admit an endpoint of that name in its own project.
    pub(crate) fn may_use(&self, name: &str) -> bool {
        let endpoints = self.key().and_then(|key| key.endpoints.as_ref());
        endpoints.is_none_or(|names| names.iter().any(|own| **own == *name))
    }

    /// The names of the endpoints that the calling key may use; `None` where it may use all of its project.
    pub(crate) fn usable_names(&self) -> Option<Vec<String>> {
        let endpoints = self.key().and_then(|key| key.endpoints.as_ref());
        endpoints.map(|names| names.iter().map(|name| name.to_string()).collect())
    }

    /// Whether the caller has a scope beyond its operation's own.
    pub(crate) fn has_scope(&self, scope: Scope) -> bool {
        self.key().is_none_or(|key| key.scopes.contains(scope))
    }

    /// What a call needs beyond its operation's own scope.
    ///
    /// # Errors
    /// 403.
    pub(crate) fn check_scope(&self, scope: Scope) -> Result<(), Problem> {
        check_authorization(&self.identity.caller, Needs::Scope(scope))
    }

    /// The query, which has parameters of the operation only.
    ///
    /// # Errors
    /// 422.
    pub(crate) fn query(&self) -> Result<Query, Problem> {
        Query::read(self.parts.uri.query(), self.operation.shape.query())
    }

    /// The conditions of a call about one resource, or a new one.
    ///
    /// # Errors
    /// 400 and 422.
    pub(crate) fn conditions(&self) -> Result<Conditions, Problem> {
        self.query()?.is_dry_run()?;
        Conditions::read(&self.parts.headers)
    }

    /// The body's object.
    ///
    /// # Errors
    /// 400, 413, 415 and 422.
    pub(crate) async fn document(&mut self) -> Result<Map<String, Value>, Problem> {
        self.query()?.is_dry_run()?;
        let body = mem::take(self.body.get_mut().unwrap_or_else(PoisonError::into_inner));
        patch::object(read_document(&self.parts.headers, body).await?)
    }

    /// Waits for the one writer.
    ///
    /// The caller is judged again: the key may have been revoked, its scope taken away, or its session ended, while this
    /// call waited.
    ///
    /// # Errors
    /// 422, 503, 401 and 403.
    pub(crate) async fn write(&mut self) -> Result<Writing<'_>, Problem> {
        let is_dry_run = self.query()?.is_dry_run()?;
        let mut write = self.state.store.write().await?;
        let now = self.now();
        if let Some(session) = &self.identity.session {
            let caller = session.judge_again(&self.state.live, &mut write, now);
            self.identity.caller = caller.await?;
            check_authorization(&self.identity.caller, self.operation.needs)?;
        } else if let Caller::Key(key) = &self.identity.caller {
            let live = self.state.live.load();
            let key = live.key(&key.id).ok_or(Denial::InvalidKey);
            let key = Arc::clone(key.map_err(Problem::denied)?);
            key.check_validity(&self.identity.digest, now)
                .map_err(Problem::denied)?;
            self.identity.caller = Caller::Key(key);
            check_authorization(&self.identity.caller, self.operation.needs)?;
        }
        Ok(Writing {
            call: self,
            write,
            now,
            is_dry_run,
        })
    }
}

/// One write, from the moment that it is alone until it is obeyed.
pub(crate) struct Writing<'c> {
    pub(crate) call: &'c Call,
    pub(crate) write: Write,
    pub(crate) now: Timestamp,
    /// Whether nothing is to come of it.
    pub(crate) is_dry_run: bool,
}

/// What a write was about, for the audit log.
#[derive(Debug)]
pub(crate) struct Subject<'s> {
    pub(crate) project_id: &'s str,
    pub(crate) target: &'s str,
    /// Never with a credential or a token in it.
    pub(crate) change: Value,
}

impl Writing<'_> {
    /// Commits, then makes the next request obey; returns the revision.
    ///
    /// `None` for a dry run, which ends here: its transaction, which had found out what the database has against it, is
    /// undone, and nothing was published or logged.
    ///
    /// # Errors
    /// 503, and nothing was changed or published.
    pub(crate) async fn commit(
        self,
        subject: Subject<'_>,
        changes: impl IntoIterator<Item = Change>,
    ) -> Result<Option<u64>, Problem> {
        if self.is_dry_run {
            return Ok(None);
        }
        let Subject {
            project_id,
            target,
            change,
        } = subject;
        let revision = self.conclude(Some(project_id), target, change, changes);
        revision.await.map(Some)
    }

    /// Commits what is about the caller alone, and nothing that requests obey.
    ///
    /// # Errors
    /// 503, and nothing was changed.
    pub(crate) async fn commit_of_caller(self, change: Value) -> Result<(), Problem> {
        let caller = self.call.identity.caller.clone();
        let project_id = match &caller {
            Caller::Root => None,
            Caller::Key(key) => Some(&*key.project_id),
        };
        self.conclude(project_id, caller.id(), change, []).await?;
        Ok(())
    }

    async fn conclude(
        self,
        project_id: Option<&str>,
        target: &str,
        change: Value,
        changes: impl IntoIterator<Item = Change>,
    ) -> Result<u64, Problem> {
        let extensions = &self.call.parts.extensions;
        let entry = AuditEntry {
            at: self.now,
            actor: self.call.identity.caller.id().to_owned(),
            action: self.call.operation.action.to_owned(),
            project_id: project_id.map(str::to_owned),
            target: target.to_owned(),
            client_ip: extensions
                .get::<ClientAddress>()
                .map(|address| address.0.to_string()),
            request_id: extensions
                .get::<RequestId>()
                .map_or_else(String::new, |id| id.0.clone()),
            change,
        };
        let committed = self.write.commit(entry).await?;
        self.call.live().publish(committed.revision, changes);
        // Only now may the next writer begin: snapshots appear in the order of their revisions.
        Ok(committed.revision)
    }
}

fn check_authorization(caller: &Caller, needs: Needs) -> Result<(), Problem> {
    let Caller::Key(key) = caller else {
        return Ok(());
    };
    let detail = match needs {
        Needs::AnyKey | Needs::Credential => return Ok(()),
        Needs::Scope(scope) if key.scopes.contains(scope) => return Ok(()),
        Needs::Scope(scope) => format!(
            "the key `{}` lacks the scope `{scope}`; use a key that has it, or add it to this key's `scopes`",
            key.id
        ),
        Needs::Root => {
            "this is for the root key only: it concerns the gateway, not one project".to_owned()
        }
    };
    Err(Problem::new(Fault::ScopeMissing, detail))
}

/// The boundary was left out of the router.
#[derive(Debug, thiserror::Error)]
#[error("a request reached its operation without an identity")]
struct NoIdentity;
