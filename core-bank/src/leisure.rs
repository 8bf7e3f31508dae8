//! Work for time that nobody else needs.
//!
//! A thread that is merely nice finishes its turn of a millisecond or two before it gives way, and a
//! payment passes through three threads. A thread of the policy `SCHED_IDLE` (`sched(7)`) gives way
//! at once. The price: while the machine is busy it gets next to nothing. So what must not fall
//! behind is lent to such a thread only as long as it keeps up.

use std::{io, sync::mpsc, thread};

/// Niceness where there is no such policy.
const NICENESS: i32 = 15;

/// From here on this thread gives way to every other.
pub fn give_way() {
    #[cfg(target_os = "linux")]
    {
        use thread_priority::{
            NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
            set_thread_priority_and_policy, thread_native_id,
        };
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        if set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle).is_ok() {
            return;
        }
    }
    // Without it the thread only takes more than its share.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// A thread that gives way, and works on what it is lent.
pub struct Leisure<W> {
    lent: mpsc::Sender<W>,
    back: mpsc::Receiver<W>,
}

impl<W: Send + 'static> Leisure<W> {
    /// Starts the thread, which does `act` to whatever it is lent. It ends with this.
    pub fn start(name: &str, act: impl Fn(&mut W) + Send + 'static) -> io::Result<Self> {
        let (lent, borrowed) = mpsc::channel();
        let (returned, back) = mpsc::channel();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                give_way();
                for mut work in borrowed {
                    act(&mut work);
                    if returned.send(work).is_err() {
                        break;
                    }
                }
            })?;
        Ok(Self { lent, back })
    }

    /// Lends `work` and waits until it comes back; `None` when the thread fell over with it.
    pub fn lend(&self, work: W) -> Option<W> {
        self.lent.send(work).ok()?;
        self.back.recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lent_comes_back_worked_on_by_a_thread_that_gives_way() {
        let leisure = Leisure::start("leisurely", |work: &mut (u32, String)| {
            // Field 41 of proc(5) is the scheduling policy; 5 is SCHED_IDLE.
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap_or_default();
            let after_name = stat.rsplit(')').next().unwrap_or_default();
            let policy = after_name.split_whitespace().nth(38).unwrap_or_default();
            *work = (work.0 + 1, policy.to_owned());
        })
        .unwrap();
        let lent = leisure.lend((1, String::new())).unwrap();
        let expected = if cfg!(target_os = "linux") { "5" } else { "" };
        assert_eq!(lent, (2, expected.to_owned()));
        assert_eq!(leisure.lend(lent).unwrap().0, 3);
    }

    #[test]
    fn what_falls_over_does_not_come_back() {
        let leisure = Leisure::start("clumsy", |_: &mut u8| panic!("on purpose")).unwrap();
        assert_eq!(leisure.lend(1), None);
        assert_eq!(leisure.lend(1), None);
    }
}
