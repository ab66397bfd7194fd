use leptos::prelude::*;

use crate::components::progress::Progress;
use crate::state::use_desk;
use crate::t;

/// How far the first copy of the clinic's data is.
#[component]
pub fn Joining() -> impl IntoView {
    let sync = use_desk().sync;
    let percent =
        Memo::new(move |_| sync.value.with(|status| status.as_ref().and_then(|status| status.percent)));
    let label = move || match percent.get() {
        Some(percent) => t!(sync.line_joining_percent, n = percent.min(100)),
        None => t!(sync.line_joining).to_owned(),
    };
    view! {
        <div class="sync-joining" data-testid="sync-joining">
            <Progress
                percent=Signal::derive(move || u64::from(percent.get().unwrap_or_default().min(100)))
                label=Signal::derive(label)
                unknown=Signal::derive(move || percent.get().is_none())
            />
            <p class="caption tabular" role="status">{label}</p>
        </div>
    }
}
