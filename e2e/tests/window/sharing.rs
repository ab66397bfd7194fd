//! Two real windows and a server.

use crate::front_desk::{call, go_to, shown, text_of_page};
use anyhow::{Context, Result};
use e2e::{Desk, Programs};
use scratch_postgres::Site;
use serde_json::json;

async fn says(desk: &Desk, text: &str) -> Result<()> {
    desk.wait_until(text, async || Ok(text_of_page(desk).await?.contains(text))).await
}

async fn line(desk: &Desk) -> Result<String> {
    let script = "return document.querySelector('[data-testid=status-line]').innerText";
    Ok(desk.run(script, vec![]).await?.as_str().unwrap_or_default().to_owned())
}

async fn line_says(desk: &Desk, text: &str) -> Result<()> {
    desk.wait_until(&format!("{text} in the status line"), async || Ok(line(desk).await?.contains(text)))
        .await
}

/// As whoever sets a desk up: Alt+5, address, code, name, Enter.
async fn connect(desk: &Desk, site: &Site, code: &str, name: &str) -> Result<()> {
    shown(desk).await?;
    line_says(desk, "This device only").await?;
    desk.press("Alt+5").await?;
    desk.find("#sync-address").await?;
    for (field, text) in [("address", site.address().as_str()), ("code", code), ("device-name", name)] {
        desk.run(
            "const field = document.getElementById(arguments[0]); field.focus(); field.select();",
            vec![json!(format!("sync-{field}"))],
        )
        .await?;
        desk.type_text(text).await?;
    }
    desk.press("Enter").await?;
    line_says(desk, "Up to date").await
}

/// Opens the only patient's form, writes another first name over the one that is there, and saves.
async fn rename(desk: &Desk, patient: &str, from: &str, to: &str) -> Result<()> {
    go_to(desk, &format!("/patients/{patient}/edit")).await?;
    desk.find("[data-testid=save]").await?;
    let script =
        "const field = [...document.querySelectorAll('input')].find(input => input.value === arguments[0]);
        field.focus(); field.select(); return true;";
    desk.run(script, vec![json!(from)]).await?;
    desk.type_text(to).await?;
    desk.press("Control+Enter").await?;
    says(desk, &format!("{to} Ruiz")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_windows_share_a_clinic_and_one_conflict_is_shown_judged_and_gone_in_both() -> Result<()> {
    let Some(programs) = Programs::find() else { return Ok(()) };
    let mut site = Site::start(&programs.app.with_file_name("sync-server"), &["fsync=off"])?;
    let clinic = site.create_clinic("Clinic")?;
    let (one, other) = (Desk::open().await?.context("programs")?, Desk::open().await?.context("programs")?);
    connect(&one, &site, &clinic.code, "Front desk").await?;
    one.screenshot("sync-connected").await?;
    connect(&other, &site, &site.invite(&clinic.id)?, "Back office").await?;
    // What one makes is on the screen of the other.
    go_to(&other, "/patients").await?;
    let made = call(&one, "patient_create", json!({"name": {"given": "Ana", "family": "Ruiz"}})).await?;
    let patient = made["id"].as_str().context("an id")?.to_owned();
    says(&other, "Ana Ruiz").await?;
    // Both without a network: the same field.
    site.kill_server();
    for desk in [&one, &other] {
        call(desk, "sync_now", json!({})).await?;
        line_says(desk, "Offline").await?;
    }
    rename(&one, &patient, "Ana", "Anna").await?;
    rename(&other, &patient, "Ana", "Anne").await?;
    line_says(&one, "1 unsent").await?;
    says(&one, "Not sent yet").await?;
    one.screenshot("sync-offline").await?;
    go_to(&one, "/sync/unsent").await?;
    says(&one, "Anna Ruiz").await?;
    for theme in ["light", "dark"] {
        one.run("document.documentElement.dataset.theme = arguments[0]", vec![json!(theme)]).await?;
        one.screenshot(&format!("sync-unsent-{theme}")).await?;
        let faults = one.axe().await?;
        assert!(faults.is_empty(), "{theme}: {faults:?}");
    }
    site.start_server()?;
    for desk in [&one, &other] {
        line_says(desk, "Conflicts 1").await?;
    }
    says(&one, "Nothing waits to be sent").await?;
    // Both versions, side by side; one key keeps the other one.
    go_to(&one, "/sync/conflicts").await?;
    one.find("[data-testid=conflict]").await?;
    let shown = text_of_page(&one).await?;
    assert!(shown.contains("Anna") && shown.contains("Anne"), "{shown}");
    assert!(shown.contains("Back office"), "{shown}");
    for theme in ["light", "dark"] {
        one.run("document.documentElement.dataset.theme = arguments[0]", vec![json!(theme)]).await?;
        one.screenshot(&format!("sync-conflict-{theme}")).await?;
        let faults = one.axe().await?;
        assert!(faults.is_empty(), "{theme}: {faults:?}");
    }
    let kept = one.run(
        "return document.querySelector('[data-testid=keep-loser]').closest('.sync-version').innerText",
        vec![],
    );
    let kept = if kept.await?.as_str().unwrap_or_default().contains("Anna") { "Anna" } else { "Anne" };
    one.run("document.querySelector('[data-testid=conflict]').focus()", vec![]).await?;
    one.press("2").await?;
    for desk in [&one, &other] {
        line_says(desk, "Up to date").await?;
        go_to(desk, "/patients").await?;
        says(desk, &format!("{kept} Ruiz")).await?;
    }
    go_to(&other, "/sync/conflicts").await?;
    let left = other.run("return document.querySelectorAll('[data-testid=conflict]').length", vec![]).await?;
    assert_eq!(left, json!(0));
    // The devices of the clinic, and one of them shut out.
    go_to(&one, "/sync/devices").await?;
    says(&one, "Back office").await?;
    one.screenshot("sync-devices").await?;
    let devices = call(&one, "sync_devices", json!({})).await?;
    let devices = devices["devices"].as_array().context("devices")?;
    let back = devices.iter().find(|device| device["is_this"] == false).context("the other device")?;
    call(&one, "sync_revoke", json!({"device": back["id"]})).await?;
    line_says(&other, "Shut out").await?;
    other.screenshot("sync-shut-out").await?;
    one.close()?;
    other.close()?;
    Ok(())
}
