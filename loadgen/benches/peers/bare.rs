//! The floors: a socket loop without any accounting, and a timer loop without any load.

use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// Arguments: address, connections, requests. As many exchanges, nothing measured.
pub fn sockets(words: &[String]) {
    let address = words[0].clone();
    let connections: usize = words[1].parse().unwrap();
    let left = Rc::new(Cell::new(words[2].parse::<u64>().unwrap()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let tasks: Vec<_> = (0..connections)
            .map(|_| {
                let (address, left) = (address.clone(), Rc::clone(&left));
                tokio::task::spawn_local(async move { exchange(&address, &left).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

async fn exchange(address: &str, left: &Cell<u64>) {
    let request = format!("GET /hello HTTP/1.1\r\nhost: {address}\r\n\r\n");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answer = Vec::with_capacity(4096);
    while left.get() > 0 {
        left.set(left.get() - 1);
        stream.write_all(request.as_bytes()).await.unwrap();
        answer.clear();
        // The answer ends with the one closing brace in it.
        while !answer.ends_with(b"}") {
            assert!(stream.read_buf(&mut answer).await.unwrap() > 0);
        }
    }
}

/// Arguments: rate, seconds. How late an absolute timerfd rings: `p50 p99` in microseconds.
pub fn timer(words: &[String]) {
    let rate: u64 = words[0].parse().unwrap();
    let seconds: u64 = words[1].parse().unwrap();
    // As urgent as the generator's own thread, where the system allows it.
    let _ = rustix::process::setpriority_process(None, -10);
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC).unwrap();
    let start = now() + Duration::from_millis(100);
    let mut late: Vec<Duration> = (0..rate * seconds)
        .map(|number| {
            let due = start + Duration::from_nanos(number * 1_000_000_000 / rate);
            if now() < due {
                ring(&timer, due);
            }
            now().saturating_sub(due)
        })
        .collect();
    late.sort_unstable();
    let at = |q: f64| late[((late.len() - 1) as f64 * q) as usize].as_secs_f64() * 1e6;
    println!("{} {}", at(0.5), at(0.99));
}

fn ring(timer: &impl std::os::fd::AsFd, due: Duration) {
    let spec = |time: Duration| Timespec {
        tv_sec: time.as_secs().cast_signed(),
        tv_nsec: i64::from(time.subsec_nanos()),
    };
    let deadline = Itimerspec {
        it_interval: spec(Duration::ZERO),
        it_value: spec(due),
    };
    timerfd_settime(timer, TimerfdTimerFlags::ABSTIME, &deadline).unwrap();
    rustix::io::read(timer, &mut [0; 8]).unwrap();
}

fn now() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
