//! One connection in HTTP/2 that carries many exchanges at a time and is opened again
//! after it broke.

use crate::clock::Moment;
use crate::connection::{Exchange, Said};
use crate::endpoint::Endpoint;
use crate::stream::Stream;
use bytes::{Bytes, BytesMut};
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use http::{Request, Version};
use std::cell::RefCell;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// A body longer than this is cut off.
const LONGEST_BODY: usize = 16 << 20;
/// What the other side may send before it must wait: of one stream, and of all.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

/// A connection, opened when first used.
pub struct Multiplexer {
    endpoint: Endpoint,
    limit: Duration,
    open: RefCell<Option<SendRequest<Bytes>>>,
    /// Held while connecting, so that only one does.
    connecting: Mutex<()>,
}

enum Failed {
    Unsent(String),
    Broken(String),
}

impl Multiplexer {
    /// To this address; an exchange lasts at most `limit` from being written.
    pub fn new(endpoint: &Endpoint, limit: Duration) -> Self {
        Self {
            endpoint: endpoint.clone(),
            limit,
            open: RefCell::new(None),
            connecting: Mutex::new(()),
        }
    }

    /// Sends a request and waits for the whole answer.
    pub async fn say(&self, said: &Said<'_>, mut written: impl FnMut(Moment)) -> Exchange {
        let Some(request) = self.request(said) else {
            return Exchange::NotWritten(crate::http1::NOT_SENDABLE.to_owned());
        };
        let sender = match timeout(self.limit, self.sender()).await {
            Ok(Ok(sender)) => sender,
            Ok(Err(why)) => return Exchange::NotWritten(why),
            Err(_elapsed) => return Exchange::NotWritten("no connection in time".to_owned()),
        };
        written(Moment::now());
        let body = Bytes::copy_from_slice(said.body);
        match timeout(self.limit, exchange(sender, request, body)).await {
            Err(_elapsed) => Exchange::TimedOut,
            Ok(Ok((status, body))) => Exchange::Answered { status, body },
            Ok(Err(Failed::Unsent(why))) => Exchange::NotWritten(why),
            Ok(Err(Failed::Broken(why))) => Exchange::Broken(why),
        }
    }

    fn request(&self, said: &Said<'_>) -> Option<Request<()>> {
        let scheme = match self.endpoint.tls() {
            Some(_) => "https",
            None => "http",
        };
        let uri = format!("{scheme}://{}{}", self.endpoint.authority(), said.path);
        let mut request = Request::builder()
            .version(Version::HTTP_2)
            .method(said.method.clone())
            .uri(uri);
        for (name, value) in said.headers {
            request = request.header(*name, *value);
        }
        request.body(()).ok()
    }

    /// A sender that takes a request now; connects where there is none.
    async fn sender(&self) -> Result<SendRequest<Bytes>, String> {
        loop {
            let open = self.open.borrow().clone();
            if let Some(sender) = open {
                if let Ok(ready) = sender.ready().await {
                    return Ok(ready);
                }
                self.open.borrow_mut().take();
            }
            let _alone = self.connecting.lock().await;
            // Another exchange may have connected while this one waited.
            if self.open.borrow().is_none() {
                let sender = self.connect().await?;
                self.open.borrow_mut().replace(sender);
            }
        }
    }

    async fn connect(&self) -> Result<SendRequest<Bytes>, String> {
        let stream = Stream::connect(&self.endpoint).await?;
        let (sender, connection) = h2::client::Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .handshake(stream)
            .await
            .map_err(|error| format!("no HTTP/2: {error}"))?;
        tokio::task::spawn_local(async move {
            // What breaks it is told to every exchange on it.
            let _ = connection.await;
        });
        Ok(sender)
    }
}

async fn exchange(
    mut sender: SendRequest<Bytes>,
    request: Request<()>,
    body: Bytes,
) -> Result<(u16, Bytes), Failed> {
    let (answer, mut sending) = sender
        .send_request(request, body.is_empty())
        .map_err(|error| Failed::Unsent(format!("no stream: {error}")))?;
    if !body.is_empty() {
        sending
            .send_data(body, true)
            .map_err(|error| Failed::Broken(told(&error)))?;
    }
    let answer = answer.await.map_err(|error| {
        // The other side says itself that it did nothing with it.
        if error.reason() == Some(Reason::REFUSED_STREAM) {
            Failed::Unsent("the stream was refused".to_owned())
        } else {
            Failed::Broken(told(&error))
        }
    })?;
    let status = answer.status().as_u16();
    let body = read(answer.into_body()).await.map_err(Failed::Broken)?;
    Ok((status, body))
}

async fn read(mut arriving: RecvStream) -> Result<Bytes, String> {
    let mut whole = BytesMut::new();
    while let Some(piece) = arriving.data().await {
        let piece = piece.map_err(|error| told(&error))?;
        let _ = arriving.flow_control().release_capacity(piece.len());
        if whole.len() + piece.len() > LONGEST_BODY {
            return Err("the answer is too long".to_owned());
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// Few and stable texts, because failures are counted by them.
fn told(error: &h2::Error) -> String {
    match error.reason() {
        Some(reason) => format!("the stream broke: {}", reason.description()),
        None => "the connection broke".to_owned(),
    }
}
