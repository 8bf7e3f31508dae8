//! What a server does with requests that are under way when it is told to stop.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::{
    io::{BufReader, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use bank_process::{
    BankProcess, Person, balance, new_person, new_rich_person, post_bytes, read_response,
    resident_id,
};
use serde_json::{Value, json};

/// Long enough for what was sent to arrive.
const A_MOMENT: Duration = Duration::from_millis(300);

fn deposit(bank: &BankProcess, person: &Person, key: &str) -> Vec<u8> {
    let body = json!({"account": person.account, "amount": "1.00"}).to_string();
    post_bytes(&bank.tokens.atm, key, "/v1/deposits", body.as_bytes())
}

fn send(bank: &BankProcess, bytes: &[u8]) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(bank.address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(bytes).unwrap();
    BufReader::new(stream)
}

#[test]
fn of_pipelined_requests_those_are_done_that_are_answered() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "slow=deposit=1000ms");
    let person = new_person(&bank, 1);
    let both = [
        deposit(&bank, &person, "one"),
        deposit(&bank, &person, "two"),
    ]
    .concat();
    let mut stream = send(&bank, &both);
    thread::sleep(A_MOMENT);
    bank.send_terminate();
    let first = read_response(&mut stream).unwrap().expect(201);
    assert_eq!(first.text("balance"), "1.00");
    let mut answered = 1;
    while let Ok(next) = read_response(&mut stream) {
        next.expect(201);
        answered += 1;
    }
    assert_eq!(bank.wait().code(), Some(0));
    let bank = BankProcess::start(data.path(), "");
    assert_eq!(balance(&bank, &person), format!("{answered}.00"));
    // Whatever became of the second, its key leads to one effect.
    let again = &deposit(&bank, &person, "two");
    for _ in 0..2 {
        read_response(&mut send(&bank, again)).unwrap().expect(201);
    }
    assert_eq!(balance(&bank, &person), "2.00");
}

#[test]
fn a_body_that_is_arriving_is_waited_for_and_one_that_never_does_is_not() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "");
    let person = new_person(&bank, 1);
    let (whole, half) = (
        deposit(&bank, &person, "whole"),
        deposit(&bank, &person, "half"),
    );
    let (head, rest) = whole.split_at(whole.len() - 10);
    let mut arriving = send(&bank, head);
    let mut never = send(&bank, &half[..half.len() - 10]);
    thread::sleep(A_MOMENT);
    bank.send_terminate();
    let told = Instant::now();
    thread::sleep(A_MOMENT);
    arriving.get_mut().write_all(rest).unwrap();
    let answer = read_response(&mut arriving).unwrap().expect(201);
    assert_eq!(answer.text("balance"), "1.00");
    assert_eq!(answer.header("connection"), Some("close"));
    read_response(&mut never)
        .unwrap()
        .refused(408, "request_timeout");
    assert_eq!(bank.wait().code(), Some(0));
    assert!(
        told.elapsed() < Duration::from_secs(9),
        "{:?}",
        told.elapsed()
    );
    let bank = BankProcess::start(data.path(), "");
    assert_eq!(balance(&bank, &person), "1.00");
}

/// Employees of a batch: five parts, of 50 at most.
const EMPLOYEES: u32 = 210;

/// A batch that was bought: where it is issued, and the body that issues it to everybody.
fn batch(bank: &BankProcess) -> (String, Value) {
    let firm = new_rich_person(bank, 1, "21000");
    let (mut client, counter) = (bank.client(), &bank.tokens.counter);
    let mut employee = |number| {
        let identity = json!({"name": "员工", "id_number": resident_id(number)});
        let check = client.post(counter, "/v1/identity-checks", &identity);
        let check = check.expect(201).text("identity_check");
        let wish = json!({"identity_check": check, "phone": "13800000000"});
        let customer = client.post(counter, "/v1/customers", &wish);
        customer.expect(201).text("customer")
    };
    let to: Vec<String> = (10..10 + EMPLOYEES).map(&mut employee).collect();
    let wish = json!({"from": firm.account, "kind": "voucher", "face_value": "100",
        "count": EMPLOYEES, "amount": format!("{}", 100 * EMPLOYEES)});
    let bought = client.post(counter, "/v1/welfare/batches", &wish);
    let batch = bought.expect(201).text("batch");
    (
        format!("/v1/welfare/batches/{batch}/issues"),
        json!({ "to": to }),
    )
}

/// How many parts of batches the books hold.
fn parts(bank: &BankProcess) -> usize {
    let path = "/v1/audit/records?limit=10000";
    let page = bank.client().get(&bank.tokens.operator, path).expect(200);
    let rows = page.body["records"].as_array().unwrap();
    let issued = |row: &&Value| row["operation"] == "welfare_issue";
    rows.iter().filter(issued).count()
}

#[test]
fn a_batch_under_way_is_issued_to_its_end_and_one_that_was_cut_off_goes_on_under_its_key() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "slow=welfare_issue=400ms");
    let ((path, body), (cut_path, cut_body)) = {
        let whole = batch(&bank);
        // The same employees, another batch.
        let firm = new_rich_person(&bank, 2, "21000");
        let wish = json!({"from": firm.account, "kind": "voucher", "face_value": "100",
            "count": EMPLOYEES, "amount": format!("{}", 100 * EMPLOYEES)});
        let counter = &bank.tokens.counter;
        let bought = bank.client().post(counter, "/v1/welfare/batches", &wish);
        let path = format!(
            "/v1/welfare/batches/{}/issues",
            bought.expect(201).text("batch")
        );
        let body = whole.1.clone();
        (whole, (path, body))
    };
    let asked = |bank: &BankProcess, key: &str, path: &str, body: &Value| {
        let body = body.to_string();
        post_bytes(&bank.tokens.counter, key, path, body.as_bytes())
    };
    let mut stream = send(&bank, &asked(&bank, "whole", &path, &body));
    thread::sleep(2 * A_MOMENT);
    bank.send_terminate();
    let answer = read_response(&mut stream).unwrap().expect(201);
    assert_eq!(answer.body["issued"], EMPLOYEES);
    assert_eq!(bank.wait().code(), Some(0));

    let bank = BankProcess::start(data.path(), "slow=welfare_issue=400ms");
    assert_eq!(parts(&bank), 5);
    let mut stream = send(&bank, &asked(&bank, "cut", &cut_path, &cut_body));
    thread::sleep(3 * A_MOMENT);
    bank.send_terminate();
    thread::sleep(A_MOMENT);
    // Whoever asks twice does not wait.
    bank.send_terminate();
    assert!(read_response(&mut stream).is_err());
    assert_eq!(bank.wait().code(), Some(1));

    let bank = BankProcess::start(data.path(), "");
    let half = parts(&bank) - 5;
    assert!((1..5).contains(&half), "{half} parts were done");
    let again = asked(&bank, "cut", &cut_path, &cut_body);
    for _ in 0..2 {
        let answer = read_response(&mut send(&bank, &again)).unwrap().expect(201);
        assert_eq!(answer.body["issued"], EMPLOYEES);
        assert_eq!(parts(&bank), 10);
    }
}
