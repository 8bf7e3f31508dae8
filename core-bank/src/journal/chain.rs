//! The bytes of a group, and the hash chain that shows whether they are the bytes once written.
//!
//! A group is a run of `length (4 bytes, little endian) · record · hash (32 bytes)`, where
//! `hash = BLAKE3(hash before · record)`. To change a record unseen one has to rewrite every hash
//! after it, and the last one is what an operator keeps elsewhere.
//!
//! A record is its version and then its members in the wire format of postcard
//! (<https://postcard.jamesmunns.com/wire-format>): about a hundred bytes a transfer.

use std::fmt;

use bytes::{Buf as _, Bytes};

use super::{JournalError, RECORD_VERSION, Record};

/// The hash over all records up to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHash([u8; 32]);

impl ChainHash {
    /// The hash before the first record.
    pub const GENESIS: Self = Self([0; 32]);

    /// Reads 64 hexadecimal digits, as `bank verify` prints them.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The 32 bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash of these 32 bytes.
    pub fn of_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn then(self, record: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0).update(record);
        Self(*hasher.finalize().as_bytes())
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A record as read, with the bytes and the hash that were stored.
#[derive(Clone, Debug)]
pub struct Link {
    /// The record.
    pub record: Record,
    bytes: Bytes,
    hash: ChainHash,
}

impl Link {
    /// The chain hash that is stored with the record.
    pub fn hash(&self) -> ChainHash {
        self.hash
    }

    /// Checks that this record follows record `seq` whose chain hash is `before`; returns its own.
    pub fn check(&self, seq: u64, before: ChainHash) -> Result<ChainHash, JournalError> {
        let damaged = |what: String| JournalError::Damaged { seq: seq + 1, what };
        if self.record.seq != seq + 1 {
            return Err(damaged(format!(
                "record {} stands in its place",
                self.record.seq
            )));
        }
        if before.then(&self.bytes) != self.hash {
            return Err(damaged(
                "its hash does not follow from the record before".to_owned(),
            ));
        }
        Ok(self.hash)
    }
}

/// The bytes of a group that follows the chain hash `before`, and the chain hash after it.
pub fn encode_group(
    before: ChainHash,
    group: &[Record],
) -> Result<(Vec<u8>, ChainHash), JournalError> {
    let mut bytes = Vec::with_capacity(group.len() * 256);
    let mut hash = before;
    for record in group {
        let at = bytes.len();
        bytes.extend_from_slice(&[0; 4]);
        bytes = postcard::to_extend(record, bytes)
            .map_err(|error| JournalError::Unusable(error.to_string()))?;
        let length = u32::try_from(bytes.len() - at - 4)
            .map_err(|_| JournalError::Unusable("a record is larger than 4 GiB".to_owned()))?;
        bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        hash = hash.then(&bytes[at + 4..]);
        bytes.extend_from_slice(&hash.0);
    }
    Ok((bytes, hash))
}

/// Reads the records of a group whose first should be number `first`. The chain is checked by
/// [`Link::check`], which needs the hash before.
pub fn decode_group(first: u64, bytes: Bytes) -> Result<Vec<Link>, JournalError> {
    match decode_sound(first, bytes) {
        (links, None) => Ok(links),
        (_, Some(error)) => Err(error),
    }
}

/// Reads the records before the first that cannot be read, and says what is wrong with that one.
pub fn decode_sound(first: u64, mut bytes: Bytes) -> (Vec<Link>, Option<JournalError>) {
    let mut links = Vec::with_capacity(bytes.len() / 128);
    while !bytes.is_empty() {
        match decode_link(first + links.len() as u64, &mut bytes) {
            Ok(link) => links.push(link),
            Err(error) => return (links, Some(error)),
        }
    }
    (links, None)
}

/// Takes the first record off `bytes`.
fn decode_link(seq: u64, bytes: &mut Bytes) -> Result<Link, JournalError> {
    let damaged = |what: &str| JournalError::Damaged {
        seq,
        what: what.to_owned(),
    };
    let whole = bytes.clone();
    let torn = || {
        if holds_a_link(&whole) {
            damaged("its length is not that of its bytes")
        } else {
            JournalError::Torn { seq }
        }
    };
    let (length, _) = bytes.split_first_chunk::<4>().ok_or_else(torn)?;
    let length = u32::from_le_bytes(*length) as usize;
    bytes.advance(4);
    if bytes.len() < length {
        return Err(torn());
    }
    let body = bytes.split_to(length);
    let (hash, _) = bytes.split_first_chunk::<32>().ok_or_else(torn)?;
    let hash = ChainHash(*hash);
    bytes.advance(32);
    if let Some(version) = body.first().filter(|version| **version != RECORD_VERSION) {
        return Err(damaged(&format!(
            "it has version {version}, and this program reads version {RECORD_VERSION}"
        )));
    }
    let (record, unread): (Record, &[u8]) = postcard::take_from_bytes(&body)
        .map_err(|error| damaged(&format!("it does not read as a record ({error})")))?;
    if !unread.is_empty() {
        return Err(damaged("it is longer than a record"));
    }
    if record.seq != seq {
        return Err(damaged(&format!(
            "record {} stands in its place",
            record.seq
        )));
    }
    Ok(Link {
        record,
        bytes: body,
        hash,
    })
}

/// Whether a record stands anywhere in `bytes` that follows by its hash from the 32 bytes before it:
/// then whatever is before it was damaged, not torn.
fn holds_a_link(bytes: &[u8]) -> bool {
    let follows = |rest: &[u8]| {
        let (before, rest) = rest.split_first_chunk::<32>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (body, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let (hash, _) = rest.split_first_chunk::<32>()?;
        Some(ChainHash(*before).then(body) == ChainHash(*hash))
    };
    (0..bytes.len()).any(|place| follows(&bytes[place..]).unwrap_or(false))
}

/// The lengths of a group's records with their hashes, in order, as far as they are whole.
fn lengths(mut bytes: &[u8]) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let (length, _) = bytes.split_first_chunk::<4>()?;
        let whole = 4 + u32::from_le_bytes(*length) as usize + 32;
        bytes = bytes.get(whole..)?;
        Some(whole)
    })
}

/// How many whole records a group's bytes hold, whether or not they are sound.
pub fn records_in(bytes: &[u8]) -> u64 {
    lengths(bytes).count() as u64
}

/// How long a group's records up to number `last` are, when its first is number `first`.
pub fn length_of(first: u64, bytes: &[u8], last: u64) -> usize {
    let count = (last + 1).saturating_sub(first);
    lengths(bytes)
        .take(usize::try_from(count).unwrap_or(usize::MAX))
        .sum()
}
