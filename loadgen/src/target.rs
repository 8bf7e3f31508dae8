//! To whom the load is played: an address and the tokens of its terminals.

use crate::error::LoadError;
use scenarios::operation::Channel;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::Path;

/// How far load may reach.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reach {
    /// This machine only.
    #[default]
    Loopback,
    /// Also this host, which whoever runs the load has named as theirs.
    OwnHost(String),
}

/// The tokens of the bank's terminals and of its operator, as its data folder
/// holds them in `tokens.json`.
#[derive(Clone, Deserialize)]
pub struct Tokens {
    /// Of the counters.
    pub counter: String,
    /// Of the smart terminals.
    pub kiosk: String,
    /// Of the cash machines.
    pub atm: String,
    /// Of the operator, who may read the books.
    pub operator: String,
}

impl std::fmt::Debug for Tokens {
    /// Secrets stay out of logs.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Tokens(…)")
    }
}

impl Tokens {
    /// Reads `tokens.json`.
    ///
    /// # Errors
    /// [`LoadError::TokensFile`] when it is missing, unreadable, or not of that form.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let bad = |why: String| LoadError::TokensFile {
            path: path.to_owned(),
            why,
        };
        let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
        let tokens: Self = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
        for (role, token) in tokens.by_role() {
            let plain = |byte: u8| byte.is_ascii_graphic();
            if token.is_empty() || !token.bytes().all(plain) {
                return Err(bad(format!("the {role} token is not plain text")));
            }
        }
        Ok(tokens)
    }

    /// The token of the terminal that serves a channel; none where customers
    /// bring the token of their own log-in.
    pub(crate) fn terminal(&self, channel: Channel) -> Option<&str> {
        match channel {
            Channel::Counter => Some(&self.counter),
            Channel::Kiosk => Some(&self.kiosk),
            Channel::Atm => Some(&self.atm),
            Channel::Online | Channel::Mobile | Channel::Messenger => None,
        }
    }

    pub(crate) fn by_role(&self) -> [(&'static str, &str); 4] {
        [
            ("counter", &self.counter),
            ("kiosk", &self.kiosk),
            ("atm", &self.atm),
            ("operator", &self.operator),
        ]
    }
}

/// A bank that load may be played on.
#[derive(Debug, Clone)]
pub struct Target {
    base: String,
    authority: String,
    address: SocketAddr,
    tokens: Tokens,
}

impl Target {
    /// The bank at `base`, such as `http://127.0.0.1:8080`, if `reach` goes there.
    ///
    /// # Errors
    /// [`LoadError::TargetAddress`] for anything but `http://HOST[:PORT]`;
    /// [`LoadError::NotLoopback`] for another machine that is not named as one's
    /// own; [`LoadError::Unreachable`] when the host's name means nothing here.
    pub fn new(base: &str, tokens: Tokens, reach: &Reach) -> Result<Self, LoadError> {
        let bad = |why: &str| LoadError::TargetAddress {
            target: base.to_owned(),
            why: why.to_owned(),
        };
        let uri: http::Uri = base.parse().map_err(|_| bad("it is not an address"))?;
        if uri.scheme_str() != Some("http") {
            return Err(bad("only plain http is spoken"));
        }
        if uri.path() != "/" || uri.query().is_some() {
            return Err(bad("it has a path"));
        }
        let authority = uri.authority().ok_or_else(|| bad("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(bad("it has a user name"));
        }
        let host = authority.host();
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let port = authority.port_u16().unwrap_or(80);
        let addresses: Vec<SocketAddr> = (name, port)
            .to_socket_addrs()
            .map_err(|error| LoadError::Unreachable {
                target: base.to_owned(),
                why: error.to_string(),
            })?
            .collect();
        let here = addresses.iter().map(SocketAddr::ip).all(is_loopback);
        let named = matches!(reach, Reach::OwnHost(own) if own.eq_ignore_ascii_case(name));
        if !here && !named {
            return Err(LoadError::NotLoopback {
                host: name.to_owned(),
            });
        }
        let address = *addresses
            .first()
            .ok_or_else(|| bad("its host has no address"))?;
        Ok(Self {
            base: format!("http://{authority}"),
            authority: authority.to_string(),
            address,
            tokens,
        })
    }

    /// As people write it: `http://127.0.0.1:8080`.
    pub fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.tokens
    }
}

fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => four.is_loopback(),
        IpAddr::V6(six) => {
            six.is_loopback() || six.to_ipv4_mapped().is_some_and(|four| four.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        let text = r#"{"counter":"a","kiosk":"b","atm":"c","operator":"d"}"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn this_machine_is_allowed_under_all_its_names() {
        for base in [
            "http://127.0.0.1:81",
            "http://localhost:81/",
            "http://[::1]:81",
        ] {
            Target::new(base, tokens(), &Reach::Loopback).expect(base);
        }
    }

    #[test]
    fn another_machine_must_be_named_as_ones_own() {
        let far = "http://192.0.2.7:80";
        let refused = Target::new(far, tokens(), &Reach::Loopback);
        assert!(matches!(refused, Err(LoadError::NotLoopback { .. })));
        let other = Target::new(far, tokens(), &Reach::OwnHost("192.0.2.8".into()));
        assert!(matches!(other, Err(LoadError::NotLoopback { .. })));
        Target::new(far, tokens(), &Reach::OwnHost("192.0.2.7".into())).unwrap();
    }

    #[test]
    fn addresses_that_are_none_are_refused_by_name() {
        for base in [
            "",
            "bank",
            "https://127.0.0.1:1",
            "http://127.0.0.1:1/v1",
            "http://a@127.0.0.1",
        ] {
            let refused = Target::new(base, tokens(), &Reach::Loopback);
            assert!(
                matches!(refused, Err(LoadError::TargetAddress { .. })),
                "{base}"
            );
        }
    }

    #[test]
    fn tokens_do_not_show_in_debug_output() {
        assert!(!format!("{:?}", tokens()).contains('"'));
    }
}
