//! Opens the customers and accounts of the plan before the clock starts, through
//! the bank's own operations at a counter.

use crate::authorisation::{self, Device, Medium};
use crate::bank_api::{self, Answer, Customer, Question, Reading, Request};
use crate::connection::{Connection, Exchange, Message};
use crate::credentials::{IdentityNumbers, account_elsewhere, ahead_key, phone, setup_key};
use crate::error::LoadError;
use crate::fate::{Effect, Outcome};
use crate::journal::{JournalRow, Phase};
use crate::money::yuan;
use crate::needs::Needs;
use crate::options::LoadOptions;
use crate::run::Recorder;
use crate::script::{Script, operation_name};
use crate::target::Target;
use bytes::Bytes;
use http::Method;
use scenarios::operation::{Channel, Operation};
use serde_json::Value;
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

impl Setup {
    /// Of the script's customers.
    pub fn new(
        target: Target,
        options: LoadOptions,
        script: &Script,
        needs: Vec<Needs>,
        recorder: Recorder,
    ) -> Self {
        let mut numbers = IdentityNumbers::new(&options.run);
        let run = options.run.as_str();
        let customers = script
            .customers
            .iter()
            .zip(&needs)
            .map(|(name, needs)| Customer {
                shield: (needs.medium == Medium::Shield).then(|| authorisation::shield(run, name)),
                id_number: numbers.give(name),
                phone: phone(run, name),
                account_elsewhere: account_elsewhere(run, name),
                name: name.clone(),
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
            needs,
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
        let address = self.target.address();
        let limit = self.options.timeout.max(Duration::from_secs(1));
        let mut connection = Connection::new(address, self.target.authority(), limit);
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
            body: request.body,
        };
        self.in_flight.borrow_mut()[place] = Some(row.clone());
        let reading = self.ask(operation, &message, connection).await;
        self.in_flight.borrow_mut()[place] = None;
        self.recorder.row(JournalRow {
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

    /// Hands out the medium that the customer authorises with, if it takes one.
    async fn hand_out(
        &self,
        customer: usize,
        connection: &mut Connection,
    ) -> Result<(), LoadError> {
        let medium = self.needs[customer].medium;
        let issue = authorisation::issue(medium, &self.customers.borrow()[customer]);
        let Some((path, body)) = issue else {
            return Ok(());
        };
        let failed = |why: String| LoadError::Setup {
            operation: "handing out a medium".to_owned(),
            customer: self.customers.borrow()[customer].name.clone(),
            why,
        };
        let message = Message {
            method: Method::POST,
            path: path.to_owned(),
            token: Some(self.target.tokens().counter.clone()),
            key: Some(ahead_key(&setup_key(
                &self.options.run,
                customer as u64 * MOST_OPERATIONS,
            ))),
            body: Bytes::from(body.to_string()),
        };
        let (status, body) = match connection.exchange(&message, |_| {}).await {
            Exchange::Answered { status, body } => (status, body),
            Exchange::NotWritten(why) | Exchange::Broken(why) => return Err(failed(why)),
            Exchange::TimedOut => return Err(failed("no answer in time".to_owned())),
        };
        if status != 201 {
            return Err(failed(format!("it answers {status}")));
        }
        if medium == Medium::Device {
            let told: Value = serde_json::from_slice(&body).unwrap_or_default();
            let told = (told["device"].as_str(), told["secret"].as_str());
            let device = match told {
                (Some(serial), Some(secret)) => Device::read(serial, secret),
                _ => None,
            };
            let device = device.ok_or_else(|| failed("its answer is not understood".to_owned()))?;
            self.customers.borrow_mut()[customer].device = Some(device);
        }
        Ok(())
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
            self.recorder.row(row);
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
