//! A profile whose operations are the bank's: its sessions as planned operations.

use super::{Profile, Session};
use crate::options::Model;
use crate::placed::Fault;
use scenarios::operation::{Channel, Operation, PlannedOperation};
use scenarios::time::Span;
use std::sync::Arc;

/// A profile that the bank can be asked.
#[derive(Debug)]
pub struct BankTraffic {
    profile: Arc<Profile>,
    /// By flow and step.
    operations: Vec<Vec<Operation>>,
}

impl BankTraffic {
    /// Looks whether the bank knows all operations.
    ///
    /// # Errors
    /// What it does not know, with its line.
    pub fn new(profile: Arc<Profile>) -> Result<Self, Fault> {
        let mut operations = Vec::new();
        for flow in &profile.flows {
            if flow.channel.is_none() {
                let known = Channel::names().join("`, `");
                let why = format!("a flow on the bank needs a `channel`: `{known}`");
                return Err(profile.fault(&flow.place, why));
            }
            let steps = flow.steps.iter().map(|step| {
                let operation: Result<Operation, _> = step.operation.parse();
                let operation = operation.map_err(|error: scenarios::names::UnknownName| {
                    profile.fault(&step.place, error.to_string())
                })?;
                if operation == Operation::WelfareIssue {
                    let why = "vouchers are issued by campaigns of a scenario, not by a profile";
                    return Err(profile.fault(&step.place, why));
                }
                Ok(operation)
            });
            operations.push(steps.collect::<Result<_, Fault>>()?);
        }
        if profile.crowd.model == Model::Closed && profile.crowd.sessions.is_none() {
            let place = 0..0;
            let why = "a closed model on the bank needs `sessions` in [model]: how many there are at most decides which customers are opened beforehand";
            return Err(profile.fault(&place, why));
        }
        Ok(Self {
            profile,
            operations,
        })
    }

    /// The profile.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Its operations.
    pub(crate) fn operations(&self, session: &Session) -> Vec<PlannedOperation> {
        let flow = &self.profile.flows[session.flow];
        let mut at = session.starts();
        let steps = flow.steps.iter().zip(&self.operations[session.flow]);
        let thinks = session.thinks.iter().zip(0..);
        steps
            .zip(thinks)
            .map(|((step, operation), (think, place))| {
                let think = Span(think / 1000);
                if place > 0 {
                    at = at.after(think);
                }
                PlannedOperation {
                    at,
                    branch: "profile".to_owned(),
                    channel: flow.channel.unwrap_or(Channel::Counter),
                    customer: format!("c-{}", session.customer),
                    session: session.number,
                    step: place,
                    think: Some(think),
                    operation: *operation,
                    amount_fen: step.amount_fen,
                    payee: (*operation == Operation::TransferOwnBank)
                        .then(|| format!("c-{}", session.other)),
                    allow: step.allow.to_vec(),
                    particulars: None,
                }
            })
            .collect()
    }
}
