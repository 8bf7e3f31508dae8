//! Gives snapshots the fingerprint of the rules that made them: a snapshot of other rules is not
//! believed, so nobody has to remember to raise a version when a table of the state changes.

use std::{fs, io, path::PathBuf};

fn main() -> io::Result<()> {
    let rules = PathBuf::from("src/rules");
    let mut files: Vec<PathBuf> = fs::read_dir(&rules)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for file in files {
        hasher.update(file.to_string_lossy().as_bytes());
        hasher.update(&fs::read(&file)?);
    }
    println!("cargo::rerun-if-changed={}", rules.display());
    println!(
        "cargo::rustc-env=RULES_FINGERPRINT={}",
        hasher.finalize().to_hex()
    );
    Ok(())
}
