//! Every way the bank says no: one table that is the enum, the HTTP status and the documentation.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::ids::CustomerId;

/// What a refused request left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing happened.
    None,
    /// Nobody can say; repeat the request with the same key to find out.
    Unknown,
}

impl Effect {
    /// The name in the problem document.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}

macro_rules! refusals {
    ($($variant:ident $code:literal $status:literal $retryable:ident $effect:ident $frozen:ident $title:literal;)+) => {
        /// Why the bank refuses, in order of precedence: of two reasons the earlier one is given.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RefusalCode {
            $(#[doc = $title] $variant,)+
        }

        impl RefusalCode {
            /// Every code, in order of precedence.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable name.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// One sentence for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// Whether the same request may pass later without a change.
            pub fn retryable(self) -> bool {
                match self { $(Self::$variant => refusals!(@retryable $retryable),)+ }
            }

            /// What the refused request left behind.
            pub fn effect(self) -> Effect {
                match self { $(Self::$variant => Effect::$effect,)+ }
            }

            /// Whether the refusal is recorded, and repeated to whoever repeats the key.
            pub fn frozen(self) -> bool {
                match self { $(Self::$variant => refusals!(@frozen $frozen),)+ }
            }
        }
    };
    (@retryable retry) => { true };
    (@retryable final) => { false };
    (@frozen frozen) => { true };
    (@frozen fresh) => { false };
}

refusals! {
    HostInvalid "host_invalid" 400 final None fresh "The header Host is missing, stands twice or names no host.";
    NotFound "not_found" 404 final None fresh "There is nothing at this address.";
    MethodNotAllowed "method_not_allowed" 405 final None fresh "This address does not take this method.";
    Unauthenticated "unauthenticated" 401 final None fresh "The bearer token is missing or unknown.";
    Forbidden "forbidden" 403 final None fresh "This token may not do this.";
    RateLimited "rate_limited" 429 retry None fresh "Too many requests; Retry-After says in how many seconds one may pass.";
    IdempotencyKeyMissing "idempotency_key_missing" 400 final None fresh "The header Idempotency-Key with 1 to 64 visible ASCII characters is missing.";
    UnsupportedMediaType "unsupported_media_type" 415 final None fresh "The body must be application/json.";
    BodyTooLarge "body_too_large" 413 final None fresh "The body is larger than 16 KiB; a batch of vouchers takes 256 KiB.";
    RequestTimeout "request_timeout" 408 retry None fresh "The body did not arrive within 5 seconds.";
    MalformedJson "malformed_json" 400 final None fresh "The body is not JSON.";
    InvalidBody "invalid_body" 400 final None fresh "A member of the body is missing, unknown, repeated or of the wrong type.";
    InvalidQuery "invalid_query" 400 final None fresh "A parameter of the query is unknown or out of range.";
    AmountFormat "amount_format" 422 final None fresh "The amount is not a string like \"12.34\".";
    AmountScale "amount_scale" 422 final None fresh "The amount has more than two decimals.";
    AmountTooLarge "amount_too_large" 422 final None fresh "The amount is larger than 9999999999999.99.";
    AmountNotPositive "amount_not_positive" 422 final None fresh "The amount is not greater than zero.";
    IdempotencyKeyReused "idempotency_key_reused" 422 final None fresh "The idempotency key was used for another request.";
    IdentityNotVerified "identity_not_verified" 422 final None frozen "The resident id is wrong.";
    IdentityCheckNotFound "identity_check_not_found" 404 final None frozen "There is no such identity check within the last 24 hours.";
    CustomerExists "customer_exists" 409 final None frozen "This person is a customer already.";
    CustomerNotFound "customer_not_found" 404 final None frozen "There is no such customer.";
    IdentityMismatch "identity_mismatch" 422 final None frozen "The identity check is another person's.";
    CardLimit "card_limit" 422 final None frozen "The customer has as many open accounts as one may have.";
    CardNotFound "card_not_found" 404 final None frozen "There is no such card.";
    CardAlreadyLost "card_already_lost" 409 final None frozen "The card is reported lost already.";
    CardNotLost "card_not_lost" 409 final None frozen "The card is not reported lost.";
    WrongCredentials "wrong_credentials" 401 final None frozen "The customer, the device token, the password or the PIN is wrong, or wrong passwords have locked the log-in by password.";
    LogInLocked "log_in_locked" 401 final None frozen "Five wrong passwords in a row have locked the log-in; a new password at the counter or the kiosk unlocks it. A suspicious event, which nobody who logs in is told.";
    PinLocked "pin_locked" 401 final None frozen "Three wrong PINs in a row have locked the card's PIN; a new one at the counter or the kiosk unlocks it.";
    ChannelClosed "channel_closed" 422 final None frozen "The customer has closed this channel; the counter opens it again.";
    SessionNotFound "session_not_found" 404 final None frozen "The customer has no such open session.";
    AccountNotFound "account_not_found" 404 final None frozen "There is no such account.";
    AccountClosed "account_closed" 422 final None frozen "The account is closed.";
    SameAccount "same_account" 422 final None frozen "Payer and payee are the same account.";
    CardLost "card_lost" 422 final None frozen "The card of this account is reported lost.";
    CardClosed "card_closed" 422 final None frozen "The card is closed.";
    LockOverseas "lock_overseas" 422 final None frozen "The card's overseas lock stands in the way.";
    LockRegion "lock_region" 422 final None frozen "The card's region lock stands in the way: this is none of its usual places.";
    LockNight "lock_night" 422 final None frozen "The card's night lock stands in the way from 23:00 to 05:00 Beijing time.";
    LockPosLimit "lock_pos_limit" 422 final None frozen "The card's limit lock stands in the way: the day's purchases would exceed it.";
    LockOverseasCardNotPresent "lock_overseas_card_not_present" 422 final None frozen "The card's lock on overseas use without the card stands in the way.";
    BillerNotFound "biller_not_found" 404 final None frozen "There is no such biller of this kind.";
    SchoolNotListed "school_not_listed" 422 final None frozen "Tuition is paid here for the schools on the list only, and this is none of them.";
    AuthorisationRequired "authorisation_required" 422 final None frozen "A payment out of a session needs an authorisation: by SMS, device or U-shield.";
    MediumNotFound "medium_not_found" 404 final None frozen "The customer has no such device or U-shield.";
    MediumInsufficient "medium_insufficient" 422 final None frozen "This medium does not authorise payments on this channel.";
    AuthorisationNotFound "authorisation_not_found" 404 final None frozen "There is no such authorisation; it may have been used, died of wrong codes, or waited 5 minutes.";
    MediumLocked "medium_locked" 422 final None frozen "Five wrong codes in a row have locked this medium; the counter unlocks it.";
    SmsDetailsWrong "sms_details_wrong" 422 final None frozen "The phone or the last six digits of the account are wrong.";
    AuthorisationMismatch "authorisation_mismatch" 422 final None frozen "The authorisation is another payment's or another medium's.";
    CodeWrong "code_wrong" 422 final None frozen "The code or the signature is wrong.";
    CodeReplayed "code_replayed" 422 final None frozen "A code of this time step was used before; the device shows the next within a minute.";
    LimitPerTransaction "limit_per_transaction" 422 final None frozen "The amount is larger than the medium's limit of one payment.";
    LimitDaily "limit_daily" 422 final None frozen "The day's payments would exceed the medium's daily limit.";
    LimitMonthly "limit_monthly" 422 final None frozen "The month's payments would exceed the medium's monthly limit.";
    LimitTooHigh "limit_too_high" 422 final None frozen "The limit is above what may be set here: a session lowers limits, the counter raises them up to the bank's own.";
    ProductExists "product_exists" 409 final None frozen "A product of this code exists already.";
    ProductNotFound "product_not_found" 404 final None frozen "There is no such wealth product.";
    BelowMinimum "below_minimum" 422 final None frozen "This is less than the product takes or pays out at once.";
    QuotaExhausted "quota_exhausted" 422 final None frozen "The product's quota does not hold that much any more.";
    UnitsInsufficient "units_insufficient" 422 final None frozen "The customer holds fewer units.";
    LoanTerms "loan_terms" 422 final None frozen "Loans are from 1,000 to 300,000 yuan over 3, 6, 12, 24 or 36 months.";
    LoanNotFound "loan_not_found" 404 final None frozen "There is no such loan that is not yet repaid.";
    LoanState "loan_state" 422 final None frozen "The loan was drawn already, was not drawn yet, or waited to be drawn for more than 30 days.";
    LoanNotCovered "loan_not_covered" 422 final None frozen "An instalment of the customer's is overdue, or all loans exceed ten times what the customer owns by now.";
    InstalmentNotDue "instalment_not_due" 422 final None frozen "The next instalment can be paid from the day that the one before was due; all can be paid back early.";
    AccountInUse "account_in_use" 422 final None frozen "A loan or wealth products still run over the account.";
    PaymentNotFound "payment_not_found" 404 final None frozen "The record is no payment that could go back.";
    ReturnKindWrong "return_kind_wrong" 422 final None frozen "Transfers are reversed whole and once; payments to billers, shops and other banks, and batches of vouchers, are refunded.";
    ReturnNotWhole "return_not_whole" 422 final None frozen "Of a batch of vouchers whole vouchers go back.";
    ReturnTooLarge "return_too_large" 422 final None frozen "That much of the payment is not left to go back.";
    ReturnNotFound "return_not_found" 404 final None frozen "There is no such reversal or refund that waits.";
    DayClosed "day_closed" 409 final None frozen "The day is closed already.";
    DayNotOver "day_not_over" 422 final None frozen "The day is not over.";
    DayOutOfOrder "day_out_of_order" 422 final None frozen "Days are closed one after the other, from a day on that is not before the bank's first record; another one comes first.";
    CatalogueFull "catalogue_full" 422 final None frozen "There are as many goods for sale, campaigns that have not ended, or branches as there may be.";
    GoodsNotFound "goods_not_found" 404 final None frozen "There are no such goods.";
    GoodsSoldOut "goods_sold_out" 422 final None frozen "There are not as many of these goods.";
    PointsShare "points_share" 422 final None frozen "Points pay at most half of a price.";
    PriceDiffers "price_differs" 422 final None frozen "The amount is not the price less what the points pay.";
    PointsInsufficient "points_insufficient" 422 final None frozen "The customer has fewer points.";
    OrderNotFound "order_not_found" 404 final None frozen "There is no such order that waits to be sent.";
    OrderClosed "order_closed" 409 final None frozen "The order was sent or cancelled already.";
    PointsSpent "points_spent" 422 final None frozen "Points that the order earned are spent; it can be cancelled when the customer has as many again.";
    BatchTooLarge "batch_too_large" 422 final None frozen "A batch holds 1 to 10000 vouchers.";
    BatchNotFound "batch_not_found" 404 final None frozen "There is no such batch of vouchers.";
    BatchExhausted "batch_exhausted" 422 final None frozen "The batch does not hold as many vouchers any more.";
    VoucherIssuedAlready "voucher_issued_already" 409 final None frozen "The customer has a voucher of this batch already.";
    VoucherNotFound "voucher_not_found" 404 final None frozen "The customer has no such voucher.";
    VoucherRedeemed "voucher_redeemed" 409 final None frozen "The voucher is spent.";
    VoucherTooSmall "voucher_too_small" 422 final None frozen "The goods cost more than the voucher is worth.";
    CampaignNotFound "campaign_not_found" 404 final None frozen "There is no such campaign with this offer.";
    CampaignNotRunning "campaign_not_running" 422 final None frozen "The campaign has not begun or is over.";
    CheckedInAlready "checked_in_already" 409 final None frozen "The customer signed in today already.";
    ClaimedAlready "claimed_already" 409 final None frozen "The customer took this gift or cover already.";
    ClaimsExhausted "claims_exhausted" 422 final None frozen "None of this gift or cover is left.";
    BranchNotFound "branch_not_found" 404 final None frozen "There is no such branch.";
    SlotNotFound "slot_not_found" 404 final None frozen "The branch has no such slot within the next 14 days.";
    AppointmentExists "appointment_exists" 409 final None frozen "The customer has an appointment on this day.";
    SlotFull "slot_full" 422 final None frozen "The slot is booked up.";
    AppointmentNotFound "appointment_not_found" 404 final None frozen "There is no such appointment that stands.";
    AppointmentNotDue "appointment_not_due" 422 final None frozen "The appointment's time has not come.";
    SocialSecurityCardExists "social_security_card_exists" 409 final None frozen "The customer holds a social-security card already.";
    SocialSecurityCardMissing "social_security_card_missing" 422 final None frozen "The customer holds no social-security card.";
    InsufficientFunds "insufficient_funds" 422 final None frozen "The account holds less than the amount.";
    BalanceRemaining "balance_remaining" 422 final None frozen "The account still holds money or interest; the counter pays it out.";
    BalanceOverflow "balance_overflow" 422 final None frozen "An account cannot hold that much.";
    ClockBackwards "clock_backwards" 422 final None fresh "The business time lies before that of the last record.";
    SeqUnknown "seq_unknown" 404 retry None fresh "The journal has no record of the number `min_seq` yet.";
    Overloaded "overloaded" 503 retry None fresh "The bank has more requests than it can hold.";
    ProjectionBehind "projection_behind" 503 retry None fresh "The history has not yet reached `min_seq`.";
    OfficeTimeout "office_timeout" 504 retry None fresh "The social-security office did not answer within 2 seconds.";
    OfficeBusy "office_busy" 503 retry None fresh "As many questions wait for the social-security office as may.";
    ShuttingDown "shutting_down" 503 retry None fresh "The bank is shutting down.";
    StorageFull "storage_full" 507 retry None fresh "The disk is full; nothing was written.";
    OutcomeUnknown "outcome_unknown" 503 retry Unknown fresh "The bank could not learn whether the request was recorded.";
    AnswerTimeout "answer_timeout" 504 retry Unknown fresh "The bank did not decide within 5 seconds.";
    Internal "internal" 500 retry Unknown fresh "The bank failed.";
}

impl RefusalCode {
    /// Whether the customer should hear of it: everything that is recorded with a customer, but for
    /// an empty account.
    pub fn is_suspicious(self) -> bool {
        self != Self::InsufficientFunds
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for RefusalCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for RefusalCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let known = Self::ALL.iter().find(|code| code.code() == text);
        known
            .copied()
            .ok_or_else(|| D::Error::custom("not a refusal code"))
    }
}

/// A refusal with what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}", code.title())]
pub struct Refusal {
    /// The reason.
    pub code: RefusalCode,
    /// The customer that exists already, for `customer_exists`, or who closed the channel while it is
    /// decided, for `channel_closed`.
    pub customer: Option<CustomerId>,
}

impl From<RefusalCode> for Refusal {
    fn from(code: RefusalCode) -> Self {
        Self {
            code,
            customer: None,
        }
    }
}

/// The documentation's table of refusals, a Markdown row per code in order of precedence.
pub fn refusal_table() -> String {
    let head = "| code | status | retryable | effect | frozen under the key | meaning |\n|---|---|---|---|---|---|\n";
    let yes = |is| if is { "yes" } else { "no" };
    RefusalCode::ALL
        .iter()
        .fold(head.to_owned(), |table, code| {
            let row = format!(
                "| `{code}` | {} | {} | {} | {} | {} |\n",
                code.status(),
                yes(code.retryable()),
                code.effect().name(),
                yes(code.frozen()),
                code.title(),
            );
            table + &row
        })
}
