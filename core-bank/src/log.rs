//! The log: a line of JSON for each event.
//!
//! Lines gather and are written together: a system call for each would cost as much as making the
//! line, and every request pays for both. A warning or an error is written at once, with all before
//! it; anything else a tenth of a second later at most. A bank that is killed loses the lines of that
//! time, none of which asks anybody to act.

use std::{
    fmt,
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use serde::Serialize;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        FmtContext, FormatEvent, FormatFields, MakeWriter,
        format::Writer,
        time::{FormatTime as _, SystemTime},
    },
    registry::LookupSpan,
};

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
        .event_format(JsonLine)
        .with_writer(log.clone())
        .with_env_filter(filter)
        .init();
    Ok(LogInProgress(log))
}

/// An event as the library's own JSON has it, without spans, of which the bank has none. That goes
/// piece by piece through a formatter, and takes more than twice as long.
struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        writer.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut writer)?;
        let mut rest = Members(Vec::with_capacity(LINE_BYTES));
        rest.text("\",\"level\":");
        rest.value(event.metadata().level().as_str());
        rest.text(",\"fields\":{");
        event.record(&mut rest);
        rest.text("},\"target\":");
        rest.value(event.metadata().target());
        rest.text("}\n");
        // JSON is UTF-8.
        writer.write_str(std::str::from_utf8(&rest.0).unwrap_or_default())
    }
}

/// Bytes that hold most lines.
const LINE_BYTES: usize = 256;

/// Members of an object that is being written.
struct Members(Vec<u8>);

impl Members {
    fn text(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn value(&mut self, value: impl Serialize) {
        // Text and numbers always have a JSON, and memory takes it.
        let _ = serde_json::to_writer(&mut self.0, &value);
    }

    fn member(&mut self, field: &Field, value: impl Serialize) {
        if !self.0.ends_with(b"{") {
            self.text(",");
        }
        self.value(field.name());
        self.text(":");
        self.value(value);
    }
}

impl Visit for Members {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.member(field, format!("{value:?}"));
    }
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
    /// Lines that cannot be written (a full disk) are lost: that must not end the bank.
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

    /// Has events written by a format as lines into memory.
    fn lines_of(log: &Log, events: impl FnOnce(), ours: bool) -> Vec<serde_json::Value> {
        let (sender, pieces) = mpsc::channel();
        log.gathered().output = Box::new(Pieces(sender));
        let layer = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_writer(log.clone());
        if ours {
            tracing::subscriber::with_default(layer.event_format(JsonLine).finish(), events);
        } else {
            tracing::subscriber::with_default(layer.json().finish(), events);
        }
        log.gathered().write_out();
        let text: String = pieces.try_iter().collect();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }

    #[test]
    fn a_line_says_what_the_librarys_own_says() {
        let events = || {
            tracing::debug!(
                request_id = "00c0ffee-1",
                status = 201_u64,
                took_us = 17_u64,
                delta = -3_i64,
                share = 0.5,
                right = true
            );
            let error = io::Error::other("a \"quoted\" text\n行");
            tracing::warn!("it failed: {error}");
            tracing::error!(?error, path = %"a\\b", "and again");
            tracing::info!(target: "elsewhere", "");
        };
        let (log, _pieces) = log();
        let mut ours = lines_of(&log, events, true);
        let mut librarys = lines_of(&log, events, false);
        assert_eq!(ours.len(), 4);
        for line in ours.iter_mut().chain(&mut librarys) {
            let when = line["timestamp"].take();
            assert!(when.as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        }
        assert_eq!(ours, librarys);
    }
}
