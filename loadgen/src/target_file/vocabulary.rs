//! What a template may name: parts of the plan, columns of feeders, what earlier
//! answers told, and the environment.

use crate::placed::one_of;

/// A name that has been understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variable {
    /// `run`, `env.NAME`: the same in every request.
    Known(String),
    /// `number`: the operation's, from 0.
    Number,
    /// `key`: an idempotency key, the operation's own.
    Key,
    /// `plan.…`
    Plan(PlanPart),
    /// `FEEDER.COLUMN`, by their places, and as written.
    Column(usize, usize, String),
    /// `session.NAME`: told by an earlier answer of the session.
    Session(usize, String),
    /// `customer.NAME`: told by an earlier answer to the customer.
    Customer(usize, String),
}

/// What a plan tells of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanPart {
    /// The customer's name in the plan.
    Customer,
    /// The other customer of a transfer.
    Payee,
    /// Yuan, `12.34`.
    Amount,
    /// The same in fen.
    AmountFen,
    /// The branch.
    Branch,
    /// The channel.
    Channel,
    /// The session's number.
    Session,
}

const PLAN: [(&str, PlanPart); 7] = [
    ("customer", PlanPart::Customer),
    ("payee", PlanPart::Payee),
    ("amount", PlanPart::Amount),
    ("amount_fen", PlanPart::AmountFen),
    ("branch", PlanPart::Branch),
    ("channel", PlanPart::Channel),
    ("session", PlanPart::Session),
];

/// First words that no feeder may have as its name.
pub const RESERVED: [&str; 7] = ["run", "number", "key", "plan", "env", "session", "customer"];

impl Variable {
    /// As it was written.
    pub fn told(&self) -> String {
        match self {
            Self::Known(_) => "value".to_owned(),
            Self::Number => "number".to_owned(),
            Self::Key => "key".to_owned(),
            Self::Plan(part) => {
                let name = PLAN.iter().find(|(_, known)| known == part);
                format!("plan.{}", name.map_or("", |(name, _)| name))
            }
            Self::Column(_, _, written) => written.clone(),
            Self::Session(_, name) => format!("session.{name}"),
            Self::Customer(_, name) => format!("customer.{name}"),
        }
    }
}

/// The names that there are.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    run: String,
    /// Names and columns.
    feeders: Vec<(String, Vec<String>)>,
    /// What answers tell to a session, and to a customer.
    pub session: Vec<String>,
    pub customer: Vec<String>,
}

impl Vocabulary {
    /// Of a run with these feeders.
    pub fn new(run: &str, feeders: &[(&str, Vec<String>)]) -> Self {
        let feeders = feeders.iter();
        Self {
            run: run.to_owned(),
            feeders: feeders
                .map(|(name, columns)| ((*name).to_owned(), columns.clone()))
                .collect(),
            ..Self::default()
        }
    }

    /// What a name means; an error says what there is.
    pub fn variable(&self, name: &str) -> Result<Variable, String> {
        let unknown = |known: Vec<String>| {
            let known = one_of(known.iter().map(String::as_str), name);
            Err(format!("nothing is called `{name}`; {known}"))
        };
        match name {
            "run" => return Ok(Variable::Known(self.run.clone())),
            "number" => return Ok(Variable::Number),
            "key" => return Ok(Variable::Key),
            _ => {}
        }
        let Some((group, member)) = name.split_once('.') else {
            return unknown(self.all());
        };
        match group {
            "env" => match std::env::var(member) {
                Ok(value) => Ok(Variable::Known(value)),
                Err(_) => Err(format!("the environment has no {member}")),
            },
            "plan" => match PLAN.iter().find(|(known, _)| *known == member) {
                Some((_, part)) => Ok(Variable::Plan(*part)),
                None => unknown(PLAN.map(|(known, _)| format!("plan.{known}")).to_vec()),
            },
            "session" => match place(&self.session, member) {
                Some(place) => Ok(Variable::Session(place, member.to_owned())),
                None => unknown(with(group, &self.session)),
            },
            "customer" => match place(&self.customer, member) {
                Some(place) => Ok(Variable::Customer(place, member.to_owned())),
                None => unknown(with(group, &self.customer)),
            },
            _ => {
                let found = self.feeders.iter().position(|(known, _)| known == group);
                let Some(feeder) = found else {
                    return unknown(self.all());
                };
                let columns = &self.feeders[feeder].1;
                match place(columns, member) {
                    Some(column) => Ok(Variable::Column(feeder, column, name.to_owned())),
                    None => unknown(with(group, columns)),
                }
            }
        }
    }

    fn all(&self) -> Vec<String> {
        let mut all: Vec<String> = ["run", "number", "key"].map(str::to_owned).to_vec();
        all.extend(PLAN.map(|(name, _)| format!("plan.{name}")));
        all.extend(with("session", &self.session));
        all.extend(with("customer", &self.customer));
        for (feeder, columns) in &self.feeders {
            all.extend(with(feeder, columns));
        }
        all
    }
}

fn place(names: &[String], wanted: &str) -> Option<usize> {
    names.iter().position(|name| name == wanted)
}

fn with(group: &str, members: &[String]) -> Vec<String> {
    members
        .iter()
        .map(|member| format!("{group}.{member}"))
        .collect()
}
