//! Money: deposits, withdrawals and transfers.

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    Shared,
    authorisations::{self, Checked, ShownBody},
    endpoint::{Asked, Endpoint, OF_PAYMENTS},
    problem::Problem,
    request::{self, AmountText, well_formed},
    schemas::Account,
    write::{json_body, read},
};
use crate::rules::{
    AccountNumber, Action, Caller, Operation, Order, Payee, Place, RefusalCode as Code,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::action("/v1/deposits", Operation::Deposit, deposit)
            .applied(&["balance"])
            .refuses(&[
                Code::AccountNotFound,
                Code::AccountClosed,
                Code::BalanceOverflow,
            ]),
        Endpoint::action("/v1/withdrawals", Operation::Withdrawal, withdraw)
            .applied(&["balance"])
            .refuses(&[
                Code::AccountNotFound,
                Code::AccountClosed,
                Code::CardLost,
                Code::CardClosed,
                Code::LockOverseas,
                Code::LockRegion,
                Code::LockNight,
                Code::InsufficientFunds,
                Code::BalanceOverflow,
            ]),
        // Own bank and other bank have the same rights, so one operation stands for both here.
        Endpoint::payment::<TransferBody>("/v1/transfers", Operation::TransferOwnBank)
            .named(
                "transfer",
                "Moves money to another account, here or elsewhere.",
            )
            .applied(&["transfer", "balance"])
            .refuses(OF_PAYMENTS)
            .refuses(&[
                Code::AccountNotFound,
                Code::AccountClosed,
                Code::SameAccount,
                Code::CardLost,
            ]),
    ]
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CashBody {
    #[schema(value_type = Account)]
    account: String,
    amount: AmountText,
}

fn deposit(body: &CashBody, _: &Asked) -> Result<Action, Problem> {
    let account = AccountNumber::parse(&body.account);
    Ok(Action::Deposit {
        account,
        amount: body.amount.amount()?,
    })
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WithdrawalBody {
    #[schema(value_type = Account)]
    account: String,
    amount: AmountText,
    /// Where the machine stands; without it at home.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    place: Option<Place>,
}

fn withdraw(body: &WithdrawalBody, _: &Asked) -> Result<Action, Problem> {
    let account = AccountNumber::parse(&body.account);
    let amount = body.amount.amount()?;
    Ok(match body.place {
        None => Action::Withdrawal { account, amount },
        Some(place) => Action::WithdrawalAt {
            account,
            amount,
            place,
        },
    })
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TransferBody {
    #[schema(value_type = Account)]
    from: String,
    /// An account here, or elsewhere 1 to 34 letters or digits.
    #[schema(pattern = "^[0-9A-Za-z]{1,34}$", example = "6200001000000000033")]
    to: String,
    amount: AmountText,
    /// The other bank's code; without it the payee is in this bank. `null` is no code.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false, pattern = "^[0-9A-Z]{2,11}$", example = "CCB")]
    bank: Option<String>,
    /// Out of a session: what authorises it.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    authorisation: Option<ShownBody>,
}

/// Reads a member that may be missing but is not `null`.
pub fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl PaymentBody for TransferBody {
    fn payment(self) -> Result<(Order, Option<ShownBody>), Problem> {
        let order = Order {
            amount: self.amount.amount()?,
            from: AccountNumber::parse(&self.from),
            payee: payee_of(&self.to, self.bank.as_deref())?,
        };
        Ok((order, self.authorisation))
    }
}

/// A body that orders a payment.
pub trait PaymentBody: Serialize + DeserializeOwned {
    /// What is to be paid, and what authorises it, if anything was shown.
    fn payment(self) -> Result<(Order, Option<ShownBody>), Problem>;
}

/// Has a payment decided: with what was shown for it out of a session, without at a terminal, where
/// the customer is known in person.
pub async fn pay<B: PaymentBody>(
    service: Shared,
    request: Request,
    operation: Operation,
) -> Result<Response, Problem> {
    let (body, reading) = read::<B>(&service, request, operation).await?.take_apart();
    let (order, shown) = body.payment()?;
    let action = match shown {
        None => order.without_proof(),
        Some(shown) => {
            let terminal = matches!(reading.caller, Caller::Terminal(_) | Caller::AtTerminal(..));
            let form = "for terminals, where the customer is known in person";
            well_formed("authorisation", form, (!terminal).then_some(()))?;
            let shown = match authorisations::check(&service, &shown, &order)? {
                Checked::Done(shown) => shown,
                // Its state is large, and a payment by code has none of it.
                Checked::Signed(signed) => Box::pin(signed.check(&service)).await?,
            };
            Action::AuthorisedTransfer { order, shown }
        }
    };
    reading.submit(&service, action).await
}

/// The payee: here, or in the bank of this code.
pub fn payee_of(to: &str, bank: Option<&str>) -> Result<Payee, Problem> {
    let Some(bank) = bank else {
        return Ok(Payee::Here(AccountNumber::parse(to)));
    };
    let form = "a code of 2 to 11 capital letters or digits";
    let bank = well_formed("bank", form, code(bank))?;
    let form = "an account of 1 to 34 letters or digits";
    let account = well_formed("to", form, payee(to))?;
    Ok(Payee::Elsewhere { account, bank })
}

/// A door for tests: reads a transfer's body, as [`transfer`] does, and answers without asking who,
/// deciding or recording: what the server costs beside the bank.
pub async fn parse_only(request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body: TransferBody = request::body(&parts.headers, body, request::BODY_BYTES_MAX).await?;
    body.amount.amount()?;
    let known = AccountNumber::parse(&body.from).is_some();
    Ok((
        StatusCode::CREATED,
        json_body(&json!({ "seq": u8::from(known) })),
    )
        .into_response())
}

/// A bank's code, as short as `CCB` or as long as a BIC (ISO 9362).
fn code(text: &str) -> Option<String> {
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    (plain && (2..=11).contains(&text.len())).then(|| text.to_owned())
}

/// An account elsewhere, at most as long as an IBAN (ISO 13616).
fn payee(text: &str) -> Option<String> {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric());
    (plain && (1..=34).contains(&text.len())).then(|| text.to_owned())
}
