//! Progress on stderr when it is a terminal; silence when it is not or when
//! `--quiet` says so.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reports::Lang;
use std::time::{Duration, Instant};

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
        let bar = Bar::new(&shown, self.shown);
        let started = Instant::now();
        let result = work(&bar);
        bar.0.finish_and_clear();
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
pub struct Bar(ProgressBar);

impl Bar {
    fn new(name: &str, shown: bool) -> Self {
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
        Self(bar)
    }

    fn at(&self, done: u64, of: u64) {
        self.0.set_length(of);
        self.0.set_position(done);
    }
}

impl sim::Progress for Bar {
    fn replications_done(&self, done: u32, of: u32) {
        self.at(u64::from(done), u64::from(of));
    }
}

impl loadgen::LoadProgress for Bar {
    fn setup(&self, done: u64, of: u64) {
        self.0.set_message("opening customers and accounts");
        self.at(done, of);
    }

    fn second(&self, snapshot: &loadgen::LoadSnapshot) {
        let milliseconds = |latency: Option<f64>| {
            latency.map_or_else(|| "–".to_owned(), |seconds| format!("{:.1}", seconds * 1e3))
        };
        self.0.set_message(format!(
            "loading the bank: p50 {} p99 {} ms",
            milliseconds(snapshot.p50),
            milliseconds(snapshot.p99)
        ));
        self.at(snapshot.finished, snapshot.planned);
    }
}
