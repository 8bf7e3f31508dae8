//! Notices in the projection: alerts to subscribers and refusals that a customer should know of. A
//! record that changes two accounts of a customer tells of each.

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
   number INTEGER NOT NULL,
   at INTEGER NOT NULL,
   operation TEXT NOT NULL,
   channel TEXT NOT NULL,
   code TEXT,
   account TEXT,
   amount INTEGER,
   balance_after INTEGER,
   place TEXT,
   PRIMARY KEY (customer, kind, seq, number)
 ) STRICT, WITHOUT ROWID;";

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The record that it is about.
    pub seq: u64,
    /// Which of the record's notices it is, counted from 0.
    pub number: u64,
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

/// A record tells of fewer things than this: the end of a day has the most, a page of accounts.
const NUMBERS: u64 = 4_096;

impl Notice {
    /// Its place in its customer's list: by record, and within one by number.
    pub fn place(&self) -> u64 {
        self.seq * NUMBERS + self.number
    }

    /// What an alert is about.
    pub fn alert_kind(&self) -> &'static str {
        match &*self.operation {
            _ if self.account.is_some() => "balance_change",
            "welfare_issue" => "voucher",
            "order_dispatch" => "parcel",
            "order_cancellation" => "cancellation",
            _ => "log_in",
        }
    }
}

/// What a record tells which customer.
pub fn notices_of(record: &Record) -> impl Iterator<Item = (CustomerId, NoticeKind, Notice)> {
    let told = record.outcome.iter().flatten().flat_map(|fact| {
        let told: Vec<_> = match fact {
            Fact::AlertDue { customer, account } => {
                let alert = alert(record, *account);
                alert
                    .map(|it| (*customer, NoticeKind::Alert, it))
                    .into_iter()
                    .collect()
            }
            // Whoever gets a voucher or a parcel is told whether or not they subscribed to anything,
            // and so is whose order the bank cannot send.
            Fact::Welfare(WelfareFact::Issued { to, .. }) => to
                .iter()
                .map(|customer| (*customer, NoticeKind::Alert, notice(record)))
                .collect(),
            Fact::Mall(MallFact::Dispatched { customer, .. }) => {
                vec![(*customer, NoticeKind::Alert, notice(record))]
            }
            Fact::Mall(MallFact::Cancelled { customer, .. })
                if record.command.by.customer().is_none() =>
            {
                vec![(*customer, NoticeKind::Alert, notice(record))]
            }
            Fact::Refused { code, customer } if code.is_suspicious() => {
                vec![(*customer, NoticeKind::Suspicious, suspicious(record, *code))]
            }
            _ => Vec::new(),
        };
        told
    });
    (0..).zip(told).map(|(number, (customer, kind, notice))| {
        let notice = Notice { number, ..notice };
        (customer, kind, notice)
    })
}

/// The record and the number of a place; beyond all of them when there is none.
fn parted(place: Option<u64>) -> (i64, i64) {
    let part = |number| i64::try_from(number).unwrap_or(i64::MAX);
    place.map_or((i64::MAX, 0), |place| {
        (part(place / NUMBERS), part(place % NUMBERS))
    })
}

/// What every notice of a record says.
fn notice(record: &Record) -> Notice {
    Notice {
        seq: record.seq,
        number: 0,
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
        "INSERT INTO notices VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    for (customer, kind, notice) in notices {
        statement.execute(params![
            customer.to_string(),
            kind as i64,
            notice.seq,
            notice.number,
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

/// Up to `limit` notices at places below `before`, newest first.
pub fn select_notices(
    connection: &Connection,
    customer: CustomerId,
    kind: NoticeKind,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Notice>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, number, at, operation, channel, code, account, amount, balance_after, place
         FROM notices WHERE customer = ?1 AND kind = ?2 AND (seq, number) < (?3, ?4)
         ORDER BY seq DESC, number DESC LIMIT ?5",
    )?;
    let (seq, number) = parted(before);
    let known = params![customer.to_string(), kind as i64, seq, number, limit];
    statement
        .query_map(known, |row| notice_at(row, 0))?
        .collect()
}

/// Up to `limit` alerts of all customers after a customer and a place, in their order, with whose
/// they are.
pub fn select_alerts(
    connection: &Connection,
    after: Option<(CustomerId, u64)>,
    limit: usize,
) -> Result<Vec<(String, Notice)>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT customer, seq, number, at, operation, channel, code, account, amount, balance_after,
           place
         FROM notices WHERE (customer, kind, seq, number) > (?1, 0, ?2, ?3) AND kind = 0
         ORDER BY customer, kind, seq, number LIMIT ?4",
    )?;
    let (customer, (seq, number)) = after.map_or_else(Default::default, |(customer, place)| {
        (customer.to_string(), parted(Some(place)))
    });
    let known = params![customer, seq, number, limit];
    let rows = statement.query_map(known, |row| Ok((row.get(0)?, notice_at(row, 1)?)))?;
    rows.collect()
}

/// The notice in the columns of a row from this one on.
fn notice_at(row: &Row, first: usize) -> Result<Notice, rusqlite::Error> {
    Ok(Notice {
        seq: row.get(first)?,
        number: row.get(first + 1)?,
        at: BusinessTime(row.get(first + 2)?),
        operation: Cow::Owned(row.get(first + 3)?),
        channel: Cow::Owned(row.get(first + 4)?),
        code: row.get::<_, Option<String>>(first + 5)?.map(Cow::Owned),
        account: row.get(first + 6)?,
        amount: row.get::<_, Option<i64>>(first + 7)?.map(Fen),
        balance_after: row.get::<_, Option<i64>>(first + 8)?.map(Fen),
        place: row.get(first + 9)?,
    })
}
