//! Names of things. Every id that the bank hands out derives from the number of the journal record
//! that made the thing, so a replay hands out the same ids.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::register::RegisterKey;
use crate::digits::Digits;

/// Writes an id as its text for people and as its content for the journal, and reads nothing but
/// what it writes.
macro_rules! serde_as_text_or {
    ($name:ident, $content:ty) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.serialize_str(self.text().as_str())
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let found = if deserializer.is_human_readable() {
                    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                    Self::parse(&text)
                } else {
                    Self::of_content(<$content>::deserialize(deserializer)?)
                };
                found.ok_or_else(|| D::Error::custom(concat!("not a ", stringify!($name))))
            }
        }
    };
}

macro_rules! sequence_id {
    ($name:ident, $prefix:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The id of what journal record `seq` makes.
            pub const fn of_seq(seq: u64) -> Self {
                Self(seq)
            }

            /// The number of the journal record that made it.
            pub const fn seq(self) -> u64 {
                self.0
            }

            /// Reads the letter and twelve digits; any other text names nothing.
            pub fn parse(text: &str) -> Option<Self> {
                let digits = text.strip_prefix($prefix)?;
                let plain = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit());
                plain.then(|| digits.parse().ok().map(Self)).flatten()
            }

            /// The letter and twelve digits.
            pub fn text(self) -> Digits {
                let digits = Digits::new().decimal(self.0, 12);
                digits.character($prefix.as_bytes()[0])
            }

            fn of_content(seq: u64) -> Option<Self> {
                Some(Self(seq))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.text().as_str())
            }
        }

        serde_as_text_or!($name, u64);
    };
}

sequence_id!(CustomerId, "C", "A customer: `C` and twelve digits.");
sequence_id!(
    IdentityCheckId,
    "I",
    "One check of a person's identity document: `I` and twelve digits."
);
sequence_id!(CardId, "K", "A debit card: `K` and twelve digits.");
sequence_id!(TransferId, "T", "A transfer: `T` and twelve digits.");
sequence_id!(
    SessionId,
    "S",
    "A session, named without opening it: `S` and twelve digits."
);
sequence_id!(
    AuthorisationId,
    "A",
    "An authorisation that was asked for: `A` and twelve digits."
);

sequence_id!(LoanId, "L", "A loan: `L` and twelve digits.");
sequence_id!(
    ReturnId,
    "R",
    "A reversal or refund that was proposed: `R` and twelve digits."
);

sequence_id!(GoodsId, "G", "Goods of the mall: `G` and twelve digits.");
sequence_id!(OrderId, "O", "An order of the mall: `O` and twelve digits.");
sequence_id!(
    BatchId,
    "W",
    "A batch of welfare vouchers: `W` and twelve digits."
);
sequence_id!(
    VoucherId,
    "V",
    "A welfare voucher: `V` and twelve digits, which are its record's number times 64 and its place in it."
);
sequence_id!(CampaignId, "P", "A campaign: `P` and twelve digits.");
sequence_id!(BranchId, "B", "A branch: `B` and twelve digits.");
sequence_id!(
    AppointmentId,
    "Q",
    "An appointment at a branch: `Q` and twelve digits."
);

impl VoucherId {
    /// Vouchers that one record may make.
    pub const PER_RECORD: usize = 64;

    /// The id of the voucher that record `seq` makes at `place`, which is below
    /// [`Self::PER_RECORD`].
    pub fn of_place(seq: u64, place: usize) -> Self {
        Self(seq * Self::PER_RECORD as u64 + place as u64)
    }
}

/// A customer's account: nineteen digits, the last one the Luhn check digit (ISO/IEC 7812-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountNumber(u64);

/// Seven issuer digits that no bank uses, ahead of eleven digits of the record's number.
const ISSUER: u64 = 6_200_001;
const RECORDS_MAX: u64 = 100_000_000_000;

impl AccountNumber {
    /// The number of the account that journal record `seq` opens.
    pub fn of_seq(seq: u64) -> Self {
        let payload = ISSUER * RECORDS_MAX + seq % RECORDS_MAX;
        Self(payload * 10 + luhn_check_digit(payload))
    }

    /// Reads nineteen digits of this bank with a right check digit; any other text names nothing.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 19 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Self::of_content(text.parse().ok()?)
    }

    /// The number of these digits, when they are one of this bank with a right check digit.
    pub(super) fn of_content(number: u64) -> Option<Self> {
        let right =
            number / 10 / RECORDS_MAX == ISSUER && luhn_check_digit(number / 10) == number % 10;
        right.then_some(Self(number))
    }

    /// The last six digits, which a customer names to get a code.
    pub fn last_six(self) -> u32 {
        (self.0 % 1_000_000) as u32
    }

    /// The nineteen digits as a number.
    pub fn digits(self) -> u64 {
        self.0
    }

    /// The nineteen digits.
    pub fn text(self) -> Digits {
        Digits::new().decimal(self.0, 19)
    }
}

impl RegisterKey for AuthorisationId {
    fn number(self) -> u64 {
        self.0
    }
}

impl RegisterKey for AccountNumber {
    fn number(self) -> u64 {
        self.0
    }
}

impl RegisterKey for CustomerId {
    fn number(self) -> u64 {
        self.0
    }
}

impl RegisterKey for CardId {
    fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

serde_as_text_or!(AccountNumber, u64);

/// The digit that makes the Luhn sum of `payload` and itself a multiple of ten. Every account number
/// of a journal is checked as it is read, so the digits are taken four at a time.
fn luhn_check_digit(mut payload: u64) -> u64 {
    let mut sum = 0;
    while payload > 0 {
        sum += u64::from(LUHN_SUMS[(payload % 10_000) as usize]);
        payload /= 10_000;
    }
    (10 - sum % 10) % 10
}

/// The Luhn sums of all four digits, of which the last and the second are doubled. A number of them is
/// even, so any four digits of a payload are doubled alike.
static LUHN_SUMS: [u8; 10_000] = luhn_sums();

const fn luhn_sums() -> [u8; 10_000] {
    let mut sums = [0; 10_000];
    let mut digits = 0;
    while digits < sums.len() {
        let mut rest = digits;
        let mut doubled = true;
        while rest > 0 {
            let digit = rest % 10;
            let weighted = if doubled { digit * 2 } else { digit };
            sums[digits] += (weighted / 10 + weighted % 10) as u8;
            doubled = !doubled;
            rest /= 10;
        }
        digits += 1;
    }
    sums
}

macro_rules! hex_bytes {
    ($name:ident, $length:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl $name {
            /// Reads lower-case hexadecimal digits, two a byte.
            pub fn parse(text: &str) -> Option<Self> {
                let mut bytes = [0; $length];
                if text.len() != 2 * $length {
                    return None;
                }
                for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
                    *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
                }
                Some(Self(bytes))
            }

            /// Its hexadecimal digits.
            pub fn text(&self) -> Digits {
                let bytes = self.0.iter().rev();
                bytes.fold(Digits::new(), |digits, byte| {
                    digits.hexadecimal(u64::from(*byte), 2)
                })
            }

            fn of_content(bytes: [u8; $length]) -> Option<Self> {
                Some(Self(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.text().as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        serde_as_text_or!($name, [u8; $length]);
    };
}

hex_bytes!(
    TokenDigest,
    32,
    "The BLAKE3 digest of a device or session token; the token itself is never stored."
);
/// Digests are as good as random.
impl RegisterKey for TokenDigest {
    fn number(self) -> u64 {
        let (first, _) = self.0.split_first_chunk().unwrap_or((&[0; 8], &[]));
        u64::from_le_bytes(*first)
    }
}

hex_bytes!(
    TokenNonce,
    16,
    "The random number that a token is derived from with the bank's seal; worthless without it."
);
hex_bytes!(ShieldKey, 32, "The public key of a U-shield (Ed25519).");
hex_bytes!(
    Fingerprint,
    16,
    "The first 16 bytes of BLAKE3 over the route and the canonical body of a request."
);

impl Fingerprint {
    /// Its first eight bytes: enough to tell a repetition from another request under the same key.
    pub fn short(self) -> u64 {
        u128::from_le_bytes(self.0) as u64
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// The client's own name for one request: 1 to 64 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads a key; `None` when it is empty, too long, or not visible ASCII.
    pub fn parse(text: &str) -> Option<Self> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (visible && (1..=64).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    fn of_content(text: &str) -> Option<Self> {
        Self::parse(text)
    }

    /// The key of a part of the request. Whoever sends it on purpose meets the part of their own
    /// request, and is refused.
    #[must_use]
    pub fn of_part(&self, number: usize) -> Self {
        let digest = blake3::hash(self.0.as_bytes()).to_hex();
        Self(format!("{}/{number}", &digest.as_str()[..32]))
    }

    /// The key as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn text(&self) -> &String {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text_or!(IdempotencyKey, &str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_agrees_with_the_example_of_iso_7812() {
        // 7992739871 carries check digit 3: the worked example of the Luhn formula.
        assert_eq!(luhn_check_digit(7_992_739_871), 3);
    }

    #[test]
    fn an_account_number_reads_back_and_a_changed_digit_does_not() {
        let number = AccountNumber::of_seq(42);
        let text = number.to_string();
        assert_eq!(text.len(), 19);
        assert_eq!(AccountNumber::parse(&text), Some(number));
        for place in 0..19 {
            let mut wrong = text.clone().into_bytes();
            wrong[place] = b'0' + (wrong[place] - b'0' + 1) % 10;
            assert_eq!(
                AccountNumber::parse(&String::from_utf8(wrong).unwrap()),
                None
            );
        }
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = CustomerId::of_seq(7);
        assert_eq!(id.to_string(), "C000000000007");
        assert_eq!(CustomerId::parse("C000000000007"), Some(id));
        for wrong in [
            "",
            "C",
            "C7",
            "c000000000007",
            "C00000000000+7",
            "K000000000007",
        ] {
            assert_eq!(CustomerId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_is_visible_ascii_of_1_to_64_characters() {
        assert!(IdempotencyKey::parse(&"k".repeat(64)).is_some());
        for wrong in ["", " ", "a b", "a\n", "\u{e9}", &"k".repeat(65)] {
            assert_eq!(IdempotencyKey::parse(wrong), None, "{wrong:?}");
        }
    }
}
