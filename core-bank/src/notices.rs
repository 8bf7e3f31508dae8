//! Notices in the projection: alerts to subscribers and refusals that a customer should know of, at
//! most one of a kind for each record and customer.

use std::borrow::Cow;

use rusqlite::{Connection, Row, params};

use crate::{
    journal::Record,
    rules::{
        AccountNumber, Action, Amount, BookAccount, BusinessTime, CustomerId, Fact, Fen, MallFact,
        RefusalCode, WelfareFact,
    },
};

/// The two kinds of notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// Something that the customer wants to be told of.
    Alert = 0,
    /// Something that was refused for the customer's safety.
    Suspicious = 1,
}

/// The table.
pub const NOTICES_TABLE: &str = "CREATE TABLE IF NOT EXISTS notices (
   customer TEXT NOT NULL,
   kind INTEGER NOT NULL,
   seq INTEGER NOT NULL,
   at INTEGER NOT NULL,
   operation TEXT NOT NULL,
   channel TEXT NOT NULL,
   code TEXT,
   account TEXT,
   amount INTEGER,
   balance_after INTEGER,
   place TEXT,
   PRIMARY KEY (customer, kind, seq)
 ) STRICT, WITHOUT ROWID;";

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The record that it is about.
    pub seq: u64,
    /// When, in business time.
    pub at: BusinessTime,
    /// The operation's shared name.
    pub operation: Cow<'static, str>,
    /// The channel's name.
    pub channel: Cow<'static, str>,
    /// The refusal's code.
    pub code: Option<Cow<'static, str>>,
    /// The account that changed.
    pub account: Option<String>,
    /// What was asked, or what changed.
    pub amount: Option<Fen>,
    /// What the account held afterwards.
    pub balance_after: Option<Fen>,
    /// Where a card was used.
    pub place: Option<String>,
}

impl Notice {
    /// What an alert is about.
    pub fn alert_kind(&self) -> &'static str {
        match &*self.operation {
            _ if self.account.is_some() => "balance_change",
            "welfare_issue" => "voucher",
            "order_dispatch" => "parcel",
            _ => "log_in",
        }
    }
}

/// What a record tells which customer.
pub fn notices_of(record: &Record) -> impl Iterator<Item = (CustomerId, NoticeKind, Notice)> {
    record.outcome.iter().flatten().flat_map(|fact| {
        let told: Vec<_> = match fact {
            Fact::AlertDue { customer, account } => {
                let alert = alert(record, *account);
                alert
                    .map(|it| (*customer, NoticeKind::Alert, it))
                    .into_iter()
                    .collect()
            }
            // Whoever gets a voucher or a parcel is told whether or not they subscribed to anything.
            Fact::Welfare(WelfareFact::Issued { to, .. }) => to
                .iter()
                .map(|customer| (*customer, NoticeKind::Alert, notice(record)))
                .collect(),
            Fact::Mall(MallFact::Dispatched { customer, .. }) => {
                vec![(*customer, NoticeKind::Alert, notice(record))]
            }
            Fact::Refused { code, customer } if code.is_suspicious() => {
                vec![(*customer, NoticeKind::Suspicious, suspicious(record, *code))]
            }
            _ => Vec::new(),
        };
        told
    })
}

/// What every notice of a record says.
fn notice(record: &Record) -> Notice {
    Notice {
        seq: record.seq,
        at: record.at,
        operation: Cow::Borrowed(record.command.action.operation().name()),
        channel: Cow::Borrowed(channel_of(record)),
        code: None,
        account: None,
        amount: None,
        balance_after: None,
        place: None,
    }
}

fn alert(record: &Record, account: Option<AccountNumber>) -> Option<Notice> {
    let mut notice = notice(record);
    if let Some(account) = account {
        let (amount, balance_after) = change(record, account)?;
        notice.account = Some(account.to_string());
        (notice.amount, notice.balance_after) = (Some(amount), Some(balance_after));
    }
    Some(notice)
}

fn suspicious(record: &Record, code: RefusalCode) -> Notice {
    let action = &record.command.action;
    let place = match action {
        Action::CardUse { place, .. } | Action::WithdrawalAt { place, .. } => {
            Some(place.to_string())
        }
        _ => None,
    };
    Notice {
        code: Some(Cow::Borrowed(code.code())),
        amount: action.amount().map(Amount::fen),
        place,
        ..notice(record)
    }
}

/// The channel: of the session, the terminal, or the log-in.
fn channel_of(record: &Record) -> &'static str {
    match &record.command.action {
        Action::LogInTo { channel, .. } | Action::LogInByPassword { channel, .. } => channel.name(),
        _ => record.command.by.channel().name(),
    }
}

fn change(record: &Record, account: AccountNumber) -> Option<(Fen, Fen)> {
    record
        .postings()
        .find(|posting| posting.account == BookAccount::Customer(account))
        .map(|posting| (posting.amount, posting.balance_after))
}

/// Writes notices.
pub fn insert_notices(
    connection: &Connection,
    notices: impl Iterator<Item = (CustomerId, NoticeKind, Notice)>,
) -> Result<(), rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO notices VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    for (customer, kind, notice) in notices {
        statement.execute(params![
            customer.to_string(),
            kind as i64,
            notice.seq,
            notice.at.0,
            notice.operation,
            notice.channel,
            notice.code,
            notice.account,
            notice.amount.map(|fen| fen.0),
            notice.balance_after.map(|fen| fen.0),
            notice.place,
        ])?;
    }
    Ok(())
}

/// Up to `limit` notices with numbers below `before`, newest first.
pub fn select_notices(
    connection: &Connection,
    customer: CustomerId,
    kind: NoticeKind,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Notice>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at, operation, channel, code, account, amount, balance_after, place
         FROM notices WHERE customer = ?1 AND kind = ?2 AND seq < ?3 ORDER BY seq DESC LIMIT ?4",
    )?;
    let before = before
        .and_then(|seq| i64::try_from(seq).ok())
        .unwrap_or(i64::MAX);
    let known = params![customer.to_string(), kind as i64, before, limit];
    statement
        .query_map(known, |row| notice_at(row, 0))?
        .collect()
}

/// Up to `limit` alerts of all customers after a customer and a record, in their order, with whose
/// they are.
pub fn select_alerts(
    connection: &Connection,
    after: Option<(CustomerId, u64)>,
    limit: usize,
) -> Result<Vec<(String, Notice)>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT customer, seq, at, operation, channel, code, account, amount, balance_after, place
         FROM notices WHERE (customer, kind, seq) > (?1, 0, ?2) AND kind = 0
         ORDER BY customer, kind, seq LIMIT ?3",
    )?;
    let (customer, seq) = after.map_or_else(Default::default, |(customer, seq)| {
        (customer.to_string(), i64::try_from(seq).unwrap_or(i64::MAX))
    });
    let known = params![customer, seq, limit];
    let rows = statement.query_map(known, |row| Ok((row.get(0)?, notice_at(row, 1)?)))?;
    rows.collect()
}

/// The notice in the columns of a row from this one on.
fn notice_at(row: &Row, first: usize) -> Result<Notice, rusqlite::Error> {
    Ok(Notice {
        seq: row.get(first)?,
        at: BusinessTime(row.get(first + 1)?),
        operation: Cow::Owned(row.get(first + 2)?),
        channel: Cow::Owned(row.get(first + 3)?),
        code: row.get::<_, Option<String>>(first + 4)?.map(Cow::Owned),
        account: row.get(first + 5)?,
        amount: row.get::<_, Option<i64>>(first + 6)?.map(Fen),
        balance_after: row.get::<_, Option<i64>>(first + 7)?.map(Fen),
        place: row.get(first + 8)?,
    })
}
