//! One kept-alive HTTP/1.1 connection that heals itself, and one exchange on it
//! that always ends.

use crate::clock::Moment;
use crate::http1::{AnswerReader, RequestHead, write_request};
use bytes::Bytes;
use http::Method;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// An answer of a bank mostly fits into so many bytes.
const ROOM: usize = 4096;

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
    host: String,
    limit: Duration,
    open: Option<TcpStream>,
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
    pub fn new(address: SocketAddr, authority: &str, limit: Duration) -> Self {
        Self {
            address,
            host: authority.to_owned(),
            limit,
            open: None,
            request: Vec::new(),
            reader: AnswerReader::default(),
        }
    }

    /// Sends the message and waits for the whole answer. `written` hears when the
    /// message is handed to the socket.
    pub async fn exchange(
        &mut self,
        message: &Message,
        mut written: impl FnMut(Moment),
    ) -> Exchange {
        if let Err(why) = self.write(message) {
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
            let head_only = message.method == Method::HEAD;
            let answer = answer(&mut stream, &self.request, &mut self.reader, head_only);
            match timeout(self.limit, answer).await {
                Err(_elapsed) => return Exchange::TimedOut,
                Ok(Ok(())) => return self.answered(stream),
                Ok(Err(Failed::Unsent)) => {}
                Ok(Err(Failed::Broken(why))) => return Exchange::Broken(why),
            }
        }
        Exchange::NotWritten("every connection was closed before it could be used".to_owned())
    }

    fn write(&mut self, message: &Message) -> Result<(), &'static str> {
        let bearer = message
            .token
            .as_ref()
            .map(|token| format!("Bearer {token}"));
        let mut headers: [(&str, &str); 3] = Default::default();
        let mut count = 0;
        let mut put = |name, value| {
            headers[count] = (name, value);
            count += 1;
        };
        if let Some(bearer) = &bearer {
            put("authorization", bearer);
        }
        if let Some(key) = &message.key {
            put("idempotency-key", key);
        }
        if !message.body.is_empty() {
            put("content-type", "application/json");
        }
        let head = RequestHead {
            method: message.method.as_str(),
            path: &message.path,
            host: &self.host,
            headers: &headers[..count],
        };
        write_request(&mut self.request, &head, &message.body)
    }

    fn answered(&mut self, stream: TcpStream) -> Exchange {
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

    async fn take_open(&mut self) -> Result<TcpStream, String> {
        if let Some(stream) = self.open.take()
            && is_quiet(&stream)
        {
            return Ok(stream);
        }
        match timeout(self.limit, connect(self.address)).await {
            Ok(opened) => opened,
            Err(_elapsed) => Err("no connection in time".to_owned()),
        }
    }
}

/// Nobody has closed it or said anything unasked, as far as is known without
/// asking the system.
fn is_quiet(stream: &TcpStream) -> bool {
    let read = stream.try_read(&mut [0]);
    matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

async fn connect(address: SocketAddr) -> Result<TcpStream, String> {
    let refused = |error: io::Error| match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        _ => format!("no connection: {error}"),
    };
    let stream = TcpStream::connect(address).await.map_err(refused)?;
    stream.set_nodelay(true).map_err(refused)?;
    Ok(stream)
}

/// Sends the request and reads until the answer is whole.
async fn answer(
    stream: &mut TcpStream,
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

async fn send(stream: &mut TcpStream, request: &[u8]) -> Result<(), Failed> {
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
