use contract::{AlertGrade, AlertKind, AlertLine};
use leptos::prelude::*;

use crate::components::mark::{Mark, Tone};
use crate::features::words;
use crate::i18n::number;
use crate::t;

/// What was slow or costly since the app was started.
#[component]
pub fn Alerts(alerts: Memo<Vec<AlertLine>>) -> impl IntoView {
    let none = move || alerts.with(Vec::is_empty);
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(diagnostics.alerts)}</h2></div>
            <Show when=none><p class="text-muted">{t!(diagnostics.no_alerts)}</p></Show>
            <ul class="diagnostics-alerts">
                {move || alerts.get().into_iter().map(|alert| view! { <Line alert /> }).collect_view()}
            </ul>
        </section>
    }
}

#[component]
fn Line(alert: AlertLine) -> impl IntoView {
    let (tone, grade) = match alert.grade {
        AlertGrade::Warning => (Tone::Waiting, t!(diagnostics.warning)),
        AlertGrade::Alert => (Tone::Danger, t!(diagnostics.alert)),
        AlertGrade::Critical => (Tone::Danger, t!(diagnostics.critical)),
    };
    let (value, limit) = (number(alert.value), number(alert.limit));
    let text = match alert.kind {
        AlertKind::Slow => t!(diagnostics.was_slow, command = alert.command, value = value, limit = limit),
        AlertKind::Statements => {
            t!(diagnostics.was_many, command = alert.command, value = value, limit = limit)
        }
        AlertKind::Budget => t!(diagnostics.was_over, command = alert.command, value = value, limit = limit),
        AlertKind::Pool => t!(diagnostics.pool_was, value = value, limit = limit),
    };
    view! {
        <li>
            <span class="caption tabular" title=words::exact(alert.at)>{words::moment(alert.at)}</span>
            <Mark tone label=grade />
            <span>{text}</span>
        </li>
    }
}
