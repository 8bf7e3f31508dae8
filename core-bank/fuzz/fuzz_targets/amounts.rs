//! Any text as an amount: what is accepted is one exact number of fen, as another parser reads it.
#![no_main]

use core_bank::rules::Amount;
use libfuzzer_sys::fuzz_target;
use rust_decimal::Decimal;

fuzz_target!(|text: &str| {
    let Ok(amount) = Amount::parse(text) else {
        return;
    };
    let fen = amount.fen().0;
    assert!((1..=999_999_999_999_999).contains(&fen));
    let read = Decimal::from_str_exact(text).expect("a decimal number");
    assert_eq!(read, Decimal::new(fen, 2), "{text:?}");
    assert_eq!(Amount::parse(&amount.to_string()), Ok(amount));
});
