use contract::{ArrivalItem, SyncArrivals};
use leptos::prelude::*;

use super::listing::{Listing, Rest};
use super::values::{Whose, device};
use crate::components::icon::Glyph;
use crate::components::mark::{Mark, Tone};
use crate::components::placeholder::Empty;
use crate::features::words;
use crate::state::use_desk;
use crate::view_model::record;
use crate::{browser, t};

/// What other desks changed, the newest first.
#[component]
pub fn Arrivals() -> impl IntoView {
    let desk = use_desk();
    let listing = Listing::<ArrivalItem>::new();
    Effect::new(move |_| {
        desk.changes.follow(&["arrival"]);
        listing.refresh::<SyncArrivals>();
    });
    // What came since somebody was last here, for as long as they stay.
    let seen = desk.preferences.arrivals_seen.get_untracked();
    desk.preferences.set_arrivals_seen(browser::now());
    let line = move |item: ArrivalItem| {
        let is_new = seen.is_some_and(|seen| item.arrived_at > seen);
        let kind = record::kind(&item.subject.collection);
        view! {
            <tr>
                <td><Whose subject=item.subject /></td>
                <td>
                    <span class="inline-flex items-center gap-2">
                        {kind}
                        {is_new.then(|| view! { <Mark tone=Tone::Accent label=t!(sync.new_here) /> })}
                        {item.is_delete.then(|| view! { <Mark tone=Tone::Danger label=t!(sync.deleted) /> })}
                    </span>
                </td>
                <td>{device(&item.device, false)}</td>
                <td class="tabular" title=words::exact(item.arrived_at)>{words::moment(item.arrived_at)}</td>
            </tr>
        }
    };
    let rows = move || listing.all().into_iter().map(line).collect_view();
    let any = listing.any();
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(sync.arrivals_title)}</h2></div>
            <Show when=move || listing.is_empty()>
                <Empty glyph=Glyph::Inbox title=t!(sync.no_arrivals) text=t!(sync.no_arrivals_text) />
            </Show>
            <Show when=move || any.get()>
                <table class="data-table">
                    <thead>
                        <tr>
                            <th scope="col">{t!(sync.whose)}</th>
                            <th scope="col">{t!(sync.what)}</th>
                            <th scope="col">{t!(sync.from)}</th>
                            <th scope="col">{t!(sync.arrived)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </Show>
            <Rest
                listing
                on_retry={move || listing.refresh::<SyncArrivals>()}
                on_more={move || listing.more::<SyncArrivals>()}
            />
        </section>
    }
}
