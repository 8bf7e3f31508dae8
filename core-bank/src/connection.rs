//! A connection that knows how long its client has kept it waiting.
//!
//! hyper's own header timeout also runs while a kept connection idles, so it cannot be short without
//! cutting off clients between two requests. Here a short timeout runs from the first byte of a head
//! until the head is whole, and hyper's longer one bounds idleness. An answer that nobody takes is
//! bounded, too: without that a client who never reads would hold its connection for ever. Who keeps
//! the bank waiting longest has to go first when there are too many ([`crate::connections`]).

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
};

use crate::heads::Heads;

/// How long the head of a request may take from its first byte, and a TLS greeting in all.
pub const HEADER_TIME_MAX: Duration = Duration::from_secs(5);
/// How long a client may take no byte of what it is being sent.
pub const WRITE_TIME_MAX: Duration = Duration::from_secs(20);
/// How long a head may take before its connection counts as one that waits: an honest one is whole
/// within a moment.
const HEAD_TIME_HONEST: Duration = Duration::from_secs(1);

/// Where the connection stands in its current request.
#[derive(Clone, Copy)]
enum Stage {
    /// Nothing of the next request has arrived since this moment.
    Idle(Instant),
    /// Part of a head has arrived, the first of it at this moment.
    Head(Instant),
    /// The head is whole and the request is being answered.
    Answering,
}

struct Progress {
    stage: Stage,
    /// Since when the client has taken no byte.
    blocked: Option<Instant>,
    /// Where its requests begin and end.
    heads: Heads,
    /// Whether it has ever asked anything.
    asked: bool,
    /// Whether it has to go.
    dismissed: bool,
}

/// The progress of one connection, shared between its stream, its service and its watchman.
#[derive(Clone)]
pub struct ConnectionWatch(Arc<Watched>);

struct Watched {
    progress: Mutex<Progress>,
    dismissal: Notify,
}

/// A connection that keeps the bank waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// Whether it has ever asked anything.
    pub asked: bool,
    /// Since when.
    pub since: Instant,
}

impl ConnectionWatch {
    /// A connection that was just accepted; until its first byte it idles.
    pub fn new() -> Self {
        Self(Arc::new(Watched {
            progress: Mutex::new(Progress {
                stage: Stage::Idle(Instant::now()),
                blocked: None,
                heads: Heads::default(),
                asked: false,
                dismissed: false,
            }),
            dismissal: Notify::new(),
        }))
    }

    /// The head is whole, and a body of this length follows, where that is known.
    pub fn head_arrived(&self, body: Option<u64>) {
        let mut progress = self.progress();
        progress.heads.head_was_read(body);
        progress.stage = Stage::Answering;
        progress.asked = true;
    }

    /// The answer is on its way out.
    pub fn answered(&self) {
        let mut progress = self.progress();
        let now = Instant::now();
        progress.stage = if progress.heads.is_in_head() {
            Stage::Head(now)
        } else {
            Stage::Idle(now)
        };
    }

    /// Since when it has kept the bank waiting, unless it is being answered or has to go already.
    pub fn waiting(&self) -> Option<Waiting> {
        let progress = self.progress();
        let since = match progress.stage {
            Stage::Idle(since) => Some(since),
            Stage::Head(since) => Some(since).filter(|it| it.elapsed() > HEAD_TIME_HONEST),
            Stage::Answering => None,
        };
        let asked = progress.asked;
        since
            .filter(|_| !progress.dismissed)
            .map(|since| Waiting { asked, since })
    }

    /// It has to go, to make room.
    pub fn dismiss(&self) {
        self.progress().dismissed = true;
        self.0.dismissal.notify_one();
    }

    /// Returns when it has to go.
    pub async fn dismissed(&self) {
        self.0.dismissal.notified().await;
    }

    /// Whether part of a head is there.
    pub fn is_in_head(&self) -> bool {
        matches!(self.progress().stage, Stage::Head(_))
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        let locked = self.0.progress.lock();
        locked.unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes arrived.
    pub fn bytes_arrived(&self, bytes: &[u8]) {
        let mut progress = self.progress();
        progress.heads.arrived(bytes);
        if matches!(progress.stage, Stage::Idle(_)) {
            progress.stage = Stage::Head(Instant::now());
        }
    }

    /// Returns when the client has taken too long, over a head or over an answer.
    pub async fn out_of_time(&self) {
        loop {
            let (stage, blocked) = {
                let progress = self.progress();
                (progress.stage, progress.blocked)
            };
            let head = match stage {
                Stage::Head(began) => left(HEADER_TIME_MAX, began),
                Stage::Idle(_) | Stage::Answering => Some(LOOK_EVERY),
            };
            let write = blocked.map_or(Some(LOOK_EVERY), |since| left(WRITE_TIME_MAX, since));
            let (Some(head), Some(write)) = (head, write) else {
                return;
            };
            tokio::time::sleep(head.min(write)).await;
        }
    }
}

/// What begins meanwhile is found at most so much late.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Waits on a connection's task, `patience` and at most [`LOOK_EVERY`] more; `None` when the time was up first.
/// It sets no timer, which would cost each payment a tenth of a microsecond: the connection's watchman
/// has its task look at all that it waits for so often in any case.
pub async fn within<T>(patience: Duration, waited: impl Future<Output = T>) -> Option<T> {
    let began = Instant::now();
    let mut waited = pin!(waited);
    let mut looked = false;
    poll_fn(|context| match waited.as_mut().poll(context) {
        Poll::Ready(come) => Poll::Ready(Some(come)),
        Poll::Pending if looked && began.elapsed() > patience => Poll::Ready(None),
        Poll::Pending => {
            looked = true;
            Poll::Pending
        }
    })
    .await
}

fn left(patience: Duration, since: Instant) -> Option<Duration> {
    let left = patience.checked_sub(since.elapsed())?;
    (!left.is_zero()).then_some(left)
}

/// A stream that tells its [`ConnectionWatch`] when bytes arrive and when none are taken.
pub struct WatchedStream<S> {
    stream: S,
    watch: ConnectionWatch,
    blocked: bool,
}

impl<S> WatchedStream<S> {
    /// Watches a stream.
    pub fn new(stream: S, watch: ConnectionWatch) -> Self {
        Self {
            stream,
            watch,
            blocked: false,
        }
    }

    /// Notes whether the client took something; a write that goes through at once costs nothing.
    fn written<T>(&mut self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match (&polled, self.blocked) {
            (Poll::Pending, false) => {
                self.blocked = true;
                self.watch.progress().blocked = Some(Instant::now());
            }
            (Poll::Ready(_), true) => {
                self.blocked = false;
                self.watch.progress().blocked = None;
            }
            _ => {}
        }
        polled
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.watch.bytes_arrived(&buffer.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.written(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(context);
        self.written(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.written(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_is_looked_at_again_and_again_waits_no_longer_than_he_may() {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        let patience = Duration::from_millis(100);
        let began = Instant::now();
        let late = within(patience, std::future::pending::<()>());
        tokio::pin!(late);
        let late = loop {
            tokio::select! {
                late = late.as_mut() => break late,
                _ = ticks.tick() => {}
            }
        };
        assert_eq!(late, None);
        assert!(began.elapsed() >= patience);
        let in_time = within(patience, tokio::time::sleep(Duration::from_millis(1)));
        assert_eq!(in_time.await, Some(()));
    }
}
