//! Tokens: those of the terminals, made at the first start, and those of customers, derived from the
//! bank's seal. The journal holds digests and nonces only, so a stolen journal opens no session.

use std::{fs, io, io::Write as _, os::unix::fs::PermissionsExt as _, path::Path};

use rand::{TryRng as _, rngs::SysRng};
use serde::{Deserialize, Serialize};

use crate::{
    authentication::SmsKey,
    data_folder::owner_only,
    rules::{Caller, CardId, Channel, PinDigest, TokenDigest, TokenNonce},
};

/// The bearer tokens of the terminals and the operator: 256 random bits each, in hexadecimal.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalTokens {
    /// For counters.
    pub counter: String,
    /// For kiosks.
    pub kiosk: String,
    /// For cash machines.
    pub atm: String,
    /// For the operator.
    pub operator: String,
    /// For the card network; folders of before it got one at their next start.
    #[serde(default)]
    pub acquirer: String,
    /// For the second person, who approves what the operator proposes; folders of before it got one
    /// at their next start.
    #[serde(default)]
    pub reviewer: String,
}

/// What a customer's token is for; the two kinds never stand in for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Logs a device in.
    Device,
    /// Is a session.
    Session,
    /// Is the secret of an e-cipher device.
    CipherDevice,
}

/// Understands bearer tokens and makes customers' tokens.
pub struct Access {
    terminals: [(TokenDigest, Channel); 6],
    seal: [u8; 32],
    sms_key: SmsKey,
}

impl Access {
    /// Reads `tokens.json` and `seal.key` of a data folder, or makes them, readable by their owner
    /// only.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let tokens_path = folder.join("tokens.json");
        if !tokens_path.exists() {
            let tokens = TerminalTokens {
                counter: random_token()?,
                kiosk: random_token()?,
                atm: random_token()?,
                operator: random_token()?,
                acquirer: random_token()?,
                reviewer: random_token()?,
            };
            write_private(&tokens_path, &serde_json::to_vec_pretty(&tokens)?)?;
        }
        let seal_path = folder.join("seal.key");
        if !seal_path.exists() {
            write_private(&seal_path, random_token()?.as_bytes())?;
        }
        let seal = TokenDigest::parse(fs::read_to_string(&seal_path)?.trim());
        let seal = seal.ok_or_else(|| bad_file(&seal_path, "64 hexadecimal digits"))?;
        let mut tokens: TerminalTokens =
            serde_json::from_slice(&fs::read(&tokens_path)?).map_err(|_| {
                bad_file(
                    &tokens_path,
                    "counter, kiosk, atm, operator, acquirer and reviewer tokens",
                )
            })?;
        if tokens.acquirer.is_empty() || tokens.reviewer.is_empty() {
            for missing in [&mut tokens.acquirer, &mut tokens.reviewer] {
                if missing.is_empty() {
                    *missing = random_token()?;
                }
            }
            write_private(&tokens_path, &serde_json::to_vec_pretty(&tokens)?)?;
        }
        let terminals = [
            (digest(&tokens.counter), Channel::Counter),
            (digest(&tokens.kiosk), Channel::Kiosk),
            (digest(&tokens.atm), Channel::Atm),
            (digest(&tokens.operator), Channel::Operator),
            (digest(&tokens.acquirer), Channel::Acquirer),
            (digest(&tokens.reviewer), Channel::Reviewer),
        ];
        Ok(Self {
            terminals,
            sms_key: SmsKey::new(blake3::keyed_hash(&seal.0, b"sms code 1").as_bytes()),
            seal: seal.0,
        })
    }

    /// Who holds this token, as far as can be told without the state. Digests are compared, so the
    /// time it takes says nothing about the tokens.
    pub fn caller(&self, token: &str) -> Caller {
        let shown = digest(token);
        let terminal = self.terminals.iter().find(|(held, _)| *held == shown);
        terminal.map_or(Caller::Session(shown), |(_, channel)| {
            Caller::Terminal(*channel)
        })
    }

    /// A fresh customer's token: the nonce to record and the digest of the token.
    pub fn issue(&self, kind: TokenKind) -> io::Result<(TokenNonce, TokenDigest)> {
        let mut nonce = TokenNonce([0; 16]);
        SysRng
            .try_fill_bytes(&mut nonce.0)
            .map_err(io::Error::other)?;
        Ok((nonce, digest(&self.token(kind, nonce))))
    }

    /// The token of a nonce: 256 bits that only the holder of the seal can derive, so that a
    /// repeated request can be answered with the same token though no token is stored.
    pub fn token(&self, kind: TokenKind, nonce: TokenNonce) -> String {
        let purpose: &[u8] = match kind {
            TokenKind::Device => b"device token 1",
            TokenKind::Session => b"session token 1",
            TokenKind::CipherDevice => b"cipher device 1",
        };
        self.derived(purpose, nonce).to_hex().to_string()
    }

    fn derived(&self, purpose: &[u8], nonce: TokenNonce) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.seal);
        hasher.update(purpose).update(&nonce.0);
        hasher.finalize()
    }

    /// The secret of the e-cipher device of this serial number; [`Access::token`] spells it.
    pub fn device_secret(&self, serial: TokenNonce) -> [u8; 32] {
        *self.derived(b"cipher device 1", serial).as_bytes()
    }

    /// What stands for a password in the digest of a request, so that a journal alone does not help
    /// to guess it.
    pub fn blinded(&self, password: &str) -> [u8; 32] {
        let key = blake3::keyed_hash(&self.seal, b"password 1");
        *blake3::keyed_hash(key.as_bytes(), password.as_bytes()).as_bytes()
    }

    /// What is kept of the PIN of a card.
    pub fn pin_digest(&self, card: CardId, pin: &str) -> PinDigest {
        let key = blake3::keyed_hash(&self.seal, b"pin 1");
        let mut hasher = blake3::Hasher::new_keyed(key.as_bytes());
        hasher
            .update(card.to_string().as_bytes())
            .update(b" ")
            .update(pin.as_bytes());
        let mut digest = PinDigest::default();
        digest
            .0
            .copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        digest
    }

    /// The key that codes sent by SMS derive from.
    pub fn sms_key(&self) -> &SmsKey {
        &self.sms_key
    }
}

/// The digest under which a token is known.
pub fn digest(token: &str) -> TokenDigest {
    TokenDigest(*blake3::hash(token.as_bytes()).as_bytes())
}

fn random_token() -> io::Result<String> {
    let mut bytes = TokenDigest([0; 32]);
    SysRng
        .try_fill_bytes(&mut bytes.0)
        .map_err(io::Error::other)?;
    Ok(bytes.to_string())
}

/// A fresh salt for a password.
pub fn random_salt() -> io::Result<[u8; 16]> {
    let mut salt = [0; 16];
    SysRng.try_fill_bytes(&mut salt).map_err(io::Error::other)?;
    Ok(salt)
}

/// A number that tells the request ids of two runs apart.
pub fn random_prefix() -> io::Result<u32> {
    SysRng.try_next_u32().map_err(io::Error::other)
}

/// A number to be drawn.
pub fn random_number() -> io::Result<u64> {
    SysRng.try_next_u64().map_err(io::Error::other)
}

/// Writes a file that only its owner may read, whole or not at all.
fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    let mut options = owner_only();
    let mut file = options.create(true).truncate(true).open(&unfinished)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

fn bad_file(path: &Path, expected: &str) -> io::Error {
    let message = format!("{} does not hold {expected}", path.display());
    io::Error::new(io::ErrorKind::InvalidData, message)
}
