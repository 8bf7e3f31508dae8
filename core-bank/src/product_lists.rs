//! Lists of the products in the projection: orders, changes of points, what was won and claimed.

use rusqlite::{Connection, Row, params};

use crate::{
    journal::Record,
    rules::{BusinessTime, CampaignFact, CustomerId, Fact, Fen, MallFact},
};

/// The tables.
pub const PRODUCT_TABLES: &str = "
 CREATE TABLE IF NOT EXISTS orders (
   customer TEXT NOT NULL,
   seq INTEGER NOT NULL,
   at INTEGER NOT NULL,
   id TEXT NOT NULL,
   goods TEXT NOT NULL,
   quantity INTEGER NOT NULL,
   paid INTEGER NOT NULL,
   points INTEGER NOT NULL,
   parcel TEXT,
   cancelled INTEGER NOT NULL DEFAULT 0,
   PRIMARY KEY (customer, seq)
 ) STRICT, WITHOUT ROWID;
 CREATE TABLE IF NOT EXISTS points (
   customer TEXT NOT NULL,
   place INTEGER NOT NULL,
   at INTEGER NOT NULL,
   reason TEXT NOT NULL,
   change INTEGER NOT NULL,
   balance_after INTEGER NOT NULL,
   PRIMARY KEY (customer, place)
 ) STRICT, WITHOUT ROWID;
 CREATE TABLE IF NOT EXISTS awards (
   customer TEXT NOT NULL,
   seq INTEGER NOT NULL,
   at INTEGER NOT NULL,
   campaign TEXT NOT NULL,
   name TEXT NOT NULL,
   PRIMARY KEY (customer, seq)
 ) STRICT, WITHOUT ROWID;";

/// Facts that one record may hold, as far as their places in the list of points matter.
const FACTS_MAX: u64 = 64;

/// Whether a record adds anything to the lists.
pub fn is_listed(record: &Record) -> bool {
    let facts = record.outcome.iter().flatten();
    facts.into_iter().any(|fact| {
        matches!(
            fact,
            Fact::Mall(_) | Fact::PointsMoved { .. } | Fact::Campaign(_)
        )
    })
}

/// Writes what a record adds to the lists.
pub fn insert_products(connection: &Connection, record: &Record) -> Result<(), rusqlite::Error> {
    for (place, fact) in (0_u64..).zip(record.outcome.iter().flatten()) {
        match fact {
            Fact::Mall(fact) => insert_order(connection, record, fact)?,
            Fact::PointsMoved {
                customer,
                reason,
                change,
                balance_after,
            } => {
                let place = record.seq * FACTS_MAX + place.min(FACTS_MAX - 1);
                let line = params![
                    customer.to_string(),
                    place,
                    record.at.0,
                    reason.name(),
                    change,
                    balance_after
                ];
                connection
                    .prepare_cached("INSERT INTO points VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
                    .execute(line)?;
            }
            Fact::Campaign(fact) => insert_award(connection, record, fact)?,
            _ => {}
        }
    }
    Ok(())
}

fn insert_order(
    connection: &Connection,
    record: &Record,
    fact: &MallFact,
) -> Result<(), rusqlite::Error> {
    match fact {
        MallFact::GoodsListed { .. } => {}
        MallFact::Ordered {
            order,
            customer,
            goods,
            quantity,
            paid,
            points,
            ..
        } => {
            let line = params![
                customer.to_string(),
                order.seq(),
                record.at.0,
                order.to_string(),
                goods.to_string(),
                quantity,
                paid.0,
                points
            ];
            connection
                .prepare_cached(
                    "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL, 0)",
                )?
                .execute(line)?;
        }
        MallFact::Dispatched {
            order,
            customer,
            parcel,
        } => {
            connection
                .prepare_cached("UPDATE orders SET parcel = ?1 WHERE customer = ?2 AND seq = ?3")?
                .execute(params![parcel.as_str(), customer.to_string(), order.seq()])?;
        }
        MallFact::Cancelled {
            order, customer, ..
        } => {
            connection
                .prepare_cached("UPDATE orders SET cancelled = 1 WHERE customer = ?1 AND seq = ?2")?
                .execute(params![customer.to_string(), order.seq()])?;
        }
    }
    Ok(())
}

fn insert_award(
    connection: &Connection,
    record: &Record,
    fact: &CampaignFact,
) -> Result<(), rusqlite::Error> {
    if let CampaignFact::Won {
        campaign,
        customer,
        name,
        ..
    }
    | CampaignFact::Claimed {
        campaign,
        customer,
        name,
        ..
    } = fact
    {
        connection
            .prepare_cached("INSERT INTO awards VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                customer.to_string(),
                record.seq,
                record.at.0,
                campaign.to_string(),
                name.as_str()
            ])?;
    }
    Ok(())
}

/// An order, as its customer sees it.
pub struct ListedOrder {
    /// Its place in the list.
    pub place: u64,
    /// When it was made.
    pub at: BusinessTime,
    /// Its id.
    pub id: String,
    /// What was ordered.
    pub goods: String,
    /// How many.
    pub quantity: u32,
    /// What was paid in money.
    pub paid: Fen,
    /// What was paid in points.
    pub points: u32,
    /// The parcel, once it is on its way.
    pub parcel: Option<String>,
    /// Whether it was taken back.
    pub cancelled: bool,
}

/// A change of points.
pub struct PointsEntry {
    /// Its place in the list.
    pub place: u64,
    /// When.
    pub at: BusinessTime,
    /// Why.
    pub reason: String,
    /// By how many.
    pub change: i64,
    /// How many there were afterwards.
    pub balance_after: i64,
}

/// Something won or claimed.
pub struct Award {
    /// Its place in the list.
    pub place: u64,
    /// When.
    pub at: BusinessTime,
    /// The campaign's id.
    pub campaign: String,
    /// What it is called.
    pub name: String,
}

/// Which part of a customer's list is wanted: at most `limit` rows before the place `before`, newest
/// first.
#[derive(Clone, Copy)]
pub struct Part {
    /// Whose list.
    pub customer: CustomerId,
    /// Below this place, or from the end on.
    pub before: Option<u64>,
    /// At most so many rows.
    pub limit: usize,
}

/// A part of a customer's orders.
pub fn orders(connection: &Connection, part: Part) -> Result<Vec<ListedOrder>, rusqlite::Error> {
    let sql = "SELECT seq, at, id, goods, quantity, paid, points, parcel, cancelled FROM orders
               WHERE customer = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";
    select(connection, sql, part, |row| {
        Ok(ListedOrder {
            place: row.get(0)?,
            at: BusinessTime(row.get(1)?),
            id: row.get(2)?,
            goods: row.get(3)?,
            quantity: row.get(4)?,
            paid: Fen(row.get(5)?),
            points: row.get(6)?,
            parcel: row.get(7)?,
            cancelled: row.get(8)?,
        })
    })
}

/// A part of the changes of a customer's points.
pub fn points(connection: &Connection, part: Part) -> Result<Vec<PointsEntry>, rusqlite::Error> {
    let sql = "SELECT place, at, reason, change, balance_after FROM points
               WHERE customer = ?1 AND place < ?2 ORDER BY place DESC LIMIT ?3";
    select(connection, sql, part, |row| {
        Ok(PointsEntry {
            place: row.get(0)?,
            at: BusinessTime(row.get(1)?),
            reason: row.get(2)?,
            change: row.get(3)?,
            balance_after: row.get(4)?,
        })
    })
}

/// A part of what a customer won and claimed.
pub fn awards(connection: &Connection, part: Part) -> Result<Vec<Award>, rusqlite::Error> {
    let sql = "SELECT seq, at, campaign, name FROM awards
               WHERE customer = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";
    select(connection, sql, part, |row| {
        Ok(Award {
            place: row.get(0)?,
            at: BusinessTime(row.get(1)?),
            campaign: row.get(2)?,
            name: row.get(3)?,
        })
    })
}

fn select<T>(
    connection: &Connection,
    sql: &str,
    part: Part,
    read: impl FnMut(&Row) -> Result<T, rusqlite::Error>,
) -> Result<Vec<T>, rusqlite::Error> {
    let before = part.before.and_then(|place| i64::try_from(place).ok());
    let before = before.unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(sql)?;
    let known = params![part.customer.to_string(), before, part.limit];
    statement.query_map(known, read)?.collect()
}
