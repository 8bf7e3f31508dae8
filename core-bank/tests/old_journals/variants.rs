//! Every kind of thing that stands in a journal, by name. The compiler asks for each: whoever adds a
//! variant adds it here, then to the story (`story.rs`), and then records one more journal. Journals
//! that were recorded before stay as they are.

use std::collections::BTreeSet;

use core_bank::{
    journal::Record,
    rules::{
        Action, AppointmentCommand, AppointmentFact, BooksAction, BooksFact, CampaignCommand,
        CampaignFact, ClosingAction, ClosingFact, Fact, LoanAction, LoanFact, MallCommand,
        MallFact, MediumWish, Offer, Order, Party, Payee, PointsReason, Proof, ReturnAction,
        ReturnFact, TerminalAction, TerminalFact, WealthAction, WealthFact, WelfareCommand,
        WelfareFact,
    },
};

/// What no recorded journal holds yet, and why.
pub const LACKING: &[&str] = &[];

/// What only journals from before hold: a session is named in its records by now, and the end of a day
/// says what it settled.
pub const PAST: &[&str] = &["party customer", "party session", "fact day closed"];

/// A function that names a variant, and the list of all names, from one table.
macro_rules! named {
    ($function:ident, $all:ident, $kind:ty, $prefix:literal: $($pattern:pat => $name:literal,)+) => {
        fn $function(it: &$kind) -> &'static str {
            match it { $($pattern => concat!($prefix, $name),)+ }
        }

        const $all: &[&str] = &[$(concat!($prefix, $name)),+];
    };
}

named! { name_action, ACTIONS, Action, "action ":
    Action::IdentityCheck { .. } => "identity check",
    Action::RegisterCustomer { .. } => "register customer",
    Action::OpenCard { .. } => "open card",
    Action::EbankingSignup { .. } => "e-banking sign-up",
    Action::ReportLoss { .. } => "report loss",
    Action::LiftLoss { .. } => "lift loss",
    Action::Deposit { .. } => "deposit",
    Action::Withdrawal { .. } => "withdrawal",
    Action::TransferOwnBank { .. } => "transfer within the bank",
    Action::TransferOtherBank { .. } => "transfer to another bank",
    Action::LogIn { .. } => "log in",
    Action::LogOut { .. } => "log out",
    Action::SetLocks { .. } => "set locks",
    Action::WithdrawalAt { .. } => "withdrawal at a place",
    Action::CardUse { .. } => "card use",
    Action::AskAuthorisation { .. } => "ask for an authorisation",
    Action::AuthorisedTransfer { .. } => "authorised payment",
    Action::IssueDevice { .. } => "issue device",
    Action::RegisterShield { .. } => "register shield",
    Action::UnlockMedium { .. } => "unlock medium",
    Action::SetLimits { .. } => "set limits",
    Action::LogInTo { .. } => "log in to a channel",
    Action::LogInByPassword { .. } => "log in by password",
    Action::SetPassword { .. } => "set password",
    Action::TerminateSession { .. } => "terminate session",
    Action::SetChannel { .. } => "set channel",
    Action::SetAlerts { .. } => "set alerts",
    Action::PayBill { .. } => "pay bill",
    Action::Wealth(WealthAction::Launch { .. }) => "launch product",
    Action::Wealth(WealthAction::Value { .. }) => "value product",
    Action::Wealth(WealthAction::Subscribe { .. }) => "subscribe",
    Action::Wealth(WealthAction::Redeem { .. }) => "redeem units",
    Action::Loans(LoanAction::Apply { .. }) => "apply for a loan",
    Action::Loans(LoanAction::Draw { .. }) => "draw loan",
    Action::Loans(LoanAction::Repay { .. }) => "repay instalment",
    Action::Loans(LoanAction::RepayEarly { .. }) => "repay early",
    Action::Close(ClosingAction::Account { .. }) => "close account",
    Action::Close(ClosingAction::Card { .. }) => "close card",
    Action::Returns(ReturnAction::Propose { .. }) => "propose return",
    Action::Returns(ReturnAction::Approve { .. }) => "approve return",
    Action::Returns(ReturnAction::Reject { .. }) => "reject return",
    Action::Books(BooksAction::CloseDay { .. }) => "close day",
    Action::Mall(MallCommand::Order { .. }) => "order without a medium",
    Action::Mall(MallCommand::ListGoods { .. }) => "list goods",
    Action::Mall(MallCommand::Dispatch { .. }) => "dispatch order",
    Action::Mall(MallCommand::Cancel { .. }) => "cancel order",
    Action::Welfare(WelfareCommand::Buy { .. }) => "buy vouchers",
    Action::Welfare(WelfareCommand::Issue { .. }) => "issue vouchers",
    Action::Welfare(WelfareCommand::Redeem { .. }) => "redeem voucher",
    Action::Campaign(CampaignCommand::Announce { .. }) => "announce campaign",
    Action::Campaign(CampaignCommand::CheckIn { .. }) => "check in",
    Action::Campaign(CampaignCommand::Claim { .. }) => "claim",
    Action::Appointment(AppointmentCommand::OpenBranch { .. }) => "open branch",
    Action::Appointment(AppointmentCommand::Book { .. }) => "book",
    Action::Appointment(AppointmentCommand::Cancel { .. }) => "cancel appointment",
    Action::Appointment(AppointmentCommand::Conclude { .. }) => "conclude appointment",
    Action::IssueSocialSecurityCard { .. } => "issue social-security card",
    Action::Terminal(TerminalAction::SetPin { .. }) => "set PIN",
    Action::Terminal(TerminalAction::LogInByPin { .. }) => "log in by PIN",
    Action::Terminal(TerminalAction::LogInInPerson { .. }) => "log in in person",
    Action::Terminal(TerminalAction::LogOut { .. }) => "log out at a terminal",
    Action::RemoveDevices { .. } => "remove devices",
}

named! { name_fact, FACTS, Fact, "fact ":
    Fact::IdentityVerified { .. } => "identity verified",
    Fact::CustomerRegistered { .. } => "customer registered",
    Fact::CardOpened { .. } => "card opened",
    Fact::DeviceBound { .. } => "device bound",
    Fact::DeviceUnbound { .. } => "device unbound",
    Fact::CardLost { .. } => "card lost",
    Fact::CardLossLifted { .. } => "card loss lifted",
    Fact::MoneyMoved { .. } => "money moved",
    Fact::SessionStarted { .. } => "session started",
    Fact::SessionEnded { .. } => "session ended",
    Fact::Refused { .. } => "refused",
    Fact::LocksSet { .. } => "locks set",
    Fact::PosBought { .. } => "bought at a point of sale",
    Fact::AuthorisationAsked { .. } => "authorisation asked for",
    Fact::AuthorisationSpent { .. } => "authorisation spent",
    Fact::CodeFailed { .. } => "code failed",
    Fact::AllowanceUsed { .. } => "allowance used",
    Fact::DeviceIssued { .. } => "device issued",
    Fact::ShieldRegistered { .. } => "shield registered",
    Fact::MediumUnlocked { .. } => "medium unlocked",
    Fact::LimitsSet { .. } => "limits set",
    Fact::ChannelSessionStarted { .. } => "session of a channel started",
    Fact::PasswordSet { .. } => "password set",
    Fact::PasswordFailed { .. } => "password failed",
    Fact::PasswordProved { .. } => "password proved",
    Fact::ChannelSet { .. } => "channel set",
    Fact::AlertsSet { .. } => "alerts set",
    Fact::AlertDue { .. } => "alert due",
    Fact::Wealth(WealthFact::Launched { .. }) => "product launched",
    Fact::Wealth(WealthFact::Valued { .. }) => "product valued",
    Fact::Wealth(WealthFact::Subscribed { .. }) => "subscribed",
    Fact::Wealth(WealthFact::Redeemed { .. }) => "units redeemed",
    Fact::Loans(LoanFact::Approved { .. }) => "loan approved",
    Fact::Loans(LoanFact::Declined { .. }) => "loan declined",
    Fact::Loans(LoanFact::Drawn { .. }) => "loan drawn",
    Fact::Loans(LoanFact::InstalmentPaid { .. }) => "instalment paid",
    Fact::Loans(LoanFact::RepaidEarly { .. }) => "loan repaid early",
    Fact::Closing(ClosingFact::Account { .. }) => "account closed",
    Fact::Closing(ClosingFact::Card { .. }) => "card closed",
    Fact::Returns(ReturnFact::Proposed { .. }) => "return proposed",
    Fact::Returns(ReturnFact::Approved { .. }) => "return approved",
    Fact::Returns(ReturnFact::Rejected { .. }) => "return rejected",
    Fact::Returns(ReturnFact::AllowanceRestored { .. }) => "allowance restored",
    Fact::Books(BooksFact::Reached { .. }) => "end of day reached a stage",
    Fact::Books(BooksFact::InterestCredited { .. }) => "interest credited",
    Fact::Books(BooksFact::DayClosed { .. }) => "day closed",
    Fact::Books(BooksFact::DayEnded { .. }) => "day ended",
    Fact::Mall(MallFact::GoodsListed { .. }) => "goods listed",
    Fact::Mall(MallFact::Ordered { .. }) => "ordered",
    Fact::Mall(MallFact::Dispatched { .. }) => "dispatched",
    Fact::Mall(MallFact::Cancelled { .. }) => "order cancelled",
    Fact::PointsMoved { .. } => "points moved",
    Fact::Welfare(WelfareFact::Bought { .. }) => "vouchers bought",
    Fact::Welfare(WelfareFact::Issued { .. }) => "vouchers issued",
    Fact::Welfare(WelfareFact::Redeemed { .. }) => "voucher redeemed",
    Fact::Welfare(WelfareFact::Restored { .. }) => "voucher restored",
    Fact::Welfare(WelfareFact::Returned { .. }) => "vouchers returned",
    Fact::Campaign(CampaignFact::Announced { .. }) => "campaign announced",
    Fact::Campaign(CampaignFact::CheckedIn { .. }) => "checked in",
    Fact::Campaign(CampaignFact::Won { .. }) => "won",
    Fact::Campaign(CampaignFact::Claimed { .. }) => "claimed",
    Fact::Appointment(AppointmentFact::BranchOpened { .. }) => "branch opened",
    Fact::Appointment(AppointmentFact::Booked { .. }) => "booked",
    Fact::Appointment(AppointmentFact::Cancelled { .. }) => "appointment cancelled",
    Fact::Appointment(AppointmentFact::Concluded { .. }) => "appointment concluded",
    Fact::SocialSecurityCardIssued { .. } => "social-security card issued",
    Fact::Terminal(TerminalFact::PinSet { .. }) => "PIN set",
    Fact::Terminal(TerminalFact::PinFailed { .. }) => "PIN failed",
    Fact::Terminal(TerminalFact::PinProved { .. }) => "PIN proved",
    Fact::Terminal(TerminalFact::BegunWith { .. }) => "session begun with a card",
    Fact::BegunFrom { .. } => "session begun from an address",
}

named! { name_party, PARTIES, Party, "party ":
    Party::Terminal(_) => "terminal",
    Party::Customer(_) => "customer",
    Party::Visitor => "visitor",
    Party::Session(..) => "session",
    Party::CustomerIn(..) => "customer in a named session",
    Party::SessionIn(..) => "named session",
    Party::Elsewhere(..) => "session from elsewhere",
    Party::TerminalAt(..) => "terminal at an address",
    Party::VisitorAt(..) => "visitor at an address",
}

named! { name_payee, PAYEES, Payee, "payee ":
    Payee::Here(_) => "here",
    Payee::Elsewhere { .. } => "elsewhere",
    Payee::Biller(_) => "biller",
    Payee::Mall(_) => "mall",
    Payee::Welfare(_) => "welfare",
}

named! { name_wish, WISHES, MediumWish, "wish for ":
    MediumWish::Sms { .. } => "SMS",
    MediumWish::Device(_) => "device",
    MediumWish::Shield(_) => "shield",
}

named! { name_proof, PROOFS, Proof, "proof by ":
    Proof::Sms { .. } => "SMS",
    Proof::Device { .. } => "device",
    Proof::Shield { .. } => "shield",
}

named! { name_offer, OFFERS, Offer, "offer of ":
    Offer::Lottery { .. } => "lottery",
    Offer::Gift { .. } => "gift",
    Offer::Cover { .. } => "cover",
}

named! { name_reason, REASONS, PointsReason, "points for ":
    PointsReason::MallOffset => "offset",
    PointsReason::MallEarned => "order",
    PointsReason::CheckIn => "check-in",
    PointsReason::Prize => "prize",
    PointsReason::Gift => "gift",
    PointsReason::Voucher => "voucher",
    PointsReason::OrderCancelled => "cancelled order",
}

/// All names there are.
pub fn all() -> BTreeSet<&'static str> {
    [
        ACTIONS, FACTS, PARTIES, PAYEES, WISHES, PROOFS, OFFERS, REASONS,
    ]
    .concat()
    .into_iter()
    .collect()
}

/// The names of what a record holds.
pub fn of(record: &Record) -> Vec<&'static str> {
    let action = &record.command.action;
    let mut names = vec![name_party(&record.command.by), name_action(action)];
    match action {
        Action::AskAuthorisation { wish, order } => {
            names.extend([name_wish(wish), name_payee(&order.payee)]);
        }
        Action::AuthorisedTransfer { order, shown } => {
            names.extend([name_proof(&shown.proof), name_payee(&order.payee)]);
        }
        Action::Campaign(CampaignCommand::Announce { offer, .. }) => names.push(name_offer(offer)),
        Action::Mall(MallCommand::Order {
            order: Order { payee, .. },
        }) => names.push(name_payee(payee)),
        _ => {}
    }
    for fact in record.outcome.iter().flatten() {
        names.push(name_fact(fact));
        if let Fact::PointsMoved { reason, .. } = fact {
            names.push(name_reason(reason));
        }
    }
    names
}
