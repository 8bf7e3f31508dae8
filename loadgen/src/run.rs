//! A run from beginning to end: asks whether the bank is there, opens the
//! customers, plays the stream, and ends within two seconds when told to.

use crate::bank_api::Customer;
use crate::business_clock;
use crate::clock::Moment;
use crate::connection::{Connection, Exchange, Message};
use crate::error::LoadError;
use crate::histogram_files::{Interval, IntervalLog};
use crate::journal::{JournalRow, JournalWriter, RunJournal};
use crate::needs;
use crate::offers;
use crate::options::{LoadOptions, LoadProgress, LoadSnapshot, StopFlag};
use crate::outcome::LoadOutcome;
use crate::player::Player;
use crate::script::{Script, nanos};
use crate::setup::Setup;
use crate::target::Target;
use bytes::Bytes;
use http::Method;
use scenarios::operation::PlannedOperation;
use serde_json::Value;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};
use tokio::task::LocalSet;

/// So long the target may take to say that it is ready.
const PATIENCE_AT_THE_DOOR: Duration = Duration::from_secs(5);
/// How often the stop flag is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// From the end of the setup to the start of the clock, so that all connections wait.
const LEAD: u64 = 100_000_000;

/// Plays `plan`, in the order of time, on the bank and measures it. Blocks; may be
/// called from any thread. Ctrl-C is the caller's: it sets `stop`.
///
/// What happens to single operations is in the outcome, never an error.
///
/// # Errors
/// When nothing could be played: see [`LoadError`].
pub fn run(
    plan: &[PlannedOperation],
    target: &Target,
    options: &LoadOptions,
    progress: &dyn LoadProgress,
    stop: &StopFlag,
) -> Result<LoadOutcome, LoadError> {
    options.check()?;
    let script = Script::new(plan, options)?;
    on_a_thread(|| in_runtime(knock(target)))?;
    let journal = JournalWriter::create(&options.journal)?;
    let (notes, received) = mpsc::channel();
    thread::scope(|scope| {
        let recording = scope.spawn(move || record(&received, journal, progress, options));
        let recorder = Recorder(notes);
        let played = on_a_thread(|| in_runtime(play(script, target, options, stop, recorder)));
        let journalled = recording.join().unwrap_or_else(|_| Err(thread_died()));
        let outcome = played?;
        journalled.map(|()| outcome)
    })
}

/// Runs it on a thread of its own, because the caller's may be inside a runtime.
pub fn on_a_thread<T: Send>(
    work: impl FnOnce() -> Result<T, LoadError> + Send,
) -> Result<T, LoadError> {
    thread::scope(|scope| {
        scope
            .spawn(work)
            .join()
            .unwrap_or_else(|_| Err(thread_died()))
    })
}

fn thread_died() -> LoadError {
    LoadError::System {
        what: "a thread",
        why: std::io::Error::other("it ended unexpectedly"),
    }
}

/// Runs it in a runtime of one thread.
pub fn in_runtime<T>(work: impl Future<Output = Result<T, LoadError>>) -> Result<T, LoadError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| LoadError::System {
            what: "an event loop",
            why,
        })?;
    let local = LocalSet::new();
    local.block_on(&runtime, work)
}

/// What goes to the thread that writes the journal and tells whoever watches.
enum Note {
    Row(Box<JournalRow>),
    Setup(u64, u64),
    Second(LoadSnapshot),
    /// The clock of the load starts at this time of the wall's.
    Started(SystemTime),
    /// What came so many nanoseconds after the start, and how long it took.
    Intervals(u64, u64, Vec<Interval>),
}

/// Hands rows and progress to that thread.
#[derive(Clone)]
pub struct Recorder(mpsc::Sender<Note>);

impl Recorder {
    /// A row of the journal.
    pub fn row(&self, row: JournalRow) {
        self.note(Note::Row(Box::new(row)));
    }

    /// Progress of the setup.
    pub fn setup(&self, done: u64, of: u64) {
        self.note(Note::Setup(done, of));
    }

    /// Progress of the stream.
    pub fn second(&self, snapshot: LoadSnapshot) {
        self.note(Note::Second(snapshot));
    }

    /// The clock of the load starts.
    pub fn started(&self, at: SystemTime) {
        self.note(Note::Started(at));
    }

    /// Latencies since the last report.
    pub fn intervals(&self, from: u64, length: u64, intervals: Vec<Interval>) {
        self.note(Note::Intervals(from, length, intervals));
    }

    fn note(&self, note: Note) {
        // The receiver lives until the last sender is gone.
        let _ = self.0.send(note);
    }
}

fn record(
    notes: &mpsc::Receiver<Note>,
    mut journal: JournalWriter,
    progress: &dyn LoadProgress,
    options: &LoadOptions,
) -> Result<(), LoadError> {
    let mut log: Option<IntervalLog> = None;
    let mut result = Ok(());
    for note in notes {
        match note {
            Note::Setup(done, of) => progress.setup(done, of),
            Note::Second(snapshot) => {
                progress.second(&snapshot);
                if result.is_ok() {
                    result = journal.flush();
                }
            }
            // After the first failure nothing more is written.
            _ if result.is_err() => {}
            Note::Row(row) => result = journal.write(&row),
            Note::Started(at) => {
                let begun = options.interval_log.as_deref();
                match begun.map(|path| IntervalLog::begin(path, at)).transpose() {
                    Ok(begun) => log = begun,
                    Err(error) => result = Err(error),
                }
            }
            Note::Intervals(from, length, intervals) => {
                if let Some(log) = &mut log {
                    let (from, length) = (Duration::from_nanos(from), Duration::from_nanos(length));
                    result = log.write(from, length, &intervals);
                }
            }
        }
    }
    result?;
    if let Some(log) = &mut log {
        log.flush()?;
    }
    journal.flush()
}

/// Asks the bank whether it is ready and knows our tokens.
async fn knock(target: &Target) -> Result<(), LoadError> {
    let mut connection =
        Connection::new(target.address(), target.authority(), PATIENCE_AT_THE_DOOR);
    let name = || target.base().to_owned();
    let (status, body) = ask(target, &mut connection, "/readyz", None).await?;
    let ready: Option<Value> = serde_json::from_slice(&body).ok();
    let says = ready.as_ref().and_then(|ready| ready["ready"].as_bool());
    match (status, says) {
        (200, Some(true)) => {}
        (_, Some(_)) => {
            return Err(LoadError::NotReady {
                target: name(),
                why: format!("it answers {status}: {}", String::from_utf8_lossy(&body)),
            });
        }
        (_, None) => {
            return Err(LoadError::Unreachable {
                target: name(),
                why: format!("/readyz answers {status}, and not as a core bank does"),
            });
        }
    }
    for (role, token) in target.tokens().by_role() {
        let path = match role {
            "operator" => "/v1/audit/trial-balance",
            // Whoever may ask is told that there is no such customer.
            _ => "/v1/customers/nobody/accounts",
        };
        let (status, body) = ask(target, &mut connection, path, Some(token)).await?;
        if matches!(status, 401 | 403) {
            let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
            let code = problem["code"].as_str().unwrap_or("no code");
            return Err(LoadError::TokenRefused {
                target: name(),
                role: role.to_owned(),
                answer: format!("{status} {code}"),
            });
        }
    }
    Ok(())
}

async fn ask(
    target: &Target,
    connection: &mut Connection,
    path: &str,
    token: Option<&str>,
) -> Result<(u16, Bytes), LoadError> {
    let message = Message {
        method: Method::GET,
        path: path.to_owned(),
        token: token.map(ToOwned::to_owned),
        key: None,
        body: Bytes::new(),
    };
    let why = match connection.exchange(&message, |_| {}).await {
        Exchange::Answered { status, body } => return Ok((status, body)),
        Exchange::NotWritten(why) | Exchange::Broken(why) => why,
        Exchange::TimedOut => format!("no answer in {} s", PATIENCE_AT_THE_DOOR.as_secs()),
    };
    Err(LoadError::Unreachable {
        target: target.base().to_owned(),
        why,
    })
}

async fn play(
    script: Script,
    target: &Target,
    options: &LoadOptions,
    stop: &StopFlag,
    recorder: Recorder,
) -> Result<LoadOutcome, LoadError> {
    let opened = open_customers(&script, target, options, stop, &recorder).await?;
    let (customers, setup_operations) = opened;
    let last_offset = script.last_offset();
    let offers = if stop.is_stopped() {
        offers::Offers::default()
    } else {
        offers::open(&script, target, options, &customers).await?
    };
    if let Some(business_start) = &options.business_start
        && !stop.is_stopped()
    {
        business_clock::set(target, business_start, options.speed, LEAD).await?;
    }
    let start = Moment::now().after(LEAD);
    recorder.started(SystemTime::now() + Duration::from_nanos(LEAD));
    let (to, how) = (target.clone(), options.clone());
    let player = Rc::new(Player::new(
        to,
        how,
        script,
        (customers, offers),
        start,
        recorder,
    ));
    let interrupted = play_stream(&player, options, last_offset, stop).await?;
    player.close(interrupted);
    player.report();
    let (book, span, answered) = player.take_measurements();
    Ok(LoadOutcome {
        options: options.clone(),
        book,
        setup_operations,
        interrupted,
        planned_nanos: last_offset,
        intended_nanos: span,
        answered_nanos: answered,
        journal: RunJournal::new(&options.journal),
    })
}

async fn stopped(stop: &StopFlag) {
    while !stop.is_stopped() {
        tokio::time::sleep(LOOK).await;
    }
}

async fn open_customers(
    script: &Script,
    target: &Target,
    options: &LoadOptions,
    stop: &StopFlag,
    recorder: &Recorder,
) -> Result<(Vec<Customer>, u64), LoadError> {
    let needs = needs::read(script);
    let (to, how) = (target.clone(), options.clone());
    let setup = Rc::new(Setup::new(to, how, script, needs, recorder.clone()));
    let tasks: Vec<_> = (0..setup.connections())
        .map(|place| {
            let setup = Rc::clone(&setup);
            tokio::task::spawn_local(async move { setup.work(place).await })
        })
        .collect();
    let reports = async {
        loop {
            setup.report();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        () = setup.until_finished() => {}
        () = stopped(stop) => {}
        () = reports => {}
    }
    for task in tasks {
        task.abort();
    }
    setup.close();
    setup.report();
    setup.take_customers()
}

/// Plays until everything has ended, time is up, or it is stopped; whether it was.
async fn play_stream(
    player: &Rc<Player>,
    options: &LoadOptions,
    last_offset: u64,
    stop: &StopFlag,
) -> Result<bool, LoadError> {
    if stop.is_stopped() {
        return Ok(true);
    }
    let mut tasks: Vec<_> = (0..options.connections as usize)
        .map(|place| {
            let player = Rc::clone(player);
            tokio::task::spawn_local(async move { player.work(place).await })
        })
        .collect();
    let pace = Rc::clone(player);
    let (broke, broken) = tokio::sync::oneshot::channel();
    tasks.push(tokio::task::spawn_local(async move {
        if let Err(error) = pace.keep_pace().await {
            // Nobody listens any more only when the run has ended.
            let _ = broke.send(error);
        }
    }));
    let time = nanos(options.timeout).saturating_add(nanos(options.drain));
    let time = Duration::from_nanos(time.saturating_add(last_offset).saturating_add(LEAD));
    let reports = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            player.report();
        }
    };
    let ended = tokio::select! {
        () = player.until_finished() => Ok(false),
        () = tokio::time::sleep(time) => Ok(false),
        () = stopped(stop) => Ok(true),
        () = reports => Ok(false),
        Ok(why) = broken => Err(LoadError::System { what: "a timer", why }),
    };
    for task in tasks {
        task.abort();
    }
    ended
}
