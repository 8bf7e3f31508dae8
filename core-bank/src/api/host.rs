//! The header `Host`: a request names once, and rightly, whom it is for (RFC 9112, 3.2). Two servers that
//! took one request to be for different hosts could be played off against each other.

use std::net::Ipv6Addr;

use http::{HeaderValue, Request, Version, header};

use super::problem::Problem;
use crate::rules::RefusalCode as Code;

/// Refuses a request that does not say whom it is for, or says it twice or wrongly. Before HTTP/1.1 nobody
/// had to say it.
pub fn names_its_host<B>(request: &Request<B>) -> Result<(), Problem> {
    let mut named = request.headers().get_all(header::HOST).iter();
    match (named.next(), named.next()) {
        (Some(host), None) if is_host(host) => Ok(()),
        (None, _) if request.version() < Version::HTTP_11 => Ok(()),
        (Some(_), None) => wrong("`Host` is not a name or an address with perhaps a port"),
        (Some(_), Some(_)) => wrong("`Host` stands twice"),
        (None, _) => wrong("`Host` is missing"),
    }
}

#[cold]
fn wrong(what: &str) -> Result<(), Problem> {
    let detail = format!("{what}: send one, like `Host: bank.example:8080`");
    Err(Problem::detailed(Code::HostInvalid, detail))
}

/// Whether this is `uri-host [ ":" port ]` (RFC 9110, 7.2). An empty host, which RFC 3986 allows, is none for
/// HTTP (RFC 9110, 4.2.1).
fn is_host(value: &HeaderValue) -> bool {
    let value = value.as_bytes();
    let (is_named, rest) = if let Some(bracketed) = value.strip_prefix(b"[") {
        let Some(end) = bracketed.iter().position(|byte| *byte == b']') else {
            return false;
        };
        (is_ipv6(&bracketed[..end]), &bracketed[end + 1..])
    } else {
        let end = value.iter().position(|byte| *byte == b':');
        let (name, rest) = value.split_at(end.unwrap_or(value.len()));
        (is_name(name), rest)
    };
    is_named && (rest.is_empty() || rest.strip_prefix(b":").is_some_and(is_port))
}

fn is_ipv6(address: &[u8]) -> bool {
    let text = std::str::from_utf8(address).ok();
    text.is_some_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// A `reg-name` of RFC 3986, which an address of IPv4 is as well, with something in it.
fn is_name(name: &[u8]) -> bool {
    let mut rest = name;
    while let Some((&first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'%', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                after
            }
            (byte, after) if byte.is_ascii_alphanumeric() => after,
            (byte, after) if b"-._~!$&'()*+,;=".contains(&byte) => after,
            _ => return false,
        };
    }
    !name.is_empty()
}

/// The port may be left out after its colon.
fn is_port(port: &[u8]) -> bool {
    let digits = port.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(port).unwrap_or_default();
    digits && (port.is_empty() || text.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_perhaps_a_port() {
        let is = |text: &str| is_host(&HeaderValue::from_bytes(text.as_bytes()).unwrap());
        for right in [
            "bank",
            "bank.example",
            "bank_of.example:",
            "bank.example:8443",
            "127.0.0.1:65535",
            "[::1]",
            "[2001:db8::7]:443",
            "%E9%93%B6",
        ] {
            assert!(is(right), "{right}");
        }
        for wrong in [
            "",
            ":80",
            "bank.example:65536",
            "bank.example:80:80",
            "bank.example:x",
            "bank example",
            "a,b c",
            "me@bank.example",
            "http://bank.example",
            "bank.example/",
            "bank.example#x",
            "%E9%9",
            "[::1",
            "[::1]x",
            "[]",
            "[fe80::1%25eth0]",
            "::1",
            "银行",
        ] {
            assert!(!is(wrong), "{wrong}");
        }
    }

    #[test]
    fn http_1_0_may_leave_it_out_and_may_not_say_it_twice() {
        let request = |version, hosts: &[&str]| {
            let request = Request::builder().version(version);
            let request = hosts
                .iter()
                .fold(request, |it, host| it.header("host", *host));
            names_its_host(&request.body(()).unwrap()).is_ok()
        };
        assert!(request(Version::HTTP_10, &[]) && !request(Version::HTTP_11, &[]));
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert!(request(version, &["bank"]));
            assert!(!request(version, &["bank", "bank"]) && !request(version, &["b c"]));
        }
    }
}
