//! The bytes under an exchange: TCP, in clear or within TLS.

use crate::endpoint::Endpoint;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// This machine, not the target, has no socket left.
pub const OUT_OF_SOCKETS: &str = "out of sockets";
/// Linux: too many open files of the system and of the process, no free local port.
const OWN_LIMITS: [i32; 3] = [23, 24, 99];

/// An open stream to the target.
pub enum Stream {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Connects; an error says why not in a few stable words.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, String> {
        let refused = |error: io::Error| match (error.kind(), error.raw_os_error()) {
            (io::ErrorKind::ConnectionRefused, _) => "connection refused".to_owned(),
            (_, Some(code)) if OWN_LIMITS.contains(&code) => format!("{OUT_OF_SOCKETS}: {error}"),
            _ => format!("no connection: {error}"),
        };
        let stream = TcpStream::connect(endpoint.address())
            .await
            .map_err(refused)?;
        stream.set_nodelay(true).map_err(refused)?;
        let Some(tls) = endpoint.tls() else {
            return Ok(Self::Clear(stream));
        };
        let connector = TlsConnector::from(tls.config.clone());
        match connector.connect(tls.name.clone(), stream).await {
            Ok(stream) => Ok(Self::Tls(Box::new(stream))),
            Err(error) => Err(format!("no TLS: {error}")),
        }
    }

    /// Nobody has closed it or said anything unasked, as far as is known without
    /// asking the system.
    pub fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        match self {
            // Leaves the waker of the exchange before it where it is.
            Self::Clear(stream) => {
                let read = stream.try_read(&mut byte);
                matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
            }
            Self::Tls(stream) => {
                let mut room = ReadBuf::new(&mut byte);
                let mut context = Context::from_waker(Waker::noop());
                let read = Pin::new(stream).poll_read(&mut context, &mut room);
                read.is_pending()
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_read(context, room),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, room),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
