//! CSV files as planners save them, folded into the tree as if they had been
//! written in the scenario file: with or without a byte-order mark, LF or CRLF,
//! commas, semicolons or tabs, UTF-8 or GBK.

mod shifts;

use super::fields::Reader;
use super::sources::{Source, decode_csv, read_bytes};
use super::tree::{Entry, Node, Origin, Table, Value, parse_value};
use crate::names::nearest;

/// One line of a CSV file.
struct Row {
    /// As a spreadsheet numbers it: the header is row 1.
    number: usize,
    origin: Origin,
    cells: Vec<(String, Origin)>,
}

/// A CSV file with its named columns.
struct Sheet {
    columns: Vec<String>,
    rows: Vec<Row>,
    /// Decimal commas are understood where semicolons part the cells.
    decimal_comma: bool,
    origin: Origin,
}

impl Reader {
    /// Replaces every reference to a CSV file by what the file says.
    pub fn fold_csv(&mut self, table: &mut Table) {
        if let Some(Value::Table(resources)) = value_of(table, "resources") {
            for node in resources.nodes_mut() {
                if let Value::Table(resource) = &mut node.value {
                    self.fold_shifts(resource);
                }
            }
        }
        if let Some(Value::Table(day)) = value_of(table, "day")
            && let Some(node) = day.get_mut("holidays")
        {
            self.fold_holidays(node);
        }
        if let Some(Value::Table(arrivals)) = value_of(table, "arrivals")
            && let Some(node) = arrivals.get_mut("profile")
        {
            self.fold_profile(node);
        }
        if let Some(Value::Table(arrivals)) = value_of(table, "arrivals")
            && let Some(node) = arrivals.get_mut("replay")
        {
            self.fold_replay(node);
        }
        if let Some(Value::Table(region)) = value_of(table, "region") {
            self.fold_region(region);
        }
        if let Some(Value::Table(appointments)) = value_of(table, "appointments")
            && let Some(node) = appointments.get_mut("book")
        {
            self.fold_book(node);
        }
        self.fold_laws(table);
    }

    /// The branches' CSV file, and the templates that it names.
    fn fold_region(&mut self, region: &mut Table) {
        if let Some(Value::Table(templates)) = value_of(region, "templates") {
            for node in templates.nodes_mut() {
                if let Value::Table(template) = &mut node.value {
                    self.fold_csv(template);
                }
            }
        }
        let Some(node) = region.get_mut("branches") else {
            return;
        };
        if !matches!(node.value, Value::Text(_)) {
            return;
        }
        let folder = self
            .sources
            .get(node.origin.source)
            .map(|it| it.folder.clone());
        let origin = node.origin;
        self.fold_branches(node);
        let Value::List(branches) = &node.value else {
            return;
        };
        let mut names = Vec::new();
        for branch in branches {
            if let Value::Table(branch) = &branch.value
                && let Some(Node {
                    value: Value::Text(name),
                    origin,
                }) = branch.get("template")
                && !names.iter().any(|(known, _)| known == name)
            {
                names.push((name.clone(), *origin));
            }
        }
        let mut templates = match region.get("templates").map(|node| &node.value) {
            Some(Value::Table(given)) => given.clone(),
            _ => Table::default(),
        };
        for (name, written) in names {
            let Some(folder) = &folder else { continue };
            if templates.get(&name).is_some() {
                continue;
            }
            if let Some(mut template) = self.template(&folder.join(&name), written) {
                // It may extend the file that names it; only the branch in it counts.
                template.remove("region");
                self.fold_csv(&mut template);
                put(&mut templates, &name, table_node(template, written));
            }
        }
        if templates.iter().len() > 0 {
            put(region, "templates", table_node(templates, origin));
        }
    }

    /// Columns `name,template,per_day,mobile_actives,x_km,y_km,closed`; any other is a
    /// path of what differs in a branch.
    fn fold_branches(&mut self, node: &mut Node) {
        let numbers = ["per_day", "mobile_actives", "x_km", "y_km"];
        let known = [&["name", "template", "closed"][..], &numbers].concat();
        let written = node.value.clone();
        let Some(sheet) = self.open_sheet(node, &known, 1) else {
            // What is wrong with the file has been said; it is no empty list besides.
            node.value = written;
            return;
        };
        let mut branches = Vec::new();
        for row in &sheet.rows {
            let mut branch = Table::default();
            let mut set = Table::default();
            for (column, (text, origin)) in sheet.columns.iter().zip(&row.cells) {
                if text.is_empty() {
                    continue;
                }
                let number = numbers.contains(&column.as_str());
                if !known.contains(&column.as_str()) {
                    let plain = if sheet.decimal_comma {
                        text.replace(',', ".")
                    } else {
                        text.clone()
                    };
                    let value = parse_value(&plain, origin.source);
                    let mut value = value.unwrap_or_else(|| text_node(text, *origin));
                    value.origin = *origin;
                    put(&mut set, column, value);
                    continue;
                }
                let cell = match column.as_str() {
                    _ if number => self.number_cell(&sheet, row, column, text, *origin),
                    "closed" => self.yes_or_no(row, text, *origin),
                    _ => Some(text_node(text, *origin)),
                };
                if let Some(cell) = cell {
                    put(&mut branch, column, cell);
                }
            }
            if set.iter().len() > 0 {
                put(&mut branch, "set", table_node(set, row.origin));
            }
            branches.push(table_node(branch, row.origin));
        }
        node.value = Value::List(branches);
    }

    fn yes_or_no(&mut self, row: &Row, text: &str, origin: Origin) -> Option<Node> {
        let flag = match text.to_lowercase().as_str() {
            "yes" | "true" | "1" | "是" => true,
            "no" | "false" | "0" | "否" => false,
            _ => {
                self.fault(
                    origin,
                    format!("row {}: `closed` is `{text}`", row.number),
                    "write yes or no",
                );
                return None;
            }
        };
        Some(Node {
            value: Value::Boolean(flag),
            origin,
        })
    }

    /// Columns at, segment, service; the last may be left out.
    fn fold_book(&mut self, node: &mut Node) {
        let Some(sheet) = self.sheet(node, &["at", "segment", "service"], 2) else {
            return;
        };
        let mut bookings = Vec::new();
        for row in &sheet.rows {
            let mut booking = Table::default();
            for (column, (text, origin)) in sheet.columns.iter().zip(&row.cells) {
                if !text.is_empty() {
                    put(&mut booking, column, text_node(text, *origin));
                }
            }
            bookings.push(table_node(booking, row.origin));
        }
        node.value = Value::List(bookings);
    }

    /// Columns arrival, segment, service, patience; only the first is needed.
    fn fold_replay(&mut self, node: &mut Node) {
        let columns = ["arrival", "segment", "service", "patience"];
        let Some(sheet) = self.sheet(node, &columns, 1) else {
            return;
        };
        let mut tickets = Vec::new();
        for row in &sheet.rows {
            let mut ticket = Table::default();
            for (column, (text, origin)) in sheet.columns.iter().zip(&row.cells) {
                if text.is_empty() {
                    continue;
                }
                // Bare numbers are seconds: of durations, and of arrivals since opening.
                let cell = if column != "segment" && text.parse::<f64>().is_ok() {
                    text_node(&format!("{text}s"), *origin)
                } else {
                    text_node(text, *origin)
                };
                put(&mut ticket, column, cell);
            }
            tickets.push(table_node(ticket, row.origin));
        }
        node.value = Value::List(tickets);
    }

    /// Columns from, share.
    fn fold_profile(&mut self, node: &mut Node) {
        let Some(sheet) = self.sheet(node, &["from", "share"], 2) else {
            return;
        };
        let mut pieces = Vec::new();
        for row in &sheet.rows {
            let mut piece = Table::default();
            for (column, (text, origin)) in sheet.columns.iter().zip(&row.cells) {
                let cell = if column == "share" {
                    self.number_cell(&sheet, row, column, text, *origin)
                } else {
                    Some(text_node(text, *origin))
                };
                if let Some(cell) = cell {
                    put(&mut piece, column, cell);
                }
            }
            pieces.push(table_node(piece, row.origin));
        }
        node.value = Value::List(pieces);
    }

    /// `{ law = "empirical", csv = "times.csv" }` anywhere: columns low, high,
    /// weight; `law = "table"`: value, weight; times in seconds or as durations.
    fn fold_laws(&mut self, table: &mut Table) {
        let of_law = |name: &str| {
            matches!(
                table.get("law"),
                Some(Node { value: Value::Text(law), .. }) if law == name
            )
        };
        let folded: Option<(&str, &[&str])> = if of_law("empirical") {
            Some(("bins", &["low", "high", "weight"]))
        } else if of_law("table") {
            Some(("values", &["value", "weight"]))
        } else {
            None
        };
        if let Some((key, columns)) = folded
            && table.get(key).is_none()
            && let Some(mut entry) = table.remove("csv")
        {
            self.fold_weighted(&mut entry.node, columns);
            entry.key = key.into();
            table.put(entry);
        }
        for node in table.nodes_mut() {
            self.fold_laws_in(node);
        }
    }

    fn fold_laws_in(&mut self, node: &mut Node) {
        match &mut node.value {
            Value::Table(inner) => self.fold_laws(inner),
            Value::List(items) => {
                for item in items {
                    self.fold_laws_in(item);
                }
            }
            _ => {}
        }
    }

    /// Rows of times and a weight.
    fn fold_weighted(&mut self, node: &mut Node, columns: &[&str]) {
        let Some(sheet) = self.sheet(node, columns, columns.len()) else {
            return;
        };
        let mut bins = Vec::new();
        for row in &sheet.rows {
            let mut bin = Vec::new();
            for column in columns {
                let Some(position) = sheet.columns.iter().position(|it| it == *column) else {
                    continue;
                };
                let (text, origin) = &row.cells[position];
                let is_duration = *column != "weight" && text.ends_with(char::is_alphabetic);
                let cell = if is_duration {
                    Some(text_node(text, *origin))
                } else {
                    self.number_cell(&sheet, row, column, text, *origin)
                };
                bin.extend(cell);
            }
            bins.push(Node {
                value: Value::List(bin),
                origin: row.origin,
            });
        }
        node.value = Value::List(bins);
    }

    fn number_cell(
        &mut self,
        sheet: &Sheet,
        row: &Row,
        column: &str,
        text: &str,
        origin: Origin,
    ) -> Option<Node> {
        let plain = text.trim_end_matches('%').trim();
        let plain = if sheet.decimal_comma {
            plain.replace(',', ".")
        } else {
            plain.to_owned()
        };
        let value = match (plain.parse::<i64>(), plain.parse::<f64>()) {
            (Ok(number), _) => Value::Integer(number),
            (_, Ok(number)) if number.is_finite() => Value::Float(number),
            _ => {
                self.fault(
                    origin,
                    format!(
                        "row {}: `{column}` is `{text}`, which is no number",
                        row.number
                    ),
                    "",
                );
                return None;
            }
        };
        Some(Node { value, origin })
    }

    /// Reads the CSV file that a text names; what is no text is left alone.
    fn sheet(&mut self, node: &mut Node, known: &[&str], required: usize) -> Option<Sheet> {
        self.any_sheet(node, known, required, false)
    }

    /// The same where further columns are paths of a scenario: they have a dot in them.
    fn open_sheet(&mut self, node: &mut Node, known: &[&str], required: usize) -> Option<Sheet> {
        self.any_sheet(node, known, required, true)
    }

    fn any_sheet(
        &mut self,
        node: &mut Node,
        known: &[&str],
        required: usize,
        paths: bool,
    ) -> Option<Sheet> {
        let Value::Text(name) = &node.value else {
            return None;
        };
        let folder = self.sources.get(node.origin.source)?.folder.clone();
        let path = folder.join(name);
        let origin = node.origin;
        let text = match read_bytes(&path).and_then(decode_csv) {
            Ok(text) => text,
            Err(unreadable) => {
                let message = format!("`{name}` {}", unreadable.message);
                self.fault(origin, message, unreadable.help);
                // So that the same text is not complained about as a list too.
                node.value = Value::List(Vec::new());
                return None;
            }
        };
        let before = self.faults.len();
        let sheet = self.parse_sheet(&path, &text, (known, paths), required);
        if self.faults.len() > before {
            node.value = Value::List(Vec::new());
            return None;
        }
        sheet
    }

    fn parse_sheet(
        &mut self,
        path: &std::path::Path,
        text: &str,
        (known, paths): (&[&str], bool),
        required: usize,
    ) -> Option<Sheet> {
        let source = self.sources.len();
        self.sources.push(Source::file(path, text));
        let start = Origin {
            source,
            start: 0,
            end: text.lines().next().map_or(0, str::len),
        };
        let delimiter = delimiter(text);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut sheet: Option<Sheet> = None;
        for record in reader.records() {
            let Ok(record) = record else {
                self.fault(start, "is no CSV file", "save it as CSV UTF-8");
                return None;
            };
            let row = located(&record, text, source);
            if row.cells.iter().all(|(cell, _)| cell.is_empty()) {
                continue;
            }
            if let Some(sheet) = &mut sheet {
                self.fits(&row, &sheet.columns)?;
                sheet.rows.push(row);
            } else {
                let columns = self.header(&row, (known, paths), required)?;
                sheet = Some(Sheet {
                    columns,
                    rows: Vec::new(),
                    decimal_comma: delimiter == b';',
                    origin: row.origin,
                });
            }
        }
        match &sheet {
            Some(sheet) if !sheet.rows.is_empty() => {}
            other => {
                let origin = other.as_ref().map_or(start, |sheet| sheet.origin);
                self.fault(
                    origin,
                    "the CSV file has no rows",
                    format!("its columns are {}", known.join(",")),
                );
            }
        }
        sheet
    }

    fn header(
        &mut self,
        row: &Row,
        (known, paths): (&[&str], bool),
        required: usize,
    ) -> Option<Vec<String>> {
        let columns: Vec<String> = row
            .cells
            .iter()
            .map(|(cell, _)| cell.to_lowercase())
            .collect();
        let before = self.faults.len();
        for (position, (column, (written, origin))) in columns.iter().zip(&row.cells).enumerate() {
            let twice = columns[..position].contains(column);
            let is_path = paths && column.contains('.');
            if (known.contains(&column.as_str()) || is_path) && !twice {
                continue;
            }
            let help = match nearest(column, known.iter().copied()) {
                Some(right) if !twice => format!("did you mean `{right}`?"),
                _ => format!("its columns are {}", known.join(",")),
            };
            let what = if twice { "a second" } else { "an unknown" };
            self.fault(
                *origin,
                format!("row {}: {what} column `{written}`", row.number),
                help,
            );
        }
        for missing in &known[..required] {
            if !columns.iter().any(|column| column == missing) {
                self.fault(
                    row.origin,
                    format!("row {}: the column `{missing}` is missing", row.number),
                    format!("its columns are {}", known.join(",")),
                );
            }
        }
        (self.faults.len() == before).then_some(columns)
    }

    fn fits(&mut self, row: &Row, columns: &[String]) -> Option<()> {
        if row.cells.len() == columns.len() {
            return Some(());
        }
        self.fault(
            row.origin,
            format!(
                "row {} has {} cells, but there are {} columns",
                row.number,
                row.cells.len(),
                columns.len()
            ),
            format!("the columns are {}", columns.join(",")),
        );
        None
    }
}

/// The sign that parts the cells of the first line.
fn delimiter(text: &str) -> u8 {
    let header = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    [b';', b'\t', b',']
        .into_iter()
        .max_by_key(|sign| header.bytes().filter(|byte| byte == sign).count())
        .unwrap_or(b',')
}

/// The record's cells with their places in the text.
fn located(record: &csv::StringRecord, text: &str, source: usize) -> Row {
    let (byte, line) = record.position().map_or((0, 1), |position| {
        (position.byte() as usize, position.line() as usize)
    });
    // The reader counts the line breaks it skips before a record to it.
    let rest = text.get(byte..).unwrap_or_default();
    let skipped = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    let number = line + rest[..skipped].matches('\n').count();
    let start = byte + skipped;
    let length = text[start..]
        .find(['\r', '\n'])
        .unwrap_or(text.len() - start);
    let mut at = start;
    let cells = record
        .iter()
        .map(|cell| {
            let found = text.get(at..).and_then(|rest| rest.find(cell));
            let from = found.map_or(at, |offset| at + offset);
            at = from + cell.len();
            let place = Origin {
                source,
                start: from,
                end: at,
            };
            (cell.to_owned(), place)
        })
        .collect();
    Row {
        number,
        origin: Origin {
            source,
            start,
            end: start + length,
        },
        cells,
    }
}

fn value_of<'t>(table: &'t mut Table, key: &str) -> Option<&'t mut Value> {
    Some(&mut table.get_mut(key)?.value)
}

fn text_node(text: &str, origin: Origin) -> Node {
    Node {
        value: Value::Text(text.to_owned()),
        origin,
    }
}

fn table_node(table: Table, origin: Origin) -> Node {
    Node {
        value: Value::Table(table),
        origin,
    }
}

fn put(table: &mut Table, key: &str, node: Node) {
    table.put(Entry {
        key: key.to_owned(),
        key_origin: node.origin,
        node,
    });
}
