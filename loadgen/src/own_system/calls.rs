//! The calls of a plan on a system of somebody's own, pulled as their time comes.

use super::OwnPlan;
use crate::agenda::{Call, Source};
use crate::error::LoadError;
use crate::options::{LoadOptions, Model};
use crate::pacing::{real_offset, real_span};
use crate::plan::{LastSteps, Plan};
use crate::profile::{Profile, Session};
use crate::target_file::TargetFile;
use csv::StringRecord;
use scenarios::operation::Channel;
use std::collections::VecDeque;
use std::sync::Arc;

/// One operation of the plan.
#[derive(Debug, Clone)]
pub struct OwnStep {
    pub operation: u16,
    pub channel: Option<Channel>,
    pub customer: Arc<str>,
    pub payee: Option<Arc<str>>,
    pub branch: Option<Arc<str>>,
    pub amount_fen: Option<i64>,
    pub allow: Arc<[String]>,
    pub rows: Arc<[Arc<StringRecord>]>,
}

/// Every operation of the plan is in the target file; a closed model has a profile.
pub fn check(plan: &OwnPlan, file: &TargetFile, options: &LoadOptions) -> Result<(), LoadError> {
    match plan {
        OwnPlan::Profile(profile) => {
            for step in profile.flows.iter().flat_map(|flow| &flow.steps) {
                if file.place(&step.operation).is_none() {
                    let why = file.lacks(&step.operation);
                    return Err(profile.fault(&step.place, why).into());
                }
            }
        }
        OwnPlan::Operations(plan) => {
            if options.model == Model::Closed {
                return Err(LoadError::Option {
                    option: "the model",
                    value: "closed".to_owned(),
                    right: "operations with a time of day are played open; a profile can be closed",
                });
            }
            let mut operations = plan.operations()?;
            let mut number = 0;
            while let Some(read) = operations.next_with(|_, planned| {
                let name = planned.operation.name();
                (file.place(name).is_none()).then(|| (name, planned.customer.clone()))
            }) {
                number += 1;
                if let Some((name, customer)) = read? {
                    return Err(LoadError::Plan {
                        number,
                        operation: name.to_owned(),
                        customer,
                        why: format!("cannot be said: {}", file.lacks(name)),
                    });
                }
            }
        }
    }
    Ok(())
}

/// The calls of a plan.
pub fn source(
    plan: &OwnPlan,
    file: &TargetFile,
    options: &LoadOptions,
) -> Result<Source<OwnStep>, LoadError> {
    match plan {
        OwnPlan::Profile(profile) => of_profile(profile, file),
        OwnPlan::Operations(plan) => of_operations(plan, file, options),
    }
}

fn of_profile(profile: &Arc<Profile>, file: &TargetFile) -> Result<Source<OwnStep>, LoadError> {
    let places: Vec<Vec<u16>> = profile
        .flows
        .iter()
        .map(|flow| {
            let steps = flow.steps.iter();
            let places = steps.filter_map(|step| file.place(&step.operation));
            places.map(|place| place as u16).collect()
        })
        .collect();
    let mut calls = ProfileCalls {
        sessions: Box::new(profile.sessions()?),
        profile: Arc::clone(profile),
        places,
        waiting: VecDeque::new(),
        number: 0,
        names: CustomerNames::default(),
    };
    Ok(Box::new(std::iter::from_fn(move || calls.next())))
}

/// A profile's sessions, call by call.
struct ProfileCalls {
    profile: Arc<Profile>,
    sessions: Box<dyn Iterator<Item = Result<Session, LoadError>>>,
    places: Vec<Vec<u16>>,
    waiting: VecDeque<Call<OwnStep>>,
    number: u64,
    names: CustomerNames,
}

/// Names of a profile's customers: those of the first few are made once and kept, because making a
/// name takes longer than sending what it stands for.
#[derive(Default)]
struct CustomerNames(Vec<Option<Arc<str>>>);

impl CustomerNames {
    /// So many are kept.
    const KEPT: usize = 1 << 16;

    fn of(&mut self, customer: u32) -> Arc<str> {
        let name = || Arc::from(format!("c-{customer}"));
        let place = customer as usize;
        if place >= Self::KEPT {
            return name();
        }
        if self.0.len() <= place {
            self.0.resize(place + 1, None);
        }
        Arc::clone(self.0[place].get_or_insert_with(name))
    }
}

impl ProfileCalls {
    fn next(&mut self) -> Option<Result<Call<OwnStep>, LoadError>> {
        while self.waiting.is_empty() {
            match self.sessions.next()? {
                Ok(session) => self.take(&session),
                Err(error) => return Some(Err(error)),
            }
        }
        self.waiting.pop_front().map(Ok)
    }

    fn take(&mut self, session: &Session) {
        let flow = &self.profile.flows[session.flow];
        let real = |nanos: u64| (nanos as f64 / self.profile.speed).round() as u64;
        let known_at = real(session.at);
        let customer = self.names.of(session.customer);
        let payee = self.names.of(session.other);
        let mut at = known_at;
        let places = &self.places[session.flow];
        for (place, (step, think)) in flow.steps.iter().zip(&session.thinks).enumerate() {
            let think = real(*think);
            at += if place > 0 { think } else { 0 };
            self.waiting.push_back(Call {
                number: self.number,
                session: session.number,
                at,
                known_at,
                think,
                last: place + 1 == flow.steps.len(),
                step: OwnStep {
                    operation: places[place],
                    channel: flow.channel,
                    customer: Arc::clone(&customer),
                    payee: Some(Arc::clone(&payee)),
                    branch: None,
                    amount_fen: step.amount_fen,
                    allow: Arc::clone(&step.allow),
                    rows: Arc::clone(&session.rows),
                },
            });
            self.number += 1;
        }
    }
}

/// Operations of a day, each session to its last step.
fn of_operations(
    plan: &Plan,
    file: &TargetFile,
    options: &LoadOptions,
) -> Result<Source<OwnStep>, LoadError> {
    let mut last = LastSteps::default();
    let mut operations = plan.operations()?;
    while let Some(session) = operations.next_with(|_, planned| planned.session) {
        last.next(session?);
    }
    let last = last.marks();
    let mut operations = plan.operations()?;
    let places: Vec<Option<usize>> = scenarios::operation::Operation::ALL
        .iter()
        .map(|operation| file.place(operation.name()))
        .collect();
    let (from, speed) = (options.window_start, options.speed);
    let mut number = 0;
    Ok(Box::new(std::iter::from_fn(move || {
        let call = operations.next_with(|known_at, planned| {
            let operation = places[planned.operation as usize]?;
            Some(Call {
                number,
                session: planned.session,
                at: real_offset(planned.at, from, speed),
                known_at: real_offset(known_at, from, speed),
                think: real_span(planned.think.unwrap_or_default(), speed),
                last: last.has(number),
                step: OwnStep {
                    operation: operation as u16,
                    channel: Some(planned.channel),
                    customer: planned.customer.as_str().into(),
                    payee: planned.payee.as_deref().map(Into::into),
                    branch: Some(planned.branch.as_str().into()),
                    amount_fen: planned.amount_fen,
                    allow: planned.allow.clone().into(),
                    rows: [].into(),
                },
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
