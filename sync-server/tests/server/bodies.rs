//! Bodies that nobody honest sends.

use crate::desk::{Desk, new_id};
use crate::site::Site;
use reqwest::{Method, StatusCode};
use std::io::Write;

async fn push(desk: &Desk, body: Vec<u8>, encoding: Option<&str>) -> StatusCode {
    let mut request =
        desk.request(Method::POST, "/v1/push").header("content-type", "application/json").body(body);
    if let Some(encoding) = encoding {
        request = request.header("content-encoding", encoding);
    }
    request.send().await.map_or(StatusCode::PAYLOAD_TOO_LARGE, |answer| answer.status())
}

#[tokio::test]
async fn bodies_that_are_wrong_are_refused_and_the_server_goes_on() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let message = desk.message(vec![desk.transaction(vec![desk.insert(new_id(), "Ada")])]).await;
    let sound = serde_json::to_string(&message).unwrap();
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let wrong = [
        String::new(),
        "{".to_owned(),
        "null".to_owned(),
        nested.clone(),
        sound.replace("\"Ada\"", &nested),
        sound.replace("\"Ada\"", "NaN"),
        sound.replacen("\"seq\":1", "\"seq\":1,\"seq\":2", 1),
        sound.replacen("\"seq\":1", "\"seq\":-1", 1),
        sound.replacen("\"seq\":1", "\"seq\":18446744073709551615", 1),
        sound.replacen("\"seq\":1", "\"seq\":0", 1),
        sound.replacen("\"seq\":1", "\"seq\":99999999999999999999999", 1),
        sound.replacen("\"replica\":0", "\"replica\":4294967295", 1),
        sound.replace("\"transactions\":[", "\"transactions\":[{}, "),
        sound.replace("\"ops\":[", "\"ops\":[],\"none\":["),
        "\u{feff}{}".to_owned(),
    ];
    for body in wrong {
        let start: String = body.chars().take(80).collect();
        assert_eq!(push(&desk, body.into_bytes(), None).await, StatusCode::BAD_REQUEST, "{start}");
    }
    assert_eq!(push(&desk, sound.clone().into_bytes(), Some("zstd")).await, StatusCode::BAD_REQUEST);
    let text = desk.request(Method::POST, "/v1/push").body(sound).send().await.unwrap();
    assert_eq!(text.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(desk.names().await.is_empty());
}

#[tokio::test]
async fn numbers_at_their_limits_are_kept_as_they_are() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let values = serde_json::json!([
        9_000_000_000_000_000_000_u64,
        i64::MIN,
        u64::MAX,
        1e308,
        "nul \u{0} and \u{10ffff}"
    ]);
    let values = values.as_array().unwrap().clone();
    let change = sync_protocol::Change::Insert { registers: vec![("name".to_owned(), values.clone())] };
    desk.push(vec![desk.transaction(vec![desk.op(new_id(), None, change)])]).await;
    assert_eq!(desk.pull_all(10).await.0[0].1.registers["name"].value, values);
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused_also_when_they_are_inflated() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let large = vec![b' '; 100 << 20];
    assert_eq!(push(&desk, large, None).await, StatusCode::PAYLOAD_TOO_LARGE);
    // A gigabyte of blanks in 32 kB.
    let mut bomb = zstd::Encoder::new(Vec::new(), 1).unwrap();
    for _ in 0..1024 {
        bomb.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 200_000, "{}", bomb.len());
    assert_eq!(push(&desk, bomb, Some("zstd")).await, StatusCode::PAYLOAD_TOO_LARGE);
    // What is sound may be sent compressed.
    let message = desk.message(vec![desk.transaction(vec![desk.insert(new_id(), "Ada")])]).await;
    let sound = zstd::encode_all(serde_json::to_vec(&message).unwrap().as_slice(), 3).unwrap();
    assert_eq!(push(&desk, sound, Some("zstd")).await, StatusCode::OK);
    assert_eq!(desk.names().await.len(), 1);
}
