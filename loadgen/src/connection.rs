//! One kept-alive HTTP/1.1 connection that heals itself, and one exchange on it
//! that always ends.

use crate::clock::Moment;
use crate::endpoint::Endpoint;
use crate::http1::{AnswerReader, RequestHead, write_request};
use crate::patience::{Patience, TimeUp};
use crate::stream::Stream;
use bytes::Bytes;
use http::Method;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// An answer of a bank mostly fits into so many bytes.
const ROOM: usize = 4096;

/// What is sent.
#[derive(Debug, Clone)]
pub struct Message {
    pub method: Method,
    pub path: String,
    pub token: Option<String>,
    /// The session of whom a terminal serves, which it shows beside its own token.
    pub terminal_session: Option<String>,
    pub key: Option<String>,
    pub body: Bytes,
}

impl Message {
    /// What stands in its `authorization`.
    pub fn bearer(&self) -> Option<String> {
        let token = self.token.as_ref();
        token.map(|token| format!("Bearer {token}"))
    }

    /// Its headers, and how many of them there are.
    pub fn headers<'a>(&'a self, bearer: Option<&'a str>) -> ([(&'a str, &'a str); 4], usize) {
        let mut headers: [(&str, &str); 4] = Default::default();
        let mut count = 0;
        let mut put = |name, value| {
            headers[count] = (name, value);
            count += 1;
        };
        if let Some(bearer) = bearer {
            put("authorization", bearer);
        }
        if let Some(session) = &self.terminal_session {
            put("terminal-session", session);
        }
        if let Some(key) = &self.key {
            put("idempotency-key", key);
        }
        if !self.body.is_empty() {
            put("content-type", "application/json");
        }
        (headers, count)
    }

    /// With these headers.
    pub fn said<'a>(&'a self, headers: &'a [(&'a str, &'a str)]) -> Said<'a> {
        Said {
            method: &self.method,
            path: &self.path,
            headers,
            body: &self.body,
        }
    }
}

/// The same with borrowed parts and whatever headers.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    pub method: &'a Method,
    pub path: &'a str,
    /// Beside `host` and `content-length`.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
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
    endpoint: Endpoint,
    limit: Duration,
    patience: Patience,
    open: Option<Stream>,
    request: Vec<u8>,
    reader: AnswerReader,
}

/// Why there is no answer.
enum Failed {
    /// Not a byte was taken: nothing can have come of it.
    Unsent,
    Broken(String),
}

impl Connection {
    /// To this address; an exchange lasts at most `limit` from being written.
    pub fn new(endpoint: &Endpoint, limit: Duration) -> Self {
        Self {
            endpoint: endpoint.clone(),
            limit,
            patience: Patience::new(limit),
            open: None,
            request: Vec::new(),
            reader: AnswerReader::default(),
        }
    }

    /// Sends the message and waits for the whole answer. `written` hears when the
    /// message is handed to the socket.
    pub async fn exchange(&mut self, message: &Message, written: impl FnMut(Moment)) -> Exchange {
        let bearer = message.bearer();
        let (headers, count) = message.headers(bearer.as_deref());
        self.say(&message.said(&headers[..count]), written).await
    }

    /// The same of a request with whatever headers.
    pub async fn say(&mut self, said: &Said<'_>, mut written: impl FnMut(Moment)) -> Exchange {
        let head = RequestHead {
            method: said.method.as_str(),
            path: said.path,
            host: self.endpoint.authority(),
            headers: said.headers,
        };
        if let Err(why) = write_request(&mut self.request, &head, said.body) {
            return Exchange::NotWritten(why.to_owned());
        }
        // A kept-alive connection may have been closed since its last use; what was
        // certainly not sent is sent again once, on a new one.
        for _ in 0..2 {
            let mut stream = match self.take_open().await {
                Ok(stream) => stream,
                Err(why) => return Exchange::NotWritten(why),
            };
            written(Moment::now());
            let head_only = *said.method == Method::HEAD;
            let answer = answer(&mut stream, &self.request, &mut self.reader, head_only);
            match self.patience.within(answer).await {
                Err(TimeUp) => return Exchange::TimedOut,
                Ok(Ok(())) => return self.answered(stream),
                Ok(Err(Failed::Unsent)) => {}
                Ok(Err(Failed::Broken(why))) => return Exchange::Broken(why),
            }
        }
        Exchange::NotWritten("every connection was closed before it could be used".to_owned())
    }

    fn answered(&mut self, stream: Stream) -> Exchange {
        let Some(answer) = self.reader.answer() else {
            return Exchange::Broken("the answer is not HTTP".to_owned());
        };
        if answer.keeps_open {
            self.open = Some(stream);
        }
        Exchange::Answered {
            status: answer.status,
            body: Bytes::copy_from_slice(answer.body),
        }
    }

    async fn take_open(&mut self) -> Result<Stream, String> {
        if let Some(mut stream) = self.open.take()
            && stream.is_quiet()
        {
            return Ok(stream);
        }
        match timeout(self.limit, Stream::connect(&self.endpoint)).await {
            Ok(opened) => opened,
            Err(_elapsed) => Err("no connection in time".to_owned()),
        }
    }
}

/// Sends the request and reads until the answer is whole.
async fn answer(
    stream: &mut Stream,
    request: &[u8],
    reader: &mut AnswerReader,
    head_only: bool,
) -> Result<(), Failed> {
    send(stream, request).await?;
    reader.start();
    loop {
        let arriving = reader.arriving();
        arriving.reserve(ROOM);
        let read = stream.read_buf(arriving).await;
        let whole = match read {
            Ok(0) => reader.closed().map(|()| true),
            Ok(_) => reader.look(head_only),
            Err(error) if is_cut(&error) => reader.closed().map(|()| true),
            Err(error) => return Err(Failed::Broken(format!("the connection broke: {error}"))),
        };
        match whole {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) => return Err(Failed::Broken(error.text().to_owned())),
        }
    }
}

async fn send(stream: &mut Stream, request: &[u8]) -> Result<(), Failed> {
    let mut rest = request;
    while !rest.is_empty() {
        match stream.write(rest).await {
            Ok(taken) if taken > 0 => rest = &rest[taken..],
            // Closed by the other side before it took anything.
            _ if rest.len() == request.len() => return Err(Failed::Unsent),
            // It may have answered before it closed: what it said is read below.
            _ => return Ok(()),
        }
    }
    // TLS may hold bytes back until it is told that this was all.
    let _ = stream.flush().await;
    Ok(())
}

fn is_cut(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof
    )
}
