//! The bank that load is played on: an address and the tokens of its terminals.

use crate::endpoint::{Endpoint, Reach, Trust, Version};
use crate::error::LoadError;
use scenarios::operation::Channel;
use serde::Deserialize;
use std::path::Path;

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
    /// Of the card network, for plans in which cards are used through it.
    #[serde(default)]
    pub acquirer: Option<String>,
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
            Channel::Acquirer => Some(self.acquirer.as_deref().unwrap_or_default()),
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
    endpoint: Endpoint,
    tokens: Tokens,
}

impl Target {
    /// The bank at `base`, such as `http://127.0.0.1:8080`, if `reach` goes there.
    ///
    /// # Errors
    /// Those of [`Endpoint::new`].
    pub fn new(base: &str, tokens: Tokens, reach: &Reach) -> Result<Self, LoadError> {
        let endpoint = Endpoint::new(base, Version::Http1, &Trust::System, reach)?;
        Ok(Self::at(endpoint, tokens))
    }

    /// The bank at an address that has been looked at.
    pub fn at(endpoint: Endpoint, tokens: Tokens) -> Self {
        Self { endpoint, tokens }
    }

    /// As people write it: `http://127.0.0.1:8080`.
    pub fn base(&self) -> &str {
        self.endpoint.base()
    }

    /// The process that listens there, if it runs on this machine and is ours to see.
    pub fn process(&self) -> Option<u32> {
        self.endpoint.process()
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_do_not_show_in_debug_output() {
        let text = r#"{"counter":"a","kiosk":"b","atm":"c","operator":"d"}"#;
        let tokens: Tokens = serde_json::from_str(text).unwrap();
        assert!(!format!("{tokens:?}").contains('"'));
    }
}
