//! An answer out of bytes that come in pieces (RFC 9112, sections 6 and 7).

use httparse::{EMPTY_HEADER, ParserConfig, Response, Status};

/// A head longer than this is not honest.
const LONGEST_HEAD: usize = 64 << 10;
/// A body longer than this is cut off.
const LONGEST_BODY: usize = 16 << 20;
/// More headers than this are not honest, either.
const MOST_HEADERS: usize = 100;

/// A whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
    /// The connection may carry another exchange.
    pub keeps_open: bool,
}

/// Why no answer will come of these bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerError {
    /// They are no HTTP.
    NotHttp,
    /// The connection closed in the middle.
    Incomplete,
    /// Longer than anybody needs.
    TooLong,
}

impl AnswerError {
    /// Few and stable texts, because failures are counted by them.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotHttp => "the answer is not HTTP",
            Self::Incomplete => "the connection closed before the answer was complete",
            Self::TooLong => "the answer is too long",
        }
    }
}

/// How far a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Of(usize),
    /// In chunks; whether chunks so far have ended.
    Chunked,
    /// Until the connection closes.
    UntilClosed,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    status: u16,
    length: Length,
    keeps_open: bool,
}

/// Reads one answer after another out of what has arrived.
#[derive(Debug, Default)]
pub struct AnswerReader {
    /// What has arrived and not been consumed.
    buffer: Vec<u8>,
    head: Option<Head>,
    /// Where the body begins.
    body_from: usize,
    /// Chunked: where the next chunk's line begins.
    next_chunk: usize,
    /// Chunked: the body without its frames.
    joined: Vec<u8>,
    /// Bytes of the buffer that belong to the answer, once it is whole.
    whole: usize,
}

impl AnswerReader {
    /// Ready for the next answer; whatever came after the last one is not its.
    pub fn start(&mut self) {
        self.buffer.clear();
        self.joined.clear();
        self.head = None;
        self.whole = 0;
    }

    /// Where the next bytes that arrive go, at the end.
    pub fn arriving(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Looks whether the answer is whole. `head_only`: it answers a `HEAD`.
    ///
    /// # Errors
    /// It never will be.
    pub fn look(&mut self, head_only: bool) -> Result<bool, AnswerError> {
        if self.head.is_none() && !self.read_head(head_only)? {
            return Ok(false);
        }
        let Some(head) = self.head else {
            return Ok(false);
        };
        match head.length {
            Length::Of(length) => {
                let whole = self.body_from + length;
                if self.buffer.len() < whole {
                    return Ok(false);
                }
                self.whole = whole;
                Ok(true)
            }
            Length::Chunked => self.read_chunks(),
            Length::UntilClosed if self.buffer.len() - self.body_from > LONGEST_BODY => {
                Err(AnswerError::TooLong)
            }
            Length::UntilClosed => Ok(false),
        }
    }

    /// The connection has closed: whether that made the answer whole.
    ///
    /// # Errors
    /// [`AnswerError::Incomplete`] if it did not.
    pub fn closed(&mut self) -> Result<(), AnswerError> {
        match self.head {
            Some(Head {
                length: Length::UntilClosed,
                ..
            }) => {
                self.whole = self.buffer.len();
                Ok(())
            }
            _ => Err(AnswerError::Incomplete),
        }
    }

    /// The answer, once it is whole.
    pub fn answer(&self) -> Option<Answer<'_>> {
        let head = self.head?;
        let body = match head.length {
            Length::Chunked => &self.joined[..],
            Length::Of(_) | Length::UntilClosed => self.buffer.get(self.body_from..self.whole)?,
        };
        Some(Answer {
            status: head.status,
            body,
            // What nobody asked for would be taken for the next answer.
            keeps_open: head.keeps_open && self.whole == self.buffer.len(),
        })
    }

    /// Reads the head, passing over interim ones; whether it is there.
    fn read_head(&mut self, head_only: bool) -> Result<bool, AnswerError> {
        loop {
            let mut headers = [EMPTY_HEADER; MOST_HEADERS];
            let mut response = Response::new(&mut headers);
            let parsed = ParserConfig::default().parse_response(&mut response, &self.buffer);
            let length = match parsed {
                Ok(Status::Complete(length)) => length,
                Ok(Status::Partial) if self.buffer.len() > LONGEST_HEAD => {
                    return Err(AnswerError::TooLong);
                }
                Ok(Status::Partial) => return Ok(false),
                Err(_) => return Err(AnswerError::NotHttp),
            };
            let status = response.code.ok_or(AnswerError::NotHttp)?;
            if (100..200).contains(&status) && status != 101 {
                self.buffer.drain(..length);
                continue;
            }
            self.head = Some(head_of(&response, status, head_only)?);
            self.body_from = length;
            self.next_chunk = length;
            return Ok(true);
        }
    }

    fn read_chunks(&mut self) -> Result<bool, AnswerError> {
        loop {
            let rest = &self.buffer[self.next_chunk..];
            let (line, length) = match httparse::parse_chunk_size(rest) {
                Ok(Status::Complete(read)) => read,
                Ok(Status::Partial) => return Ok(false),
                Err(_) => return Err(AnswerError::NotHttp),
            };
            let length = usize::try_from(length).map_err(|_| AnswerError::TooLong)?;
            if length > LONGEST_BODY || self.joined.len() + length > LONGEST_BODY {
                return Err(AnswerError::TooLong);
            }
            let from = self.next_chunk + line;
            if length == 0 {
                return self.read_trailer(from);
            }
            let Some(end) = self.buffer.get(from + length..from + length + 2) else {
                return Ok(false);
            };
            if end != b"\r\n" {
                return Err(AnswerError::NotHttp);
            }
            self.joined
                .extend_from_slice(&self.buffer[from..from + length]);
            self.next_chunk = from + length + 2;
        }
    }

    /// After the last chunk: headers, mostly none, and an empty line.
    fn read_trailer(&mut self, from: usize) -> Result<bool, AnswerError> {
        let mut headers = [EMPTY_HEADER; MOST_HEADERS];
        match httparse::parse_headers(&self.buffer[from..], &mut headers) {
            Ok(Status::Complete((length, _))) => {
                self.whole = from + length;
                Ok(true)
            }
            Ok(Status::Partial) if self.buffer.len() - from > LONGEST_HEAD => {
                Err(AnswerError::TooLong)
            }
            Ok(Status::Partial) => Ok(false),
            Err(_) => Err(AnswerError::NotHttp),
        }
    }
}

fn head_of(response: &Response<'_, '_>, status: u16, head_only: bool) -> Result<Head, AnswerError> {
    let mut keeps_open = response.version == Some(1);
    let (mut length, mut chunked) = (None, false);
    for header in response.headers.iter() {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is("content-length") {
            let told = content_length(header.value)?;
            if length.is_some_and(|length| length != told) {
                return Err(AnswerError::NotHttp);
            }
            length = Some(told);
        } else if is("transfer-encoding") {
            chunked = last_token(header.value).eq_ignore_ascii_case(b"chunked");
            if !chunked {
                return Err(AnswerError::NotHttp);
            }
        } else if is("connection") {
            for token in header.value.split(|byte| *byte == b',') {
                let token = token.trim_ascii();
                if token.eq_ignore_ascii_case(b"close") {
                    keeps_open = false;
                } else if token.eq_ignore_ascii_case(b"keep-alive") {
                    keeps_open = true;
                }
            }
        }
    }
    let length = if head_only || matches!(status, 101 | 204 | 304) {
        Length::Of(0)
    } else if chunked {
        Length::Chunked
    } else if let Some(length) = length {
        Length::Of(length)
    } else {
        keeps_open = false;
        Length::UntilClosed
    };
    Ok(Head {
        status,
        length,
        keeps_open,
    })
}

fn content_length(value: &[u8]) -> Result<usize, AnswerError> {
    let digits = value.trim_ascii();
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(AnswerError::NotHttp);
    }
    let length = digits
        .iter()
        .fold(0_usize, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    if length > LONGEST_BODY {
        return Err(AnswerError::TooLong);
    }
    Ok(length)
}

fn last_token(value: &[u8]) -> &[u8] {
    let last = value.rsplit(|byte| *byte == b',').next();
    last.unwrap_or_default().trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is read when the bytes come in pieces of this size and then the
    /// connection closes.
    fn read(
        bytes: &[u8],
        piece: usize,
        head_only: bool,
    ) -> Result<(u16, Vec<u8>, bool), AnswerError> {
        let mut reader = AnswerReader::default();
        reader.start();
        for piece in bytes.chunks(piece) {
            reader.arriving().extend_from_slice(piece);
            if reader.look(head_only)? {
                let answer = reader.answer().unwrap();
                return Ok((answer.status, answer.body.to_vec(), answer.keeps_open));
            }
        }
        reader.closed()?;
        let answer = reader.answer().unwrap();
        Ok((answer.status, answer.body.to_vec(), answer.keeps_open))
    }

    #[test]
    fn answers_are_read_whatever_their_framing_and_however_they_are_cut() {
        let cases: [(&str, u16, &str, bool); 8] = [
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                200,
                "{}",
                true,
            ),
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n",
                200,
                "abcd",
                true,
            ),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nDigest: x\r\n\r\n",
                200,
                "",
                true,
            ),
            (
                "HTTP/1.1 200 OK\r\n\r\nto the end",
                200,
                "to the end",
                false,
            ),
            (
                "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na",
                200,
                "a",
                false,
            ),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
                503,
                "",
                false,
            ),
            (
                "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
                304,
                "",
                true,
            ),
        ];
        for (bytes, status, body, keeps_open) in cases {
            for piece in 1..=bytes.len() {
                let found = read(bytes.as_bytes(), piece, false);
                let expected = Ok((status, body.as_bytes().to_vec(), keeps_open));
                assert_eq!(found, expected, "{bytes:?} in pieces of {piece}");
            }
        }
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n";
        assert_eq!(read(head, 7, true), Ok((200, Vec::new(), true)));
    }

    #[test]
    fn what_is_cut_short_or_no_http_is_told_apart() {
        use AnswerError::{Incomplete, NotHttp, TooLong};
        let cases = [
            ("", Incomplete),
            ("HTTP/1.1 200 OK\r\ncontent-le", Incomplete),
            ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", Incomplete),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab",
                Incomplete,
            ),
            ("220 mail.example ESMTP\r\n", NotHttp),
            ("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", NotHttp),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
                NotHttp,
            ),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
                NotHttp,
            ),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
                NotHttp,
            ),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc",
                NotHttp,
            ),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
                TooLong,
            ),
        ];
        for (bytes, error) in cases {
            assert_eq!(read(bytes.as_bytes(), 5, false), Err(error), "{bytes:?}");
        }
    }

    #[test]
    fn a_connection_with_something_left_on_it_is_not_used_again() {
        let two = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1 200 OK\r\n";
        let found = read(two, two.len(), false);
        assert_eq!(found, Ok((200, b"a".to_vec(), false)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), piece in 1_usize..40) {
            let _ = read(&bytes, piece, false);
            let mut framed = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
            framed.extend(&bytes);
            let _ = read(&framed, piece, false);
        }

        #[test]
        fn a_body_in_any_chunks_is_the_body(chunks in proptest::collection::vec("[a-z\r\n]{1,20}", 0..8), piece in 1_usize..40) {
            let mut bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
            for chunk in &chunks {
                bytes.extend(format!("{:X}\r\n{chunk}\r\n", chunk.len()).bytes());
            }
            bytes.extend(b"0\r\n\r\n");
            prop_assert_eq!(read(&bytes, piece, false), Ok((200, chunks.concat().into_bytes(), true)));
        }
    }
}
