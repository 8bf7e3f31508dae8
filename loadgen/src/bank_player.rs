//! The bank's interpreter: how its operations are played, with the authorisation that a
//! payment out of a customer's own session needs.

use crate::agenda::Call;
use crate::authorisation::{self, Source, Told};
use crate::bank_api::{self, Customer, Question, Reading, Request};
use crate::clock::Moment;
use crate::connection::{Exchange, Message};
use crate::credentials::{ahead_key, idempotency_key};
use crate::fate::{Effect, Outcome};
use crate::interpreter::{End, Interpreter, RowTimes};
use crate::journal::JournalRow;
use crate::kind::Kind;
use crate::line::Line;
use crate::money::yuan;
use crate::offers::Offers;
use crate::retry::Tries;
use crate::script::{Script, Step};
use crate::target::Target;
use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use scenarios::operation::Operation;
use serde_json::Value;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

/// What the journal says beside how an operation ended.
#[derive(Debug, Clone, Default)]
pub struct Paid {
    /// The accounts between which it moves money.
    account: Option<String>,
    to: Option<String>,
    /// What is paid, where the plan does not say it.
    amount_fen: Option<i64>,
    /// The bank's record.
    seq: Option<u64>,
    id: Option<String>,
}

/// Plays operations on the bank.
pub struct BankPlayer {
    pub target: Target,
    pub run: String,
    /// For how long what nobody answered is asked again.
    pub retry: Option<Duration>,
    /// The share of what was acknowledged that is asked once more under its key.
    pub repeat: f64,
    pub script: Arc<Script>,
    pub offers: Offers,
    pub customers: RefCell<Vec<Customer>>,
}

impl Interpreter for BankPlayer {
    type Step = Step;
    /// The token of its log-in.
    type Session = Option<String>;
    type Note = Paid;
    type Row = JournalRow;

    fn kind(&self, step: &Step) -> Kind {
        Kind::of_bank(step.channel, step.operation)
    }

    fn changes(&self, step: &Step) -> bool {
        bank_api::is_write(step.operation)
    }

    async fn perform(
        &self,
        call: &Call<Step>,
        session: &mut Option<String>,
        line: &mut Line,
        written: &dyn Fn(Moment, &Paid),
    ) -> End<Paid> {
        let step = &call.step;
        let mut request = match self.request(step, session.as_deref(), call.number) {
            Ok(request) => request,
            Err(why) => return End::unsent(why.to_owned(), Paid::default()),
        };
        let paid = Paid {
            account: request.account.take(),
            to: request.to.take(),
            amount_fen: request.amount_fen,
            ..Paid::default()
        };
        let key = idempotency_key(&self.run, call.number);
        let mut tries = Tries::new(self.retry);
        if bank_api::needs_authorisation(step.operation, step.channel, self.target.tokens()) {
            request.body = loop {
                match self.authorise(step, &request, &key, line).await {
                    Ok(body) => break body,
                    Err(end) if tries.again(end.answered, end.effect).await => {}
                    Err(mut end) => {
                        end.note = paid;
                        return *end;
                    }
                }
            };
        }
        let message = Message {
            method: request.method,
            path: request.path,
            token: request.token,
            key: self.changes(step).then_some(key),
            terminal_session: request.terminal_session,
            body: request.body,
        };
        loop {
            let mut end = self
                .ask(step, &message, paid.clone(), session, line, written)
                .await;
            if !tries.again(end.answered, end.effect).await {
                end.effect = tries.effect(end.effect);
                if is_repeated(self.repeat, &message) && end.effect == Effect::Applied {
                    self.repeat(step, &message, &mut end, line).await;
                }
                return end;
            }
        }
    }

    fn row(&self, call: &Call<Step>, end: &End<Paid>, times: &RowTimes) -> JournalRow {
        let (step, paid) = (&call.step, &end.note);
        let key = if self.changes(step) {
            idempotency_key(&self.run, call.number)
        } else {
            String::new()
        };
        JournalRow {
            phase: times.phase,
            sequence: call.number,
            key,
            operation: step.operation,
            channel: step.channel,
            customer: self.script.customers[step.customer as usize].to_string(),
            account: paid.account.clone(),
            to: paid.to.clone(),
            amount: paid
                .amount_fen
                .or(step.amount_fen)
                .map(|fen| yuan(i128::from(fen))),
            outcome: end.outcome,
            effect: end.effect,
            why: end.code.clone().or_else(|| end.what.clone()),
            seq: paid.seq,
            id: paid.id.clone(),
            intended_micros: times.intended_micros,
            latency_micros: times.latency_micros,
            service_micros: times.service_micros,
        }
    }
}

fn end(reading: Reading, written: Option<Moment>, note: Paid) -> End<Paid> {
    End {
        outcome: reading.outcome,
        effect: reading.effect,
        code: reading.code,
        what: reading.what,
        answered: true,
        written,
        note,
    }
}

/// Whether the message is among the share that is asked once more; its key decides.
fn is_repeated(share: f64, message: &Message) -> bool {
    let digits = message.key.as_deref().and_then(|key| key.get(..8));
    let drawn = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    drawn.is_some_and(|drawn| f64::from(drawn) < share * f64::from(u32::MAX))
}

impl BankPlayer {
    /// Asks once more what was acknowledged, under its key: the answer must be of the same record.
    async fn repeat(&self, step: &Step, message: &Message, ended: &mut End<Paid>, line: &mut Line) {
        // Without an answer nothing is known that was not known before.
        let Exchange::Answered { status, body } = line.exchange(message, |_| {}).await else {
            return;
        };
        let again = bank_api::reading(step.operation, self.allowed(step), status, &body);
        if again.answer.seq != ended.note.seq {
            let of = |seq: Option<u64>| {
                seq.map_or("no record".to_owned(), |seq| format!("record {seq}"))
            };
            ended.outcome = Outcome::Failed;
            ended.code = Some("repeated".to_owned());
            ended.what = Some(format!(
                "asked again under its key it was answered as {}, and before as {}",
                of(again.answer.seq),
                of(ended.note.seq)
            ));
        }
    }

    /// One attempt at the operation itself.
    async fn ask(
        &self,
        step: &Step,
        message: &Message,
        paid: Paid,
        session: &mut Option<String>,
        line: &mut Line,
        written: &dyn Fn(Moment, &Paid),
    ) -> End<Paid> {
        let mut sent = None;
        let exchange = line.exchange(message, |moment| {
            sent = Some(moment);
            written(moment, &paid);
        });
        let exchange = exchange.await;
        let answered = End::without_answer(exchange, self.changes(step), sent, paid);
        let (status, body, mut paid) = match answered {
            Ok(end) => return end,
            Err(answer) => answer,
        };
        let reading = bank_api::reading(step.operation, self.allowed(step), status, &body);
        if reading.outcome == Outcome::Succeeded {
            self.customers.borrow_mut()[step.customer as usize].learn(&reading.answer);
            match step.operation {
                Operation::LogIn => session.clone_from(&reading.answer.session),
                Operation::LogOut => *session = None,
                _ => {}
            }
        }
        paid.seq = reading.answer.seq;
        paid.id = reading.answer.id();
        end(reading, sent, paid)
    }

    fn request(
        &self,
        step: &Step,
        session: Option<&str>,
        number: u64,
    ) -> Result<Request, &'static str> {
        let customers = self.customers.borrow();
        let payee = step.payee.map(|payee| &customers[payee as usize]);
        let question = Question {
            operation: step.operation,
            channel: step.channel,
            amount_fen: step.amount_fen,
            customer: &customers[step.customer as usize],
            payee_account: payee.and_then(|payee| payee.account.as_deref()),
            session,
            particulars: step.particulars.as_deref(),
            offers: &self.offers,
            number,
        };
        bank_api::request(&question, self.target.tokens())
    }

    fn allowed(&self, step: &Step) -> &[String] {
        &self.script.allowed[step.allow as usize]
    }

    /// Asks for the authorisation of a transfer and proves it: the transfer's body as
    /// it is to be sent, or how the operation ended before that.
    async fn authorise(
        &self,
        step: &Step,
        transfer: &Request,
        key: &str,
        line: &mut Line,
    ) -> Result<Bytes, Box<End<Paid>>> {
        let failed = |why: &str| Box::new(End::unsent(why.to_owned(), Paid::default()));
        let mut body: Value = serde_json::from_slice(&transfer.body).unwrap_or_default();
        let customer = self.customers.borrow()[step.customer as usize].clone();
        let named = step.particulars.as_ref().and_then(|it| it.medium);
        let medium = authorisation::medium(&customer, step.channel, named);
        let asked = authorisation::question(&customer, medium, &body);
        let asked = asked.ok_or_else(|| failed("its session had no medium"))?;
        let question = Message {
            method: Method::POST,
            path: "/v1/authorisations".to_owned(),
            token: transfer.token.clone(),
            key: Some(ahead_key(key)),
            terminal_session: None,
            body: Bytes::from(asked.to_string()),
        };
        let asked = match line.exchange(&question, |_| {}).await {
            Exchange::Answered { status: 201, body } => body,
            Exchange::Answered { status, body } => {
                // Nothing was paid, whatever became of the question.
                let reading = bank_api::reading(step.operation, self.allowed(step), status, &body);
                let mut ended = end(reading, None, Paid::default());
                ended.effect = Effect::None;
                return Err(Box::new(ended));
            }
            Exchange::TimedOut => return Err(failed("no answer about its authorisation in time")),
            Exchange::NotWritten(why) | Exchange::Broken(why) => return Err(failed(&why)),
        };
        let asked: Value = serde_json::from_slice(&asked).unwrap_or_default();
        let (Some(id), Some(text)) = (asked["authorisation"].as_str(), asked["text"].as_str())
        else {
            return Err(failed("its authorisation was not understood"));
        };
        let told = self.told(authorisation::source(medium), id, line).await;
        let told =
            told.ok_or_else(|| failed("its code could not be had: is the bank a test's?"))?;
        body["authorisation"] = authorisation::proof(&customer, id, text, &told)
            .ok_or_else(|| failed("its session had no medium"))?;
        Ok(Bytes::from(body.to_string()))
    }

    /// What the source of a proof tells: the phone's message, or what a device's own
    /// clock would show.
    async fn told(&self, source: Source, id: &str, line: &mut Line) -> Option<Told> {
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
            terminal_session: None,
            body: Bytes::new(),
        };
        let Exchange::Answered { status: 200, body } = line.exchange(&message, |_| {}).await else {
            return None;
        };
        let told: Value = serde_json::from_slice(&body).ok()?;
        if source == Source::Outbox {
            return Some(Told::Code(told["code"].as_str()?.to_owned()));
        }
        let moment: Timestamp = told["business_time"].as_str()?.parse().ok()?;
        Some(Told::Second(moment.as_second()))
    }
}
