//! Any text as an id, a number, a key, a name or a place: what is accepted has one spelling.
#![no_main]

use core_bank::rules::{
    AccountNumber, AuthorisationId, CardId, CustomerId, IdempotencyKey, IdentityCheckId, PersonName,
    Phone, Place, ResidentId, SessionId, ShieldKey, TokenDigest, TokenNonce, TransferId,
};
use libfuzzer_sys::fuzz_target;

macro_rules! one_spelling {
    ($text:expr, $($type:ident)+) => {$(
        if let Some(read) = $type::parse($text) {
            assert_eq!(read.to_string(), $text);
        }
    )+};
}

fuzz_target!(|text: &str| {
    one_spelling!(text, AccountNumber AuthorisationId CardId CustomerId IdempotencyKey);
    one_spelling!(text, IdentityCheckId SessionId ShieldKey TokenDigest TokenNonce TransferId);
    if let Some(place) = Place::parse(text) {
        assert_eq!(serde_json::json!(place), text);
    }
    if let Some(name) = PersonName::parse(text) {
        assert_eq!(String::from(name), text);
    }
    if let Some(phone) = Phone::parse(text) {
        assert_eq!(String::from(phone), text);
    }
    if ResidentId::parse(text).is_some() {
        assert_eq!(text.len(), 18);
    }
});
