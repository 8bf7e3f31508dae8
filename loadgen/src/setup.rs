//! Opens the customers and accounts of the plan before the clock starts, through
//! the bank's own operations at a counter.

use crate::authorisation::{self, Device};
use crate::bank_api::{self, Answer, Customer, Question, Reading, Request};
use crate::connection::{Connection, Exchange, Message};
use crate::credentials::{IdentityNumbers, account_elsewhere, ahead_key, phone, pin, setup_key};
use crate::error::LoadError;
use crate::fate::{Effect, Outcome};
use crate::journal::{JournalRow, Phase};
use crate::money::yuan;
use crate::needs::Needs;
use crate::offers::Offers;
use crate::options::LoadOptions;
use crate::recorder::Recorder;
use crate::script::{Script, operation_name};
use crate::target::Target;
use bytes::Bytes;
use http::Method;
use scenarios::operation::{Channel, Medium, Operation};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::time::Duration;
use tokio::sync::Notify;

/// A broken exchange is tried so often in all; the idempotency key makes it safe.
const ATTEMPTS: u32 = 3;
/// The longest list of operations that one customer can need.
const MOST_OPERATIONS: u64 = 16;

/// The setup, shared by its connections.
pub struct Setup {
    target: Target,
    options: LoadOptions,
    needs: Vec<Needs>,
    customers: RefCell<Vec<Customer>>,
    next: Cell<usize>,
    done: Cell<u64>,
    of: u64,
    connections: usize,
    at_work: Cell<usize>,
    finished: Notify,
    failed: RefCell<Option<LoadError>>,
    /// What is in flight on each connection.
    in_flight: RefCell<Vec<Option<JournalRow>>>,
    recorder: Recorder,
}

/// Something that a customer asks for beside the operations that the plan has words for.
struct Gift<'a> {
    /// Which of the customer's.
    number: &'a str,
    path: &'a str,
    body: &'a Value,
    token: Option<String>,
}

impl Setup {
    /// Of the script's customers.
    pub fn new(target: Target, options: LoadOptions, script: &Script, recorder: Recorder) -> Self {
        let mut numbers = IdentityNumbers::new(&options.run);
        let (run, needs) = (options.run.as_str(), &script.needs);
        let customers = script
            .customers
            .iter()
            .zip(needs)
            .map(|(name, needs)| Customer {
                shield: needs.shield.then(|| authorisation::shield(run, name)),
                id_number: numbers.give(name),
                phone: phone(run, name),
                account_elsewhere: account_elsewhere(run, name),
                pin: pin(run, name),
                name: name.to_string(),
                ..Customer::default()
            });
        let customers = customers.collect();
        let customers_in_need = needs.iter().filter(|needs| **needs != Needs::default());
        let connections = customers_in_need
            .count()
            .min(options.setup_connections as usize);
        Self {
            in_flight: RefCell::new(vec![None; connections]),
            at_work: Cell::new(connections),
            connections,
            target,
            options,
            customers: RefCell::new(customers),
            next: Cell::new(0),
            done: Cell::new(0),
            of: needs
                .iter()
                .map(|needs| needs.operations().len() as u64)
                .sum(),
            needs: script.needs.clone(),
            finished: Notify::new(),
            failed: RefCell::new(None),
            recorder,
        }
    }

    /// How many connections are worth opening.
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// Opens customers one after another on one connection until none is left.
    pub async fn work(&self, place: usize) {
        let limit = self.options.timeout.max(Duration::from_secs(1));
        let mut connection = Connection::new(self.target.endpoint(), limit);
        while self.failed.borrow().is_none() && self.next.get() < self.needs.len() {
            let customer = self.next.replace(self.next.get() + 1);
            for (number, operation) in self.needs[customer].operations().into_iter().enumerate() {
                let opened = self.open(place, customer, number as u64, operation, &mut connection);
                if let Err(error) = opened.await {
                    self.failed.borrow_mut().get_or_insert(error);
                    break;
                }
                self.done.set(self.done.get() + 1);
            }
            if self.failed.borrow().is_none()
                && let Err(error) = self.hand_out(customer, &mut connection).await
            {
                self.failed.borrow_mut().get_or_insert(error);
            }
        }
        self.at_work.set(self.at_work.get() - 1);
        if self.at_work.get() == 0 {
            self.finished.notify_one();
        }
    }

    async fn open(
        &self,
        place: usize,
        customer: usize,
        number: u64,
        operation: Operation,
        connection: &mut Connection,
    ) -> Result<(), LoadError> {
        let number = customer as u64 * MOST_OPERATIONS + number;
        let amount_fen = match operation {
            Operation::Deposit => Some(self.needs[customer].deposit_fen),
            _ => None,
        };
        let failed = |why: String| LoadError::Setup {
            operation: operation_name(operation),
            customer: self.customers.borrow()[customer].name.clone(),
            why,
        };
        let request = self
            .request(customer, operation, amount_fen)
            .map_err(|why| failed(why.to_owned()))?;
        let row = self.row(customer, number, operation, amount_fen, &request);
        let message = Message {
            method: request.method,
            path: request.path,
            token: request.token,
            key: Some(row.key.clone()),
            terminal_session: None,
            body: request.body,
        };
        self.in_flight.borrow_mut()[place] = Some(row.clone());
        let reading = self.ask(operation, &message, connection).await;
        self.in_flight.borrow_mut()[place] = None;
        self.recorder.row(&JournalRow {
            outcome: reading.outcome,
            effect: reading.effect,
            why: reading.code.clone().or_else(|| reading.what.clone()),
            seq: reading.answer.seq,
            id: reading.answer.id(),
            ..row
        });
        if reading.outcome != Outcome::Succeeded {
            return Err(failed(reading.what.unwrap_or_default()));
        }
        self.customers.borrow_mut()[customer].learn(&reading.answer);
        Ok(())
    }

    /// Hands out what the customer needs beside the operations that the plan has words for: the
    /// medium that they authorise with, and a social-security card.
    async fn hand_out(
        &self,
        customer: usize,
        connection: &mut Connection,
    ) -> Result<(), LoadError> {
        let needs = self.needs[customer];
        let media = [
            (needs.device, Medium::Device, ""),
            (needs.shield, Medium::Shield, "3"),
        ];
        for (_, medium, number) in media.into_iter().filter(|(needed, ..)| *needed) {
            let given = authorisation::issue(medium, &self.customers.borrow()[customer]);
            let Some((path, body)) = given else { continue };
            let told = self.give(customer, number, path, &body, connection).await?;
            if medium == Medium::Device {
                let told = (told["device"].as_str(), told["secret"].as_str());
                let device = match told {
                    (Some(serial), Some(secret)) => Device::read(serial, secret),
                    _ => None,
                };
                let failed = || self.not_given(customer, "its answer is not understood".to_owned());
                let device = device.ok_or_else(failed)?;
                self.customers.borrow_mut()[customer].device = Some(device);
            }
        }
        if needs.social_security {
            let body = self.customers.borrow()[customer].identified();
            let path = "/v1/social-security/cards";
            self.give(customer, "0", path, &body, connection).await?;
        }
        if needs.pin {
            let (path, body) = {
                let known = &self.customers.borrow()[customer];
                let card = known.card.as_deref().unwrap_or_default();
                let body = json!({"identity_check": known.identity_check, "pin": known.pin});
                (format!("/v1/cards/{card}/pins"), body)
            };
            self.give(customer, "4", &path, &body, connection).await?;
        }
        if needs.alerts {
            self.subscribe(customer, connection).await?;
        }
        Ok(())
    }

    /// Subscribes to alerts, from the messenger.
    async fn subscribe(
        &self,
        customer: usize,
        connection: &mut Connection,
    ) -> Result<(), LoadError> {
        let credentials = {
            let known = &self.customers.borrow()[customer];
            let (number, token) = (&known.number, &known.device_token);
            json!({"customer": number, "device_token": token, "channel": "messenger"})
        };
        let path = "/v1/sessions";
        let told = self
            .give(customer, "1", path, &credentials, connection)
            .await?;
        let session = told["session"].as_str().map(ToOwned::to_owned);
        let failed = || self.not_given(customer, "its answer is not understood".to_owned());
        let asked = Gift {
            number: "2",
            path: "/v1/alerts/wishes",
            body: &json!({"balance_changes": true, "log_ins": true}),
            token: Some(session.ok_or_else(failed)?),
        };
        self.ask_for(customer, &asked, connection).await.map(drop)
    }

    fn not_given(&self, customer: usize, why: String) -> LoadError {
        LoadError::Setup {
            operation: "handing out a medium or a card".to_owned(),
            customer: self.customers.borrow()[customer].name.clone(),
            why,
        }
    }

    /// At a counter.
    async fn give(
        &self,
        customer: usize,
        number: &str,
        path: &str,
        body: &Value,
        connection: &mut Connection,
    ) -> Result<Value, LoadError> {
        let token = (path != "/v1/sessions").then(|| self.target.tokens().counter.clone());
        let asked = Gift {
            number,
            path,
            body,
            token,
        };
        self.ask_for(customer, &asked, connection).await
    }

    async fn ask_for(
        &self,
        customer: usize,
        asked: &Gift<'_>,
        connection: &mut Connection,
    ) -> Result<Value, LoadError> {
        let key = ahead_key(&setup_key(
            &self.options.run,
            customer as u64 * MOST_OPERATIONS,
        ));
        let message = Message {
            method: Method::POST,
            path: asked.path.to_owned(),
            token: asked.token.clone(),
            key: Some(format!("{key}{}", asked.number)),
            terminal_session: None,
            body: Bytes::from(asked.body.to_string()),
        };
        let why = match connection.exchange(&message, |_| {}).await {
            Exchange::Answered { status: 201, body } => {
                return Ok(serde_json::from_slice(&body).unwrap_or_default());
            }
            Exchange::Answered { status, .. } => format!("it answers {status}"),
            Exchange::NotWritten(why) | Exchange::Broken(why) => why,
            Exchange::TimedOut => "no answer in time".to_owned(),
        };
        Err(self.not_given(customer, why))
    }

    fn request(
        &self,
        customer: usize,
        operation: Operation,
        amount_fen: Option<i64>,
    ) -> Result<Request, &'static str> {
        let question = Question {
            operation,
            channel: Channel::Counter,
            amount_fen,
            customer: &self.customers.borrow()[customer],
            payee_account: None,
            session: None,
            particulars: None,
            offers: &Offers::default(),
            number: 0,
        };
        bank_api::request(&question, self.target.tokens())
    }

    async fn ask(&self, operation: Operation, message: &Message, on: &mut Connection) -> Reading {
        let mut attempt = 1;
        loop {
            // Until an answer tells otherwise, an earlier attempt may have had an effect.
            let why = match on.exchange(message, |_| {}).await {
                Exchange::Answered { status, body } => {
                    let reading = bank_api::reading(operation, &[], status, &body);
                    if reading.effect != Effect::Unknown || attempt == ATTEMPTS {
                        return reading;
                    }
                    reading.what.unwrap_or_default()
                }
                Exchange::NotWritten(why) | Exchange::Broken(why) => why,
                Exchange::TimedOut => "no answer in time".to_owned(),
            };
            if attempt == ATTEMPTS {
                return Reading {
                    outcome: Outcome::Failed,
                    effect: Effect::Unknown,
                    code: None,
                    what: Some(format!("{why} ({ATTEMPTS} attempts)")),
                    answer: Answer::default(),
                };
            }
            attempt += 1;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn row(
        &self,
        customer: usize,
        number: u64,
        operation: Operation,
        amount_fen: Option<i64>,
        request: &Request,
    ) -> JournalRow {
        JournalRow {
            phase: Phase::Setup,
            sequence: number,
            key: setup_key(&self.options.run, number),
            operation,
            channel: Channel::Counter,
            customer: self.customers.borrow()[customer].name.clone(),
            account: request.account.clone(),
            to: None,
            amount: amount_fen.map(|fen| yuan(i128::from(fen))),
            outcome: Outcome::Unknown,
            effect: Effect::Unknown,
            why: None,
            seq: None,
            id: None,
            intended_micros: None,
            latency_micros: None,
            service_micros: None,
        }
    }

    /// Waits until all connections have ended their work.
    pub async fn until_finished(&self) {
        while self.at_work.get() > 0 {
            self.finished.notified().await;
        }
    }

    /// Tells whoever watches how far it is.
    pub fn report(&self) {
        self.recorder.setup(self.done.get(), self.of);
    }

    /// Notes what is in flight as of unknown fate.
    pub fn close(&self) {
        for row in self.in_flight.borrow_mut().drain(..).flatten() {
            self.recorder.row(&row);
        }
    }

    /// The customers as opened and the number of operations that took; or why not.
    pub fn take_customers(&self) -> Result<(Vec<Customer>, u64), LoadError> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => Ok((self.customers.take(), self.done.get())),
        }
    }
}
