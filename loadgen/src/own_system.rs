//! A system of somebody's own: plays a plan on it as a target file says.

mod calls;

use crate::agenda::Call;
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
use crate::options::{LoadOptions, LoadProgress, StopFlag};
use crate::outcome::LoadOutcome;
use crate::plan::Plan;
use crate::profile::Profile;
use crate::stage::{self, Piece};
use crate::stream::Stream;
use crate::target_file::{Capture, Compiled, PlanPart, Program, TargetFile, Values, Variable};
use calls::OwnStep;
use scenarios::operation::Channel;
use serde::Serialize;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
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
    calls::check(plan, file, options)?;
    stage::on_a_thread(|| stage::in_runtime(knock(endpoint)))?;
    let names = Names::new(file.operations().map(str::to_owned).collect());
    let expected = match plan {
        OwnPlan::Profile(profile) => profile.expected(),
        OwnPlan::Operations(plan) => plan.extent()?.map(|(_, _, count)| count),
    };
    stage::with_recorder(&names.clone(), options, progress, |recorder| async move {
        let piece = Piece {
            source: calls::source(plan, file, options)?,
            interpreter: OwnSystem::new(program, &options.run),
            names,
            endpoint: endpoint.clone(),
            expected,
            setup_operations: 0,
        };
        stage::play(piece, options, stop, recorder).await
    })
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
