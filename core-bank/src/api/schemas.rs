//! The JSON forms of the rules' own types, for the API's description. The rules know nothing of it.

use serde::{Serialize, Serializer};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{Object, ObjectBuilder, Schema, Type},
    },
};

use super::request::AmountText;
use crate::rules::{
    Amount, AppointmentId, AppointmentStatus, AuthorisationId, BatchId, BillKind, BranchId,
    CampaignId, CardId, CustomerId, Fen, GoodsId, IdentityCheckId, Label, LoanId, Medium,
    NetAssetValue, Operation, OrderId, Place, ProductCode, ReturnId, ReturnKind, Scope, SessionId,
    ShieldKey, TokenNonce, TransferId, VoucherId, VoucherKind, overseas_pattern, seen_pattern,
};

pub fn text(pattern: &str, example: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(pattern))
        .examples([example])
        .build()
}

macro_rules! texts {
    ($($type:ident $name:literal $pattern:literal $example:literal)+) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                text($pattern, $example).into()
            }
        }
        impl ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
        }
    )+};
}

texts! {
    CustomerId "CustomerId" "^C[0-9]{12}$" "C000000000002"
    IdentityCheckId "IdentityCheckId" "^I[0-9]{12}$" "I000000000001"
    CardId "CardId" "^K[0-9]{12}$" "K000000000003"
    TransferId "TransferId" "^T[0-9]{12}$" "T000000000005"
    SessionId "SessionId" "^S[0-9]{12}$" "S000000000006"
    LoanId "LoanId" "^L[0-9]{12}$" "L000000000012"
    ReturnId "ReturnId" "^R[0-9]{12}$" "R000000000050"
    ProductCode "ProductCode" "^[0-9A-Z]{2,12}$" "W1"
    NetAssetValue "NetAssetValue" "^(0|[1-9][0-9]{0,3})(\\.[0-9]{1,4})?$" "1.0234"
    CalendarDay "CalendarDay" "^([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)$" "2026-06-09"
    Units "Units" "^[0-9]+\\.[0-9]{2}$" "977.13"
    AuthorisationId "AuthorisationId" "^A[0-9]{12}$" "A000000000007"
    GoodsId "GoodsId" "^G[0-9]{12}$" "G000000000008"
    OrderId "OrderId" "^O[0-9]{12}$" "O000000000009"
    BatchId "BatchId" "^W[0-9]{12}$" "W000000000010"
    VoucherId "VoucherId" "^V[0-9]{12}$" "V000000000704"
    CampaignId "CampaignId" "^P[0-9]{12}$" "P000000000012"
    BranchId "BranchId" "^B[0-9]{12}$" "B000000000013"
    AppointmentId "AppointmentId" "^Q[0-9]{12}$" "Q000000000014"
    Latitude "Latitude" "^-?(0{0,2}[0-9]|0?[1-8][0-9])(\\.[0-9]{1,6})?$|^-?0?90(\\.0{1,6})?$" "36.4567"
    Longitude "Longitude" "^-?(0{0,2}[0-9]|0?[1-9][0-9]|1[0-7][0-9])(\\.[0-9]{1,6})?$|^-?180(\\.0{1,6})?$" "115.9854"
    Account "AccountNumber" "^[0-9]{19}$" "6200001000000000033"
    TokenNonce "DeviceSerial" "^[0-9a-f]{32}$" "00112233445566778899aabbccddeeff"
    ShieldKey "ShieldKey" "^[0-9a-f]{64}$" "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    Token "Token" "^[0-9a-f]{64}$" "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
    AmountText "Amount" "^(?!0(\\.0{1,2})?$)(0|[1-9][0-9]{0,12})(\\.[0-9]{1,2})?$" "12.34"
    Yuan "Yuan" "^-?[0-9]+\\.[0-9]{2}$" "100.50"
    Moment "Moment" "^([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?\\+08:00$" "2026-06-09T10:00:00+08:00"
}

macro_rules! lines_of_text {
    ($($type:ident $name:literal $before:literal $characters_max:literal $example:literal)+) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let seen = seen_pattern();
                let pattern = format!(concat!("^", $before, "{}{{1,", $characters_max, "}}$"), seen);
                text(&pattern, $example).into()
            }
        }
        impl ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
        }
    )+};
}

lines_of_text! {
    Label "Label" "(?=.*\\S)" 64 "Li Ming"
    AddressLine "Address" "(?=.*\\S)" 120 "1 Century Avenue, Shanghai"
    Merchant "Merchant" "" 64 "Corner shop"
    Reason "Reason" "" 200 "Paid twice"
}

impl PartialSchema for Place {
    fn schema() -> RefOr<Schema> {
        let overseas = overseas_pattern();
        let pattern = format!("^((1[1-9]|[2-5][0-9]|6[0-5])[0-9]{{4}}|{overseas})$");
        text(&pattern, "371500").into()
    }
}

impl ToSchema for Place {}

impl PartialSchema for Operation {
    fn schema() -> RefOr<Schema> {
        let names = Self::ALL.iter().map(|operation| operation.name());
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.enum_values(Some(names)).build().into()
    }
}

impl ToSchema for Operation {}

/// The schema of an account's number.
pub fn account_number() -> RefOr<Schema> {
    Account::schema()
}

/// Stands for an account's number in schemas.
pub struct Account;

/// Stands for a secret token in schemas.
pub struct Token;

/// Stands for a geographical latitude in schemas.
pub struct Latitude;

/// Stands for a geographical longitude in schemas.
pub struct Longitude;

/// Stands for where a parcel goes in schemas.
pub struct AddressLine;

/// Stands for a shop's name in schemas.
pub struct Merchant;

/// Stands for why something is proposed in schemas.
pub struct Reason;

/// Stands for a calendar day in schemas.
pub struct CalendarDay;

/// Stands for units of a wealth product in answers' schemas.
pub struct Units;

/// Stands for a moment of business time in schemas.
pub struct Moment;

/// Money in answers: yuan with two decimals, and a sign where it may be negative.
#[derive(Clone, Debug)]
pub struct Yuan(i128);

impl From<Fen> for Yuan {
    fn from(fen: Fen) -> Self {
        Self(fen.0.into())
    }
}

impl From<Amount> for Yuan {
    fn from(amount: Amount) -> Self {
        amount.fen().into()
    }
}

/// Sums over all accounts may leave 64 bits.
impl From<i128> for Yuan {
    fn from(fen: i128) -> Self {
        Self(fen)
    }
}

impl Serialize for Yuan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(fen) = i64::try_from(self.0) {
            return serializer.serialize_str(Fen(fen).text().as_str());
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        serializer.collect_str(&format_args!("{sign}{}.{:02}", fen / 100, fen % 100))
    }
}

macro_rules! choices {
    ($($type:ident [$($name:literal),+])+) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some([$($name),+]))
                    .into()
            }
        }
        impl ToSchema for $type {}
    )+};
}

choices! {
    BillKind ["electricity", "broadband", "telecom", "tuition"]
    ReturnKind ["reversal", "refund"]
    Medium ["sms", "device", "shield"]
    AppointmentStatus ["booked", "kept", "no_show"]
    VoucherKind ["card", "voucher"]
    Scope ["sms", "device_online", "device_mobile", "shield"]
}
