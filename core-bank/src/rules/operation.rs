//! The operations by their shared names, the channels, and who may do what through which.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where a request comes from. The bearer token decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A teller's counter; the customer is identified in person.
    Counter,
    /// A self-service kiosk; the customer is identified in person.
    Kiosk,
    /// A cash machine.
    Atm,
    /// The mobile bank, through a session.
    Mobile,
    /// The bank's operator: audits, and what the bank offers beside money.
    Operator,
    /// The card network: other banks' cash machines, points of sale and web shops.
    Acquirer,
    /// The online bank, through a session.
    Online,
    /// The messenger, through a session.
    Messenger,
    /// The second person, who approves what the operator proposes.
    Reviewer,
}

impl Channel {
    /// Every channel, in the order of the documentation.
    pub const ALL: &[Self] = &[
        Self::Counter,
        Self::Kiosk,
        Self::Atm,
        Self::Acquirer,
        Self::Mobile,
        Self::Online,
        Self::Messenger,
        Self::Operator,
        Self::Reviewer,
    ];

    /// The name in answers and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Kiosk => "kiosk",
            Self::Atm => "atm",
            Self::Mobile => "mobile",
            Self::Operator => "operator",
            Self::Acquirer => "acquirer",
            Self::Online => "online",
            Self::Messenger => "messenger",
            Self::Reviewer => "reviewer",
        }
    }
}

macro_rules! operations {
    ($($variant:ident $name:literal $doc:literal),+ $(,)?) => {
        /// An operation of the bank, by the name it has in scenarios, summaries and reports.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum Operation {
            $(#[doc = $doc] $variant,)+
        }

        impl Operation {
            /// Every operation, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The shared name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// One sentence for people.
            pub fn summary(self) -> &'static str {
                match self {
                    $(Self::$variant => $doc,)+
                }
            }
        }
    };
}

operations! {
    IdentityCheck "identity_check" "Checks a person's identity document.",
    RegisterCustomer "register_customer" "Makes a checked person a customer.",
    OpenCard "open_card" "Opens a current account and issues a debit card on it.",
    EbankingSignup "ebanking_signup" "Binds a device to the customer's mobile bank.",
    ReportLoss "report_loss" "Reports a card lost.",
    LiftLoss "lift_loss" "Lifts a loss report.",
    BalanceQuery "balance_query" "Lists a customer's accounts and balances.",
    HistoryQuery "history_query" "Lists an account's entries.",
    Deposit "deposit" "Pays cash in.",
    Withdrawal "withdrawal" "Pays cash out.",
    TransferOwnBank "transfer_own_bank" "Moves money to another account of this bank.",
    TransferOtherBank "transfer_other_bank" "Moves money to another bank.",
    LogIn "log_in" "Starts a session of the mobile bank.",
    LogOut "log_out" "Ends the session.",
    PasswordSetting "password_setting" "Sets the password of the online bank, the mobile bank and the messenger.",
    SessionQuery "session_query" "Lists the customer's open sessions.",
    SessionTermination "session_termination" "Ends one of the customer's sessions from afar.",
    ChannelSetting "channel_setting" "Closes a channel to the customer from afar, or opens it again.",
    AlertSetting "alert_setting" "Subscribes to alerts.",
    Alerts "alerts" "Lists the customer's alerts.",
    SuspiciousQuery "suspicious_query" "Lists what was refused for the customer's safety.",
    Authorisation "authorisation" "Asks for the authorisation of one payment.",
    DeviceIssue "device_issue" "Hands out an e-cipher device.",
    ShieldRegistration "shield_registration" "Registers a U-shield.",
    MediumUnlock "medium_unlock" "Unlocks a medium that wrong codes have locked.",
    LimitSetting "limit_setting" "Sets or shows a customer's limits.",
    LockSetting "lock_setting" "Sets or shows the five locks of a card.",
    CardWithdrawal "card_withdrawal" "Pays cash out at another bank's machine.",
    PosPurchase "pos_purchase" "Pays with the card at a point of sale.",
    CardNotPresentPurchase "card_not_present_purchase" "Pays with the card's number alone.",
    BillPayment "bill_payment" "Pays a bill.",
    BillerQuery "biller_query" "Lists whose bills can be paid.",
    WealthView "wealth_view" "Lists wealth products, or what a customer holds of them.",
    WealthSubscription "wealth_subscription" "Puts money into a wealth product.",
    WealthRedemption "wealth_redemption" "Takes money out of a wealth product.",
    WealthLaunch "wealth_launch" "Offers a wealth product.",
    WealthValuation "wealth_valuation" "States a wealth product's net asset value.",
    LoanApplication "loan_application" "Applies for a loan.",
    LoanDraw "loan_draw" "Has a loan paid out.",
    LoanRepayment "loan_repayment" "Pays a loan's next instalment.",
    LoanEarlyRepayment "loan_early_repayment" "Pays a loan back whole.",
    LoanQuery "loan_query" "Lists a customer's loans with their schedules.",
    AccountClosing "account_closing" "Closes an account with its card.",
    CardClosing "card_closing" "Closes a card.",
    StatementQuery "statement_query" "States an account's movements between two days.",
    TransferQuery "transfer_query" "Shows a transfer, and whether it is settled.",
    ReturnProposal "return_proposal" "Proposes a reversal or a refund.",
    ReturnApproval "return_approval" "Approves a reversal or a refund.",
    ReturnRejection "return_rejection" "Turns a reversal or a refund down.",
    ReturnQuery "return_query" "Lists reversals and refunds that wait.",
    DayEnd "day_end" "Closes a business day.",
    BooksQuery "books_query" "Shows the bank's own books.",
    GoodsListing "goods_listing" "Takes goods into the mall's catalogue.",
    CatalogueQuery "catalogue_query" "Lists the mall's goods.",
    Mall "mall" "Orders from the mall, paid in money and points.",
    OrderQuery "order_query" "Lists the customer's orders.",
    OrderDispatch "order_dispatch" "Sends what was ordered.",
    PointsQuery "points_query" "Lists the customer's points and how they changed.",
    WelfarePurchase "welfare_purchase" "Buys a batch of welfare vouchers for an enterprise.",
    WelfareIssue "welfare_issue" "Issues vouchers of a batch to employees.",
    WelfareRedemption "welfare_redemption" "Spends a voucher on goods.",
    VoucherQuery "voucher_query" "Lists the customer's vouchers.",
    CampaignSetting "campaign_setting" "Announces a campaign.",
    CampaignQuery "campaign_query" "Lists the campaigns.",
    CheckIn "check_in" "Signs in for the day, and draws in a lottery.",
    CampaignClaim "campaign_claim" "Takes a gift or a cover of a campaign.",
    AwardQuery "award_query" "Lists what the customer won and claimed.",
    BranchSetting "branch_setting" "Makes a branch and its slots known.",
    BranchQuery "branch_query" "Lists branches near a place and their free slots.",
    Appointment "appointment" "Books a slot at a branch.",
    AppointmentQuery "appointment_query" "Lists the customer's appointments.",
    AppointmentCancellation "appointment_cancellation" "Gives a booked slot back.",
    AppointmentOutcome "appointment_outcome" "Notes whether a customer came.",
    SocialSecurityCard "social_security_card" "Hands out a social-security card.",
    SocialSecurityQuery "social_security_query" "Asks the office for a card holder's balance.",
    PinSetting "pin_setting" "Sets the PIN of a card.",
    TerminalLogIn "terminal_log_in" "Starts a customer's session at a counter, a kiosk or a cash machine.",
    TerminalLogOut "terminal_log_out" "Ends the session at a terminal.",
    DeviceRemoval "device_removal" "Removes all devices that log in for the customer, and ends all sessions away from terminals.",
    OrderCancellation "order_cancellation" "Takes back an order that was not sent.",
}

impl Operation {
    /// Whether a token of this channel may ask for the operation at all. Whose account it is, is
    /// decided later, against the state.
    pub fn allows(self, channel: Channel) -> bool {
        use Channel::{
            Acquirer, Atm, Counter, Kiosk, Messenger, Mobile, Online, Operator, Reviewer,
        };
        let channels: &[Channel] = match self {
            Self::IdentityCheck
            | Self::RegisterCustomer
            | Self::OpenCard
            | Self::EbankingSignup
            | Self::LiftLoss
            | Self::DeviceIssue
            | Self::PasswordSetting
            | Self::ShieldRegistration
            | Self::AccountClosing
            | Self::CardClosing
            | Self::MediumUnlock
            | Self::PinSetting
            | Self::SocialSecurityCard => &[Counter, Kiosk],
            Self::TerminalLogIn | Self::TerminalLogOut => &[Counter, Kiosk, Atm],
            Self::ReportLoss
            | Self::TransferOwnBank
            | Self::TransferOtherBank
            | Self::BillPayment
            | Self::BillerQuery
            | Self::DeviceRemoval
            | Self::ChannelSetting => &[Counter, Kiosk, Mobile, Online, Messenger],
            Self::WealthView
            | Self::WealthSubscription
            | Self::WealthRedemption
            | Self::LoanApplication
            | Self::LoanDraw
            | Self::LoanRepayment
            | Self::LoanEarlyRepayment
            | Self::WelfarePurchase
            | Self::WelfareIssue
            | Self::LoanQuery => &[Counter, Mobile, Online],
            Self::TransferQuery | Self::BranchQuery => {
                &[Counter, Kiosk, Mobile, Online, Messenger, Operator]
            }
            Self::WealthLaunch
            | Self::WealthValuation
            | Self::ReturnProposal
            | Self::GoodsListing
            | Self::OrderDispatch
            | Self::CampaignSetting
            | Self::BranchSetting
            | Self::DayEnd
            | Self::BooksQuery => &[Operator],
            Self::ReturnApproval | Self::ReturnRejection => &[Reviewer],
            Self::ReturnQuery => &[Operator, Reviewer],
            Self::BalanceQuery | Self::HistoryQuery | Self::StatementQuery => {
                &[Counter, Kiosk, Atm, Mobile, Online, Messenger]
            }
            Self::Deposit | Self::Withdrawal => &[Counter, Atm],
            Self::LogIn
            | Self::LogOut
            | Self::Authorisation
            | Self::SessionQuery
            | Self::SessionTermination
            | Self::AlertSetting
            | Self::Alerts
            | Self::SuspiciousQuery
            | Self::PointsQuery
            | Self::AwardQuery
            | Self::VoucherQuery
            | Self::CheckIn
            | Self::Appointment
            | Self::AppointmentQuery
            | Self::AppointmentCancellation => &[Mobile, Online, Messenger],
            Self::LockSetting => &[Mobile],
            Self::LimitSetting => &[Counter, Kiosk, Mobile, Online],
            Self::CatalogueQuery | Self::CampaignQuery => &[Mobile, Online, Messenger, Operator],
            Self::OrderCancellation => &[Mobile, Online, Operator],
            Self::Mall | Self::OrderQuery | Self::WelfareRedemption | Self::CampaignClaim => {
                &[Mobile, Online]
            }
            Self::AppointmentOutcome => &[Counter],
            Self::SocialSecurityQuery => &[Mobile, Messenger],
            Self::CardWithdrawal | Self::PosPurchase | Self::CardNotPresentPurchase => &[Acquirer],
        };
        channels.contains(&channel)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|operation| operation.name() == text);
        found.copied().ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|operation| operation.name()).collect();
            format!(
                "`{text}` is no operation of the bank; there are {}",
                names.join(", ")
            )
        })
    }
}
