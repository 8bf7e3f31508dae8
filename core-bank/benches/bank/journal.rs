//! The journal alone beside what the disk does with the same bytes.

use std::{fs::File, io::Write as _, path::Path, time::Instant};

use core_bank::{
    journal::{ChainHash, Journal, Record, SqliteJournal, encode_group},
    rules::{AccountNumber, State},
};

use crate::replay::transfer;

const GROUP: usize = 64;
const GROUPS: usize = 300;

/// Groups a second of 64 transfers: by the journal, and as a bare append with fdatasync.
pub fn groups_a_second(folder: &Path, mut state: State, accounts: &[AccountNumber]) -> (f64, f64) {
    // A journal of its own, so its records begin anew.
    let mut groups: Vec<Vec<Record>> = Vec::new();
    let mut seq = 0;
    for number in 0..GROUPS {
        let mut group = Vec::new();
        for place in 0..GROUP {
            let at = (number * GROUP + place) * 37;
            let (from, to) = (at % accounts.len(), (at + 11) % accounts.len());
            let mut record = transfer(&state, accounts[from], accounts[to]);
            record.fold_into(&mut state).unwrap().unwrap();
            seq += 1;
            record.seq = seq;
            group.push(record);
        }
        groups.push(group);
    }
    let path = folder.join("journal-alone.sqlite");
    let mut journal = SqliteJournal::open(&path).unwrap();
    let began = Instant::now();
    for group in &groups {
        journal.append(group[0].seq - 1, group).unwrap();
        journal.tidy().unwrap();
    }
    let ours = GROUPS as f64 / began.elapsed().as_secs_f64();
    drop(journal);
    let bytes: Vec<Vec<u8>> = groups
        .iter()
        .map(|group| encode_group(ChainHash::GENESIS, group).unwrap().0)
        .collect();
    let mut file = File::create(folder.join("bare")).unwrap();
    let began = Instant::now();
    for group in &bytes {
        file.write_all(group).unwrap();
        file.sync_data().unwrap();
    }
    let bare = GROUPS as f64 / began.elapsed().as_secs_f64();
    for name in ["journal-alone.sqlite", "bare"] {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    (ours, bare)
}
