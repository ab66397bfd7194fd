use contract::{DoctorCheck, DoctorReport, DoctorRun, Nothing};
use leptos::prelude::*;

use crate::components::button::Button;
use crate::components::icon::Glyph;
use crate::components::mark::{Mark, Tone};
use crate::features::errors::sentence;
use crate::features::words;
use crate::state::Remote;
use crate::t;

/// Checks the database and recomputes what is derived, on request.
#[component]
pub fn Doctor() -> impl IntoView {
    let remote = Remote::<DoctorReport>::new();
    let label = move || {
        if remote.loading.get() { t!(diagnostics.checking) } else { t!(diagnostics.run_checks) }.to_owned()
    };
    let line = |check: &DoctorCheck| {
        let (tone, verdict) = match check.ok {
            true => (Tone::Done, t!(diagnostics.sound)),
            false => (Tone::Danger, t!(diagnostics.unsound)),
        };
        view! {
            <tr>
                <th scope="row" class="diagnostics-name">{words::named("check", &check.name)}</th>
                <td><Mark tone label=verdict /></td>
                <td class="text-muted">{check.detail.clone()}</td>
            </tr>
        }
    };
    let report = move || {
        let report = remote.value.get()?;
        Some(view! {
            <table class="data-table">
                <thead>
                    <tr>
                        <th scope="col">{t!(diagnostics.check)}</th>
                        <th scope="col">{t!(diagnostics.verdict)}</th>
                        <th scope="col">{t!(diagnostics.finding)}</th>
                    </tr>
                </thead>
                <tbody>{report.checks.iter().map(line).collect_view()}</tbody>
            </table>
        })
    };
    view! {
        <section class="section">
            <div class="section-head">
                <h2>{t!(diagnostics.checks)}</h2>
                <Button
                    label=Signal::derive(label)
                    glyph=Glyph::Shield
                    disabled=remote.loading
                    test_id="doctor-run"
                    on_press={move |_| remote.load::<DoctorRun>(Nothing {})}
                />
            </div>
            <p class="caption mb-2">{t!(diagnostics.checks_text)}</p>
            {move || remote.error.get().map(|error| view! { <p class="field-problem" role="alert">{sentence(&error)}</p> })}
            {report}
        </section>
    }
}
