//! Listening sockets: one per core on the same address, and where management has an address of its own, another.
//!
//! With SO_REUSEPORT two processes would silently share a port, so the address is bound once without it first.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

const BACKLOG: i32 = 1024;
const ATTEMPTS: usize = 16;

/// Which URLs a listener answers; `/healthz` and `/readyz` all do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Serves {
    /// The data plane, and what [`Self::Management`] stands for.
    Everything,
    /// What is management on another listener is nothing here.
    DataPlane,
    /// The management API, its description and metrics.
    Management,
}

/// Listening sockets that share one address, and those for management where it has an address of its own.
#[derive(Debug)]
pub struct Bound {
    address: SocketAddr,
    sockets: Vec<TcpListener>,
    management: Option<Box<Self>>,
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
                        management: None,
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

    /// The same, with management on `other` only.
    #[must_use]
    pub fn with_management(mut self, other: Self) -> Self {
        self.management = Some(Box::new(other));
        self
    }

    /// The address that management has to itself.
    pub fn management_address(&self) -> Option<SocketAddr> {
        self.management.as_ref().map(|bound| bound.address)
    }

    /// The sockets of each core.
    pub(crate) fn into_cores(self) -> Vec<Vec<(TcpListener, Serves)>> {
        let Some(management) = self.management else {
            let alone = |socket| vec![(socket, Serves::Everything)];
            return self.sockets.into_iter().map(alone).collect();
        };
        let both = |(public, management)| {
            vec![
                (public, Serves::DataPlane),
                (management, Serves::Management),
            ]
        };
        let sockets = self.sockets.into_iter().zip(management.sockets);
        sockets.map(both).collect()
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
