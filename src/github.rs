//! What GitHub Actions shows of a run when it runs there: an annotation for whatever did
//! not pass, and the Markdown summary on the job's page.

use anyhow::Context;
use reports::{Lang, RunData};
use std::fs::OpenOptions;
use std::io::Write;

/// A job's summary may hold a mebibyte; what is larger is refused whole.
const MOST_BYTES: usize = 1_000_000;

/// Says it on stderr and in the file that the environment names, if this is GitHub's.
pub fn tell(data: &RunData, lang: Lang) -> anyhow::Result<()> {
    if std::env::var_os("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
        return Ok(());
    }
    // On stderr, where GitHub reads them as well: stdout may be JSON.
    eprint!("{}", reports::annotations(data, lang));
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let text = format!("{}\n", reports::markdown(data, lang));
    if text.len() > MOST_BYTES {
        return Ok(());
    }
    let file = OpenOptions::new().create(true).append(true).open(&path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}
