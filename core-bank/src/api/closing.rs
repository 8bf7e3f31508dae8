//! Closing accounts and cards.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    customers::OF_PRESENCE,
    endpoint::{Asked, Endpoint},
    problem::Problem,
};
use crate::rules::{
    AccountNumber, Action, CardId, ClosingAction, IdentityCheckId, Operation, RefusalCode as Code,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::action(
            "/v1/accounts/{account}/closures",
            Operation::AccountClosing,
            account,
        )
        .applied(&["paid_out"])
        .refuses(OF_PRESENCE)
        .refuses(&[
            Code::AccountNotFound,
            Code::AccountClosed,
            Code::AccountInUse,
            Code::BalanceRemaining,
            Code::BalanceOverflow,
        ]),
        Endpoint::action("/v1/cards/{card}/closures", Operation::CardClosing, card)
            .applied(&[])
            .refuses(OF_PRESENCE)
            .refuses(&[Code::CardNotFound, Code::CardClosed]),
    ]
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClosingBody {
    #[schema(value_type = IdentityCheckId)]
    identity_check: String,
}

fn account(body: &ClosingBody, asked: &Asked) -> Result<Action, Problem> {
    let account = asked.named(AccountNumber::parse);
    Ok(Action::Close(ClosingAction::Account {
        account,
        check: IdentityCheckId::parse(&body.identity_check),
    }))
}

fn card(body: &ClosingBody, asked: &Asked) -> Result<Action, Problem> {
    Ok(Action::Close(ClosingAction::Card {
        card: asked.named(CardId::parse),
        check: IdentityCheckId::parse(&body.identity_check),
    }))
}
