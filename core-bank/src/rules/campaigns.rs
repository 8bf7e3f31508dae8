//! Campaigns: the day's sign-in with its lottery, gifts for logging in, covers to be claimed.
//!
//! What is drawn comes in the command, made by the edge of the bank before the decision, so the rules
//! stay pure and the journal shows for every draw the number, the prize and what was left of it.

use serde::{Deserialize, Serialize};

use super::{
    calendar::Day,
    decide::{Decision, Desk},
    fact::Fact,
    ids::{CampaignId, CustomerId},
    operation::Operation,
    points::{PointsReason, PointsTerms, moved},
    refusal::{Refusal, RefusalCode as Code},
    state::{State, Step},
    table::Table,
    text::Label,
    time::BusinessTime,
};

/// Campaigns that may run or be to come at a time. One that has ended counts no longer; the operator
/// still sees it.
const CAMPAIGNS_MAX: usize = 1_000;
/// How long a campaign is remembered after its end, in microseconds: thirty days, in which the operator
/// sees what was left of it. What was won and claimed stands in the projection.
const REMEMBERED_MICROS: i64 = 30 * 24 * 3_600 * 1_000_000;
/// Claims that one record may forget: a few microseconds' work.
const CLAIMS_FORGOTTEN_AT_ONCE: usize = 64;
/// Prizes that one lottery may have.
pub const PRIZES_MAX: usize = 16;
/// The chances of a draw are counted in millionths.
pub const MILLION: u32 = 1_000_000;

/// One kind of prize of a lottery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prize {
    /// What it is called.
    pub name: Label,
    /// Its chance in a draw, in millionths.
    pub chance: u32,
    /// How many there are.
    pub stock: u32,
    /// The points that it is worth; none for a thing.
    pub points: u32,
}

/// What a campaign offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Offer {
    /// Whoever signs in draws.
    Lottery {
        /// At most [`PRIZES_MAX`] kinds of prizes, whose chances sum to at most a million.
        prizes: Vec<Prize>,
    },
    /// Points for having logged in, once for each customer.
    Gift {
        /// How many points.
        points: u32,
        /// For how many customers.
        stock: u32,
    },
    /// An insurance cover, once for each customer.
    Cover {
        /// What is covered.
        cover: Label,
        /// For how many customers.
        stock: u32,
    },
}

impl Offer {
    /// Whether a lottery has prizes whose chances fit into a draw; anything else is sound.
    pub fn is_sound(&self) -> bool {
        let Self::Lottery { prizes } = self else {
            return true;
        };
        let chances = prizes.iter().map(|prize| u64::from(prize.chance));
        (1..=PRIZES_MAX).contains(&prizes.len()) && chances.sum::<u64>() <= u64::from(MILLION)
    }
}

/// What is wanted of campaigns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CampaignCommand {
    /// Announce a campaign.
    Announce {
        /// What it is called.
        name: Label,
        /// What it offers.
        offer: Offer,
        /// From this moment on.
        begins: BusinessTime,
        /// Until before this one.
        ends: BusinessTime,
    },
    /// Sign in for the day, and draw in a lottery.
    CheckIn {
        /// The draw, if one is wanted.
        draw: Option<Draw>,
    },
    /// Take a gift or a cover.
    Claim {
        /// Of which campaign.
        campaign: Option<CampaignId>,
    },
}

impl CampaignCommand {
    /// The operation by its shared name.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Announce { .. } => Operation::CampaignSetting,
            Self::CheckIn { .. } => Operation::CheckIn,
            Self::Claim { .. } => Operation::CampaignClaim,
        }
    }
}

/// A draw in a lottery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// Which lottery.
    pub campaign: Option<CampaignId>,
    /// A random number; its remainder by a million decides.
    pub number: u64,
}

/// What happened in campaigns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CampaignFact {
    /// A campaign was announced.
    Announced {
        /// Which.
        campaign: CampaignId,
        /// What it is called.
        name: Label,
        /// What it offers.
        offer: Offer,
        /// From this moment on.
        begins: BusinessTime,
        /// Until before this one.
        ends: BusinessTime,
    },
    /// A customer signed in.
    CheckedIn {
        /// Who.
        customer: CustomerId,
        /// On which day in Shanghai.
        day: Day,
    },
    /// A prize was drawn. A draw without a prize changes nothing; its command tells of it.
    Won {
        /// In which lottery.
        campaign: CampaignId,
        /// By whom.
        customer: CustomerId,
        /// The place of the prize in the lottery's list.
        prize: u8,
        /// What it is called.
        name: Label,
        /// How many are left.
        left: u32,
    },
    /// A gift or a cover was taken.
    Claimed {
        /// Of which campaign.
        campaign: CampaignId,
        /// By whom.
        customer: CustomerId,
        /// The cover, or the campaign of the gift.
        name: Label,
        /// How many are left.
        left: u32,
    },
}

/// A campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// What it is called.
    pub name: Label,
    /// What it offers, with the stock that it began with.
    pub offer: Offer,
    /// From this moment on.
    pub begins: BusinessTime,
    /// Until before this one.
    pub ends: BusinessTime,
}

/// Campaigns and who took part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Campaigns {
    announced: Table<CampaignId, Campaign>,
    /// What is left of each prize, gift or cover, apart from the campaign, because it changes often.
    left: Table<(CampaignId, u8), u32>,
    claimed: Table<(CampaignId, CustomerId), ()>,
    signed_in: Table<CustomerId, Day>,
    /// Campaigns by their end.
    ending: Table<(BusinessTime, CampaignId), ()>,
}

impl Campaigns {
    pub(super) fn each_table(&mut self, step: Step) {
        step.take(&mut self.announced);
        step.take(&mut self.left);
        step.take(&mut self.claimed);
        step.take(&mut self.signed_in);
        step.take(&mut self.ending);
    }

    /// All campaigns that are remembered, in order of id.
    pub fn all(&self) -> impl Iterator<Item = (CampaignId, &Campaign)> {
        self.announced.iter().map(|(id, campaign)| (*id, campaign))
    }

    /// What is left of the prize at a place, or of a gift or a cover at place 0.
    pub fn left(&self, campaign: CampaignId, place: u8) -> u32 {
        self.left.get(&(campaign, place)).copied().unwrap_or(0)
    }

    /// When the customer last signed in.
    pub fn last_sign_in(&self, customer: CustomerId) -> Option<Day> {
        self.signed_in.get(&customer).copied()
    }

    fn running(
        &self,
        id: Option<CampaignId>,
        now: BusinessTime,
    ) -> Result<(CampaignId, &Campaign), Refusal> {
        let id = id.ok_or(Code::CampaignNotFound)?;
        let campaign = self.announced.get(&id).ok_or(Code::CampaignNotFound)?;
        if campaign.begins <= now && now < campaign.ends {
            Ok((id, campaign))
        } else {
            Err(Code::CampaignNotRunning.into())
        }
    }
}

/// The place of the prize that a number draws: each has an interval as long as its chance, one after
/// the other from zero.
fn drawn(prizes: &[Prize], number: u64) -> Option<usize> {
    let mut number = (number % u64::from(MILLION)) as u32;
    prizes.iter().position(|prize| {
        let hit = number < prize.chance;
        number = number.saturating_sub(prize.chance);
        hit
    })
}

impl Desk<'_> {
    pub(super) fn run_campaigns(&self, command: &CampaignCommand) -> Decision {
        match command {
            CampaignCommand::Announce {
                name,
                offer,
                begins,
                ends,
            } => {
                let alive = self.state.campaigns.all();
                let alive = alive.filter(|(_, campaign)| self.now < campaign.ends);
                if alive.count() >= CAMPAIGNS_MAX {
                    return Err(Code::CatalogueFull.into());
                }
                Ok(vec![Fact::Campaign(CampaignFact::Announced {
                    campaign: CampaignId::of_seq(self.state.next_seq()),
                    name: name.clone(),
                    offer: offer.clone(),
                    begins: *begins,
                    ends: *ends,
                })])
            }
            CampaignCommand::CheckIn { draw } => self.check_in(*draw),
            CampaignCommand::Claim { campaign } => self.claim(*campaign),
        }
    }

    fn check_in(&self, draw: Option<Draw>) -> Decision {
        let customer = self.by.customer().ok_or(Code::Forbidden)?;
        let day = Day::of(self.now);
        if self.state.campaigns.last_sign_in(customer) == Some(day) {
            return Err(Code::CheckedInAlready.into());
        }
        let won = draw.map(|draw| self.draw(customer, draw)).transpose()?;
        let held = self.state.points(customer);
        let points = i64::from(PointsTerms::CHECK_IN);
        let signed = moved(customer, PointsReason::CheckIn, (held, points));
        let (held, signed) = signed.ok_or(Code::BalanceOverflow)?;
        let mut facts = vec![
            Fact::Campaign(CampaignFact::CheckedIn { customer, day }),
            signed,
        ];
        if let Some((won, points)) = won.flatten() {
            facts.push(Fact::Campaign(won));
            if points > 0 {
                let prize = moved(customer, PointsReason::Prize, (held, i64::from(points)));
                facts.push(prize.ok_or(Code::BalanceOverflow)?.1);
            }
        }
        Ok(facts)
    }

    /// What is won, and how many points it is worth. A prize of which none is left is no prize.
    fn draw(
        &self,
        customer: CustomerId,
        draw: Draw,
    ) -> Result<Option<(CampaignFact, u32)>, Refusal> {
        let campaigns = &self.state.campaigns;
        let (id, campaign) = campaigns.running(draw.campaign, self.now)?;
        let Offer::Lottery { prizes } = &campaign.offer else {
            return Err(Code::CampaignNotFound.into());
        };
        let Some(place) = drawn(prizes, draw.number) else {
            return Ok(None);
        };
        let prize = place as u8;
        let Some(left) = campaigns.left(id, prize).checked_sub(1) else {
            return Ok(None);
        };
        let won = CampaignFact::Won {
            campaign: id,
            customer,
            prize,
            name: prizes[place].name.clone(),
            left,
        };
        Ok(Some((won, prizes[place].points)))
    }

    fn claim(&self, campaign: Option<CampaignId>) -> Decision {
        let customer = self.by.customer().ok_or(Code::Forbidden)?;
        let campaigns = &self.state.campaigns;
        let (id, campaign) = campaigns.running(campaign, self.now)?;
        let (points, name) = match &campaign.offer {
            Offer::Lottery { .. } => return Err(Code::CampaignNotFound.into()),
            Offer::Gift { points, .. } => (*points, &campaign.name),
            Offer::Cover { cover, .. } => (0, cover),
        };
        if campaigns.claimed.contains(&(id, customer)) {
            return Err(Code::ClaimedAlready.into());
        }
        let left = campaigns.left(id, 0).checked_sub(1);
        let left = left.ok_or(Code::ClaimsExhausted)?;
        let mut facts = vec![Fact::Campaign(CampaignFact::Claimed {
            campaign: id,
            customer,
            name: name.clone(),
            left,
        })];
        if points > 0 {
            let held = self.state.points(customer);
            let gift = moved(customer, PointsReason::Gift, (held, i64::from(points)));
            facts.push(gift.ok_or(Code::BalanceOverflow)?.1);
        }
        Ok(facts)
    }
}

impl State {
    /// Campaigns and who took part.
    pub fn campaigns(&self) -> &Campaigns {
        &self.campaigns
    }

    pub(super) fn fold_campaign(&mut self, fact: &CampaignFact) -> Result<(), &'static str> {
        match fact {
            CampaignFact::Announced {
                campaign,
                name,
                offer,
                begins,
                ends,
            } => {
                let stocks: Vec<u32> = match offer {
                    Offer::Lottery { prizes } => prizes.iter().map(|prize| prize.stock).collect(),
                    Offer::Gift { stock, .. } | Offer::Cover { stock, .. } => vec![*stock],
                };
                for (place, stock) in (0_u8..).zip(stocks) {
                    self.campaigns.left.put((*campaign, place), stock);
                }
                let row = Campaign {
                    name: name.clone(),
                    offer: offer.clone(),
                    begins: *begins,
                    ends: *ends,
                };
                self.campaigns.announced.put(*campaign, row);
                self.campaigns.ending.put((*ends, *campaign), ());
                Ok(())
            }
            CampaignFact::CheckedIn { customer, day } => {
                if self.campaigns.last_sign_in(*customer) >= Some(*day) {
                    return Err("a customer signs in twice on a day");
                }
                self.campaigns.signed_in.put(*customer, *day);
                Ok(())
            }
            CampaignFact::Won {
                campaign,
                prize,
                left,
                ..
            } => self.take_one(*campaign, *prize, *left),
            CampaignFact::Claimed {
                campaign,
                customer,
                left,
                ..
            } => {
                if self.campaigns.claimed.contains(&(*campaign, *customer)) {
                    return Err("a customer claims twice");
                }
                self.campaigns.claimed.put((*campaign, *customer), ());
                self.take_one(*campaign, 0, *left)
            }
        }
    }

    /// Forgets a campaign whose end is long past, a part of it with each record: what was claimed may
    /// be of as many as the bank has customers.
    pub(super) fn forget_campaigns(&mut self, now: BusinessTime) {
        let limit = now.before(REMEMBERED_MICROS);
        let campaigns = &mut self.campaigns;
        let Some((&(ends, id), ())) = campaigns.ending.first() else {
            return;
        };
        if ends > limit {
            return;
        }
        let from = (id, CustomerId::of_seq(0));
        let claims = campaigns.claimed.after(Some(from)).map(|(key, ())| *key);
        let of_it = claims.take_while(|(of, _)| *of == id);
        let going: Vec<_> = of_it.take(CLAIMS_FORGOTTEN_AT_ONCE).collect();
        for claim in &going {
            campaigns.claimed.remove(claim);
        }
        if going.len() < CLAIMS_FORGOTTEN_AT_ONCE {
            for place in 0..=u8::MAX {
                if !campaigns.left.contains(&(id, place)) {
                    break;
                }
                campaigns.left.remove(&(id, place));
            }
            campaigns.announced.remove(&id);
            campaigns.ending.remove(&(ends, id));
        }
    }

    fn take_one(&mut self, campaign: CampaignId, place: u8, left: u32) -> Result<(), &'static str> {
        let held = self.campaigns.left.edit(&(campaign, place));
        let held = held.ok_or("there is no such prize")?;
        if held.checked_sub(1) != Some(left) {
            return Err("more prizes are given than there are");
        }
        *held = left;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prize(chance: u32) -> Prize {
        Prize {
            name: Label::parse("tea").unwrap(),
            chance,
            stock: 1,
            points: 0,
        }
    }

    #[test]
    fn each_prize_has_as_many_numbers_of_a_million_as_its_chance() {
        let prizes = [prize(1), prize(0), prize(10_000)];
        let mut hits = [0; 3];
        for number in 0..1_000_000 {
            if let Some(place) = drawn(&prizes, number) {
                hits[place] += 1;
            }
        }
        assert_eq!(hits, [1, 0, 10_000]);
        assert_eq!(drawn(&prizes, 1_000_000), Some(0));
        assert_eq!(drawn(&prizes, 10_001), None);
        assert_eq!(drawn(&prizes, u64::MAX), None);
        assert_eq!(drawn(&[], 0), None);
    }

    #[test]
    fn a_campaign_that_many_claimed_is_forgotten_bit_by_bit_and_undone_with_its_group() {
        let mut state = State::default();
        let (gone, kept) = (CampaignId::of_seq(1), CampaignId::of_seq(2));
        for (campaign, ends) in [(gone, 10), (kept, 11)] {
            let announced = CampaignFact::Announced {
                campaign,
                name: Label::parse("tea").unwrap(),
                offer: Offer::Gift {
                    points: 1,
                    stock: 500,
                },
                begins: BusinessTime(0),
                ends: BusinessTime(ends),
            };
            state.fold_campaign(&announced).unwrap();
            for number in 1..=200 {
                let claimed = CampaignFact::Claimed {
                    campaign,
                    customer: CustomerId::of_seq(number),
                    name: Label::parse("tea").unwrap(),
                    left: 500 - number as u32,
                };
                state.fold_campaign(&claimed).unwrap();
            }
        }
        let month = REMEMBERED_MICROS;
        let known = |state: &State| {
            let ids = state.campaigns.all().map(|(id, _)| id).collect::<Vec<_>>();
            (ids, state.campaigns.claimed.iter().count())
        };
        state.forget_campaigns(BusinessTime(10 + month - 1));
        assert_eq!(known(&state), (vec![gone, kept], 400));
        for left in [336, 272, 208] {
            state.forget_campaigns(BusinessTime(10 + month));
            assert_eq!(known(&state), (vec![gone, kept], left));
        }
        let before = state.clone();
        state.mark();
        for _ in 0..9 {
            state.forget_campaigns(BusinessTime(10 + month));
        }
        assert_eq!(known(&state), (vec![kept], 200));
        assert_eq!(
            (state.campaigns.left(gone, 0), state.campaigns.left(kept, 0)),
            (0, 300)
        );
        state.drop_changes();
        assert!(state == before, "an undone group left a trace");
    }
}
