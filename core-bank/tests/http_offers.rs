//! The mall, welfare, campaigns, appointments and social security over HTTP, under load where a
//! promise has to hold under load.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bank_process::{
    BankProcess, Client, Person, Response, balance, log_in, new_person, new_rich_person,
    pay_by_sms, resident_id,
};
use serde_json::{Value, json};

const CLOCK: &str = "clock=2026-06-09T10:00+08:00";

fn start(options: &str) -> (tempfile::TempDir, BankProcess) {
    let folder = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(folder.path(), &format!("{CLOCK} {options}"));
    (folder, bank)
}

fn operator(bank: &BankProcess, path: &str, body: &Value) -> Response {
    bank.client().post(&bank.tokens.operator, path, body)
}

fn list_goods(bank: &BankProcess, price: &str, stock: u32) -> String {
    let goods = json!({"name": "阿胶", "price": price, "stock": stock});
    operator(bank, "/v1/mall/goods", &goods)
        .expect(201)
        .text("goods")
}

/// Asks for the authorisation of a payment by SMS: the payment with its proof.
fn authorised(client: &mut Client, bank: &BankProcess, session: &str, payment: &Value) -> Value {
    let from = payment["from"].as_str().unwrap();
    let mut wish = payment.clone();
    wish["medium"] = json!("sms");
    wish["phone"] = json!("13800000000");
    wish["account_tail"] = json!(from[from.len() - 6..]);
    let asked = client
        .post(session, "/v1/authorisations", &wish)
        .expect(201);
    let id = asked.text("authorisation");
    let sent = client.get(&bank.tokens.operator, &format!("/v1/test/outbox/{id}"));
    let mut payment = payment.clone();
    payment["authorisation"] = json!({"id": id, "code": sent.expect(200).text("code")});
    payment
}

#[test]
fn an_order_is_paid_in_money_and_points_once_and_its_parcel_is_announced() {
    let (_folder, bank) = start("");
    let li = new_rich_person(&bank, 1, "500");
    let session = log_in(&bank, &li);
    let tea = list_goods(&bank, "100.00", 5);
    let mut client = bank.client();
    let order = |points: u32, amount: &str| {
        json!({"from": li.account, "goods": tea, "quantity": 1, "points": points,
               "amount": amount, "address": "聊城市东昌府区1号"})
    };
    let first = authorised(&mut client, &bank, &session, &order(0, "100"));
    let answer = client.post_with_key(&session, "k1", "/v1/mall/orders", &first);
    let answer = answer.expect(201);
    assert_eq!(
        (answer.text("balance").as_str(), &answer.body["points"]),
        ("400.00", &json!(100))
    );
    let again = client.post_with_key(&session, "k1", "/v1/mall/orders", &first);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.body, answer.body);
    let second = authorised(&mut client, &bank, &session, &order(100, "99"));
    let answer = client
        .post(&session, "/v1/mall/orders", &second)
        .expect(201);
    assert_eq!(
        (answer.text("balance").as_str(), &answer.body["points"]),
        ("301.00", &json!(99))
    );
    // The code was for goods to this address and no other.
    let mut third = authorised(&mut client, &bank, &session, &order(0, "100"));
    third["address"] = json!("北京市");
    client
        .post(&session, "/v1/mall/orders", &third)
        .refused(422, "authorisation_mismatch");

    let dispatch = format!("/v1/mall/orders/{}/dispatches", answer.text("order"));
    operator(&bank, &dispatch, &json!({"parcel": "SF1"})).expect(201);
    let orders = client.get(&session, "/v1/mall/orders?limit=1").expect(200);
    assert_eq!(orders.body["orders"][0]["parcel"], "SF1");
    assert_eq!(orders.body["orders"][0]["points"], 100);
    let next = format!("/v1/mall/orders?cursor={}", orders.text("next"));
    let rest = client.get(&session, &next).expect(200);
    assert_eq!(rest.body["orders"].as_array().unwrap().len(), 1);
    assert_eq!(rest.body["orders"][0]["parcel"], Value::Null);
    let points = client.get(&session, "/v1/points?limit=100").expect(200);
    let changes = points.body["entries"].as_array().unwrap().iter();
    let changes: Vec<_> = changes
        .map(|entry| entry["change"].as_i64().unwrap())
        .collect();
    assert_eq!(
        (changes, &points.body["points"]),
        (vec![99, -100, 100], &json!(99))
    );
    let alerts = client.get(&session, "/v1/alerts").expect(200);
    assert_eq!(alerts.body["alerts"][0]["kind"], "parcel");
    let goods = client.get(&session, "/v1/mall/goods").expect(200);
    assert_eq!(goods.body["goods"][0]["stock"], 3);
}

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
fn register(bank: &BankProcess, first: u32, count: u32) -> Vec<String> {
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
    eprintln!(
        "5,000 vouchers took {whole:?}; meanwhile {} deposits, p50 {p50:?}, the slowest {most:?}",
        took.len()
    );
    // Had the batch been one decision, a deposit would have waited for all of it.
    assert!(took.len() >= 20, "{took:?}");
    assert!(p50 < whole / 10, "{p50:?} of {whole:?}");
    // A hundred records of fifty; a repetition finds each of them.
    let mut after = 0;
    let mut records = 0;
    loop {
        let path = format!("/v1/audit/records?after={after}&limit=10000");
        let page = bank.client().get(&bank.tokens.operator, &path).expect(200);
        let rows = page.body["records"].as_array().unwrap();
        records += rows
            .iter()
            .filter(|row| row["operation"] == "welfare_issue")
            .count();
        if rows.is_empty() {
            break;
        }
        after = page.body["last"].as_u64().unwrap();
    }
    assert_eq!(records, 100);
    let told = bank
        .client()
        .get(&bank.tokens.operator, "/v1/audit/trial-balance")
        .expect(200);
    assert_eq!(told.body["sum"], "0.00");
}

#[test]
fn a_batch_that_breaks_off_says_how_far_it_came_and_issues_nothing_twice() {
    let (_folder, bank) = start("");
    let firm = new_rich_person(&bank, 1, "100000");
    let employees = register(&bank, 10, 120);
    let mut named = employees.clone();
    "C999999999999".clone_into(&mut named[119]);
    let issues = buy_batch(&bank, &firm, 120);
    let mut client = bank.client();
    let mut issue = |key: &str, to: &[String]| {
        client.post_with_key(&bank.tokens.counter, key, &issues, &json!({ "to": to }))
    };
    for _ in 0..2 {
        let refused = issue("first", &named).refused(404, "customer_not_found");
        assert!(refused.text("detail").contains("part 3"), "{refused:?}");
        assert!(
            refused.text("detail").contains("100 were issued before"),
            "{refused:?}"
        );
        assert_eq!(refused.body["customer"], "C999999999999");
    }
    issue("again", &employees[90..100]).refused(409, "voucher_issued_already");
    let rest = issue("rest", &employees[100..]).expect(201);
    assert_eq!(rest.body["issued"], 20);
    issue("more", std::slice::from_ref(&firm.customer)).refused(422, "batch_exhausted");
    let replayed = issue("rest", &employees[100..]);
    assert_eq!(replayed.header("idempotent-replayed"), Some("true"));
    assert_eq!(replayed.body, rest.body);
    issue("rest", &employees[..20]).refused(422, "idempotency_key_reused");
}

#[test]
fn a_prize_stock_is_never_oversold_and_a_sign_in_counts_once_a_day() {
    let (_folder, bank) = start("");
    let prize = json!({"name": "手机", "chance": 1_000_000, "stock": 7, "points": 0});
    let lottery = json!({"name": "签到抽奖", "begins": "2026-06-09T00:00+08:00",
        "ends": "2026-06-10T00:00+08:00", "offer": {"lottery": {"prizes": [prize]}}});
    let lottery = operator(&bank, "/v1/campaigns", &lottery)
        .expect(201)
        .text("campaign");
    let sessions: Vec<String> = (0..24)
        .map(|number| log_in(&bank, &new_person(&bank, 10 + number)))
        .collect();
    let (won, signed, again) = (
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    thread::scope(|scope| {
        // Each signs in from three places at once.
        for session in sessions.iter().flat_map(|session| [session; 3]) {
            let (won, signed, again) = (&won, &signed, &again);
            let (bank, lottery) = (&bank, &lottery);
            scope.spawn(move || {
                let wish = json!({ "campaign": lottery });
                let answer = bank.client().post(session, "/v1/check-ins", &wish);
                if answer.status == 201 {
                    signed.fetch_add(1, Ordering::Relaxed);
                    let drew = answer.body["prize"] == "手机";
                    won.fetch_add(usize::from(drew), Ordering::Relaxed);
                } else {
                    assert_eq!(answer.code(), "checked_in_already");
                    again.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let counts = [won, signed, again].map(AtomicUsize::into_inner);
    assert_eq!(counts, [7, 24, 48]);
    let told = bank.client().get(&sessions[0], "/v1/campaigns").expect(200);
    assert_eq!(told.body["campaigns"][0]["left"], json!([0]));
    assert_eq!(told.body["signed_in_today"], true);
    let awards: usize = sessions
        .iter()
        .map(|session| {
            let told = bank.client().get(session, "/v1/awards").expect(200);
            told.body["awards"].as_array().unwrap().len()
        })
        .sum();
    assert_eq!(awards, 7);
}

#[test]
fn a_campaign_must_be_sound_and_is_announced_by_the_operator() {
    let (_folder, bank) = start("");
    let session = log_in(&bank, &new_person(&bank, 1));
    let campaign = |offer: Value| {
        json!({"name": "n", "begins": "2026-06-09T00:00+08:00", "ends": "2026-06-10T00:00+08:00",
               "offer": offer})
    };
    let prize = |chance: u32| json!({"name": "p", "chance": chance, "stock": 1, "points": 0});
    let sound = campaign(json!({"gift": {"points": 5, "stock": 1}}));
    bank.client()
        .post(&session, "/v1/campaigns", &sound)
        .refused(403, "forbidden");
    for offer in [
        json!({"lottery": {"prizes": []}}),
        json!({"lottery": {"prizes": [prize(600_000), prize(400_001)]}}),
        json!({"lottery": {"prizes": vec![prize(1); 17]}}),
        json!({"gift": {"points": 5}}),
        json!({"raffle": {}}),
    ] {
        operator(&bank, "/v1/campaigns", &campaign(offer)).refused(400, "invalid_body");
    }
    let gift = operator(&bank, "/v1/campaigns", &sound)
        .expect(201)
        .text("campaign");
    let claims = format!("/v1/campaigns/{gift}/claims");
    let answer = bank
        .client()
        .post(&session, &claims, &json!({}))
        .expect(201);
    assert_eq!(answer.body["points"], 5);
    bank.client()
        .post(&session, &claims, &json!({}))
        .refused(409, "claimed_already");
}

#[test]
fn of_many_who_want_the_last_place_of_a_slot_exactly_one_gets_it() {
    let (_folder, bank) = start("");
    let branch = |name: &str, latitude: &str, places: u32| {
        let body = json!({"name": name, "latitude": latitude, "longitude": "115.98",
            "slots": {"opens": 540, "closes": 1020, "minutes": 30, "places": places, "overbooking": 1}});
        operator(&bank, "/v1/branches", &body)
            .expect(201)
            .text("branch")
    };
    let (far, near) = (
        branch("开发区支行", "36.60", 9),
        branch("市中支行", "36.46", 1),
    );
    let sessions: Vec<String> = (0..12)
        .map(|number| log_in(&bank, &new_person(&bank, 10 + number)))
        .collect();
    let mut client = bank.client();
    let nearest = "/v1/branches?latitude=36.4567&longitude=115.9854";
    let listed = client.get(&sessions[0], nearest).expect(200);
    let ids = [0, 1].map(|at| {
        listed.body["branches"][at]["branch"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    assert_eq!(ids, [near.clone(), far]);
    let metres = listed.body["branches"][0]["metres"].as_u64().unwrap();
    // 0.0033 degrees of latitude are 367 m, 0.0054 of longitude there 483 m: 607 m together.
    assert!((600..615).contains(&metres), "{metres}");
    client
        .get(&sessions[0], "/v1/branches?latitude=91&longitude=0")
        .refused(400, "invalid_query");

    let wish = json!({"branch": near, "slot": "2026-06-10T10:00:00+08:00"});
    let booked = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for session in &sessions {
            let (bank, wish, booked) = (&bank, &wish, &booked);
            scope.spawn(move || {
                let answer = bank.client().post(session, "/v1/appointments", wish);
                match answer.status {
                    201 => booked
                        .lock()
                        .unwrap()
                        .push((session, answer.text("appointment"))),
                    _ => assert_eq!(answer.code(), "slot_full"),
                }
            });
        }
    });
    let booked = booked.into_inner().unwrap();
    assert_eq!(booked.len(), 2);
    let slots = format!("/v1/branches/{near}/slots?day=2026-06-10");
    let free = |client: &mut Client| {
        let told = client.get(&sessions[0], &slots).expect(200);
        let told = told.body["slots"].as_array().unwrap().clone();
        (told.len(), told[2]["slot"].clone(), told[2]["free"].clone())
    };
    assert_eq!(
        free(&mut client),
        (16, json!("2026-06-10T10:00:00+08:00"), json!(0))
    );
    let (session, appointment) = &booked[0];
    let path = format!("/v1/appointments/{appointment}");
    client.delete(session, "cancel", &path).expect(200);
    assert_eq!(free(&mut client).2, json!(1));
    let (session, appointment) = &booked[1];
    let own = client.get(session, "/v1/appointments").expect(200);
    assert_eq!(
        own.body["appointments"][0]["appointment"],
        json!(appointment)
    );
    assert_eq!(own.body["appointments"][0]["status"], "booked");
    let outcome = format!("/v1/appointments/{appointment}/outcomes");
    let counter = &bank.tokens.counter;
    client
        .post(counter, &outcome, &json!({"kept": false}))
        .refused(422, "appointment_not_due");
    let later = json!({"business_time": "2026-06-10T10:00:00+08:00", "speed": 1.0});
    client
        .put(&bank.tokens.operator, "/v1/test/clock", &later)
        .expect(200);
    client
        .post(counter, &outcome, &json!({"kept": false}))
        .expect(201);
}

fn hold_social_security_card(bank: &BankProcess, person: &Person) {
    let wish = json!({"customer": person.customer, "identity_check": person.check});
    let path = "/v1/social-security/cards";
    bank.client()
        .post(&bank.tokens.kiosk, path, &wish)
        .expect(201);
}

#[test]
fn a_slow_social_security_office_is_given_up_and_troubles_nobody_else() {
    let (_folder, bank) = start("slow=social_security_query=20s");
    let (li, wang) = (new_person(&bank, 1), new_person(&bank, 2));
    let (lis, wangs) = (log_in(&bank, &li), log_in(&bank, &wang));
    hold_social_security_card(&bank, &li);
    let path = "/v1/social-security/balance";
    // Who holds no card is told so at once.
    let began = Instant::now();
    bank.client()
        .get(&wangs, path)
        .refused(422, "social_security_card_missing");
    assert!(began.elapsed() < Duration::from_secs(1));
    thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let began = Instant::now();
            let answer = bank.client().get(&lis, path).refused(504, "office_timeout");
            assert_eq!(answer.body["retryable"], true);
            began.elapsed()
        });
        thread::sleep(Duration::from_millis(200));
        let began = Instant::now();
        let accounts = format!("/v1/customers/{}/accounts", li.customer);
        bank.client().get(&lis, &accounts).expect(200);
        assert!(began.elapsed() < Duration::from_secs(1));
        let took = asking.join().unwrap();
        let allowed = Duration::from_millis(1_990)..Duration::from_secs(4);
        assert!(allowed.contains(&took), "{took:?}");
    });
}

#[test]
fn a_card_holder_is_told_the_same_balance_each_time() {
    let (_folder, bank) = start("");
    let li = new_person(&bank, 1);
    hold_social_security_card(&bank, &li);
    let session = log_in(&bank, &li);
    let mut told: BTreeSet<String> = BTreeSet::new();
    for _ in 0..3 {
        let answer = bank.client().get(&session, "/v1/social-security/balance");
        told.insert(answer.expect(200).text("balance"));
    }
    assert_eq!(told.len(), 1);
    bank.client()
        .get(&bank.tokens.counter, "/v1/social-security/balance")
        .refused(403, "forbidden");
}

/// A session of the messenger, resumed by a device.
fn messenger(bank: &BankProcess, person: &Person) -> String {
    let wish = json!({"customer": person.customer, "identity_check": person.check});
    let mut client = bank.client();
    let device = client
        .post(&bank.tokens.kiosk, "/v1/ebanking", &wish)
        .expect(201);
    let credentials = json!({"customer": person.customer, "channel": "messenger",
                             "device_token": device.text("device_token")});
    client
        .post("", "/v1/sessions", &credentials)
        .expect(201)
        .text("session")
}

#[test]
fn the_messenger_does_simple_finance_and_no_more() {
    let (_folder, bank) = start("");
    let (li, wang) = (new_rich_person(&bank, 1, "100"), new_person(&bank, 2));
    let session = messenger(&bank, &li);
    let mut client = bank.client();
    let accounts = format!("/v1/customers/{}/accounts", li.customer);
    client.get(&session, &accounts).expect(200);
    client
        .get(&session, &format!("/v1/accounts/{}/entries", li.account))
        .expect(200);
    let transfer = json!({"from": li.account, "to": wang.account, "amount": "30"});
    pay_by_sms(&mut client, &bank, &session, &transfer).expect(201);
    assert_eq!(
        (balance(&bank, &li), balance(&bank, &wang)),
        ("70.00".into(), "30.00".into())
    );
    // Locks are set in the mobile bank, and the mall is not here.
    let locks = json!({"overseas": true, "places": null, "night": false, "pos_daily": null,
                       "overseas_card_not_present": false});
    client
        .post(&session, &format!("/v1/cards/{}/locks", li.card), &locks)
        .refused(403, "forbidden");
    let order = json!({"from": li.account, "goods": "G000000000001", "quantity": 1, "points": 0,
                       "amount": "1", "address": "a", "authorisation": {"id": "x", "code": "000000"}});
    client
        .post(&session, "/v1/mall/orders", &order)
        .refused(403, "forbidden");
}

#[test]
fn a_terminated_session_is_refused_as_soon_as_its_termination_is_answered() {
    let (_folder, bank) = start("");
    let li = new_rich_person(&bank, 1, "100");
    let thief = log_in(&bank, &li);
    let phone = messenger(&bank, &li);
    let sessions = bank.client().get(&phone, "/v1/sessions").expect(200);
    let found = sessions.body["sessions"].as_array().unwrap().iter();
    let id = found
        .filter(|row| row["current"] == false)
        .find_map(|row| row["session"].as_str())
        .unwrap();
    let accounts = format!("/v1/customers/{}/accounts", li.customer);
    // When each request of the thief was sent and answered, and whether it was served.
    let (served, answered) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let (sent, done) = thread::scope(|scope| {
        for number in 0..8 {
            let (bank, thief, accounts) = (&bank, &thief, &accounts);
            let (served, answered) = (&served, &answered);
            scope.spawn(move || {
                let mut client = bank.client();
                let mut refusals = 0;
                while refusals < 3 || !answered.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    let answer = match number % 2 {
                        0 => client.get(thief, accounts),
                        _ => client.post(thief, "/v1/check-ins", &json!({})),
                    };
                    let alive = answer.status != 401;
                    refusals += usize::from(!alive);
                    served.lock().unwrap().push((began, Instant::now(), alive));
                }
            });
        }
        thread::sleep(Duration::from_millis(100));
        let sent = Instant::now();
        let wish = json!({ "session": id });
        bank.client()
            .post(&phone, "/v1/sessions/terminations", &wish)
            .expect(201);
        let done = Instant::now();
        answered.store(true, Ordering::Relaxed);
        (sent, done)
    });
    let served = served.into_inner().unwrap();
    // Whatever was sent after the termination was answered is refused, without exception.
    let late = served
        .iter()
        .filter(|(began, _, alive)| *began > done && *alive)
        .count();
    assert_eq!(late, 0);
    assert!(
        served
            .iter()
            .any(|(began, _, alive)| *began < sent && *alive)
    );
    let refused = served.iter().filter(|(_, _, alive)| !alive);
    let first = refused.map(|(_, ended, _)| *ended).min().unwrap();
    eprintln!(
        "the termination took {:?}; the first refusal came {:?} after it was sent",
        done - sent,
        first.saturating_duration_since(sent)
    );
}

#[test]
fn a_subscriber_is_told_once_of_every_event_and_soon() {
    let (_folder, bank) = start("");
    let li = new_rich_person(&bank, 1, "1");
    let session = messenger(&bank, &li);
    let wishes = json!({"balance_changes": true, "log_ins": true});
    bank.client()
        .post(&session, "/v1/alerts/wishes", &wishes)
        .expect(201);
    let (events, delays) = (Mutex::new(BTreeSet::new()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = bank.client();
                for _ in 0..40 {
                    let deposit = json!({"account": li.account, "amount": "0.01"});
                    let done = client
                        .post(&bank.tokens.atm, "/v1/deposits", &deposit)
                        .expect(201);
                    let began = Instant::now();
                    let seq = done.body["seq"].as_u64().unwrap();
                    let inbox = format!("/v1/alerts?limit=100&min_seq={seq}");
                    let alerts = client.get(&session, &inbox).expect(200);
                    delays.lock().unwrap().push(began.elapsed());
                    let told = alerts.body["alerts"].as_array().unwrap();
                    assert_eq!(told.iter().filter(|alert| alert["seq"] == seq).count(), 1);
                    events.lock().unwrap().insert(seq);
                }
            });
        }
    });
    let mut told = Vec::new();
    let mut path = "/v1/alerts?limit=100".to_owned();
    loop {
        let page = bank.client().get(&session, &path).expect(200);
        let alerts = page.body["alerts"].as_array().unwrap();
        told.extend(alerts.iter().map(|alert| alert["seq"].as_u64().unwrap()));
        match page.body["next"].as_str() {
            Some(next) => path = format!("/v1/alerts?limit=100&cursor={next}"),
            None => break,
        }
    }
    let once: BTreeSet<u64> = told.iter().copied().collect();
    let events = events.into_inner().unwrap();
    assert_eq!((once.len(), told.len(), &once), (160, 160, &events));
    let mut delays = delays.into_inner().unwrap();
    delays.sort_unstable();
    let (p50, p99) = (delays[79], delays[158]);
    eprintln!("alerts were in the inbox {p50:?} (p50), {p99:?} (p99) after the event's answer");
    assert!(p99 < Duration::from_secs(1), "{p99:?}");
    let metrics = bank.client().get("", "/metrics").expect(200);
    let metrics = metrics.body.as_str().unwrap();
    assert!(
        metrics.contains("bank_alert_delay_seconds_count 160"),
        "{metrics}"
    );
}

#[test]
fn a_suspicious_query_shows_a_hundred_events_at_most() {
    let (_folder, bank) = start("");
    let li = new_rich_person(&bank, 1, "1");
    let session = log_in(&bank, &li);
    let mut client = bank.client();
    let transfer = json!({"from": li.account, "to": "62270001", "amount": "0.01", "bank": "CCB"});
    for _ in 0..130 {
        client
            .post(&session, "/v1/transfers", &transfer)
            .refused(422, "authorisation_required");
    }
    let path = "/v1/suspicious-events";
    client
        .get(&session, &format!("{path}?limit=101"))
        .refused(400, "invalid_query");
    let page = client
        .get(&session, &format!("{path}?limit=100"))
        .expect(200);
    assert_eq!(page.body["events"].as_array().unwrap().len(), 100);
    let rest = format!("{path}?limit=100&cursor={}", page.text("next"));
    let rest = client.get(&session, &rest).expect(200);
    assert_eq!(rest.body["events"].as_array().unwrap().len(), 30);
    assert_eq!(rest.body["next"], Value::Null);
}
