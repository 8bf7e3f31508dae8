//! How an operation is said to the core bank over HTTP, and how its answer is
//! read. The only file that knows the bank's paths and members.

use crate::authorisation::Device;
use crate::fate::{Effect, Outcome};
use crate::money::yuan;
use crate::offers::Offers;
use crate::target::Tokens;
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use http::Method;
use scenarios::operation::{Channel, Locks, Operation, Particulars};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// What is known of a customer so far; filled by the answers of the bank.
#[derive(Debug, Clone, Default)]
pub struct Customer {
    pub name: String,
    pub id_number: String,
    pub phone: String,
    pub account_elsewhere: String,
    pub identity_check: Option<String>,
    pub number: Option<String>,
    pub account: Option<String>,
    pub card: Option<String>,
    pub device_token: Option<String>,
    /// The PIN of their card.
    pub pin: String,
    /// Points of the mall, as far as the bank told.
    pub points: i64,
    /// With what they authorise payments, if not with messages.
    pub device: Option<Device>,
    pub shield: Option<SigningKey>,
}

/// An operation to be asked of the bank.
pub struct Question<'a> {
    pub operation: Operation,
    pub channel: Channel,
    pub amount_fen: Option<i64>,
    pub customer: &'a Customer,
    /// Account of the payee of a transfer within the bank, if it has one.
    pub payee_account: Option<&'a str>,
    /// Token of the log-in of this session.
    pub session: Option<&'a str>,
    /// What else the plan says.
    pub particulars: Option<&'a Particulars>,
    /// What the bank offers beside money.
    pub offers: &'a Offers,
    /// The operation's number in the plan, by which it chooses among them.
    pub number: u64,
}

/// The same as an HTTP request, with what the journal notes of it.
#[derive(Debug)]
pub struct Request {
    pub method: Method,
    pub path: String,
    pub token: Option<String>,
    /// The session of whom a terminal serves.
    pub terminal_session: Option<String>,
    pub body: Bytes,
    pub account: Option<String>,
    pub to: Option<String>,
    /// What is paid in money, where the plan does not say it.
    pub amount_fen: Option<i64>,
}

/// Whether the operation changes something and so carries an idempotency key.
pub fn is_write(operation: Operation) -> bool {
    !matches!(
        operation,
        Operation::BalanceQuery
            | Operation::HistoryQuery
            | Operation::Alerts
            | Operation::SocialSecurityQuery
            | Operation::SuspiciousQuery
            | Operation::WealthView
    )
}

/// Puts the question into HTTP; an error says what the session lacks for it.
#[expect(clippy::too_many_lines, reason = "a table: one operation an arm")]
pub fn request(question: &Question, tokens: &Tokens) -> Result<Request, &'static str> {
    use Operation as O;
    let customer = question.customer;
    let id = || {
        have(
            customer.number.as_deref(),
            "its session had no customer number",
        )
    };
    let account = || have(customer.account.as_deref(), "its session had no account");
    let card = || have(customer.card.as_deref(), "its session had no card");
    let check = || {
        have(
            customer.identity_check.as_deref(),
            "its session had no identity check",
        )
    };
    let device = || {
        have(
            customer.device_token.as_deref(),
            "its session had no device token",
        )
    };
    let amount = || {
        let fen = question.amount_fen.ok_or("the plan gave no amount")?;
        Ok::<_, &'static str>(yuan(i128::from(fen)))
    };
    let at_terminal = is_terminal(question.channel);
    let mut made = match question.operation {
        O::IdentityCheck => post(
            "/v1/identity-checks",
            &json!({"name": customer.name, "id_number": customer.id_number}),
        ),
        O::RegisterCustomer => post(
            "/v1/customers",
            &json!({"identity_check": check()?, "phone": customer.phone}),
        ),
        O::OpenCard => post(
            "/v1/cards",
            &json!({"customer": id()?, "identity_check": check()?}),
        ),
        O::EbankingSignup => post(
            "/v1/ebanking",
            &json!({"customer": id()?, "identity_check": check()?}),
        ),
        O::ReportLoss => post(&format!("/v1/cards/{}/loss-reports", card()?), &json!({})),
        O::LiftLoss => post(
            &format!("/v1/cards/{}/loss-lifts", card()?),
            &json!({"identity_check": check()?}),
        ),
        O::BalanceQuery => read(Method::GET, format!("/v1/customers/{}/accounts", id()?)),
        O::HistoryQuery => read(
            Method::GET,
            format!("/v1/accounts/{}/entries?limit=20", account()?),
        ),
        O::Deposit | O::Withdrawal => {
            let deposit = question.operation == O::Deposit;
            let path = if deposit {
                "/v1/deposits"
            } else {
                "/v1/withdrawals"
            };
            let mut body = json!({"account": account()?, "amount": amount()?});
            if let (false, Some(place)) = (deposit, question.place()) {
                body["place"] = json!(place);
            }
            post(path, &body).between(account()?, None)
        }
        O::TransferOwnBank => {
            let to = question.payee_account.ok_or("its payee had no account")?;
            let body = json!({"from": account()?, "to": to, "amount": amount()?});
            post("/v1/transfers", &body).between(account()?, Some(to))
        }
        O::TransferOtherBank => {
            let to = customer.account_elsewhere.as_str();
            let body = json!({"from": account()?, "to": to, "amount": amount()?, "bank": "CCB"});
            post("/v1/transfers", &body).between(account()?, Some(to))
        }
        O::LogIn if at_terminal => post(
            "/v1/terminal-sessions",
            &json!({"card": card()?, "pin": customer.pin}),
        ),
        O::LogIn => post(
            "/v1/sessions",
            &json!({"customer": id()?, "device_token": device()?, "channel": question.channel.name()}),
        ),
        O::LogOut if at_terminal => {
            read(Method::DELETE, "/v1/terminal-sessions/current".to_owned())
        }
        O::LogOut => read(Method::DELETE, "/v1/sessions/current".to_owned()),
        O::Alerts => read(Method::GET, "/v1/alerts?limit=20".to_owned()),
        O::SuspiciousQuery => read(Method::GET, "/v1/suspicious-events?limit=20".to_owned()),
        O::SocialSecurityQuery => read(Method::GET, "/v1/social-security/balance".to_owned()),
        O::CheckIn => post(
            "/v1/check-ins",
            &json!({"campaign": have(question.offers.lottery.as_deref(), "there is no lottery")?}),
        ),
        O::Appointment => {
            let slot = question.offers.slot(question.number);
            let (branch, slot) = slot.ok_or("there is no branch")?;
            post("/v1/appointments", &json!({"branch": branch, "slot": slot}))
        }
        O::LockSetting => post(&format!("/v1/cards/{}/locks", card()?), &locks(question)),
        O::LimitSetting => post(
            &format!("/v1/customers/{}/limits", id()?),
            &limits(question),
        ),
        O::CardWithdrawal | O::PosPurchase | O::CardNotPresentPurchase => {
            card_use(question, card()?, &amount()?).between(account()?, None)
        }
        O::Mall => order(question, account()?)?,
        O::WealthView => read(Method::GET, "/v1/wealth/products".to_owned()),
        O::BillPayment => {
            let reference = format!("{:08}", question.number);
            let bill = json!({"kind": "electricity", "biller": "lc-power", "reference": reference});
            let body = json!({"from": account()?, "bill": bill, "amount": amount()?});
            let to = format!("lc-power/{reference}");
            post("/v1/bill-payments", &body).between(account()?, Some(&to))
        }
        O::LoanApplication => {
            let body = json!({"account": account()?, "amount": amount()?, "months": 12});
            post("/v1/loans", &body).between(account()?, None)
        }
        O::WelfareIssue => {
            let batch = question.offers.batch(question.number);
            let (batch, to) = batch.ok_or("there is no batch of vouchers")?;
            post(
                &format!("/v1/welfare/batches/{batch}/issues"),
                &json!({ "to": to }),
            )
        }
    };
    if at_terminal && question.operation != O::LogIn {
        made.terminal_session = question.session.map(ToOwned::to_owned);
    }
    made.token = match (question.operation, tokens.terminal(question.channel)) {
        (O::LogIn, None) => None,
        (_, Some(terminal)) => Some(terminal.to_owned()),
        (_, None) => Some(
            question
                .session
                .ok_or("its session had no log-in")?
                .to_owned(),
        ),
    };
    Ok(made)
}

/// All five locks; the overseas lock alone unless the plan says which.
fn locks(question: &Question) -> Value {
    let overseas = Locks {
        overseas: true,
        ..Locks::default()
    };
    let said = question.particulars.and_then(|it| it.locks.as_ref());
    let locks = said.unwrap_or(&overseas);
    let daily = locks.pos_daily_fen.map(|fen| yuan(i128::from(fen)));
    json!({"overseas": locks.overseas, "places": locks.places, "night": locks.night,
        "pos_daily": daily, "overseas_card_not_present": locks.overseas_card_not_present})
}

/// The limits that the plan says; the usual ones of SMS if it says none.
fn limits(question: &Question) -> Value {
    let said = question.particulars.and_then(|it| it.limits);
    let limits = said.unwrap_or_default();
    let amount = |fen: i64| yuan(i128::from(fen));
    json!({"scope": limits.scope.name(), "per_transaction": amount(limits.per_transaction_fen),
        "daily": amount(limits.daily_fen), "monthly": limits.monthly_fen.map(amount)})
}

/// A use of a card as the card network says it.
fn card_use(question: &Question, card: &str, amount: &str) -> Request {
    let place = question.place().unwrap_or(HOME);
    let mut body = json!({"card": card, "amount": amount, "place": place});
    let path = match question.operation {
        Operation::CardWithdrawal => "/v1/card-withdrawals",
        Operation::PosPurchase => {
            body["entry"] = json!("pos");
            "/v1/card-purchases"
        }
        _ => {
            body["entry"] = json!("card_not_present");
            "/v1/card-purchases"
        }
    };
    if question.operation != Operation::CardWithdrawal {
        body["merchant"] = json!("M-1");
    }
    post(path, &body)
}

impl Question<'_> {
    fn place(&self) -> Option<&str> {
        self.particulars.and_then(|it| it.place.as_deref())
    }
}

/// Where cards are used unless the plan says it: in the bank's own city.
const HOME: &str = "371500";

/// One piece of goods, paid in points as far as they may and in money.
fn order(question: &Question, account: &str) -> Result<Request, &'static str> {
    let goods = question.offers.goods(question.number);
    let goods = goods.ok_or("there are no goods")?;
    // A point pays a fen, and points pay half of a price at most.
    let points = question.customer.points.clamp(0, goods.price_fen / 2);
    let paid = goods.price_fen - points;
    let body = json!({
        "from": account, "goods": goods.id, "quantity": 1, "points": points,
        "amount": yuan(i128::from(paid)), "address": "Liaocheng",
    });
    let mut made = post("/v1/mall/orders", &body).between(account, Some(&goods.id));
    made.amount_fen = Some(paid);
    Ok(made)
}

fn have<'a>(value: Option<&'a str>, without: &'static str) -> Result<&'a str, &'static str> {
    value.ok_or(without)
}

fn post(path: &str, body: &Value) -> Request {
    Request {
        method: Method::POST,
        path: path.to_owned(),
        token: None,
        terminal_session: None,
        body: Bytes::from(body.to_string()),
        account: None,
        to: None,
        amount_fen: None,
    }
}

fn read(method: Method, path: String) -> Request {
    Request {
        method,
        path,
        token: None,
        terminal_session: None,
        body: Bytes::new(),
        account: None,
        to: None,
        amount_fen: None,
    }
}

impl Request {
    fn between(mut self, account: &str, to: Option<&str>) -> Self {
        self.account = Some(account.to_owned());
        self.to = to.map(ToOwned::to_owned);
        self
    }
}

/// Whether customers of this channel stand at a terminal of the bank.
pub fn is_terminal(channel: Channel) -> bool {
    matches!(channel, Channel::Counter | Channel::Kiosk | Channel::Atm)
}

/// As the bank's records name an operation on a channel.
pub fn recorded_as(operation: Operation, channel: Channel) -> &'static str {
    match operation {
        Operation::LogIn if is_terminal(channel) => "terminal_log_in",
        Operation::LogOut if is_terminal(channel) => "terminal_log_out",
        _ => operation.name(),
    }
}

/// A payment out of a customer's own session, which needs an authorisation.
pub fn needs_authorisation(operation: Operation, channel: Channel, tokens: &Tokens) -> bool {
    let payment = matches!(
        operation,
        Operation::TransferOwnBank
            | Operation::TransferOtherBank
            | Operation::BillPayment
            | Operation::Mall
    );
    payment && tokens.terminal(channel).is_none()
}

/// What a successful answer tells us; what an operation does not return is none.
#[derive(Debug, Default, Deserialize)]
pub struct Answer {
    pub seq: Option<u64>,
    pub identity_check: Option<String>,
    pub customer: Option<String>,
    pub card: Option<String>,
    pub account: Option<String>,
    pub device_token: Option<String>,
    pub session: Option<String>,
    pub transfer: Option<String>,
    pub order: Option<String>,
    pub appointment: Option<String>,
    pub points: Option<i64>,
    alerts: Option<Vec<IgnoredAny>>,
    events: Option<Vec<IgnoredAny>>,
    balance: Option<IgnoredAny>,
    issued: Option<u64>,
    accounts: Option<Vec<IgnoredAny>>,
    entries: Option<Vec<IgnoredAny>>,
}

#[derive(Debug, Deserialize)]
struct Problem {
    code: String,
    #[serde(default)]
    effect: Option<String>,
}

/// An answer of the bank, understood.
#[derive(Debug)]
pub struct Reading {
    pub outcome: Outcome,
    pub effect: Effect,
    /// Code of the refusal, if it was one.
    pub code: Option<String>,
    /// Why it failed, if it did.
    pub what: Option<String>,
    /// What it tells, if it succeeded.
    pub answer: Answer,
}

/// Begins a code that must be met, as a limit that must refuse does: success is then wrong.
const MUST: char = '!';
/// What the journal says of a success that was wrong.
pub const ACCEPTED: &str = "accepted";

/// Reads the answer to an operation. `allow` holds codes of refusals that are right; one that begins
/// with `!` must be met.
pub fn reading(operation: Operation, allow: &[String], status: u16, body: &[u8]) -> Reading {
    let unsure = if is_write(operation) {
        Effect::Unknown
    } else {
        Effect::None
    };
    let failed = |what: String, effect, code| Reading {
        outcome: Outcome::Failed,
        effect,
        code,
        what: Some(what),
        answer: Answer::default(),
    };
    if (200..300).contains(&status) {
        return match understood(operation, body) {
            Ok(answer) if allow.iter().any(|code| code.starts_with(MUST)) => Reading {
                outcome: Outcome::Failed,
                effect: if is_write(operation) {
                    Effect::Applied
                } else {
                    Effect::None
                },
                code: Some(ACCEPTED.to_owned()),
                what: Some(format!(
                    "accepted, and had to be refused: {}",
                    allow.join("|")
                )),
                answer,
            },
            Ok(answer) => Reading {
                outcome: Outcome::Succeeded,
                effect: if is_write(operation) {
                    Effect::Applied
                } else {
                    Effect::None
                },
                code: None,
                what: None,
                answer,
            },
            Err(why) => failed(format!("{status} {why}"), unsure, None),
        };
    }
    let Ok(problem) = serde_json::from_slice::<Problem>(body) else {
        // A refusal without a word about its effect tells nothing about it.
        return failed(format!("{status} without a problem"), unsure, None);
    };
    let effect = match problem.effect.as_deref() {
        Some("none") => Effect::None,
        _ => unsure,
    };
    let right = |code: &String| code.strip_prefix(MUST).unwrap_or(code) == problem.code;
    if allow.iter().any(right) && effect == Effect::None {
        return Reading {
            outcome: Outcome::Refused,
            effect,
            code: Some(problem.code),
            what: None,
            answer: Answer::default(),
        };
    }
    failed(
        format!("{status} {}", problem.code),
        effect,
        Some(problem.code),
    )
}

fn understood(operation: Operation, body: &[u8]) -> Result<Answer, String> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|_| "with a body that is not understood".to_owned())?;
    let lacks = |member: &str| Err(format!("without `{member}`"));
    if is_write(operation) && answer.seq.is_none() {
        return lacks("seq");
    }
    let members = match operation {
        Operation::IdentityCheck => vec![("identity_check", answer.identity_check.is_some())],
        Operation::RegisterCustomer => vec![("customer", answer.customer.is_some())],
        Operation::OpenCard => vec![
            ("card", answer.card.is_some()),
            ("account", answer.account.is_some()),
        ],
        Operation::EbankingSignup => vec![("device_token", answer.device_token.is_some())],
        Operation::LogIn => vec![("session", answer.session.is_some())],
        Operation::BalanceQuery => vec![("accounts", answer.accounts.is_some())],
        Operation::HistoryQuery => vec![("entries", answer.entries.is_some())],
        Operation::Alerts => vec![("alerts", answer.alerts.is_some())],
        Operation::SuspiciousQuery => vec![("events", answer.events.is_some())],
        Operation::SocialSecurityQuery => vec![("balance", answer.balance.is_some())],
        Operation::CheckIn => vec![("points", answer.points.is_some())],
        Operation::Mall => vec![("order", answer.order.is_some())],
        Operation::Appointment => vec![("appointment", answer.appointment.is_some())],
        Operation::WelfareIssue => vec![("issued", answer.issued.is_some())],
        _ => vec![],
    };
    match members.iter().find(|(_, there)| !there) {
        Some((member, _)) => lacks(member),
        None => Ok(answer),
    }
}

impl Answer {
    /// What the journal notes as the thing made.
    pub fn id(&self) -> Option<String> {
        [
            &self.card,
            &self.transfer,
            &self.order,
            &self.appointment,
            &self.identity_check,
            &self.customer,
        ]
        .into_iter()
        .flatten()
        .next()
        .cloned()
    }
}

impl Customer {
    /// What the bank is told of a customer who is present.
    pub fn identified(&self) -> Value {
        json!({"customer": self.number, "identity_check": self.identity_check})
    }

    /// Remembers what the answer gave.
    pub fn learn(&mut self, answer: &Answer) {
        let pairs = [
            (&mut self.identity_check, &answer.identity_check),
            (&mut self.number, &answer.customer),
            (&mut self.account, &answer.account),
            (&mut self.card, &answer.card),
            (&mut self.device_token, &answer.device_token),
        ];
        for (known, told) in pairs {
            if told.is_some() {
                known.clone_from(told);
            }
        }
        self.points = answer.points.unwrap_or(self.points);
    }
}
