//! What the load finds in the bank: an account that everybody pays into, employees, goods, a lottery, a
//! branch. What is sold out is renewed between two kills, so that the next load can sell it out again.

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use crate::{
    bank_process::{BankProcess, Person, new_person, new_rich_person, resident_id},
    wish::public_key,
};

/// Goods: what one piece costs in fen, and how many there are.
pub const PRICE: i64 = 305;
const STOCK: u64 = 12;
/// What a voucher is worth in fen. A batch holds one for each of a worker's customers and for each
/// employee: more than the fifty that the bank decides at a time.
pub const FACE: i64 = 500;
const EMPLOYEES: u32 = 50;
pub const BATCH: i64 = 2 + EMPLOYEES as i64;
/// A lottery in which three of five win, until its prizes are gone.
const PRIZES: u64 = 8;
pub const PRIZE_POINTS: i64 = 7;
/// The slots that are contested, and how many customers each takes.
pub const SLOTS: [&str; 2] = ["2026-06-11T10:00:00+08:00", "2026-06-12T10:00:00+08:00"];
const PLACES: u64 = 2;
/// What everybody has at first, in fen.
pub const MONEY: i64 = 200_000;
/// What a newcomer gets for signing in.
pub const SIGN_IN_POINTS: i64 = 5;

/// A customer with a device, a U-shield and a session of the mobile bank.
pub struct Customer {
    pub person: Person,
    pub device: String,
    pub shield: SigningKey,
    pub session: String,
}

pub struct World {
    /// Everybody pays into it.
    pub pool: Person,
    pub employees: Vec<String>,
    pub branch: String,
    /// The last ones are for sale and drawn in.
    pub goods: Vec<String>,
    pub lotteries: Vec<String>,
}

impl World {
    pub fn settle(bank: &BankProcess) -> Self {
        let branch = json!({"name": "市中支行", "latitude": "36.46", "longitude": "115.98",
            "slots": {"opens": 540, "closes": 1020, "minutes": 30, "places": 1, "overbooking": 1}});
        let product =
            json!({"product": "W1", "name": "增利", "minimum": "0.01", "quota": "9999999999"});
        operate(bank, "/v1/wealth/products", &product);
        let mut world = Self {
            pool: new_person(bank, 0),
            employees: (1..=EMPLOYEES)
                .map(|number| new_customer(bank, number))
                .collect(),
            branch: text(&operate(bank, "/v1/branches", &branch)["branch"]),
            goods: Vec::new(),
            lotteries: Vec::new(),
        };
        world.renew(bank, true, true);
        world
    }

    /// New goods and a new lottery, where the last are sold out.
    pub fn renew(&mut self, bank: &BankProcess, goods: bool, lottery: bool) {
        if goods {
            let listed = json!({"name": "阿胶", "price": yuan(PRICE), "stock": STOCK});
            let listed = operate(bank, "/v1/mall/goods", &listed);
            self.goods.push(text(&listed["goods"]));
        }
        if lottery {
            let prize =
                json!({"name": "积分", "chance": 600_000, "stock": PRIZES, "points": PRIZE_POINTS});
            let lottery = json!({"name": "签到抽奖", "begins": "2026-06-09T00:00+08:00",
                "ends": "2026-06-19T00:00+08:00", "offer": {"lottery": {"prizes": [prize]}}});
            let announced = operate(bank, "/v1/campaigns", &lottery);
            self.lotteries.push(text(&announced["campaign"]));
        }
    }

    /// Of all goods, prizes and slots so many are gone as the load got; renews the last ones.
    pub fn check(&mut self, bank: &BankProcess, gone: impl Fn(&str) -> u64) {
        let goods = goods_left(bank);
        let prizes = prizes_left(bank);
        for (things, left, stock) in [
            (&self.goods, &goods, STOCK),
            (&self.lotteries, &prizes, PRIZES),
        ] {
            assert_eq!(things.len(), left.len());
            for (thing, left) in left {
                assert_eq!(left + gone(thing), stock, "{thing}");
            }
        }
        for slot in SLOTS {
            let path = format!("/v1/branches/{}/slots?day={}", self.branch, &slot[..10]);
            let told = bank
                .client()
                .get(&bank.tokens.operator, &path)
                .expect(200)
                .body;
            let rows = told["slots"].as_array().unwrap();
            let row = rows.iter().find(|row| row["slot"] == slot).unwrap();
            assert_eq!(row["free"].as_u64().unwrap() + gone(slot), PLACES, "{slot}");
        }
        let sold_out = |left: &[(String, u64)]| left.last().is_some_and(|(_, left)| *left == 0);
        self.renew(bank, sold_out(&goods), sold_out(&prizes));
    }
}

fn goods_left(bank: &BankProcess) -> Vec<(String, u64)> {
    let mut left = Vec::new();
    let mut path = "/v1/mall/goods?limit=100".to_owned();
    loop {
        let page = bank
            .client()
            .get(&bank.tokens.operator, &path)
            .expect(200)
            .body;
        let rows = page["goods"].as_array().unwrap();
        left.extend(
            rows.iter()
                .map(|row| (text(&row["goods"]), row["stock"].as_u64().unwrap())),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/mall/goods?limit=100&cursor={next}"),
            None => return left,
        }
    }
}

fn prizes_left(bank: &BankProcess) -> Vec<(String, u64)> {
    let told = bank
        .client()
        .get(&bank.tokens.operator, "/v1/campaigns")
        .expect(200)
        .body;
    let rows = told["campaigns"].as_array().unwrap().iter();
    rows.map(|row| (text(&row["campaign"]), row["left"][0].as_u64().unwrap()))
        .collect()
}

/// The `number`-th of the load's own customers.
pub fn new_load_customer(bank: &BankProcess, number: u32) -> Customer {
    let person = new_rich_person(bank, 100 + number, &yuan(MONEY));
    let mut client = bank.client();
    let wish = json!({"customer": person.customer, "identity_check": person.check});
    let device = client.post(&bank.tokens.kiosk, "/v1/ebanking", &wish);
    let device = device.expect(201).text("device_token");
    let wish = json!({"customer": person.customer, "device_token": device, "channel": "mobile"});
    let session = client
        .post("", "/v1/sessions", &wish)
        .expect(201)
        .text("session");
    let wishes = json!({"balance_changes": true, "log_ins": true});
    client
        .post(&session, "/v1/alerts/wishes", &wishes)
        .expect(201);
    let shield = SigningKey::from_bytes(&[u8::try_from(number).unwrap() + 1; 32]);
    let customer = Customer {
        person,
        device,
        shield,
        session,
    };
    let wish = json!({"customer": customer.person.customer,
        "identity_check": customer.person.check, "public_key": public_key(&customer)});
    let registered = client.post(&bank.tokens.kiosk, "/v1/media/shields", &wish);
    registered.expect(201);
    customer
}

/// Somebody without an account.
fn new_customer(bank: &BankProcess, number: u32) -> String {
    let (mut client, counter) = (bank.client(), &bank.tokens.counter);
    let identity = json!({"name": "员工", "id_number": resident_id(number)});
    let check = client
        .post(counter, "/v1/identity-checks", &identity)
        .expect(201);
    let wish = json!({"identity_check": check.text("identity_check"), "phone": "13800000000"});
    let customer = client.post(counter, "/v1/customers", &wish).expect(201);
    customer.text("customer")
}

fn operate(bank: &BankProcess, path: &str, body: &Value) -> Value {
    let answer = bank.client().post(&bank.tokens.operator, path, body);
    answer.expect(201).body
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// The fen of an amount with two decimals.
pub fn fen(value: &Value) -> i64 {
    value.as_str().unwrap().replace('.', "").parse().unwrap()
}
