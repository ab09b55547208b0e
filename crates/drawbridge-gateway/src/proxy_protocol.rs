//! The PROXY protocol's header, before TLS and HTTP, on connections from trusted proxies.
//!
//! It must come whole within the time that a connection has for its first request's head, and nothing behind it is read.

use std::io;

use drawbridge_policy::proxy_header::{self, MAX_LEN, ProxyHeader};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Reads the header; `Ok(None)` where the client left before it began.
///
/// # Errors
/// It is none ([`proxy_header::ProxyHeaderFault`] within), or the connection broke off.
pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Option<ProxyHeader>> {
    let mut bytes = vec![0; MAX_LEN];
    let mut read = 0;
    loop {
        // Peeked first: what is behind the header belongs to others.
        let seen = read + stream.peek(&mut bytes[read..]).await?;
        let header = proxy_header::parse(&bytes[..seen]).map_err(io::Error::other)?;
        if seen == read {
            return match read {
                0 => Ok(None),
                _ => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        }
        let end = header.map_or(seen, |header| header.length);
        stream.read_exact(&mut bytes[read..end]).await?;
        if header.is_some() {
            return Ok(header);
        }
        read = end;
    }
}
