//! The five locks of a card, set and shown by its holder.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    cards::card_of,
    endpoint::{Asked, Endpoint},
    problem::Problem,
    request::{AmountText, caller_without_query, well_formed},
    write::{json_body, planted_slowness},
};
use crate::rules::{
    Action, CardId, CardLocks, LOCK_PLACES_MAX, Operation, Place, Refusal, RefusalCode as Code,
};

pub fn endpoints() -> Vec<Endpoint> {
    let path = "/v1/cards/{card}/locks";
    vec![
        Endpoint::action(path, Operation::LockSetting, set)
            .applied(&[])
            .refuses(&[Code::CardNotFound]),
        Endpoint::read(path, Operation::LockSetting, show)
            .named("locks", "Shows the five locks of a card.")
            .answers::<LocksBody>()
            .refuses(&[Code::CardNotFound]),
    ]
}

/// All five at once: what is not locked is said, too.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LocksBody {
    overseas: bool,
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, min_items = 1, max_items = 16)]
    places: Option<Vec<Place>>,
    night: bool,
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    pos_daily: Option<AmountText>,
    overseas_card_not_present: bool,
}

impl From<CardLocks> for LocksBody {
    fn from(locks: CardLocks) -> Self {
        Self {
            overseas: locks.overseas,
            places: locks.places,
            night: locks.night,
            pos_daily: locks.pos_daily.map(AmountText::from),
            overseas_card_not_present: locks.overseas_card_not_present,
        }
    }
}

impl LocksBody {
    fn locks(&self) -> Result<CardLocks, Problem> {
        let pos_daily = self.pos_daily.as_ref().map(AmountText::amount);
        Ok(CardLocks {
            overseas: self.overseas,
            places: self.usual_places()?,
            night: self.night,
            pos_daily: pos_daily.transpose()?,
            overseas_card_not_present: self.overseas_card_not_present,
        })
    }

    fn usual_places(&self) -> Result<Option<Vec<Place>>, Problem> {
        let Some(places) = &self.places else {
            return Ok(None);
        };
        let right = (1..=LOCK_PLACES_MAX).contains(&places.len());
        let form = "null or a list of 1 to 16 places";
        let mut places = well_formed("places", form, right.then(|| places.clone()))?;
        places.sort_unstable();
        places.dedup();
        Ok(Some(places))
    }
}

fn set(body: &LocksBody, asked: &Asked) -> Result<Action, Problem> {
    Ok(Action::SetLocks {
        card: asked.named(CardId::parse),
        locks: body.locks()?,
    })
}

pub async fn show(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let caller = caller_without_query(&service, &request, Operation::LockSetting)?;
    let card = card_of(path);
    planted_slowness(&service, Operation::LockSetting).await;
    let now = service.clock.now();
    let locks = service
        .bank
        .read(move |state| {
            let reader = state.reader(caller, Operation::LockSetting, now)?;
            let card = card.ok_or(Code::CardNotFound)?;
            let held = state.card(card).ok_or(Code::CardNotFound)?;
            let account = state.account(held.account).ok_or(Code::CardNotFound)?;
            if !reader.sees(account.customer) {
                return Err(Refusal::from(Code::CardNotFound));
            }
            Ok(state.card_locks(card))
        })
        .await??;
    Ok(json_body(&LocksBody::from(locks)).into_response())
}
