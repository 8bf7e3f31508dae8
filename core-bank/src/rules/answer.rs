//! What an applied command answers, read off the facts that it yielded.

use super::{
    appointments::AppointmentFact,
    calendar::Day,
    campaigns::CampaignFact,
    closing::ClosingFact,
    day_end::BooksFact,
    fact::{Fact, Posting},
    ids::{
        AccountNumber, AppointmentId, AuthorisationId, BatchId, BranchId, CampaignId, CardId,
        CustomerId, GoodsId, IdentityCheckId, LoanId, OrderId, ReturnId, TokenNonce, TransferId,
    },
    ledger::BookAccount,
    loans::{DeclineReason, LoanFact},
    mall::MallFact,
    money::Fen,
    payment::Order,
    refusal::Refusal,
    returns::ReturnFact,
    text::Label,
    wealth::WealthFact,
    welfare::WelfareFact,
};

/// The answer to an applied command. It follows from the facts, so a replayed journal gives the
/// same answer to a repeated request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The document passed.
    IdentityVerified(IdentityCheckId),
    /// The person is a customer.
    CustomerRegistered(CustomerId),
    /// The account and the card are open.
    CardOpened(CardId, AccountNumber),
    /// The device is bound; its token derives from this number.
    DeviceBound(TokenNonce),
    /// Done, and nothing more to say.
    Done,
    /// Cash moved; what the account holds now.
    CashMoved(Fen),
    /// A transfer was made; what the paying account holds now.
    Transferred(TransferId, Fen),
    /// The authorisation waits for this payment's proof.
    AuthorisationAsked(AuthorisationId, Box<Order>),
    /// The device was handed out; its secret derives from this number.
    DeviceIssued(TokenNonce),
    /// The session began; its token derives from this number.
    SessionStarted(TokenNonce),
    /// Units were bought, so many hundredths; what the account holds now.
    WealthSubscribed(i64, Fen),
    /// Units were sold for so much; what the account holds now.
    WealthRedeemed(Fen, Fen),
    /// The loan may be drawn.
    LoanApproved(LoanId),
    /// There is no loan, and why.
    LoanDeclined(DeclineReason),
    /// The account is closed; so much was paid out.
    AccountClosed(Fen),
    /// The reversal or refund waits for the second person.
    ReturnProposed(ReturnId),
    /// The end of this day has come so far; whether that is all.
    DayEnd(Day, bool),
    /// The goods are in the catalogue.
    GoodsListed(GoodsId),
    /// The order was made or taken back; what the paying account, if any paid, and the points hold now,
    /// if they changed.
    Ordered(Box<(OrderId, Option<Fen>, Option<i64>)>),
    /// The batch was bought; what the paying account holds now.
    BatchBought(BatchId, Fen),
    /// So many vouchers were issued.
    VouchersIssued(u32),
    /// The campaign is announced.
    CampaignAnnounced(CampaignId),
    /// The customer signed in, drew this prize if any, and has so many points.
    CheckedIn(Option<Box<Label>>, i64),
    /// The gift or the cover is the customer's; the points now, when it was points.
    Claimed(Option<i64>),
    /// The branch is known.
    BranchOpened(BranchId),
    /// The slot is booked.
    Booked(AppointmentId),
}

impl Answer {
    /// The answer that these facts give: a refusal, when they tell of one that left a trace.
    pub fn of(facts: &[Fact]) -> Result<Self, Refusal> {
        if let Some(Fact::Refused { code, .. }) = facts.first() {
            return Err((*code).into());
        }
        let product = facts.iter().find_map(|fact| Self::of_product(fact, facts));
        let answer = product.or_else(|| facts.iter().find_map(Self::of_fact));
        Ok(answer.unwrap_or(Self::Done))
    }

    /// What products and books answer, with the balance that other facts of the record tell.
    fn of_product(fact: &Fact, facts: &[Fact]) -> Option<Self> {
        let balance = || match facts.iter().find_map(Self::of_fact) {
            Some(Self::CashMoved(balance)) => balance,
            _ => Fen::ZERO,
        };
        match fact {
            Fact::Wealth(WealthFact::Subscribed { units, .. }) => {
                Some(Self::WealthSubscribed(*units, balance()))
            }
            Fact::Wealth(WealthFact::Redeemed { amount, .. }) => {
                Some(Self::WealthRedeemed(*amount, balance()))
            }
            Fact::Loans(LoanFact::Approved { loan, .. }) => Some(Self::LoanApproved(*loan)),
            Fact::Loans(LoanFact::Declined { reason, .. }) => Some(Self::LoanDeclined(*reason)),
            Fact::Closing(ClosingFact::Account { paid_out, .. }) => {
                Some(Self::AccountClosed(*paid_out))
            }
            Fact::Returns(ReturnFact::Proposed { id, .. }) => Some(Self::ReturnProposed(*id)),
            Fact::Returns(ReturnFact::Approved { .. }) => Some(Self::Done),
            Fact::Books(BooksFact::Reached { day, .. }) => Some(Self::DayEnd(*day, false)),
            Fact::Books(BooksFact::DayClosed { day } | BooksFact::DayEnded { day, .. }) => {
                Some(Self::DayEnd(*day, true))
            }
            _ => Self::of_offer(fact, facts),
        }
    }

    /// What is answered by the mall, welfare, campaigns and appointments.
    fn of_offer(fact: &Fact, all: &[Fact]) -> Option<Self> {
        match fact {
            Fact::Mall(MallFact::GoodsListed { goods, .. }) => Some(Self::GoodsListed(*goods)),
            Fact::Mall(MallFact::Ordered { order, .. } | MallFact::Cancelled { order, .. }) => {
                let told = (*order, balance_in(all), points_in(all));
                Some(Self::Ordered(Box::new(told)))
            }
            Fact::Welfare(WelfareFact::Bought { batch, .. }) => {
                Some(Self::BatchBought(*batch, balance_in(all)?))
            }
            Fact::Welfare(WelfareFact::Issued { to, .. }) => {
                Some(Self::VouchersIssued(to.len() as u32))
            }
            Fact::Campaign(CampaignFact::Announced { campaign, .. }) => {
                Some(Self::CampaignAnnounced(*campaign))
            }
            Fact::Campaign(CampaignFact::CheckedIn { .. }) => {
                let prize = all.iter().find_map(|fact| match fact {
                    Fact::Campaign(CampaignFact::Won { name, .. }) => Some(Box::new(name.clone())),
                    _ => None,
                });
                Some(Self::CheckedIn(prize, points_in(all).unwrap_or_default()))
            }
            Fact::Campaign(CampaignFact::Claimed { .. }) => Some(Self::Claimed(points_in(all))),
            Fact::Appointment(AppointmentFact::BranchOpened { branch, .. }) => {
                Some(Self::BranchOpened(*branch))
            }
            Fact::Appointment(AppointmentFact::Booked { appointment, .. }) => {
                Some(Self::Booked(*appointment))
            }
            _ => None,
        }
    }

    fn of_fact(fact: &Fact) -> Option<Self> {
        match fact {
            Fact::IdentityVerified { check, .. } => Some(Self::IdentityVerified(*check)),
            Fact::CustomerRegistered { customer, .. } => Some(Self::CustomerRegistered(*customer)),
            Fact::CardOpened { card, account, .. } => Some(Self::CardOpened(*card, *account)),
            Fact::DeviceBound { nonce, .. } => Some(Self::DeviceBound(*nonce)),
            Fact::AuthorisationAsked { id, order, .. } => {
                Some(Self::AuthorisationAsked(*id, Box::new(order.clone())))
            }
            Fact::DeviceIssued { serial, .. } => Some(Self::DeviceIssued(*serial)),
            Fact::SessionStarted { nonce, .. } | Fact::ChannelSessionStarted { nonce, .. } => {
                Some(Self::SessionStarted(*nonce))
            }
            Fact::MoneyMoved { transfer, postings } => {
                let balance = balance_of(postings)?;
                Some(match transfer {
                    Some(transfer) => Self::Transferred(*transfer, balance),
                    None => Self::CashMoved(balance),
                })
            }
            Fact::CardLost { .. }
            | Fact::CardLossLifted { .. }
            | Fact::DeviceUnbound { .. }
            | Fact::SessionEnded { .. }
            | Fact::Refused { .. }
            | Fact::LocksSet { .. }
            | Fact::PosBought { .. }
            | Fact::AuthorisationSpent { .. }
            | Fact::CodeFailed { .. }
            | Fact::AllowanceUsed { .. }
            | Fact::ShieldRegistered { .. }
            | Fact::MediumUnlocked { .. }
            | Fact::LimitsSet { .. }
            | Fact::PasswordSet { .. }
            | Fact::PasswordFailed { .. }
            | Fact::PasswordProved { .. }
            | Fact::ChannelSet { .. }
            | Fact::AlertsSet { .. }
            | Fact::AlertDue { .. }
            | Fact::Wealth(_)
            | Fact::Loans(_)
            | Fact::Closing(_)
            | Fact::Returns(_)
            | Fact::Books(_)
            | Fact::Mall(_)
            | Fact::PointsMoved { .. }
            | Fact::Welfare(_)
            | Fact::Campaign(_)
            | Fact::Appointment(_)
            | Fact::SocialSecurityCardIssued { .. }
            | Fact::Terminal(_)
            | Fact::BegunFrom { .. } => None,
        }
    }
}

/// What the first customer's account of a movement holds afterwards.
fn balance_of(postings: &[Posting]) -> Option<Fen> {
    let own = postings
        .iter()
        .find(|posting| matches!(posting.account, BookAccount::Customer(_)))?;
    Some(own.balance_after)
}

fn balance_in(facts: &[Fact]) -> Option<Fen> {
    facts.iter().find_map(|fact| match fact {
        Fact::MoneyMoved { postings, .. } => balance_of(postings),
        _ => None,
    })
}

/// The points after all of their changes.
fn points_in(facts: &[Fact]) -> Option<i64> {
    facts.iter().rev().find_map(|fact| match fact {
        Fact::PointsMoved { balance_after, .. } => Some(*balance_after),
        _ => None,
    })
}
