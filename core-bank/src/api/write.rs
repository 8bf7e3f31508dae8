//! The one way of every write: who, which key, what, then the queue, then the answer.

use std::time::Duration;

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::{
    Service,
    observe::Peer,
    problem::Problem,
    request,
    schemas::{self, Yuan},
};
use crate::{
    access::{Access, TokenKind},
    authentication::transfer_text,
    connection::within,
    rules::{
        AccountNumber, Action, Answer, AppointmentId, AuthorisationId, BatchId, BranchId, Caller,
        CampaignId, CardId, CustomerId, Envelope, Fen, Fingerprint, GoodsId, IdempotencyKey,
        IdentityCheckId, Label, LoanId, Looked, Operation, OrderId, Origin, RefusalCode, ReturnId,
        TokenNonce, TransferId, Verdict, judge,
    },
    writer::Reply,
};

/// How long the writer may take to decide.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// A write request that was read and waits for its action.
pub struct Reading<T> {
    /// Who asks.
    pub caller: Caller,
    /// What was sent.
    pub body: T,
    key: IdempotencyKey,
    fingerprint: Fingerprint,
    from: Option<Origin>,
}

/// Where a request came from: the other end of its connection, whatever its headers say.
fn origin_of(parts: &Parts) -> Option<Origin> {
    let peer = parts.extensions.get::<Peer>();
    peer.map(|Peer(address)| Origin::of(*address))
}

/// Reads a body of type `T`, and who sent it under which key.
pub fn read<T: DeserializeOwned + Serialize>(
    service: &Service,
    request: Request,
    operation: Operation,
) -> impl Future<Output = Result<Reading<T>, Problem>> {
    // Taken apart here, so that whoever waits for the body does not hold the request twice.
    let (parts, body) = request.into_parts();
    read_parts(service, parts, body, operation)
}

async fn read_parts<T: DeserializeOwned + Serialize>(
    service: &Service,
    parts: Parts,
    body: Body,
    operation: Operation,
) -> Result<Reading<T>, Problem> {
    let caller = match operation {
        Operation::LogIn => Caller::Visitor,
        _ => request::caller(service, &parts.headers, operation)?,
    };
    let key = request::idempotency_key(&parts.headers)?;
    let bytes_max = request::body_bytes_max(operation);
    let body: T = request::body(&parts.headers, body, bytes_max).await?;
    request::no_query(&parts.uri)?;
    let fingerprint = request::fingerprint(&parts, &body)?;
    Ok(Reading {
        caller,
        body,
        key,
        fingerprint,
        from: origin_of(&parts),
    })
}

impl<T> Reading<T> {
    /// The body, and the rest without it: whoever waits for the answer is small.
    pub fn take_apart(self) -> (T, Reading<()>) {
        let rest = Reading {
            caller: self.caller,
            body: (),
            key: self.key,
            fingerprint: self.fingerprint,
            from: self.from,
        };
        (self.body, rest)
    }

    /// Makes a secret of the body, which its serialisation leaves out, count in the comparison with
    /// repetitions.
    pub fn blind(&mut self, access: &Access, secret: &str) {
        let mut hasher = blake3::Hasher::new();
        hasher
            .update(&self.fingerprint.0)
            .update(&access.blinded(secret));
        let digest = hasher.finalize();
        self.fingerprint.0.copy_from_slice(&digest.as_bytes()[..16]);
    }

    /// Makes a wrong guess of a secret a request of its own, whatever its key: under the key of somebody
    /// else's log-in it would be told from the right one by that log-in's first answer, and not count.
    pub fn set_apart(&mut self) {
        self.key = self.key.of_part(self.fingerprint.short() as usize);
    }

    /// Has the action that the body asks for decided. The body is left behind here, so that whoever
    /// waits for the answer is small.
    pub fn submit(
        self,
        service: &Service,
        action: Action,
    ) -> impl Future<Output = Result<Response, Problem>> + use<'_, T> {
        let envelope = Box::new(Envelope {
            caller: self.caller,
            key: self.key,
            fingerprint: self.fingerprint,
            action,
            from: self.from,
            looked: Looked::default(),
        });
        submit(service, envelope, StatusCode::CREATED)
    }

    /// Has an action decided again and again, each step under a key that follows from the request's,
    /// until the answer says that it was the last. Others are served between the steps, and a
    /// repetition of the request finds every step's first answer.
    pub async fn submit_steps(
        self,
        service: &Service,
        action: &Action,
        is_last: impl Fn(&Answer) -> bool,
    ) -> Result<Response, Problem> {
        planted_slowness(service, action.operation()).await;
        let stem = blake3::hash(self.key.as_str().as_bytes()).to_hex();
        let mut key = self.key.clone();
        for step in 1_u32.. {
            let reply = decided(service, self.under(key, action.clone())).await?;
            let more = matches!(&reply.outcome, Ok((_, answer)) if !is_last(answer));
            if !more {
                return answer(&service.access, reply, StatusCode::CREATED);
            }
            let next = format!("{}.{step}", &stem[..32]);
            key = IdempotencyKey::parse(&next).ok_or(RefusalCode::Internal)?;
        }
        Err(RefusalCode::Internal.into())
    }
}

impl<T> Reading<T> {
    /// What a part of a long request asks for: the first under the request's own key, so that the key is
    /// taken for every other request, and the others under keys that follow from it.
    fn part(&self, number: usize, action: Action) -> Box<Envelope> {
        let key = match number {
            0 => self.key.clone(),
            _ => self.key.of_part(number),
        };
        self.under(key, action)
    }

    /// The request for an action, under the request's key or one that follows from it.
    fn under(&self, key: IdempotencyKey, action: Action) -> Box<Envelope> {
        Box::new(Envelope {
            caller: self.caller,
            key,
            fingerprint: self.fingerprint,
            action,
            from: self.from,
            looked: Looked::default(),
        })
    }

    /// Whether a long request that begins with this action is for the bank to decide: not where it is turned
    /// away at once, and not where its key may be known, so that it goes on where it broke off.
    pub async fn is_new(&self, service: &Service, first: Action) -> Result<bool, Problem> {
        let (envelope, now) = (self.part(0, first), service.clock.now());
        let judged = service.bank.read(move |state| judge(state, &envelope, now));
        Ok(matches!(judged.await?, Verdict::Decided(..)))
    }

    /// Has a long request decided in parts, one after the other: each is a short decision and a
    /// record of its own, so that others come in between. A repetition under the same key goes on
    /// where the first attempt broke off. Answers what the parts did together.
    pub async fn submit_parts(
        self,
        service: &Service,
        parts: impl Iterator<Item = Action>,
    ) -> Result<Response, Problem> {
        let (mut last, mut issued, mut replayed) = (0, 0, true);
        for (number, action) in parts.enumerate() {
            planted_slowness(service, action.operation()).await;
            let reply = decided(service, self.part(number, action)).await?;
            replayed &= reply.replayed;
            match reply.outcome {
                Ok((seq, Answer::VouchersIssued(count))) => (last, issued) = (seq, issued + count),
                Ok(_) => return Err(RefusalCode::Internal.into()),
                Err(refusal) => {
                    let done = format!(
                        "part {}: {}; {issued} were issued before",
                        number + 1,
                        refusal.code.title()
                    );
                    return Err(Problem::explained(refusal, done).after_parts(issued > 0, replayed));
                }
            }
        }
        let reply = Reply {
            outcome: Ok((last, Answer::VouchersIssued(issued))),
            replayed,
        };
        answer(&service.access, reply, StatusCode::CREATED)
    }
}

/// Reads a body of type `T`, makes it an action, and has it decided.
pub async fn write<T: DeserializeOwned + Serialize>(
    service: &Service,
    request: Request,
    operation: Operation,
    action: impl FnOnce(&T) -> Result<Action, Problem>,
) -> Result<Response, Problem> {
    let reading = read::<T>(service, request, operation).await?;
    let action = action(&reading.body)?;
    reading.submit(service, action).await
}

/// Has an action without a body decided.
pub async fn write_without_body(
    service: &Service,
    parts: &Parts,
    operation: Operation,
    action: impl FnOnce(Caller) -> Result<Action, Problem>,
) -> Result<Response, Problem> {
    let caller = request::caller(service, &parts.headers, operation)?;
    let key = request::idempotency_key(&parts.headers)?;
    request::no_query(&parts.uri)?;
    let action = action(caller)?;
    let fingerprint = request::fingerprint(parts, &())?;
    let envelope = Box::new(Envelope {
        caller,
        key,
        fingerprint,
        action,
        from: origin_of(parts),
        looked: Looked::default(),
    });
    submit(service, envelope, StatusCode::OK).await
}

async fn submit(
    service: &Service,
    envelope: Box<Envelope>,
    status: StatusCode,
) -> Result<Response, Problem> {
    planted_slowness(service, envelope.action.operation()).await;
    let reply = decided(service, envelope).await?;
    answer(&service.access, reply, status)
}

async fn decided(service: &Service, envelope: Box<Envelope>) -> Result<Reply, Problem> {
    let deciding = service.bank.write(envelope);
    let reply = within(ANSWER_TIME_MAX, deciding).await;
    reply.ok_or_else(|| RefusalCode::AnswerTimeout.into())
}

/// Sleeps as long as a test asked for. It happens ahead of the queue, so nobody else waits.
pub async fn planted_slowness(service: &Service, operation: Operation) {
    for (slow, duration) in &service.slow {
        if *slow == operation {
            tokio::time::sleep(*duration).await;
        }
    }
}

const JOURNAL_SEQ: HeaderName = HeaderName::from_static("x-journal-seq");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

fn answer(access: &Access, reply: Reply, status: StatusCode) -> Result<Response, Problem> {
    let (seq, answer) = match reply.outcome {
        Ok(applied) => applied,
        Err(refusal) if reply.replayed => return Err(Problem::replayed(refusal)),
        Err(refusal) => return Err(refusal.into()),
    };
    let mut response = json_body(&Applied::new(access, seq, &answer)).into_response();
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(JOURNAL_SEQ, HeaderValue::from(seq));
    if reply.replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// The members that an applied command answers; an endpoint names those that it answers.
#[derive(Serialize, Default, ToSchema)]
pub struct Applied {
    /// The number of the journal record that holds the effect.
    #[schema(minimum = 1)]
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_check: Option<IdentityCheckId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<CustomerId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<CardId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::Account>)]
    account: Option<AccountNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::Token>)]
    device_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer: Option<TransferId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<Yuan>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::Token>)]
    session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorisation: Option<AuthorisationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<TokenNonce>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::Token>)]
    secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goods: Option<GoodsId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<BatchId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<CampaignId>,
    /// What was drawn, when it was something.
    #[serde(skip_serializing_if = "Option::is_none")]
    prize: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<BranchId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment: Option<AppointmentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::Units>)]
    units: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Yuan>,
    /// Of an application: `approved` or `declined`.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    loan: Option<LoanId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_out: Option<Yuan>,
    #[serde(rename = "return", skip_serializing_if = "Option::is_none")]
    returned: Option<ReturnId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::CalendarDay>)]
    day: Option<String>,
    /// Whether the day is closed with this.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<bool>,
}

impl Applied {
    fn new(access: &Access, seq: u64, answer: &Answer) -> Self {
        let mut document = Self {
            seq,
            ..Self::default()
        };
        match answer {
            Answer::IdentityVerified(check) => {
                document.identity_check = Some(*check);
                document.verified = Some(true);
            }
            Answer::CustomerRegistered(customer) => document.customer = Some(*customer),
            Answer::CardOpened(card, account) => {
                document.card = Some(*card);
                document.account = Some(*account);
            }
            Answer::DeviceBound(nonce) => {
                document.device_token = Some(access.token(TokenKind::Device, *nonce));
            }
            Answer::Done => {}
            Answer::CashMoved(balance) => document.balance = Some((*balance).into()),
            Answer::Transferred(transfer, balance) => {
                document.transfer = Some(*transfer);
                document.balance = Some((*balance).into());
            }
            Answer::AuthorisationAsked(id, order) => {
                document.authorisation = Some(*id);
                document.text = Some(transfer_text(*id, order));
            }
            Answer::DeviceIssued(serial) => {
                document.device = Some(*serial);
                document.secret = Some(access.token(TokenKind::CipherDevice, *serial));
            }
            Answer::SessionStarted(nonce) => {
                document.session = Some(access.token(TokenKind::Session, *nonce));
            }
            _ => document.tell_of_products(answer),
        }
        document
    }

    /// What products and books answer.
    fn tell_of_products(&mut self, answer: &Answer) {
        match answer {
            Answer::WealthSubscribed(units, balance) => {
                self.units = Some(Fen(*units).to_string());
                self.balance = Some((*balance).into());
            }
            Answer::WealthRedeemed(amount, balance) => {
                self.amount = Some((*amount).into());
                self.balance = Some((*balance).into());
            }
            Answer::LoanApproved(loan) => {
                self.decision = Some("approved");
                self.loan = Some(*loan);
            }
            Answer::LoanDeclined(reason) => {
                self.decision = Some("declined");
                self.reason = Some(reason.name());
            }
            Answer::AccountClosed(paid_out) => self.paid_out = Some((*paid_out).into()),
            Answer::ReturnProposed(id) => self.returned = Some(*id),
            Answer::DayEnd(day, closed) => {
                self.day = Some(day.to_string());
                self.closed = Some(*closed);
            }
            _ => self.tell_of_offers(answer),
        }
    }
}

impl Applied {
    /// What the mall, welfare, campaigns and appointments answer.
    fn tell_of_offers(&mut self, answer: &Answer) {
        match answer {
            Answer::GoodsListed(goods) => self.goods = Some(*goods),
            Answer::Ordered(told) => {
                let (order, balance, points) = **told;
                self.order = Some(order);
                self.balance = balance.map(Yuan::from);
                self.points = points;
            }
            Answer::BatchBought(batch, balance) => {
                self.batch = Some(*batch);
                self.balance = Some((*balance).into());
            }
            Answer::VouchersIssued(issued) => self.issued = Some(*issued),
            Answer::CampaignAnnounced(campaign) => self.campaign = Some(*campaign),
            Answer::CheckedIn(prize, points) => {
                self.prize = prize.as_deref().cloned();
                self.points = Some(*points);
            }
            Answer::Claimed(points) => self.points = *points,
            Answer::BranchOpened(branch) => self.branch = Some(*branch),
            Answer::Booked(appointment) => self.appointment = Some(*appointment),
            _ => {}
        }
    }
}

/// A JSON body with its type; answers hold balances and tokens, so no cache keeps them.
pub fn json_body<T: Serialize>(document: &T) -> impl IntoResponse + use<T> {
    // Documents have text for keys and no value that refuses to be written.
    let text = serde_json::to_vec(document).unwrap_or_default();
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, text)
}
