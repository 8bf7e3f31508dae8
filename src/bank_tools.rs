//! `branchlab bank seed`, `repair`, `rebuild`, `export`, `backup` and `restore`: what an operator does
//! beside serving.

use crate::answer::answer;
use crate::exit::{Ended, Failure, PASSED};
use crate::new_file::NewFile;
use anyhow::Context;
use clap::{Args, ValueEnum};
use core_bank::rules::Amount;
use core_bank::{
    Head, JournalPlace, SEED_CUSTOMERS_MAX, SeedOptions, ServeOptions, may_be_password,
};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// Which bank.
#[derive(Args)]
#[expect(clippy::doc_markdown, reason = "the texts of --help")]
pub struct WhichBank {
    /// The bank's data directory
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The PostgreSQL database that holds the journal, if the bank serves with
    /// --postgres, e.g. postgres://bank@db/bank
    #[arg(long, value_name = "URL")]
    pub postgres: Option<String>,
}

impl WhichBank {
    /// Where its journal is.
    pub fn journal(&self) -> JournalPlace {
        match &self.postgres {
            Some(url) => JournalPlace::Postgres(url.clone()),
            None => JournalPlace::Folder(self.data.clone()),
        }
    }
}

/// `branchlab bank seed`.
#[derive(Args)]
#[command(after_help = "\
Example:
  branchlab bank seed --data city --customers 300000 --out customers.csv
  branchlab bank serve --data city --test --clock 2026-06-15T10:00+08:00

Every customer is identified, has an account with a card and money, and a phone
that may log in; the list says with which device token. The list is secret: it is
written for its owner only. The same --seed makes the same people.")]
pub struct SeedArguments {
    /// Data directory; made if it is not there, refused if it holds a bank
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// How many customers
    #[arg(long, default_value_t = 300_000, value_name = "N", value_parser = customers)]
    customers: u32,
    /// What tells one city from another
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// What each has on the account, in yuan
    #[arg(long, default_value = "10000.00", value_name = "YUAN")]
    balance: String,
    /// Business time of it all; a test's --clock must start later
    #[arg(long, default_value = "2020-01-01T09:00+08:00", value_name = "TIME")]
    at: String,
    /// A password for the online bank that all share, of 8 to 64 characters (none:
    /// they have none)
    #[arg(long, value_name = "PASSWORD", value_parser = password)]
    password: Option<String>,
    /// Write the customers here, as CSV
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn customers(text: &str) -> Result<u32, String> {
    let number = text.parse().ok();
    number
        .filter(|number| (1..=SEED_CUSTOMERS_MAX).contains(number))
        .ok_or_else(|| format!("a bank is seeded with 1 to {SEED_CUSTOMERS_MAX} customers"))
}

fn password(text: &str) -> Result<String, String> {
    let taken = may_be_password(text).then(|| text.to_owned());
    taken.ok_or_else(|| "a password has 8 to 64 characters".to_owned())
}

/// Makes a bank with a city's customers.
pub fn seed(arguments: &SeedArguments) -> Ended {
    let balance = Amount::parse(&arguments.balance)
        .map_err(|error| Failure::usage(format!("--balance: {error}")))?;
    let at = ServeOptions::parse_clock(&arguments.at).map_err(|_| {
        Failure::usage(format!(
            "--at `{}` is no moment with an offset: write it like 2020-01-01T09:00+08:00",
            arguments.at
        ))
    })?;
    let options = SeedOptions {
        customers: arguments.customers,
        seed: arguments.seed,
        balance,
        at,
        password: arguments.password.clone(),
    };
    let mut list = arguments.out.as_deref().map(NewFile::begin).transpose()?;
    if let Some(list) = &mut list {
        let head = "customer,name,id_number,phone,account,card,device_token";
        writeln!(list, "{head}").context("the list cannot be written")?;
    }
    let sown = core_bank::sow(&arguments.data, &options, &mut |one| {
        let Some(list) = &mut list else {
            return Ok(());
        };
        writeln!(
            list,
            "{},{},{},{},{},{},{}",
            one.customer,
            one.name,
            one.id_number,
            one.phone,
            one.account,
            one.card,
            one.device_token
        )
    });
    let sown = sown.map_err(refused)?;
    // No bank without its list, whose tokens are nowhere else.
    if let Some(list) = &mut list {
        list.sync().context("the list cannot be written")?;
    }
    let records = sown.keep().map_err(refused)?;
    if let Some(list) = list {
        list.end()?;
    }
    let customers = arguments.customers;
    answer(format_args!(
        "customers          {customers}\nrecords            {records}\n"
    ))?;
    Ok(PASSED)
}

/// `branchlab bank repair`.
#[derive(Args)]
#[command(after_help = "\
A server that refuses to start with `record N of the journal is damaged` names
this command. Restore a backup first if there is one: a repair gives up record N
and everything after it, although it was acknowledged once. The damaged journal
stays in the data directory as journal.damaged-1.sqlite, and what leaves a
PostgreSQL database as journal.damaged-1.groups.")]
pub struct RepairArguments {
    /// The bank; no server may be running
    #[command(flatten)]
    bank: WhichBank,
    /// Keep the records before the first damaged one, and give up the rest
    #[arg(long, required = true)]
    keep_prefix: bool,
}

/// Keeps what is sound of a damaged journal.
pub fn repair(arguments: &RepairArguments) -> Ended {
    let bank = &arguments.bank;
    let repaired = match &bank.postgres {
        None => core_bank::repair_keeping_prefix(&bank.data),
        Some(url) => core_bank::repair_postgres_keeping_prefix(&bank.data, url),
    };
    let repaired = repaired.map_err(refused)?;
    let found = match &repaired.given_up {
        None => "the journal is sound to its end".to_owned(),
        Some((wrong, aside)) => format!(
            "damage             {wrong}\ndamaged journal    {}",
            aside.display()
        ),
    };
    let head = Head {
        seq: repaired.last,
        hash: repaired.head,
    };
    answer(format_args!("{found}\n{}", lines_of(head)))?;
    Ok(PASSED)
}

/// `branchlab bank rebuild`.
#[derive(Args)]
#[command(after_help = "\
History, alerts and snapshots follow from the journal. A server rebuilds what is
missing by itself while it serves; this does it ahead, and all of it.")]
pub struct RebuildArguments {
    /// The bank; no server may be running
    #[command(flatten)]
    bank: WhichBank,
}

/// Makes projection and snapshot anew.
pub fn rebuild(arguments: &RebuildArguments) -> Ended {
    let bank = &arguments.bank;
    let head = core_bank::rebuild(&bank.data, &bank.journal()).map_err(refused)?;
    answer(lines_of(head))?;
    Ok(PASSED)
}

/// How an export is written.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// A row for each posting
    Csv,
    /// A document a line, one for each record
    Json,
}

/// `branchlab bank export`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  branchlab bank export --data bank-data --format csv --out journal.csv
  branchlab bank export --data bank-data --format json | jq 'select(.outcome==\"refused\")'

A server may be running: the export ends with the record that is durable when it
gets there. It shows what the operator's audit shows, without names, documents
and phones. In CSV a record takes a row for each of its postings; their amounts
sum to 0.")]
pub struct ExportArguments {
    /// The bank
    #[command(flatten)]
    bank: WhichBank,
    /// csv or json
    #[arg(long, value_enum, default_value = "csv", value_name = "FORMAT")]
    format: Format,
    /// Write here instead of to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes the journal as CSV or JSON.
pub fn export(arguments: &ExportArguments) -> Ended {
    let format = match arguments.format {
        Format::Csv => core_bank::ExportFormat::Csv,
        Format::Json => core_bank::ExportFormat::Json,
    };
    let journal = arguments.bank.journal();
    if let Some(path) = &arguments.out {
        let mut out = NewFile::begin(path)?;
        let head = core_bank::export(&journal, format, &mut out).map_err(refused)?;
        out.end()?;
        answer(lines_of(head))?;
    } else {
        let mut out = BufWriter::new(io::stdout());
        core_bank::export(&journal, format, &mut out).map_err(refused)?;
    }
    Ok(PASSED)
}

/// `branchlab bank backup`.
#[derive(Args)]
#[command(after_help = "\
Example:
  branchlab bank backup --data bank-data --to backups/monday

A server may go on serving. The backup holds every record that was durable when
it ended, each checked by its hash and folded, and the bank's secrets: keep it as
safe as the bank. Note the chain head that is printed: `bank verify --head` later
tells whether a bank still holds it.")]
pub struct BackupArguments {
    /// The bank
    #[command(flatten)]
    bank: WhichBank,
    /// Folder for the backup; empty, or made
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Copies a bank.
pub fn backup(arguments: &BackupArguments) -> Ended {
    let bank = &arguments.bank;
    let head = core_bank::backup(&bank.data, &bank.journal(), &arguments.to).map_err(refused)?;
    answer(lines_of(head))?;
    Ok(PASSED)
}

/// `branchlab bank restore`.
#[derive(Args)]
#[command(after_help = "\
Example:
  branchlab bank restore --from backups/monday --data bank-data
  branchlab bank serve --data bank-data

Every record is checked on its way. What was decided after the backup is not in
it, so customers may see operations gone that the bank had acknowledged.")]
pub struct RestoreArguments {
    /// A backup
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The new data directory; empty, or made
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Makes a bank of a backup.
pub fn restore(arguments: &RestoreArguments) -> Ended {
    let head = core_bank::restore(&arguments.from, &arguments.data).map_err(refused)?;
    answer(lines_of(head))?;
    Ok(PASSED)
}

fn lines_of(head: Head) -> String {
    format!(
        "records            {}\nchain head         {}\n",
        head.seq, head.hash
    )
}

fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::Other(anyhow::anyhow!("{error}"))
}
