//! What happens to those inside when the doors shut.

use crate::time::{SimTime, Span};
use serde::Serialize;

/// What happens at closing time. Whoever has begun to be served is always served
/// to the end, and the time after closing is overtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// Doors shut, everyone inside is served.
    #[default]
    ServeAllInside,
    /// Doors shut; whoever has not begun to be served so long after closing is
    /// turned away.
    SendHome {
        /// 0: at closing.
        grace: Span,
    },
    /// From then on only those with an appointment get a ticket, until the doors
    /// shut; everyone inside is served.
    StopTickets {
        /// Within the opening hours.
        from: SimTime,
    },
    /// From then on only those with an appointment get in, and they do even after
    /// closing.
    AppointmentsOnly {
        /// Within the opening hours or at closing.
        from: SimTime,
        /// Whoever has none and has not begun to be served so long after `from`
        /// is turned away; all inside are served if none.
        grace: Option<Span>,
    },
}
