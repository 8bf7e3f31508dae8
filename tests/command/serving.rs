//! A bank that the command serves for a test.

use crate::support::branchlab;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};

/// A serving bank that ends with the test.
pub struct Serving {
    child: Child,
    /// `http` or `https`.
    pub scheme: String,
    /// Where it listens.
    pub address: String,
}

impl Serving {
    /// Serves the bank in `data` with these further options.
    pub fn start(folder: &Path, data: &str, options: &[&str]) -> Self {
        let mut child = branchlab(folder)
            .args(["bank", "serve", "--addr", "127.0.0.1:0", "--data", data])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the bank starts");
        let mut first = String::new();
        let stdout = child.stdout.take().expect("it was piped");
        BufReader::new(stdout)
            .read_line(&mut first)
            .expect("a line");
        let url = first.trim().strip_prefix("listening on ");
        let (scheme, address) = url
            .and_then(|url| url.split_once("://"))
            .unwrap_or_else(|| panic!("its first line was {first:?}"));
        Self {
            child,
            scheme: scheme.to_owned(),
            address: address.to_owned(),
        }
    }

    /// Sends one request on a connection of its own: the whole answer.
    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: bank\r\n{headers}content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// Pays one yuan in.
    pub fn deposit(&self, token: &str, account: &str, key: &str) -> String {
        let body = format!("{{\"account\":\"{account}\",\"amount\":\"1.00\"}}");
        let headers = format!("authorization: Bearer {token}\r\nidempotency-key: {key}\r\n");
        self.ask("POST", "/v1/deposits", &headers, &body)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
