//! `branchlab bank seed`, `repair`, `rebuild`, `export`, `backup` and `restore`: what an operator does
//! beside serving.

use crate::exit::{Ended, Failure, PASSED};
use anyhow::Context;
use clap::{Args, ValueEnum};
use core_bank::rules::Amount;
use core_bank::{Head, JournalPlace, SeedOptions, ServeOptions};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

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
    #[arg(long, default_value_t = 300_000, value_name = "N")]
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
    /// A password for the online bank that all share (none: they have none)
    #[arg(long, value_name = "PASSWORD")]
    password: Option<String>,
    /// Write the customers here, as CSV
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
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
    let mut list = arguments.out.as_deref().map(private_file).transpose()?;
    if let Some(list) = &mut list {
        let head = "customer,name,id_number,phone,account,card,device_token";
        writeln!(list, "{head}").context("the list cannot be written")?;
    }
    let seeded = core_bank::seed(&arguments.data, &options, &mut |one| {
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
    let records = seeded.map_err(refused)?;
    if let Some(list) = &mut list {
        list.flush().context("the list cannot be written")?;
    }
    println!("customers          {}", arguments.customers);
    println!("records            {records}");
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
    match &repaired.given_up {
        None => println!("the journal is sound to its end"),
        Some((wrong, aside)) => {
            println!("damage             {wrong}");
            println!("damaged journal    {}", aside.display());
        }
    }
    print_head(Head {
        seq: repaired.last,
        hash: repaired.head,
    });
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
    print_head(core_bank::rebuild(&bank.data, &bank.journal()).map_err(refused)?);
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
    // Opened first, so that a wrong folder leaves no empty file behind.
    journal.open_examined().map_err(refused)?;
    let mut out: Box<dyn Write> = match &arguments.out {
        Some(path) => Box::new(private_file(path)?),
        None => Box::new(BufWriter::new(io::stdout())),
    };
    let head = core_bank::export(&journal, format, &mut out).map_err(refused)?;
    if arguments.out.is_some() {
        print_head(head);
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
    print_head(head);
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
    print_head(core_bank::restore(&arguments.from, &arguments.data).map_err(refused)?);
    Ok(PASSED)
}

fn print_head(head: Head) {
    println!("records            {}", head.seq);
    println!("chain head         {}", head.hash);
}

fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::Other(anyhow::anyhow!("{error}"))
}

/// A new file that only its owner may read. One that is there is not overwritten.
fn private_file(path: &Path) -> Result<BufWriter<File>, Failure> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(path);
    let opened = opened.with_context(|| format!("{} cannot be made", path.display()))?;
    Ok(BufWriter::new(opened))
}
