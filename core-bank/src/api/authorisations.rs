//! Authorisations: asking for one, and reading what a transfer shows for it.

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{AdditionalProperties, ObjectBuilder, OneOfBuilder, Type},
    },
};

use super::{
    Service,
    bills::BillBody,
    endpoint::{Asked, Endpoint},
    mall,
    money::{payee_of, present},
    problem::Problem,
    request::{AmountText, well_formed},
    schemas::{Account, AddressLine, text},
    welfare,
};
use crate::{
    authentication::{device_step, shield_signed, transfer_text},
    rules::{
        AccountNumber, Action, AuthorisationId, GoodsId, Medium, MediumWish, Operation, Order,
        Payee, Phone, Proof, RefusalCode as Code, ShieldKey, Shown, TokenDigest, TokenNonce,
        VoucherKind, time_step,
    },
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::action("/v1/authorisations", Operation::Authorisation, ask)
            .applied(&["authorisation", "text"])
            .refuses(&[
                Code::AccountNotFound,
                Code::AccountClosed,
                Code::BillerNotFound,
                Code::SchoolNotListed,
                Code::SameAccount,
                Code::CardLost,
                Code::MediumNotFound,
                Code::MediumInsufficient,
                Code::MediumLocked,
                Code::SmsDetailsWrong,
            ])
            .refuses(mall::OF_ORDERS)
            .refuses(welfare::OF_BATCHES),
    ]
}

/// What a payment is authorised with, and the payment itself.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AuthorisationBody {
    medium: Medium,
    #[schema(value_type = Account)]
    from: String,
    /// Of a transfer.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(
        nullable = false,
        pattern = "^[0-9A-Za-z]{1,34}$",
        example = "6200001000000000033"
    )]
    to: Option<String>,
    amount: AmountText,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false, pattern = "^[0-9A-Z]{2,11}$", example = "CCB")]
    bank: Option<String>,
    /// In place of `to` and `bank`.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    bill: Option<BillBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"^\+?[0-9]{5,15}$", example = "13800000000")]
    phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9]{6}$", example = "000033")]
    account_tail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<TokenNonce>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shield: Option<ShieldKey>,
    /// Of an order of the mall, with the three that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<GoodsId>)]
    goods: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1000)]
    quantity: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    points: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AddressLine>)]
    address: Option<String>,
    /// Of a batch of welfare vouchers, with the two that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<VoucherKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    face_value: Option<AmountText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
}

impl AuthorisationBody {
    /// What is to be paid, by the members that only one kind of payment has.
    fn payee(&self) -> Result<Payee, Problem> {
        let order = (&self.goods, self.quantity, self.points, &self.address);
        let batch = (self.kind, &self.face_value, self.count);
        let no_order = order == (&None, None, None, &None);
        let no_batch = batch.0.is_none() && batch.1.is_none() && batch.2.is_none();
        match (&self.to, &self.bank, &self.bill) {
            (Some(to), bank, None) if no_order && no_batch => payee_of(to, bank.as_deref()),
            (None, None, Some(bill)) if no_order && no_batch => bill.payee(),
            (None, None, None) => match (order, batch) {
                ((Some(goods), Some(quantity), Some(points), Some(address)), _) if no_batch => {
                    mall::wish(goods, quantity, points, address)
                }
                (_, (Some(kind), Some(face_value), Some(count))) if no_order => {
                    welfare::wish(kind, face_value, count)
                }
                _ => one_payment(),
            },
            _ => one_payment(),
        }
    }

    fn wish(&self) -> Result<MediumWish, Problem> {
        let alone = |others: bool| (!others).then_some(());
        let only = "the medium's own members alone";
        match self.medium {
            Medium::Sms => {
                well_formed(
                    "medium",
                    only,
                    alone(self.device.is_some() || self.shield.is_some()),
                )?;
                let phone = self.phone.as_deref().and_then(Phone::parse);
                let form = "the phone that is to get the code";
                let phone = well_formed("phone", form, phone)?;
                let tail = self.account_tail.as_deref().and_then(six_digits);
                let form = "the last six digits of the account";
                let tail = well_formed("account_tail", form, tail)?;
                Ok(MediumWish::Sms { phone, tail })
            }
            Medium::Device | Medium::Shield => {
                let details = self.phone.is_some() || self.account_tail.is_some();
                well_formed("medium", only, alone(details))?;
                match (self.medium, self.device, self.shield) {
                    (Medium::Device, Some(serial), None) => Ok(MediumWish::Device(serial)),
                    (Medium::Shield, None, Some(key)) => Ok(MediumWish::Shield(key)),
                    _ => well_formed("medium", "one whose `device` or `shield` is named", None),
                }
            }
        }
    }
}

fn one_payment() -> Result<Payee, Problem> {
    let form =
        "there alone, with `bank`, or replaced by `bill`, by an order's or a batch's members";
    well_formed("to", form, None)
}

fn six_digits(text: &str) -> Option<u32> {
    let plain = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn ask(body: &AuthorisationBody, _: &Asked) -> Result<Action, Problem> {
    Ok(Action::AskAuthorisation {
        wish: body.wish()?,
        order: Order {
            from: AccountNumber::parse(&body.from),
            payee: body.payee()?,
            amount: body.amount.amount()?,
        },
    })
}

/// What a payment is shown to be authorised with: `code` alone is a message's, with `device` a device's;
/// `shield` and `signature` belong together.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownBody {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<TokenNonce>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shield: Option<ShieldKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

/// One form for each medium.
impl PartialSchema for ShownBody {
    fn schema() -> RefOr<Schema> {
        let code = || text("^[0-9]{6}$", "123456");
        let form = |title: &str, members: Vec<(&str, RefOr<Schema>)>| {
            let mut object = ObjectBuilder::new()
                .schema_type(Type::Object)
                .title(Some(title))
                .property("id", AuthorisationId::schema())
                .required("id")
                .additional_properties(Some(AdditionalProperties::FreeForm(false)));
            for (name, schema) in members {
                object = object.property(name, schema).required(name);
            }
            object
        };
        OneOfBuilder::new()
            .item(form("SMS", vec![("code", code().into())]))
            .item(form(
                "E-cipher device",
                vec![("code", code().into()), ("device", TokenNonce::schema())],
            ))
            .item(form(
                "U-shield",
                vec![
                    ("shield", ShieldKey::schema()),
                    (
                        "signature",
                        text("^[0-9a-f]{128}$", &"0".repeat(128)).into(),
                    ),
                ],
            ))
            .into()
    }
}

impl ToSchema for ShownBody {}

fn signature_of(text: &str) -> Option<[u8; 64]> {
    let (first, second) = text.split_at_checked(64)?;
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&TokenDigest::parse(first)?.0);
    bytes[32..].copy_from_slice(&TokenDigest::parse(second)?.0);
    Some(bytes)
}

/// What became of what was shown for an order.
pub enum Checked {
    /// It is known what it proves.
    Done(Shown),
    /// A signature takes long enough to be checked elsewhere.
    Signed(Signed),
}

/// A signature over an order that is yet to be checked.
pub struct Signed {
    id: Option<AuthorisationId>,
    text: String,
    key: ShieldKey,
    signature: [u8; 64],
}

/// Checks what was shown for an order, before the writer's queue. An authorisation that is no id
/// proves nothing, and is not found later.
pub fn check(service: &Service, shown: &ShownBody, order: &Order) -> Result<Checked, Problem> {
    let id = AuthorisationId::parse(&shown.id);
    let text = id.map(|id| transfer_text(id, order)).unwrap_or_default();
    let proof = match (&shown.code, shown.device, shown.shield, &shown.signature) {
        (Some(code), None, None, None) => Proof::Sms {
            right: id.is_some() && service.access.sms_key().code(&text).as_str() == code,
        },
        (Some(code), Some(serial), None, None) => {
            let secret = service.access.device_secret(serial);
            let now = time_step(service.clock.now());
            let step = id.and_then(|_| device_step(&secret, &text, now, code));
            Proof::Device { serial, step }
        }
        (None, None, Some(key), Some(signature)) => {
            let form = "an Ed25519 signature in 128 hexadecimal digits";
            let signature = well_formed("signature", form, signature_of(signature))?;
            return Ok(Checked::Signed(Signed {
                id,
                text,
                key,
                signature,
            }));
        }
        _ => {
            let form =
                "`id` with `code`, with `code` and `device`, or with `shield` and `signature`";
            return well_formed("authorisation", form, None);
        }
    };
    Ok(Checked::Done(Shown { id, proof }))
}

impl Signed {
    /// Checks it on the bounded pool.
    pub async fn check(self, service: &Service) -> Result<Shown, Problem> {
        let Self {
            id,
            text,
            key,
            signature,
        } = self;
        let proof = move || shield_signed(key, &text, &signature);
        let right = id.is_some() && service.proofs.check(proof).await?;
        let proof = Proof::Shield { key, right };
        Ok(Shown { id, proof })
    }
}
