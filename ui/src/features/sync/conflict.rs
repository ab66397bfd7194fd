use contract::{ConflictItem, ConflictSide, Keep};
use leptos::prelude::*;

use super::conflicts::Judging;
use super::inbox::conflict_element;
use super::values::{Content, Whose, device};
use crate::components::button::Button;
use crate::components::mark::{Mark, Tone};
use crate::features::words;
use crate::view_model::record::{self, Compared};
use crate::{browser, t};

/// One conflict: what it is about, and both versions side by side.
#[component]
pub fn ConflictEntry(item: ConflictItem, judging: Judging) -> impl IntoView {
    let id = item.id;
    let element = conflict_element(id);
    let field = record::field(&item.subject.collection, &item.register);
    let lines = record::compared(&item, browser::local);
    let ConflictItem { subject, winner, loser, changed_since, .. } = item;
    let title = format!("{element}-title");
    view! {
        <li
            id=element
            class="sync-entry"
            data-testid="conflict"
            tabindex=move || if judging.inbox.is_active(id) { "0" } else { "-1" }
            aria-labelledby=title
            on:focusin=move |_| judging.inbox.choose(id)
        >
            <div class="sync-entry-head">
                <h2 id=title.clone()>{field}</h2>
                <Whose subject />
                {changed_since.then(|| view! { <Mark tone=Tone::Waiting label=t!(sync.changed_since) /> })}
            </div>
            {changed_since.then(|| view! { <p class="caption">{t!(sync.changed_since_text)}</p> })}
            <div class="sync-versions">
                <Version side=winner lines=lines.clone() keep=Keep::Winner changed_since on_keep=move |keep| judging.keep(id, keep) />
                <Version side=loser lines keep=Keep::Loser changed_since on_keep=move |keep| judging.keep(id, keep) />
            </div>
        </li>
    }
}

/// What one desk wrote, who and when, and the button that keeps it.
#[component]
fn Version(
    side: ConflictSide,
    lines: Vec<Compared>,
    keep: Keep,
    changed_since: bool,
    on_keep: impl Fn(Keep) + 'static,
) -> impl IntoView {
    let (title, label, key) = match (keep, changed_since) {
        (Keep::Winner, false) => (t!(sync.version_shown), t!(sync.keep_winner), "1"),
        (Keep::Winner, true) => (t!(sync.version_was_shown), t!(sync.keep_first), "1"),
        (Keep::Loser, _) => (t!(sync.version_other), t!(sync.keep_loser), "2"),
    };
    let label = if side.values.is_some() { label } else { t!(sync.keep_deleted) };
    let test_id = if keep == Keep::Winner { "keep-winner" } else { "keep-loser" };
    let is_shown = keep == Keep::Winner && !changed_since;
    let by = [device(&side.device, side.is_this_device), side.person.clone()];
    let by = by.into_iter().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(" · ");
    let content = match side.values.is_some() {
        true => view! { <Columns lines keep /> }.into_any(),
        false => {
            view! { <p class="sync-deleted"><Mark tone=Tone::Danger label=t!(sync.deleted) /></p> }.into_any()
        }
    };
    view! {
        <div class="sync-version" class:is-shown=is_shown role="group" aria-label=title>
            <p class="sync-version-head">
                <strong class="font-medium">{title}</strong>
                <span class="caption">{by}</span>
                <span class="caption tabular" title=words::exact(side.at)>{words::moment(side.at)}</span>
            </p>
            {content}
            <div class="sync-version-foot">
                <Button label=label.to_owned() key=key test_id=test_id on_press=move |_| on_keep(keep) />
            </div>
        </div>
    }
}

#[component]
fn Columns(lines: Vec<Compared>, keep: Keep) -> impl IntoView {
    if lines.is_empty() {
        return view! { <p class="text-muted">{t!(sync.no_values)}</p> }.into_any();
    }
    let line = |line: Compared| {
        let differs = line.differs();
        let shown = if keep == Keep::Winner { line.winner } else { line.loser };
        view! {
            <dt>{line.label}</dt>
            <dd class:is-different=differs><Content shown /></dd>
        }
    };
    view! { <dl class="sync-facts">{lines.into_iter().map(line).collect_view()}</dl> }.into_any()
}
