//! What the bank allows, written once: pure functions of (state, command, time) that either refuse
//! with a reason or yield the facts to record. There is no clock, no randomness, no floating point
//! and no input or output here; the state follows from the facts alone, so a replay of the journal
//! rebuilds it exactly.

mod admit;
mod answer;
mod appointments;
mod authorise;
mod calendar;
mod campaigns;
mod card_use;
mod command;
mod decide;
mod fact;
mod ids;
mod keys;
mod ledger;
mod locks;
mod mall;
mod media;
mod money;
mod operation;
mod points;
mod refusal;
mod resident;
mod session;
mod social_security;
mod state;
mod table;
mod text;
mod time;
mod welfare;

pub use admit::{Caller, Envelope, Verdict, judge, judge_again};
pub use answer::Answer;
pub use appointments::{
    AHEAD_DAYS, Appointment, AppointmentCommand, AppointmentFact, AppointmentStatus, Appointments,
    Branch, Coordinates, SlotPlan,
};
pub use authorise::time_step;
pub use calendar::{Day, DayTotal, Month};
pub use campaigns::{
    Campaign, CampaignCommand, CampaignFact, Campaigns, Draw, MILLION, Offer, PRIZES_MAX, Prize,
};
pub use command::{Action, Command, MediumWish, Order, Party, Payee, Proof, Shown};
pub use decide::decide;
pub use fact::{Fact, Posting};
pub use ids::{
    AccountNumber, AppointmentId, AuthorisationId, BatchId, BranchId, CampaignId, CardId,
    CustomerId, Fingerprint, GoodsId, IdempotencyKey, IdentityCheckId, OrderId, SessionId,
    ShieldKey, TokenDigest, TokenNonce, TransferId, VoucherId,
};
pub use keys::{IDEMPOTENCY_KEYS_MAX, IDEMPOTENCY_MICROS, KeyDigest, Looked, Remembered};
pub use ledger::{BookAccount, LedgerAccount, LedgerKind};
pub use locks::{CardEntry, CardLocks, LOCK_PLACES_MAX, Place};
pub use mall::{Goods, Mall, MallCommand, MallFact, MallWish};
pub use media::{Allowance, Limits, Media, Medium, MediumKey, Scope};
pub use money::{Amount, AmountError, Fen};
pub use operation::{Channel, Operation};
pub use points::{PointsReason, PointsTerms};
pub use refusal::{Effect, Refusal, RefusalCode, refusal_table};
pub use resident::{PersonName, Phone, ResidentId};
pub use session::{AlertWishes, PasswordHash, Session};
pub use state::{Account, Card, CardStatus, Customer, Misfit, State};
pub use text::{Address, Label};
pub use time::BusinessTime;
pub use welfare::{
    BATCH_MAX, Batch, ISSUE_MAX, Voucher, VoucherKind, Welfare, WelfareCommand, WelfareFact,
    WelfareWish,
};
