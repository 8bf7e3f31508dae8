//! What the bank allows, written once: pure functions of (state, command, time) that either refuse
//! with a reason or yield the facts to record. There is no clock, no randomness, no floating point
//! and no input or output here; the state follows from the facts alone, so a replay of the journal
//! rebuilds it exactly.

mod admit;
mod answer;
mod authorise;
mod bills;
mod calendar;
mod card_use;
mod civil;
mod closing;
mod command;
mod day_end;
mod decide;
mod fact;
mod ids;
mod interest;
mod keys;
mod ledger;
mod loans;
mod locks;
mod media;
mod money;
mod operation;
mod refusal;
mod resident;
mod returns;
mod schedule;
mod session;
mod state;
mod table;
mod time;
mod wealth;

pub use admit::{Caller, Envelope, Verdict, judge, judge_again};
pub use answer::Answer;
pub use authorise::time_step;
pub use bills::{BILLERS, Bill, BillKind, Biller};
pub use calendar::{Day, DayTotal, Month};
pub use civil::Civil;
pub use closing::{ClosingAction, ClosingFact};
pub use command::{Action, Command, MediumWish, Order, Party, Payee, Proof, Shown};
pub use day_end::{Books, BooksAction, BooksFact, Stage, is_credit_day};
pub use decide::decide;
pub use fact::{Fact, Posting};
pub use ids::{
    AccountNumber, AuthorisationId, CardId, CustomerId, Fingerprint, IdempotencyKey,
    IdentityCheckId, LoanId, ReturnId, SessionId, ShieldKey, TokenDigest, TokenNonce, TransferId,
};
pub use interest::{demand_rate, interest_on};
pub use keys::{IDEMPOTENCY_KEYS_MAX, IDEMPOTENCY_MICROS, KeyDigest, Looked, Remembered};
pub use ledger::{BookAccount, LedgerAccount, LedgerKind};
pub use loans::{DeclineReason, LOAN_MONTHS, Loan, LoanAction, LoanFact};
pub use locks::{CardEntry, CardLocks, LOCK_PLACES_MAX, Place};
pub use media::{Allowance, Limits, Media, Medium, MediumKey, Scope};
pub use money::{Amount, AmountError, Fen};
pub use operation::{Channel, Operation};
pub use refusal::{Effect, Refusal, RefusalCode, refusal_table};
pub use resident::{PersonName, Phone, ResidentId};
pub use returns::{Original, Proposal, ReturnAction, ReturnFact, ReturnKind};
pub use schedule::{Instalment, loan_rate, schedule};
pub use session::{AlertWishes, PasswordHash, SESSION_MICROS_MAX, Session};
pub use state::{Account, AccountStatus, Card, CardStatus, Customer, Misfit, State};
pub use time::BusinessTime;
pub use wealth::{NetAssetValue, Product, ProductCode, WealthAction, WealthFact};
