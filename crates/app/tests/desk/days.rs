//! Closing a day.

use crate::support::{TestDesk, action};
use serde_json::{Value, json};

/// A desk on which 60.00 came in cash, of which 5.00 were given back, and 40.00 by card.
async fn desk() -> TestDesk {
    let desk = TestDesk::empty().await;
    let patient = desk.create("Ana", "Ortiz").await;
    for (method, amount) in [("cash", 6_000), ("card", 4_000)] {
        let request = json!({"action": action(), "patient": patient, "tenders": [{"method": method, "amount": amount}]});
        desk.call("payment_take", request).await;
    }
    let back = json!({"action": action(), "patient": patient, "amount": 500, "method": "cash"});
    desk.call("credit_pay_out", back).await;
    desk
}

fn close(drawer: Value, card: i64, payments: u64) -> Value {
    json!({
        "action": action(), "float": 10_000, "drawer": drawer, "payments": payments,
        "counted": [{"method": "card", "amount": card}],
    })
}

#[tokio::test]
async fn a_day_that_ties_out_is_closed_and_its_payments_are_in_no_other() {
    let desk = desk().await;
    let open = desk.call("day_open", json!({})).await;
    assert_eq!((&open["payments"], &open["late"]), (&json!(3), &json!(0)));
    assert_eq!(
        open["expected"],
        json!([{"method": "cash", "amount": 5_500, "payments": 2}, {"method": "card", "amount": 4_000, "payments": 1}])
    );
    let request = close(json!([[5_000, 3], [500, 1]]), 4_000, 3);
    let closed = desk.call("day_close", request.clone()).await;
    assert_eq!(
        closed["methods"],
        json!([{"method": "cash", "expected": 15_500, "counted": 15_500}, {"method": "card", "expected": 4_000, "counted": 4_000}])
    );
    assert_eq!(desk.call("day_close", request).await, closed, "pressed twice");
    let open = desk.call("day_open", json!({})).await;
    assert_eq!((&open["payments"], &open["last_closed"]), (&json!(0), &closed["day"]));
    assert_eq!(desk.call("day_close_list", json!({})).await["rows"], json!([closed]));
    assert!(desk.is_sound().await);
}

#[tokio::test]
async fn a_difference_needs_an_explanation() {
    let desk = desk().await;
    for (drawer, card) in [(json!([[5_000, 3]]), 4_000), (json!([[5_000, 3], [500, 1]]), 3_999)] {
        let error = desk.fails("day_close", close(drawer, card, 3)).await;
        assert_eq!(error.fields[0].field, "explanation");
    }
    let mut request = close(json!([[5_000, 3]]), 4_000, 3);
    request["explanation"] = json!("5.00 for stamps");
    let closed = desk.call("day_close", request).await;
    assert_eq!(
        (&closed["methods"][0]["counted"], &closed["explanation"]),
        (&json!(15_000), &json!("5.00 for stamps"))
    );
}

#[tokio::test]
async fn what_came_in_meanwhile_is_not_closed_unseen() {
    let desk = desk().await;
    let error = desk.fails("day_close", close(json!([]), 4_000, 2)).await;
    assert!(error.message.contains("meanwhile"), "{}", error.message);
    for (key, value, field) in [
        ("drawer", json!([[0, 1]]), "drawer"),
        ("float", json!(-1), "float"),
        ("day", json!("2999-01-01"), "day"),
        ("counted", json!([{"method": "cash", "amount": 1}]), "counted.0"),
    ] {
        let mut request = close(json!([]), 4_000, 3);
        request["explanation"] = json!("x");
        request[key] = value;
        // A day to come has other payments.
        request["payments"] = json!(3);
        assert_eq!(desk.fails("day_close", request).await.fields[0].field, field);
    }
}

#[tokio::test]
async fn a_payment_of_a_closed_day_falls_into_the_next_one_and_an_invoice_of_it_stays() {
    let desk = desk().await;
    let patient = desk.create("Bea", "Paz").await;
    let line = json!({"description": "Peel", "quantity": 1_000, "price": 100, "tax": {"category": "exempt", "rate": 0}});
    let made = desk.call("invoice_create", json!({"patient": patient, "lines": [line]})).await;
    desk.call("invoice_issue", json!({"id": made["id"], "action": action(), "gross": 100})).await;
    desk.call("day_close", close(json!([[5_000, 3], [500, 1]]), 4_000, 3)).await;
    let void = json!({"id": made["id"], "void": true, "reason": "typed twice"});
    assert!(desk.fails("invoice_void", void).await.message.contains("was closed"));
    let pay = json!({"action": action(), "patient": patient, "invoice": made["id"], "tenders": [{"method": "cash", "amount": 100}]});
    desk.call("payment_take", pay).await;
    let open = desk.call("day_open", json!({})).await;
    assert_eq!((&open["payments"], &open["late"]), (&json!(1), &json!(0)));
    assert_eq!(open["expected"], json!([{"method": "cash", "amount": 100, "payments": 1}]));
}
