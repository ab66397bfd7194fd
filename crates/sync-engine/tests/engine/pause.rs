//! A place at which a crash may come.

use std::future::poll_fn;
use std::task::Poll;

/// Lets everybody else go first, once.
pub async fn pause() {
    let mut paused = false;
    poll_fn(|_| if std::mem::replace(&mut paused, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}
