use contract::{ParkedItem, ParkedList};
use leptos::prelude::*;

use super::listing::{Listing, Rest};
use crate::features::words;
use crate::state::use_desk;
use crate::t;
use crate::view_model::record;

/// Records that are here but cannot be shown: by this version, or until their patient arrives.
#[component]
pub fn Parked() -> impl IntoView {
    let desk = use_desk();
    let listing = Listing::<ParkedItem>::new();
    Effect::new(move |_| {
        desk.changes.follow(&["parked_record"]);
        listing.refresh::<ParkedList>();
    });
    let waiting =
        Memo::new(move |_| desk.sync.value.with(|status| status.as_ref().map_or(0, |status| status.waiting)));
    let line = |item: ParkedItem| {
        view! {
            <tr>
                <td>{record::kind(&item.collection)}</td>
                <td class="break-words">{item.reason}</td>
                <td class="tabular" title=words::exact(item.parked_at)>{words::moment(item.parked_at)}</td>
            </tr>
        }
    };
    let rows = move || listing.all().into_iter().map(line).collect_view();
    // Nothing is said of what there is none of.
    let none = move || listing.is_empty();
    view! {
        <Show when=move || { waiting.get() > 0 }>
            <section class="section">
                <div class="section-head"><h2>{t!(sync.waiting)}</h2></div>
                <p class="text-muted max-w-2xl">{move || t!(sync.waiting_text, count = waiting.get())}</p>
            </section>
        </Show>
        <Show when=move || !none()>
            <section class="section">
                <div class="section-head"><h2>{t!(sync.parked)}</h2></div>
                <p class="text-muted max-w-2xl mb-3">{t!(sync.parked_text)}</p>
                <Show when=move || !listing.is_loading()>
                    <table class="data-table">
                        <thead>
                            <tr>
                                <th scope="col">{t!(sync.what)}</th>
                                <th scope="col">{t!(sync.why)}</th>
                                <th scope="col">{t!(sync.since)}</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </Show>
                <Rest
                    listing
                    on_retry={move || listing.refresh::<ParkedList>()}
                    on_more={move || listing.more::<ParkedList>()}
                />
            </section>
        </Show>
    }
}
