//! A request as bytes.

use std::io::Write;

/// What stands before a request's body.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub host: &'a str,
    /// Further headers, as name and value.
    pub headers: &'a [(&'a str, &'a str)],
}

/// Why a request cannot be written: a line break or another control character
/// would let one request become two.
pub const NOT_SENDABLE: &str = "the path or a header holds characters that HTTP does not allow";

/// Replaces what is in `buffer` by the request.
///
/// # Errors
/// The path or a header holds a space, a line break or a control character where
/// HTTP allows none.
pub fn write_request(
    buffer: &mut Vec<u8>,
    head: &RequestHead<'_>,
    body: &[u8],
) -> Result<(), &'static str> {
    let visible = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let value = |text: &str| {
        text.bytes()
            .all(|byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f))
    };
    let sendable = visible(head.method)
        && visible(head.path)
        && head.path.starts_with('/')
        && visible(head.host)
        && head
            .headers
            .iter()
            .all(|(name, text)| visible(name) && !name.contains(':') && value(text));
    if !sendable {
        return Err(NOT_SENDABLE);
    }
    buffer.clear();
    let mut put = |text: &str| buffer.extend_from_slice(text.as_bytes());
    put(head.method);
    put(" ");
    put(head.path);
    put(" HTTP/1.1\r\nhost: ");
    put(head.host);
    put("\r\n");
    for (name, text) in head.headers {
        put(name);
        put(": ");
        put(text);
        put("\r\n");
    }
    let bodiless = matches!(head.method, "GET" | "HEAD" | "DELETE");
    if !body.is_empty() || !bodiless {
        write!(buffer, "content-length: {}\r\n", body.len()).expect("a vector takes every write");
    }
    buffer.extend_from_slice(b"\r\n");
    buffer.extend_from_slice(body);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
        let mut buffer = b"what was there".to_vec();
        let head = RequestHead {
            method,
            path,
            host: "127.0.0.1:80",
            headers,
        };
        write_request(&mut buffer, &head, body).unwrap();
        String::from_utf8(buffer).unwrap()
    }

    #[test]
    fn a_request_is_its_line_its_headers_and_its_body() {
        assert_eq!(
            written("GET", "/a?b=c", &[("accept", "application/json")], b""),
            "GET /a?b=c HTTP/1.1\r\nhost: 127.0.0.1:80\r\naccept: application/json\r\n\r\n"
        );
        assert_eq!(
            written("POST", "/", &[], b"{}"),
            "POST / HTTP/1.1\r\nhost: 127.0.0.1:80\r\ncontent-length: 2\r\n\r\n{}"
        );
        // Without a length some servers wait for the body of a POST.
        assert!(written("PUT", "/", &[], b"").contains("content-length: 0\r\n"));
    }

    #[test]
    fn one_request_cannot_become_two() {
        let bad = [
            ("GET", "/ HTTP/1.1\r\nx: y", ("a", "b")),
            ("GET", "/a b", ("a", "b")),
            ("GET", "elsewhere", ("a", "b")),
            ("", "/", ("a", "b")),
            ("GET", "/", ("a", "b\r\nc: d")),
            ("GET", "/", ("a: b\r\nc", "d")),
        ];
        for (method, path, header) in bad {
            let head = RequestHead {
                method,
                path,
                host: "h",
                headers: &[header],
            };
            let refused = write_request(&mut Vec::new(), &head, b"");
            assert_eq!(refused, Err(NOT_SENDABLE), "{method} {path} {header:?}");
        }
    }
}
