//! In the real window: from a key press to the rows, and the memory after everything was looked at.

use crate::line::{Line, Samples};
use anyhow::Result;
use e2e::{DataFolder, Desk, Setup};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What a receptionist types, letter by letter.
const TYPED: [&str; 6] = ["garcia", "obrien", "617555", "jonh smi", "liz", "nguyen"];

const SCROLL_MAX: Duration = Duration::from_secs(600);

/// Notes for each key how long it took until a frame with its rows was drawn.
const WATCH_KEYS: &str = "
    const field = document.querySelector('[data-testid=patients-search]');
    const list = document.querySelector('.patients-list');
    const drawn = new MessageChannel();
    let pressed = null;
    window.__took = [];
    field.addEventListener('keydown', event => { pressed = event.timeStamp; }, true);
    drawn.port1.onmessage = () => {
        if (pressed !== null) { window.__took.push(performance.now() - pressed); pressed = null; }
    };
    const answered = () => {
        if (list.getAttribute('aria-busy') === 'false' && pressed !== null) {
            requestAnimationFrame(() => drawn.port2.postMessage(null));
        }
    };
    new MutationObserver(answered).observe(list, {attributes: true, attributeFilter: ['aria-busy']});
    field.focus();";

/// Scrolls a view at a time to the end, each time until every row of it is there.
const SCROLL_THROUGH: &str = "
    window.__views = null;
    const grid = document.querySelector('.patients-grid');
    let views = 0;
    const next = () => {
        if (grid.querySelector('.patients-row.is-waiting:not(.is-beyond)')) { return requestAnimationFrame(next); }
        const before = grid.scrollTop;
        grid.scrollTop = before + grid.clientHeight;
        views += 1;
        if (grid.scrollTop === before) { return window.__views = views; }
        requestAnimationFrame(() => requestAnimationFrame(next));
    };
    next();";

/// Opens the window on a clinic and prints both figures.
pub async fn measure(data: DataFolder, suite: &'static str, rows: u64, json: bool) -> Result<()> {
    let Some(desk) = Desk::open_with(data, Setup::default()).await? else { return Ok(()) };
    search(&desk).await?.line(suite, "search_key_to_rows", rows).print(json);
    memory(&desk, suite, rows).await?.print(json);
    desk.close()?;
    Ok(())
}

async fn search(desk: &Desk) -> Result<Samples> {
    desk.run(WATCH_KEYS, vec![]).await?;
    let mut samples = Samples::default();
    for (round, text) in TYPED.iter().chain(&TYPED).enumerate() {
        desk.run("window.__took = []", vec![]).await?;
        for (at, letter) in text.chars().enumerate() {
            desk.type_text(&letter.to_string()).await?;
            // Asking the page is work for it too.
            tokio::time::sleep(Duration::from_millis(200)).await;
            let answered = async || {
                let took = desk.run("return window.__took.length", vec![]).await?;
                Ok(took == json!(at + 1))
            };
            desk.wait_until("the rows of a key press", answered).await?;
        }
        let took = desk.run("return window.__took", vec![]).await?;
        desk.press("Escape").await?;
        let cleared = async || {
            let typed = "return document.querySelector('[data-testid=patients-search]').value";
            Ok(desk.run(typed, vec![]).await? == json!(""))
        };
        desk.wait_until("the whole list", cleared).await?;
        desk.press("/").await?;
        if round >= TYPED.len() {
            for ms in took.as_array().into_iter().flatten().filter_map(Value::as_f64) {
                samples.add(Duration::from_secs_f64(ms / 1000.0), 0, 0);
            }
        }
    }
    desk.press("Escape").await?;
    Ok(samples)
}

async fn memory(desk: &Desk, suite: &'static str, rows: u64) -> Result<Line> {
    let before = desk.memory_kb()?;
    let started = Instant::now();
    desk.run(SCROLL_THROUGH, vec![]).await?;
    let views = loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        if let Some(views) = desk.run("return window.__views", vec![]).await?.as_u64() {
            break views;
        }
        anyhow::ensure!(started.elapsed() < SCROLL_MAX, "the list's end was not reached in {SCROLL_MAX:?}");
    };
    let mut samples = Samples::default();
    samples.add(started.elapsed(), 0, 0);
    Ok(samples
        .line(suite, "memory_after_scrolling", rows)
        .with("views", views)
        .with("pss_before_mb", before / 1000)
        .with("pss_mb", desk.memory_kb()? / 1000))
}
