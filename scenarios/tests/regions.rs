//! Regions, right and wrong.

use scenarios::file::read;
use scenarios::language::Lang;
use scenarios::model::{Branches, Scenario};

const BRANCH: &str = r#"
[resources.window]
capacity = 3
[resources.centre]
capacity = 1
[journeys.errand]
time = "3min"
holds = ["window"]
[arrivals]
per_day = 100
"#;

const TEMPLATE: &str = r#"
[resources.window]
capacity = 1
[resources.centre]
capacity = 1
[journeys.errand]
time = "6min"
holds = ["window"]
[arrivals]
per_day = 50
"#;

fn told(text: &str, csv: &str) -> Result<Scenario, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("the folder is writable");
    };
    write("s.toml", text);
    write("branches.csv", csv);
    write("county.toml", TEMPLATE);
    write("other.toml", &TEMPLATE.replace("centre", "center"));
    read(&folder.path().join("s.toml"), &[]).map_err(|error| {
        let mut all = vec![error.to_string()];
        all.extend(error.related().iter().map(ToString::to_string));
        all.join("\n")
    })
}

#[test]
fn branches_of_one_template_and_one_override_are_one_kind_and_are_folded_in() {
    let csv = "name;template;per_day;x_km;y_km;closed;resources.window.capacity\n\
               a;;120;0;0;no;\n\
               b;county.toml;40;1,5;2;;2\n\
               c;county.toml;60;3;2;;2\n\
               d;county.toml;60;3;2;yes;\n";
    let text = format!("{BRANCH}[region]\nbranches = \"branches.csv\"\n");
    let scenario = told(&text, csv).expect("the scenario is sound");
    let region = scenario.region.as_deref().expect("a region");
    assert_eq!(region.kinds.len(), 3);
    let Branches::Listed(branches) = &region.branches else {
        panic!("they are listed");
    };
    let kinds: Vec<usize> = branches.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [0, 1, 1, 2]);
    assert!((branches[1].x_km - 1.5).abs() < 1e-12);
    assert_eq!(region.kinds[1].resources[0].roster.most(), 2);
    assert_eq!(region.kinds[2].resources[0].roster.most(), 1);
    assert!(branches[0].closed.is_empty() && branches[3].closed.len() == 1);
    // Read again without the files beside it, it is the same.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("s.toml");
    std::fs::write(&path, &scenario.as_run).expect("the folder is writable");
    let again = read(&path, &[]).expect("what was run can be read");
    assert_eq!(again.hash, scenario.hash);
    assert_eq!(again.region.as_deref().map(|it| it.kinds.len()), Some(3));
    assert!(scenarios::explain::explain(&scenario, Lang::En).contains("4 branches of 3 kinds"));
}

#[test]
fn impossible_regions_are_refused_in_words() {
    let good = "name,per_day\na,10\n";
    let region = |rest: &str| format!("{BRANCH}[region]\n{rest}\n");
    let from_csv = region("branches = \"branches.csv\"");
    for (text, csv, words) in [
        (&from_csv, "name,perday\na,1\n", "unknown column `perday`"),
        (&from_csv, "name\na\na\n", "second branch `a`"),
        (
            &from_csv,
            "name,per_day\na,many\n",
            "row 2: `per_day` is `many`",
        ),
        (
            &from_csv,
            "name,closed\na,perhaps\n",
            "`closed` is `perhaps`",
        ),
        (&from_csv, "name,template\na,nowhere.toml\n", "nowhere.toml"),
        (
            &from_csv,
            "name,template\na,other.toml\n",
            "other resources than the file",
        ),
        (&from_csv, "name,resources.windw.capacity\na,2\n", "windw"),
        (
            &region("choice = \"best\"\nbranches = \"branches.csv\""),
            good,
            "names `best`",
        ),
        (&region("branches = []"), good, "is empty"),
        (
            &region("branches = { count = 0, per_day = 3 }"),
            good,
            "count",
        ),
        (
            &format!("{from_csv}[gates]\nx = \"mean(wait{{branch=b}}) <= 1min\"\n"),
            good,
            "`b`",
        ),
        (
            &format!("{from_csv}[gates]\nx = \"lost <= 1\"\n"),
            good,
            "needs a closed branch",
        ),
        (
            &BRANCH.replace("[resources.centre]", "[resources.centre]\nshared = true"),
            good,
            "means nothing without a region",
        ),
        (
            &from_csv.replace("[resources.window]", "[resources.window]\nshared = true"),
            good,
            "together with others",
        ),
    ] {
        let error = told(text, csv).expect_err(text);
        assert!(error.contains(words), "{text}\n{csv}\n{error}");
    }
}
