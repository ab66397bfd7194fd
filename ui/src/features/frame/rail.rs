use leptos::prelude::*;
use leptos_router::components::A;

use super::status_line::StatusLine;
use crate::components::button::IconButton;
use crate::components::icon::{Glyph, Icon};
use crate::state::use_desk;
use crate::t;

/// Where one can go.
#[component]
pub fn Rail() -> impl IntoView {
    let preferences = use_desk().preferences;
    let label = move || {
        if preferences.narrow_rail.get() { t!(frame.widen_rail) } else { t!(frame.narrow_rail) }.to_owned()
    };
    view! {
        <nav class="rail" aria-label=t!(frame.navigation)>
            <div class="rail-head">
                <Whose />
                <IconButton
                    label=Signal::derive(label)
                    glyph=Glyph::Rail
                    key="["
                    on_press=move |_| preferences.toggle_rail()
                />
            </div>
            <ul class="rail-links">
                <Place href="/patients" label=t!(frame.patients) glyph=Glyph::Patients />
                <Place href="/invoices" label=t!(invoice.title) glyph=Glyph::Invoice />
                <Place href="/import" label=t!(frame.import) glyph=Glyph::Import />
            </ul>
            <ul class="rail-links is-last">
                <Place href="/diagnostics" label=t!(frame.diagnostics) glyph=Glyph::Diagnostics />
                <Place href="/settings" label=t!(frame.settings) glyph=Glyph::Settings />
            </ul>
            <StatusLine />
        </nav>
    }
}

/// The clinic and the person at the desk.
#[component]
fn Whose() -> impl IntoView {
    let status = use_desk().status;
    let clinic = move || {
        let name = status.value.with(|status| status.as_ref().map(|status| status.clinic.clone()));
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| t!(frame.app).to_owned())
    };
    let person = move || {
        status.value.with(|status| status.as_ref().map(|status| status.person.clone()).unwrap_or_default())
    };
    view! {
        <div class="rail-whose">
            <span class="rail-logo" aria-hidden="true"></span>
            <div class="rail-names">
                <strong class="clip">{clinic}</strong>
                <span class="caption clip">{person}</span>
            </div>
        </div>
    }
}

#[component]
fn Place(href: &'static str, label: &'static str, glyph: Glyph) -> impl IntoView {
    view! {
        <li>
            <A href=href attr:class="rail-link" attr:title=label>
                <Icon glyph />
                <span>{label}</span>
            </A>
        </li>
    }
}
