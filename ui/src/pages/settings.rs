use contract::SyncState;
use leptos::prelude::*;
use leptos_router::components::A;

use crate::components::mark::Mark;
use crate::components::segmented::Segmented;
use crate::features::frame::TopBar;
use crate::features::sync::Explanation;
use crate::features::words;
use crate::state::{Density, Theme, use_desk};
use crate::t;
use crate::view_model::sync::status_line;

/// Settings of this device, and what the app is.
#[component]
pub fn Settings() -> impl IntoView {
    super::announce_ready();
    view! {
        <TopBar title=t!(frame.settings) />
        <div class="page-body">
            <div class="page-column">
                <Appearance />
                <Billing />
                <Sync />
                <ThisDevice />
                <About />
            </div>
        </div>
    }
}

#[component]
fn Appearance() -> impl IntoView {
    let preferences = use_desk().preferences;
    let themes = Theme::ALL.map(|theme| {
        let label = match theme {
            Theme::System => t!(settings.theme_system),
            Theme::Light => t!(settings.theme_light),
            Theme::Dark => t!(settings.theme_dark),
        };
        (theme, label.to_owned())
    });
    let densities = Density::ALL.map(|density| {
        let label = match density {
            Density::Comfortable => t!(settings.comfortable),
            Density::Compact => t!(settings.compact),
        };
        (density, label.to_owned())
    });
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(settings.appearance)}</h2></div>
            <Line label=t!(settings.theme) text=t!(settings.theme_text)>
                <Segmented
                    name="theme"
                    label=t!(settings.theme)
                    choices=themes.to_vec()
                    value=preferences.theme
                    on_choose=move |theme| preferences.set_theme(theme)
                />
            </Line>
            <Line label=t!(settings.density) text=t!(settings.density_text)>
                <Segmented
                    name="density"
                    label=t!(settings.density)
                    choices=densities.to_vec()
                    value=preferences.density
                    on_choose=move |density| preferences.set_density(density)
                />
            </Line>
        </section>
    }
}

#[component]
fn Line(label: &'static str, text: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="flex flex-wrap items-center justify-between gap-4 py-2">
            <div class="max-w-md">
                <div class="font-medium">{label}</div>
                <div class="caption">{text}</div>
            </div>
            {children()}
        </div>
    }
}

/// The way to what stands on invoices.
#[component]
fn Billing() -> impl IntoView {
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(billing.title)}</h2></div>
            <p class="text-muted max-w-2xl">{t!(billing.text)}</p>
            <p class="mt-2"><A href="/settings/billing" attr:class="link">{t!(billing.open)}</A></p>
        </section>
    }
}

/// How sync is doing, and the way to its page.
#[component]
fn Sync() -> impl IntoView {
    let desk = use_desk();
    let line = Memo::new(move |_| {
        desk.sync.value.with(|status| status.as_ref().map(|status| status_line(status, words::clock())))
    });
    let mark = move || line.get().map(|line| view! { <Mark tone=line.tone label=line.text /> });
    let is_alone = move || desk.sync_state() == Some(SyncState::Alone);
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(frame.sync)}</h2> {mark}</div>
            <Explanation />
            <p class="mt-2">
                <A href="/sync" attr:class="link">
                    {move || if is_alone() { t!(sync.connect_others) } else { t!(sync.details) }}
                </A>
            </p>
        </section>
    }
}

#[component]
fn ThisDevice() -> impl IntoView {
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(settings.this_device)}</h2></div>
            <p class="text-muted max-w-2xl">{t!(settings.this_device_text)}</p>
            <p class="text-muted max-w-2xl mt-2">{t!(status.backup)}</p>
        </section>
    }
}

#[component]
fn About() -> impl IntoView {
    let status = use_desk().status;
    let facts = move || {
        let status = status.value.get();
        let of = |read: fn(&contract::AppStatus) -> &String| {
            status.as_deref().map(read).cloned().unwrap_or_default()
        };
        [
            (t!(settings.version), of(|status| &status.version)),
            (t!(settings.data_folder), of(|status| &status.data_dir)),
        ]
        .map(
            |(label, value)| view! { <dt class="text-muted">{label}</dt> <dd class="break-all">{value}</dd> },
        )
        .collect_view()
    };
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(settings.about)}</h2></div>
            <dl class="grid grid-cols-[160px_1fr] gap-y-2">
                {facts}
                <dt class="text-muted">{t!(settings.licence)}</dt>
                <dd>{t!(settings.licence_text)}</dd>
            </dl>
        </section>
    }
}
