//! Codes of RFC 4226's truncation and of RFC 6287 (OCRA), as far as this bank needs them: a challenge
//! and, where the suite ends in `T…`, a time step; no counter, PIN or session.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The bytes that a challenge is padded to (RFC 6287, 5.1).
const QUESTION_BYTES: usize = 128;

/// The code of a message's HMAC: so many decimal digits of its truncation.
fn code_of<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]], digits: u32) -> u32 {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    truncated(&mac.finalize().into_bytes(), digits)
}

/// Dynamic truncation (RFC 4226, 5.3) of a hash of at least 20 bytes to so many decimal digits.
fn truncated(hash: &[u8], digits: u32) -> u32 {
    let offset = usize::from(hash.last().map_or(0, |last| last & 0x0f));
    let word = hash[offset..]
        .iter()
        .take(4)
        .fold(0, |word: u32, byte| word << 8 | u32::from(*byte));
    (word & 0x7fff_ffff) % 10_u32.pow(digits)
}

/// A key of codes by HMAC-SHA256 over a message, in the manner of RFC 4226 and RFC 6238. What HMAC makes
/// of the key alone is made once, not again for each code.
pub struct HotpKey(Hmac<Sha256>);

impl HotpKey {
    /// A key of any length.
    pub fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// The code of a message in so many decimal digits.
    pub fn code(&self, message: &[u8], digits: u32) -> u32 {
        let mac = self.0.clone().chain_update(message);
        truncated(&mac.finalize().into_bytes(), digits)
    }
}

/// The OCRA code of a challenge by HMAC-SHA256.
pub fn ocra_sha256(
    key: &[u8],
    suite: &str,
    question: &[u8],
    time_step: Option<u64>,
    digits: u32,
) -> u32 {
    ocra::<Hmac<Sha256>>(key, suite, question, time_step, digits)
}

/// The OCRA code of a challenge: the suite, a zero byte, the challenge padded with zeros on the
/// right, and the time step where the suite has one.
fn ocra<M: Mac + KeyInit>(
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
    code_of::<M>(key, &[suite.as_bytes(), &[0], &padded, time], digits)
}

#[cfg(test)]
mod tests {
    //! The vectors were compared, figure by figure, with the RFCs as independent implementations
    //! repeat them: RFC 6287 with the tests of OATH Toolkit (`tst_ocra_algo.c`), RFC 6238 and RFC 4226
    //! with those of several libraries in other languages. All agreed.

    use sha2::Sha512;

    use super::*;

    const KEY_32: &[u8] = b"12345678901234567890123456789012";
    const KEY_64: &[u8] = b"1234567890123456789012345678901234567890123456789012345678901234";

    #[test]
    fn the_truncations_of_rfc_4226_appendix_d_come_out() {
        for (hash, code) in [
            ("cc93cf18508d94934c64b65d8ba7667fb7cde4b0", 755_224),
            ("75a48a19d4cbe100644e8ac1397eea747a2d33ab", 287_082),
            ("0bacb7fa082fef30782211938bc1c5e70416ff44", 359_152),
            ("66c28227d03a2d5529262ff016a1e6ef76557ece", 969_429),
            ("a904c900a64b35909874b33e61c5938a8e15ed1c", 338_314),
            ("a37e783d7b7233c083d4f62926c7a25f238d0316", 254_676),
            ("bc9cd28561042c83f219324d3c607256c03272ae", 287_922),
            ("a4fb960c0bc06e1eabb804e5b397cdc4b45596fa", 162_583),
            ("1b3c89f65e6c9e883012052823443f048b4332db", 399_871),
            ("1637409809a679dc698207310c8c7fc07290d9e5", 520_489),
        ] {
            let digit = |at: usize| u8::from_str_radix(&hash[at..at + 2], 16).unwrap();
            let bytes: Vec<u8> = (0..hash.len()).step_by(2).map(digit).collect();
            assert_eq!(truncated(&bytes, 6), code, "{hash}");
        }
    }

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
            assert_eq!(HotpKey::new(KEY_32).code(&step, 8), code, "{seconds}");
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
    fn the_codes_of_rfc_6287_appendix_c_with_a_time_step_come_out() {
        // They are for SHA-512, so they prove the message, which is the same for every hash.
        let step = Some(0x132_d0b6);
        // C.1; a question of digits is a number in hexadecimal, padded on the right.
        for (question, code) in [
            ("", 95_209_754),
            ("\u{a9}\u{8a}\u{c7}", 55_907_591),
            ("\u{15}\u{31}\u{58}\u{e0}", 22_048_402),
            ("\u{1f}\u{ca}\u{5}\u{50}", 24_218_844),
            ("\u{2a}\u{62}\u{b1}\u{c0}", 36_209_546),
        ] {
            let question: Vec<u8> = question.chars().map(|c| c as u8).collect();
            let suite = "OCRA-1:HOTP-SHA512-8:QN08-T1M";
            let found = ocra::<Hmac<Sha512>>(KEY_64, suite, &question, step, 8);
            assert_eq!(found, code, "{question:x?}");
        }
        // C.3, plain signature.
        for (question, code) in [
            ("SIG1000000", 77_537_423),
            ("SIG1100000", 31_970_405),
            ("SIG1200000", 10_235_557),
            ("SIG1300000", 95_213_541),
            ("SIG1400000", 65_360_607),
        ] {
            let suite = "OCRA-1:HOTP-SHA512-8:QA10-T1M";
            let found = ocra::<Hmac<Sha512>>(KEY_64, suite, question.as_bytes(), step, 8);
            assert_eq!(found, code, "{question}");
        }
    }
}
