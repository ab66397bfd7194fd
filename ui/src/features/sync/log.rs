use contract::{SyncLogItem, SyncLogList};
use leptos::prelude::*;

use super::listing::{Listing, Rest};
use crate::components::icon::Glyph;
use crate::components::placeholder::Empty;
use crate::features::words;
use crate::i18n::number;
use crate::state::use_desk;
use crate::t;

/// What happened with sync, the newest first.
#[component]
pub fn Log() -> impl IntoView {
    let desk = use_desk();
    let listing = Listing::<SyncLogItem>::new();
    Effect::new(move |_| {
        desk.changes.follow(&["sync_log"]);
        listing.refresh::<SyncLogList>();
    });
    let line = |item: SyncLogItem| {
        view! {
            <tr>
                <td class="tabular" title=words::exact(item.at)>{words::moment(item.at)}</td>
                <td>{words::named("sync_event", &item.event)}</td>
                <td class="is-number">{(item.count > 0).then(|| number(item.count))}</td>
                <td class="break-words text-muted">{item.detail}</td>
            </tr>
        }
    };
    let rows = move || listing.all().into_iter().map(line).collect_view();
    let any = listing.any();
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(sync.log_title)}</h2></div>
            <Show when=move || listing.is_empty()>
                <Empty glyph=Glyph::File title=t!(sync.no_log) text=t!(sync.no_log_text) />
            </Show>
            <Show when=move || any.get()>
                <table class="data-table">
                    <thead>
                        <tr>
                            <th scope="col">{t!(sync.time)}</th>
                            <th scope="col">{t!(sync.event)}</th>
                            <th scope="col" class="is-number">{t!(sync.count)}</th>
                            <th scope="col">{t!(sync.detail)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </Show>
            <Rest
                listing
                on_retry={move || listing.refresh::<SyncLogList>()}
                on_more={move || listing.more::<SyncLogList>()}
            />
        </section>
    }
}
