//! The six digits that a customer types: from the phone's message or the device's display.

use sha2::{Digest as _, Sha256};

use super::ocra::{HotpKey, ocra_sha256};
use crate::digits::Digits;

/// The device's suite in the words of RFC 6287: six digits, a challenge of 64 hexadecimal digits, a
/// time step of one minute.
const SUITE: &str = "OCRA-1:HOTP-SHA256-6:QH64-T1M";

/// The key of the codes that the bank sends.
pub struct SmsKey(HotpKey);

impl SmsKey {
    /// The key of these bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(HotpKey::new(key))
    }

    /// The code that the bank sends for this payment: six digits of HMAC-SHA256 over its text, so that
    /// a code for one payment is none for another.
    pub fn code(&self, text: &str) -> Digits {
        let code = self.0.code(text.as_bytes(), 6);
        Digits::new().decimal(code.into(), 6)
    }
}

/// The code that a device shows for this payment within a time step: its challenge is the SHA-256 of
/// the payment's text.
pub fn device_code(secret: &[u8; 32], text: &str, step: u64) -> String {
    let challenge = Sha256::digest(text.as_bytes());
    format!(
        "{:06}",
        ocra_sha256(secret, SUITE, &challenge, Some(step), 6)
    )
}

/// The time step that a shown code belongs to: that of `now` or a neighbour, because clocks differ
/// and people take their time. All three are computed, so the time it takes tells nothing.
pub fn device_step(secret: &[u8; 32], text: &str, now: u64, code: &str) -> Option<u64> {
    let steps = [now.saturating_sub(1), now, now.saturating_add(1)];
    steps
        .map(|step| (device_code(secret, text, step) == code).then_some(step))
        .into_iter()
        .flatten()
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_devices_code_counts_in_its_own_step_and_beside_it() {
        let secret = [7; 32];
        let code = device_code(&secret, "text", 100);
        for (now, step) in [
            (98, None),
            (99, Some(100)),
            (100, Some(100)),
            (101, Some(100)),
            (102, None),
        ] {
            assert_eq!(device_step(&secret, "text", now, &code), step, "{now}");
        }
        assert_eq!(device_step(&secret, "other text", 100, &code), None);
        assert_eq!(device_step(&[8; 32], "text", 100, &code), None);
        assert_eq!(device_step(&secret, "text", 100, ""), None);
    }

    #[test]
    fn a_messages_code_is_six_digits_of_its_own_payment() {
        let code = |key: [u8; 32], text: &str| SmsKey::new(&key).code(text).as_str().to_owned();
        let first = code([1; 32], "text");
        assert!(first.len() == 6 && first.bytes().all(|byte| byte.is_ascii_digit()));
        assert_ne!(first, code([2; 32], "text"));
        assert_ne!(first, code([1; 32], "text."));
    }
}
