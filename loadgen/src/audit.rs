//! The bank's own books, read through its audit endpoints page by page.

use crate::connection::{Connection, Exchange, Message};
use crate::error::LoadError;
use crate::limits::SetLimits;
use crate::locks::SetLocks;
use crate::money;
use crate::reconciliation::describe;
use crate::target::Target;
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;

/// Records or accounts on a page.
const PAGE: usize = 10_000;
/// A page may take so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// A page is tried so often.
const ATTEMPTS: u32 = 3;

/// One decided command.
#[derive(Debug, Deserialize)]
pub struct Record {
    pub seq: u64,
    #[serde(default)]
    pub at: String,
    pub operation: String,
    pub key: Option<String>,
    pub outcome: String,
    /// Why it was refused, if it was.
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub channel: String,
    pub account: Option<String>,
    pub to: Option<String>,
    pub amount: Option<String>,
    #[serde(default)]
    pub customer: Option<String>,
    /// The batch of vouchers that was bought or issued from, and how many.
    #[serde(default)]
    pub batch: Option<String>,
    #[serde(default)]
    pub vouchers: Option<u64>,
    /// The voucher that was spent.
    #[serde(default)]
    pub voucher: Option<String>,
    /// What was won or claimed in which campaign.
    #[serde(default)]
    pub campaign: Option<String>,
    #[serde(default)]
    pub award: Option<String>,
    /// The limits that a payment counts to.
    #[serde(default)]
    pub scope: Option<String>,
    /// The card that was issued, used, or locked; where it was used; the locks that were set.
    #[serde(default)]
    pub card: Option<String>,
    #[serde(default)]
    pub place: Option<String>,
    #[serde(default)]
    pub locks: Option<SetLocks>,
    /// The limits that were set.
    #[serde(default)]
    pub limits: Option<SetLimits>,
    #[serde(default)]
    pub postings: Vec<Posting>,
}

/// One line of a double entry.
#[derive(Debug, Deserialize)]
pub struct Posting {
    pub account: String,
    pub amount: String,
}

impl Record {
    /// It changed something.
    pub fn is_applied(&self) -> bool {
        self.outcome == "applied"
    }

    /// In words: `deposit of 12.34 on account 62…`.
    pub fn words(&self) -> String {
        let amount = self.amount.as_deref().and_then(money::fen);
        let (account, to) = (self.account.as_deref(), self.to.as_deref());
        describe(&self.operation, amount, account, to)
    }

    /// Its postings in fen.
    pub fn postings(&self) -> Result<Vec<(&str, i128)>, LoadError> {
        let fen = |posting: &Posting| amount("an amount of its records", &posting.amount);
        self.postings
            .iter()
            .map(|posting| Ok((posting.account.as_str(), fen(posting)?)))
            .collect()
    }
}

#[derive(Deserialize)]
struct RecordsPage {
    records: Vec<Record>,
}

/// What is left of a lottery's prizes.
#[derive(Debug)]
pub struct Announced {
    pub id: String,
    pub prizes: Vec<PrizeLeft>,
}

/// What is left of a prize.
#[derive(Debug)]
pub struct PrizeLeft {
    pub name: String,
    pub stock: u64,
    pub left: u64,
}

/// An alert in somebody's inbox.
#[derive(Debug, Clone, Deserialize)]
pub struct Inbox {
    pub customer: String,
    pub seq: u64,
    pub kind: String,
}

#[derive(Deserialize)]
struct AlertsPage {
    alerts: Vec<Inbox>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Balance {
    account: String,
    balance: String,
}

#[derive(Deserialize)]
struct AccountsPage {
    accounts: Vec<Balance>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct TrialBalance {
    seq: u64,
    sum: String,
    accounts: Vec<Balance>,
}

/// All balances at one moment.
pub struct Balances {
    /// Sequence number of the last record in them.
    pub seq: u64,
    /// The sum that the bank itself states, in fen.
    pub sum: i128,
    /// The bank's own accounts, and customers' deposits as one, in fen.
    pub ledger: HashMap<String, i128>,
    /// Each customer account, in fen.
    pub customers: HashMap<String, i128>,
}

/// The row of the trial balance that sums up customers' accounts.
pub const CUSTOMER_DEPOSITS: &str = "customer_deposits";

/// Reads a bank's books.
pub struct Audit<'a> {
    target: &'a Target,
    connection: Connection,
}

impl<'a> Audit<'a> {
    pub fn new(target: &'a Target) -> Self {
        let connection = Connection::new(target.endpoint(), PATIENCE);
        Self { target, connection }
    }

    /// Hands on all records after `after`; returns the last sequence number.
    pub async fn records(
        &mut self,
        mut after: u64,
        mut each: impl FnMut(Record) -> Result<(), LoadError>,
    ) -> Result<u64, LoadError> {
        loop {
            let path = format!("/v1/audit/records?after={after}&limit={PAGE}");
            let page: RecordsPage = self.page(&path).await?;
            if page.records.is_empty() {
                return Ok(after);
            }
            for record in page.records {
                if record.seq <= after {
                    let why = format!("record {} comes after record {after}", record.seq);
                    return Err(LoadError::Audit { what: path, why });
                }
                after = record.seq;
                each(record)?;
            }
        }
    }

    /// The record of this number, if it is there.
    pub async fn record(&mut self, seq: u64) -> Result<Option<Record>, LoadError> {
        let path = format!("/v1/audit/records?after={}&limit=1", seq.saturating_sub(1));
        let page: RecordsPage = self.page(&path).await?;
        Ok(page.records.into_iter().find(|record| record.seq == seq))
    }

    /// The balances as they are now.
    pub async fn balances(&mut self) -> Result<Balances, LoadError> {
        let path = "/v1/audit/trial-balance";
        let trial: TrialBalance = self.page(path).await?;
        let mut balances = Balances {
            seq: trial.seq,
            sum: amount(path, &trial.sum)?,
            ledger: HashMap::new(),
            customers: HashMap::new(),
        };
        for row in trial.accounts {
            let fen = amount(path, &row.balance)?;
            balances.ledger.insert(row.account, fen);
        }
        let mut after = String::new();
        loop {
            let path = format!("/v1/audit/accounts?after={after}&limit={PAGE}");
            let page: AccountsPage = self.page(&path).await?;
            for row in page.accounts {
                let fen = amount(&path, &row.balance)?;
                balances.customers.insert(row.account, fen);
            }
            match page.next {
                None => return Ok(balances),
                Some(next) if next == after => {
                    let why = format!("the page after {next} leads to itself");
                    return Err(LoadError::Audit { what: path, why });
                }
                Some(next) => after = next,
            }
        }
    }

    /// The lotteries and what is left of their prizes.
    pub async fn campaigns(&mut self) -> Result<Vec<Announced>, LoadError> {
        let path = "/v1/campaigns";
        let document: Value = self.page(path).await?;
        let campaigns = document["campaigns"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let read = |campaign: &Value| {
            let prizes = campaign["offer"]["lottery"]["prizes"].as_array()?.iter();
            let prizes = prizes
                .zip(campaign["left"].as_array()?)
                .map(|(prize, left)| {
                    Some(PrizeLeft {
                        name: prize["name"].as_str()?.to_owned(),
                        stock: prize["stock"].as_u64()?,
                        left: left.as_u64()?,
                    })
                });
            Some(Announced {
                id: campaign["campaign"].as_str()?.to_owned(),
                prizes: prizes.collect::<Option<_>>()?,
            })
        };
        let lotteries = campaigns
            .iter()
            .filter(|campaign| campaign["offer"]["lottery"].is_object());
        let read: Option<Vec<Announced>> = lotteries.map(read).collect();
        read.ok_or_else(|| LoadError::Audit {
            what: path.to_owned(),
            why: "its answer is not understood".to_owned(),
        })
    }

    /// Every alert in every inbox.
    pub async fn alerts(&mut self) -> Result<Vec<Inbox>, LoadError> {
        let mut alerts = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/v1/audit/alerts?after={after}&limit={PAGE}");
            let page: AlertsPage = self.page(&path).await?;
            alerts.extend(page.alerts);
            match page.next {
                None => return Ok(alerts),
                Some(next) if next == after => {
                    let why = format!("the page after {next} leads to itself");
                    return Err(LoadError::Audit { what: path, why });
                }
                Some(next) => after = next,
            }
        }
    }

    async fn page<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, LoadError> {
        let message = Message {
            method: Method::GET,
            path: path.to_owned(),
            token: Some(self.target.tokens().operator.clone()),
            key: None,
            terminal_session: None,
            body: Bytes::new(),
        };
        let mut why = String::new();
        for _ in 0..ATTEMPTS {
            why = match self.connection.exchange(&message, |_| {}).await {
                Exchange::Answered { status: 200, body } => match serde_json::from_slice(&body) {
                    Ok(page) => return Ok(page),
                    Err(error) => format!("its answer is not understood: {error}"),
                },
                Exchange::Answered { status, .. } => format!("it answers {status}"),
                Exchange::NotWritten(why) | Exchange::Broken(why) => why,
                Exchange::TimedOut => format!("no answer in {} s", PATIENCE.as_secs()),
            };
        }
        Err(LoadError::Audit {
            what: path.to_owned(),
            why,
        })
    }
}

fn amount(what: &str, text: &str) -> Result<i128, LoadError> {
    money::fen(text).ok_or_else(|| LoadError::Audit {
        what: what.to_owned(),
        why: format!("`{text}` is no amount"),
    })
}
