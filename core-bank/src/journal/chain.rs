//! The bytes of a group, and the hash chain that shows whether they are the bytes once written.
//!
//! A group is a run of `length (4 bytes, little endian) · record · hash (32 bytes)`, where
//! `hash = BLAKE3(hash before · record)`. To change a record unseen one has to rewrite every hash
//! after it, and the last one is what an operator keeps elsewhere.
//!
//! A record is its version and then its members in the wire format of postcard
//! (<https://postcard.jamesmunns.com/wire-format>): about a hundred bytes a transfer.

use std::fmt;

use bytes::Bytes;

use serde::Deserialize;

use super::{
    JournalError, RECORD_VERSION, Record,
    record::{RecordHead, RecordRest},
};

/// Bytes that hold most records with their lengths and hashes: an authorised payment has the most that come
/// often.
const USUAL_LENGTH: usize = 384;

/// The longest hash and record that are copied together before they are hashed.
const HASHED_IN_ONE_PIECE: usize = 512;

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

    /// The hash after this record. Records are short, and BLAKE3 is faster over few bytes when they
    /// are handed to it in one piece.
    fn then(self, record: &[u8]) -> Self {
        let mut piece = [0; HASHED_IN_ONE_PIECE];
        let length = self.0.len() + record.len();
        let hash = match piece.get_mut(..length) {
            Some(piece) => {
                let (before, rest) = piece.split_at_mut(self.0.len());
                before.copy_from_slice(&self.0);
                rest.copy_from_slice(record);
                blake3::hash(piece)
            }
            None => blake3::Hasher::new()
                .update(&self.0)
                .update(record)
                .finalize(),
        };
        Self(*hash.as_bytes())
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A record as it is stored: its bytes and its hash, not read yet.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The number of its place.
    pub seq: u64,
    bytes: &'a [u8],
    hash: ChainHash,
}

impl<'a> Frame<'a> {
    /// The chain hash that is stored with it.
    pub fn hash(&self) -> ChainHash {
        self.hash
    }

    /// Checks that it follows record `seq` whose chain hash is `before`; returns its own.
    pub fn check(&self, seq: u64, before: ChainHash) -> Result<ChainHash, JournalError> {
        if self.seq != seq + 1 {
            let what = format!("record {} stands in its place", self.seq);
            return Err(JournalError::Damaged { seq: seq + 1, what });
        }
        if before.then(self.bytes) != self.hash {
            return Err(self.damaged("its hash does not follow from the record before"));
        }
        Ok(self.hash)
    }

    /// Reads the record, which must be the one of this place.
    pub fn record(&self) -> Result<Record, JournalError> {
        self.check_version(self.bytes.first().copied())?;
        let (record, unread) = self.take::<Record>(self.bytes)?;
        self.check_place(record.seq)?;
        self.check_end(unread)?;
        Ok(record)
    }

    /// Reads the beginning of the record, and returns the bytes after it.
    pub(crate) fn head(&self) -> Result<(RecordHead<'a>, &'a [u8]), JournalError> {
        self.check_version(self.bytes.first().copied())?;
        let (head, rest) = self.take::<RecordHead>(self.bytes)?;
        self.check_place(head.seq)?;
        Ok((head, rest))
    }

    /// Reads what follows the beginning of record `seq`.
    pub(crate) fn read_rest(seq: u64, bytes: &'a [u8]) -> Result<RecordRest, JournalError> {
        let frame = Self {
            seq,
            bytes,
            hash: ChainHash::GENESIS,
        };
        let (rest, unread) = frame.take::<RecordRest>(bytes)?;
        frame.check_end(unread)?;
        Ok(rest)
    }

    fn take<T: Deserialize<'a>>(&self, bytes: &'a [u8]) -> Result<(T, &'a [u8]), JournalError> {
        postcard::take_from_bytes(bytes)
            .map_err(|error| self.damaged(&format!("it does not read as a record ({error})")))
    }

    fn check_version(&self, found: Option<u8>) -> Result<(), JournalError> {
        match found {
            None | Some(RECORD_VERSION) => Ok(()),
            Some(version) => Err(self.damaged(&format!(
                "it has version {version}, and this program reads version {RECORD_VERSION}"
            ))),
        }
    }

    fn check_place(&self, found: u64) -> Result<(), JournalError> {
        if found == self.seq {
            Ok(())
        } else {
            Err(self.damaged(&format!("record {found} stands in its place")))
        }
    }

    fn check_end(&self, unread: &[u8]) -> Result<(), JournalError> {
        if unread.is_empty() {
            Ok(())
        } else {
            Err(self.damaged("it is longer than a record"))
        }
    }

    fn damaged(&self, what: &str) -> JournalError {
        JournalError::Damaged {
            seq: self.seq,
            what: what.to_owned(),
        }
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
        let frame = Frame {
            seq: self.record.seq,
            bytes: &self.bytes,
            hash: self.hash,
        };
        frame.check(seq, before)
    }
}

/// A stored group: the bytes of a run of records.
#[derive(Clone, Debug)]
pub struct Group {
    /// The number of its first record.
    pub first: u64,
    /// The number of its last record, where the journal keeps it.
    pub last: Option<u64>,
    /// `length · record · hash`, again and again.
    pub bytes: Bytes,
}

impl Group {
    /// Its records one after the other, unread. The first that is not whole ends them, and so does
    /// a number of records that is not the one that the group claims.
    pub fn frames(&self) -> Frames<'_> {
        Frames {
            next: self.first,
            last: self.last,
            bytes: &self.bytes,
            ended: false,
        }
    }

    /// The records before the first that cannot be read, and what is wrong with that one.
    pub fn links(&self) -> (Vec<Link>, Option<JournalError>) {
        let mut links = Vec::with_capacity(self.bytes.len() / 128);
        for frame in self.frames() {
            let link = frame.and_then(|frame| {
                Ok(Link {
                    record: frame.record()?,
                    bytes: self.bytes.slice_ref(frame.bytes),
                    hash: frame.hash,
                })
            });
            match link {
                Ok(link) => links.push(link),
                Err(error) => return (links, Some(error)),
            }
        }
        (links, None)
    }

    /// How many records after record `seq` it claims to hold.
    pub fn records_after(&self, seq: u64) -> u64 {
        let next = match self.last {
            Some(last) => last.saturating_add(1),
            None => self.first.saturating_add(records_in(&self.bytes)),
        };
        next.saturating_sub(self.first.max(seq.saturating_add(1)))
    }
}

/// The records of a group, unread.
pub struct Frames<'a> {
    next: u64,
    last: Option<u64>,
    bytes: &'a [u8],
    ended: bool,
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<Frame<'a>, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let beyond = self.last.is_some_and(|last| self.next > last);
        let frame = match (self.bytes.is_empty(), beyond) {
            (true, true) => return None,
            (true, false) if self.last.is_none() => return None,
            (true, false) => Err(JournalError::Torn { seq: self.next }),
            (false, true) => Err(JournalError::Damaged {
                seq: self.next,
                what: format!("its group should end with record {}", self.next - 1),
            }),
            (false, false) => take_frame(self.next, &mut self.bytes),
        };
        self.ended = frame.is_err();
        self.next += 1;
        Some(frame)
    }
}

/// The bytes of a group that follows the chain hash `before`, and the chain hash after it.
pub fn encode_group(
    before: ChainHash,
    group: &[Record],
) -> Result<(Vec<u8>, ChainHash), JournalError> {
    let mut bytes = Vec::with_capacity(group.len() * USUAL_LENGTH);
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
    let group = Group {
        first,
        last: None,
        bytes,
    };
    match group.links() {
        (links, None) => Ok(links),
        (_, Some(error)) => Err(error),
    }
}

/// Takes the first record off `bytes`.
fn take_frame<'a>(seq: u64, bytes: &mut &'a [u8]) -> Result<Frame<'a>, JournalError> {
    let whole = *bytes;
    let torn = || {
        if holds_a_link(whole) {
            let what = "its length is not that of its bytes".to_owned();
            JournalError::Damaged { seq, what }
        } else {
            JournalError::Torn { seq }
        }
    };
    let (length, rest) = whole.split_first_chunk::<4>().ok_or_else(torn)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (body, rest) = rest.split_at_checked(length).ok_or_else(torn)?;
    let (hash, rest) = rest.split_first_chunk::<32>().ok_or_else(torn)?;
    *bytes = rest;
    Ok(Frame {
        seq,
        bytes: body,
        hash: ChainHash(*hash),
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
