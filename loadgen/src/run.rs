//! A run on the bank: asks whether it is there, opens the customers, makes what is
//! offered, sets the clock, and plays.

use crate::bank_api::Customer;
use crate::bank_player::BankPlayer;
use crate::business_clock;
use crate::connection::{Connection, Exchange, Message};
use crate::error::LoadError;
use crate::kind::Names;
use crate::offers;
use crate::options::{LoadOptions, LoadProgress, StopFlag};
use crate::outcome::LoadOutcome;
use crate::plan::Plan;
use crate::recorder::Recorder;
use crate::script::Script;
use crate::setup::Setup;
use crate::stage::{self, LEAD, Piece, stopped};
use crate::target::Target;
use bytes::Bytes;
use http::Method;
use scenarios::operation::PlannedOperation;
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// So long the target may take to say that it is ready.
const PATIENCE_AT_THE_DOOR: Duration = Duration::from_secs(5);

/// Plays a list of operations, in the order of time, on the bank: see [`play`].
///
/// # Errors
/// When nothing could be played: see [`LoadError`].
pub fn run(
    plan: &[PlannedOperation],
    target: &Target,
    options: &LoadOptions,
    progress: &dyn LoadProgress,
    stop: &StopFlag,
) -> Result<LoadOutcome, LoadError> {
    play(&Plan::listed(plan), target, options, progress, stop)
}

/// Plays `plan` on the bank and measures it. Blocks; may be called from any thread.
/// Ctrl-C is the caller's: it sets `stop`.
///
/// What happens to single operations is in the outcome, never an error.
///
/// # Errors
/// When nothing could be played: see [`LoadError`].
pub fn play(
    plan: &Plan,
    target: &Target,
    options: &LoadOptions,
    progress: &dyn LoadProgress,
    stop: &StopFlag,
) -> Result<LoadOutcome, LoadError> {
    options.check()?;
    let script = Arc::new(Script::read(plan)?);
    stage::on_a_thread(|| stage::in_runtime(knock(target)))?;
    stage::with_recorder(&Names::of_bank(), options, progress, |recorder| {
        on_the_bank(script, plan, target, options, stop, recorder)
    })
}

async fn on_the_bank(
    script: Arc<Script>,
    plan: &Plan,
    target: &Target,
    options: &LoadOptions,
    stop: &StopFlag,
    recorder: Recorder,
) -> Result<LoadOutcome, LoadError> {
    let opened = open_customers(&script, target, options, stop, &recorder).await?;
    let (customers, setup_operations) = opened;
    let offers = if stop.is_stopped() {
        offers::Offers::default()
    } else {
        offers::open(&script, target, options, &customers).await?
    };
    if let Some(business_start) = &options.business_start
        && !stop.is_stopped()
    {
        business_clock::set(target, business_start, options.speed, LEAD).await?;
    }
    let piece = Piece {
        source: Script::calls(Arc::clone(&script), plan, options)?,
        expected: Some(script.operations),
        interpreter: BankPlayer {
            target: target.clone(),
            run: options.run.clone(),
            retry: options.retry,
            repeat: options.repeat,
            script,
            offers,
            customers: RefCell::new(customers),
        },
        names: Names::of_bank(),
        endpoint: target.endpoint().clone(),
        setup_operations,
    };
    tokio::select! {
        played = stage::play(piece, options, stop, recorder) => played,
        failed = business_clock::follow(target, options, LEAD) => Err(failed),
    }
}

async fn open_customers(
    script: &Script,
    target: &Target,
    options: &LoadOptions,
    stop: &StopFlag,
    recorder: &Recorder,
) -> Result<(Vec<Customer>, u64), LoadError> {
    let (to, how) = (target.clone(), options.clone());
    let setup = Rc::new(Setup::new(to, how, script, recorder.clone()));
    let tasks: Vec<_> = (0..setup.connections())
        .map(|place| {
            let setup = Rc::clone(&setup);
            tokio::task::spawn_local(async move { setup.work(place).await })
        })
        .collect();
    let reports = async {
        loop {
            setup.report();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        () = setup.until_finished() => {}
        () = stopped(stop) => {}
        () = reports => {}
    }
    for task in tasks {
        task.abort();
    }
    setup.close();
    setup.report();
    setup.take_customers()
}

/// Asks the bank whether it is ready and knows our tokens.
async fn knock(target: &Target) -> Result<(), LoadError> {
    let mut connection = Connection::new(target.endpoint(), PATIENCE_AT_THE_DOOR);
    let name = || target.base().to_owned();
    let (status, body) = ask(target, &mut connection, "/readyz", None).await?;
    let ready: Option<Value> = serde_json::from_slice(&body).ok();
    let says = ready.as_ref().and_then(|ready| ready["ready"].as_bool());
    match (status, says) {
        (200, Some(true)) => {}
        (_, Some(_)) => {
            return Err(LoadError::NotReady {
                target: name(),
                why: format!("it answers {status}: {}", String::from_utf8_lossy(&body)),
            });
        }
        (_, None) => {
            return Err(LoadError::Unreachable {
                target: name(),
                why: format!("/readyz answers {status}, and not as a core bank does"),
            });
        }
    }
    for (role, token) in target.tokens().by_role() {
        let path = match role {
            "operator" => "/v1/audit/trial-balance",
            // Whoever may ask is told that there is no such customer.
            _ => "/v1/customers/nobody/accounts",
        };
        let (status, body) = ask(target, &mut connection, path, Some(token)).await?;
        if matches!(status, 401 | 403) {
            let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
            let code = problem["code"].as_str().unwrap_or("no code");
            return Err(LoadError::TokenRefused {
                target: name(),
                role: role.to_owned(),
                answer: format!("{status} {code}"),
            });
        }
    }
    Ok(())
}

async fn ask(
    target: &Target,
    connection: &mut Connection,
    path: &str,
    token: Option<&str>,
) -> Result<(u16, Bytes), LoadError> {
    let message = Message {
        method: Method::GET,
        path: path.to_owned(),
        token: token.map(ToOwned::to_owned),
        key: None,
        terminal_session: None,
        body: Bytes::new(),
    };
    let why = match connection.exchange(&message, |_| {}).await {
        Exchange::Answered { status, body } => return Ok((status, body)),
        Exchange::NotWritten(why) | Exchange::Broken(why) => why,
        Exchange::TimedOut => format!("no answer in {} s", PATIENCE_AT_THE_DOOR.as_secs()),
    };
    Err(LoadError::Unreachable {
        target: target.base().to_owned(),
        why,
    })
}
