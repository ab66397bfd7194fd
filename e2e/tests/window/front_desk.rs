//! The main job: a clinic's patients come in, one is found while typing, edited, and still there
//! after a restart.

use anyhow::Result;
use e2e::{DataFolder, Desk, ScreenSize, Setup};
use serde_json::{Value, json};
use std::path::PathBuf;

const CLINIC: &str = "\
Id,First,Last,Birth date,Mobile,Email,Tags
1,Ana,Ruiz,3/14/1985,(617) 555-7701,ana@example.com,Botox
2,Sean,O'Brien,1990-01-02,617-555-7702,,
3,José,Núñez,1971-06-30,617-555-7703,,Laser
4,Bad,Phone,1/1/1990,12,,
5,<script>document.title='owned'</script>,Tag,,,,
";

#[tokio::test(flavor = "multi_thread")]
async fn a_clinic_is_imported_and_a_patient_found_edited_and_still_there_after_a_restart() -> Result<()> {
    let Some(desk) = Desk::open().await? else { return Ok(()) };
    shown(&desk).await?;
    desk.screenshot("patients-empty").await?;
    import(&desk).await?;
    edit_by_keyboard(&desk).await?;
    let desk = desk.restart().await?;
    shown(&desk).await?;
    let found = search(&desk, "617 555 9900").await?;
    let all = call(&desk, "patient_list", json!({})).await?;
    assert_eq!(found, ["Sean O'Brien"], "of {all}");
    assert!(!desk.page().title().await?.contains("owned"), "a name ran as a script");
    let sound = call(&desk, "doctor", json!({})).await?;
    assert_eq!(sound["ok"], true, "{sound}");
    desk.close()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_one_window_is_on_the_screen_of_the_other() -> Result<()> {
    let Some(desk) = Desk::open().await? else { return Ok(()) };
    shown(&desk).await?;
    desk.press("Control+Shift+n").await?;
    let page = desk.page();
    desk.wait_until("a second window", async || Ok(page.windows().await?.len() == 2)).await?;
    let second = page.windows().await?.into_iter().last();
    call(&desk, "patient_create", json!({"name": {"given": "Ana", "family": "Ruiz"}})).await?;
    if let Some(second) = second {
        page.switch_to_window(second).await?;
    }
    desk.wait_until("the new patient in the other window", async || {
        Ok(text_of_page(&desk).await?.contains("Ana Ruiz"))
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_best_are_found_at_each_letter_and_all_of_them_in_a_pause() -> Result<()> {
    let Some(desk) = Desk::open().await? else { return Ok(()) };
    shown(&desk).await?;
    for given in ["Ana", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hal", "Ida", "Jon", "Kim", "Lea"] {
        call(&desk, "patient_create", json!({"name": {"given": given, "family": "Ruiz"}})).await?;
    }
    desk.run(NOTE_LENGTHS, vec![]).await?;
    desk.wait_until("the whole list", async || Ok(text_of_page(&desk).await?.contains("12 patients")))
        .await?;
    desk.press("/").await?;
    // One letter: between two of them a busy machine can take as long as a pause.
    desk.type_text("r").await?;
    desk.wait_until("all of them", async || Ok(text_of_page(&desk).await?.contains("12 found"))).await?;
    let rows = "return document.querySelectorAll('[data-testid=patient-row]:not(.is-beyond)').length";
    assert_eq!(desk.run(rows, vec![]).await?, json!(12));
    let told = desk.run("return window.__told", vec![]).await?;
    assert_eq!(told, json!(["12 patients", "Best 8 · type more to narrow", "12 found"]));
    desk.press("Escape").await?;
    desk.wait_until("the list again", async || Ok(text_of_page(&desk).await?.contains("12 patients")))
        .await?;
    Ok(())
}

/// Keeps what the list says of its length, from the moment that there are twelve.
const NOTE_LENGTHS: &str = "
    const status = document.querySelector('.patients-count');
    window.__told = [];
    const note = () => {
        const text = status.innerText;
        const starts = window.__told.length > 0 || text === '12 patients';
        if (starts && text !== window.__told.at(-1)) { window.__told.push(text); }
    };
    new MutationObserver(note).observe(status, {childList: true, characterData: true, subtree: true});
    note();";

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_accessible_and_looked_at_in_light_and_dark() -> Result<()> {
    let Some(desk) = Desk::open().await? else { return Ok(()) };
    let pages = pages_with_somebody(&desk).await?;
    let mut faults = Vec::new();
    for theme in ["light", "dark"] {
        desk.run("document.documentElement.dataset.theme = arguments[0]", vec![json!(theme)]).await?;
        for (name, path) in &pages {
            go_to(&desk, path).await?;
            desk.screenshot(&format!("{name}-{theme}")).await?;
            for violation in desk.axe().await? {
                faults.push(format!("{name}, {theme}: {violation:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_a_small_and_a_large_window() -> Result<()> {
    let small = ScreenSize { width: 1024, height: 768 };
    for (name, size) in [("small", small), ("large", ScreenSize::LARGE)] {
        let Some(desk) = Desk::open_with(DataFolder::new()?, Setup { size }).await? else { return Ok(()) };
        for (page, path) in pages_with_somebody(&desk).await? {
            go_to(&desk, &path).await?;
            desk.screenshot(&format!("{page}-{name}")).await?;
            let beyond = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(desk.run(beyond, vec![]).await?, json!(0), "{page} is wider than the {name} window");
        }
    }
    Ok(())
}

/// Adds a patient of whom there is something to show everywhere. Gives back the pages' names and paths.
async fn pages_with_somebody(desk: &Desk) -> Result<Vec<(&'static str, String)>> {
    shown(desk).await?;
    let patient = json!({
        "name": {"given": "Ana", "family": "Ruiz"}, "preferred_name": "Annie", "birth_date": "3/14/1985", "tier": "gold",
        "contacts": [{"kind": "phone", "value": "(617) 555-7701"}, {"kind": "email", "value": "ana@example.com"}],
        "allergies": [{"substance": "Latex", "reaction": "Itching", "severity": "severe"}],
        "alerts": [{"level": "do_not_book", "text": "Owes for three missed appointments"}],
        "tags": [{"label": "Botox"}],
    });
    let id = call(desk, "patient_create", patient).await?["id"].as_str().unwrap_or_default().to_owned();
    let note = json!({"patient": id, "kind": "clinical", "body": "Prefers mornings.", "pinned": true});
    call(desk, "note_create", note).await?;
    let rate = call(desk, "tax_rate_save", json!({"name": "Sales tax", "category": "standard", "rate": 825}))
        .await?;
    let item = json!({"name": "Retinol serum", "code": "RET", "kind": "product", "price": 7_425, "tax_rate": rate["id"]});
    call(desk, "catalogue_item_save", item).await?;
    let line = json!({"description": "Retinol serum", "quantity": 2_000, "price": 7_425, "tax": {"category": "standard", "rate": 825}});
    let invoice = call(desk, "invoice_create", json!({"patient": id, "lines": [line]})).await?;
    let invoice = invoice["id"].as_str().unwrap_or_default().to_owned();
    Ok(vec![
        ("patients", "/patients".to_owned()),
        ("patient", format!("/patients/{id}")),
        ("patient-edit", format!("/patients/{id}/edit")),
        ("patient-new", "/patients/new".to_owned()),
        ("invoices", "/invoices".to_owned()),
        ("invoice", format!("/invoices/{invoice}")),
        ("invoice-new", "/invoices/new".to_owned()),
        ("billing", "/settings/billing".to_owned()),
        ("import", "/import".to_owned()),
        ("sync", "/sync".to_owned()),
        ("settings", "/settings".to_owned()),
        ("diagnostics", "/diagnostics".to_owned()),
    ])
}

/// The first content is on the screen.
pub async fn shown(desk: &Desk) -> Result<()> {
    desk.find("html[data-ready=true]").await?;
    Ok(())
}

/// Follows a link inside the app, as the page itself does.
pub async fn go_to(desk: &Desk, path: &str) -> Result<()> {
    let script = "const link = document.createElement('a'); link.href = arguments[0]; document.body.append(link); link.click(); link.remove();";
    desk.run(script, vec![json!(path)]).await?;
    let here = async || Ok(desk.run("return location.pathname", vec![]).await? == json!(path));
    desk.wait_until("the page", here).await?;
    // Two frames later what the page has asked for is drawn, unless it waits for an answer.
    let idle = "const done = arguments[arguments.length - 1]; setTimeout(() => requestAnimationFrame(() => done(true)), 250);";
    desk.page().execute_async(idle, vec![]).await?;
    Ok(())
}

/// Runs a command of the contract through the page's own door.
pub async fn call(desk: &Desk, name: &str, request: Value) -> Result<Value> {
    let script = "const done = arguments[arguments.length - 1];
        window.__TAURI_INTERNALS__.invoke('call', {name: arguments[0], request: arguments[1]}).then(done, error => done({error}));";
    let answer = desk.page().execute_async(script, vec![json!(name), request]).await?;
    let answer = answer.json().clone();
    anyhow::ensure!(answer.get("error").is_none(), "{name}: {answer}");
    Ok(answer)
}

pub async fn text_of_page(desk: &Desk) -> Result<String> {
    Ok(desk.run("return document.body.innerText", vec![]).await?.as_str().unwrap_or_default().to_owned())
}

async fn search(desk: &Desk, text: &str) -> Result<Vec<String>> {
    let found = call(desk, "patient_search", json!({"text": text})).await?;
    let name = |hit: &Value| {
        let name = &hit["name"];
        Some(format!("{} {}", name["given"].as_str()?, name["family"].as_str()?))
    };
    Ok(found["hits"].as_array().into_iter().flatten().filter_map(name).collect())
}

async fn import(desk: &Desk) -> Result<()> {
    go_to(desk, "/import").await?;
    let file: PathBuf = desk.data().path().join("clinic.csv");
    std::fs::write(&file, CLINIC)?;
    desk.find("[data-testid=import-file]").await?.send_keys(file.to_string_lossy()).await?;
    desk.find("[data-testid=import-check]").await?.click().await?;
    desk.find("[data-testid=import-run]").await?;
    desk.screenshot("import-checked").await?;
    let report = text_of_page(desk).await?;
    assert!(report.contains("Mobile"), "the wrong phone is told with its column: {report}");
    desk.find("[data-testid=import-run]").await?.click().await?;
    desk.wait_until("the end of the import", async || {
        Ok(text_of_page(desk).await?.contains("Undo this import"))
    })
    .await?;
    desk.screenshot("import-done").await?;
    Ok(())
}

/// Palette, a name without its apostrophe, Enter, `e`, another phone, Ctrl-Enter: no mouse.
async fn edit_by_keyboard(desk: &Desk) -> Result<()> {
    desk.press("Control+k").await?;
    desk.find("[data-testid=palette-input]").await?;
    desk.type_text("obrien").await?;
    desk.wait_until("the patient in the palette", async || Ok(text_of_page(desk).await?.contains("O'Brien")))
        .await?;
    desk.screenshot("palette").await?;
    desk.press("Enter").await?;
    desk.wait_until("the patient's page", async || {
        Ok(text_of_page(desk).await?.contains("555-7702") || text_of_page(desk).await?.contains("555 7702"))
    })
    .await?;
    desk.press("e").await?;
    desk.find("[data-testid=save]").await?;
    let typed =
        "const field = [...document.querySelectorAll('input')].find(input => input.value.includes('7702'));
        field.focus(); field.select(); return true;";
    desk.run(typed, vec![]).await?;
    desk.type_text("617 555 9900").await?;
    desk.press("Control+Enter").await?;
    desk.wait_until("the saved phone", async || {
        let text = text_of_page(desk).await?;
        Ok(text.contains("555-9900") || text.contains("555 9900"))
    })
    .await?;
    desk.screenshot("patient-saved").await?;
    Ok(())
}
