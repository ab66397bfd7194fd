//! One open window.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use headless::{Headless, ScreenSize};
use serde_json::{Value, json};
use thirtyfour::{By, Capabilities, WebDriver, WebElement};

use crate::axe::{self, Violation};
use crate::data::DataFolder;
use crate::driver::Driver;
use crate::keys;
use crate::stage::Programs;

/// The app, as the system lists it among the processes.
const APP: &str = "frontdesk";
/// What is in the app's process group only because it is driven.
const DRIVERS: [&str; 2] = ["tauri-driver", "WebKitWebDriver"];
const TIMEOUT: Duration = Duration::from_secs(30);
/// The first start after an installation reads some hundred MB of WebKit, from a disk that may be slow.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(20);
/// Looking for a process reads all of the system's.
const PROCESS_POLL: Duration = Duration::from_millis(250);
/// The driver takes its picture when the page is drawn next, which is never where nothing changes: one
/// faint pixel does, for a moment.
const KEEP_DRAWING: &str = "
    const pixel = document.createElement('i');
    pixel.style = 'position:fixed;top:0;left:0;width:1px;height:1px';
    document.body.append(pixel);
    const end = performance.now() + 2000;
    const draw = now => {
        if (now > end) { return pixel.remove(); }
        pixel.style.background = `rgba(128, 128, 128, ${Math.random() / 50})`;
        requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);";
const FIND_BY_ROLE: &str = include_str!("find_by_role.js");

/// How a window is to be opened.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub size: ScreenSize,
}

impl Default for Setup {
    fn default() -> Self {
        Self { size: ScreenSize::LAPTOP }
    }
}

/// The app with its window open and its first content on the screen. Dropped, also by a panic, it
/// ends the app and the drivers by their process ids.
#[derive(Debug)]
pub struct Desk {
    // The order of the fields is the order in which they are dropped: the app before what it needs,
    // and the session last of all, which has nobody to wait for then.
    driver: Driver,
    page: WebDriver,
    data: DataFolder,
    display: Headless,
    setup: Setup,
}

impl Desk {
    /// Opens a desk without any data. Nothing, with a notice, if the tests were not started by
    /// `cargo xtask test`.
    pub async fn open() -> Result<Option<Self>> {
        Self::open_with(DataFolder::new()?, Setup::default()).await
    }

    /// Opens a desk on data that is there already.
    pub async fn open_with(data: DataFolder, setup: Setup) -> Result<Option<Self>> {
        let Some(programs) = Programs::find() else { return Ok(None) };
        // Its own: a window that another one covers is not drawn, and has no picture.
        let display = Headless::start(ScreenSize::LARGE)?;
        let driver = Driver::start(&programs, &display, &data).await?;
        let session = WebDriver::builder(driver.url(), capabilities(&programs, &data, setup)?)
            .request_timeout(ANSWER_TIMEOUT);
        let page = tokio::select! {
            page = session => page.context("the window could not be opened through tauri-driver")?,
            // The driver would go on waiting for it.
            () = end_of_app(&driver) => bail!("the app ended while it started; what it said stands above"),
        };
        let desk = Self { driver, page, data, display, setup };
        desk.wait_until("the first content is on the screen", async || {
            let ready = desk.run("return document.documentElement.dataset.ready === 'true'", vec![]).await?;
            Ok(ready == Value::Bool(true))
        })
        .await?;
        Ok(Some(desk))
    }

    /// Ends the app in order, as the system does at the end of a session, and gives back its data.
    pub fn close(self) -> Result<DataFolder> {
        let Self { page, mut driver, data, .. } = self;
        // Not through the session: ending that would kill the app.
        let ended = driver.process.stop_member(APP);
        driver.process.stop()?;
        page.leak()?;
        if !ended {
            bail!("the app did not end when it was told to");
        }
        Ok(data)
    }

    /// Ends the app as a power cut would and gives back its data.
    pub fn crash(mut self) -> Result<DataFolder> {
        self.driver.process.kill()?;
        let Self { page, data, .. } = self;
        // There is nobody left to say goodbye to.
        page.leak()?;
        Ok(data)
    }

    /// Closes the app and opens it again on the same data.
    pub async fn restart(self) -> Result<Self> {
        let setup = self.setup;
        let data = self.close()?;
        Self::open_with(data, setup).await?.context("the programs were there a moment ago")
    }

    /// Starts the app a second time on the same data and waits until that start has ended.
    pub fn start_again(&self) -> Result<ExitStatus> {
        let programs = Programs::find().context("the programs were there a moment ago")?;
        let mut command = Command::new(programs.app);
        command.arg("--data-dir").arg(self.data.data_dir());
        command.env("FRONTDESK_PASSPHRASE_FILE", self.data.passphrase_file());
        self.display.apply_to(&mut command);
        Ok(command.status()?)
    }

    /// The page, for whatever has no shorter way here.
    pub fn page(&self) -> &WebDriver {
        &self.page
    }

    /// The folder with the desk's data and room for a test's own files.
    pub fn data(&self) -> &DataFolder {
        &self.data
    }

    /// The display that the window is on.
    pub fn display(&self) -> &Headless {
        &self.display
    }

    /// Memory of the app and the processes of its window, each shared page counted in parts (PSS), in kB.
    pub fn memory_kb(&self) -> Result<u64> {
        Ok(self.driver.process.memory_kb(|name| !DRIVERS.contains(&name))?)
    }

    /// Runs JavaScript in the page.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.page.execute(script, arguments).await?.json().clone())
    }

    /// Presses a key by its printed name, alone or with others held: `Enter`, `Control+k`.
    pub async fn press(&self, chord: &str) -> Result<()> {
        keys::press(&self.page, chord).await
    }

    /// Types text into whatever has the focus.
    pub async fn type_text(&self, text: &str) -> Result<()> {
        Ok(self.page.action_chain().send_keys(text).perform().await?)
    }

    /// The element for a CSS selector, once it is there.
    pub async fn find(&self, selector: &str) -> Result<WebElement> {
        let found = self.poll(async || Ok(self.page.find(By::Css(selector)).await.ok())).await?;
        found.with_context(|| format!("there is no {selector} on the page"))
    }

    /// The visible element with an ARIA role and an accessible name, once it is there.
    pub async fn find_by_role(&self, role: &str, name: &str) -> Result<WebElement> {
        let found = self
            .poll(async || {
                let found = self.page.execute(FIND_BY_ROLE, vec![json!(role), json!(name)]).await?;
                Ok(if found.json().is_null() { None } else { Some(found.element()?) })
            })
            .await?;
        found.with_context(|| format!("there is no {role} named “{name}” on the page"))
    }

    /// Waits for something to become true.
    pub async fn wait_until(&self, what: &str, condition: impl AsyncFn() -> Result<bool>) -> Result<()> {
        let reached = self.poll(async || Ok(condition().await?.then_some(()))).await?;
        if reached.is_none() {
            bail!(
                "{what}: not within {} s (see {})",
                TIMEOUT.as_secs(),
                self.screenshot("timeout").await?.display()
            );
        }
        Ok(())
    }

    /// Writes a picture of the window to `target/screens`.
    pub async fn screenshot(&self, name: &str) -> Result<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screens");
        std::fs::create_dir_all(&folder)?;
        let file = folder.canonicalize()?.join(format!("{name}.png"));
        self.run(KEEP_DRAWING, vec![]).await?;
        self.page.screenshot(&file).await?;
        Ok(file)
    }

    /// What axe-core finds serious or critical on the page as it stands.
    pub async fn axe(&self) -> Result<Vec<Violation>> {
        axe::violations(&self.page).await
    }

    async fn poll<T>(&self, attempt: impl AsyncFn() -> Result<Option<T>>) -> Result<Option<T>> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            if let Some(found) = attempt().await? {
                return Ok(Some(found));
            }
            if Instant::now() > deadline {
                return Ok(None);
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

async fn end_of_app(driver: &Driver) {
    let mut is_started = false;
    loop {
        let runs = driver.process.has_member(APP);
        if is_started && !runs {
            return;
        }
        is_started |= runs;
        tokio::time::sleep(PROCESS_POLL).await;
    }
}

fn capabilities(programs: &Programs, data: &DataFolder, setup: Setup) -> Result<Capabilities> {
    let size = format!("{}x{}", setup.size.width, setup.size.height);
    let arguments = json!(["--data-dir", data.data_dir(), "--window-size", size]);
    let mut capabilities = Capabilities::new();
    capabilities.set("browserName", "wry")?;
    capabilities.set("tauri:options", json!({ "application": programs.app, "args": arguments }))?;
    Ok(capabilities)
}
