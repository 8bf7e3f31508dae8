//! Appointments over HTTP: the last place of a slot.

use std::{sync::Mutex, thread};

use serde_json::json;

use crate::{
    bank_process::{Client, log_in, new_person, post_bytes},
    operator, start,
};

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

#[test]
fn an_appointment_of_yesterday_is_not_concluded_after_a_quiet_day() {
    let (_folder, bank) = start("");
    let branch = json!({"name": "市中支行", "latitude": "36.46", "longitude": "115.98",
        "slots": {"opens": 540, "closes": 1020, "minutes": 30, "places": 1, "overbooking": 0}});
    let branch = operator(&bank, "/v1/branches", &branch).expect(201);
    let session = log_in(&bank, &new_person(&bank, 1));
    let wish = json!({"branch": branch.text("branch"), "slot": "2026-06-10T10:00:00+08:00"});
    let mut client = bank.client();
    let booked = client.post(&session, "/v1/appointments", &wish).expect(201);
    // Nothing is recorded until a day after the slot, when the bank forgets it.
    let later = json!({"business_time": "2026-06-11T10:00:00+08:00", "speed": 1.0});
    client
        .put(&bank.tokens.operator, "/v1/test/clock", &later)
        .expect(200);
    let outcome = format!("/v1/appointments/{}/outcomes", booked.text("appointment"));
    let counter = &bank.tokens.counter;
    for _ in 0..2 {
        client
            .post(counter, &outcome, &json!({"kept": true}))
            .refused(404, "appointment_not_found");
    }
    // The bank goes on.
    new_person(&bank, 2);
}

#[test]
fn a_day_has_one_appointment_and_only_slots_that_can_be_booked_are_listed() {
    let (_folder, bank) = start("");
    let branch = json!({"name": "市中支行", "latitude": "36.46", "longitude": "115.98",
        "slots": {"opens": 540, "closes": 1020, "minutes": 30, "places": 3, "overbooking": 0}});
    let branch = operator(&bank, "/v1/branches", &branch).expect(201);
    let branch = branch.text("branch");
    let clock = json!({"business_time": "2026-06-09T10:05:00+08:00", "speed": 0.001});
    bank.client()
        .put(&bank.tokens.operator, "/v1/test/clock", &clock)
        .expect(200);
    let session = log_in(&bank, &new_person(&bank, 1));
    let book = |slot: &str| {
        let wish = json!({"branch": branch, "slot": slot});
        bank.client().post(&session, "/v1/appointments", &wish)
    };
    // Kept on the day before, it was that day's all the same.
    let kept = book("2026-06-10T09:00:00+08:00").expect(201);
    let outcome = format!("/v1/appointments/{}/outcomes", kept.text("appointment"));
    bank.client()
        .post(&bank.tokens.counter, &outcome, &json!({"kept": true}))
        .expect(201);
    book("2026-06-10T15:00:00+08:00").refused(409, "appointment_exists");
    // Fourteen days ahead to the moment: half past ten of the last day is too far, and so is all after.
    let listed = |day: &str| {
        let path = format!("/v1/branches/{branch}/slots?day={day}");
        let told = bank.client().get(&session, &path).expect(200);
        told.body["slots"].as_array().unwrap().clone()
    };
    let last = listed("2026-06-23");
    assert_eq!(last.len(), 3);
    assert_eq!(last[2]["slot"], "2026-06-23T10:00:00+08:00");
    assert!(listed("2026-06-24").is_empty() && listed("2027-06-09").is_empty());
    book("2026-06-23T10:30:00+08:00").refused(404, "slot_not_found");
    book("2026-06-23T10:00:00+08:00").expect(201);
}

/// The same request is what means the same, however it is spelled; another moment is another request.
#[test]
fn a_moment_is_the_same_under_its_key_in_whatever_offset_it_is_written() {
    let (_folder, bank) = start("");
    let slots = json!({"opens": 540, "closes": 1020, "minutes": 30, "places": 4, "overbooking": 0});
    let body = json!({"name": "支行", "latitude": "36.46", "longitude": "115.98", "slots": slots});
    let branch = operator(&bank, "/v1/branches", &body).expect(201);
    let branch = branch.text("branch");
    let session = log_in(&bank, &new_person(&bank, 1));
    let book = |body: String| {
        let request = post_bytes(&session, "one-key", "/v1/appointments", body.as_bytes());
        bank.client().exchange(&request).unwrap()
    };
    let first = book(format!(
        r#"{{"branch":"{branch}","slot":"2026-06-10T10:00:00+08:00"}}"#
    ));
    let first = first.expect(201).text("appointment");
    for slot in [
        "2026-06-10T10:00+08:00",
        "2026-06-10T02:00:00Z",
        "2026-06-09T21:00:00.000-05:00",
        "2026-06-10T10:00:00+08:00[Asia/Shanghai]",
    ] {
        let again = book(format!(
            r#"{{ "slot": "{slot}",{}"branch":"{branch}"}}"#,
            "\n"
        ));
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{slot}");
        assert_eq!(again.expect(201).text("appointment"), first, "{slot}");
    }
    let other = format!(r#"{{"branch":"{branch}","slot":"2026-06-10T10:30:00+08:00"}}"#);
    book(other).refused(422, "idempotency_key_reused");

    // The same of a campaign's two.
    let gift = json!({"gift": {"points": 1, "stock": 1}});
    let announce = |begins: &str, ends: &str| {
        let body = json!({"name": "n", "begins": begins, "ends": ends, "offer": gift});
        let token = &bank.tokens.operator;
        let mut client = bank.client();
        client.post_with_key(token, "campaign", "/v1/campaigns", &body)
    };
    let first = announce("2026-06-09T20:00+08:00", "2026-06-12T00:00+08:00").expect(201);
    let again = announce("2026-06-09T12:00:00Z", "2026-06-11T16:00:00Z").expect(201);
    assert_eq!(again.text("campaign"), first.text("campaign"));
    announce("2026-06-09T20:00+08:00", "2026-06-12T00:00Z").refused(422, "idempotency_key_reused");
}
