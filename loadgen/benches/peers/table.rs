//! Medians, and tables in Markdown.

/// The median; nothing of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

/// The figures of one generator, a list of rounds each.
#[derive(Debug, Default, Clone)]
pub struct Rounds(pub Vec<Vec<f64>>);

impl Rounds {
    /// The figures of one more round.
    pub fn add(&mut self, figures: &[f64]) {
        self.0.resize(figures.len(), Vec::new());
        for (rounds, figure) in self.0.iter_mut().zip(figures) {
            rounds.push(*figure);
        }
    }

    /// The medians.
    pub fn medians(&self) -> Vec<f64> {
        self.0.iter().filter_map(|rounds| median(rounds)).collect()
    }
}

/// Prints a table: heads, and a row of medians for each generator that took part.
pub fn print(title: &str, heads: &[&str], rows: &[(&str, Rounds)]) {
    println!("\n{title}\n\n| {} |", heads.join(" | "));
    println!("|{}", "---|".repeat(heads.len()));
    for (name, rounds) in rows {
        let medians: Vec<String> = rounds.medians().iter().map(|value| shown(*value)).collect();
        if medians.is_empty() {
            println!("| {name} | not installed |");
        } else {
            println!("| {name} | {} |", medians.join(" | "));
        }
    }
}

fn shown(value: f64) -> String {
    match value {
        unknown if unknown.is_nan() => String::new(),
        big if big >= 1000.0 => format!("{big:.0}"),
        middling if middling >= 100.0 => format!("{middling:.1}"),
        small => format!("{small:.2}"),
    }
}
