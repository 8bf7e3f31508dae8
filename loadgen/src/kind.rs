//! What operations are told apart by in measurements: their name and their channel.
//! A bank's operations have the names that everyone uses; a system of somebody's own
//! names its operations itself.

use scenarios::operation::{Channel, Operation};

/// An operation on a channel, by its place in [`Names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// None where the plan knows of no channels.
    pub channel: Option<Channel>,
    /// Place of the operation's name.
    pub operation: u16,
}

impl Kind {
    /// An operation of the bank.
    pub fn of_bank(channel: Channel, operation: Operation) -> Self {
        Self {
            channel: Some(channel),
            operation: operation as u16,
        }
    }
}

/// The names of a target's operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    /// Those of the bank, in the order of [`Operation::ALL`].
    pub fn of_bank() -> Self {
        Self(Operation::names().into_iter().map(str::to_owned).collect())
    }

    /// Those of a target file, in its order.
    pub fn new(names: Vec<String>) -> Self {
        Self(names)
    }

    /// The name of an operation.
    pub fn operation(&self, place: u16) -> &str {
        self.0.get(usize::from(place)).map_or("", String::as_str)
    }

    /// `operation.channel`, or the operation where there is no channel: the tag in logs.
    pub fn tag(&self, kind: Kind) -> String {
        let operation = self.operation(kind.operation);
        match kind.channel {
            Some(channel) => format!("{operation}.{}", channel.name()),
            None => operation.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_bank_stands_at_its_own_place() {
        let names = Names::of_bank();
        for operation in Operation::ALL {
            let kind = Kind::of_bank(Channel::Atm, operation);
            assert_eq!(names.tag(kind), format!("{}.atm", operation.name()));
        }
    }
}
