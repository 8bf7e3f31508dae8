//! Progress on stderr when it is a terminal; a line now and then when it is not;
//! silence when `--quiet` says so.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use loadgen::LoadSnapshot;
use reports::Lang;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Without a terminal, a line of a load after so many seconds.
const TELL_EVERY: f64 = 10.0;

/// The phases of a command, shown one at a time and timed.
pub struct Phases {
    shown: bool,
    told: bool,
    lang: Lang,
    started: jiff::Timestamp,
    finished: Vec<(String, f64)>,
}

impl Phases {
    /// Shows bars when stderr is a terminal, a line per phase when it is not,
    /// nothing when `quiet`.
    pub fn new(quiet: bool, lang: Lang) -> Self {
        let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
        Self {
            shown: terminal && !quiet,
            told: !terminal && !quiet,
            lang,
            started: jiff::Timestamp::now(),
            finished: Vec::new(),
        }
    }

    /// Runs `work` as the phase `name`, with a bar that it may move.
    pub fn phase<T>(&mut self, name: &str, work: impl FnOnce(&Bar) -> T) -> T {
        let shown = reports::phase_name(name, self.lang);
        if self.told {
            eprintln!("{shown} …");
        }
        let bar = Bar::new(&shown, self.shown, self.told, self.lang);
        let started = Instant::now();
        let result = work(&bar);
        bar.bar.finish_and_clear();
        let seconds = started.elapsed().as_secs_f64();
        if self.shown {
            let colon = match self.lang {
                Lang::En => ": ",
                Lang::Zh => "：",
            };
            eprintln!("{shown}{colon}{seconds:.1} s");
        }
        self.finished.push((name.to_owned(), seconds));
        result
    }

    /// Says a line between phases, unless all is to be quiet.
    pub fn say(&self, line: &str) {
        if self.shown || self.told {
            eprintln!("{line}");
        }
    }

    /// The language of the progress.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// When the command began, RFC 3339.
    pub fn started(&self) -> String {
        self.started.to_string()
    }

    /// Wall seconds of each phase so far, in order.
    pub fn finished(&self) -> Vec<(String, f64)> {
        self.finished.clone()
    }
}

/// One phase's bar.
pub struct Bar {
    bar: ProgressBar,
    name: String,
    told: bool,
    lang: Lang,
    /// The snapshot before, for rates, and when a line was last told.
    before: Mutex<(LoadSnapshot, f64)>,
}

impl Bar {
    fn new(name: &str, shown: bool, told: bool, lang: Lang) -> Self {
        let bar = if shown {
            ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{msg:40} {wide_bar} {pos}/{len} {elapsed}")
        {
            bar.set_style(style);
        }
        bar.set_message(name.to_owned());
        if shown {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self {
            bar,
            name: name.to_owned(),
            told,
            lang,
            before: Mutex::default(),
        }
    }

    fn at(&self, done: u64, of: u64) {
        self.bar.set_length(of);
        self.bar.set_position(done);
    }
}

impl sim::Progress for Bar {
    fn replications_done(&self, done: u32, of: u32) {
        self.at(u64::from(done), u64::from(of));
    }
}

impl loadgen::LoadProgress for Bar {
    fn setup(&self, done: u64, of: u64) {
        let message = match self.lang {
            Lang::En => "opening customers and accounts",
            Lang::Zh => "为客户开户",
        };
        self.bar.set_message(message);
        self.at(done, of);
    }

    fn second(&self, snapshot: &LoadSnapshot) {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, told) = *before;
        if self.told && snapshot.seconds - told >= TELL_EVERY {
            eprintln!("  {}", lines(&last, snapshot, self.lang).join("  "));
            before.1 = snapshot.seconds;
        }
        if last.seconds == 0.0
            && let Ok(style) =
                ProgressStyle::with_template("{msg}\n{wide_bar} {pos}/{len} {elapsed}")
        {
            self.bar.set_style(style);
        }
        let lines = lines(&last, snapshot, self.lang);
        self.bar.set_message(format!(
            "{}\n  {}\n  {}\n  {}",
            self.name, lines[0], lines[1], lines[2]
        ));
        self.at(snapshot.finished, snapshot.planned);
        before.0 = *snapshot;
    }
}

/// A load at a moment, in three lines: rates, connections, times.
fn lines(before: &LoadSnapshot, now: &LoadSnapshot, lang: Lang) -> [String; 3] {
    let seconds = (now.seconds - before.seconds).max(1e-3);
    let rate = |of: fn(&LoadSnapshot) -> u64| {
        let count = of(now).saturating_sub(of(before));
        format!("{:.0}/s", count as f64 / seconds)
    };
    let milliseconds = |latency: Option<f64>| {
        latency.map_or_else(
            || "–".to_owned(),
            |seconds| format!("{:.2} ms", seconds * 1e3),
        )
    };
    let (offered, achieved) = (rate(|it| it.dispatched), rate(|it| it.answered));
    let succeeded = rate(|it| it.succeeded);
    let (errors, waiting) = (now.errors, now.waiting);
    let (flying, places) = (now.in_flight, now.places);
    let [p50, p99, lag] = [now.p50, now.p99, now.lag_p99].map(milliseconds);
    match lang {
        Lang::En => [
            format!(
                "offered {offered} · achieved {achieved} · succeeded {succeeded} · errors {errors}"
            ),
            format!("in flight {flying} of {places} · waiting {waiting}"),
            format!("latency p50 {p50} · p99 {p99} · generator lag p99 {lag}"),
        ],
        Lang::Zh => [
            format!("负载 {offered} · 吞吐 {achieved} · 成功 {succeeded} · 出错 {errors}"),
            format!("在途 {flying}/{places} · 等待连接 {waiting}"),
            format!("时延 p50 {p50} · p99 {p99} · 发压端滞后 p99 {lag}"),
        ],
    }
}
