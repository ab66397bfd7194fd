use anyhow::Result;
use e2e::Desk;
use serde_json::{Value, json};

/// Calls a Tauri command as a script in the page would: the answer, or `{"refused": …}`.
async fn invoke(desk: &Desk, command: &str, arguments: Value) -> Result<Value> {
    let script = "
        const [command, given, done] = arguments;
        window.__TAURI__.core.invoke(command, given).then(done, (refused) => done({ refused }));";
    Ok(desk.page().execute_async(script, vec![json!(command), arguments]).await?.json().clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_reaches_only_the_two_doors() -> Result<()> {
    let Some(desk) = Desk::open().await? else { return Ok(()) };
    for command in ["plugin:window|close", "plugin:webview|create_webview_window", "plugin:event|emit"] {
        let answer = invoke(&desk, command, json!({})).await?;
        let refused = answer["refused"].as_str().unwrap_or_default();
        assert!(refused.contains("not allowed"), "{command} answered {answer}");
    }
    let answer = invoke(&desk, "shell", json!({ "action": "format_disk" })).await?;
    assert!(answer["refused"].is_string(), "an unknown action answered {answer}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_command_is_answered_with_a_code_and_a_message() -> Result<()> {
    let Some(desk) = Desk::open().await? else { return Ok(()) };
    let answer = invoke(&desk, "call", json!({ "name": "no_such_command", "request": {} })).await?;
    assert!(answer["refused"]["code"].is_string(), "{answer}");
    assert!(answer["refused"]["message"].is_string(), "{answer}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn text_never_becomes_a_script() -> Result<()> {
    let Some(desk) = Desk::open().await? else { return Ok(()) };
    let script = "
        const element = document.createElement('div');
        element.innerHTML = '<img src=x onerror=\"window.ran = true\"><script>window.ran = true</scr' + 'ipt>';
        document.body.append(element);
        try { eval('window.ran = true') } catch { }
        return window.ran ?? false;";
    assert_eq!(desk.run(script, vec![]).await?, json!(false));
    assert_eq!(desk.run("return window.ran ?? false", vec![]).await?, json!(false));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opens_another_window() -> Result<()> {
    let Some(desk) = Desk::open().await? else { return Ok(()) };
    assert_eq!(invoke(&desk, "shell", json!({ "action": "window_new" })).await?, Value::Null);
    desk.wait_until("there are two windows", async || Ok(desk.page().windows().await?.len() == 2)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_opens_another_window_of_the_running_app() -> Result<()> {
    let Some(desk) = Desk::open().await? else { return Ok(()) };
    let status = desk.start_again()?;
    assert!(status.success(), "the second start ended with {status}");
    desk.wait_until("there are two windows", async || Ok(desk.page().windows().await?.len() == 2)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_can_be_chosen_by_its_path() -> Result<()> {
    let Some(desk) = Desk::open().await? else { return Ok(()) };
    let file = desk.data().path().join("patients.csv");
    std::fs::write(&file, "name\nAda\n")?;
    desk.run("document.body.insertAdjacentHTML('beforeend', '<input type=file id=chosen>')", vec![]).await?;
    desk.find("#chosen").await?.send_keys(file.to_string_lossy().as_ref()).await?;
    let read = "const done = arguments[0]; document.getElementById('chosen').files[0].text().then(done);";
    assert_eq!(desk.page().execute_async(read, vec![]).await?.json(), &json!("name\nAda\n"));
    Ok(())
}
