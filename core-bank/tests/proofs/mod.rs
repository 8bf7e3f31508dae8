//! What a device shows and a U-shield signs, made by the test itself from the documentation.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::bank_process::Client;

/// The text that proofs are made over, as the documentation spells it.
pub fn text_of(id: &str, transfer: &Value) -> String {
    let part = |member: &str| transfer[member].as_str().unwrap_or_default();
    format!(
        "branchlab-transfer-1\n{id}\n{}\n{}\n{}\n{}\n",
        part("from"),
        part("bank"),
        part("to"),
        part("amount"),
    )
}

/// Bytes as their digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Digits as their bytes.
pub fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

/// What a device displays: RFC 6287 with the suite OCRA-1:HOTP-SHA256-6:QH64-T1M, by hand.
pub fn device_code(secret: &[u8], text: &str, step: u64) -> String {
    let mut message = b"OCRA-1:HOTP-SHA256-6:QH64-T1M\0".to_vec();
    message.extend(Sha256::digest(text.as_bytes()));
    message.extend([0; 96]);
    message.extend(step.to_be_bytes());
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(&message);
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[31] & 15);
    let word = u32::from_be_bytes(hash[at..at + 4].try_into().unwrap());
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// Asks for the authorisation of a transfer by a medium: its id.
pub fn ask(client: &mut Client, session: &str, transfer: &Value, medium: &Value) -> String {
    let mut wish = transfer.clone();
    for (member, value) in medium.as_object().unwrap() {
        wish[member] = value.clone();
    }
    let asked = client
        .post(session, "/v1/authorisations", &wish)
        .expect(201);
    let id = asked.text("authorisation");
    assert_eq!(asked.text("text"), text_of(&id, transfer));
    id
}
