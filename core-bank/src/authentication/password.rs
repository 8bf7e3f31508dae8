//! Passwords: Argon2id (RFC 9106) with 7 MiB and 5 passes.

use argon2::{Algorithm, Argon2, Params, Version};

use crate::rules::PasswordHash;

const MEMORY_KIB: u32 = 7 * 1024;
const PASSES: u32 = 5;

/// Whether a password may be set: it has 8 to 64 characters.
pub fn may_be_password(text: &str) -> bool {
    (8..=64).contains(&text.chars().count())
}

/// The hash of a password and a salt; `None` where the machine has no memory for it.
pub fn hash_password(password: &str, salt: [u8; 16]) -> Option<PasswordHash> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).ok()?;
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), &salt, &mut hash)
        .ok()?;
    Some(PasswordHash { salt, hash })
}

/// Whether it is the password. Without one to compare with it takes as long, and is not.
pub fn is_password(password: &str, held: Option<PasswordHash>) -> bool {
    let salt = held.map_or([0; 16], |held| held.salt);
    let shown = hash_password(password, salt);
    match (shown, held) {
        // Hashes of BLAKE3 are compared in constant time.
        (Some(shown), Some(held)) => blake3::hash(&shown.hash) == blake3::hash(&held.hash),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by argon2-cffi 25.1.0, which is the C reference implementation: `hash_secret_raw` with
    /// `time_cost=5, memory_cost=7168, parallelism=1, hash_len=32, type=ID, version=19`.
    const OF_REFERENCE: &str = "1276cceff3df9a734aa1433d35c95ce4d9eb1fc8220955f95758b5ff263be108";

    #[test]
    fn the_hash_is_argon2id_with_7_mib_and_5_passes() {
        let held = hash_password("correct horse", [3; 16]).unwrap();
        let hex = held.hash.map(|byte| format!("{byte:02x}")).concat();
        assert_eq!(hex, OF_REFERENCE);
    }

    #[test]
    fn a_password_is_itself_and_nothing_else() {
        let held = hash_password("correct horse", [3; 16]);
        assert!(is_password("correct horse", held));
        assert!(!is_password("correct horse ", held));
        assert!(!is_password("correct horse", None));
        assert_ne!(held, hash_password("correct horse", [4; 16]));
    }
}
