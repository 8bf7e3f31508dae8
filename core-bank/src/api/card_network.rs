//! Uses of cards that come through the card network: other banks' cash machines, points of sale, web
//! shops.

use serde::{Deserialize, Serialize};

use utoipa::ToSchema;

use super::{
    endpoint::{Asked, Endpoint},
    problem::Problem,
    request::{AmountText, seen, well_formed},
    schemas::Merchant,
};
use crate::rules::{Action, CardEntry, CardId, Operation, Place, RefusalCode as Code};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::action("/v1/card-withdrawals", Operation::CardWithdrawal, withdraw)
            .applied(&["balance"])
            .refuses(OF_CARD_USES),
        Endpoint::action("/v1/card-purchases", Operation::PosPurchase, purchase)
            .applied(&["balance"])
            .refuses(OF_CARD_USES)
            .refuses(&[Code::LockPosLimit, Code::LockOverseasCardNotPresent]),
    ]
}

/// How a use of a card refuses.
const OF_CARD_USES: &[Code] = &[
    Code::CardNotFound,
    Code::CardLost,
    Code::CardClosed,
    Code::LockOverseas,
    Code::LockRegion,
    Code::LockNight,
    Code::InsufficientFunds,
    Code::BalanceOverflow,
];

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CardWithdrawalBody {
    #[schema(value_type = CardId)]
    card: String,
    amount: AmountText,
    place: Place,
}

fn withdraw(body: &CardWithdrawalBody, _: &Asked) -> Result<Action, Problem> {
    Ok(Action::CardUse {
        card: CardId::parse(&body.card),
        entry: CardEntry::Atm,
        amount: body.amount.amount()?,
        place: body.place,
        merchant: String::new(),
    })
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CardPurchaseBody {
    #[schema(value_type = CardId)]
    card: String,
    amount: AmountText,
    place: Place,
    entry: PurchaseEntry,
    /// The shop, as the network names it.
    #[schema(value_type = Merchant)]
    merchant: String,
}

#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PurchaseEntry {
    Pos,
    CardNotPresent,
}

/// Both entries have the same rights, so one operation stands for both here.
fn purchase(body: &CardPurchaseBody, _: &Asked) -> Result<Action, Problem> {
    let form = "a name of 1 to 64 characters";
    let merchant = seen("merchant", &body.merchant)?;
    let named = (1..=64).contains(&merchant.chars().count());
    let merchant = named.then(|| merchant.to_owned());
    Ok(Action::CardUse {
        card: CardId::parse(&body.card),
        entry: match body.entry {
            PurchaseEntry::Pos => CardEntry::Pos,
            PurchaseEntry::CardNotPresent => CardEntry::CardNotPresent,
        },
        amount: body.amount.amount()?,
        place: body.place,
        merchant: well_formed("merchant", form, merchant)?,
    })
}
