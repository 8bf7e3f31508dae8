//! The machine that a run is made on, for `run.json`: runs of different ones are not
//! compared.

use scenarios::summary::MachineRecord;

/// Host name, operating system and processors.
pub fn host() -> String {
    let name = rustix::system::uname();
    format!(
        "{} · {} · {} · {} processors",
        name.nodename().to_string_lossy(),
        system(),
        name.machine().to_string_lossy(),
        processors(),
    )
}

/// What comparisons ask for; the host's name is not in it, because runners of one kind have
/// many.
pub fn machine() -> MachineRecord {
    let architecture = || {
        let name = rustix::system::uname();
        name.machine().to_string_lossy().into_owned()
    };
    MachineRecord {
        processor: processor_model().unwrap_or_else(architecture),
        processors: processors() as u32,
        system: system(),
    }
}

fn system() -> String {
    let name = rustix::system::uname();
    format!(
        "{} {}",
        name.sysname().to_string_lossy(),
        name.release().to_string_lossy()
    )
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Linux on x86 tells the model; elsewhere the architecture has to do.
fn processor_model() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    let (_, model) = line.split_once(':')?;
    Some(model.trim().to_owned()).filter(|model| !model.is_empty())
}
