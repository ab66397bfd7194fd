use contract::{ALERT_STATEMENTS, CRITICAL_MS, CommandLine, WARNING_MS};
use leptos::prelude::*;

use crate::components::mark::{Mark, Tone};
use crate::i18n::number;
use crate::t;
use crate::view_model::format;

/// Each command: how often, how fast, at what cost against what it may cost.
#[component]
pub fn Commands(commands: Memo<Vec<CommandLine>>) -> impl IntoView {
    let names =
        move || commands.with(|commands| commands.iter().map(|line| line.name.clone()).collect::<Vec<_>>());
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(diagnostics.commands)}</h2></div>
            <table class="data-table">
                <thead>
                    <tr>
                        <th scope="col">{t!(diagnostics.command)}</th>
                        <th scope="col" class="is-number">{t!(diagnostics.calls)}</th>
                        <th scope="col" class="is-number">{t!(diagnostics.failures)}</th>
                        <th scope="col" class="is-number">{t!(diagnostics.median)}</th>
                        <th scope="col" class="is-number">{t!(diagnostics.p95)}</th>
                        <th scope="col" class="is-number">{t!(diagnostics.worst)}</th>
                        <th scope="col" class="is-number">{t!(diagnostics.statements)}</th>
                        <th scope="col" class="is-number">{t!(diagnostics.steps)}</th>
                        <th scope="col">{t!(diagnostics.verdict)}</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=names key=|name| name.clone() let:name><Line commands name /></For>
                </tbody>
            </table>
        </section>
    }
}

#[component]
fn Line(commands: Memo<Vec<CommandLine>>, name: String) -> impl IntoView {
    let wanted = name.clone();
    let line = Memo::new(move |_| {
        commands.with(|commands| commands.iter().find(|line| line.name == wanted).cloned())
    });
    let cell = move |read: fn(&CommandLine) -> String| {
        view! { <td class="is-number">{move || line.with(|line| line.as_ref().map(read))}</td> }
    };
    let verdict =
        move || line.get().map(|line| verdict(&line)).map(|(tone, label)| view! { <Mark tone label /> });
    view! {
        <tr>
            <th scope="row" class="diagnostics-name">{name}</th>
            {cell(|line| number(line.calls))}
            {cell(|line| number(line.failures))}
            {cell(|line| format::microseconds(line.median_us))}
            {cell(|line| format::microseconds(line.p95_us))}
            {cell(|line| format::microseconds(line.worst_us))}
            {cell(|line| t!(diagnostics.of, n = line.statements, budget = line.budget.statements))}
            {cell(|line| t!(diagnostics.of, n = line.vm_steps, budget = line.budget.vm_steps))}
            <td>{verdict}</td>
        </tr>
    }
}

/// The worst that can be said of a command.
fn verdict(line: &CommandLine) -> (Tone, &'static str) {
    let over = line.statements > line.budget.statements || line.vm_steps > line.budget.vm_steps;
    match () {
        () if over || line.statements > ALERT_STATEMENTS => (Tone::Danger, t!(diagnostics.over_budget)),
        () if line.p95_us > CRITICAL_MS * 1_000 => (Tone::Danger, t!(diagnostics.very_slow)),
        () if line.p95_us > WARNING_MS * 1_000 => (Tone::Waiting, t!(diagnostics.slow)),
        () => (Tone::Done, t!(diagnostics.fine)),
    }
}
