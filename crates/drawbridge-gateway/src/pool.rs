//! Idle connections to upstreams, kept by one core for its own requests.
//!
//! A connection belongs to one server, and to the trust under which its certificate was verified. It must never be handed out while an answer is still under way on
//! it: only those whose [`Sender`] is ready leave the pool.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use drawbridge_policy::upstream::Upstream;

use crate::metrics::CoreCounts;
use crate::send::Sender;

/// Idle connections kept for one upstream.
const MOST_IDLE: usize = 256;

struct Idle {
    sender: Sender,
    since: Instant,
}

/// One core's idle connections.
pub(crate) struct Pool {
    /// By [`Upstream::connection_key`].
    idle: RefCell<HashMap<Box<str>, Vec<Idle>>>,
    patience: Duration,
    counts: Arc<CoreCounts>,
}

impl Pool {
    pub(crate) fn new(patience: Duration, counts: Arc<CoreCounts>) -> Self {
        Self {
            idle: RefCell::default(),
            patience,
            counts,
        }
    }

    /// The most recently used connection that is open and free.
    pub(crate) fn take(&self, upstream: &Upstream) -> Option<Sender> {
        let mut idle = self.idle.borrow_mut();
        let connections = idle.get_mut(upstream.connection_key())?;
        let before = connections.len();
        connections.retain(|idle| !idle.sender.requests.is_closed());
        let closed = before - connections.len();
        self.counts.pool_idle.subtract(closed as u64);
        let free = connections
            .iter()
            .rposition(|idle| idle.sender.requests.is_ready())?;
        self.counts.pool_idle.subtract(1);
        Some(connections.remove(free).sender)
    }

    /// Keeps a connection whose answer was read to its end.
    pub(crate) fn put(&self, upstream: &Upstream, sender: Sender) {
        if sender.requests.is_closed() {
            return;
        }
        let since = Instant::now();
        let mut idle = self.idle.borrow_mut();
        match idle.get_mut(upstream.connection_key()) {
            Some(connections) if connections.len() >= MOST_IDLE => return,
            Some(connections) => connections.push(Idle { sender, since }),
            None => {
                idle.insert(
                    upstream.connection_key().into(),
                    vec![Idle { sender, since }],
                );
            }
        }
        self.counts.pool_idle.add(1);
    }

    /// Closes what was idle for too long.
    pub(crate) fn prune(&self, now: Instant) {
        self.idle.borrow_mut().retain(|_key, connections| {
            let before = connections.len();
            connections.retain(|idle| {
                !idle.sender.requests.is_closed() && now < idle.since + self.patience
            });
            let closed = before - connections.len();
            self.counts.pool_idle.subtract(closed as u64);
            !connections.is_empty()
        });
    }
}
