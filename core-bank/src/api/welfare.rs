//! Welfare vouchers: batches that enterprises buy and issue, and their one use.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Service, Shared,
    authorisations::ShownBody,
    endpoint::{Asked, Endpoint, OF_PAYMENTS},
    mall::address,
    money::{PaymentBody, present},
    problem::Problem,
    request::{AmountText, caller, query, well_formed},
    schemas::{Account, AddressLine, Yuan},
    write::{json_body, planted_slowness, read},
};
use crate::rules::{
    AccountNumber, Action, BATCH_MAX, BatchId, CustomerId, GoodsId, ISSUE_MAX, Operation, Order,
    OrderId, Payee, Refusal, RefusalCode as Code, VoucherId, VoucherKind, WelfareCommand,
    WelfareWish,
};

/// How the purchase of a batch may refuse beside the reasons that every payment has.
pub const OF_BATCHES: &[Code] = &[Code::BatchTooLarge, Code::PriceDiffers];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::payment::<BatchBody>("/v1/welfare/batches", Operation::WelfarePurchase)
            .applied(&["batch", "balance"])
            .refuses(OF_PAYMENTS)
            .refuses(OF_BATCHES)
            .refuses(&[Code::AccountNotFound, Code::AccountClosed]),
        Endpoint::write(
            "/v1/welfare/batches/{batch}/issues",
            Operation::WelfareIssue,
            issue,
        )
        .takes::<IssueBody>()
        .applied(&["issued"])
        .refuses(&[
            Code::CustomerNotFound,
            Code::BatchNotFound,
            Code::BatchExhausted,
            Code::VoucherIssuedAlready,
        ]),
        Endpoint::read("/v1/welfare/vouchers", Operation::VoucherQuery, vouchers)
            .asks::<VouchersQuery>()
            .answers::<VouchersPage>(),
        Endpoint::action(
            "/v1/welfare/vouchers/{voucher}/redemptions",
            Operation::WelfareRedemption,
            redeem,
        )
        .applied(&["order"])
        .applied_perhaps(&["points"])
        .refuses(&[
            Code::GoodsNotFound,
            Code::GoodsSoldOut,
            Code::VoucherNotFound,
            Code::VoucherRedeemed,
            Code::VoucherTooSmall,
            Code::BalanceOverflow,
        ]),
    ]
}

#[derive(Serialize, ToSchema)]
struct VouchersPage {
    /// Oldest first.
    vouchers: Vec<VoucherRow>,
    /// Where the next page starts.
    next: Option<VoucherId>,
}

#[derive(Serialize, ToSchema)]
struct VoucherRow {
    voucher: VoucherId,
    batch: BatchId,
    kind: VoucherKind,
    face_value: Yuan,
    /// What it was spent on.
    order: Option<OrderId>,
}

/// Vouchers that one page may hold: whoever has more sees the rest by `after`.
const PAGE_MAX: usize = 100;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BatchBody {
    #[schema(value_type = Account)]
    from: String,
    kind: VoucherKind,
    face_value: AmountText,
    #[schema(minimum = 1, maximum = 10000)]
    count: u32,
    /// All of them together.
    amount: AmountText,
    /// Out of a session: what authorises it.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    authorisation: Option<ShownBody>,
}

/// What a purchase asks, in the members of its body.
pub fn wish(kind: VoucherKind, face_value: &AmountText, count: u32) -> Result<Payee, Problem> {
    Ok(Payee::Welfare(WelfareWish {
        kind,
        face_value: face_value.amount()?,
        count,
    }))
}

impl PaymentBody for BatchBody {
    fn payment(self) -> Result<(Order, Option<ShownBody>), Problem> {
        let order = Order {
            from: AccountNumber::parse(&self.from),
            payee: wish(self.kind, &self.face_value, self.count)?,
            amount: self.amount.amount()?,
        };
        Ok((order, self.authorisation))
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IssueBody {
    /// The employees, by their customer numbers.
    #[schema(value_type = Vec<CustomerId>, min_items = 1, max_items = 10000)]
    to: Vec<String>,
}

/// Issues to everybody in parts, between which others are served.
pub async fn issue(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let batch = path.ok().and_then(|Path(batch)| BatchId::parse(&batch));
    let reading = read::<IssueBody>(&service, request, Operation::WelfareIssue).await?;
    let right = (1..=BATCH_MAX as usize).contains(&reading.body.to.len());
    let form = "a list of 1 to 10000 customers";
    well_formed("to", form, right.then_some(()))?;
    let to: Vec<_> = reading
        .body
        .to
        .iter()
        .map(|customer| CustomerId::parse(customer))
        .collect();
    let mut parts = to.chunks(ISSUE_MAX).map(|part| {
        Action::Welfare(WelfareCommand::Issue {
            batch,
            to: part.to_vec(),
        })
    });
    let first = parts.next().ok_or(Code::Internal)?;
    if to.len() > ISSUE_MAX && reading.is_new(&service, first.clone()).await? {
        check_whole(&service, batch, &to).await?;
    }
    let parts = std::iter::once(first).chain(parts);
    reading.submit_parts(&service, parts).await
}

/// Whom one look at the state asks for; others are served between two.
const CHECKED_AT_ONCE: usize = 500;

/// Looks through all of a list before its first part is decided: what can be known to be wrong with a later
/// one is said while nothing is issued.
async fn check_whole(
    service: &Service,
    batch: Option<BatchId>,
    to: &[Option<CustomerId>],
) -> Result<(), Problem> {
    let refused = |refusal: Refusal| {
        let nothing = format!("{}; nothing was issued", refusal.code.title());
        Problem::explained(refusal, nothing)
    };
    let mut named = BTreeSet::new();
    for customer in to.iter().flatten() {
        if !named.insert(*customer) {
            return Err(refused(Refusal {
                code: Code::VoucherIssuedAlready,
                customer: Some(*customer),
            }));
        }
    }
    let count = to.len();
    for some in to.chunks(CHECKED_AT_ONCE) {
        let some = some.to_vec();
        let read = service
            .bank
            .read(move |state| state.may_issue(batch, &some, count));
        read.await?.map_err(refused)?;
    }
    Ok(())
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VoucherRedemptionBody {
    #[schema(value_type = GoodsId)]
    goods: String,
    #[schema(value_type = AddressLine)]
    address: String,
}

fn redeem(body: &VoucherRedemptionBody, asked: &Asked) -> Result<Action, Problem> {
    let voucher = asked.named(VoucherId::parse);
    Ok(Action::Welfare(WelfareCommand::Redeem {
        voucher,
        goods: GoodsId::parse(&body.goods),
        address: address(&body.address)?,
    }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct VouchersQuery {
    /// `next` of the page before.
    #[param(value_type = VoucherId, required = false, nullable = false)]
    after: Option<String>,
}

/// The customer's own vouchers, oldest first.
pub async fn vouchers(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let operation = Operation::VoucherQuery;
    let caller = caller(&service, &parts.headers, operation)?;
    let query: VouchersQuery = query(&parts)?;
    let after = match query.after.as_deref() {
        None => None,
        Some(text) => {
            let problem = || Problem::detailed(Code::InvalidQuery, "`after` is no voucher");
            Some(VoucherId::parse(text).ok_or_else(problem)?)
        }
    };
    planted_slowness(&service, operation).await;
    let now = service.clock.now();
    let vouchers = service.bank.read(move |state| {
        let reader = state.reader(caller, operation, now)?;
        let own = reader.customer().ok_or(Code::Forbidden)?;
        let welfare = state.welfare();
        let vouchers = welfare.vouchers_of(own, after).take(PAGE_MAX);
        let vouchers = vouchers.filter_map(|(id, voucher)| {
            let wish = welfare.batch(voucher.batch)?.wish;
            Some(VoucherRow {
                voucher: id,
                batch: voucher.batch,
                kind: wish.kind,
                face_value: wish.face_value.into(),
                order: voucher.redeemed,
            })
        });
        Ok::<Vec<VoucherRow>, Refusal>(vouchers.collect())
    });
    let vouchers = vouchers.await??;
    let last = vouchers.last().map(|row| row.voucher);
    let next = (vouchers.len() == PAGE_MAX).then_some(last).flatten();
    Ok(json_body(&VouchersPage { vouchers, next }).into_response())
}
