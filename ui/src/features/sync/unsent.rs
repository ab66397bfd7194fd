use contract::{UnsentItem, UnsentList};
use leptos::prelude::*;

use super::listing::{Listing, Rest};
use super::values::Whose;
use crate::api::ShellAction;
use crate::components::button::{Button, Weight};
use crate::components::icon::Glyph;
use crate::components::mark::{Mark, Tone};
use crate::components::placeholder::Empty;
use crate::features::export::export;
use crate::features::words;
use crate::state::use_desk;
use crate::t;
use crate::view_model::record;

/// What was saved here and the server has not acknowledged, record by record, the newest first.
#[component]
pub fn Unsent() -> impl IntoView {
    let desk = use_desk();
    let listing = Listing::<UnsentItem>::new();
    let count = desk.unsent();
    Effect::new(move |_| {
        // Read, not only followed: a memo that nobody reads follows nothing.
        count.get();
        listing.refresh::<UnsentList>();
    });
    let line = |item: UnsentItem| {
        let kind = record::kind(&item.subject.collection);
        let state = match (item.is_delete, item.is_new) {
            (true, _) => view! { <Mark tone=Tone::Danger label=t!(sync.deleted) /> }.into_any(),
            (_, true) => view! { <Mark tone=Tone::Neutral label=t!(sync.new) /> }.into_any(),
            _ => ().into_any(),
        };
        view! {
            <tr>
                <td><Whose subject=item.subject /></td>
                <td><span class="inline-flex items-center gap-2">{kind} {state}</span></td>
                <td class="tabular" title=words::exact(item.saved_at)>{words::moment(item.saved_at)}</td>
            </tr>
        }
    };
    let rows = move || listing.all().into_iter().map(line).collect_view();
    let any = listing.any();
    view! {
        <section class="section">
            <div class="section-head">
                <h2>{t!(sync.unsent)}</h2>
                <Show when=move || any.get()>
                    <Button
                        label=t!(sync.export_unsent).to_owned()
                        glyph=Glyph::Export
                        weight=Weight::Quiet
                        on_press=move |_| export(desk, ShellAction::ExportUnsent, t!(sync.exported_unsent))
                    />
                </Show>
            </div>
            <Show when=move || listing.is_empty()>
                <Empty glyph=Glyph::Check title=t!(sync.no_unsent) text=t!(sync.no_unsent_text) />
            </Show>
            <Show when=move || any.get()>
                <p class="text-muted max-w-2xl mb-3">{t!(sync.unsent_text)}</p>
                <table class="data-table">
                    <thead>
                        <tr>
                            <th scope="col">{t!(sync.whose)}</th>
                            <th scope="col">{t!(sync.what)}</th>
                            <th scope="col">{t!(sync.saved)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </Show>
            <Rest
                listing
                on_retry={move || listing.refresh::<UnsentList>()}
                on_more={move || listing.more::<UnsentList>()}
            />
        </section>
    }
}
