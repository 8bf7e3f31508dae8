//! The flat figures table as CSV, for spreadsheets.

use crate::run::RunData;
use scenarios::figure::COLUMNS;
use serde_json::Value;

/// `figures.csv`: a row per figure and population, with the columns of the
/// summary's rows in their order; what does not apply is empty.
pub fn csv(run: &RunData) -> String {
    let mut columns: Vec<&str> = COLUMNS.to_vec();
    for row in &run.summary.figures {
        for column in row.keys() {
            if !columns.contains(&column.as_str()) {
                columns.push(column);
            }
        }
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing into memory cannot fail, nor can a row differ in length.
    let _ = writer.write_record(&columns);
    for row in &run.summary.figures {
        let _ = writer.write_record(columns.iter().map(|column| cell(row.get(*column))));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
