//! What a gateway has to do, in numbers.

/// What is under way now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Client connections that are open.
    pub open_connections: u64,
    /// Forwarded requests whose answer has not ended.
    pub open_streams: u64,
    /// Whether the gateway is about to stop, and only ends what is under way.
    pub is_draining: bool,
}
