//! Campaigns: announced by the operator, and the sign-ins, draws and claims of customers.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Shared,
    mall::label,
    money::present,
    paging::own_page,
    problem::Problem,
    request::{caller, well_formed},
    write::{json_body, planted_slowness, write},
};
use crate::{
    access::random_number,
    product_lists,
    rules::{
        Action, BusinessTime, Campaign, CampaignCommand, CampaignId, Campaigns, Day, Draw, Offer,
        Operation, Refusal, RefusalCode as Code,
    },
};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CampaignBody {
    name: String,
    begins: String,
    ends: String,
    offer: Offer,
}

/// A moment with its offset, like `2026-06-09T20:00+08:00`.
pub fn moment(member: &str, text: &str) -> Result<BusinessTime, Problem> {
    let read: Option<Timestamp> = text.parse().ok();
    let form = "a moment like 2026-06-09T20:00+08:00";
    well_formed(member, form, read.map(BusinessTime::of))
}

pub async fn announce(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::CampaignSetting,
        |body: &CampaignBody, _| {
            let form = "sound: a lottery has 1 to 16 prizes whose chances sum to at most 1000000";
            well_formed("offer", form, body.offer.is_sound().then_some(()))?;
            Ok(Action::Campaign(CampaignCommand::Announce {
                name: label("name", &body.name)?,
                offer: body.offer.clone(),
                begins: moment("begins", &body.begins)?,
                ends: moment("ends", &body.ends)?,
            }))
        },
    )
    .await
}

pub async fn list(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let operation = Operation::CampaignQuery;
    let caller = caller(&service, request.headers(), operation)?;
    planted_slowness(&service, operation).await;
    let now = service.clock.now();
    let document = service.bank.read(move |state| {
        let reader = state.reader(caller, operation, now)?;
        let campaigns = state.campaigns();
        let today = Some(Day::of(now));
        let signed_in = reader
            .customer()
            .map(|customer| campaigns.last_sign_in(customer) == today);
        // Whatever is over is of no interest but to the operator.
        let open = campaigns
            .all()
            .filter(|(_, campaign)| reader.customer().is_none() || now < campaign.ends);
        let listed: Vec<Value> = open
            .map(|(id, campaign)| describe(campaigns, id, campaign))
            .collect();
        Ok::<Value, Refusal>(json!({"campaigns": listed, "signed_in_today": signed_in}))
    });
    Ok(json_body(&document.await??).into_response())
}

fn describe(campaigns: &Campaigns, id: CampaignId, campaign: &Campaign) -> Value {
    let left: Vec<u32> = match &campaign.offer {
        Offer::Lottery { prizes } => (0_u8..)
            .zip(prizes)
            .map(|(place, _)| campaigns.left(id, place))
            .collect(),
        Offer::Gift { .. } | Offer::Cover { .. } => vec![campaigns.left(id, 0)],
    };
    json!({
        "campaign": id,
        "name": campaign.name,
        "offer": campaign.offer,
        "begins": campaign.begins.to_string(),
        "ends": campaign.ends.to_string(),
        "left": left,
    })
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckInBody {
    /// The lottery to draw in.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    campaign: Option<String>,
}

/// The number that is drawn is made here, so that the rules have no chance in them; it is in the
/// journal, and not in the comparison with repetitions.
pub async fn check_in(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::CheckIn,
        |body: &CheckInBody, _| {
            let draw = match &body.campaign {
                None => None,
                Some(campaign) => Some(Draw {
                    campaign: CampaignId::parse(campaign),
                    number: random_number().map_err(|_| Code::Internal)?,
                }),
            };
            Ok(Action::Campaign(CampaignCommand::CheckIn { draw }))
        },
    )
    .await
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimBody {}

pub async fn claim(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let campaign = path
        .ok()
        .and_then(|Path(campaign)| CampaignId::parse(&campaign));
    write(
        &service,
        request,
        Operation::CampaignClaim,
        |_: &ClaimBody, _| Ok(Action::Campaign(CampaignCommand::Claim { campaign })),
    )
    .await
}

/// What the customer won and claimed.
pub async fn awards(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let operation = Operation::AwardQuery;
    let page = own_page(&service, request, operation, product_lists::awards, |row| {
        row.place
    });
    let page = page.await?;
    let awards: Vec<Value> = page
        .rows
        .iter()
        .map(|row| json!({"at": row.at.to_string(), "campaign": row.campaign, "name": row.name}))
        .collect();
    Ok(json_body(&json!({"awards": awards, "next": page.next})).into_response())
}
