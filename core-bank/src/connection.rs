//! A connection that knows how long a request's head has been on its way.
//!
//! hyper's own header timeout also runs while a kept connection idles, so it cannot be short without
//! cutting off clients between two requests. Here a short timeout runs from the first byte of a head
//! until the head is whole, and hyper's longer one bounds idleness.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// How long the head of a request may take from its first byte.
pub const HEADER_TIME_MAX: Duration = Duration::from_secs(5);

/// Where the connection stands in its current request.
#[derive(Clone, Copy)]
enum Stage {
    /// Nothing of the next request has arrived.
    Idle,
    /// Part of a head has arrived, the first of it at this moment.
    Head(Instant),
    /// The head is whole and the request is being answered.
    Answering,
}

/// The stage of one connection, shared between its stream, its service and its watchman.
#[derive(Clone)]
pub struct HeadWatch(Arc<Mutex<Stage>>);

impl HeadWatch {
    /// A connection that was just accepted; until its first byte it idles.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Stage::Idle)))
    }

    /// The head is whole.
    pub fn head_arrived(&self) {
        self.set(Stage::Answering);
    }

    /// The answer is on its way out.
    pub fn answered(&self) {
        self.set(Stage::Idle);
    }

    fn set(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    fn bytes_arrived(&self) {
        let mut stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*stage, Stage::Idle) {
            *stage = Stage::Head(Instant::now());
        }
    }

    /// Returns when a head has taken too long.
    pub async fn head_too_slow(&self) {
        loop {
            let stage = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let patience = match stage {
                Stage::Head(began) => match HEADER_TIME_MAX.checked_sub(began.elapsed()) {
                    None | Some(Duration::ZERO) => return,
                    Some(left) => left,
                },
                // A head that begins meanwhile is found at most a second late.
                Stage::Idle | Stage::Answering => Duration::from_secs(1),
            };
            tokio::time::sleep(patience).await;
        }
    }
}

/// A TCP stream that tells its [`HeadWatch`] when bytes arrive.
pub struct WatchedStream {
    stream: TcpStream,
    watch: HeadWatch,
}

impl WatchedStream {
    /// Watches a stream.
    pub fn new(stream: TcpStream, watch: HeadWatch) -> Self {
        Self { stream, watch }
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.watch.bytes_arrived();
        }
        polled
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
