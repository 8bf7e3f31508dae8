//! The plan made ready to play: names turned into positions, sessions chained,
//! and everything refused that no bank could be asked.

use crate::error::LoadError;
use crate::money::VOUCHER_FEN;
use crate::options::LoadOptions;
use crate::pacing::{real_offset, real_span};
use scenarios::operation::{Channel, Operation, PlannedOperation};
use std::collections::HashMap;
use std::time::Duration;

/// One operation, ready to be built when its time comes.
#[derive(Debug, Clone)]
pub struct Step {
    pub operation: Operation,
    pub channel: Channel,
    /// Position in [`Script::customers`].
    pub customer: u32,
    /// Position of the payee in [`Script::customers`].
    pub payee: Option<u32>,
    /// Position of its session, from 0.
    pub session: u32,
    /// The next step of its session and the real nanoseconds of thought before it.
    pub next: Option<(u32, u64)>,
    /// Real nanoseconds from the start by the plan.
    pub offset: u64,
    pub amount_fen: Option<i64>,
    /// Position in [`Script::allowed`].
    pub allow: u32,
    /// Planned to start within the warm-up.
    pub warm_up: bool,
}

/// A plan ready to play.
#[derive(Debug)]
pub struct Script {
    /// In the order of the plan.
    pub steps: Vec<Step>,
    /// First steps of the sessions: `(offset in real nanoseconds, step)`.
    pub firsts: Vec<(u64, u32)>,
    /// Names of customers and payees.
    pub customers: Vec<String>,
    pub sessions: usize,
    /// Lists of refusals that are allowed, each different one once.
    pub allowed: Vec<Vec<String>>,
}

impl Script {
    /// Reads the plan.
    pub fn new(plan: &[PlannedOperation], options: &LoadOptions) -> Result<Self, LoadError> {
        let mut reader = Reader::default();
        let mut script = Self {
            steps: Vec::with_capacity(plan.len()),
            firsts: Vec::new(),
            customers: Vec::new(),
            sessions: 0,
            allowed: Vec::new(),
        };
        let warm_up = nanos(options.warm_up);
        for (index, planned) in plan.iter().enumerate() {
            check(index, planned)?;
            let index = index as u32;
            let offset = real_offset(planned.at, options.window_start, options.speed);
            let (session, previous) = reader.session(planned.session, index);
            if let Some(previous) = previous {
                let think = real_span(planned.think.unwrap_or_default(), options.speed);
                script.steps[previous as usize].next = Some((index, think));
            } else {
                script.firsts.push((offset, index));
            }
            script.steps.push(Step {
                operation: planned.operation,
                channel: planned.channel,
                customer: reader.customer(&planned.customer),
                payee: planned.payee.as_deref().map(|payee| reader.customer(payee)),
                session,
                next: None,
                offset,
                amount_fen: planned.amount_fen,
                allow: reader.allowed(&planned.allow),
                warm_up: offset < warm_up,
            });
        }
        script.customers = reader.customers.in_order();
        script.allowed = reader.allowed.in_order();
        script.sessions = reader.sessions.len();
        Ok(script)
    }

    /// Real nanoseconds of the last planned start.
    pub fn last_offset(&self) -> u64 {
        self.steps.iter().map(|step| step.offset).max().unwrap_or(0)
    }
}

/// A real time in nanoseconds.
pub fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Values numbered in the order they first came.
struct Numbered<T>(HashMap<T, u32>);

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Eq + std::hash::Hash> Numbered<T> {
    fn in_order(self) -> Vec<T> {
        let mut pairs: Vec<(T, u32)> = self.0.into_iter().collect();
        pairs.sort_unstable_by_key(|(_, number)| *number);
        pairs.into_iter().map(|(value, _)| value).collect()
    }
}

#[derive(Default)]
struct Reader {
    customers: Numbered<String>,
    allowed: Numbered<Vec<String>>,
    /// By the plan's number: ours, and the session's last step so far.
    sessions: HashMap<u64, (u32, u32)>,
}

impl Reader {
    fn customer(&mut self, name: &str) -> u32 {
        let next = self.customers.0.len() as u32;
        if let Some(number) = self.customers.0.get(name) {
            return *number;
        }
        self.customers.0.insert(name.to_owned(), next);
        next
    }

    fn allowed(&mut self, codes: &[String]) -> u32 {
        let next = self.allowed.0.len() as u32;
        if let Some(number) = self.allowed.0.get(codes) {
            return *number;
        }
        self.allowed.0.insert(codes.to_owned(), next);
        next
    }

    /// The session's number and its previous step.
    fn session(&mut self, name: u64, index: u32) -> (u32, Option<u32>) {
        let next = self.sessions.len() as u32;
        if let Some((number, last)) = self.sessions.get_mut(&name) {
            return (*number, Some(std::mem::replace(last, index)));
        }
        self.sessions.insert(name, (next, index));
        (next, None)
    }
}

/// The name of an operation as formats write it.
pub fn operation_name(operation: Operation) -> String {
    written(&operation)
}

/// The name of a channel as formats write it.
pub fn channel_name(channel: Channel) -> String {
    written(&channel)
}

fn written(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

fn check(index: usize, planned: &PlannedOperation) -> Result<(), LoadError> {
    use Operation::{
        BillPayment, Deposit, LoanApplication, TransferOtherBank, TransferOwnBank, WelfareIssue,
        Withdrawal,
    };
    let refuse = |why: &str| {
        Err(LoadError::Plan {
            number: index + 1,
            operation: operation_name(planned.operation),
            customer: planned.customer.clone(),
            why: why.to_owned(),
        })
    };
    let has_amount = matches!(
        planned.operation,
        Deposit
            | Withdrawal
            | TransferOwnBank
            | TransferOtherBank
            | BillPayment
            | LoanApplication
            | WelfareIssue
    );
    if has_amount && planned.amount_fen.is_none_or(|amount| amount <= 0) {
        return refuse("moves money and needs an amount above 0");
    }
    if planned.operation == WelfareIssue
        && (planned.channel != Channel::Counter
            || planned
                .amount_fen
                .is_none_or(|amount| amount % VOUCHER_FEN != 0))
    {
        return refuse("is done at a counter, for a multiple of 100 yuan");
    }
    if planned.operation == TransferOwnBank && planned.payee.is_none() {
        return refuse("needs a payee");
    }
    if index >= u32::MAX as usize {
        return refuse("is one too many: a plan holds at most 4294967294 operations");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenarios::time::{SimTime, Span};

    fn planned(at: u64, session: u64, operation: Operation) -> PlannedOperation {
        PlannedOperation {
            at: SimTime(at),
            branch: "b".into(),
            channel: Channel::Counter,
            customer: format!("c{session}"),
            session,
            step: 0,
            think: Some(Span(2_000_000)),
            operation,
            amount_fen: None,
            payee: None,
            allow: Vec::new(),
        }
    }

    #[test]
    fn interleaved_sessions_are_chained_each_for_itself() {
        let plan: Vec<_> = [(0, 7), (1, 8), (2, 7), (3, 8), (4, 7)]
            .map(|(at, session)| planned(at, session, Operation::IdentityCheck))
            .into();
        let mut options = LoadOptions::new("r", "/nowhere");
        options.speed = 2.0;
        let script = Script::new(&plan, &options).unwrap();
        let next: Vec<_> = script.steps.iter().map(|step| step.next).collect();
        let think = 1_000_000_000;
        assert_eq!(
            next,
            [
                Some((2, think)),
                Some((3, think)),
                Some((4, think)),
                None,
                None
            ]
        );
        assert_eq!(script.firsts, [(0, 0), (500, 1)]);
        assert_eq!(script.customers, ["c7", "c8"]);
    }

    #[test]
    fn what_no_bank_can_be_asked_is_refused_by_its_place() {
        let mut transfer = planned(0, 1, Operation::TransferOwnBank);
        transfer.amount_fen = Some(5);
        let bad = [
            planned(0, 1, Operation::WelfareIssue),
            planned(0, 1, Operation::Deposit),
            transfer,
        ];
        for operation in bad {
            let plan = [planned(0, 1, Operation::LogOut), operation];
            let refused = Script::new(&plan, &LoadOptions::new("r", "/nowhere"));
            assert!(
                matches!(refused, Err(LoadError::Plan { number: 2, .. })),
                "{refused:?}"
            );
        }
    }
}
