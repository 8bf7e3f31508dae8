//! Wrong input: each is refused with its place, the offending text, and what
//! would be right.

use miette::Diagnostic;
use scenarios::file::{ScenarioError, read};
use std::path::PathBuf;
use tempfile::TempDir;

const RIGHT: &str = r#"name = "right"
[day]
open = "09:00"
close = "17:00"
interval = "30min"
[laws]
errand_time = { law = "lognormal", mean = "4min", cv = 0.5 }
[resources.window]
kind = "teller"
capacity = 3
[resources.helper]
capacity = 1
[journeys.errand]
time = "errand_time"
holds = ["window"]
steps = [
  { name = "ask", weight = 1 },
  { name = "do", weight = 3, operation = "balance_query", fails = { probability = 0.1, to = "help" } },
]
[journeys.help]
time = "6min"
holds = ["helper"]
[services.errand]
journeys = ["errand"]
[segments.all]
share = 1
services = { errand = 100 }
[arrivals]
per_day = 100
profile = [50, 50]
[gates]
promise = "share_within(time_in_branch{channel=counter}, 5min) >= 80%"
"#;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).expect("the folder is writable");
        path
    }
}

fn refused(text: &str) -> ScenarioError {
    let folder = Folder::new();
    read(&folder.file("s.toml", text), &[]).expect_err("it is wrong")
}

/// All faults with their locations, a line each.
fn told(error: &ScenarioError) -> String {
    let line = |error: &ScenarioError| {
        let help = ScenarioError::help(error).unwrap_or_default();
        format!("{error}\n  {help}\n")
    };
    let others = ScenarioError::related(error).iter().map(line);
    std::iter::once(line(error)).chain(others).collect()
}

/// Replaces `from` in the right file and expects the fault at the place of
/// `at` in the result, with `words` in the message or the help.
fn wrong(from: &str, to: &str, at: &str, words: &[&str]) {
    assert!(RIGHT.contains(from), "{from}");
    let text = RIGHT.replacen(from, to, 1);
    let byte = text.find(at).expect("the place is in the file");
    let line = text[..byte].matches('\n').count() + 1;
    let column = byte - text[..byte].rfind('\n').map_or(0, |it| it + 1) + 1;
    let told = told(&refused(&text));
    let place = format!("s.toml:{line}:{column}: ");
    assert!(told.contains(&place), "expected a fault at {place}\n{told}");
    for word in words {
        assert!(told.contains(word), "expected `{word}` in\n{told}");
    }
}

#[test]
fn the_right_file_is_right() {
    let folder = Folder::new();
    let read = read(&folder.file("s.toml", RIGHT), &[]);
    assert!(read.is_ok(), "{}", told(&read.expect_err("it failed")));
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest() {
    wrong(
        "capacity = 3",
        "capcity = 3",
        "capcity",
        &[
            "unknown key `resources.window.capcity`",
            "did you mean `capacity`?",
        ],
    );
    wrong(
        "[arrivals]",
        "[arivals]",
        "arivals",
        &["did you mean `arrivals`?"],
    );
    wrong("cv = 0.5", "cvv = 0.5", "cvv", &["did you mean `cv`?"]);
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest() {
    wrong(
        r#"["window"]"#,
        r#"["windwo"]"#,
        "\"windwo\"",
        &["`windwo`", "did you mean `window`?"],
    );
    wrong(
        "balance_query",
        "balanc_query",
        "\"balanc_query\"",
        &["did you mean `balance_query`?"],
    );
    wrong(
        "to = \"help\"",
        "to = \"hepl\"",
        "\"hepl\"",
        &["did you mean `help`?"],
    );
    wrong(
        "time = \"errand_time\"",
        "time = \"erand_time\"",
        "\"erand_time\"",
        &["did you mean `errand_time`?"],
    );
    wrong(
        "{ errand = 100 }",
        "{ erand = 100 }",
        "erand = 100",
        &["did you mean `errand`?"],
    );
    wrong(
        "kind = \"teller\"",
        "kind = \"tellar\"",
        "\"tellar\"",
        &["did you mean `teller`?"],
    );
}

#[test]
fn negative_and_absurd_durations_are_refused() {
    wrong(
        "\"4min\"",
        "\"-4min\"",
        "\"-4min\"",
        &["`-4min` is negative"],
    );
    wrong(
        "\"4min\"",
        "\"90000h\"",
        "\"90000h\"",
        &["longer than ten years"],
    );
    wrong("\"4min\"", "\"4\"", "\"4\"", &["`4` has no unit"]);
    wrong("\"4min\"", "4", "4, cv", &["duration in quotes"]);
    wrong(
        "\"6min\"",
        "\"6 fortnights\"",
        "\"6 fortnights\"",
        &["`fortnights`"],
    );
}

#[test]
fn shares_that_do_not_sum_are_refused() {
    wrong(
        "[50, 50]",
        "[50, 40]",
        "[50, 40]",
        &["sum to 90", "1 or to 100"],
    );
    wrong(
        "{ errand = 100 }",
        "{ errand = 70 }",
        "services = { errand",
        &["sum to 70"],
    );
    wrong("share = 1", "share = 0.5", "segments", &["sum to 0.5"]);
}

#[test]
fn a_roster_outside_opening_hours_is_refused() {
    wrong(
        "capacity = 3",
        r#"roster = [{ count = 2 }, { count = 1, from = "08:00" }]"#,
        "\"08:00\"",
        &["08:00, outside the opening hours (09:00 to 17:00)"],
    );
    wrong(
        "capacity = 3",
        r#"roster = [{ count = 2, to = "15:00", break = { from = "14:00", to = "16:00" } }]"#,
        "\"16:00\"",
        &["16:00, outside its shift (09:00 to 15:00)"],
    );
}

#[test]
fn a_gate_on_what_does_not_exist_is_refused() {
    wrong(
        "time_in_branch",
        "time_in_bank",
        "time_in_bank",
        &["did you mean `time_in_branch`?"],
    );
    wrong(
        "channel=counter",
        "channel=conter",
        "conter",
        &["did you mean `counter`?"],
    );
    wrong(
        "channel=counter",
        "chanel=counter",
        "chanel",
        &["did you mean `channel`?"],
    );
    wrong(
        "channel=counter",
        "interval=10:10",
        "10:10",
        &["interval of this scenario"],
    );
    wrong(
        "share_within(time_in_branch{channel=counter}, 5min) >= 80%",
        "p99(latency) <= 1s",
        "\"p99(latency)",
        &["no [load]"],
    );
    wrong(">= 80%", ">= 80", "80\"", &["between 0% and 100%"]);
}

#[test]
fn impossible_numbers_are_refused() {
    wrong(
        "probability = 0.1",
        "probability = 1.5",
        "1.5",
        &["`1.5`, which is impossible", "between 0 and 1"],
    );
    wrong(
        "capacity = 3",
        "capacity = -3",
        "-3",
        &["`-3`, which is impossible"],
    );
    wrong(
        "capacity = 3",
        "capacity = 2.5",
        "2.5",
        &["a whole number, not `2.5`"],
    );
    wrong(
        "interval = \"30min\"",
        "interval = \"7min\"",
        "\"7min\"",
        &["does not divide the 8h"],
    );
    wrong(
        "close = \"17:00\"",
        "close = \"08:00\"",
        "\"08:00\"",
        &["not later than the opening"],
    );
    wrong(
        "[50, 50]",
        "[20, 20, 20, 20, 10, 5, 5]",
        "[20, 20",
        &["7 numbers"],
    );
}

#[test]
fn journeys_that_cannot_run_are_refused() {
    wrong(
        "\"do\"",
        "\"ask\"",
        "\"ask\", weight = 3",
        &["a second step", "`ask`"],
    );
    wrong(
        "time = \"errand_time\"\n",
        "",
        "weight = 1",
        &["has a weight", "no `time`"],
    );
    wrong(
        r#"["window"]"#,
        r#"[{ resource = "window", count = 4 }]"#,
        "[{ resource",
        &["takes 4 of `window`", "never more than 3"],
    );
    wrong(
        "time = \"6min\"\nholds = [\"helper\"]",
        "time = \"6min\"\nholds = [\"helper\"]\nsteps = [{ name = \"x\", weight = 1, fails = { probability = 0.5, to = \"errand\" } }]",
        "{ name = \"do\"",
        &["round in a circle: errand → help → errand"],
    );
    wrong(
        "weight = 1 }",
        "probability = 0.5 }",
        "{ name = \"ask\", prob",
        &["takes no time and does nothing"],
    );
    wrong(
        "capacity = 3",
        r#"roster = [{ count = 3, to = "15:00" }]"#,
        "[\"window\"]",
        &["from 15:00 until closing 0 of `window`"],
    );
}

#[test]
fn an_order_of_holding_that_could_block_for_ever_is_refused() {
    let text = RIGHT
        .replace("{ name = \"ask\", weight = 1 }", "{ name = \"ask\", weight = 1, holds = [\"helper\"] }")
        .replace("time = \"6min\"\nholds = [\"helper\"]", "holds = [\"helper\"]\nsteps = [{ name = \"x\", duration = \"1min\", holds = [\"window\"] }]");
    let told = told(&refused(&text));
    assert!(told.contains("window → helper → window"), "{told}");
    assert!(told.contains("s.toml:17:3: "), "{told}");
}

#[test]
fn what_is_not_yet_supported_is_refused_by_name() {
    wrong(
        "balance_query",
        "welfare_issue",
        "\"welfare_issue\"",
        &["not yet supported"],
    );
}

#[test]
fn an_empty_file_is_told_what_the_least_is() {
    let error = refused("");
    assert!(
        error
            .to_string()
            .contains("s.toml:1:1: the scenario has no journeys"),
        "{error}"
    );
    let least = ScenarioError::help(&error).expect("there is help");
    let example = least.split_once(":\n").expect("an example follows").1;
    let folder = Folder::new();
    let example = example.replace("\n  ", "\n").trim_start().to_owned();
    assert!(read(&folder.file("least.toml", example), &[]).is_ok());
}

#[test]
fn a_huge_file_is_refused_without_reading_it() {
    let folder = Folder::new();
    let path = folder.file("huge.toml", "");
    let file = std::fs::File::options()
        .write(true)
        .open(&path)
        .expect("it exists");
    file.set_len(100_000_000)
        .expect("sparse files are possible");
    let started = std::time::Instant::now();
    let error = read(&path, &[]).expect_err("it is huge");
    assert!(
        error
            .to_string()
            .contains("huge.toml:1:1: the file is larger than 10 MB")
    );
    assert!(started.elapsed().as_millis() < 1000);
}

#[test]
fn what_is_not_utf8_is_refused_with_its_byte() {
    let folder = Folder::new();
    let (gbk, _, _) = encoding_rs::GBK.encode("name = \"x\"\nquestion = \"承诺\"\n");
    let error = read(&folder.file("gbk.toml", &gbk), &[]).expect_err("TOML is UTF-8");
    assert!(
        error
            .to_string()
            .contains("gbk.toml:2:13: the file is not UTF-8: byte 23"),
        "{error}"
    );
    let marked = format!("\u{feff}{RIGHT}");
    assert!(read(&folder.file("marked.toml", marked), &[]).is_ok());
}

#[test]
fn what_is_not_toml_or_not_there_is_refused() {
    let error = refused("name = \n[day]\n");
    assert!(error.to_string().contains("s.toml:1:"), "{error}");
    let folder = Folder::new();
    let error = read(&folder.0.path().join("none.toml"), &[]).expect_err("it is not there");
    assert!(
        error
            .to_string()
            .contains("none.toml:1:1: the file cannot be read")
    );
    assert!(
        read(folder.0.path(), &[])
            .expect_err("a folder")
            .to_string()
            .contains("is a folder")
    );
}

#[test]
fn extends_in_a_circle_is_named_as_a_chain() {
    let folder = Folder::new();
    let a = folder.file("a.toml", "extends = \"b.toml\"\n");
    folder.file("b.toml", "name = \"b\"\nextends = \"a.toml\"\n");
    let error = read(&a, &[]).expect_err("it goes in a circle");
    let told = error.to_string();
    assert!(told.contains("b.toml:2:11: "), "{told}");
    assert!(
        told.contains("a.toml → ") && told.contains("b.toml → "),
        "{told}"
    );
    let gone = folder.file("c.toml", "extends = \"gone.toml\"\n");
    let told = read(&gone, &[]).expect_err("its base is gone").to_string();
    assert!(
        told.contains("c.toml:1:11: ") && told.contains("gone.toml"),
        "{told}"
    );
}

#[test]
fn a_fault_in_the_base_is_located_in_the_base() {
    let folder = Folder::new();
    folder.file("base.toml", RIGHT.replace("cv = 0.5", "cv = -1"));
    let variant = folder.file("variant.toml", "extends = \"base.toml\"\n");
    let told = read(&variant, &[])
        .expect_err("the base is wrong")
        .to_string();
    assert!(told.contains("base.toml:7:56: "), "{told}");
}

#[test]
fn values_from_the_command_line_are_located_there() {
    let folder = Folder::new();
    let path = folder.file("s.toml", RIGHT);
    let set = |text: &str| read(&path, &[text.to_owned()]);
    let refuse = |text: &str| told(&set(text).expect_err("it is wrong"));
    let told = refuse("resources.window.capacity=-1");
    assert!(
        told.contains("--set resources.window.capacity=-1: `resources.window.capacity` is `-1`"),
        "{told}"
    );
    assert!(refuse("resources.windwo.capacity=1").contains("did you mean `window`?"));
    assert!(refuse("resources.window.capcity=1").contains("did you mean `capacity`?"));
    assert!(refuse("nonsense").contains("is not `path=value`"));
    assert!(refuse("name.x=1").contains("no table"));
    let changed = set("journeys.errand.steps.do.weight=1").expect("it is right");
    assert!(
        matches!(changed.journeys[0].steps[0].time, scenarios::model::StepTime::Fraction(f) if (f - 0.5).abs() < 1e-12)
    );
    assert_eq!(
        set("resources.window.capacity=4").expect("right").resources[0]
            .roster
            .most(),
        4
    );
    assert!(set("laws.errand_time.mean=5min").is_ok());
}

fn with_csv(
    name: &str,
    csv: &[u8],
    from: &str,
    to: &str,
) -> Result<scenarios::model::Scenario, ScenarioError> {
    let folder = Folder::new();
    folder.file(name, csv);
    read(&folder.file("s.toml", RIGHT.replacen(from, to, 1)), &[])
}

fn roster(csv: &[u8]) -> Result<scenarios::model::Scenario, ScenarioError> {
    with_csv("r.csv", csv, "capacity = 3", "roster = \"r.csv\"")
}

#[test]
fn csv_is_read_as_planners_save_it() {
    let plain = "count,from,to,break_from,break_to\n2,,,,\n1,,,11:30,13:30\n";
    let (gbk, _, _) = encoding_rs::GBK.encode("count;from\r\n2;\r\n1;09:00\r\n");
    let variants: [&[u8]; 4] = [
        plain.as_bytes(),
        b"\xef\xbb\xbfcount;from;to;break_from;break_to\r\n2;;;;\r\n1;;;11:30;13:30\r\n",
        b"\n\nCount\tbreak_from\tbreak_to\n2\t\t\n1\t11:30\t13:30\n\n",
        &gbk,
    ];
    for csv in variants {
        let scenario = roster(csv).unwrap_or_else(|error| panic!("{}", told(&error)));
        assert_eq!(scenario.resources[0].roster.most(), 3);
        assert!(
            !scenario.as_run.contains("r.csv"),
            "CSV files are folded in"
        );
    }
    let profile = with_csv(
        "p.csv",
        b"from;share\n09:00;37,5\n12:00;62,5\n",
        "[50, 50]",
        "\"p.csv\"",
    );
    let pieces = profile
        .unwrap_or_else(|error| panic!("{}", told(&error)))
        .arrivals
        .pieces;
    assert!((pieces[0].expected - 37.5).abs() < 1e-9);
    assert_eq!(pieces[1].from.clock(), "12:00");
}

#[test]
fn broken_csv_is_named_by_row() {
    let refuse = |csv: &[u8]| told(&roster(csv).expect_err("it is wrong"));
    let missing = refuse(b"from,to\n09:00,17:00\n");
    assert!(
        missing.contains("r.csv:1:1: row 1: the column `count` is missing"),
        "{missing}"
    );
    let broken = refuse(b"count,from\n2,\n\n1,09:00,7\n");
    assert!(
        broken.contains("r.csv:4:1: row 4 has 3 cells, but there are 2 columns"),
        "{broken}"
    );
    let number = refuse(b"count,from\n2,\ntwo,09:00\n");
    assert!(
        number.contains("r.csv:3:1: row 3: `count` is `two`, which is no number"),
        "{number}"
    );
    let unknown = refuse(b"count,form\n2,\n");
    assert!(
        unknown.contains("r.csv:1:7: ") && unknown.contains("did you mean `from`?"),
        "{unknown}"
    );
    let hours = refuse(b"count,from\n2,\n1,07:30\n");
    assert!(
        hours.contains("r.csv:3:3: ") && hours.contains("outside the opening hours"),
        "{hours}"
    );
    assert!(refuse(b"").contains("has no rows"));
    assert!(refuse(b"count\n\xff\xff\xff\n").contains("neither UTF-8 nor GBK"));
}

#[test]
fn several_faults_are_told_at_once_and_point_into_the_text() {
    let text = RIGHT
        .replace("capacity = 3", "capcity = 3")
        .replace("probability = 0.1", "probability = 7");
    let error = refused(&text);
    assert!(!ScenarioError::related(&error).is_empty());
    let label = error.labels().and_then(|mut labels| labels.next());
    let label = label.expect("it points somewhere");
    let source = error.source_code().expect("it has the text");
    let shown = source
        .read_span(label.inner(), 0, 0)
        .expect("it points into the text");
    let shown = String::from_utf8_lossy(shown.data());
    assert!(shown.contains("capcity"), "{shown}");
}

mod mutated {
    use super::{Folder, RIGHT, read};
    use proptest::prelude::*;
    use scenarios::language::Lang;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn a_mutated_file_is_read_or_refused_but_never_a_panic(
            edits in prop::collection::vec((0..RIGHT.len(), prop::sample::select(
                vec!["", "\"", "[", "]", "{", "=", "-", "9", "0", "\n", "é", ".", "e9", "holds", "#"])), 1..6),
            length in 0..=RIGHT.len(),
        ) {
            let mut text = RIGHT.to_owned();
            for (at, insert) in edits {
                let at = at.min(text.len());
                if text.is_char_boundary(at) && text.is_char_boundary((at + 1).min(text.len())) {
                    text.replace_range(at..(at + 1).min(text.len()), insert);
                }
            }
            if length % 3 == 0 {
                let mut length = length.min(text.len());
                while !text.is_char_boundary(length) { length -= 1; }
                text.truncate(length);
            }
            let folder = Folder::new();
            match read(&folder.file("s.toml", &text), &[]) {
                Ok(scenario) => {
                    let again = read(&folder.file("again.toml", &scenario.as_run), &[]);
                    let again = again.unwrap_or_else(|error| panic!("{error}\n{}", scenario.as_run));
                    prop_assert_eq!(&scenario.hash, &again.hash);
                    let _ = scenarios::explain::explain(&again, Lang::Zh);
                    let _ = scenarios::explain::warnings(&again);
                }
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }
}

#[test]
fn depth_without_end_is_refused_without_exhausting_the_stack() {
    let folder = Folder::new();
    let dotted = format!("{}a = 1\n", "a.".repeat(1_000_000));
    let header = format!("[{}a]\n", "a.".repeat(1_000_000));
    let nested = format!("a = {}", "[".repeat(1_000_000));
    for text in [dotted, header, nested] {
        assert!(read(&folder.file("deep.toml", text), &[]).is_err());
    }
    let path = folder.file("s.toml", RIGHT);
    let set = format!("{}=1", "a.".repeat(100_000) + "a");
    assert!(read(&path, &[set]).is_err());
}
