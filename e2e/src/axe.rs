//! axe-core, put into the page to look for what a screen reader or a keyboard would stumble over.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use thirtyfour::WebDriver;

const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/node_modules/axe-core/axe.min.js");

const RUN: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(
        ({ violations }) => done(violations.map(({ id, impact, help, nodes }) =>
            ({ id, impact, help, nodes: nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`) }))),
        (error) => done([{ id: 'axe-failed', impact: 'critical', help: String(error), nodes: [] }]));
";

/// Something on the page that a person cannot use.
#[derive(Clone, Debug, Deserialize)]
pub struct Violation {
    /// axe's name of the rule.
    pub id: String,
    /// `minor`, `moderate`, `serious` or `critical`.
    pub impact: Option<String>,
    /// The rule in a sentence.
    pub help: String,
    /// The elements concerned, each with what to do.
    pub nodes: Vec<String>,
}

/// The serious and critical ones on the page as it stands.
pub async fn violations(driver: &WebDriver) -> Result<Vec<Violation>> {
    let source = std::fs::read_to_string(Path::new(AXE))
        .context("axe-core is missing: `cargo xtask test` installs it into ui/node_modules")?;
    driver.execute(source, vec![]).await.context("axe-core could not be put into the page")?;
    let found: Vec<Violation> = driver.execute_async(RUN, vec![]).await?.convert()?;
    let is_severe =
        |violation: &Violation| matches!(violation.impact.as_deref(), Some("serious" | "critical"));
    Ok(found.into_iter().filter(is_severe).collect())
}
