//! What requests name: a town with goods, branches and campaigns, which are everybody's, and the things
//! of one resident, which somebody else must not find. They are real, so that a request which does not
//! look whose they are would find them.

use serde_json::{Value, json};

use crate::{
    bank_process::{BankProcess, fresh_key, new_person, pay_by_sms_at},
    world::{Names, Resident, filled, names_of},
};

/// What is everybody's.
pub struct Town {
    pub names: Names,
}

/// Days of the campaigns, around the test's day.
const FROM: &str = "2026-06-09T00:00:00+08:00";
const TO: &str = "2026-06-12T00:00:00+08:00";

impl Town {
    /// Goods of 10 yuan and dear ones of 2,000, a branch with places for everybody and one with a single
    /// place a slot, a product, a lottery without luck, and a gift.
    pub fn found(bank: &BankProcess) -> Self {
        let ask = |path: &str, body: Value, member: &str| {
            let operator = &bank.tokens.operator;
            let told = bank.client().post(operator, path, &body).expect(201);
            told.body[member].as_str().unwrap_or_default().to_owned()
        };
        let goods = |price: &str, stock: u32| {
            let body = json!({"name": "Tea", "price": price, "stock": stock});
            ask("/v1/mall/goods", body, "goods")
        };
        let branch = |places: u32| {
            let body = json!({"name": "Shizhong", "latitude": "36.4567", "longitude": "115.9854",
                "slots": {"opens": 540, "closes": 1020, "minutes": 30, "places": places, "overbooking": 0}});
            ask("/v1/branches", body, "branch")
        };
        let campaign = |offer: Value| {
            let body = json!({"name": "June", "begins": FROM, "ends": TO, "offer": offer});
            ask("/v1/campaigns", body, "campaign")
        };
        let product =
            json!({"product": "W1", "name": "Steady", "minimum": "1.00", "quota": "1000000.00"});
        ask("/v1/wealth/products", product, "product");
        let prize = json!({"name": "Phone", "chance": 0, "stock": 1, "points": 0});
        let names = [
            ("product", "W1".to_owned()),
            ("goods", goods("10.00", 1_000_000)),
            ("dear_goods", goods("2000.00", 1_000)),
            ("sold_out_goods", goods("10.00", 0)),
            ("branch", branch(60_000)),
            ("small_branch", branch(1)),
            ("lottery", campaign(json!({"lottery": {"prizes": [prize]}}))),
            (
                "campaign",
                campaign(json!({"gift": {"points": 5, "stock": 1_000_000}})),
            ),
            (
                "empty_campaign",
                campaign(json!({"gift": {"points": 5, "stock": 0}})),
            ),
        ];
        Self {
            names: names
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect(),
        }
    }

    fn name(&self, name: &str) -> &str {
        &self.names[name]
    }
}

/// How a resident comes by a thing of a kind: its id.
type Acquire = fn(&BankProcess, &Town, &Resident) -> String;

/// Every kind of thing that is somebody's, by its stand-in.
pub const THINGS: [(&str, Acquire); 8] = [
    ("authorisation", authorisation),
    ("transfer", transfer),
    ("return", proposed_return),
    ("loan", loan),
    ("order", order),
    ("batch", batch),
    ("voucher", voucher),
    ("appointment", appointment),
];

/// An authorisation that waits for its code.
fn authorisation(bank: &BankProcess, _: &Town, resident: &Resident) -> String {
    let account = &resident.person.account;
    let wish = json!({"medium": "sms", "from": account, "bank": "CCB", "to": "6222020", "amount": "1.00",
        "phone": "13800000000", "account_tail": account[13..]});
    mobile(bank, resident, "/v1/authorisations", &wish, "authorisation")
}

/// To another bank, so that nobody else here has a part in it.
fn transfer(bank: &BankProcess, _: &Town, resident: &Resident) -> String {
    let wish =
        json!({"from": resident.person.account, "bank": "CCB", "to": "6222020", "amount": "1.00"});
    counter(bank, "/v1/transfers", &wish, "transfer")
}

/// A refund that waits for a second person's approval.
fn proposed_return(bank: &BankProcess, town: &Town, resident: &Resident) -> String {
    let paid = transfer(bank, town, resident);
    let record: u64 = paid[1..].parse().unwrap();
    let wish = json!({"record": record, "kind": "refund", "reason": "sent back"});
    let operator = &bank.tokens.operator;
    let proposed = bank.client().post(operator, "/v1/returns", &wish);
    proposed.expect(201).text("return")
}

/// An approved one that waits to be drawn.
fn loan(bank: &BankProcess, _: &Town, resident: &Resident) -> String {
    let wish = json!({"account": resident.person.account, "amount": "1000.00", "months": 3});
    counter(bank, "/v1/loans", &wish, "loan")
}

/// One that waits to be sent.
fn order(bank: &BankProcess, town: &Town, resident: &Resident) -> String {
    let wish = json!({"from": resident.person.account, "goods": town.name("goods"), "quantity": 1,
        "points": 0, "amount": "10.00", "address": "Liaocheng"});
    let session = &resident.sessions["mobile"];
    let ordered = pay_by_sms_at("/v1/mall/orders", &mut bank.client(), bank, session, &wish);
    ordered.expect(201).text("order")
}

/// One of which no voucher is issued.
fn batch(bank: &BankProcess, _: &Town, resident: &Resident) -> String {
    let wish = json!({"from": resident.person.account, "kind": "voucher", "face_value": "20.00",
        "count": 2, "amount": "40.00"});
    counter(bank, "/v1/welfare/batches", &wish, "batch")
}

/// One that is not spent.
fn voucher(bank: &BankProcess, town: &Town, resident: &Resident) -> String {
    let issues = format!("/v1/welfare/batches/{}/issues", batch(bank, town, resident));
    let wish = json!({"to": [resident.person.customer]});
    let mut client = bank.client();
    client
        .post(&bank.tokens.counter, &issues, &wish)
        .expect(201);
    let mine = client.get(&resident.sessions["mobile"], "/v1/welfare/vouchers");
    let mine = mine.expect(200);
    let vouchers = mine.body["vouchers"].as_array().unwrap();
    let newest = vouchers.iter().max_by_key(|row| row["voucher"].to_string());
    newest.unwrap()["voucher"].as_str().unwrap().to_owned()
}

fn appointment(bank: &BankProcess, town: &Town, resident: &Resident) -> String {
    let wish = json!({"branch": town.name("branch"), "slot": "2026-06-11T10:00:00+08:00"});
    mobile(bank, resident, "/v1/appointments", &wish, "appointment")
}

fn mobile(
    bank: &BankProcess,
    resident: &Resident,
    path: &str,
    wish: &Value,
    member: &str,
) -> String {
    let session = &resident.sessions["mobile"];
    let told = bank.client().post(session, path, wish);
    told.expect(201).text(member)
}

fn counter(bank: &BankProcess, path: &str, wish: &Value, member: &str) -> String {
    let told = bank.client().post(&bank.tokens.counter, path, wish);
    told.expect(201).text(member)
}

/// Somebody else's things, under `other_` and their stand-ins.
pub fn things_of(bank: &BankProcess, town: &Town, other: &Resident, resident: &Resident) -> Names {
    let text = THINGS.iter().fold(String::new(), |text, (name, _)| {
        text + &format!("{{{name}}}")
    });
    let names = names_of(bank, town, (other, resident), &text);
    let mut things: Names = THINGS
        .iter()
        .map(|(name, _)| (format!("other_{name}"), names[*name].clone()))
        .collect();
    things.insert("other_drawn_loan".to_owned(), drawn_loan(bank, other));
    things
}

fn drawn_loan(bank: &BankProcess, resident: &Resident) -> String {
    let (mut client, counter) = (bank.client(), &bank.tokens.counter);
    let wish = json!({"account": resident.person.account, "amount": "1000.00", "months": 3});
    let loan = client.post(counter, "/v1/loans", &wish).expect(201);
    let loan = loan.text("loan");
    let draws = format!("/v1/loans/{loan}/draws");
    client.post(counter, &draws, &json!({})).expect(201);
    loan
}

/// What the resident has done already, and what is taken: nothing of it is to be had again.
pub fn spent_things(
    bank: &BankProcess,
    names: &Names,
    resident: &Resident,
    other: &Resident,
) -> Names {
    let (mut client, mobile) = (bank.client(), &resident.sessions["mobile"]);
    let mut mobile = |path: &str, body: Value| {
        let path = filled(path, names);
        let body: Value = serde_json::from_str(&filled(&body.to_string(), names)).unwrap();
        client.post(mobile, &path, &body).expect(201)
    };
    mobile("/v1/check-ins", json!({"campaign": "{lottery}"}));
    mobile("/v1/campaigns/{campaign}/claims", json!({}));
    let product = json!({"account": "{account}", "product": "{product}", "amount": "10.00"});
    mobile("/v1/wealth/subscriptions", product);
    let slot = json!({"branch": "{branch}", "slot": "2026-06-10T10:00:00+08:00"});
    let cancelled = mobile("/v1/appointments", slot).text("appointment");
    let left = format!("/v1/appointments/{cancelled}");
    let session = &resident.sessions["mobile"];
    let mut client = bank.client();
    client.delete(session, &fresh_key(), &left).expect(200);
    let taken = json!({"branch": names["small_branch"], "slot": "2026-06-10T10:00:00+08:00"});
    let session = &other.sessions["mobile"];
    client.post(session, "/v1/appointments", &taken).expect(201);

    let town = Town {
        names: names.clone(),
    };
    let of_kind = |kind: &str| {
        let (_, acquire) = THINGS.iter().find(|(name, _)| *name == kind).unwrap();
        acquire(bank, &town, resident)
    };
    let (spent, on_its_way) = (of_kind("voucher"), of_kind("order"));
    let (full, rejected) = (of_kind("batch"), of_kind("return"));
    let goods = json!({"goods": names["goods"], "address": "Liaocheng"});
    let session = &resident.sessions["mobile"];
    let tokens = &bank.tokens;
    for (token, path, body) in [
        (
            session,
            format!("/v1/welfare/vouchers/{spent}/redemptions"),
            goods,
        ),
        (
            &tokens.operator,
            format!("/v1/mall/orders/{on_its_way}/dispatches"),
            json!({"parcel": "SF1"}),
        ),
        (
            &tokens.reviewer,
            format!("/v1/returns/{rejected}/rejections"),
            json!({}),
        ),
        (
            &tokens.counter,
            format!("/v1/welfare/batches/{full}/issues"),
            json!({"to": [resident.person.customer, third_person(bank)]}),
        ),
    ] {
        client.post(token, &path, &body).expect(201);
    }
    let record = |name: &str| names[name][1..].trim_start_matches('0').to_owned();
    [
        ("spent_voucher", spent),
        ("sent_order", on_its_way),
        ("full_batch", full),
        ("rejected_return", rejected),
        ("cancelled", cancelled),
        ("transfer_record", record("transfer")),
        ("order_record", record("order")),
        ("batch_record", record("batch")),
        ("drawn_loan", drawn_loan(bank, resident)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// A third person, who takes a batch's last voucher.
fn third_person(bank: &BankProcess) -> String {
    new_person(bank, 3).customer
}
