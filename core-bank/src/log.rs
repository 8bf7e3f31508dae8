//! The log: a line of JSON for each event.
//!
//! Lines gather and are written together: a system call for each would cost as much as making the
//! line, and every request pays for both. A warning or an error is written at once, with all before
//! it; anything else a tenth of a second later at most. A bank that is killed loses the lines of that
//! time, none of which asks anybody to act.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// How long a line may wait.
const PAUSE: Duration = Duration::from_millis(100);

/// How many bytes wait at most, but for the last line.
const GATHERED_MAX: usize = 32 * 1024;

/// Has what `filter` lets through written to `output`, from here on and for as long as the process
/// lives. Once what is returned is dropped nothing waits any more.
///
/// # Errors
///
/// When the thread that writes cannot start.
///
/// # Panics
///
/// When the process has a log already.
pub fn start_log(
    output: impl Write + Send + 'static,
    filter: EnvFilter,
) -> io::Result<LogInProgress> {
    let log = Log::new(output);
    let writing = log.clone();
    thread::Builder::new()
        .name("bank-log".to_owned())
        .spawn(move || {
            loop {
                writing.wait_for_lines();
                thread::sleep(PAUSE);
                writing.gathered().write_out();
            }
        })?;
    tracing_subscriber::fmt()
        .json()
        // There are no spans to look for.
        .with_current_span(false)
        .with_span_list(false)
        // A log that cannot be written (a full disk) must not end the bank.
        .log_internal_errors(false)
        .with_writer(log.clone())
        .with_env_filter(filter)
        .init();
    Ok(LogInProgress(log))
}

/// While this lives, lines gather.
#[must_use]
pub struct LogInProgress(Log);

impl Drop for LogInProgress {
    fn drop(&mut self) {
        let mut gathered = self.0.gathered();
        gathered.at_once = true;
        gathered.write_out();
    }
}

/// Where lines go.
#[derive(Clone)]
struct Log(Arc<(Mutex<Gathered>, Condvar)>);

struct Gathered {
    lines: Vec<u8>,
    /// Whether no line waits.
    at_once: bool,
    output: Box<dyn Write + Send>,
}

impl Log {
    fn new(output: impl Write + Send + 'static) -> Self {
        let gathered = Mutex::new(Gathered {
            lines: Vec::with_capacity(GATHERED_MAX),
            at_once: false,
            output: Box::new(output),
        });
        Self(Arc::new((gathered, Condvar::new())))
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        // Bytes are whole whatever fell over beside them.
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for_lines(&self) {
        let nothing = |gathered: &mut Gathered| gathered.lines.is_empty();
        // Whoever fell over while it held the lock is not waited for.
        drop(self.0.1.wait_while(self.gathered(), nothing));
    }

    fn take(&self, line: &[u8], at_once: bool) {
        let mut gathered = self.gathered();
        let first = gathered.lines.is_empty();
        gathered.lines.extend_from_slice(line);
        if at_once || gathered.at_once || gathered.lines.len() >= GATHERED_MAX {
            gathered.write_out();
        } else if first {
            self.0.1.notify_one();
        }
    }
}

impl Gathered {
    /// Lines that cannot be written are lost: the bank goes on.
    fn write_out(&mut self) {
        let _ = self.output.write_all(&self.lines);
        let _ = self.output.flush();
        self.lines.clear();
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            log: self,
            at_once: true,
        }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Line<'a> {
        Line {
            log: self,
            at_once: *event.level() <= Level::WARN,
        }
    }
}

/// One event's way into the log, which comes as one piece.
struct Line<'a> {
    log: &'a Log,
    at_once: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.log.take(line, self.at_once);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Hands on every piece that is written.
    struct Pieces(mpsc::Sender<String>);

    impl Write for Pieces {
        fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8(piece.to_vec()).unwrap();
            self.0.send(text).unwrap();
            Ok(piece.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log() -> (Log, mpsc::Receiver<String>) {
        let (sender, pieces) = mpsc::channel();
        (Log::new(Pieces(sender)), pieces)
    }

    #[test]
    fn lines_wait_for_a_warning_and_go_out_before_it() {
        let (log, pieces) = log();
        log.take(b"one\n", false);
        log.take(b"two\n", false);
        assert!(pieces.try_recv().is_err());
        log.take(b"warning\n", true);
        assert_eq!(pieces.try_recv().unwrap(), "one\ntwo\nwarning\n");
        assert!(pieces.try_recv().is_err());
    }

    #[test]
    fn no_more_gather_than_there_is_room_for() {
        let (log, pieces) = log();
        let line = [b'x'; 1_000];
        for _ in 0..100 {
            log.take(&line, false);
        }
        let written: Vec<usize> = pieces.try_iter().map(|piece| piece.len()).collect();
        assert_eq!(written, [33_000, 33_000, 33_000]);
        assert_eq!(log.gathered().lines.len(), 1_000);
    }

    #[test]
    fn what_has_gathered_at_the_end_is_written_and_nothing_waits_after_it() {
        let (log, pieces) = log();
        log.take(b"last\n", false);
        drop(LogInProgress(log.clone()));
        assert_eq!(pieces.try_recv().unwrap(), "last\n");
        log.take(b"after\n", false);
        assert_eq!(pieces.try_recv().unwrap(), "after\n");
    }
}
