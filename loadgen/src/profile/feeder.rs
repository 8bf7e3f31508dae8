//! Feeders: rows of a CSV file, one for each session. A file that is taken in turn is
//! read as it goes and never held; only one that is drawn from at random is.

use crate::error::LoadError;
use crate::placed::{Document, Fault, whole_file};
use csv::StringRecord;
use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;

/// How rows are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// From the first to the last, and then from the first again.
    #[default]
    InTurn,
    /// Each once; the run ends when there is none left.
    Once,
    /// Drawn, each as likely as any other.
    AtRandom,
}

/// One `[feeders.NAME]` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    file: Spanned<String>,
    #[serde(default)]
    take: Take,
}

/// A feeder that has been looked at.
#[derive(Debug, Clone)]
pub struct Feeder {
    pub name: String,
    pub columns: Vec<String>,
    path: PathBuf,
    take: Take,
}

impl Feeder {
    /// Looks at its file: it must have columns and a row.
    pub fn read(document: &Document, name: &str, table: &Table) -> Result<Self, Fault> {
        let path = document.beside(table.file.get_ref());
        let bad =
            |why: String| document.at(&table.file, format!("the feeder {}: {why}", path.display()));
        let mut reader = open(&path).map_err(|error| bad(error.to_string()))?;
        let columns = reader.headers().map_err(|error| bad(error.to_string()))?;
        let columns: Vec<String> = columns.iter().map(|it| it.trim().to_owned()).collect();
        let mut row = StringRecord::new();
        match reader.read_record(&mut row) {
            Ok(true) => {}
            Ok(false) => return Err(bad("it has no row".to_owned())),
            Err(error) => return Err(bad(error.to_string())),
        }
        Ok(Self {
            name: name.to_owned(),
            columns,
            path,
            take: table.take,
        })
    }

    /// A hash of its name and of its file as it is now.
    pub fn hash(&self) -> Result<blake3::Hash, LoadError> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(self.name.len() as u64).to_le_bytes());
        hasher.update(self.name.as_bytes());
        let file = File::open(&self.path).map_err(|error| self.broken(&error))?;
        let read = hasher.update_reader(file);
        read.map_err(|error| self.broken(&error))?;
        Ok(hasher.finalize())
    }

    /// Its rows from the first.
    pub fn rows(&self) -> Result<Rows, LoadError> {
        let held = match self.take {
            Take::AtRandom => self.all()?,
            Take::InTurn | Take::Once => Vec::new(),
        };
        Ok(Rows {
            feeder: self.clone(),
            reader: self.reader()?,
            held,
        })
    }

    fn reader(&self) -> Result<csv::Reader<Text>, LoadError> {
        open(&self.path).map_err(|error| self.broken(&error))
    }

    fn all(&self) -> Result<Vec<Arc<StringRecord>>, LoadError> {
        let rows = self.reader()?.into_records();
        rows.map(|row| row.map(Arc::new).map_err(|error| self.broken(&error)))
            .collect()
    }

    fn broken(&self, error: &impl ToString) -> LoadError {
        LoadError::File(whole_file(&self.path, error.to_string()))
    }
}

type Text = BufReader<File>;

/// Opens a CSV file, with or without a byte-order mark; semicolons where the first line
/// has some and no comma.
fn open(path: &Path) -> Result<csv::Reader<Text>, csv::Error> {
    let mut file = BufReader::new(File::open(path)?);
    if file.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        file.read_exact(&mut [0; 3])?;
    }
    let start = file.fill_buf()?;
    let line = start
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let delimiter = match (line.contains(&b';'), line.contains(&b',')) {
        (true, false) => b';',
        _ => b',',
    };
    Ok(csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(file))
}

/// The rows of a feeder, taken one by one.
pub struct Rows {
    feeder: Feeder,
    reader: csv::Reader<Text>,
    /// All of them, if they are drawn.
    held: Vec<Arc<StringRecord>>,
}

impl Rows {
    /// The next row; none when each was to be taken once and has been.
    pub fn next(
        &mut self,
        random: &mut Xoshiro256PlusPlus,
    ) -> Result<Option<Arc<StringRecord>>, LoadError> {
        if self.feeder.take == Take::AtRandom {
            let place = random.random_range(0..self.held.len().max(1));
            return Ok(self.held.get(place).cloned());
        }
        let mut row = StringRecord::new();
        for _ in 0..2 {
            let read = self.reader.read_record(&mut row);
            match read.map_err(|error| self.feeder.broken(&error))? {
                true => return Ok(Some(Arc::new(row))),
                false if self.feeder.take == Take::Once => return Ok(None),
                false => self.reader = self.feeder.reader()?,
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn firsts(take: Take, content: &str, count: usize) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("f.csv"), content).unwrap();
        let document = Document::new(&folder.path().join("p.toml"), "\"f.csv\"".into());
        let table = Table {
            file: Spanned::new(0..7, "f.csv".into()),
            take,
        };
        let feeder = Feeder::read(&document, "people", &table).unwrap();
        assert_eq!(feeder.columns, ["name", "city"]);
        let mut rows = feeder.rows().unwrap();
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        (0..count)
            .map_while(|_| rows.next(&mut random).unwrap())
            .map(|row| row[0].to_owned())
            .collect()
    }

    #[test]
    fn rows_are_taken_in_turn_once_or_at_random() {
        let content = "\u{feff}name;city\r\nli;聊城\r\nwang;济南\r\n";
        assert_eq!(
            firsts(Take::InTurn, content, 5),
            ["li", "wang", "li", "wang", "li"]
        );
        assert_eq!(firsts(Take::Once, content, 5), ["li", "wang"]);
        let drawn = firsts(Take::AtRandom, content, 1000);
        let li = drawn.iter().filter(|name| *name == "li").count();
        // Binomial, sd 15.8.
        assert!((420..580).contains(&li), "{li}");
    }

    #[test]
    fn an_empty_feeder_is_told_by_its_place_in_the_profile() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("f.csv"), "name\n").unwrap();
        let document = Document::new(&folder.path().join("p.toml"), "\n\"f.csv\"".into());
        let table = Table {
            file: Spanned::new(1..8, "f.csv".into()),
            take: Take::InTurn,
        };
        let said = Feeder::read(&document, "people", &table)
            .unwrap_err()
            .to_string();
        assert!(
            said.contains("p.toml:2: the feeder") && said.contains("it has no row"),
            "{said}"
        );
    }
}
