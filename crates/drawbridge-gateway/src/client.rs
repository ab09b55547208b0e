//! Who sends a request: the connection's other end, or whom a trusted proxy there speaks for.
//!
//! `trusted_proxies` alone decides who is believed. On any other connection not even the headers are looked at.

use drawbridge_policy::forwarded::{self, Client, Forwarding};
use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};

use crate::connection::Connection;
use crate::core::Core;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The client of a request with these headers; `is_https` holds for TLS to the gateway itself too.
pub(crate) fn of_request(core: &Core, connection: &Connection, headers: &HeaderMap) -> Client {
    let parts = &core.shared.parts;
    let lines = |name: HeaderName| headers.get_all(name).into_iter().map(HeaderValue::as_bytes);
    let mut client = match connection.is_trusted_proxy() {
        false => Client::direct(connection.peer_ip()),
        true => {
            let said = Forwarding {
                x_forwarded_for: lines(X_FORWARDED_FOR),
                forwarded: lines(header::FORWARDED),
                x_forwarded_proto: lines(X_FORWARDED_PROTO),
            };
            forwarded::client(connection.peer_ip(), &parts.trusted_proxies, said)
        }
    };
    client.is_https |= parts.tls.is_some();
    client
}
