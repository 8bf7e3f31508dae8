//! What the bank offers beside money (goods, a lottery, branches with slots, a batch of welfare
//! vouchers), made before the clock starts, as far as the plan asks for it.

use crate::bank_api::Customer;
use crate::connection::{Connection, Exchange, Message};
use crate::credentials::{ahead_key, idempotency_key};
use crate::error::LoadError;
use crate::money::{VOUCHER_FEN, yuan};
use crate::options::LoadOptions;
use crate::script::{Script, operation_name};
use crate::target::Target;
use bytes::Bytes;
use http::Method;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use scenarios::operation::Operation;
use serde_json::{Value, json};
use std::time::Duration;

/// The catalogue: prices in fen.
const PRICES_FEN: [i64; 3] = [1_990, 5_900, 12_800];
/// The dearest goods, in fen: what an order costs at most.
pub const DEAREST_FEN: i64 = 12_800;
/// Pieces of each of the goods: enough for every order.
const STOCK: u32 = 1_000_000_000;
/// Prizes when the scenario does not say how many.
const PRIZES: u32 = 10_000;
/// Branches, and how many customers a slot of half an hour has room for.
const BRANCHES: usize = 8;
const PLACES: u32 = 20;
const OVERBOOKING: u32 = 2;
/// Slots of a day from 9:00 to 17:00, and the days ahead that customers choose from.
const SLOTS: u64 = 16;
const DAYS: u64 = 5;
/// Where the branches lie around: Liaocheng.
const LATITUDE: f64 = 36.45;
const LONGITUDE: f64 = 115.98;

/// Goods of the catalogue.
#[derive(Debug, Clone)]
pub struct Goods {
    /// Their id.
    pub id: String,
    /// What one costs, in fen.
    pub price_fen: i64,
}

/// What customers find.
#[derive(Debug, Clone, Default)]
pub struct Offers {
    goods: Vec<Goods>,
    /// The lottery that sign-ins draw in.
    pub lottery: Option<String>,
    branches: Vec<String>,
    tomorrow: Option<Date>,
    /// The batches of vouchers and who gets them, by the place of the step that issues them.
    batches: Vec<(u64, String, Vec<String>)>,
}

impl Offers {
    /// The goods that the operation of this number orders.
    pub fn goods(&self, number: u64) -> Option<&Goods> {
        let place = number % self.goods.len().max(1) as u64;
        self.goods.get(place as usize)
    }

    /// The branch and the slot that the operation of this number books.
    pub fn slot(&self, number: u64) -> Option<(&str, String)> {
        // Scattered, so that neighbours in the plan do not want the same slot.
        let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
        let branch = number % self.branches.len().max(1) as u64;
        let branch = self.branches.get(branch as usize)?;
        let half_hours = (number / 8) % SLOTS;
        let days = i64::try_from((number / 8 / SLOTS) % DAYS).ok()?;
        let day = self.tomorrow?.checked_add(days.days()).ok()?;
        let (hour, minute) = (9 + half_hours / 2, half_hours % 2 * 30);
        Some((branch, format!("{day}T{hour:02}:{minute:02}:00+08:00")))
    }

    /// The batch that the step at this place issues, and to whom.
    pub fn batch(&self, place: u64) -> Option<(&str, &[String])> {
        let found = self.batches.iter().find(|(of, ..)| *of == place);
        found.map(|(_, batch, to)| (batch.as_str(), to.as_slice()))
    }
}

/// Makes what the plan asks for.
pub async fn open(
    script: &Script,
    target: &Target,
    options: &LoadOptions,
    customers: &[Customer],
) -> Result<Offers, LoadError> {
    let first = |operation| script.firsts.get(&operation).copied();
    let mut shop = Shop {
        target,
        options,
        connection: Connection::new(
            target.endpoint(),
            options.timeout.max(Duration::from_secs(5)),
        ),
    };
    let mut offers = Offers::default();
    if let Some(step) = first(Operation::Mall) {
        for (number, price_fen) in (0_u32..).zip(PRICES_FEN) {
            let name = format!("goods {}", number + 1);
            let price = yuan(i128::from(price_fen));
            let body = json!({"name": name, "price": price, "stock": STOCK});
            let id = shop.make(step, number, "/v1/mall/goods", &body, "goods");
            let id = id.await?;
            offers.goods.push(Goods { id, price_fen });
        }
    }
    if let Some(step) = first(Operation::CheckIn) {
        let today = shop.today().await?;
        let ends = today.checked_add(30.days()).unwrap_or(today);
        let stock = options.prizes.unwrap_or(PRIZES);
        let prize = json!({"name": "prize", "chance": 1_000_000, "stock": stock, "points": 100});
        let body = json!({
            "name": "sign-in lottery",
            "begins": format!("{today}T00:00:00+08:00"),
            "ends": format!("{ends}T00:00:00+08:00"),
            "offer": {"lottery": {"prizes": [prize]}},
        });
        let lottery = shop.make(step, 0, "/v1/campaigns", &body, "campaign");
        offers.lottery = Some(lottery.await?);
    }
    if let Some(step) = first(Operation::Appointment) {
        let today = shop.today().await?;
        offers.tomorrow = today.checked_add(1.days()).ok();
        for number in 0..BRANCHES {
            let offset = number as f64 / 100.0;
            let body = json!({
                "name": format!("branch {}", number + 1),
                "latitude": format!("{:.4}", LATITUDE + offset),
                "longitude": format!("{:.4}", LONGITUDE - offset),
                "slots": {"opens": 540, "closes": 1020, "minutes": 30,
                          "places": PLACES, "overbooking": OVERBOOKING},
            });
            let branch = shop.make(step, number as u32, "/v1/branches", &body, "branch");
            offers.branches.push(branch.await?);
        }
    }
    for (place, step) in &script.issues {
        let count = step.amount_fen.unwrap_or(0) / VOUCHER_FEN;
        let to = employees(customers, step.customer, count as usize, *place)?;
        let account = customers[step.customer as usize].account.as_deref();
        let body = json!({
            "from": account, "kind": "voucher", "count": count,
            "face_value": yuan(i128::from(VOUCHER_FEN)),
            "amount": yuan(i128::from(count * VOUCHER_FEN)),
        });
        let path = "/v1/welfare/batches";
        let batch = shop.make(*place, 0, path, &body, "batch").await?;
        offers.batches.push((*place, batch, to));
    }
    Ok(offers)
}

/// So many customers of the plan beside the enterprise.
fn employees(
    customers: &[Customer],
    enterprise: u32,
    count: usize,
    place: u64,
) -> Result<Vec<String>, LoadError> {
    let others = customers.iter().enumerate();
    let numbers = others.filter(|(at, _)| *at != enterprise as usize);
    let to: Vec<String> = numbers
        .filter_map(|(_, customer)| customer.number.clone())
        .take(count)
        .collect();
    if to.len() == count {
        return Ok(to);
    }
    Err(LoadError::Plan {
        number: place as usize + 1,
        operation: operation_name(Operation::WelfareIssue),
        customer: customers[enterprise as usize].name.clone(),
        why: format!(
            "gives vouchers to {count} customers, and the plan has only {}; play a longer stretch or more volume",
            to.len()
        ),
    })
}

/// Asks the bank on behalf of its operator, or of the enterprise at a counter.
struct Shop<'a> {
    target: &'a Target,
    options: &'a LoadOptions,
    connection: Connection,
}

impl Shop<'_> {
    /// Makes something ahead of the step that asks for it first: its id.
    async fn make(
        &mut self,
        step: u64,
        number: u32,
        path: &str,
        body: &Value,
        member: &str,
    ) -> Result<String, LoadError> {
        let tokens = self.target.tokens();
        let token = if path.starts_with("/v1/welfare") {
            &tokens.counter
        } else {
            &tokens.operator
        };
        let key = ahead_key(&idempotency_key(&self.options.run, step));
        let message = Message {
            method: Method::POST,
            path: path.to_owned(),
            token: Some(token.clone()),
            key: Some(format!("{key}{number}")),
            terminal_session: None,
            body: Bytes::from(body.to_string()),
        };
        let answer = self.ask(&message, 201).await?;
        let id = answer[member].as_str().map(ToOwned::to_owned);
        id.ok_or_else(|| failed(path, "its answer is not understood".to_owned()))
    }

    /// The bank's own date in Shanghai.
    async fn today(&mut self) -> Result<Date, LoadError> {
        let message = Message {
            method: Method::GET,
            path: "/readyz".to_owned(),
            token: None,
            key: None,
            terminal_session: None,
            body: Bytes::new(),
        };
        let answer = self.ask(&message, 200).await?;
        let shown = answer["business_time"].as_str().unwrap_or_default();
        let moment: Option<Timestamp> = shown.parse().ok();
        let zone = TimeZone::get("Asia/Shanghai").ok();
        let date = moment
            .zip(zone)
            .map(|(at, zone)| at.to_zoned_datetime(zone).date());
        date.ok_or_else(|| failed("/readyz", "it does not show its business time".to_owned()))
    }

    async fn ask(&mut self, message: &Message, wanted: u16) -> Result<Value, LoadError> {
        let why = match self.connection.exchange(message, |_| {}).await {
            Exchange::Answered { status, body } if status == wanted => {
                return Ok(serde_json::from_slice(&body).unwrap_or_default());
            }
            Exchange::Answered { status, body } => {
                format!("it answers {status}: {}", String::from_utf8_lossy(&body))
            }
            Exchange::NotWritten(why) | Exchange::Broken(why) => why,
            Exchange::TimedOut => "no answer in time".to_owned(),
        };
        Err(failed(&message.path, why))
    }
}

fn failed(path: &str, why: String) -> LoadError {
    LoadError::Setup {
        operation: path.to_owned(),
        customer: "everybody".to_owned(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_lie_on_the_branches_grid_within_the_days_ahead() {
        let offers = Offers {
            branches: (0..BRANCHES).map(|number| number.to_string()).collect(),
            tomorrow: Some("2026-06-30".parse().unwrap()),
            ..Offers::default()
        };
        let mut seen = std::collections::HashSet::new();
        for number in 0..20_000 {
            let (branch, slot) = offers.slot(number).unwrap();
            let at: Timestamp = slot.parse().unwrap();
            assert_eq!(at.as_second() % 1_800, 0, "{slot}");
            assert!(
                ("2026-06-30T09:00".."2026-07-04T17:00").contains(&&slot[..16]),
                "{slot}"
            );
            seen.insert((branch.to_owned(), slot));
        }
        // Every slot of every branch on five days.
        assert_eq!(seen.len(), BRANCHES * 16 * 5);
        assert!(Offers::default().slot(1).is_none());
    }

    #[test]
    fn the_dearest_goods_are_among_the_prices() {
        assert_eq!(PRICES_FEN.iter().max(), Some(&DEAREST_FEN));
    }
}
