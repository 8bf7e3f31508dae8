//! The plan of a bank's operations made ready to play: names turned into positions,
//! the last steps of sessions marked, what must be there beforehand, and everything
//! refused that no bank could be asked. It grows with customers, not with operations
//! (of each operation one bit is kept).

use crate::agenda::{Call, Source};
use crate::error::LoadError;
use crate::money::VOUCHER_FEN;
use crate::needs::{self, Needs};
use crate::options::LoadOptions;
use crate::pacing::{real_offset, real_span};
use crate::plan::{LastSteps, Marks, Plan};
use scenarios::operation::{Channel, Operation, Particulars, PlannedOperation};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// One operation, ready to be built when its time comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub operation: Operation,
    pub channel: Channel,
    /// Position in [`Script::customers`].
    pub customer: u32,
    /// Position of the payee in [`Script::customers`].
    pub payee: Option<u32>,
    pub amount_fen: Option<i64>,
    /// Position in [`Script::allowed`].
    pub allow: u32,
    /// What else it says.
    pub particulars: Option<Box<Particulars>>,
}

/// A plan that has been gone through.
#[derive(Debug)]
pub struct Script {
    /// Names of customers and payees.
    pub customers: Vec<Arc<str>>,
    /// Lists of refusals that are allowed, each different one once.
    pub allowed: Vec<Arc<[String]>>,
    /// What each customer needs beforehand.
    pub needs: Vec<Needs>,
    /// Where each operation comes first.
    pub firsts: HashMap<Operation, u64>,
    /// Issues of vouchers and where they are.
    pub issues: Vec<(u64, Step)>,
    /// How many operations there are.
    pub operations: u64,
    names: Names,
    /// By operation, whether it is the last of its session.
    last: Marks,
}

#[derive(Debug, Default)]
struct Names {
    customers: Numbered<str>,
    allowed: Numbered<[String]>,
}

impl Script {
    /// Goes through the plan.
    pub fn read(plan: &Plan) -> Result<Self, LoadError> {
        let mut operations = plan.operations()?;
        let mut names = Names::default();
        let mut reader = needs::Reader::default();
        let mut firsts = HashMap::new();
        let mut issues = Vec::new();
        let mut last = LastSteps::default();
        let mut number = 0;
        while let Some(read) = operations.next_with(|_, planned| {
            check(number, planned)?;
            Ok::<_, LoadError>((names.step(planned), planned.session))
        }) {
            let (step, session) = read??;
            firsts.entry(step.operation).or_insert(number);
            last.next(session);
            reader.step(&step);
            if step.operation == Operation::WelfareIssue {
                issues.push((number, step));
            }
            number += 1;
        }
        Ok(Self {
            needs: reader.needs(names.customers.in_order.len()),
            customers: names.customers.in_order.clone(),
            allowed: names.allowed.in_order.clone(),
            firsts,
            issues,
            operations: number,
            names,
            last: last.marks(),
        })
    }

    /// The calls of the plan that it was made of, in real time.
    pub fn calls(
        script: Arc<Self>,
        plan: &Plan,
        options: &LoadOptions,
    ) -> Result<Source<Step>, LoadError> {
        let mut operations = plan.operations()?;
        let (from, speed, leaps) = (options.window_start, options.speed, options.leaps.clone());
        let mut number = 0;
        Ok(Box::new(std::iter::from_fn(move || {
            let call = operations.next_with(|known_at, planned| {
                let think = planned.think.unwrap_or_default();
                Some(Call {
                    number,
                    session: planned.session,
                    at: real_offset(leaps.played(planned.at), from, speed),
                    known_at: real_offset(leaps.played(known_at), from, speed),
                    think: real_span(leaps.pause(planned.at, think), speed),
                    last: script.last.has(number),
                    step: script.names.known_step(planned)?,
                })
            })?;
            number += 1;
            match call {
                Ok(Some(call)) => Some(Ok(call)),
                Ok(None) => Some(Err(LoadError::Changed)),
                Err(error) => Some(Err(error)),
            }
        })))
    }
}

impl Names {
    fn step(&mut self, planned: &PlannedOperation) -> Step {
        let customer = self.customers.give(&planned.customer);
        let payee = planned.payee.as_deref();
        Step {
            operation: planned.operation,
            channel: planned.channel,
            customer,
            payee: payee.map(|payee| self.customers.give(payee)),
            amount_fen: planned.amount_fen,
            allow: self.allowed.give(&planned.allow),
            particulars: planned.particulars.clone(),
        }
    }

    /// The same of names that have been given; none if one has not.
    fn known_step(&self, planned: &PlannedOperation) -> Option<Step> {
        let payee = match planned.payee.as_deref() {
            Some(payee) => Some(self.customers.known(payee)?),
            None => None,
        };
        Some(Step {
            operation: planned.operation,
            channel: planned.channel,
            customer: self.customers.known(&planned.customer)?,
            payee,
            amount_fen: planned.amount_fen,
            allow: self.allowed.known(&planned.allow)?,
            particulars: planned.particulars.clone(),
        })
    }
}

/// Values numbered in the order they first came.
#[derive(Debug)]
struct Numbered<T: ?Sized> {
    numbers: HashMap<Arc<T>, u32>,
    in_order: Vec<Arc<T>>,
}

impl<T: ?Sized> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            in_order: Vec::new(),
        }
    }
}

impl<T: Eq + Hash + ?Sized> Numbered<T> {
    fn give(&mut self, value: &T) -> u32
    where
        for<'a> Arc<T>: From<&'a T>,
    {
        if let Some(number) = self.known(value) {
            return number;
        }
        let (value, number) = (Arc::from(value), self.in_order.len() as u32);
        self.numbers.insert(Arc::clone(&value), number);
        self.in_order.push(value);
        number
    }

    fn known(&self, value: &T) -> Option<u32> {
        self.numbers.get(value).copied()
    }
}

/// The name of an operation as formats write it.
pub fn operation_name(operation: Operation) -> String {
    operation.name().to_owned()
}

fn check(number: u64, planned: &PlannedOperation) -> Result<(), LoadError> {
    use Operation::{
        BillPayment, Deposit, LoanApplication, TransferOtherBank, TransferOwnBank, WelfareIssue,
        Withdrawal,
    };
    let of_cards = planned.operation.is_of_card_network();
    let refuse = |why: &str| {
        Err(LoadError::Plan {
            number: number as usize + 1,
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
    ) || of_cards;
    if of_cards != (planned.channel == Channel::Acquirer) {
        return refuse(
            "and the channel `acquirer` belong together: the card network's uses of cards",
        );
    }
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
            particulars: None,
        }
    }

    #[test]
    fn interleaved_sessions_are_played_each_to_its_last_step() {
        let plan: Vec<_> = [(0, 7), (1, 8), (2, 7), (3, 8), (4, 7)]
            .map(|(at, session)| planned(at, session, Operation::IdentityCheck))
            .into();
        let plan = Plan::listed(plan);
        let mut options = LoadOptions::new("r", "/nowhere");
        options.speed = 2.0;
        let script = Arc::new(Script::read(&plan).unwrap());
        let calls = Script::calls(Arc::clone(&script), &plan, &options).unwrap();
        let calls: Vec<_> = calls.map(Result::unwrap).collect();
        let told: Vec<_> = calls.iter().map(|it| (it.at, it.think, it.last)).collect();
        let think = 1_000_000_000;
        assert_eq!(
            told,
            [
                (0, think, false),
                (500, think, false),
                (1000, think, false),
                (1500, think, true),
                (2000, think, true),
            ]
        );
        let customers: Vec<_> = calls.iter().map(|it| it.step.customer).collect();
        assert_eq!(customers, [0, 1, 0, 1, 0]);
        let names: Vec<&str> = script.customers.iter().map(|name| &**name).collect();
        assert_eq!(names, ["c7", "c8"]);
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
            let plan = Plan::listed(vec![planned(0, 1, Operation::LogOut), operation]);
            let refused = Script::read(&plan);
            assert!(
                matches!(refused, Err(LoadError::Plan { number: 2, .. })),
                "{refused:?}"
            );
        }
    }
}
