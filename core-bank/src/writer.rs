//! The writer: one thread that decides, makes durable, and only then answers.
//!
//! It drains the queue, decides the group on the live state under a mark, appends the group in one
//! durable commit and answers everybody. When the journal has no room the mark brings the state
//! back and the group is refused without effect; when the outcome of a sync is unknown the thread
//! ends without an answer, and the server with it. Reads wait in the same queue and are answered
//! after the commit, so nobody sees what could still be lost.

use std::{
    sync::{Arc, mpsc as threads},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    clock::BusinessClock,
    defect::{self, Defect},
    handover::{Handover, Meaning},
    history::History,
    journal::{Journal, JournalError, RECORD_VERSION, Record},
    metrics::Metrics,
    options::Plant,
    queue::{Entrance, Exit, Refused, queue},
    rules::{
        Answer, BusinessTime, Envelope, Foreseen, Forgotten, KeyDigest, Looked, Misfit, Refusal,
        RefusalCode, State, Verdict, foresee, judge_again, judge_foreseen,
    },
};

/// Requests that may wait in the queue, and the most that one commit takes.
const QUEUE_MAX: usize = 1_024;

/// How soon a group follows one that had company. Each costs a sync and a tenth of a millisecond of
/// processor time, however few there are in it: without a pause many requests a second that come one by
/// one would take all of a core. A lone client never waits.
const SPACING: Duration = Duration::from_micros(500);

/// How often the log is told at most that the disk is full.
const FULL_SAID_EVERY: Duration = Duration::from_secs(1);

/// How often the bell looks whether the queue still grows before it is heard.
const GATHERINGS_MAX: u32 = 8;

/// The answer to a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The number of the record and what it answers, or why there is none.
    pub outcome: Result<(u64, Answer), Refusal>,
    /// Whether this is the first answer again.
    pub replayed: bool,
}

type ReadAction = Box<dyn FnOnce(&State) + Send>;

/// What the writer tells about a request.
enum Told {
    Reply(Reply),
    /// To look for its key among those of all records up to this one, and to ask again.
    LookFirst(Box<Envelope>, KeyDigest, u64),
}

impl Told {
    fn now(outcome: Result<(u64, Answer), Refusal>) -> Self {
        Self::Reply(Reply {
            outcome,
            replayed: false,
        })
    }
}

enum Work {
    Write(Box<Envelope>, oneshot::Sender<Told>),
    Read(ReadAction),
}

/// The way into the queue; cheap to clone.
#[derive(Clone)]
pub struct Bank {
    /// First, so that its readers close their files before the writer hears that this is dropped, and the
    /// projector, which ends after that, closes its own as the last and leaves no log.
    history: Option<Arc<History>>,
    queue: Entrance<Work>,
    bell: mpsc::Sender<()>,
}

/// How often a request is asked to look for its key beyond memory before it is turned away: once,
/// unless as many keys as memory holds are decided while it looks.
const LOOKS_MAX: u32 = 3;

impl Bank {
    /// The way into the same queue that finds older keys in `history`.
    pub(crate) fn with_history(self, history: Arc<History>) -> Self {
        let history = Some(history);
        Self { history, ..self }
    }

    /// Decides and records a request. The answer comes when it is durable.
    pub fn write(&self, envelope: impl Into<Box<Envelope>>) -> impl Future<Output = Reply> {
        self.ask(envelope.into())
    }

    async fn ask(&self, envelope: Box<Envelope>) -> Reply {
        let turned_away = |code: RefusalCode| Reply {
            outcome: Err(code.into()),
            replayed: false,
        };
        let mut envelope = envelope;
        for _ in 0..=LOOKS_MAX {
            let (reply, answered) = oneshot::channel();
            if let Err(refusal) = self.enqueue(Work::Write(envelope, reply)) {
                return turned_away(refusal.code);
            }
            match answered.await {
                Ok(Told::Reply(reply)) => return reply,
                Ok(Told::LookFirst(same, digest, through)) => {
                    // Rare, and its state is large: it is not part of every request's.
                    let looking = Box::pin(self.look_for_key(digest, through));
                    let Some(looked) = looking.await else {
                        break;
                    };
                    envelope = same;
                    envelope.looked = looked;
                }
                Err(_) => return turned_away(RefusalCode::OutcomeUnknown),
            }
        }
        turned_away(RefusalCode::Overloaded)
    }

    async fn look_for_key(&self, digest: KeyDigest, through: u64) -> Option<Looked> {
        let history = self.history.clone()?;
        history.look_for_key(digest, through).await
    }

    /// Reads the durable state.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (reply, answered) = oneshot::channel();
        self.enqueue(Work::Read(Box::new(move |state| {
            // Whoever asked may have gone.
            let _ = reply.send(read(state));
        })))?;
        answered.await.map_err(|_| RefusalCode::ShuttingDown.into())
    }

    fn enqueue(&self, work: Work) -> Result<(), Refusal> {
        self.queue.put(work).map_err(|refused| match refused {
            Refused::Full => RefusalCode::Overloaded,
            Refused::Closed => RefusalCode::ShuttingDown,
        })?;
        // Where it is full, somebody has rung and is yet to be heard.
        let _ = self.bell.try_send(());
        Ok(())
    }
}

/// Why the writer ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum WriterError {
    /// The journal failed for good.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A decided fact did not fit the state: a defect of this program.
    #[error("a decision contradicts the state, so the bank stopped before recording it: {0}")]
    Misfit(#[from] Misfit),
    /// The thread could not start or fell over.
    #[error("the writer's thread failed: {0}")]
    Thread(String),
}

/// What the writer works with.
pub struct WriterParts {
    /// The state at the journal's end.
    pub state: State,
    /// Which keys that state has forgotten, once somebody has noted them.
    pub forgotten: threads::Receiver<Forgotten>,
    /// The journal, replayed.
    pub journal: Box<dyn Journal>,
    /// The business clock.
    pub clock: BusinessClock,
    /// A defect put in on purpose.
    pub plant: Option<Plant>,
    /// Where groups are counted.
    pub metrics: Arc<Metrics>,
    /// Where the number of the last durable record is published.
    pub durable: watch::Sender<u64>,
    /// Where what durable records mean is handed over to the projector.
    pub handover: Arc<Handover>,
}

/// Starts the writer's thread, from within a runtime, which hands out the answers. It ends when the
/// last [`Bank`] is dropped; the receiver then tells how it went.
pub fn start_writer(
    parts: WriterParts,
) -> Result<(Bank, oneshot::Receiver<Result<(), WriterError>>), WriterError> {
    let (queue, work) = queue(QUEUE_MAX);
    let (bell, rung) = start_bell(queue.clone());
    let (ended, end) = oneshot::channel();
    let mut writer = Writer {
        defect: Defect::new(parts.plant),
        parts,
        post: start_post(),
        full_disk: FullDisk::default(),
    };
    thread::Builder::new()
        .name("bank-writer".to_owned())
        .spawn(move || {
            let end = writer.run(&work, &rung);
            drop(work);
            // Closes the journal before anybody is told.
            drop(writer);
            let _ = ended.send(end);
        })
        .map_err(|error| WriterError::Thread(error.to_string()))?;
    let bank = Bank {
        history: None,
        queue,
        bell,
    };
    Ok((bank, end))
}

/// The answers of a group.
type Answers = Vec<(oneshot::Sender<Told>, Told)>;

/// Starts the task that hands a group's answers to whoever waits for them. It takes one wake-up from
/// the writer's thread and wakes the others from within the runtime, which costs no system call and
/// no switch of threads for each.
fn start_post() -> mpsc::UnboundedSender<Answers> {
    let (post, mut groups) = mpsc::unbounded_channel::<Answers>();
    tokio::spawn(async move {
        while let Some(answers) = groups.recv().await {
            for (sender, told) in answers {
                // A client that hung up finds its answer under its key.
                let _ = sender.send(told);
            }
        }
    });
    post
}

/// Starts the task that wakes the writer. Whoever asks rings; the task hears it, lets those run who are
/// about to ask, too, as long as the queue grows, and only then wakes the writer, once for all of them:
/// each group costs a sync, and each time that two threads change places on a core costs
/// microseconds. A lone client waits for one look at the sockets. It ends with the last [`Bank`].
fn start_bell(queue: Entrance<Work>) -> (mpsc::Sender<()>, threads::Receiver<()>) {
    let (bell, mut heard) = mpsc::channel(1);
    let (wake, rung) = threads::sync_channel(1);
    tokio::spawn(async move {
        while heard.recv().await == Some(()) {
            let mut asked = queue.len();
            for _ in 0..GATHERINGS_MAX {
                tokio::task::yield_now().await;
                let before = std::mem::replace(&mut asked, queue.len());
                if asked == before {
                    break;
                }
            }
            // What is in the queue by now is taken; whoever asks after this rings again.
            while heard.try_recv().is_ok() {}
            // Where it is full, the writer is yet to come and take all there is.
            let _ = wake.try_send(());
        }
    });
    (bell, rung)
}

struct Writer {
    parts: WriterParts,
    /// Bounded by what waits in the queue: nobody asks again before the answer.
    post: mpsc::UnboundedSender<Answers>,
    defect: Defect,
    full_disk: FullDisk,
}

/// What the log is told of a full disk: each group is refused by itself, and there may be a thousand a
/// second.
#[derive(Default)]
struct FullDisk {
    /// Records that were refused and are not in the log yet.
    untold: usize,
    told: Option<Instant>,
}

impl FullDisk {
    fn refused(&mut self, records: usize) {
        self.untold += records;
        if self.told.is_none_or(|at| at.elapsed() >= FULL_SAID_EVERY) {
            tracing::warn!(
                "the disk is full: {} records refused; make room under the data folder",
                std::mem::take(&mut self.untold)
            );
            self.told = Some(Instant::now());
        }
    }

    fn has_room(&mut self) {
        if self.told.take().is_some() {
            tracing::warn!(
                "the disk has room again: {} more records were refused",
                std::mem::take(&mut self.untold)
            );
        }
    }
}

/// A write that waits for its turn.
type Write = (Box<Envelope>, oneshot::Sender<Told>);

/// A group on its way: what to record and whom to answer.
#[derive(Default)]
struct Group {
    writes: Vec<Write>,
    records: Vec<Record>,
    /// The digests of their keys.
    keys: Vec<KeyDigest>,
    replies: Answers,
    reads: Vec<ReadAction>,
}

impl Writer {
    fn run(&mut self, work: &Exit<Work>, rung: &threads::Receiver<()>) -> Result<(), WriterError> {
        let (mut open, mut company, mut taken) = (true, false, Instant::now());
        while open {
            // Of what was asked before the last bell nothing stays in the queue: it holds no more than
            // a group takes.
            open = rung.recv().is_ok();
            if let (true, Some(rest)) = (company, SPACING.checked_sub(taken.elapsed())) {
                thread::sleep(rest);
            }
            let Some((works, since)) = work.take() else {
                continue;
            };
            taken = Instant::now();
            self.parts.metrics.taken(taken - since);
            let now = self.parts.clock.now();
            let mut group = Group::default();
            group.writes.reserve(works.len());
            for work in works {
                take(work, &mut group);
            }
            if let Ok(noted) = self.parts.forgotten.try_recv() {
                self.parts.state.take_over_keys(noted);
            }
            self.parts.state.mark();
            self.decide_all(now, &mut group)?;
            company = group.replies.len() > 1;
            self.commit(group)?;
            let began = Instant::now();
            if self.parts.journal.tidy()? {
                self.parts.metrics.tidied(began.elapsed());
            }
        }
        Ok(())
    }

    fn decide_all(&mut self, now: BusinessTime, group: &mut Group) -> Result<(), Misfit> {
        let writes = std::mem::take(&mut group.writes);
        let envelopes = writes.iter().map(|(envelope, _)| &**envelope);
        let foreseen = foresee(&self.parts.state, envelopes, now);
        group.records.reserve(writes.len());
        group.keys.reserve(writes.len());
        group.replies.reserve(writes.len());
        for ((envelope, sender), foreseen) in writes.into_iter().zip(foreseen) {
            let told = self.decide(envelope, foreseen.as_ref(), now, group)?;
            group.replies.push((sender, told));
        }
        Ok(())
    }

    /// Appends what was decided, publishes it, and answers.
    fn commit(&mut self, group: Group) -> Result<(), WriterError> {
        let before = self.parts.state.seq() - group.records.len() as u64;
        let began = Instant::now();
        let appended = if group.records.is_empty() {
            Ok(())
        } else {
            self.parts.journal.append(before, &group.records)
        };
        match appended {
            Ok(()) => self.parts.state.keep(),
            Err(JournalError::StorageFull) => {
                self.parts.state.drop_changes();
                self.full_disk.refused(group.records.len());
            }
            Err(error) => return Err(error.into()),
        }
        if appended.is_ok() && !group.records.is_empty() {
            let seq = self.parts.state.seq();
            self.parts
                .metrics
                .appended(group.records.len(), seq, began.elapsed());
            self.parts.durable.send_replace(seq);
            self.parts.clock.note_stamp(self.parts.state.at());
            self.full_disk.has_room();
        }
        let mut answers = group.replies;
        if appended.is_err() {
            for (_, told) in &mut answers {
                storage_full(told, before);
            }
        }
        // The task that hands them out ends with the runtime, and everybody who waits with it.
        let _ = self.post.send(answers);
        if appended.is_ok() {
            let (_, hash) = self.parts.journal.head();
            let meaning = Meaning::of(group.records, group.keys, hash);
            if let Some(meaning) = meaning {
                self.parts.handover.give(meaning);
            }
        }
        for read in group.reads {
            read(&self.parts.state);
        }
        Ok(())
    }

    fn decide(
        &mut self,
        envelope: Box<Envelope>,
        foreseen: Option<&Foreseen>,
        now: BusinessTime,
        group: &mut Group,
    ) -> Result<Told, Misfit> {
        let now = now.max(self.parts.state.at());
        let verdict = judge_foreseen(&self.parts.state, &envelope, foreseen, now);
        let (command, decision) = match verdict {
            Verdict::TurnedAway(refusal) => return Ok(Told::now(Err(refusal))),
            Verdict::Repeated(seq, first) => {
                return Ok(Told::Reply(Reply {
                    outcome: first.map(|answer| (seq, answer)),
                    replayed: true,
                }));
            }
            Verdict::LookFirst(digest, seq) => {
                return Ok(Told::LookFirst(envelope, digest, seq));
            }
            Verdict::Decided(command, decision) => (command, decision),
        };
        let decision = self
            .defect
            .overlook(&mut self.parts.state, &command, decision, now)?;
        let seq = self.parts.state.next_seq();
        let struck = self.defect.strikes(&envelope.action);
        if let (Ok(facts), Some(Plant::LostAcknowledgement)) = (&decision, struck) {
            return Ok(Told::now(Answer::of(facts).map(|answer| (seq, answer))));
        }
        let again = struck.map(|plant| (plant, envelope.clone()));
        let digest = Foreseen::digest(foreseen, command.by, &envelope.key);
        let record = Record {
            v: RECORD_VERSION,
            seq,
            at: now,
            key: envelope.key,
            fingerprint: envelope.fingerprint,
            command,
            outcome: decision,
        };
        let answer = self.record(record, digest, group)?;
        if let (Ok(_), Some((plant, envelope))) = (&answer, again) {
            self.misbehave(plant, &envelope, now, group)?;
        }
        Ok(Told::now(answer.map(|answer| (seq, answer))))
    }

    /// What a planted defect does to the record that was just made, or beside it.
    fn misbehave(
        &mut self,
        plant: Plant,
        envelope: &Envelope,
        now: BusinessTime,
        group: &mut Group,
    ) -> Result<(), Misfit> {
        let again = match plant {
            Plant::LostAcknowledgement
            | Plant::LimitFen
            | Plant::LimitRace
            | Plant::LockIgnored => None,
            Plant::DoublePost => Some(envelope.clone()),
            Plant::Phantom => defect::phantom_of(envelope, self.parts.state.next_seq()),
            Plant::TornTransfer | Plant::Rounding => {
                if let Some(record) = group.records.last_mut() {
                    defect::lose(plant, record, &mut self.parts.state);
                }
                None
            }
        };
        if let Some(envelope) = again
            && let Ok((command, facts)) = judge_again(&self.parts.state, &envelope, now)
        {
            let digest = KeyDigest::of(command.by, &envelope.key);
            let record = Record {
                v: RECORD_VERSION,
                seq: self.parts.state.next_seq(),
                at: now,
                key: envelope.key,
                fingerprint: envelope.fingerprint,
                command,
                outcome: Ok(facts),
            };
            self.record(record, digest, group).map(drop)?;
        }
        Ok(())
    }

    fn record(
        &mut self,
        record: Record,
        digest: KeyDigest,
        group: &mut Group,
    ) -> Result<Result<Answer, Refusal>, Misfit> {
        let answer = record.fold_under(digest, &mut self.parts.state)?;
        group.records.push(record);
        group.keys.push(digest);
        Ok(answer)
    }
}

fn take(work: Work, group: &mut Group) {
    match work {
        Work::Read(read) => group.reads.push(read),
        Work::Write(envelope, sender) => group.writes.push((envelope, sender)),
    }
}

/// What a reply becomes when its group was refused. Everything that was decided on the undone state
/// is void, refusals included; only first answers that were durable before stand.
fn storage_full(told: &mut Told, durable_seq: u64) {
    let Told::Reply(reply) = told else { return };
    match &reply.outcome {
        Ok((seq, _)) if reply.replayed && *seq <= durable_seq => {}
        _ => {
            *reply = Reply {
                outcome: Err(RefusalCode::StorageFull.into()),
                replayed: false,
            }
        }
    }
}
