//! What `check` says, against what the files say.

use scenarios::explain::{explain, warnings};
use scenarios::file::read;
use scenarios::language::Lang;
use scenarios::model::{Label, Load, Recording};
use std::collections::BTreeSet;
use std::path::Path;

fn shipped(name: &str, set: &[&str]) -> scenarios::model::Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let set: Vec<String> = set.iter().map(|it| (*it).to_owned()).collect();
    read(&path, &set).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_smart_branch_is_explained_in_words() {
    let text = explain(&shipped("smart-branch.toml", &[]), Lang::En);
    for words in [
        "Tuesday 9 June 2026, open 09:00 to 17:00",
        "10:00 to 11:00: 57 (57 an hour)",
        "68 % self-service customers (kiosk): leave the queue after 20 min on average",
        "cash windows (cash_window): 3 from 09:00, 2 from 11:30, 3 from 13:30",
        // 60 of 175 weights of 3.2 minutes.
        "register: 1.1 min (34.29 %), bank operation register_customer",
        "review: 36 s on average (exponential), for 50 % of customers, with 1 lobby_manager",
        "4 % fail and go on to counter_help",
        // 300,000 x 17.5 / 30 log-ins, 86 of 1150 in the busiest hour, 6 requests.
        "175000 log-ins a day, 6 requests each: ",
        "promise: share_within(time_in_branch{channel=kiosk}, 5min) >= 80%",
        "[derived] resources.kiosk.capacity = 5",
    ] {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
}

#[test]
fn an_overloaded_pool_is_warned_of_and_a_well_staffed_one_is_not() {
    let about = |warnings: &[Label], name: &str| warnings.iter().any(|it| it.en.contains(name));
    let well = warnings(&shipped("smart-branch.toml", &[]));
    assert!(!about(&well, "`kiosk` is asked"), "{well:?}");
    // The bank offers all of it.
    assert!(!about(&well, "mobile mix"));
    // 57 an hour, .68 of them 3.2 minutes and .3 minutes of review: 2.26 servers busy.
    let scarce = warnings(&shipped(
        "smart-branch.toml",
        &["resources.kiosk.capacity=2"],
    ));
    assert!(
        about(&scarce, "from 10:00 to 11:00 `kiosk` is asked for 113"),
        "{scarce:?}"
    );
    let generic = warnings(&shipped("generic-queue.toml", &[]));
    let words: Vec<&str> = generic.iter().map(|it| it.en.as_str()).collect();
    assert_eq!(words, ["there are no gates: nothing can fail"]);
    for warning in well.iter().chain(&scarce).chain(&generic) {
        let chinese = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
        assert!(warning.zh.contains(chinese), "{warning:?}");
    }
}

#[test]
fn a_question_is_asked_in_one_language_or_in_two() {
    let ask =
        |question: &str| shipped("smart-branch.toml", &[&format!("question={question}")]).question;
    assert_eq!(ask("\"Why?\""), Label::same("Why?"));
    assert_eq!(
        ask("{ en = \"Why?\", zh = \"为何？\" }"),
        Label::new("Why?", "为何？")
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("half.toml");
    let minimal = "[resources.window]\ncapacity = 2\n[journeys.errand]\ntime = \"3min\"\nholds = [\"window\"]\n[arrivals]\nper_day = 200\n";
    let write = |question: &str| {
        std::fs::write(&path, format!("question = {question}\n{minimal}")).expect("written");
        read(&path, &[])
    };
    let half = write("{ zh = \"为何？\" }").expect("one language is enough");
    assert_eq!(half.question, Label::same("为何？"));
    for (wrong, told) in [
        ("5", "`question` must be text in quotes or { en ="),
        ("{ de = \"Warum?\" }", "unknown key `question.de`"),
        ("{ en = 5 }", "`question.en` must be text in quotes"),
    ] {
        let error = write(wrong).expect_err("refused");
        // Drawn in lines whose breaks depend on the path's length.
        let report = format!("{:?}", miette::Report::new(error)).replace('│', " ");
        let report: Vec<_> = report.split_whitespace().collect();
        assert!(report.join(" ").contains(told), "{report:?}");
    }
}

#[test]
fn every_shipped_scenario_asks_in_both_languages_and_still_does_when_read_as_run() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in [
        "smart-branch.toml",
        "smart-branch-slow-kiosk.toml",
        "traditional-branch.toml",
        "generic-queue.toml",
        "branch-closure.toml",
        "core-bank-outage.toml",
        "core-bank-slow.toml",
        "kiosk-outage.toml",
        "sixth-window.toml",
        "pension-day.toml",
        "pension-day-five-windows.toml",
        "lunch-three-quarters.toml",
        "lunch-none.toml",
        "lunch-staggered.toml",
        "lunch-part-time.toml",
        "twenty-percent-to-mobile.toml",
        "vip-no-priority.toml",
        "vip-priority.toml",
        "vip-waiting-credit.toml",
        "appointment-heavy.toml",
        "appointment-spread.toml",
    ] {
        let scenario = shipped(name, &[]);
        let question = &scenario.question;
        assert!(
            question.en.ends_with('?') && question.zh.ends_with('？'),
            "{question:?}"
        );
        let path = folder.path().join(name);
        std::fs::write(&path, &scenario.as_run).expect("written");
        if let Some(recording) = scenario.load.as_ref().and_then(Load::recording) {
            let kept = folder.path().join(Recording::COPY);
            std::fs::copy(&recording.path, kept).expect("copied");
        }
        let again = read(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(again.question, scenario.question);
        assert_eq!(again.hash, scenario.hash);
    }
}

/// Every scenario that comes with the workspace.
fn library() -> Vec<String> {
    let entries = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).expect("the crate's folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let mut names: Vec<String> = names
        .filter(|name| name.contains(".toml") && name != "Cargo.toml")
        .collect();
    names.sort();
    names
}

/// Words of Latin letters in a text.
fn latin_words(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphabetic());
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

#[test]
fn in_chinese_nothing_is_left_in_english_but_what_the_file_says() {
    let library = library();
    assert!(library.len() >= 30);
    for name in library {
        let scenario = shipped(&name, &[]);
        let text = explain(&scenario, Lang::Zh);
        // Where the numbers come from is told as the file tells it.
        let text = text.split("\n数值的来源").next().expect("a text");
        // What the file says in words of its own: its names and gates.
        let mut own = latin_words(&scenario.as_run);
        own.extend(latin_words(&scenario.name));
        // Without labels, and with what the file leaves to the defaults.
        for word in ["service", "all", "asia", "shanghai", "branch"] {
            own.insert(word.to_owned());
        }
        let left: Vec<_> = latin_words(text).difference(&own).cloned().collect();
        assert!(left.is_empty(), "{name}: {left:?}\n{text}");
        // And by the words of the English text: none of its sentences is there.
        let english = explain(&scenario, Lang::En);
        for line in english.lines().filter(|line| line.contains(' ')).skip(2) {
            let of_the_file = line.contains(" = ") || line.contains(">=") || line.contains("<=");
            assert!(of_the_file || !text.contains(line), "{name}: {line}");
        }
    }
}

#[test]
fn both_languages_say_the_same_numbers_in_as_many_lines() {
    for name in library() {
        let scenario = shipped(&name, &[]);
        let (english, chinese) = (explain(&scenario, Lang::En), explain(&scenario, Lang::Zh));
        assert_eq!(english.lines().count(), chinese.lines().count(), "{name}");
        for (en, zh) in english.lines().zip(chinese.lines()).skip(2) {
            if zh.contains("营业时间") || zh.contains("首个零点") {
                // English names the month.
                continue;
            }
            let (told, again) = (numbers(en), numbers(zh));
            assert_eq!(told, again, "{name}:\n{en}\n{zh}");
        }
    }
}

/// The numbers of a line; the parts of durations, dates and times each are one.
fn numbers(line: &str) -> Vec<String> {
    let numbers = line.split(|c: char| !c.is_ascii_digit() && c != '.');
    let numbers = numbers
        .map(|it| it.trim_matches('.'))
        .filter(|it| !it.is_empty());
    let mut numbers: Vec<String> = numbers.map(str::to_owned).collect();
    numbers.sort();
    numbers
}

#[test]
fn the_smart_branch_is_explained_in_chinese() {
    let text = explain(&shipped("smart-branch.toml", &[]), Lang::Zh);
    for words in [
        "2026 年 6 月 9 日 星期二，营业时间 09:00 至 17:00",
        "10:00 至 11:00：57 名（每小时 57 名）",
        "自助客户（kiosk）占 68%：等候超过耐心时间即离开，耐心时间平均 20 分钟",
        "（cash_window）：09:00 起 3 个、11:30 起 2 个、13:30 起 3 个",
        "register：1.1 分钟（34.29%），核心系统操作“客户建档”",
        "review：平均 36 秒（指数分布），50% 的客户需要，占用 1 名大堂经理",
        "4% 失败，转入流程 counter_help",
        "每日登录 175000 次，每次 6 个请求",
        "promise：share_within(time_in_branch{channel=kiosk}, 5min) >= 80%",
        "〔推算〕resources.kiosk.capacity = 5",
    ] {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
}
