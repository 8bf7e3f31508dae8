//! The stream itself: whoever keeps the pace hands out what is due, and each place plays one
//! operation at a time. All of them share one thread and its state.

mod pace;
mod places;

pub use pace::Pace;

use crate::agenda::{Agenda, Call, Due};
use crate::clock::Moment;
use crate::error::LoadError;
use crate::fate::Outcome;
use crate::interpreter::{End, Interpreter, RowTimes};
use crate::journal::Phase;
use crate::kind::Names;
use crate::line::Lines;
use crate::measurement::{Book, Ended};
use crate::options::{LoadOptions, LoadSnapshot, Model};
use crate::recorder::Recorder;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use tokio::sync::Notify;

/// An operation handed out and not yet taken by a place.
struct Job<S> {
    due: Due<S>,
    dispatched: Moment,
    /// A place was free when it was handed out: whatever delays it until it is
    /// written is the generator's fault, not the target's.
    free: bool,
}

/// An operation taken by a place.
struct InHand<I: Interpreter> {
    due: Due<I::Step>,
    /// Set once it was handed to the socket, with what the journal will say.
    written: Option<(Moment, I::Note)>,
    lag: u64,
}

/// An operation that has ended and is not entered anywhere yet: what is due goes first.
struct Past<I: Interpreter> {
    call: Rc<Call<I::Step>>,
    intended: Moment,
    lag: u64,
    done: Moment,
    end: End<I::Note>,
}

/// Everything the places share.
pub struct Player<I: Interpreter> {
    interpreter: I,
    names: Names,
    options: LoadOptions,
    lines: Lines,
    start: Moment,
    /// Operations that are expected, if anybody knows.
    expected: Option<u64>,
    warm_up: u64,
    /// Places that there may be at most.
    capacity: usize,
    /// They are opened as they are needed, not all at the start.
    grows: bool,
    agenda: RefCell<Agenda<I::Step, I::Session>>,
    /// What found no place free.
    queue: RefCell<VecDeque<Job<I::Step>>>,
    /// Places that wait for work, the one that waits longest first.
    idle: RefCell<VecDeque<usize>>,
    /// What each of them is given.
    trays: RefCell<Vec<Option<Job<I::Step>>>>,
    in_hand: RefCell<Vec<Option<InHand<I>>>>,
    ended: RefCell<VecDeque<Past<I>>>,
    dispatched: Cell<u64>,
    finished: Cell<u64>,
    all_finished: Notify,
    book: RefCell<Book>,
    recorder: Recorder,
    /// Nanoseconds from the start to the last report.
    reported: Cell<u64>,
    /// Latest end of an answered operation.
    last_done: Cell<Moment>,
    /// Earliest and latest intended start that came.
    intended: Cell<Option<(Moment, Moment)>>,
}

/// What a run measured, and when.
pub struct Measurements {
    pub book: Book,
    /// Nanoseconds from the start to the last planned start.
    pub planned: u64,
    /// Nanoseconds between the first and the last intended start.
    pub span: u64,
    /// Nanoseconds from the start to the last answer.
    pub answered: u64,
}

impl<I: Interpreter> Player<I> {
    /// Ready to play from `start`, with so many places at most.
    pub fn new(
        (interpreter, names): (I, Names),
        options: LoadOptions,
        (lines, capacity, grows): (Lines, usize, bool),
        (agenda, expected): (Agenda<I::Step, I::Session>, Option<u64>),
        start: Moment,
        recorder: Recorder,
    ) -> Self {
        let thresholds: Vec<u64> = options.thresholds.iter().map(|span| span.0).collect();
        Self {
            interpreter,
            names,
            lines,
            start,
            expected,
            warm_up: crate::pacing::nanos(options.warm_up),
            capacity,
            grows,
            agenda: RefCell::new(agenda),
            book: RefCell::new(Book::new(&thresholds)),
            in_hand: RefCell::default(),
            ended: RefCell::default(),
            queue: RefCell::default(),
            idle: RefCell::default(),
            trays: RefCell::default(),
            dispatched: Cell::new(0),
            finished: Cell::new(0),
            all_finished: Notify::new(),
            recorder,
            reported: Cell::new(0),
            last_done: Cell::new(start),
            intended: Cell::new(None),
            options,
        }
    }

    /// An operation that was to start at this moment is handed out.
    fn is_handed_out(&self, intended: Moment) {
        let (first, last) = self.intended.get().unwrap_or((intended, intended));
        self.intended
            .set(Some((first.min(intended), last.max(intended))));
        self.dispatched.set(self.dispatched.get() + 1);
    }

    /// Room for one more place; its number.
    fn add_place(&self) -> usize {
        self.trays.borrow_mut().push(None);
        let mut hands = self.in_hand.borrow_mut();
        hands.push(None);
        hands.len() - 1
    }

    /// Plays at one place whatever is due; never ends by itself.
    async fn work(&self, place: usize) {
        let mut line = self.lines.line(place);
        loop {
            let job = self.take_job(place).await;
            let taken = if job.free {
                Moment::now()
            } else {
                job.dispatched
            };
            let lag = taken.since(job.due.intended);
            self.in_hand.borrow_mut()[place] = Some(InHand {
                due: job.due.clone(),
                written: None,
                lag,
            });
            let call = &job.due.call;
            let mut session = self.agenda.borrow_mut().remembered(call.session);
            let written = |moment: Moment, note: &I::Note| {
                if let Some(in_hand) = &mut self.in_hand.borrow_mut()[place] {
                    in_hand.written = Some((moment, note.clone()));
                }
            };
            let end = self
                .interpreter
                .perform(call, &mut session, &mut line, &written)
                .await;
            self.in_hand.borrow_mut()[place] = None;
            self.end(job.due, lag, end, session);
        }
    }

    async fn take_job(&self, place: usize) -> Job<I::Step> {
        let waiting = self.queue.borrow_mut().pop_front();
        if let Some(job) = waiting {
            return job;
        }
        self.idle.borrow_mut().push_back(place);
        poll_fn(|_| match self.trays.borrow_mut()[place].take() {
            Some(job) => Poll::Ready(job),
            None => Poll::Pending,
        })
        .await
    }

    /// Lets the session go on and leaves the rest for when nothing is due.
    fn end(&self, due: Due<I::Step>, lag: u64, end: End<I::Note>, session: I::Session) {
        let done = Moment::now();
        if end.answered {
            self.last_done.set(self.last_done.get().max(done));
        }
        self.agenda.borrow_mut().ended(&due.call, done, session);
        self.ended.borrow_mut().push_back(Past {
            call: due.call,
            intended: due.intended,
            lag,
            done,
            end,
        });
    }

    /// Enters everywhere the operation that ended first; whether there was one.
    fn record_ended(&self) -> bool {
        let Some(past) = self.ended.borrow_mut().pop_front() else {
            return false;
        };
        let (intended, lag) = (Some(past.intended), Some(past.lag));
        self.enter(&past.call, intended, past.done, lag, &past.end);
        if self.is_over() {
            self.all_finished.notify_one();
        }
        true
    }

    fn enter(
        &self,
        call: &Call<I::Step>,
        intended: Option<Moment>,
        done: Moment,
        lag: Option<u64>,
        end: &End<I::Note>,
    ) {
        let latency = intended.map(|intended| done.since(intended));
        let service = end.written.map(|written| done.since(written));
        let since_start = intended.map(|intended| intended.since(self.start));
        let kind = self.interpreter.kind(&call.step);
        // Closed users have no plan: what counts is when it was to start.
        let planned = match self.options.model {
            Model::Closed => since_start.unwrap_or(call.at),
            Model::Open | Model::CappedOpen => call.at,
        };
        let warm_up = planned < self.warm_up;
        let mut book = self.book.borrow_mut();
        book.enter(&Ended {
            kind,
            warm_up,
            outcome: end.outcome,
            answered: end.answered,
            intended: since_start,
            latency,
            service,
            lag,
        });
        if let (Some(what), false) = (&end.what, warm_up) {
            book.fail(format!("{}: {what}", self.names.operation(kind.operation)));
        }
        self.finished.set(self.finished.get() + 1);
        let times = RowTimes {
            phase: if warm_up {
                Phase::WarmUp
            } else {
                Phase::Measured
            },
            intended_micros: since_start.map(|nanos| nanos / 1000),
            latency_micros: latency.map(|nanos| nanos / 1000),
            service_micros: service.map(|nanos| nanos / 1000),
        };
        self.recorder.row(&self.interpreter.row(call, end, &times));
    }

    /// Every operation has ended and no other will come.
    pub fn is_over(&self) -> bool {
        let mut agenda = self.agenda.borrow_mut();
        self.finished.get() == agenda.taken() && agenda.is_exhausted()
    }

    /// The plan has come to its end, and this long ago was its last planned start.
    pub fn since_planned_end(&self) -> Option<u64> {
        let mut agenda = self.agenda.borrow_mut();
        let end = self.start.after(agenda.last_planned());
        let over = match self.options.model {
            Model::Closed => Moment::now() >= end,
            Model::Open | Model::CappedOpen => agenda.is_exhausted(),
        };
        over.then(|| Moment::now().since(end))
    }

    /// The plan broke off.
    pub fn has_failed(&self) -> bool {
        self.agenda.borrow().has_failed()
    }

    /// Why the plan broke off, if it did.
    pub fn take_failure(&self) -> Option<LoadError> {
        self.agenda.borrow_mut().take_failure()
    }

    /// Waits until every operation has ended.
    pub async fn until_finished(&self) {
        while !self.is_over() {
            self.all_finished.notified().await;
        }
    }

    /// Ends whatever has not ended. Interrupted: in flight is unknown and the rest
    /// not sent. Otherwise time is up: whatever was due has timed out.
    pub fn close(&self, interrupted: bool) {
        while self.record_ended() {}
        let now = Moment::now();
        let late = if interrupted {
            Outcome::Unknown
        } else {
            Outcome::TimedOut
        };
        let hands = std::mem::take(&mut *self.in_hand.borrow_mut());
        for in_hand in hands.into_iter().flatten() {
            let call = &in_hand.due.call;
            let end = match in_hand.written {
                None => End::waiting(interrupted),
                Some((written, note)) => {
                    let changes = self.interpreter.changes(&call.step);
                    End::late(changes, late, Some(written), note)
                }
            };
            let (intended, lag) = (Some(in_hand.due.intended), Some(in_hand.lag));
            self.enter(call, intended, now, lag, &end);
        }
        let waiting: Vec<_> = self.queue.borrow_mut().drain(..).collect();
        for job in waiting {
            let lag = job.dispatched.since(job.due.intended);
            let end = End::waiting(interrupted);
            self.enter(&job.due.call, Some(job.due.intended), now, Some(lag), &end);
        }
        loop {
            let rest = self.agenda.borrow_mut().take_rest();
            let Some(call) = rest else { return };
            self.enter(&call, None, now, None, &End::not_sent(Outcome::NotSent));
        }
    }

    /// How far it is.
    pub fn snapshot(&self) -> LoadSnapshot {
        let book = self.book.borrow();
        let taken = self.agenda.borrow().taken();
        let places = self.in_hand.borrow();
        LoadSnapshot {
            seconds: Moment::now().since(self.start) as f64 / 1e9,
            planned: self.expected.unwrap_or(taken).max(taken),
            dispatched: self.dispatched.get(),
            finished: self.finished.get(),
            answered: book.answered_so_far,
            succeeded: book.succeeded_so_far,
            errors: book.errors_so_far,
            waiting: self.queue.borrow().len() as u64,
            in_flight: places.iter().flatten().count() as u64,
            places: places.len() as u64,
            p50: book.latency_so_far.quantile(0.5),
            p99: book.latency_so_far.quantile(0.99),
            lag_p99: book.lag.quantile(0.99),
        }
    }

    /// Hands a snapshot to whoever watches.
    pub fn report(&self) {
        self.recorder.second(self.snapshot());
        if self.options.interval_log.is_some() {
            let now = Moment::now().since(self.start);
            let from = self.reported.replace(now);
            let intervals = self.book.borrow_mut().take_interval();
            self.recorder.intervals(from, now - from, intervals);
        }
    }

    /// What was measured.
    pub fn take_measurements(&self) -> Measurements {
        Measurements {
            book: self.book.replace(Book::new(&[])),
            planned: self.agenda.borrow().last_planned(),
            span: self
                .intended
                .get()
                .map_or(0, |(first, last)| last.since(first)),
            answered: self.last_done.get().since(self.start),
        }
    }
}
