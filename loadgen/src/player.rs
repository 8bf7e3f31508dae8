//! The stream itself: one task keeps the pace and hands out what is due, one
//! task per connection plays it. All of them share one thread and its state.

use crate::authorisation::{self, Source, Told};
use crate::bank_api::{self, Customer, Question, Reading, Request};
use crate::clock::{Alarm, Moment};
use crate::connection::{Connection, Exchange, Message};
use crate::credentials::{ahead_key, idempotency_key};
use crate::fate::{Effect, Outcome};
use crate::journal::{JournalRow, Phase};
use crate::measurement::{Book, Ended};
use crate::money::yuan;
use crate::offers::Offers;
use crate::options::{LoadOptions, LoadSnapshot};
use crate::pacing::{Due, Schedule};
use crate::retry::Tries;
use crate::run::Recorder;
use crate::script::{Script, Step, operation_name};
use crate::target::Target;
use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use scenarios::operation::Operation;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use tokio::sync::Notify;

/// Niceness of the thread that keeps the pace, where the system allows it.
const URGENT: i32 = -10;

/// An operation handed out and not yet taken by a connection.
#[derive(Debug, Clone, Copy)]
struct Job {
    due: Due,
    dispatched: Moment,
    /// A connection was free when it was handed out: whatever delays it until it is
    /// written is the generator's fault, not the target's.
    free: bool,
}

/// An operation taken by a connection.
#[derive(Debug, Clone)]
struct InHand {
    due: Due,
    /// Set once it was handed to the socket, with what the journal will say.
    written: Option<(Moment, Paid)>,
    lag: u64,
}

/// The accounts between which an operation moves money.
#[derive(Debug, Clone, Default)]
struct Paid {
    account: Option<String>,
    to: Option<String>,
    /// What is paid, where the plan does not say it.
    amount_fen: Option<i64>,
}

/// How one operation ended.
struct End {
    reading: Reading,
    answered: bool,
    written: Option<Moment>,
    paid: Paid,
}

/// Everything the tasks share.
pub struct Player {
    target: Target,
    options: LoadOptions,
    script: Script,
    start: Moment,
    offers: Offers,
    customers: RefCell<Vec<Customer>>,
    sessions: RefCell<Vec<Option<String>>>,
    schedule: RefCell<Schedule>,
    sooner: Notify,
    queue: RefCell<VecDeque<Job>>,
    work: Notify,
    /// Connections that wait for work and have not been promised any.
    idle: Cell<u32>,
    in_hand: RefCell<Vec<Option<InHand>>>,
    ended: RefCell<Vec<bool>>,
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

impl Player {
    /// Ready to play from `start`.
    pub fn new(
        target: Target,
        options: LoadOptions,
        script: Script,
        (customers, offers): (Vec<Customer>, Offers),
        start: Moment,
        recorder: Recorder,
    ) -> Self {
        let thresholds: Vec<u64> = options.thresholds.iter().map(|span| span.0).collect();
        let seconds = script.last_offset() / 1_000_000_000 + 1;
        Self {
            start,
            schedule: RefCell::new(Schedule::new(start, script.firsts.clone())),
            sessions: RefCell::new(vec![None; script.sessions]),
            in_hand: RefCell::new(vec![None; options.connections as usize]),
            ended: RefCell::new(vec![false; script.steps.len()]),
            book: RefCell::new(Book::new(&thresholds, seconds)),
            target,
            options,
            script,
            customers: RefCell::new(customers),
            offers,
            sooner: Notify::new(),
            queue: RefCell::default(),
            work: Notify::new(),
            idle: Cell::new(0),
            dispatched: Cell::new(0),
            finished: Cell::new(0),
            all_finished: Notify::new(),
            recorder,
            reported: Cell::new(0),
            last_done: Cell::new(start),
            intended: Cell::new(None),
        }
    }

    /// Hands out each operation when it is due; never ends by itself.
    pub async fn keep_pace(&self) -> io::Result<()> {
        let alarm = Alarm::new()?;
        // On a busy machine a late wake-up is the generator's fault; where the system
        // allows it (Linux: root or CAP_SYS_NICE), this thread goes first.
        let _ = rustix::process::setpriority_process(None, URGENT);
        loop {
            self.hand_out();
            let next = self.schedule.borrow().next();
            match next {
                None => self.sooner.notified().await,
                Some(next) => tokio::select! {
                    rung = alarm.until(next) => rung?,
                    () = self.sooner.notified() => {}
                },
            }
        }
    }

    fn hand_out(&self) {
        loop {
            let dispatched = Moment::now();
            let Some(due) = self.schedule.borrow_mut().take_due(dispatched) else {
                return;
            };
            let (first, last) = self.intended.get().unwrap_or((due.intended, due.intended));
            self.intended
                .set(Some((first.min(due.intended), last.max(due.intended))));
            let free = self.idle.get() > 0;
            self.queue.borrow_mut().push_back(Job {
                due,
                dispatched,
                free,
            });
            self.dispatched.set(self.dispatched.get() + 1);
            if free {
                self.idle.set(self.idle.get() - 1);
                self.work.notify_one();
            }
        }
    }

    /// Plays on one connection whatever is due; never ends by itself.
    pub async fn work(&self, place: usize) {
        let address = self.target.address();
        let mut connection =
            Connection::new(address, self.target.authority(), self.options.timeout);
        loop {
            let job = self.take_job().await;
            let taken = if job.free {
                Moment::now()
            } else {
                job.dispatched
            };
            let lag = taken.since(job.due.intended);
            self.in_hand.borrow_mut()[place] = Some(InHand {
                due: job.due,
                written: None,
                lag,
            });
            let end = self.play(place, job.due, &mut connection).await;
            self.in_hand.borrow_mut()[place] = None;
            self.end(job.due, Some(lag), &end);
        }
    }

    async fn take_job(&self) -> Job {
        loop {
            let job = self.queue.borrow_mut().pop_front();
            if let Some(job) = job {
                return job;
            }
            self.idle.set(self.idle.get() + 1);
            self.work.notified().await;
        }
    }

    async fn play(&self, place: usize, due: Due, connection: &mut Connection) -> End {
        let step = &self.script.steps[due.index as usize];
        let mut request = match self.request(step, u64::from(due.index)) {
            Ok(request) => request,
            Err(why) => return End::unsent(why.to_owned(), Paid::default()),
        };
        let paid = Paid {
            account: request.account.take(),
            to: request.to.take(),
            amount_fen: request.amount_fen,
        };
        let key = idempotency_key(&self.options.run, u64::from(due.index));
        let mut tries = Tries::new(self.options.retry);
        if bank_api::needs_authorisation(step.operation, step.channel, self.target.tokens()) {
            request.body = loop {
                match self.authorise(step, &request, &key, connection).await {
                    Ok(body) => break body,
                    Err(end) if tries.again(end.answered, end.reading.effect).await => {}
                    Err(mut end) => {
                        end.paid = paid;
                        return *end;
                    }
                }
            };
        }
        let message = Message {
            method: request.method,
            path: request.path,
            token: request.token,
            key: bank_api::is_write(step.operation).then_some(key),
            body: request.body,
        };
        loop {
            let mut written = None;
            let exchange = connection.exchange(&message, |moment| {
                written = Some(moment);
                if let Some(in_hand) = &mut self.in_hand.borrow_mut()[place] {
                    in_hand.written = Some((moment, paid.clone()));
                }
            });
            let exchange = exchange.await;
            let mut end = End::of(step, self.allowed(step), exchange, written, paid.clone());
            if !tries.again(end.answered, end.reading.effect).await {
                end.reading.effect = tries.effect(end.reading.effect);
                return end;
            }
        }
    }

    fn request(&self, step: &Step, number: u64) -> Result<Request, &'static str> {
        let customers = self.customers.borrow();
        let sessions = self.sessions.borrow();
        let payee = step.payee.map(|payee| &customers[payee as usize]);
        let question = Question {
            operation: step.operation,
            channel: step.channel,
            amount_fen: step.amount_fen,
            customer: &customers[step.customer as usize],
            payee_account: payee.and_then(|payee| payee.account.as_deref()),
            session: sessions[step.session as usize].as_deref(),
            offers: &self.offers,
            number,
        };
        bank_api::request(&question, self.target.tokens())
    }

    /// Asks for the authorisation of a transfer and proves it: the transfer's body as
    /// it is to be sent, or how the operation ended before that.
    async fn authorise(
        &self,
        step: &Step,
        transfer: &Request,
        key: &str,
        connection: &mut Connection,
    ) -> Result<Bytes, Box<End>> {
        let failed = |why: &str| Box::new(End::unsent(why.to_owned(), Paid::default()));
        let mut body: Value = serde_json::from_slice(&transfer.body).unwrap_or_default();
        let customer = self.customers.borrow()[step.customer as usize].clone();
        let question = Message {
            method: Method::POST,
            path: "/v1/authorisations".to_owned(),
            token: transfer.token.clone(),
            key: Some(ahead_key(key)),
            body: Bytes::from(authorisation::question(&customer, &body).to_string()),
        };
        let asked = match connection.exchange(&question, |_| {}).await {
            Exchange::Answered { status: 201, body } => body,
            Exchange::Answered { status, body } => {
                // Nothing was paid, whatever became of the question.
                let reading = bank_api::reading(step.operation, self.allowed(step), status, &body);
                return Err(Box::new(End {
                    reading: Reading {
                        effect: Effect::None,
                        ..reading
                    },
                    answered: true,
                    written: None,
                    paid: Paid::default(),
                }));
            }
            Exchange::TimedOut => return Err(failed("no answer about its authorisation in time")),
            Exchange::NotWritten(why) | Exchange::Broken(why) => return Err(failed(&why)),
        };
        let asked: Value = serde_json::from_slice(&asked).unwrap_or_default();
        let (Some(id), Some(text)) = (asked["authorisation"].as_str(), asked["text"].as_str())
        else {
            return Err(failed("its authorisation was not understood"));
        };
        let told = self.told(authorisation::source(&customer), id, connection);
        let told = told
            .await
            .ok_or_else(|| failed("its code could not be had: is the bank a test's?"))?;
        body["authorisation"] = authorisation::proof(&customer, id, text, &told)
            .ok_or_else(|| failed("its session had no medium"))?;
        Ok(Bytes::from(body.to_string()))
    }

    /// What the source of a proof tells: the phone's message, or what a device's own
    /// clock would show.
    async fn told(&self, source: Source, id: &str, connection: &mut Connection) -> Option<Told> {
        let path = match source {
            Source::Key => return Some(Told::Nothing),
            Source::Outbox => format!("/v1/test/outbox/{id}"),
            Source::Clock => "/readyz".to_owned(),
        };
        let message = Message {
            method: Method::GET,
            path,
            token: (source == Source::Outbox).then(|| self.target.tokens().operator.clone()),
            key: None,
            body: Bytes::new(),
        };
        let Exchange::Answered { status: 200, body } = connection.exchange(&message, |_| {}).await
        else {
            return None;
        };
        let told: Value = serde_json::from_slice(&body).ok()?;
        if source == Source::Outbox {
            return Some(Told::Code(told["code"].as_str()?.to_owned()));
        }
        let moment: Timestamp = told["business_time"].as_str()?.parse().ok()?;
        Some(Told::Second(moment.as_second()))
    }

    fn allowed(&self, step: &Step) -> &[String] {
        &self.script.allowed[step.allow as usize]
    }

    /// Enters an end everywhere and lets the session go on.
    fn end(&self, due: Due, lag: Option<u64>, end: &End) {
        let done = Moment::now();
        let step = &self.script.steps[due.index as usize];
        let reading = &end.reading;
        if reading.outcome == Outcome::Succeeded {
            self.customers.borrow_mut()[step.customer as usize].learn(&reading.answer);
            let session = &mut self.sessions.borrow_mut()[step.session as usize];
            match step.operation {
                Operation::LogIn => session.clone_from(&reading.answer.session),
                Operation::LogOut => *session = None,
                _ => {}
            }
        }
        if end.answered {
            self.last_done.set(self.last_done.get().max(done));
        }
        self.enter(due.index, Some(due.intended), done, lag, end);
        if let Some((next, think)) = step.next {
            let sooner = self.schedule.borrow_mut().follow(done.after(think), next);
            if sooner {
                self.sooner.notify_one();
            }
        }
        if self.finished.get() == self.script.steps.len() as u64 {
            self.all_finished.notify_one();
        }
    }

    fn enter(
        &self,
        index: u32,
        intended: Option<Moment>,
        done: Moment,
        lag: Option<u64>,
        end: &End,
    ) {
        let step = &self.script.steps[index as usize];
        let reading = &end.reading;
        let latency = intended.map(|intended| done.since(intended));
        let service = end.written.map(|written| done.since(written));
        let since_start = intended.map(|intended| intended.since(self.start));
        let mut book = self.book.borrow_mut();
        book.enter(&Ended {
            channel: step.channel,
            operation: step.operation,
            warm_up: step.warm_up,
            outcome: reading.outcome,
            answered: end.answered,
            intended: since_start,
            latency,
            service,
            lag,
        });
        if let (Some(what), false) = (&reading.what, step.warm_up) {
            book.fail(format!("{}: {what}", operation_name(step.operation)));
        }
        self.ended.borrow_mut()[index as usize] = true;
        self.finished.set(self.finished.get() + 1);
        let write = bank_api::is_write(step.operation);
        self.recorder.row(JournalRow {
            phase: if step.warm_up {
                Phase::WarmUp
            } else {
                Phase::Measured
            },
            sequence: u64::from(index),
            key: if write {
                idempotency_key(&self.options.run, u64::from(index))
            } else {
                String::new()
            },
            operation: step.operation,
            channel: step.channel,
            customer: self.script.customers[step.customer as usize].clone(),
            account: end.paid.account.clone(),
            to: end.paid.to.clone(),
            amount: end
                .paid
                .amount_fen
                .or(step.amount_fen)
                .map(|fen| yuan(i128::from(fen))),
            outcome: reading.outcome,
            effect: reading.effect,
            why: reading.code.clone().or_else(|| reading.what.clone()),
            seq: reading.answer.seq,
            id: reading.answer.id(),
            intended_micros: since_start.map(|nanos| nanos / 1000),
            latency_micros: latency.map(|nanos| nanos / 1000),
            service_micros: service.map(|nanos| nanos / 1000),
        });
    }

    /// Waits until every operation has ended.
    pub async fn until_finished(&self) {
        while self.finished.get() < self.script.steps.len() as u64 {
            self.all_finished.notified().await;
        }
    }

    /// Ends whatever has not ended. Interrupted: in flight is unknown and the rest
    /// not sent. Otherwise time is up: whatever was due has timed out.
    pub fn close(&self, interrupted: bool) {
        let now = Moment::now();
        let late = if interrupted {
            Outcome::Unknown
        } else {
            Outcome::TimedOut
        };
        let hands = std::mem::take(&mut *self.in_hand.borrow_mut());
        for in_hand in hands.into_iter().flatten() {
            let step = &self.script.steps[in_hand.due.index as usize];
            let (written, paid) = in_hand.written.unzip();
            let end = match written {
                None => End::waiting(interrupted),
                Some(_) => End::late(step, late, written, paid.unwrap_or_default()),
            };
            self.enter(
                in_hand.due.index,
                Some(in_hand.due.intended),
                now,
                Some(in_hand.lag),
                &end,
            );
        }
        let waiting: Vec<Job> = self.queue.borrow_mut().drain(..).collect();
        for job in waiting {
            let lag = job.dispatched.since(job.due.intended);
            let end = End::waiting(interrupted);
            self.enter(job.due.index, Some(job.due.intended), now, Some(lag), &end);
        }
        for index in 0..self.script.steps.len() {
            if !self.ended.borrow()[index] {
                self.enter(index as u32, None, now, None, &End::not_sent());
            }
        }
    }

    /// How far it is.
    pub fn snapshot(&self) -> LoadSnapshot {
        let book = self.book.borrow();
        LoadSnapshot {
            seconds: Moment::now().since(self.start) as f64 / 1e9,
            planned: self.script.steps.len() as u64,
            dispatched: self.dispatched.get(),
            finished: self.finished.get(),
            errors: book.errors_so_far,
            waiting: self.queue.borrow().len() as u64,
            p50: book.latency_so_far.quantile(0.5),
            p99: book.latency_so_far.quantile(0.99),
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

    /// The measurements, the nanoseconds between first and last intended start,
    /// and those from the start to the last answer.
    pub fn take_measurements(&self) -> (Book, u64, u64) {
        let span = self
            .intended
            .get()
            .map_or(0, |(first, last)| last.since(first));
        let answered = self.last_done.get().since(self.start);
        (self.book.replace(Book::new(&[], 0)), span, answered)
    }
}

impl End {
    fn of(
        step: &Step,
        allow: &[String],
        exchange: Exchange,
        written: Option<Moment>,
        paid: Paid,
    ) -> Self {
        match exchange {
            Exchange::Answered { status, body } => Self {
                reading: bank_api::reading(step.operation, allow, status, &body),
                answered: true,
                written,
                paid,
            },
            Exchange::NotWritten(why) => Self::unsent(why, paid),
            Exchange::Broken(why) => {
                let mut end = Self::late(step, Outcome::Failed, written, paid);
                end.reading.what = Some(why);
                end
            }
            Exchange::TimedOut => Self::late(step, Outcome::TimedOut, written, paid),
        }
    }

    /// Sent, and nothing usable came back.
    fn late(step: &Step, outcome: Outcome, written: Option<Moment>, paid: Paid) -> Self {
        let effect = if bank_api::is_write(step.operation) {
            Effect::Unknown
        } else {
            Effect::None
        };
        let what = (outcome == Outcome::TimedOut).then(|| "no answer in time".to_owned());
        Self::without_answer(outcome, effect, what, written, paid)
    }

    /// Not sent because it could not be.
    fn unsent(why: String, paid: Paid) -> Self {
        Self::without_answer(Outcome::Failed, Effect::None, Some(why), None, paid)
    }

    /// Due, and no connection came free for it.
    fn waiting(interrupted: bool) -> Self {
        if interrupted {
            return Self::not_sent();
        }
        let what = Some("no connection came free in time".to_owned());
        Self::without_answer(Outcome::TimedOut, Effect::None, what, None, Paid::default())
    }

    fn not_sent() -> Self {
        Self::without_answer(Outcome::NotSent, Effect::None, None, None, Paid::default())
    }

    fn without_answer(
        outcome: Outcome,
        effect: Effect,
        what: Option<String>,
        written: Option<Moment>,
        paid: Paid,
    ) -> Self {
        Self {
            reading: Reading {
                outcome,
                effect,
                code: None,
                what,
                answer: bank_api::Answer::default(),
            },
            answered: false,
            written,
            paid,
        }
    }
}
