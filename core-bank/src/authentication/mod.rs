//! Proofs: what a customer shows is checked here, before the writer's queue, so that the writer never
//! computes a hash or a signature for anybody. The rules then decide what a right or wrong proof is
//! worth.

mod code;
mod ocra;
mod password;
mod pool;
mod transfer_text;

pub use code::{SmsKey, device_step};
pub use password::{hash_password, is_password, may_be_password};
pub use pool::ProofPool;
pub use transfer_text::transfer_text;

use ed25519_dalek::{Signature, VerifyingKey};

use crate::rules::ShieldKey;

/// Whether the U-shield of this public key signed the text: Ed25519 (RFC 8032), with weak keys and
/// signatures that others could bend refused.
pub fn shield_signed(key: ShieldKey, text: &str, signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(&key.0).is_ok_and(|key| {
        key.verify_strict(text.as_bytes(), &Signature::from_bytes(signature))
            .is_ok()
    })
}

/// Whether these bytes are a public key that a U-shield may have.
pub fn is_shield_key(key: ShieldKey) -> bool {
    is_canonical(&key.0) && VerifyingKey::from_bytes(&key.0).is_ok_and(|key| !key.is_weak())
}

/// Whether a point's coordinate is below 2^255 - 19, as RFC 8032, 5.1.3, asks; two spellings of one
/// key would be two U-shields.
fn is_canonical(point: &[u8; 32]) -> bool {
    let high = point[31] & 0x7f == 0x7f && point[1..31].iter().all(|byte| *byte == 0xff);
    !(high && point[0] >= 0xed)
}
