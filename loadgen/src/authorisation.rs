//! How customers authorise a transfer out of their own session: they ask for an
//! authorisation and prove it by a code from a message, a code of their e-cipher
//! device, or a signature of their U-shield. Written from the bank's documentation,
//! with none of its code.

use crate::bank_api::Customer;
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use scenarios::operation::{Channel, Medium};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The most that messages authorise in a day, in fen.
const SMS_DAILY_FEN: i64 = 1_000_000;
/// The most that a device authorises at once in the mobile bank, in fen.
const DEVICE_AT_ONCE_FEN: i64 = 20_000_000;
/// The device's OCRA suite.
const SUITE: &[u8] = b"OCRA-1:HOTP-SHA256-6:QH64-T1M\0";
/// The bytes that its challenge is padded to.
const CHALLENGE_BYTES: usize = 128;
/// Seconds of its time step.
const STEP_SECONDS: i64 = 60;

/// What a customer needs who makes so many transfers of so much in all and does not say with
/// what: the device shows one code a minute, so it is for who pays once.
pub fn medium_for(count: u64, sum_fen: i64) -> Medium {
    if sum_fen <= SMS_DAILY_FEN {
        Medium::Sms
    } else if count == 1 && sum_fen <= DEVICE_AT_ONCE_FEN {
        Medium::Device
    } else {
        Medium::Shield
    }
}

/// With what this customer authorises a payment on a channel: with what the plan names, with
/// messages in the messenger, else with the best that they have.
pub fn medium(customer: &Customer, channel: Channel, named: Option<Medium>) -> Medium {
    named.unwrap_or(match (&customer.device, &customer.shield) {
        _ if channel == Channel::Messenger => Medium::Sms,
        (Some(_), _) => Medium::Device,
        (None, Some(_)) => Medium::Shield,
        (None, None) => Medium::Sms,
    })
}

/// An e-cipher device.
#[derive(Clone)]
pub struct Device {
    pub serial: String,
    pub secret: Vec<u8>,
}

impl std::fmt::Debug for Device {
    /// Secrets stay out of logs.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Device(…)")
    }
}

impl Device {
    /// From the bank's words.
    pub fn read(serial: &str, secret: &str) -> Option<Self> {
        let serial = serial.to_owned();
        Some(Self {
            serial,
            secret: bytes(secret)?,
        })
    }

    /// The six digits that it shows for a text at a second of 1970's count.
    pub fn code(&self, text: &str, second: i64) -> String {
        let mut challenge = Sha256::digest(text.as_bytes()).to_vec();
        challenge.resize(CHALLENGE_BYTES, 0);
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of any length");
        mac.update(SUITE);
        mac.update(&challenge);
        mac.update(&(second.div_euclid(STEP_SECONDS)).to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let offset = usize::from(hash[31] & 15);
        let word: u32 = hash[offset..offset + 4]
            .iter()
            .fold(0, |word, byte| word << 8 | u32::from(*byte));
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }
}

/// The U-shield of a customer of a run: its key derives from their names.
pub fn shield(run: &str, customer: &str) -> SigningKey {
    let mut hasher = blake3::Hasher::new();
    for part in ["shield", run, customer] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    SigningKey::from_bytes(hasher.finalize().as_bytes())
}

/// What the bank is told to hand out the medium, and where: nothing for SMS.
pub fn issue(medium: Medium, customer: &Customer) -> Option<(&'static str, Value)> {
    let mut body = customer.identified();
    match medium {
        Medium::Sms => None,
        Medium::Device => Some(("/v1/media/devices", body)),
        Medium::Shield => {
            let key = customer.shield.as_ref()?.verifying_key();
            body["public_key"] = json!(hex(key.as_bytes()));
            Some(("/v1/media/shields", body))
        }
    }
}

/// The question for an authorisation of a transfer, whose members it repeats; none if the customer
/// does not have the medium.
pub fn question(customer: &Customer, medium: Medium, transfer: &Value) -> Option<Value> {
    let mut body = transfer.clone();
    body["medium"] = json!(medium.name());
    match medium {
        Medium::Device => body["device"] = json!(customer.device.as_ref()?.serial),
        Medium::Shield => {
            let key = customer.shield.as_ref()?.verifying_key();
            body["shield"] = json!(hex(key.as_bytes()));
        }
        Medium::Sms => {
            let account = customer.account.as_deref().unwrap_or_default();
            let tail = account.len().saturating_sub(6);
            body["phone"] = json!(customer.phone);
            body["account_tail"] = json!(account.get(tail..).unwrap_or_default());
        }
    }
    Some(body)
}

/// Where the proof of an authorisation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The message in the bank's outbox.
    Outbox,
    /// The device, which needs the bank's time.
    Clock,
    /// The U-shield, which needs nothing.
    Key,
}

/// Where a medium's proofs come from.
pub fn source(medium: Medium) -> Source {
    match medium {
        Medium::Device => Source::Clock,
        Medium::Shield => Source::Key,
        Medium::Sms => Source::Outbox,
    }
}

/// The proof that a transfer shows; `told` is the code of the message or the bank's
/// time in seconds, whichever the source gave.
pub fn proof(customer: &Customer, id: &str, text: &str, told: &Told) -> Option<Value> {
    Some(match told {
        Told::Code(code) => json!({"id": id, "code": code}),
        Told::Second(second) => {
            let device = customer.device.as_ref()?;
            json!({"id": id, "device": device.serial, "code": device.code(text, *second)})
        }
        Told::Nothing => {
            let key = customer.shield.as_ref()?;
            json!({
                "id": id,
                "shield": hex(key.verifying_key().as_bytes()),
                "signature": hex(&key.sign(text.as_bytes()).to_bytes()),
            })
        }
    })
}

/// What the source of a proof gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The message's code.
    Code(String),
    /// The bank's time.
    Second(i64),
    /// Nothing was asked.
    Nothing,
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks_exact(2).map(byte).collect())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_medium_suffices_for_the_payments() {
        for (count, yuan, medium) in [
            (1, 10_000, Medium::Sms),
            (10, 10_000, Medium::Sms),
            (1, 10_001, Medium::Device),
            (1, 200_000, Medium::Device),
            (2, 10_001, Medium::Shield),
            (1, 200_001, Medium::Shield),
        ] {
            assert_eq!(medium_for(count, yuan * 100), medium, "{yuan}");
        }
    }

    #[test]
    fn hexadecimal_digits_read_back() {
        assert_eq!(bytes(&hex(&[0, 171, 255])), Some(vec![0, 171, 255]));
        assert_eq!(bytes("abc"), None);
        assert_eq!(bytes("xy"), None);
    }

    #[test]
    fn a_shield_signs_the_text_and_belongs_to_its_customer() {
        let key = shield("run", "li");
        let signature = key.sign(b"text");
        assert!(
            key.verifying_key()
                .verify_strict(b"text", &signature)
                .is_ok()
        );
        assert_ne!(key.to_bytes(), shield("run", "wang").to_bytes());
    }
}
