//! The table of endpoints: who may ask, and one good request of each.

use std::collections::BTreeSet;

/// A row of `endpoints.txt`.
pub struct Row {
    pub method: String,
    pub path: String,
    /// Who passes the door, by the channel's name; `anyone` and `visitor` need no token.
    pub who: BTreeSet<String>,
    /// What somebody else's session gets, and a terminal at which somebody else sits: a status and a
    /// code, or nothing where the request names nobody's things.
    pub others: Option<(u16, String)>,
    /// A body that reads well, with stand-ins for ids.
    pub body: Option<String>,
}

impl Row {
    /// The request with its stand-ins.
    pub fn text(&self) -> String {
        format!("{} {}", self.path, self.body.as_deref().unwrap_or_default())
    }
}

/// Every stand-in that any row names.
pub fn everything_named() -> String {
    rows().iter().map(Row::text).collect()
}

/// Every row.
pub fn rows() -> Vec<Row> {
    let lines = include_str!("endpoints.txt").lines();
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(row)
        .collect()
}

fn row(line: &str) -> Row {
    let fields: Vec<&str> = line.splitn(4, " | ").map(str::trim).collect();
    let [address, who, others, body] = fields[..] else {
        panic!("four fields: {line}");
    };
    let (method, path) = address.split_once(' ').unwrap();
    let (method, path) = (method.to_owned(), path.to_owned());
    Row {
        method,
        path,
        who: who.split(' ').map(str::to_owned).collect(),
        others: (others != "-").then(|| {
            let (status, code) = others.split_once(' ').unwrap();
            (status.parse().unwrap(), code.to_owned())
        }),
        body: (body != "-").then(|| body.to_owned()),
    }
}
