//! Giving others on the same core one turn.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use http_body::{Body, Frame};
use hyper::body::Incoming;

/// What a body gives at once, or after every other task that is ready had one turn.
///
/// hyper hands body bytes over only after they were asked for. Asking, and giving the connection's task one turn to
/// answer, lets a head and a short body leave in one system call. It never waits for the network.
pub(crate) async fn first_frame(body: &mut Incoming) -> Option<Result<Frame<Bytes>, hyper::Error>> {
    if body.is_end_stream() {
        return None;
    }
    let mut has_waited = false;
    poll_fn(|context| match Pin::new(&mut *body).poll_frame(context) {
        Poll::Ready(frame) => Poll::Ready(frame),
        Poll::Pending if has_waited => Poll::Ready(None),
        Poll::Pending => {
            has_waited = true;
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}
