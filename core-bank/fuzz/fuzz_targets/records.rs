//! Any bytes as a group of the journal: read or refused, never a panic; what reads is written again as
//! it was, and folds or misfits.
#![no_main]

use bytes::Bytes;
use core_bank::{
    journal::{ChainHash, decode_group, encode_group},
    rules::State,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(links) = decode_group(1, Bytes::copy_from_slice(bytes)) else {
        return;
    };
    let records: Vec<_> = links.into_iter().map(|link| link.record).collect();
    let (written, _) = encode_group(ChainHash::GENESIS, &records).expect("what was read is written");
    let again = decode_group(1, Bytes::from(written.clone())).expect("what was written reads");
    assert_eq!(again.len(), records.len());
    let mut state = State::default();
    for (link, record) in again.iter().zip(&records) {
        assert_eq!(&link.record, record);
        if record.fold_into(&mut state).is_err() {
            return;
        }
    }
});
