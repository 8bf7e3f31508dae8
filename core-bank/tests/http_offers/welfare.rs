//! Batches of vouchers over HTTP: issued without starving others, redeemed once.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    bank_process::{
        BankProcess, Person, Response, log_in, new_person, new_rich_person, resident_id,
    },
    list_goods, start,
};

/// A batch of so many vouchers of 100 yuan: where it is issued.
fn buy_batch(bank: &BankProcess, firm: &Person, count: usize) -> String {
    let wish = json!({"from": firm.account, "kind": "voucher", "face_value": "100",
                      "count": count, "amount": format!("{}", 100 * count)});
    let mut client = bank.client();
    let batch = client.post(&bank.tokens.counter, "/v1/welfare/batches", &wish);
    format!(
        "/v1/welfare/batches/{}/issues",
        batch.expect(201).text("batch")
    )
}

fn give_vouchers(bank: &BankProcess, firm: &Person, to: &[String]) -> Response {
    let issues = buy_batch(bank, firm, to.len());
    let mut client = bank.client();
    client.post_with_key(&bank.tokens.counter, "issue", &issues, &json!({ "to": to }))
}

#[test]
fn of_many_redemptions_of_one_voucher_exactly_one_passes() {
    let (_folder, bank) = start("");
    let firm = new_rich_person(&bank, 1, "1000");
    let li = new_person(&bank, 2);
    let session = log_in(&bank, &li);
    let rice = list_goods(&bank, "60", 100);
    let issued = give_vouchers(&bank, &firm, std::slice::from_ref(&li.customer));
    assert_eq!(issued.expect(201).body["issued"], 1);
    let vouchers = bank
        .client()
        .get(&session, "/v1/welfare/vouchers")
        .expect(200);
    let voucher = vouchers.body["vouchers"][0]["voucher"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/welfare/vouchers/{voucher}/redemptions");
    let wish = json!({"goods": rice, "address": "聊城"});
    let answers = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                let answer = bank.client().post(&session, &path, &wish);
                answers
                    .lock()
                    .unwrap()
                    .push((answer.status, answer.code().to_owned()));
            });
        }
    });
    let answers = answers.into_inner().unwrap();
    let passed = answers.iter().filter(|(status, _)| *status == 201).count();
    let refused = answers
        .iter()
        .filter(|(_, code)| code == "voucher_redeemed")
        .count();
    assert_eq!((passed, refused), (1, 31));
    let goods = bank.client().get(&session, "/v1/mall/goods").expect(200);
    assert_eq!(goods.body["goods"][0]["stock"], 99);
    let points = bank.client().get(&session, "/v1/points").expect(200);
    assert_eq!(points.body["points"], 4_000);
}

/// Registers so many customers without accounts, many at a time.
pub fn register(bank: &BankProcess, first: u32, count: u32) -> Vec<String> {
    let customers = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                let (mut client, counter) = (bank.client(), &bank.tokens.counter);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed) as u32;
                    if number >= count {
                        break;
                    }
                    let identity =
                        json!({"name": "员工", "id_number": resident_id(first + number)});
                    let check = client.post(counter, "/v1/identity-checks", &identity);
                    let check = check.expect(201).text("identity_check");
                    let wish = json!({"identity_check": check, "phone": "13800000000"});
                    let customer = client.post(counter, "/v1/customers", &wish).expect(201);
                    customers.lock().unwrap().push(customer.text("customer"));
                }
            });
        }
    });
    customers.into_inner().unwrap()
}

/// Deposits one after another until told to stop: how long each took.
fn interactive(bank: &BankProcess, account: &str, stop: &AtomicBool) -> Vec<Duration> {
    let mut client = bank.client();
    let mut took = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        let deposit = json!({"account": account, "amount": "0.01"});
        client
            .post(&bank.tokens.counter, "/v1/deposits", &deposit)
            .expect(201);
        took.push(began.elapsed());
    }
    took
}

/// Records of the issue of 5,000 vouchers: fifty each.
const PARTS: u32 = 100;

#[test]
fn a_batch_of_5000_vouchers_starves_nobody() {
    let (_folder, bank) = start("");
    let firm = new_rich_person(&bank, 1, "500000");
    let other = new_rich_person(&bank, 2, "1");
    let employees = register(&bank, 10, 5_000);
    let stop = AtomicBool::new(false);
    let (issued, whole, mut took) = thread::scope(|scope| {
        let others = scope.spawn(|| interactive(&bank, &other.account, &stop));
        let began = Instant::now();
        let issued = give_vouchers(&bank, &firm, &employees);
        let whole = began.elapsed();
        stop.store(true, Ordering::Relaxed);
        (issued, whole, others.join().unwrap())
    });
    assert_eq!(issued.expect(201).body["issued"], 5_000);
    took.sort_unstable();
    let (p50, most) = (took[took.len() / 2], took[took.len() - 1]);
    let p99 = took[took.len() - 1 - took.len() / 100];
    eprintln!(
        "5,000 vouchers took {whole:?}; meanwhile {} deposits, p50 {p50:?}, p99 {p99:?}, the slowest {most:?}",
        took.len()
    );
    // Had the batch been one decision, a deposit would have waited for all of it. It is a hundred, each
    // asked for when the one before is durable, so a deposit finds at most one before it and is decided
    // beside the next: about two parts of a hundred. The slowest are those whose client or server did
    // not get a processor, for some milliseconds, while parts are of half a millisecond on a fast disk.
    assert!(took.len() >= 20, "{took:?}");
    assert!(p50 < whole / 25, "{p50:?} of {whole:?}");
    assert!(p99 < whole / 4, "{p99:?} of {whole:?}");
    assert!(most < whole / 2, "{most:?} of {whole:?}");
    // A hundred records of fifty; a repetition finds each of them.
    let mut after = 0;
    let mut records: u32 = 0;
    loop {
        let path = format!("/v1/audit/records?after={after}&limit=10000");
        let page = bank.client().get(&bank.tokens.operator, &path).expect(200);
        let rows = page.body["records"].as_array().unwrap();
        let parts = rows
            .iter()
            .filter(|row| row["operation"] == "welfare_issue");
        records += parts.count() as u32;
        if rows.is_empty() {
            break;
        }
        after = page.body["last"].as_u64().unwrap();
    }
    assert_eq!(records, PARTS);
    let told = bank
        .client()
        .get(&bank.tokens.operator, "/v1/audit/trial-balance")
        .expect(200);
    assert_eq!(told.body["sum"], "0.00");
}

#[test]
fn a_list_with_one_who_cannot_be_served_is_refused_as_a_whole() {
    let (_folder, bank) = start("");
    let firm = new_rich_person(&bank, 1, "100000");
    let employees = register(&bank, 10, 120);
    let issues = buy_batch(&bank, &firm, 120);
    let mut client = bank.client();
    let mut issue = |key: &str, to: &[String]| {
        client.post_with_key(&bank.tokens.counter, key, &issues, &json!({ "to": to }))
    };
    let (mut unknown, mut twice, mut more) =
        (employees.clone(), employees.clone(), employees.clone());
    "C999999999999".clone_into(&mut unknown[119]);
    employees[3].clone_into(&mut twice[119]);
    more.push(firm.customer.clone());
    for (to, status, code, named) in [
        (&unknown, 404, "customer_not_found", Some(&unknown[119])),
        (&twice, 409, "voucher_issued_already", Some(&twice[119])),
        (&more, 422, "batch_exhausted", None),
    ] {
        let refused = issue("list", to).refused(status, code);
        assert_eq!(refused.text("effect"), "none");
        assert!(refused.text("detail").ends_with("nothing was issued"));
        assert_eq!(refused.body["customer"].as_str(), named.map(String::as_str));
    }
    // Nobody has one and the key is free: the list that is right passes under it.
    let passed = issue("list", &employees).expect(201);
    assert_eq!(passed.body["issued"], 120);
    let again = issue("list", &employees);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.body, passed.body);
    issue("list", &employees[..20]).refused(422, "idempotency_key_reused");
    issue("more", std::slice::from_ref(&firm.customer)).refused(422, "batch_exhausted");
    // The key is taken for every other request, and another request's for an issue.
    let deposit = json!({"account": firm.account, "amount": "1"});
    client
        .post_with_key(&bank.tokens.counter, "list", "/v1/deposits", &deposit)
        .refused(422, "idempotency_key_reused");
    client
        .post_with_key(&bank.tokens.counter, "deposit", "/v1/deposits", &deposit)
        .expect(201);
    let to = json!({ "to": employees });
    client
        .post_with_key(&bank.tokens.counter, "deposit", &issues, &to)
        .refused(422, "idempotency_key_reused");
}

#[test]
fn an_issue_that_breaks_off_says_how_far_it_came() {
    let (_folder, bank) = start("slow=welfare_issue=400ms");
    let firm = new_rich_person(&bank, 1, "100000");
    let employees = register(&bank, 10, 121);
    let issues = buy_batch(&bank, &firm, 120);
    let issue = |key: &str, to: &[String]| {
        let body = json!({ "to": to });
        bank.client()
            .post_with_key(&bank.tokens.counter, key, &issues, &body)
    };
    let first = thread::scope(|scope| {
        let first = scope.spawn(|| issue("first", &employees[..120]));
        // When its second part is on its way, somebody else takes one of the last.
        thread::sleep(Duration::from_millis(600));
        issue("second", &employees[120..]).expect(201);
        first.join().unwrap()
    });
    for (refused, replayed) in [
        (first, None),
        (issue("first", &employees[..120]), Some("true")),
    ] {
        assert_eq!(refused.header("idempotent-replayed"), replayed);
        let refused = refused.refused(422, "batch_exhausted");
        assert_eq!(refused.text("effect"), "partial");
        let detail = refused.text("detail");
        assert!(detail.starts_with("part 3"), "{detail}");
        assert!(detail.ends_with("100 were issued before"), "{detail}");
    }
    let rest = issue("rest", &employees[100..119]).expect(201);
    assert_eq!(rest.body["issued"], 19);
}
