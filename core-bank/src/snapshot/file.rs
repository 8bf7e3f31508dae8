//! The file of a snapshot: `magic (16 bytes) · rules (32) · record (8, little endian) · chain hash (32) ·
//! state in the wire format of postcard · BLAKE3 of all before (32)`.
//!
//! It is written and read some at a time: whole it would take as much memory as the state itself, and
//! beside a bank that serves nobody may keep the processor or the disk for long.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Seek as _, Write as _},
    path::Path,
    thread,
    time::Duration,
};

use postcard::de_flavors::Flavor;
use serde::Deserialize as _;

use super::Snapshot;
use crate::{journal::ChainHash, rules::State};

const MAGIC: &[u8; 16] = b"bank snapshot 1\n";
const HASH: usize = 32;
const HEAD: usize = MAGIC.len() + HASH + 8 + HASH;

/// Which rules made a snapshot: the digest of their sources.
const RULES: &str = env!("RULES_FINGERPRINT");

/// Bytes that are written or read at a time, and that may wait for a sync.
const PIECE: usize = 64 * 1024;
const UNSYNCED_MAX: usize = 512 * 1024;

/// How long a thread rests after each piece, which takes it some tenths of a millisecond.
const REST: Duration = Duration::from_millis(1);

/// How a snapshot is written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Nobody is served yet.
    Haste,
    /// Beside a bank that serves. Yielding is not enough: two threads that wait for each other by turns
    /// get more than their share.
    Leisure,
}

impl Pace {
    /// Rests after a piece of work, where there is leisure.
    pub fn rest(self) {
        if self == Self::Leisure {
            thread::sleep(REST);
        }
    }
}

/// Writes a snapshot into a file, over whatever it holds, and gives the file back, unsynced.
pub fn write(state: &State, head: ChainHash, file: File, pace: Pace) -> io::Result<File> {
    let unsynced = 0;
    let sink = Patient {
        file,
        unsynced,
        pace,
    };
    let mut file = encode(state, head, sink)?.file;
    let written = file.stream_position()?;
    file.set_len(written)?;
    Ok(file)
}

/// A file that is never given much to sync, since the journal's next sync may have to wait for it.
struct Patient {
    file: File,
    unsynced: usize,
    pace: Pace,
}

impl io::Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.unsynced += written;
        if self.unsynced >= UNSYNCED_MAX {
            self.file.sync_data()?;
            self.unsynced = 0;
        }
        self.pace.rest();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A sink that knows the checksum of what went into it.
struct Summed<W> {
    sink: W,
    sum: blake3::Hasher,
}

impl<W: io::Write> io::Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Writes a snapshot into a sink, and gives the sink back.
fn encode<W: io::Write>(state: &State, head: ChainHash, sink: W) -> io::Result<W> {
    let sum = blake3::Hasher::new();
    let mut out = BufWriter::with_capacity(PIECE, Summed { sink, sum });
    out.write_all(MAGIC)?;
    out.write_all(&rules_fingerprint())?;
    out.write_all(&state.seq().to_le_bytes())?;
    out.write_all(head.bytes())?;
    let out = postcard::to_io(state, out).map_err(io::Error::other)?;
    let Summed { mut sink, sum } = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    sink.write_all(sum.finalize().as_bytes())?;
    Ok(sink)
}

fn rules_fingerprint() -> [u8; 32] {
    *blake3::hash(RULES.as_bytes()).as_bytes()
}

/// Reads a snapshot, or says why it is not to be believed. The file is read twice: what has the wrong
/// checksum is not looked into.
pub fn read(path: &Path, pace: Pace) -> Result<Snapshot, String> {
    let as_text = |error: io::Error| error.to_string();
    let mut file = File::open(path).map_err(as_text)?;
    let content = check(&mut file, pace)?;
    file.rewind().map_err(as_text)?;
    let mut file = file.take(content);
    let mut head = [0; HEAD];
    file.read_exact(&mut head).map_err(as_text)?;
    let (rules, rest) = head[MAGIC.len()..].split_at(HASH);
    if rules != rules_fingerprint() {
        return Err("other rules made it".to_owned());
    }
    let (seq, hash) = rest.split_at(8);
    let seq = seq.try_into().map(u64::from_le_bytes).unwrap_or_default();
    let hash = hash.try_into().map(ChainHash::of_bytes);
    let mut state = postcard::Deserializer::from_flavor(Pieces::of(file, pace));
    let state = State::deserialize(&mut state).map_err(|error| error.to_string())?;
    match hash {
        Ok(head) if state.seq() == seq && state.ledger_sum() == 0 => Ok(Snapshot { state, head }),
        _ => Err("its state is not the one that it names".to_owned()),
    }
}

/// Checks the magic and the checksum of a whole file; how many bytes come before the checksum.
fn check(file: &mut File, pace: Pace) -> Result<u64, String> {
    let as_text = |error: io::Error| error.to_string();
    let length = file.metadata().map_err(as_text)?.len();
    let content = length.checked_sub(HASH as u64);
    let content = content.filter(|content| *content >= HEAD as u64);
    let Some(content) = content else {
        return Err("it is too short".to_owned());
    };
    let mut magic = [0; MAGIC.len()];
    file.read_exact(&mut magic).map_err(as_text)?;
    if magic != *MAGIC {
        return Err("it is no snapshot of this version".to_owned());
    }
    let mut sum = blake3::Hasher::new();
    sum.update(&magic);
    let mut rest = file.take(content - magic.len() as u64);
    let mut piece = vec![0; PIECE];
    loop {
        let read = rest.read(&mut piece).map_err(as_text)?;
        if read == 0 {
            break;
        }
        sum.update(&piece[..read]);
        pace.rest();
    }
    let mut checksum = [0; HASH];
    file.read_exact(&mut checksum).map_err(as_text)?;
    if sum.finalize() != checksum {
        return Err("its checksum does not hold".to_owned());
    }
    Ok(content)
}

/// Bytes to deserialize, which come from their source a piece at a time.
struct Pieces<R> {
    source: R,
    piece: Vec<u8>,
    /// What was not taken yet, within the piece.
    rest: std::ops::Range<usize>,
    pace: Pace,
}

impl<R: Read> Pieces<R> {
    fn of(source: R, pace: Pace) -> Self {
        Self {
            source,
            piece: vec![0; PIECE],
            rest: 0..0,
            pace,
        }
    }

    /// Gets at least so many bytes together.
    #[cold]
    fn fetch(&mut self, count: usize) -> postcard::Result<()> {
        self.pace.rest();
        self.piece.copy_within(self.rest.clone(), 0);
        self.rest = 0..self.rest.len();
        while self.rest.len() < count {
            // No length that a file claims is believed before its bytes are there.
            if self.piece.len() == self.rest.end {
                self.piece.resize(2 * self.piece.len(), 0);
            }
            match self.source.read(&mut self.piece[self.rest.end..]) {
                Ok(read) if read > 0 => self.rest.end += read,
                _ => return Err(postcard::Error::DeserializeUnexpectedEnd),
            }
        }
        Ok(())
    }
}

impl<'de, R: Read + 'de> Flavor<'de> for Pieces<R> {
    type Remainder = ();
    type Source = R;

    #[inline]
    fn pop(&mut self) -> postcard::Result<u8> {
        if self.rest.is_empty() {
            self.fetch(1)?;
        }
        let byte = self.piece[self.rest.start];
        self.rest.start += 1;
        Ok(byte)
    }

    /// Nothing in a state borrows from what it is read from.
    fn try_take_n(&mut self, _: usize) -> postcard::Result<&'de [u8]> {
        Err(postcard::Error::WontImplement)
    }

    #[inline]
    fn try_take_n_temp<'a>(&'a mut self, count: usize) -> postcard::Result<&'a [u8]>
    where
        'de: 'a,
    {
        if self.rest.len() < count {
            self.fetch(count)?;
        }
        let start = self.rest.start;
        self.rest.start += count;
        Ok(&self.piece[start..start + count])
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn whatever_byte_of_a_snapshot_is_changed_or_missing_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("snapshot-0.bin");
        let bytes = encode(&State::default(), ChainHash::GENESIS, Vec::new()).unwrap();
        fs::write(&path, &bytes).unwrap();
        let read = |path| read(path, Pace::Haste);
        assert_eq!(read(&path).unwrap().state, State::default());
        for place in 0..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[place] ^= 1;
            fs::write(&path, &wrong).unwrap();
            assert!(read(&path).is_err(), "byte {place}");
            fs::write(&path, &bytes[..place]).unwrap();
            assert!(read(&path).is_err(), "{place} bytes");
        }
    }

    /// A source that gives a few bytes at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let most = into.len().min(7);
            self.0.read(&mut into[..most])
        }
    }

    #[test]
    fn what_comes_in_pieces_is_read_as_what_comes_whole() {
        type Things = Vec<(u64, String, Option<i128>, [u8; 3], f64)>;
        let thing = |number: u64| {
            let text = "字".repeat(number as usize % 300);
            let some = number
                .is_multiple_of(3)
                .then_some(-i128::from(number) << 70);
            (number << 40, text, some, [1, 2, number as u8], 0.5)
        };
        let mut things: Things = (0..2_000).map(thing).collect();
        // Longer than a piece.
        things.push((1, "long".repeat(PIECE), None, [0; 3], 1.0));
        let bytes = postcard::to_stdvec(&things).unwrap();
        let mut slow = postcard::Deserializer::from_flavor(Pieces::of(Slow(&bytes), Pace::Haste));
        assert_eq!(Things::deserialize(&mut slow).unwrap(), things);
        let short = Slow(&bytes[..bytes.len() - 1]);
        let mut short = postcard::Deserializer::from_flavor(Pieces::of(short, Pace::Haste));
        let ended = Things::deserialize(&mut short);
        assert_eq!(ended, Err(postcard::Error::DeserializeUnexpectedEnd));
        // A length that nothing stands behind takes no memory.
        let claimed = postcard::to_stdvec(&(1_u64 << 60)).unwrap();
        let mut claims =
            postcard::Deserializer::from_flavor(Pieces::of(Slow(&claimed), Pace::Haste));
        assert!(String::deserialize(&mut claims).is_err());
        assert!(
            Things::deserialize(&mut postcard::Deserializer::from_flavor(Pieces::of(
                Slow(&claimed),
                Pace::Haste
            )))
            .is_err()
        );
    }
}
