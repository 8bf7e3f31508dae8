//! One kept-alive HTTP/1.1 connection that heals itself, and one exchange on it
//! that always ends.

use crate::clock::Moment;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// No honest answer of a bank is longer; whoever sends more is cut off.
const LONGEST_ANSWER: usize = 16 << 20;

/// What is sent.
#[derive(Debug, Clone)]
pub struct Message {
    pub method: Method,
    pub path: String,
    pub token: Option<String>,
    pub key: Option<String>,
    pub body: Bytes,
}

/// How an exchange ended.
#[derive(Debug)]
pub enum Exchange {
    /// A whole answer came.
    Answered { status: u16, body: Bytes },
    /// Nothing was sent, because no connection could be had.
    NotWritten(String),
    /// Sent, and the connection broke or spoke no HTTP.
    Broken(String),
    /// Sent, and no whole answer came in time.
    TimedOut,
}

/// A connection, opened when first used and again after it broke.
pub struct Connection {
    address: SocketAddr,
    host: HeaderValue,
    limit: Duration,
    open: Option<Open>,
}

struct Open {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// To this address; an exchange lasts at most `limit` from being written.
    pub fn new(address: SocketAddr, authority: &str, limit: Duration) -> Self {
        let host = HeaderValue::from_str(authority);
        Self {
            address,
            host: host.unwrap_or_else(|_| HeaderValue::from_static("localhost")),
            limit,
            open: None,
        }
    }

    /// Sends the message and waits for the whole answer. `written` hears when the
    /// message is handed to the socket.
    pub async fn exchange(
        &mut self,
        message: &Message,
        mut written: impl FnMut(Moment),
    ) -> Exchange {
        let request = match self.request(message) {
            Ok(request) => request,
            Err(error) => return Exchange::NotWritten(error.to_string()),
        };
        let mut unsent = Some(request);
        // A kept-alive connection may have been closed since its last use; what was
        // certainly not sent is sent again once, on a new one.
        for _ in 0..2 {
            let Some(request) = unsent.take() else { break };
            let mut open = match self.take_open().await {
                Ok(open) => open,
                Err(why) => return Exchange::NotWritten(why),
            };
            written(Moment::now());
            match timeout(self.limit, answer(&mut open.sender, request)).await {
                Err(_elapsed) => return Exchange::TimedOut,
                Ok(Ok((status, body))) => {
                    self.open = Some(open);
                    return Exchange::Answered { status, body };
                }
                Ok(Err(Failed::Unsent(request))) => unsent = Some(*request),
                Ok(Err(Failed::Broken(why))) => return Exchange::Broken(why),
            }
        }
        Exchange::NotWritten("every connection was closed before it could be used".to_owned())
    }

    fn request(&self, message: &Message) -> Result<Request<Full<Bytes>>, http::Error> {
        let mut request = Request::builder()
            .method(message.method.clone())
            .uri(message.path.as_str())
            .header(HOST, self.host.clone());
        if let Some(token) = &message.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = &message.key {
            request = request.header("Idempotency-Key", key.as_str());
        }
        if !message.body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(Full::new(message.body.clone()))
    }

    async fn take_open(&mut self) -> Result<Open, String> {
        if let Some(mut open) = self.open.take()
            && matches!(timeout(self.limit, open.sender.ready()).await, Ok(Ok(())))
        {
            return Ok(open);
        }
        match timeout(self.limit, connect(self.address)).await {
            Ok(opened) => opened,
            Err(_elapsed) => Err("no connection in time".to_owned()),
        }
    }
}

async fn connect(address: SocketAddr) -> Result<Open, String> {
    let refused = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        _ => format!("no connection: {error}"),
    };
    let stream = TcpStream::connect(address).await.map_err(refused)?;
    stream.set_nodelay(true).map_err(refused)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let driver = tokio::spawn(async move {
        // How it ended is told to whoever waits for the answer.
        let _ = connection.await;
    });
    sender.ready().await.map_err(|error| error.to_string())?;
    Ok(Open { sender, driver })
}

enum Failed {
    Unsent(Box<Request<Full<Bytes>>>),
    Broken(String),
}

async fn answer(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<(u16, Bytes), Failed> {
    let response = match sender.try_send_request(request).await {
        Ok(response) => response,
        Err(mut error) => {
            return Err(match error.take_message() {
                Some(request) => Failed::Unsent(Box::new(request)),
                None => Failed::Broken(broken(&error.into_error())),
            });
        }
    };
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), LONGEST_ANSWER);
    match body.collect().await {
        Ok(whole) => Ok((status, whole.to_bytes())),
        Err(error) => Err(Failed::Broken(match error.downcast_ref::<hyper::Error>() {
            Some(error) => broken(error),
            None => "the answer is too long".to_owned(),
        })),
    }
}

/// Few and stable texts, because failures are counted by them.
fn broken(error: &hyper::Error) -> String {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
    let cut = cause
        .is_some_and(|cause: &std::io::Error| cause.kind() == std::io::ErrorKind::UnexpectedEof);
    if error.is_incomplete_message() || cut {
        "the connection closed before the answer was complete".to_owned()
    } else if error.is_parse() {
        "the answer is not HTTP".to_owned()
    } else {
        format!("the connection broke: {error}")
    }
}
