//! Listening sockets: one per core on the same address.
//!
//! With SO_REUSEPORT two processes would silently share a port, so the address is bound once without it first.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

const BACKLOG: i32 = 1024;
const ATTEMPTS: usize = 16;

/// Listening sockets that share one address.
#[derive(Debug)]
pub struct Bound {
    address: SocketAddr,
    sockets: Vec<TcpListener>,
}

impl Bound {
    /// Binds `count` sockets to `address`; port 0 picks a free one.
    ///
    /// # Errors
    /// The address is in use, by whomever, or not one of this machine.
    pub fn bind(address: SocketAddr, count: usize) -> io::Result<Self> {
        let mut attempts = 0;
        loop {
            let free = probe(address)?;
            attempts += 1;
            match (0..count).map(|_| listen(free)).collect() {
                Ok(sockets) => {
                    return Ok(Self {
                        address: free,
                        sockets,
                    });
                }
                // Another process took the picked port in between.
                Err(_) if address.port() == 0 && attempts < ATTEMPTS => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The address, with the port that was picked.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn into_sockets(self) -> Vec<TcpListener> {
        self.sockets
    }
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    Ok(socket)
}

/// The address with a real port, if nobody listens there.
fn probe(address: SocketAddr) -> io::Result<SocketAddr> {
    let socket = socket(address)?;
    socket.bind(&address.into())?;
    socket.listen(1)?;
    let bound = socket.local_addr()?.as_socket();
    bound.ok_or_else(|| io::Error::other("the socket has no internet address"))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_another_gateway_holds_is_refused() {
        let first = Bound::bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let error = Bound::bind(first.address(), 2).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
