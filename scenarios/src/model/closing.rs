//! What happens to those inside when the doors shut.

use crate::time::Span;
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
}
