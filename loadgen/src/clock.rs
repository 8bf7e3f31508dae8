//! The monotonic clock and an alarm on it.
//!
//! tokio's timers have slots of a millisecond and ring up to one late (about
//! 1.1 ms at the median), so they may guard timeouts but never keep the pace. A
//! timerfd set to an absolute deadline rings some 40 µs late and does not drift.

use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};
use tokio::io::unix::AsyncFd;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Nanoseconds of the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment(u64);

impl Moment {
    /// Now.
    pub fn now() -> Self {
        let time = clock_gettime(ClockId::Monotonic);
        Self((time.tv_sec as u64).saturating_mul(NANOS_PER_SECOND) + time.tv_nsec as u64)
    }

    /// So many nanoseconds later.
    pub fn after(self, nanos: u64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// Nanoseconds since `earlier`; 0 if it is not earlier.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Wakes a task at an absolute moment.
pub struct Alarm {
    timer: AsyncFd<OwnedFd>,
    set_for: Option<Moment>,
}

impl Alarm {
    /// A timer of the operating system; within a tokio runtime with I/O.
    pub fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        #[expect(
            deprecated,
            reason = "its replacement is unsafe for types that could close their descriptor early; an OwnedFd does not"
        )]
        let timer = AsyncFd::new(timer)?;
        Ok(Self {
            timer,
            set_for: None,
        })
    }

    /// Wakes the task of this context at `moment` and at no other that was asked for before; at once
    /// if it has passed. It may wake without a reason: the clock says what time it is.
    pub fn wake_at(&mut self, moment: Moment, context: &mut Context<'_>) -> io::Result<()> {
        // The clock has been looked at since the last ring. The event loop hears of each
        // ring by itself, so the count of rings need not be read (a call of the system less).
        while let Poll::Ready(rung) = self.timer.poll_read_ready(context) {
            rung?.clear_ready();
        }
        if self.set_for == Some(moment) {
            return Ok(());
        }
        self.set_for = Some(moment);
        let zero = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // A deadline of zero would disarm the timer.
        let nanos = moment.0.max(1);
        let deadline = Itimerspec {
            it_interval: zero,
            it_value: Timespec {
                tv_sec: i64::try_from(nanos / NANOS_PER_SECOND).unwrap_or(i64::MAX),
                tv_nsec: i64::try_from(nanos % NANOS_PER_SECOND).unwrap_or(0),
            },
        };
        timerfd_settime(self.timer.get_ref(), TimerfdTimerFlags::ABSTIME, &deadline)?;
        Ok(())
    }
}
