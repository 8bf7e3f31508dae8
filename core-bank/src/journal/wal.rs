//! What `SQLite` would silently leave out of a damaged write-ahead log.
//!
//! `SQLite` reads its log up to the first frame whose checksum is wrong and takes that for the end: right
//! for a commit that a crash cut short, wrong for a bit that flipped in the middle, behind which durable
//! commits lie. Here both are told apart, before `SQLite` opens the file. A frame's checksum continues
//! that of the frame before, so a later frame shows by the checksum *stored* before it that it is whole.
//! Each commit is synced before the next begins: when a whole frame follows the commit that the wrong
//! frame belongs to, that commit was durable. The format is <https://www.sqlite.org/fileformat2.html#walformat>.

use std::{fs, io, path::Path};

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

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

/// Looks at the log beside a database file.
pub fn examine(database: &Path) -> io::Result<WalState> {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    match fs::read(path) {
        Ok(bytes) => Ok(judge(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(WalState::Whole),
        Err(error) => Err(error),
    }
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
