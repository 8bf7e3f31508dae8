//! A file that a tool is asked to write: under another name beside it until it is whole, so that neither half
//! a file nor what a failed tool left is ever found under its name.

use crate::exit::Failure;
use anyhow::Context;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A new file that only its owner may read. It goes with this value, unless it gets its name.
pub struct NewFile {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
}

impl NewFile {
    /// Begins one. A file that is there is not overwritten.
    pub fn begin(path: &Path) -> Result<Self, Failure> {
        let cannot = || format!("{} cannot be made", path.display());
        let name = path.file_name().with_context(cannot)?;
        if path.symlink_metadata().is_ok() {
            let there = format!("{} is there already: name a new file", path.display());
            return Err(Failure::Other(anyhow::anyhow!(there)));
        }
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let mut prefix = name.to_owned();
        prefix.push(".");
        let begun = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(".unfinished")
            .tempfile_in(folder.unwrap_or(Path::new(".")));
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(begun.with_context(cannot)?),
        })
    }

    /// Makes durable what was written.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().as_file().sync_all()
    }

    /// Makes it durable, and gives it its name.
    pub fn end(mut self) -> Result<(), Failure> {
        let cannot = || format!("{} cannot be written", self.path.display());
        self.file.flush().with_context(cannot)?;
        self.file
            .get_ref()
            .as_file()
            .sync_all()
            .with_context(cannot)?;
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error);
        let file = file.with_context(cannot)?;
        file.persist_noclobber(&self.path).with_context(cannot)?;
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
