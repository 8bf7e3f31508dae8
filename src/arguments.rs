//! What can be said on the command line. The help texts are the manual that most
//! people read, so they say what for, not only what.
#![expect(
    clippy::doc_markdown,
    reason = "these doc comments are the texts of --help, where backticks would stand as they are"
)]

use crate::bank_tools::{
    BackupArguments, ExportArguments, RebuildArguments, RepairArguments, RestoreArguments,
    SeedArguments, WhichBank,
};
use clap::{Args, Parser, Subcommand};
use reports::Lang;
use std::path::PathBuf;

/// A laboratory for bank branches.
///
/// Simulates a branch day, drives a real core bank with the operations its
/// customers perform, and judges the promise made to them.
#[derive(Parser)]
#[command(name = "branchlab", version, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 all gates passed · 1 something failed · 2 wrong usage or input · \
3 a gate failed · 4 the run could not decide · 5 the bank lost, doubled or invented something · 130 interrupted.\n\
First steps: branchlab check scenarios/smart-branch.toml, then branchlab run scenarios/smart-branch.toml"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// One variant per subcommand.
#[derive(Subcommand)]
pub enum Command {
    /// The main job: simulate, start a bank, load it, reconcile, simulate again
    /// with the measured latencies, judge, report
    Run(RunArguments),
    /// Simulate the scenario alone: no bank, no load
    Simulate(SimulateArguments),
    /// Play a scenario's operations, those of a CSV file, or a profile's on a bank or on
    /// a system of your own
    Load(Box<LoadArguments>),
    /// The core bank: serve it, or verify its books
    Bank(BankArguments),
    /// Read scenarios and explain what was understood; run nothing
    Check(CheckArguments),
    /// Print the JSON Schema of scenario files, by which editors complete and check them
    Schema,
    /// Paired differences of two runs, with intervals; stored loads of a target judged
    /// beside those of its baseline
    Compare(CompareArguments),
    /// Draw a run's report again
    Report(ReportArguments),
    /// Refuses by name what is not built yet.
    #[command(external_subcommand)]
    NotYet(Vec<String>),
}

/// How a scenario is read and changed from the shell.
#[derive(Args)]
pub struct ScenarioArguments {
    /// The scenario file (TOML; see docs/scenario.md)
    pub scenario: PathBuf,
    /// Change a value of the scenario, e.g. --set resources.kiosk.capacity=4
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub overrides: Vec<String>,
    /// Replications (days), in place of the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub replications: Option<u32>,
    /// Root of all randomness, in place of the scenario's
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// One more gate, e.g. --gate 'p90(wait{channel=kiosk}) <= 3min'
    #[arg(long = "gate", value_name = "GATE")]
    pub gates: Vec<String>,
}

/// How results are shown and where they go.
#[derive(Args)]
pub struct OutputArguments {
    /// Run directory to write; runs/<scenario>-<number> unless given
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Language of report and tables: en or zh
    #[arg(long, default_value = "en", value_name = "LANG")]
    pub lang: Lang,
    /// Print summary.json on stdout in place of the tables
    #[arg(long)]
    pub json: bool,
    /// No progress and no tables; the exit code and the run directory say it all
    #[arg(long, short)]
    pub quiet: bool,
}

/// How simulated gates are judged, and with how many threads.
#[derive(Args)]
pub struct SimulationArguments {
    /// Threads; all processors unless given. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// Let the point estimate decide a gate whose interval straddles the bound
    #[arg(long)]
    pub accept_undecided: bool,
}

/// `branchlab run`.
#[derive(Args)]
pub struct RunArguments {
    /// The scenario.
    #[command(flatten)]
    pub scenario: ScenarioArguments,
    /// The simulation.
    #[command(flatten)]
    pub simulation: SimulationArguments,
    /// The bank that is started.
    #[command(flatten)]
    pub bank: OwnBankArguments,
    /// The output.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// `branchlab simulate`.
#[derive(Args)]
pub struct SimulateArguments {
    /// The scenario.
    #[command(flatten)]
    pub scenario: ScenarioArguments,
    /// The simulation.
    #[command(flatten)]
    pub simulation: SimulationArguments,
    /// The output.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// What the bank that a run starts for itself does wrong on purpose.
#[derive(Args)]
pub struct OwnBankArguments {
    /// Slow an operation of the bank down, e.g. --slow identity_check=20s
    #[arg(long, value_name = "OPERATION=TIME")]
    pub slow: Vec<String>,
    /// Plant a defect in the bank: double_post, lost_acknowledgement, torn_transfer,
    /// rounding, phantom, limit_fen, limit_race or lock_ignored. The run must find it and exit 5
    #[arg(long, value_name = "DEFECT")]
    pub plant: Option<String>,
    /// Kill the bank so many times while the load runs and start it again on the
    /// same data and port; what nobody answered is asked again under the same key
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=10_000))]
    pub kill: u32,
}

/// `branchlab load`.
#[derive(Args)]
pub struct LoadArguments {
    /// The scenario (TOML), recorded operations (CSV; see docs/operations.md), or a plain
    /// profile (TOML; see docs/load.md).
    #[command(flatten)]
    pub scenario: ScenarioArguments,
    /// Play on the bank or the system at this address, http://127.0.0.1:PORT, instead of
    /// starting a bank
    #[arg(long, value_name = "URL")]
    pub target: Option<String>,
    /// The target is a system of your own: this file (TOML; see docs/load.md) says how
    /// operations are said to it
    #[arg(long, value_name = "FILE")]
    pub target_file: Option<PathBuf>,
    /// The tokens of a target that is a core bank: tokens.json of its data directory
    #[arg(long, value_name = "FILE", requires = "target")]
    pub tokens: Option<PathBuf>,
    /// Believe the certificates (PEM) in this file, for a target that speaks TLS
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// The target is another machine, it is yours, and this is its host
    #[arg(long, value_name = "HOST")]
    pub i_own_this_target: Option<String>,
    /// Play this many times faster than true, in place of the scenario's
    #[arg(long, value_name = "TIMES")]
    pub speed: Option<f64>,
    /// Start this many times more sessions, in place of the profile's volume
    #[arg(long, value_name = "TIMES")]
    pub volume: Option<f64>,
    /// Look for the highest rate at which the gates hold, and how latency grows with the load
    #[arg(long)]
    pub find_limit: bool,
    /// Serve the run's own figures for Prometheus here while it lasts; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT")]
    pub metrics: Option<std::net::SocketAddr>,
    /// Watch the memory and the processor time of this process of the target, if it is not
    /// the one that listens at its address on this machine
    #[arg(long, value_name = "PID")]
    pub watch_process: Option<u32>,
    /// Ask again, under the same key, what nobody answered, for so many seconds from
    /// its first failure; 0 does not, and --kill asks for 30 unless this says otherwise
    #[arg(long, value_name = "SECONDS")]
    pub retry: Option<u32>,
    /// The baseline that the target is compared with.
    #[command(flatten)]
    pub baseline: BaselineArguments,
    /// Ask this share of what was acknowledged once more under its key, e.g. 0.05; it
    /// must be answered as the same record
    #[arg(long, value_name = "SHARE")]
    pub repeat: Option<f64>,
    /// The date that operations of a CSV file are of, e.g. 2026-06-30; today unless given
    #[arg(long, value_name = "DATE")]
    pub date: Option<String>,
    /// Leap over stretches of the plan in which nothing starts for longer than this, e.g. 5min,
    /// the bank's clock with them; a bank of the run's own only
    #[arg(long, value_name = "TIME", value_parser = span, conflicts_with_all = ["target", "baseline"])]
    pub skip_quiet: Option<scenarios::time::Span>,
    /// Connections at most, in place of the scenario's, the profile's, or 64
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_535))]
    pub connections: Option<u32>,
    /// The bank that is started.
    #[command(flatten)]
    pub bank: OwnBankArguments,
    /// The output.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// `5min` as a stretch of the scenario's time, above zero.
fn span(text: &str) -> Result<scenarios::time::Span, String> {
    let span = scenarios::time::parse_span(text).map_err(|error| error.to_string())?;
    if span.0 == 0 {
        return Err("it must be above 0".to_owned());
    }
    Ok(span)
}

/// With what the target is compared, and how long.
#[derive(Args)]
pub struct BaselineArguments {
    /// Compare the target with the system at this address: both take turns, and what is
    /// surely worse is a regression (exit code 3)
    #[arg(
        id = "baseline",
        long = "baseline",
        value_name = "URL",
        requires = "target",
        conflicts_with = "find_limit"
    )]
    pub url: Option<String>,
    /// The tokens of a baseline that is a core bank, if they are not the target's
    #[arg(
        id = "baseline_tokens",
        long = "baseline-tokens",
        value_name = "FILE",
        requires = "baseline"
    )]
    pub tokens: Option<PathBuf>,
    /// Pairs of runs after which the comparison may end, and after as many more again
    #[arg(long, value_name = "N", default_value_t = scenarios::regression::PAIRS, requires = "baseline", value_parser = clap::value_parser!(u32).range(3..=100))]
    pub pairs: u32,
    /// Pairs of runs at most, while it is undecided
    #[arg(long, value_name = "N", default_value_t = scenarios::regression::MOST_PAIRS, requires = "baseline", value_parser = clap::value_parser!(u32).range(3..=100))]
    pub pairs_max: u32,
    /// How much worse the target may surely not be, e.g. 10%; differences of less than
    /// half of it are no regression
    #[arg(long, value_name = "PERCENT", default_value = "10%", requires = "baseline", value_parser = margin)]
    pub margin: f64,
    /// The process of the baseline, if it is not the one that listens at its address
    #[arg(
        id = "watch_baseline",
        long = "watch-baseline",
        value_name = "PID",
        requires = "baseline"
    )]
    pub process: Option<u32>,
}

/// `10%` as 0.1.
fn margin(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix('%').unwrap_or(text).trim();
    let percent: f64 = number
        .parse()
        .map_err(|_| "it is a number of per cent, such as 10%".to_owned())?;
    if (1.0..=100.0).contains(&percent) {
        Ok(percent / 100.0)
    } else {
        Err("it must lie between 1% and 100%".to_owned())
    }
}

/// `branchlab bank`.
#[derive(Args)]
pub struct BankArguments {
    /// What the bank does.
    #[command(subcommand)]
    pub command: BankCommand,
}

/// Subcommands of `branchlab bank`.
#[derive(Subcommand)]
pub enum BankCommand {
    /// Serve the core bank over HTTP; the first line on stdout says where
    Serve(ServeArguments),
    /// Replay the whole journal: hash chain, facts, decisions, trial balance
    Verify {
        /// The bank; a server may be running
        #[command(flatten)]
        bank: WhichBank,
        /// A chain head noted earlier: fails when the journal does not hold it any more
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// Make a bank with a city's customers, in seconds
    Seed(SeedArguments),
    /// Write the journal as CSV or JSON, while serving or not
    Export(ExportArguments),
    /// Copy a bank while it serves
    Backup(BackupArguments),
    /// Make a bank of a backup
    Restore(RestoreArguments),
    /// Make history, alerts and a snapshot anew from the journal
    Rebuild(RebuildArguments),
    /// Keep what is sound of a damaged journal
    Repair(RepairArguments),
}

/// `branchlab bank serve`.
#[derive(Args)]
pub struct ServeArguments {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "HOST:PORT")]
    pub addr: std::net::SocketAddr,
    /// Data directory; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Keep the journal in this PostgreSQL database, e.g. postgres://bank@db/bank;
    /// tokens, history and snapshots stay in the data directory
    #[arg(long, value_name = "URL")]
    pub postgres: Option<String>,
    /// Open the doors that only a test bank may have
    #[arg(long)]
    pub test: bool,
    /// Start the business clock here, e.g. 2026-06-15T10:00+08:00 (needs --test)
    #[arg(long, value_name = "TIME")]
    pub clock: Option<String>,
    /// Run the business clock this many times faster (needs --test)
    #[arg(long, value_name = "TIMES")]
    pub clock_speed: Option<f64>,
    /// Slow an operation down, e.g. identity_check=20s (needs --test)
    #[arg(long, value_name = "OPERATION=TIME")]
    pub slow: Vec<String>,
    /// Plant a defect: double_post, lost_acknowledgement, torn_transfer, rounding or
    /// phantom (needs --test)
    #[arg(long, value_name = "DEFECT")]
    pub plant: Option<String>,
    /// Speak TLS with this certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Requests a second of one customer, 0 for no limit [default: 20, with --test 0]
    #[arg(long, value_name = "REQUESTS")]
    pub customer_rate: Option<u32>,
    /// Requests a second of one address before a log-in, 0 for no limit [default: 50, with --test 0]
    #[arg(long, value_name = "REQUESTS")]
    pub address_rate: Option<u32>,
    /// What to tell about the requests answered: full, or off for no request ids, no figures by
    /// route and no line of the log for each
    #[arg(long, value_name = "HOW MUCH", default_value = "full")]
    pub observability: String,
    /// Shut down when stdin is closed, so that it never outlives who started it
    #[arg(long, hide = true)]
    pub until_stdin_closes: bool,
}

/// `branchlab check`.
#[derive(Args)]
pub struct CheckArguments {
    /// Scenario files
    #[arg(required = true, value_name = "SCENARIO")]
    pub scenarios: Vec<PathBuf>,
    /// Change a value of each, e.g. --set resources.kiosk.capacity=4
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub overrides: Vec<String>,
    /// Language: en or zh
    #[arg(long, default_value = "en", value_name = "LANG")]
    pub lang: Lang,
    /// Print the checked scenario as JSON
    #[arg(long)]
    pub json: bool,
    /// Say nothing when all is well
    #[arg(long, short)]
    pub quiet: bool,
}

/// `branchlab compare`.
#[derive(Args)]
pub struct CompareArguments {
    /// Run directory of the first (before)
    #[arg(required_unless_present = "baseline", conflicts_with = "baseline")]
    pub first: Option<PathBuf>,
    /// Run directory of the second (after)
    #[arg(required_unless_present = "baseline", conflicts_with = "baseline")]
    pub second: Option<PathBuf>,
    /// Directories of the baseline's stored loads, or folders of them
    #[arg(long, value_name = "DIR", num_args = 1.., requires = "target")]
    pub baseline: Vec<PathBuf>,
    /// Directories of the target's stored loads, or folders of them; as many
    #[arg(long, value_name = "DIR", num_args = 1.., requires = "baseline")]
    pub target: Vec<PathBuf>,
    /// How much worse a target's loads may surely not be
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = margin)]
    pub margin: f64,
    /// Run directory to write what was found about loads
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write the comparison as a page here
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Language: en or zh
    #[arg(long, default_value = "en", value_name = "LANG")]
    pub lang: Lang,
    /// Print the differences as JSON
    #[arg(long)]
    pub json: bool,
}

/// `branchlab report`.
#[derive(Args)]
pub struct ReportArguments {
    /// Run directory
    pub run: PathBuf,
    /// Language: en or zh
    #[arg(long, default_value = "en", value_name = "LANG")]
    pub lang: Lang,
    /// Write the page here; report.html of the run directory unless given
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}
