//! What the disk can do: 4 KiB appended to a growing file and synced, again and again.

use std::{fs::File, io::Write as _, path::Path, time::Instant};

/// Quantiles of one append with `fdatasync`, in microseconds.
#[derive(Clone, Copy)]
pub struct Probe {
    pub p50: f64,
    pub p99: f64,
}

const APPENDS: usize = 2_000;

pub fn probe(folder: &Path) -> Probe {
    let path = folder.join("probe");
    let mut file = File::create(&path).unwrap();
    let mut micros: Vec<f64> = (0..APPENDS)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&[7; 4_096]).unwrap();
            file.sync_data().unwrap();
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    std::fs::remove_file(path).unwrap();
    micros.sort_by(f64::total_cmp);
    Probe {
        p50: micros[APPENDS / 2],
        p99: micros[APPENDS * 99 / 100],
    }
}
