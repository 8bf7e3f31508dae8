//! Codes of RFC 4226's truncation and of RFC 6287 (OCRA), as far as this bank needs them: a challenge
//! and, where the suite ends in `T…`, a time step; no counter, PIN or session.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The bytes that a challenge is padded to (RFC 6287, 5.1).
const QUESTION_BYTES: usize = 128;

/// Dynamic truncation (RFC 4226, 5.3) of a message's HMAC-SHA256 to so many decimal digits.
fn truncated(key: &[u8], parts: &[&[u8]], digits: u32) -> u32 {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    let hash: [u8; 32] = mac.finalize().into_bytes().into();
    let offset = usize::from(hash[31] & 0x0f);
    let word = hash[offset..]
        .iter()
        .take(4)
        .fold(0, |word: u32, byte| word << 8 | u32::from(*byte));
    (word & 0x7fff_ffff) % 10_u32.pow(digits)
}

/// The code of HMAC-SHA256 over a message, in the manner of RFC 4226 and RFC 6238.
pub fn hotp_sha256(key: &[u8], message: &[u8], digits: u32) -> u32 {
    truncated(key, &[message], digits)
}

/// The OCRA code of a challenge: the suite, a zero byte, the challenge padded with zeros on the
/// right, and the time step where the suite has one.
pub fn ocra_sha256(
    key: &[u8],
    suite: &str,
    question: &[u8],
    time_step: Option<u64>,
    digits: u32,
) -> u32 {
    let mut padded = [0; QUESTION_BYTES];
    let length = question.len().min(QUESTION_BYTES);
    padded[..length].copy_from_slice(&question[..length]);
    let step = time_step.map(u64::to_be_bytes);
    let time: &[u8] = step.as_ref().map_or(&[], |step| step);
    truncated(key, &[suite.as_bytes(), &[0], &padded, time], digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_32: &[u8] = b"12345678901234567890123456789012";

    #[test]
    fn the_codes_of_rfc_6238_appendix_b_for_sha_256_come_out() {
        for (seconds, code) in [
            (59_u64, 46_119_246),
            (1_111_111_109, 68_084_774),
            (1_111_111_111, 67_062_674),
            (1_234_567_890, 91_819_424),
            (2_000_000_000, 90_698_825),
            (20_000_000_000, 77_737_706),
        ] {
            let step = (seconds / 30).to_be_bytes();
            assert_eq!(hotp_sha256(KEY_32, &step, 8), code, "{seconds}");
        }
    }

    #[test]
    fn the_codes_of_rfc_6287_appendix_c_for_sha_256_come_out() {
        let suite = "OCRA-1:HOTP-SHA256-8:QA08";
        for (question, code) in [
            // C.2, the client's and the server's computation.
            ("CLI22220SRV11110", 28_247_970),
            ("CLI22221SRV11111", 1_984_843),
            ("CLI22222SRV11112", 65_387_857),
            ("CLI22223SRV11113", 3_351_211),
            ("CLI22224SRV11114", 83_412_541),
            ("SRV11110CLI22220", 15_510_767),
            ("SRV11111CLI22221", 90_175_646),
            ("SRV11112CLI22222", 33_777_207),
            ("SRV11113CLI22223", 95_285_278),
            ("SRV11114CLI22224", 28_934_924),
            // C.3, plain signature.
            ("SIG10000", 53_095_496),
            ("SIG11000", 4_110_475),
            ("SIG12000", 31_331_128),
            ("SIG13000", 76_028_668),
            ("SIG14000", 46_554_205),
        ] {
            let found = ocra_sha256(KEY_32, suite, question.as_bytes(), None, 8);
            assert_eq!(found, code, "{question}");
        }
    }

    #[test]
    fn a_time_step_takes_its_eight_bytes_after_the_challenge() {
        // RFC 6287 has vectors with a time step for SHA-512 only; the layout of its section 5.1 is
        // spelled out here by hand.
        let mut message = b"OCRA-1:HOTP-SHA256-6:QH64-T1M\0".to_vec();
        message.extend([0xab; 32]);
        message.extend([0; 96]);
        message.extend([0, 0, 0, 0, 1, 0x32, 0xd0, 0xb6]);
        let suite = "OCRA-1:HOTP-SHA256-6:QH64-T1M";
        let found = ocra_sha256(KEY_32, suite, &[0xab; 32], Some(0x132_d0b6), 6);
        assert_eq!(found, hotp_sha256(KEY_32, &message, 6));
    }
}
