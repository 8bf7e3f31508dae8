//! A system of somebody's own: plays a plan on it as a target file says.

use crate::agenda::{Call, Source};
use crate::clock::Moment;
use crate::connection::Said;
use crate::credentials::idempotency_key;
use crate::endpoint::Endpoint;
use crate::error::LoadError;
use crate::fate::{Effect, Outcome};
use crate::interpreter::{End, Interpreter, RowTimes};
use crate::journal::Phase;
use crate::kind::{Kind, Names};
use crate::line::Line;
use crate::money::yuan;
use crate::options::{LoadOptions, LoadProgress, Model, StopFlag};
use crate::outcome::LoadOutcome;
use crate::pacing::{real_offset, real_span};
use crate::plan::{LastSteps, Plan};
use crate::profile::{Profile, Session};
use crate::stage::{self, Piece};
use crate::stream::Stream;
use crate::target_file::{Capture, Compiled, PlanPart, Program, TargetFile, Values, Variable};
use csv::StringRecord;
use scenarios::operation::Channel;
use serde::Serialize;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// So long the target may take to open its door.
const PATIENCE_AT_THE_DOOR: Duration = Duration::from_secs(5);

/// What is played on it.
#[derive(Debug, Clone)]
pub enum OwnPlan {
    /// A plain profile.
    Profile(Arc<Profile>),
    /// Operations of a scenario's day or a recorded log, by their names.
    Operations(Plan),
}

/// One operation of the plan.
#[derive(Debug, Clone)]
pub struct OwnStep {
    operation: u16,
    channel: Option<Channel>,
    customer: Arc<str>,
    payee: Option<Arc<str>>,
    branch: Option<Arc<str>>,
    amount_fen: Option<i64>,
    allow: Arc<[String]>,
    rows: Arc<[Arc<StringRecord>]>,
}

/// A row of the journal.
#[derive(Debug, Serialize)]
pub struct OwnRow {
    phase: Phase,
    sequence: u64,
    session: u64,
    #[serde(serialize_with = "text")]
    operation: Arc<str>,
    channel: Option<Channel>,
    #[serde(serialize_with = "text")]
    customer: Arc<str>,
    outcome: Outcome,
    effect: Effect,
    why: Option<String>,
    status: Option<u16>,
    intended_micros: Option<u64>,
    latency_micros: Option<u64>,
    service_micros: Option<u64>,
}

fn text<S: serde::Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

/// Plays the plan on the system at `endpoint` and measures it, like [`crate::play`] does on
/// the bank. `options.window_start` and `options.speed` count for operations with a time
/// of day; a profile brings its own speed.
///
/// # Errors
/// When nothing could be played: see [`LoadError`].
pub fn play_on_own_system(
    plan: &OwnPlan,
    file: &TargetFile,
    endpoint: &Endpoint,
    options: &LoadOptions,
    progress: &dyn LoadProgress,
    stop: &StopFlag,
) -> Result<LoadOutcome, LoadError> {
    options.check()?;
    let profile = match plan {
        OwnPlan::Profile(profile) => Some(&**profile),
        OwnPlan::Operations(_) => None,
    };
    let program = file.compile(&options.run, profile)?;
    check(plan, file, options)?;
    stage::on_a_thread(|| stage::in_runtime(knock(endpoint)))?;
    let names = Names::new(file.operations().map(str::to_owned).collect());
    let expected = match plan {
        OwnPlan::Profile(profile) => profile.expected(),
        OwnPlan::Operations(plan) => plan.extent()?.map(|(_, _, count)| count),
    };
    stage::with_recorder(&names.clone(), options, progress, |recorder| async move {
        let piece = Piece {
            source: match plan {
                OwnPlan::Profile(profile) => of_profile(profile, file)?,
                OwnPlan::Operations(plan) => of_operations(plan, file, options)?,
            },
            interpreter: OwnSystem::new(program, &options.run),
            names,
            endpoint: endpoint.clone(),
            expected,
            setup_operations: 0,
        };
        stage::play(piece, options, stop, recorder).await
    })
}

/// Every operation of the plan is in the target file; a closed model has a profile.
fn check(plan: &OwnPlan, file: &TargetFile, options: &LoadOptions) -> Result<(), LoadError> {
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

/// Whether anybody is there.
async fn knock(endpoint: &Endpoint) -> Result<(), LoadError> {
    let opened = tokio::time::timeout(PATIENCE_AT_THE_DOOR, Stream::connect(endpoint)).await;
    let why = match opened {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(why)) => why,
        Err(_elapsed) => "no connection in time".to_owned(),
    };
    Err(LoadError::Unreachable {
        target: endpoint.base().to_owned(),
        why,
    })
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

/// Values that answers told, by their places.
type Told = Vec<Option<String>>;

/// Says operations as the target file writes them.
struct OwnSystem {
    operations: Vec<Compiled>,
    names: Vec<Arc<str>>,
    session_values: usize,
    customer_values: usize,
    run: String,
    customers: RefCell<HashMap<Arc<str>, Told>>,
}

impl OwnSystem {
    fn new(program: Program, run: &str) -> Self {
        let names = program.operations.iter();
        Self {
            names: names.map(|it| it.name.as_str().into()).collect(),
            operations: program.operations,
            session_values: program.session_values,
            customer_values: program.customer_values,
            run: run.to_owned(),
            customers: RefCell::default(),
        }
    }

    /// Says one operation, and keeps what its answer tells.
    async fn say(
        &self,
        operation: &Compiled,
        call: &Call<OwnStep>,
        session: &mut Told,
        line: &mut Line,
        mut written: impl FnMut(Moment),
    ) -> End<Option<u16>> {
        let changes = operation.reading.changes;
        let mut sent = None;
        let (path, headers, body) = match self.fill(operation, call, session) {
            Ok(filled) => filled,
            Err(why) => return End::unsent(why, None),
        };
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let said = Said {
            method: &operation.method,
            path: &path,
            headers: &headers,
            body: body.as_bytes(),
        };
        let exchange = line.say(&said, |moment| {
            sent = Some(moment);
            written(moment);
        });
        let exchange = exchange.await;
        let (status, body) = match End::without_answer(exchange, changes, sent, None) {
            Ok(end) => return end,
            Err((status, body, _)) => (status, body),
        };
        let understood = operation.reading.read(&call.step.allow, status, &body);
        for (to, value) in understood.captured {
            self.keep(to, value, session, &call.step.customer);
        }
        End {
            outcome: understood.outcome,
            effect: understood.effect,
            code: understood.code,
            what: understood.what,
            answered: true,
            written: sent,
            note: Some(status),
        }
    }

    /// Fills in path, headers and body with what is known now.
    fn fill<'a>(
        &self,
        operation: &'a Compiled,
        call: &Call<OwnStep>,
        session: &Told,
    ) -> Result<Filled<'a>, String> {
        let customers = self.customers.borrow();
        let known = Known {
            run: &self.run,
            call,
            session,
            customer: match self.customer_values {
                0 => None,
                _ => customers.get(&call.step.customer),
            },
        };
        fill(operation, &known)
    }

    fn keep(&self, to: Capture, value: String, session: &mut Told, customer: &Arc<str>) {
        let mut customers;
        let (values, place) = match to {
            Capture::Session(place) => {
                session.resize(self.session_values, None);
                (session, place)
            }
            Capture::Customer(place) => {
                customers = self.customers.borrow_mut();
                let values = customers.entry(Arc::clone(customer)).or_default();
                values.resize(self.customer_values, None);
                (values, place)
            }
        };
        if let Some(slot) = values.get_mut(place) {
            *slot = Some(value);
        }
    }
}

type Filled<'a> = (Cow<'a, str>, Vec<(&'a str, Cow<'a, str>)>, Cow<'a, str>);

/// Fills in path, headers and body.
fn fill<'a>(operation: &'a Compiled, known: &Known<'_>) -> Result<Filled<'a>, String> {
    let headers = operation.headers.iter().map(|(name, value)| {
        let value = value.fill(known)?;
        Ok::<_, String>((name.as_str(), value))
    });
    Ok((
        operation.path.fill(known)?,
        headers.collect::<Result<_, _>>()?,
        operation.body.fill(known)?,
    ))
}

/// What is known when an operation is said.
struct Known<'a> {
    run: &'a str,
    call: &'a Call<OwnStep>,
    session: &'a Told,
    customer: Option<&'a Told>,
}

impl Values for Known<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, str>> {
        let step = &self.call.step;
        let told = |values: &'_ Told, place: usize| values.get(place).cloned().flatten();
        Some(match variable {
            Variable::Known(value) => Cow::Owned(value.clone()),
            Variable::Number => Cow::Owned(self.call.number.to_string()),
            Variable::Key => Cow::Owned(idempotency_key(self.run, self.call.number)),
            Variable::Column(feeder, column, _) => {
                Cow::Borrowed(step.rows.get(*feeder)?.get(*column)?)
            }
            Variable::Session(place, _) => Cow::Owned(told(self.session, *place)?),
            Variable::Customer(place, _) => Cow::Owned(told(self.customer?, *place)?),
            Variable::Plan(part) => match part {
                PlanPart::Customer => Cow::Borrowed(&*step.customer),
                PlanPart::Payee => Cow::Borrowed(step.payee.as_deref()?),
                PlanPart::Amount => Cow::Owned(yuan(i128::from(step.amount_fen?))),
                PlanPart::AmountFen => Cow::Owned(step.amount_fen?.to_string()),
                PlanPart::Branch => Cow::Borrowed(step.branch.as_deref()?),
                PlanPart::Channel => Cow::Borrowed(step.channel?.name()),
                PlanPart::Session => Cow::Owned(self.call.session.to_string()),
            },
        })
    }
}

impl Interpreter for OwnSystem {
    type Step = OwnStep;
    type Session = Told;
    /// The status of the answer.
    type Note = Option<u16>;
    type Row = OwnRow;

    fn kind(&self, step: &OwnStep) -> Kind {
        Kind {
            channel: step.channel,
            operation: step.operation,
        }
    }

    fn changes(&self, step: &OwnStep) -> bool {
        self.operations[usize::from(step.operation)].reading.changes
    }

    async fn perform(
        &self,
        call: &Call<OwnStep>,
        session: &mut Told,
        line: &mut Line,
        written: &dyn Fn(Moment, &Option<u16>),
    ) -> End<Option<u16>> {
        let operation = &self.operations[usize::from(call.step.operation)];
        for place in &operation.before {
            let before = &self.operations[*place];
            let mut end = self.say(before, call, session, line, |_| {}).await;
            if end.outcome != Outcome::Succeeded {
                // The operation itself was not said.
                end.effect = Effect::None;
                end.written = None;
                end.what = end
                    .what
                    .map(|what| format!("before it, {}: {what}", before.name));
                return end;
            }
        }
        self.say(operation, call, session, line, |moment| {
            written(moment, &None);
        })
        .await
    }

    fn row(&self, call: &Call<OwnStep>, end: &End<Option<u16>>, times: &RowTimes) -> OwnRow {
        let step = &call.step;
        OwnRow {
            phase: times.phase,
            sequence: call.number,
            session: call.session,
            operation: Arc::clone(&self.names[usize::from(step.operation)]),
            channel: step.channel,
            customer: Arc::clone(&step.customer),
            outcome: end.outcome,
            effect: end.effect,
            why: end.code.clone().or_else(|| end.what.clone()),
            status: end.note,
            intended_micros: times.intended_micros,
            latency_micros: times.latency_micros,
            service_micros: times.service_micros,
        }
    }
}
