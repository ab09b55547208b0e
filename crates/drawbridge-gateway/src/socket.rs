//! A client's socket, which tells its connection what comes and goes.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::connection::Connection;

/// A client's socket that keeps its connection's notes; TLS, where there is any, is spoken over it.
pub(crate) struct Socket {
    stream: Rc<RefCell<TcpStream>>,
    connection: Rc<Connection>,
    write_idle: Duration,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, connection: Rc<Connection>, write_idle: Duration) -> Self {
        let stream = Rc::new(RefCell::new(stream));
        connection.watch(&stream);
        Self {
            stream,
            connection,
            write_idle,
        }
    }

    /// Nothing follows an answer that broke off: a close_notify of TLS would read as a clean end, as a FIN would.
    fn refuse_after_reset(&self) -> io::Result<()> {
        match self.connection.is_reset() {
            true => Err(ErrorKind::ConnectionReset.into()),
            false => Ok(()),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let progress = Pin::new(&mut *self.stream.borrow_mut()).poll_read(context, buffer);
        if progress.is_ready() {
            self.connection.note_read(buffer.filled().len() - before);
        }
        progress
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.refuse_after_reset()?;
        let progress = Pin::new(&mut *self.stream.borrow_mut()).poll_write(context, bytes);
        self.connection.note_write(&progress, self.write_idle);
        progress
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream.borrow_mut()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.refuse_after_reset()?;
        Pin::new(&mut *self.stream.borrow_mut()).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.borrow().is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.refuse_after_reset()?;
        let progress =
            Pin::new(&mut *self.stream.borrow_mut()).poll_write_vectored(context, buffers);
        self.connection.note_write(&progress, self.write_idle);
        progress
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // A task that panics must not end an answer cleanly either.
        if self.connection.is_reset() || std::thread::panicking() {
            // Best effort: where it fails the client sees a cut connection all the same.
            let _ = socket2::SockRef::from(&*self.stream.borrow()).set_linger(Some(Duration::ZERO));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::listener::Serves;

    #[tokio::test]
    async fn nothing_can_be_said_after_an_answer_broke_off() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let connection = Rc::new(Connection::new(
            peer,
            Serves::Everything,
            std::time::Instant::now(),
        ));
        let mut socket = Socket::new(stream, Rc::clone(&connection), Duration::from_secs(1));
        connection.reset_at_end();
        // A goodbye, as TLS would write it, or a FIN.
        assert!(socket.write_all(b"goodbye").await.is_err());
        assert!(socket.shutdown().await.is_err());
        drop(socket);
        let error = client.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}
