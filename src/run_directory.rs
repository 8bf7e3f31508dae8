//! The folder a run is written to, and what is in it.

use crate::exit::Failure;
use anyhow::Context;
use std::fs;
use std::path::{Path, PathBuf};

/// A run directory that is ours to write.
pub struct RunDirectory(PathBuf);

impl RunDirectory {
    /// Makes `out`, or the next free `runs/<name>-<number>`. A folder with a run
    /// in it is never overwritten.
    pub fn make(out: Option<&Path>, name: &str) -> Result<Self, Failure> {
        match out {
            Some(path) => Self::make_given(path),
            None => Self::make_next(name),
        }
    }

    fn make_given(path: &Path) -> Result<Self, Failure> {
        if path.is_file() {
            return Err(Failure::usage(format!(
                "--out {}: this is a file; name a folder for the run",
                path.display()
            )));
        }
        let occupied = ["summary.json", "scenario.toml", "bank"]
            .iter()
            .any(|entry| path.join(entry).exists());
        if occupied {
            return Err(Failure::usage(format!(
                "--out {}: there is a run in this folder already; name another folder or remove it",
                path.display()
            )));
        }
        fs::create_dir_all(path)
            .with_context(|| format!("cannot make the run directory {}", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    fn make_next(name: &str) -> Result<Self, Failure> {
        let runs = Path::new("runs");
        fs::create_dir_all(runs).context("cannot make the folder runs")?;
        for number in 1..1_000_000_u32 {
            let path = runs.join(format!("{name}-{number}"));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(anyhow::Error::new(error)
                        .context(format!("cannot make the run directory {}", path.display()))
                        .into());
                }
            }
        }
        Err(Failure::usage(
            "the folder runs is full; name another with --out",
        ))
    }

    /// A folder in it, for a part of the run.
    pub fn inside(&self, name: &str) -> anyhow::Result<Self> {
        let path = self.file(name);
        fs::create_dir_all(&path)
            .with_context(|| format!("cannot make the folder {}", path.display()))?;
        Ok(Self(path))
    }

    /// The path of a file or folder in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Copies a file into it.
    pub fn copy(&self, from: &Path, name: &str) -> anyhow::Result<()> {
        let to = self.file(name);
        fs::copy(from, &to)
            .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
        Ok(())
    }

    /// Writes a file whole: a reader sees the old one or the new one, never half.
    pub fn write(&self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        let part = self.file(&format!(".{name}.part"));
        let written = fs::write(&part, content).and_then(|()| fs::rename(&part, self.file(name)));
        if written.is_err() {
            // Best effort: the error that matters is the one reported below.
            let _ = fs::remove_file(&part);
        }
        written.with_context(|| format!("cannot write {}", self.file(name).display()))
    }
}
