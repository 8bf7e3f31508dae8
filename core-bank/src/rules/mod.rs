//! What the bank allows, written once: pure functions of (state, command, time) that either refuse
//! with a reason or yield the facts to record. There is no clock, no randomness, no floating point
//! and no input or output here; the state follows from the facts alone, so a replay of the journal
//! rebuilds it exactly. The lints below keep it so; what they refuse is listed in `clippy.toml`.
#![deny(
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

mod admit;
mod answer;
mod appointments;
mod authorise;
mod bills;
mod calendar;
mod campaigns;
mod cancellation;
mod card_use;
mod civil;
mod closing;
mod command;
mod country;
mod day_end;
mod decide;
mod devices;
mod dismantle;
mod fact;
mod few;
mod foresee;
mod forgotten;
mod ids;
mod interest;
mod keys;
mod ledger;
mod loans;
mod locks;
mod mall;
mod media;
mod money;
mod operation;
mod origin;
mod party;
mod payment;
mod places;
mod points;
mod refusal;
mod register;
mod resident;
mod returns;
mod ring;
mod rows;
mod schedule;
mod session;
mod settlement;
mod shelf;
mod social_security;
mod state;
mod table;
mod terminal;
mod text;
mod time;
mod undo;
mod wealth;
mod welfare;

pub use admit::{Caller, Envelope, Verdict, judge, judge_again, judge_foreseen};
pub use answer::Answer;
pub use appointments::{
    AHEAD_DAYS, Appointment, AppointmentCommand, AppointmentFact, AppointmentStatus, Appointments,
    Branch, Coordinates, SlotPlan, is_bookable_at,
};
pub use authorise::time_step;
pub use bills::{BILLERS, Bill, BillKind, Biller};
pub use calendar::{Day, DayTotal, Month};
pub use campaigns::{
    Campaign, CampaignCommand, CampaignFact, Campaigns, Draw, MILLION, Offer, PRIZES_MAX, Prize,
};
pub use cancellation::Placed;
pub use civil::Civil;
pub use closing::{ClosingAction, ClosingFact};
pub use command::{Action, Command};
pub use country::overseas_pattern;
pub use day_end::{Books, BooksAction, BooksFact, Stage, is_credit_day};
pub use decide::decide;
pub use fact::{Fact, Posting};
pub use foresee::{Foreseen, foresee};
pub use forgotten::Forgotten;
pub use ids::{
    AccountNumber, AppointmentId, AuthorisationId, BatchId, BranchId, CampaignId, CardId,
    CustomerId, Fingerprint, GoodsId, IdempotencyKey, IdentityCheckId, LoanId, OrderId, ReturnId,
    SessionId, ShieldKey, TokenDigest, TokenNonce, TransferId, VoucherId,
};
pub use interest::{demand_rate, interest_on};
pub use keys::{IDEMPOTENCY_KEYS_MAX, IDEMPOTENCY_MICROS, KeyDigest, Looked, Remembered};
pub use ledger::{BookAccount, LedgerAccount, LedgerKind};
pub use loans::{DeclineReason, LOAN_MONTHS, Loan, LoanAction, LoanFact};
pub use locks::{CardEntry, CardLocks, LOCK_PLACES_MAX, Place};
pub use mall::{Goods, Mall, MallCommand, MallFact, MallWish};
pub use media::{Allowance, Limits, Media, Medium, MediumKey, Scope};
pub use money::{Amount, AmountError, Fen};
pub use operation::{Channel, Operation};
pub use origin::Origin;
pub use party::Party;
pub use payment::{MediumWish, Order, Payee, Proof, Shown};
pub(crate) use places::{Places, mixed};
pub use points::{PointsReason, PointsTerms};
pub use refusal::{Effect, Refusal, RefusalCode, refusal_table};
pub use resident::{PersonName, Phone, ResidentId};
pub use returns::{Original, Proposal, ReturnAction, ReturnFact, ReturnKind};
pub use rows::{Account, AccountStatus, Card, CardStatus, Customer};
pub use schedule::{Instalment, loan_rate, schedule};
pub use session::{AlertWishes, PasswordHash, SESSION_MICROS_MAX, Session};
pub use state::{Misfit, State};
pub use terminal::{Pin, PinDigest, TerminalAction, TerminalFact};
pub use text::{Address, Label, seen_pattern, unseen};
pub use time::BusinessTime;
pub use wealth::{NetAssetValue, Product, ProductCode, WealthAction, WealthFact};
pub use welfare::{
    BATCH_MAX, Batch, ISSUE_MAX, Voucher, VoucherKind, Welfare, WelfareCommand, WelfareFact,
    WelfareWish,
};
