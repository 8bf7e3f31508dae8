//! Plays synthetic mobile and kiosk sessions on a running, empty bank and
//! reconciles: `cargo run --release -p loadgen --example play -- URL TOKENS SESSIONS_PER_SECOND SECONDS`.

use loadgen::{
    BankStart, LoadOptions, LoadProgress, LoadSnapshot, PlayedWindow, Reach, StopFlag, Target,
    Tokens,
};
use scenarios::operation::{Channel, Operation, PlannedOperation};
use scenarios::time::{SimTime, Span};
use std::path::Path;

struct Terminal;

impl LoadProgress for Terminal {
    fn setup(&self, done: u64, of: u64) {
        eprintln!("opening customers: {done} of {of} operations");
    }

    fn second(&self, snapshot: &LoadSnapshot) {
        eprintln!("{snapshot:?}");
    }
}

/// The sessions that take turns: channel and operations.
const TURNS: [(Channel, &[Operation]); 4] = [
    (
        Channel::Mobile,
        &[
            Operation::LogIn,
            Operation::BalanceQuery,
            Operation::TransferOwnBank,
            Operation::HistoryQuery,
            Operation::LogOut,
        ],
    ),
    (
        Channel::Kiosk,
        &[Operation::IdentityCheck, Operation::OpenCard],
    ),
    (
        Channel::Counter,
        &[
            Operation::IdentityCheck,
            Operation::RegisterCustomer,
            Operation::OpenCard,
            Operation::Deposit,
            Operation::Withdrawal,
            Operation::TransferOtherBank,
        ],
    ),
    (
        Channel::Kiosk,
        &[Operation::IdentityCheck, Operation::LiftLoss],
    ),
];

fn plan(rate: u64, seconds: u64) -> Vec<PlannedOperation> {
    let mut plan = Vec::new();
    for session in 0..rate * seconds {
        let (channel, operations) = TURNS[(session % 4) as usize];
        let start = session * 1_000_000 / rate;
        for (step, operation) in operations.iter().enumerate() {
            let think = Span(50_000);
            plan.push(PlannedOperation {
                at: SimTime(start + step as u64 * think.0),
                branch: "example".to_owned(),
                channel,
                customer: format!("customer {session}"),
                session,
                step: step as u32,
                think: (step > 0).then_some(think),
                operation: *operation,
                amount_fen: matches!(
                    operation,
                    Operation::Deposit
                        | Operation::Withdrawal
                        | Operation::TransferOwnBank
                        | Operation::TransferOtherBank
                )
                .then_some(if *operation == Operation::Deposit {
                    100_000
                } else {
                    1_234
                }),
                payee: (*operation == Operation::TransferOwnBank)
                    .then(|| format!("customer {}", (session + 4) % (rate * seconds))),
                allow: Vec::new(),
                particulars: None,
            });
        }
    }
    plan.sort_by_key(|planned| planned.at);
    plan
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base, tokens, rate, seconds] = arguments.as_slice() else {
        return Err("usage: play URL TOKENS SESSIONS_PER_SECOND SECONDS".into());
    };
    let target = Target::new(base, Tokens::read(Path::new(tokens))?, &Reach::Loopback)?;
    let run = format!("example-{}", std::process::id());
    let journal = std::env::temp_dir().join(format!("{run}.csv"));
    let options = LoadOptions::new(run, journal);
    let plan = plan(rate.parse()?, seconds.parse()?);
    let outcome = loadgen::run(&plan, &target, &options, &Terminal, &StopFlag::new())?;
    for row in outcome.figures() {
        let quantiles: Vec<_> = row.quantiles.iter().map(|at| at.value).collect();
        let (channel, operation) = (&row.population.channel, &row.population.operation);
        let what = channel.as_ref().or(operation.as_ref());
        println!(
            "{:?} {what:?} {} {:?} {quantiles:?}",
            row.figure, row.count, row.mean
        );
    }
    let mut record = outcome.load_record(&PlayedWindow::default());
    record.over_time.clear();
    println!("{record:#?}\n{:?}", outcome.validity());
    let found = loadgen::reconcile(&target, outcome.journal(), BankStart::Empty)?;
    println!("{found:#?}");
    Ok(())
}
