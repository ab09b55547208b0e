//! HTTP/2 by hand: what no client library would send.

use std::io::Read;

use crate::support::{Client, Gateway};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// A frame of HTTP/2 (RFC 9113 section 4.1).
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// `method path`, without compression (RFC 7541 section 6.2.2).
pub(crate) fn header_block(method: &str, path: &str) -> Vec<u8> {
    let mut block = vec![0x86];
    for (index, value) in [(2, method), (4, path), (1, "gw")] {
        block.extend([index, u8::try_from(value.len()).unwrap()]);
        block.extend(value.as_bytes());
    }
    block
}

/// A frame that the gateway sent.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) kind: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

/// A connection that frames are sent on and read from one by one.
pub(crate) struct Frames(pub(crate) Client);

impl Frames {
    /// A client that opens streams with windows of `window` bytes (SETTINGS_INITIAL_WINDOW_SIZE).
    pub(crate) fn connect(gateway: &Gateway, window: u32) -> Self {
        let mut client = gateway.client();
        let mut setting = vec![0, 4];
        setting.extend(window.to_be_bytes());
        client.send(PREFACE).send(frame(SETTINGS, 0, 0, &setting));
        Self(client)
    }

    pub(crate) fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> &mut Self {
        self.0.send(frame(kind, flags, stream, payload));
        self
    }

    /// The next one, if the connection has not ended.
    pub(crate) fn next(&mut self) -> Option<Received> {
        let mut head = [0; 9];
        match self.0.0.read(&mut head[..1]) {
            Ok(1) => self.0.0.read_exact(&mut head[1..]).unwrap(),
            Ok(_) => return None,
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
                return None;
            }
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.0.0.read_exact(&mut payload).unwrap();
        Some(Received {
            kind: head[3],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
            payload,
        })
    }

    /// The next one of that kind.
    pub(crate) fn await_kind(&mut self, kind: u8) -> Received {
        loop {
            let frame = self.next().unwrap();
            if frame.kind == kind {
                return frame;
            }
        }
    }
}
