//! `branchlab schema`: the JSON Schema of scenario files, for editors.

use crate::exit::{Ended, PASSED};
use std::io::Write;

/// Prints it on stdout.
pub fn schema() -> Ended {
    let schema = serde_json::to_string_pretty(&scenarios::schema::schema())
        .map_err(|error| anyhow::Error::new(error).context("cannot write the schema"))?;
    writeln!(std::io::stdout(), "{schema}")
        .map_err(|error| anyhow::Error::new(error).context("cannot write to stdout"))?;
    Ok(PASSED)
}
