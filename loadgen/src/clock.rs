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

/// Rings at an absolute moment.
pub struct Alarm {
    timer: AsyncFd<OwnedFd>,
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
        Ok(Self { timer })
    }

    /// Waits until `moment`; at once if it has passed. Only one wait at a time.
    pub async fn until(&self, moment: Moment) -> io::Result<()> {
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
        loop {
            let mut ready = self.timer.readable().await?;
            let rung = ready.try_io(|timer| {
                let mut count = [0; 8];
                rustix::io::read(timer.get_ref(), &mut count)?;
                Ok(())
            });
            // Readiness left over from an earlier deadline: wait on.
            if let Ok(result) = rung {
                return result;
            }
        }
    }
}
