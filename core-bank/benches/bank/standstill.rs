//! What the machine takes from whoever runs on it: a loop on the server's core that does nothing but look
//! at the clock, and how often it stood still. Where neighbours or the host take a processor for some
//! milliseconds, no server is faster than that.

use std::{
    env,
    process::Command,
    time::{Duration, Instant},
};

/// How long it looks.
const TIME: Duration = Duration::from_secs(2);

/// What it saw, a second.
#[derive(Clone, Copy)]
pub struct Standstill {
    /// Times that it stood still for more than 4 ms.
    pub long: f64,
    /// Milliseconds that it lost by standing still for more than a tenth of one.
    pub lost: f64,
}

/// The loop itself, in a process of its own.
pub fn look() {
    let (began, mut before) = (Instant::now(), Instant::now());
    let (mut long, mut lost) = (0_u32, Duration::ZERO);
    while began.elapsed() < TIME {
        let now = Instant::now();
        let gap = now - before;
        before = now;
        if gap > Duration::from_micros(100) {
            lost += gap;
        }
        if gap > Duration::from_millis(4) {
            long += 1;
        }
    }
    let seconds = TIME.as_secs_f64();
    println!(
        "{} {}",
        f64::from(long) / seconds,
        lost.as_secs_f64() * 1e3 / seconds
    );
}

/// Has the loop run on the server's core.
pub fn seen() -> Standstill {
    let ran = Command::new("taskset")
        .args(["-c", "0"])
        .arg(env::current_exe().unwrap())
        .env("BENCH_STANDSTILL", "")
        .output()
        .unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    let mut figures = text.split_whitespace().map(|text| text.parse().unwrap());
    Standstill {
        long: figures.next().unwrap(),
        lost: figures.next().unwrap(),
    }
}
