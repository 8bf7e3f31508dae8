//! `branchlab bank`: the core bank, served or verified; further tools are in `bank_tools`.

use crate::answer::answer;
use crate::arguments::{BankArguments, BankCommand, ServeArguments};
use crate::bank_tools::{self, WhichBank};
use crate::exit::{Ended, FAILED, Failure, PASSED};
use anyhow::Context;
use core_bank::{
    FoundHistories, ServeError, ServeOptions, TlsFiles, journal::ChainHash, start_log,
};
use std::io::{self, Read};
use tracing_subscriber::EnvFilter;

/// Runs a subcommand of `branchlab bank`.
pub fn bank(arguments: BankArguments) -> Ended {
    match arguments.command {
        BankCommand::Serve(arguments) => serve(&arguments),
        BankCommand::Verify { bank, head } => verify(&bank, head.as_deref()),
        BankCommand::Seed(arguments) => bank_tools::seed(&arguments),
        BankCommand::Export(arguments) => bank_tools::export(&arguments),
        BankCommand::Backup(arguments) => bank_tools::backup(&arguments),
        BankCommand::Restore(arguments) => bank_tools::restore(&arguments),
        BankCommand::Rebuild(arguments) => bank_tools::rebuild(&arguments),
        BankCommand::Repair(arguments) => bank_tools::repair(&arguments),
    }
}

fn serve(arguments: &ServeArguments) -> Ended {
    let options = options(arguments).map_err(|error| Failure::usage(error.to_string()))?;
    options
        .check()
        .map_err(|error| Failure::usage(error.to_string()))?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    let _log = start_log(io::stderr(), filter).context("cannot start the log")?;
    if arguments.until_stdin_closes {
        stop_when_stdin_closes();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the bank's runtime")?;
    let served = runtime.block_on(core_bank::serve(options));
    served.map_err(|error| match error {
        // What was given is wrong, and nothing was begun.
        ServeError::Tls(error) => Failure::usage(format!("the bank cannot serve: {error}")),
        error => anyhow::Error::new(error)
            .context("the bank cannot serve")
            .into(),
    })?;
    Ok(PASSED)
}

fn options(arguments: &ServeArguments) -> Result<ServeOptions, core_bank::OptionError> {
    let mut options = ServeOptions::new(arguments.addr, arguments.data.clone());
    options.test = arguments.test;
    options.postgres.clone_from(&arguments.postgres);
    if let Some(clock) = &arguments.clock {
        options.clock = Some(ServeOptions::parse_clock(clock)?);
    }
    if let Some(speed) = arguments.clock_speed {
        options.clock_speed = speed;
    }
    for slow in &arguments.slow {
        options.slow.push(ServeOptions::parse_slow(slow)?);
    }
    if let Some(plant) = &arguments.plant {
        options.plant = Some(plant.parse()?);
    }
    if let (Some(certificate), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) {
        options.tls = Some(TlsFiles {
            certificate: certificate.clone(),
            key: key.clone(),
        });
    }
    options.observability = arguments.observability.parse()?;
    options.customer_rate = arguments.customer_rate;
    options.address_rate = arguments.address_rate;
    Ok(options)
}

/// Whoever started the bank holds its stdin open; when they are gone, killed
/// even, it closes, and the bank ends as if it had been asked to.
fn stop_when_stdin_closes() {
    std::thread::spawn(|| {
        let mut rest = Vec::new();
        // However reading ends, nobody is there any more.
        let _ = std::io::stdin().read_to_end(&mut rest);
        let this = rustix::process::getpid();
        if rustix::process::kill_process(this, rustix::process::Signal::TERM).is_err() {
            std::process::exit(1);
        }
    });
}

fn verify(bank: &WhichBank, noted: Option<&str>) -> Ended {
    let journal = &bank.journal();
    let noted = noted
        .map(|text| {
            let problem = || format!("--head {text:?}: a chain head is 64 hexadecimal digits");
            ChainHash::parse(text).ok_or_else(|| Failure::usage(problem()))
        })
        .transpose()?;
    let (found, histories) =
        core_bank::verify_bank(&bank.data, journal).map_err(|error| anyhow::anyhow!("{error}"))?;
    let yuan = |amount: Option<rust_decimal::Decimal>| {
        amount.map_or_else(|| "beyond counting".to_owned(), |amount| amount.to_string())
    };
    let mut lines = vec![
        format!("records            {}", found.records),
        format!("movements of money {}", found.movements),
        format!("accounts           {}", found.accounts),
        format!("deposits (yuan)    {}", yuan(found.deposits_yuan())),
        format!("ledger sum (yuan)  {}", yuan(found.ledger_sum_yuan())),
        format!("chain head         {}", found.head),
    ];
    let (told, mut code) = told_of(&histories);
    lines.push(format!("histories          {told}"));
    if let Some(noted) = noted {
        let place =
            core_bank::find_noted_in(journal, noted).map_err(|error| anyhow::anyhow!("{error}"))?;
        let lost = "the noted head is of no record: the journal's tail was cut, or it is another";
        lines.push(place.map_or_else(
            || lost.to_owned(),
            |seq| format!("noted head         record {seq}"),
        ));
        if place.is_none() {
            code = FAILED;
        }
    }
    if let Some(seq) = found.decided_otherwise {
        lines.push(format!("today's rules decide record {seq} otherwise"));
        code = FAILED;
    }
    lines.push(String::new());
    answer(lines.join("\n"))?;
    Ok(code)
}

/// What is said of histories, and whether they passed.
fn told_of(histories: &FoundHistories) -> (String, u8) {
    match histories {
        FoundHistories::None => ("none; the next start makes them".to_owned(), PASSED),
        FoundHistories::OfAnotherVersion => {
            let told = "of another version; the next start makes them anew";
            (told.to_owned(), PASSED)
        }
        FoundHistories::Sound { through, entries } => {
            let told =
                format!("sound: {entries} entries up to record {through}, as the journal says");
            (told, PASSED)
        }
        FoundHistories::Damaged(what) => {
            let told = format!(
                "damaged: {what}. The journal is sound: stop the bank, and `branchlab bank rebuild` makes them anew from it"
            );
            (told, FAILED)
        }
        FoundHistories::Unread(why) => (format!("not looked at: {why}"), FAILED),
    }
}
