//! Campaigns: announced by the operator, and the sign-ins, draws and claims of customers.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    accounts::OF_PROJECTIONS,
    endpoint::{Asked, Endpoint},
    mall::label,
    money::present,
    paging::{PageQuery, own_page},
    problem::Problem,
    request::{MomentText, caller_without_query, well_formed},
    schemas,
    write::{json_body, planted_slowness},
};
use crate::{
    access::random_number,
    product_lists,
    rules::{
        Action, Campaign, CampaignCommand, CampaignId, Campaigns, Day, Draw, Label, Offer,
        Operation, Prize, Refusal, RefusalCode as Code,
    },
};

pub fn endpoints() -> Vec<Endpoint> {
    let path = "/v1/campaigns";
    vec![
        Endpoint::action(path, Operation::CampaignSetting, announce)
            .applied(&["campaign"])
            .refuses(&[Code::CatalogueFull]),
        Endpoint::read(path, Operation::CampaignQuery, list).answers::<CampaignsDocument>(),
        Endpoint::action(
            "/v1/campaigns/{campaign}/claims",
            Operation::CampaignClaim,
            claim,
        )
        .applied(&[])
        .applied_perhaps(&["points"])
        .refuses(&[
            Code::CampaignNotFound,
            Code::CampaignNotRunning,
            Code::ClaimedAlready,
            Code::ClaimsExhausted,
            Code::BalanceOverflow,
        ]),
        Endpoint::action("/v1/check-ins", Operation::CheckIn, check_in)
            .applied(&["points"])
            .applied_perhaps(&["prize"])
            .refuses(&[
                Code::CampaignNotFound,
                Code::CampaignNotRunning,
                Code::CheckedInAlready,
                Code::BalanceOverflow,
            ]),
        Endpoint::read("/v1/awards", Operation::AwardQuery, awards)
            .asks::<PageQuery>()
            .answers::<AwardsPage>()
            .refuses(OF_PROJECTIONS),
    ]
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CampaignBody {
    #[schema(value_type = Label)]
    name: String,
    #[schema(value_type = schemas::Moment)]
    begins: MomentText,
    #[schema(value_type = schemas::Moment)]
    ends: MomentText,
    offer: OfferBody,
}

/// What a campaign offers.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum OfferBody {
    /// Whoever signs in draws.
    Lottery {
        #[schema(min_items = 1, max_items = 16)]
        prizes: Vec<PrizeBody>,
    },
    /// Points for having logged in.
    Gift { points: u32, stock: u32 },
    /// An insurance cover.
    Cover {
        #[schema(value_type = Label)]
        cover: String,
        stock: u32,
    },
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PrizeBody {
    #[schema(value_type = Label)]
    name: String,
    /// In a draw, in millionths.
    #[schema(maximum = 1_000_000)]
    chance: u32,
    stock: u32,
    /// What it is worth in points; 0 for a thing.
    points: u32,
}

impl OfferBody {
    fn offer(&self) -> Result<Offer, Problem> {
        Ok(match self {
            Self::Lottery { prizes } => {
                let prizes = prizes.iter().enumerate();
                let prizes = prizes.map(|(place, prize)| prize.prize(place));
                Offer::Lottery {
                    prizes: prizes.collect::<Result<_, _>>()?,
                }
            }
            Self::Gift { points, stock } => Offer::Gift {
                points: *points,
                stock: *stock,
            },
            Self::Cover { cover, stock } => Offer::Cover {
                cover: label("offer.cover.cover", cover)?,
                stock: *stock,
            },
        })
    }

    fn of(offer: &Offer) -> Self {
        match offer {
            Offer::Lottery { prizes } => Self::Lottery {
                prizes: prizes.iter().map(PrizeBody::of).collect(),
            },
            Offer::Gift { points, stock } => Self::Gift {
                points: *points,
                stock: *stock,
            },
            Offer::Cover { cover, stock } => Self::Cover {
                cover: cover.as_str().to_owned(),
                stock: *stock,
            },
        }
    }
}

impl PrizeBody {
    fn prize(&self, place: usize) -> Result<Prize, Problem> {
        let member = format!("offer.lottery.prizes[{place}].name");
        Ok(Prize {
            name: label(&member, &self.name)?,
            chance: self.chance,
            stock: self.stock,
            points: self.points,
        })
    }

    fn of(prize: &Prize) -> Self {
        Self {
            name: prize.name.as_str().to_owned(),
            chance: prize.chance,
            stock: prize.stock,
            points: prize.points,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct CampaignsDocument {
    campaigns: Vec<CampaignRow>,
    /// Whether the asking customer has signed in today.
    signed_in_today: Option<bool>,
}

#[derive(Serialize, ToSchema)]
struct CampaignRow {
    campaign: CampaignId,
    name: Label,
    offer: OfferBody,
    #[schema(value_type = schemas::Moment)]
    begins: String,
    #[schema(value_type = schemas::Moment)]
    ends: String,
    /// What is left: of each prize in order, or of the gift or the cover.
    left: Vec<u32>,
}

#[derive(Serialize, ToSchema)]
struct AwardsPage {
    /// Newest first.
    awards: Vec<AwardRow>,
    /// Where the next page starts.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct AwardRow {
    #[schema(value_type = schemas::Moment)]
    at: String,
    #[schema(value_type = CampaignId)]
    campaign: String,
    name: String,
}

fn announce(body: &CampaignBody, _: &Asked) -> Result<Action, Problem> {
    let form = "sound: a lottery has 1 to 16 prizes whose chances sum to at most 1000000";
    let offer = body.offer.offer()?;
    let offer = well_formed("offer", form, offer.is_sound().then_some(offer))?;
    let (begins, ends) = (body.begins.moment("begins")?, body.ends.moment("ends")?);
    let form = "after `begins`: a campaign ends later than it begins";
    let ends = well_formed("ends", form, (ends > begins).then_some(ends))?;
    Ok(Action::Campaign(CampaignCommand::Announce {
        name: label("name", &body.name)?,
        offer,
        begins,
        ends,
    }))
}

pub async fn list(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let operation = Operation::CampaignQuery;
    let caller = caller_without_query(&service, &request, operation)?;
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
        let listed = open.map(|(id, campaign)| describe(campaigns, id, campaign));
        Ok::<_, Refusal>(CampaignsDocument {
            campaigns: listed.collect(),
            signed_in_today: signed_in,
        })
    });
    Ok(json_body(&document.await??).into_response())
}

fn describe(campaigns: &Campaigns, id: CampaignId, campaign: &Campaign) -> CampaignRow {
    let left: Vec<u32> = match &campaign.offer {
        Offer::Lottery { prizes } => (0_u8..)
            .zip(prizes)
            .map(|(place, _)| campaigns.left(id, place))
            .collect(),
        Offer::Gift { .. } | Offer::Cover { .. } => vec![campaigns.left(id, 0)],
    };
    CampaignRow {
        campaign: id,
        name: campaign.name.clone(),
        offer: OfferBody::of(&campaign.offer),
        begins: campaign.begins.to_string(),
        ends: campaign.ends.to_string(),
        left,
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckInBody {
    /// The lottery to draw in.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<CampaignId>, nullable = false)]
    campaign: Option<String>,
}

/// The number that is drawn is made here, so that the rules have no chance in them; it is in the
/// journal, and not in the comparison with repetitions.
fn check_in(body: &CheckInBody, _: &Asked) -> Result<Action, Problem> {
    let draw = match &body.campaign {
        None => None,
        Some(campaign) => Some(Draw {
            campaign: CampaignId::parse(campaign),
            number: random_number().map_err(|_| Code::Internal)?,
        }),
    };
    Ok(Action::Campaign(CampaignCommand::CheckIn { draw }))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClaimBody {}

fn claim(_: &ClaimBody, asked: &Asked) -> Result<Action, Problem> {
    let campaign = asked.named(CampaignId::parse);
    Ok(Action::Campaign(CampaignCommand::Claim { campaign }))
}

/// What the customer won and claimed.
pub async fn awards(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let operation = Operation::AwardQuery;
    let page = own_page(&service, request, operation, product_lists::awards, |row| {
        row.place
    });
    let page = page.await?;
    let rows = page.rows.into_iter();
    let awards = rows
        .map(|row| AwardRow {
            at: row.at.to_string(),
            campaign: row.campaign,
            name: row.name,
        })
        .collect();
    let next = page.next;
    Ok(json_body(&AwardsPage { awards, next }).into_response())
}
