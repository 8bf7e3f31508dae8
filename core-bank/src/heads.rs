//! Where requests begin and end in the bytes of a connection.
//!
//! hyper reads ahead: part of a next head may wait in its buffer while a request is answered, and
//! nobody is told. So the bytes are followed on their way in: a head ends with an empty line, and the
//! length of a body is told when its head was read.

/// Follows the bytes of one connection.
#[derive(Default)]
pub struct Heads {
    place: Place,
    /// Bytes that follow a whole head and whose meaning nobody has told yet.
    waiting: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Place {
    /// In a head or before one.
    Head {
        /// Whether there is anything of it but empty lines.
        begun: bool,
        /// Whether its current line is empty so far.
        line_empty: bool,
    },
    /// A head is whole, and the length of its body is yet to be told.
    Whole,
    /// So many bytes of a body are to come.
    Body(u64),
    /// Somewhere in or after a body without a length; the two flags say what the last bytes were.
    Lost {
        /// Whether the current line is empty so far.
        line_empty: bool,
        /// Whether the last byte ended an empty line.
        ended: bool,
    },
}

impl Default for Place {
    fn default() -> Self {
        Self::Head {
            begun: false,
            line_empty: true,
        }
    }
}

impl Heads {
    /// Bytes arrived.
    pub fn arrived(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match &mut self.place {
                Place::Head { begun, line_empty } => {
                    let Some(after) = end_of_head(bytes, begun, line_empty) else {
                        return;
                    };
                    self.place = Place::Whole;
                    &bytes[after..]
                }
                Place::Whole => return self.waiting.extend_from_slice(bytes),
                Place::Body(left) if *left > bytes.len() as u64 => {
                    *left -= bytes.len() as u64;
                    return;
                }
                Place::Body(left) => {
                    // It is no longer than the bytes are.
                    let (_, next) = bytes.split_at(usize::try_from(*left).unwrap_or(bytes.len()));
                    self.place = Place::default();
                    next
                }
                Place::Lost { line_empty, ended } => {
                    for byte in bytes {
                        *ended = *byte == b'\n' && *line_empty;
                        *line_empty = *byte == b'\n' || (*byte == b'\r' && *line_empty);
                    }
                    return;
                }
            };
        }
    }

    /// A head was read, and a body of this length follows; `None` where its end shows only in itself.
    pub fn head_was_read(&mut self, length: Option<u64>) {
        let lost = Place::Lost {
            line_empty: false,
            ended: false,
        };
        self.place = match (self.place, length) {
            (Place::Whole, Some(length)) => Place::Body(length),
            _ => lost,
        };
        let mut waiting = std::mem::take(&mut self.waiting);
        self.arrived(&waiting);
        if self.waiting.is_empty() {
            waiting.clear();
            self.waiting = waiting;
        }
    }

    /// After an answer: whether part of the next head is there, and not all of it.
    pub fn is_in_head(&mut self) -> bool {
        match self.place {
            Place::Head { begun, line_empty } => begun || !line_empty,
            Place::Whole | Place::Body(0) => false,
            // What was answered before it had arrived is cut off as soon.
            Place::Body(_) => true,
            Place::Lost { ended, .. } => {
                // A body in chunks ends with an empty line.
                if ended {
                    self.place = Place::default();
                }
                !ended
            }
        }
    }
}

/// Where the first empty line after other lines ends. Empty lines may precede a head.
fn end_of_head(bytes: &[u8], begun: &mut bool, line_empty: &mut bool) -> Option<usize> {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', bytes) {
        *line_empty &= matches!(bytes[start..end], [] | [b'\r']);
        if *line_empty && *begun {
            return Some(end + 1);
        }
        *begun |= !*line_empty;
        *line_empty = true;
        start = end + 1;
    }
    *line_empty &= matches!(bytes[start..], [] | [b'\r']);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: &str = "GET / HTTP/1.1\r\nhost: bank\r\n\r\n";
    const POST: &str = "POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\n{\n\n}";
    const BARE: &str = "\r\nGET / HTTP/1.1\nhost: bank\n\n";

    /// What is there after all these bytes, however they are cut, and after so many answers.
    fn in_head(bytes: &str, lengths: &[Option<u64>]) -> bool {
        let bytes = bytes.as_bytes();
        let cut_at = |at: usize| {
            let mut heads = Heads::default();
            let (before, after) = bytes.split_at(at);
            heads.arrived(before);
            heads.arrived(after);
            for length in lengths {
                heads.head_was_read(*length);
            }
            heads.is_in_head()
        };
        let found: Vec<bool> = (0..=bytes.len()).map(cut_at).collect();
        assert!(found.iter().all(|it| *it == found[0]), "{found:?}");
        found[0]
    }

    #[test]
    fn what_follows_whole_requests_is_part_of_a_head_unless_it_is_nothing() {
        for (requests, lengths) in [
            (GET.to_owned(), vec![Some(0)]),
            (POST.to_owned(), vec![Some(4)]),
            (BARE.to_owned(), vec![Some(0)]),
            (format!("{GET}{POST}"), vec![Some(0), Some(4)]),
            (
                format!("{POST}{POST}{BARE}"),
                vec![Some(4), Some(4), Some(0)],
            ),
        ] {
            assert!(!in_head(&requests, &lengths), "{requests:?}");
            for begun in [
                "G",
                "GET / HTTP/1.1",
                "GET / HTTP/1.1\r\n",
                "GET / HTTP/1.1\r\nhost: bank\r\n",
            ] {
                let more = format!("{requests}{begun}");
                assert!(in_head(&more, &lengths), "{more:?}");
            }
            assert!(!in_head(&format!("{requests}{GET}"), &lengths), "whole");
        }
    }

    #[test]
    fn a_body_that_has_not_arrived_is_waited_for() {
        let mut heads = Heads::default();
        heads.arrived(&POST.as_bytes()[..POST.len() - 2]);
        heads.head_was_read(Some(4));
        assert!(heads.is_in_head());
        heads.arrived(b"\n}");
        assert!(!heads.is_in_head());
        heads.arrived(b"P");
        assert!(heads.is_in_head());
    }

    #[test]
    fn after_a_body_in_chunks_an_empty_line_is_an_end() {
        let chunked =
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{\n\n}\r\n0\r\n\r\n";
        assert!(!in_head(chunked, &[None]));
        assert!(in_head(&format!("{chunked}GET /"), &[None]));
        let mut heads = Heads::default();
        heads.arrived(chunked.as_bytes());
        heads.head_was_read(None);
        assert!(!heads.is_in_head());
        heads.arrived(GET.as_bytes());
        heads.head_was_read(Some(0));
        assert!(!heads.is_in_head());
    }
}
