//! Handing management requests over to the control runtime, whole.
//!
//! The gateway knows which requests are management, and nothing about what they do.

use std::net::IpAddr;

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::sync::oneshot;

use crate::body::ManagementBody;

/// One management request on its way to the control runtime.
#[derive(Debug)]
pub struct ManagementCall {
    /// The request as it came.
    pub request: Request<Incoming>,
    /// The client's address.
    pub client: IpAddr,
    /// Whether the client speaks https, to the gateway or to a proxy that it trusts.
    pub is_https: bool,
    /// The id that the answer must carry.
    pub request_id: String,
    /// Where the answer goes; the client may have left.
    pub reply: oneshot::Sender<ManagementReply>,
}

/// A management answer, and what the log should know of it.
#[derive(Debug)]
pub struct ManagementReply {
    /// What the client gets.
    pub response: Response<ManagementBody>,
    /// The id of the calling key, or `root`.
    pub caller: Option<String>,
    /// Why the request was refused.
    pub code: Option<&'static str>,
    /// What failed inside.
    pub cause: Option<String>,
}
