//! A piece of an answer between our hands and the client's window.
//!
//! hyper and h2 take a piece whole, and keep it for as long as the client gives them no room: nobody asks our body again
//! meanwhile, and after the last piece nobody has it any more. So the piece itself says when it moves, and when it is gone.

use std::rc::Rc;

use bytes::{Buf, Bytes};

use crate::connection::Exchange;

/// A piece of an answer that was handed over to be sent.
pub(crate) struct Chunk {
    bytes: Bytes,
    exchange: Rc<Exchange>,
}

impl Chunk {
    pub(crate) fn new(bytes: Bytes, exchange: &Rc<Exchange>) -> Self {
        exchange.hand_over();
        Self {
            bytes,
            exchange: Rc::clone(exchange),
        }
    }
}

impl Buf for Chunk {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.exchange.note_taken();
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.exchange.let_go();
    }
}
