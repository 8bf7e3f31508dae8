//! Bills: whose can be paid, and paying one.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    authorisations::ShownBody,
    endpoint::{Endpoint, OF_PAYMENTS},
    money::{PaymentBody, present},
    problem::Problem,
    request::{AmountText, caller_without_query, well_formed},
    schemas::Account,
    write::{json_body, planted_slowness},
};
use crate::rules::{
    AccountNumber, BILLERS, Bill, BillKind, Operation, Order, Payee, RefusalCode as Code,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::read("/v1/billers", Operation::BillerQuery, billers).answers::<Billers>(),
        Endpoint::payment::<BillPaymentBody>("/v1/bill-payments", Operation::BillPayment)
            .applied(&["transfer", "balance"])
            .refuses(OF_PAYMENTS)
            .refuses(&[
                Code::AccountNotFound,
                Code::AccountClosed,
                Code::BillerNotFound,
                Code::SchoolNotListed,
            ]),
    ]
}

#[derive(Serialize, ToSchema)]
struct Billers {
    billers: Vec<BillerRow>,
}

#[derive(Serialize, ToSchema)]
struct BillerRow {
    kind: BillKind,
    biller: &'static str,
    name: &'static str,
}

/// Which bill.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BillBody {
    kind: BillKind,
    #[schema(pattern = "^[0-9a-z-]{1,32}$", example = "lc-power")]
    biller: String,
    /// The meter, line, phone or pupil.
    #[schema(pattern = "^[0-9A-Za-z-]{1,32}$", example = "37150001")]
    reference: String,
}

impl BillBody {
    /// The bill as a payee. Whether the biller is known, the rules say.
    pub fn payee(&self) -> Result<Payee, Problem> {
        let form = "a code of 1 to 32 small letters, digits or hyphens";
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let biller = name(&self.biller, plain);
        let biller = well_formed("biller", form, biller)?;
        let form = "a number of 1 to 32 letters, digits or hyphens";
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let reference = well_formed("reference", form, name(&self.reference, plain))?;
        Ok(Payee::Biller(Bill {
            kind: self.kind,
            biller,
            reference,
        }))
    }
}

fn name(text: &str, plain: impl Fn(u8) -> bool) -> Option<String> {
    let right = (1..=32).contains(&text.len()) && text.bytes().all(plain);
    right.then(|| text.to_owned())
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BillPaymentBody {
    #[schema(value_type = Account)]
    from: String,
    bill: BillBody,
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

impl PaymentBody for BillPaymentBody {
    fn payment(self) -> Result<(Order, Option<ShownBody>), Problem> {
        let order = Order {
            amount: self.amount.amount()?,
            from: AccountNumber::parse(&self.from),
            payee: self.bill.payee()?,
        };
        Ok((order, self.authorisation))
    }
}

pub async fn billers(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let caller = caller_without_query(&service, &request, Operation::BillerQuery)?;
    planted_slowness(&service, Operation::BillerQuery).await;
    let now = service.clock.now();
    let reader = service
        .bank
        .read(move |state| state.reader(caller, Operation::BillerQuery, now));
    reader.await??;
    let rows = BILLERS.iter().map(|biller| BillerRow {
        kind: biller.kind,
        biller: biller.code,
        name: biller.name,
    });
    let billers = rows.collect();
    Ok(json_body(&Billers { billers }).into_response())
}
