//! What `SQLite` would silently leave out of a damaged write-ahead log.
//!
//! `SQLite` reads its log up to the first frame whose checksum is wrong and takes that for the end: right
//! for a commit that a crash cut short, wrong for a bit that flipped in the middle, behind which durable
//! commits lie. Here both are told apart, before `SQLite` opens the file. A frame's checksum continues
//! that of the frame before, so a later frame shows by the checksum *stored* before it that it is whole.
//! Each commit is synced before the next begins: when a whole frame follows the commit that the wrong
//! frame belongs to, that commit was durable. The format is <https://www.sqlite.org/fileformat2.html#walformat>.
//!
//! A server may be writing the log meanwhile, and what is read then may be old in front and new behind.
//! A log that begins anew gets another head before its first frame, and a frame is written after those
//! before it: what is wrong in one reading and still is in the next, between heads that stayed, is damage
//! and no race.

use std::{fs, io, path::Path, thread, time::Duration};

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Readings before a log counts as one that changes too fast. A log begins anew every 64 groups at most,
/// and each such beginning must fall into a reading to spoil it.
const READINGS_MAX: usize = 50;
const BETWEEN_READINGS: Duration = Duration::from_millis(5);

/// What a write-ahead log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalState {
    /// Nothing is missing.
    Whole,
    /// It ends with a commit that was never durable.
    TornEnd,
    /// Commits follow this wrong frame (counted from 1; 0 is the log's head): they would be lost.
    Damaged(usize),
}

/// Looks at the log beside a database file, which may be being written.
pub fn examine(database: &Path) -> io::Result<WalState> {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    settle(
        || match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        },
        || thread::sleep(BETWEEN_READINGS),
    )
}

/// Reads until the log is sound or three readings agree that it is not: the second saw all that was
/// being written at the first, and the third that the log did not begin anew during the second.
fn settle(
    mut read: impl FnMut() -> io::Result<Vec<u8>>,
    mut pause: impl FnMut(),
) -> io::Result<WalState> {
    let (mut before, mut agreeing) = (None, 0);
    for _ in 0..READINGS_MAX {
        let mut bytes = read()?;
        let state = judge(&bytes);
        if !matches!(state, WalState::Damaged(_)) {
            return Ok(state);
        }
        bytes.truncate(HEADER);
        let found = Some((state, bytes));
        agreeing = if found == before { agreeing + 1 } else { 1 };
        if agreeing == 3 {
            return Ok(state);
        }
        before = found;
        pause();
    }
    Err(io::Error::other(
        "its log changes faster than it can be examined: try again when the bank is less busy",
    ))
}

fn judge(bytes: &[u8]) -> WalState {
    let Some(log) = Log::read(bytes) else {
        // Too short for a frame: nothing was committed into it. A log's head is synced before its
        // first frame, so a head that is no head was damaged afterwards.
        let empty = bytes.len() < HEADER + FRAME_HEADER || bytes.iter().all(|byte| *byte == 0);
        return if empty {
            WalState::Whole
        } else {
            WalState::Damaged(0)
        };
    };
    let mut sum = log.sum;
    let mut committed = true;
    for (place, frame) in log.frames().enumerate() {
        let follows = frame.follows(&log, sum);
        if !follows {
            return log.judge_from(place, committed);
        }
        committed = frame.commits();
        sum = frame.sum();
    }
    if committed {
        WalState::Whole
    } else {
        WalState::TornEnd
    }
}

/// A log with a head that can be believed.
struct Log<'a> {
    frames: &'a [u8],
    frame_length: usize,
    salts: &'a [u8],
    big_endian: bool,
    sum: (u32, u32),
}

fn word(bytes: &[u8], place: usize) -> u32 {
    let word = bytes
        .get(place..place + 4)
        .and_then(|word| word.try_into().ok());
    word.map_or(0, u32::from_be_bytes)
}

impl<'a> Log<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (head, frames) = bytes.split_at_checked(HEADER)?;
        let magic = word(head, 0);
        let page = word(head, 8) as usize;
        let known = magic & !1 == 0x377f_0682;
        if !known || !page.is_power_of_two() || !(512..=65_536).contains(&page) {
            return None;
        }
        let log = Self {
            frames,
            frame_length: FRAME_HEADER + page,
            salts: &head[16..24],
            big_endian: magic & 1 == 1,
            sum: (word(head, 24), word(head, 28)),
        };
        (log.checksum((0, 0), &head[..24]) == log.sum).then_some(log)
    }

    fn checksum(&self, (mut first, mut second): (u32, u32), bytes: &[u8]) -> (u32, u32) {
        let number = |bytes: &[u8]| {
            let number = word(bytes, 0);
            if self.big_endian {
                number
            } else {
                number.swap_bytes()
            }
        };
        for pair in bytes.chunks_exact(8) {
            first = first.wrapping_add(number(&pair[..4])).wrapping_add(second);
            second = second.wrapping_add(number(&pair[4..])).wrapping_add(first);
        }
        (first, second)
    }

    fn frames(&self) -> impl Iterator<Item = Frame<'a>> {
        self.frames.chunks_exact(self.frame_length).map(Frame)
    }

    /// What the frames from a wrong one on mean; `between` when it begins a commit.
    fn judge_from(&self, wrong: usize, between: bool) -> WalState {
        let frames: Vec<Frame> = self.frames().skip(wrong).collect();
        let whole = |place: usize| frames[place].follows(self, frames[place - 1].sum());
        let ours = |frame: &Frame| &frame.0[8..16] == self.salts;
        // The end of the commit that the wrong frame belongs to.
        let closing = frames.iter().position(Frame::commits);
        let later = closing.is_some_and(|closing| (closing + 1..frames.len()).any(whole));
        if later {
            return WalState::Damaged(wrong + 1);
        }
        // Behind the end lie frames of an earlier use of the file, with other salts.
        if between && frames.first().is_none_or(|frame| !ours(frame)) && !frames.iter().any(ours) {
            WalState::Whole
        } else {
            WalState::TornEnd
        }
    }
}

/// One page as it was written to the log.
struct Frame<'a>(&'a [u8]);

impl Frame<'_> {
    fn commits(&self) -> bool {
        word(self.0, 4) != 0
    }

    /// The checksum that is stored with it.
    fn sum(&self) -> (u32, u32) {
        (word(self.0, 16), word(self.0, 20))
    }

    fn follows(&self, log: &Log, before: (u32, u32)) -> bool {
        let sum = log.checksum(before, &self.0[..8]);
        &self.0[8..16] == log.salts && log.checksum(sum, &self.0[FRAME_HEADER..]) == self.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log of some commits, and the one that took its place after a checkpoint and two commits more.
    fn logs() -> (Vec<u8>, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.sqlite");
        let file = rusqlite::Connection::open(&path).unwrap();
        let begin = "PRAGMA journal_mode=WAL; CREATE TABLE some (number INTEGER) STRICT;";
        file.execute_batch(begin).unwrap();
        let insert = || {
            file.execute("INSERT INTO some VALUES (7)", []).unwrap();
        };
        let log = || fs::read(folder.path().join("some.sqlite-wal")).unwrap();
        (0..5).for_each(|_| insert());
        let first = log();
        file.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
            .unwrap();
        (0..2).for_each(|_| insert());
        (first, log())
    }

    /// What is found when the log is read as these, one after the other.
    fn found(readings: &[&[u8]]) -> WalState {
        let mut readings = readings.iter();
        settle(|| Ok(readings.next().unwrap().to_vec()), || ()).unwrap()
    }

    #[test]
    fn damage_is_what_every_reading_shows_and_a_race_with_the_writer_is_none() {
        let (first, second) = logs();
        assert_eq!(
            (judge(&first), judge(&second)),
            (WalState::Whole, WalState::Whole)
        );
        assert_ne!(first[..HEADER], second[..HEADER]);
        let frame = FRAME_HEADER + 4_096;
        let mut flipped = first.clone();
        flipped[HEADER + 100] ^= 1;
        assert_eq!(found(&[&flipped, &flipped, &flipped]), WalState::Damaged(1));
        // The old head was read, and the log began anew before its first frame was.
        let mut began_anew = first.clone();
        began_anew[HEADER..HEADER + frame].copy_from_slice(&second[HEADER..HEADER + frame]);
        assert_eq!(judge(&began_anew), WalState::Damaged(1));
        assert_eq!(found(&[&began_anew, &second]), WalState::Whole);
        assert_eq!(found(&[&began_anew, &began_anew, &second]), WalState::Whole);
        // A frame was read before it was written, and those behind it after.
        let mut late = first.clone();
        late[HEADER + frame..HEADER + 2 * frame].fill(0);
        assert!(matches!(judge(&late), WalState::Damaged(_)));
        assert_eq!(found(&[&late, &first]), WalState::Whole);
        // A log that is another one at each reading.
        let mut damaged = [first, second];
        for log in &mut damaged {
            log[HEADER + 100] ^= 1;
        }
        let mut reading = 0;
        let never = settle(
            || {
                reading += 1;
                Ok(damaged[reading % 2].clone())
            },
            || (),
        );
        let error = never.unwrap_err().to_string();
        assert!(error.contains("try again"), "{error}");
    }
}
