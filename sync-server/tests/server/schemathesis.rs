//! Requests that Schemathesis makes up from the server's own description. Only where somebody says which program that is:
//! `cargo xtask soak schemathesis` installs it and does.

use crate::desk::Desk;
use crate::site::Site;
use headless::Process;
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

/// What each answer is checked for. What a description cannot say, such as that a message names its replicas, may be
/// refused; so whether sound data is taken is not among it.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,missing_required_header,\
                      unsupported_method,allow_header_conformance,ignored_auth";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_that_the_description_allows_gets_an_answer_that_it_does_not() {
    let Some(program) = std::env::var_os("FRONTDESK_SCHEMATHESIS") else {
        eprintln!("skipped: `cargo xtask soak schemathesis` runs it");
        return;
    };
    let seconds = std::env::var("FRONTDESK_SECONDS").unwrap_or_else(|_| "60".to_owned());
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let folder = tempfile::tempdir().unwrap();
    let description = folder.path().join("openapi.json");
    std::fs::write(&description, about(&desk).await.to_string()).unwrap();
    let run = |desk: &Desk, seconds: &str, method: [&str; 2]| {
        let mut command = Command::new(&program);
        command
            .current_dir(folder.path())
            .arg("run")
            .arg(&description)
            .args(["--url", &site.address])
            .args(method);
        command.args(["--max-time", seconds, "--checks", CHECKS, "--phases", "examples,coverage,fuzzing"]);
        // Below what a device may ask: otherwise nothing but that is answered.
        command.args(["--rate-limit", "45/s", "--continue-on-failure", "--suppress-health-check", "all"]);
        command.args([
            "--warnings",
            "off",
            "--no-color",
            "-H",
            &format!("Authorization: Bearer {}", desk.token),
        ]);
        Process::start(command).unwrap()
    };
    let passed = async |mut process: Process| {
        while process.poll().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(process.poll().unwrap().unwrap().success(), "what it found stands above");
    };
    passed(run(&desk, &seconds, ["--exclude-method", "DELETE"])).await;
    // The credential was good to the end, and something came of what was sent.
    assert_ne!(desk.page(sync_protocol::Place { seq: 0, key: None }, 1).await.records, []);
    // It learns ids from answers: this device may shut itself out.
    passed(run(&site.desk(desk.clinic).await, "10", ["--include-method", "DELETE"])).await;
}

/// The server's description, its requests narrowed to what a device can know: the epoch, itself, and its one replica.
/// Without that everything is refused before it is looked at. Answers are described as they are.
async fn about(desk: &Desk) -> Value {
    let mut description = serde_json::to_value(sync_server::http::document()).unwrap();
    let narrowed = |part: &Value| -> Value {
        let text = part.to_string().replace("#/components/schemas/", "#/components/schemas/Sent");
        serde_json::from_str(&text).unwrap()
    };
    let mut sent = narrowed(&description["components"]["schemas"]);
    sent["Epoch"] = json!({"type": "string", "enum": [desk.epoch().await]});
    sent["Replica"] = json!({"type": "integer", "enum": [0]});
    sent["ReplicaId"]["properties"]["device"] = json!({"type": "string", "enum": [desk.id.device]});
    sent["Version"] = json!({"type": "string", "pattern": "^0:[1-9][0-9]{0,9}$"});
    // Made-up whole numbers are often written as 1.0, and ids that may be missing are made up as any text.
    let times = json!({"type": "integer", "enum": [0, -1, 1_700_000_000_000_i64, 9e18 as i64, -9e18 as i64]});
    sent["Clock"]["properties"] = json!({"wall_ms": times, "boot_ms": times, "boot": {"type": "null"}});
    sent["Dot"]["properties"]["seq"]["minimum"] = json!(1);
    sent["Transaction"]["properties"]["ops"]["minItems"] = json!(1);
    for (name, mut schema) in sent.as_object().unwrap().clone() {
        if let Some(replicas) = schema.pointer_mut("/properties/replicas") {
            replicas["minItems"] = json!(1);
        }
        description["components"]["schemas"][format!("Sent{name}")] = schema;
    }
    for methods in description["paths"].as_object_mut().unwrap().values_mut() {
        for operation in methods.as_object_mut().unwrap().values_mut() {
            if let Some(body) = operation.get_mut("requestBody") {
                *body = narrowed(body);
            }
        }
    }
    description
}
