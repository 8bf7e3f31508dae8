//! Campaigns over HTTP: stocks of prizes, one sign-in a day, who announces.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use serde_json::{Value, json};

use crate::{
    bank_process::{log_in, new_person},
    operator, start,
};

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
    for ends in ["2026-06-09T00:00+08:00", "2026-06-08T23:59:59+08:00"] {
        let mut over = sound.clone();
        over["ends"] = json!(ends);
        let refused = operator(&bank, "/v1/campaigns", &over).refused(400, "invalid_body");
        assert!(refused.text("detail").contains("`ends`"), "{refused:?}");
    }
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
