//! One file per route.

mod billing;
mod diagnostics;
mod import;
mod invoices;
mod not_found;
mod patients;
mod settings;
mod sync;
mod unlock;

use contract::{AppState, AppStatus, AppStatusLoad, Nothing};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::{ParentRoute, Redirect, Route, Router, Routes};
use leptos_router::path;
use web_sys::KeyboardEvent;

use crate::api::{self, ShellAction};
use crate::browser;
use crate::components::placeholder::Failure;
use crate::components::toasts::Toasts;
use crate::features::frame::Frame;
use crate::state::Desk;

/// Everything that is on the screen.
#[component]
pub fn Page() -> impl IntoView {
    let desk = Desk::provide();
    desk.status.load::<AppStatusLoad>(Nothing {});
    spawn_local(async move {
        if let Err(error) = api::listen(move |event| desk.hear(event)).await {
            desk.toasts.failed(&error);
        }
    });
    window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| desk.shortcuts.handle(&event));
    let ready = Memo::new(move |_| desk.ready());
    view! {
        {move || if ready.get() { view! { <Open desk /> }.into_any() } else { view! { <Closed desk /> }.into_any() }}
        <Toasts />
    }
}

/// The database is open.
#[component]
fn Open(desk: Desk) -> impl IntoView {
    desk.preferences.load();
    desk.load_sync();
    view! {
        <Router>
            <Frame>
                <Routes fallback=not_found::NotFound>
                    <Route path=path!("/") view=|| view! { <Redirect path="/patients" /> } />
                    <Route path=path!("/index.html") view=|| view! { <Redirect path="/patients" /> } />
                    <ParentRoute path=path!("/patients") view=patients::Patients>
                        <Route path=path!("") view=|| () />
                        <Route path=path!("new") view=patients::New />
                        <Route path=path!(":id") view=patients::Detail />
                        <Route path=path!(":id/edit") view=patients::Edit />
                    </ParentRoute>
                    <Route path=path!("/invoices") view=invoices::Invoices />
                    <Route path=path!("/invoices/new") view=invoices::New />
                    <Route path=path!("/invoices/:id") view=invoices::Invoice />
                    <Route path=path!("/import") view=import::Import />
                    <Route path=path!("/import/:id") view=import::Import />
                    <Route path=path!("/sync/:part?") view=sync::Sync />
                    <Route path=path!("/settings") view=settings::Settings />
                    <Route path=path!("/settings/billing") view=billing::Billing />
                    <Route path=path!("/diagnostics") view=diagnostics::Diagnostics />
                </Routes>
            </Frame>
        </Router>
    }
}

/// It is not: yet, or it could not be.
#[component]
fn Closed(desk: Desk) -> impl IntoView {
    let again = move || desk.status.load::<AppStatusLoad>(Nothing {});
    let content = move || {
        if let Some(error) = desk.status.error.get() {
            return Some(view! { <Failure error retry=again /> }.into_any());
        }
        let status = desk.status.value.get()?;
        announce_ready();
        Some(match &status.state {
            AppState::NeedsPassphrase => view! { <unlock::Unlock first=true /> }.into_any(),
            AppState::Locked => view! { <unlock::Unlock first=false /> }.into_any(),
            AppState::Failed { error } => {
                view! { <Failure error=error.clone() retry=again /> <Whereabouts status=(*status).clone() /> }
                    .into_any()
            }
            AppState::Ready => ().into_any(),
        })
    };
    view! { <main class="gate"><div class="gate-panel">{content}</div></main> }
}

/// Where the data that cannot be opened is, for whoever helps.
#[component]
fn Whereabouts(status: AppStatus) -> impl IntoView {
    view! { <p class="caption break-all px-8">{crate::t!(gate.whereabouts, folder = status.data_dir, version = status.version)}</p> }
}

/// Tells, once, that there is something to see.
pub fn announce_ready() {
    let Some(root) = browser::document().and_then(|document| document.document_element()) else { return };
    if root.get_attribute("data-ready").is_some() {
        return;
    }
    let _ = root.set_attribute("data-ready", "true");
    // Callbacks run before their frame is drawn: the second one follows the frame that shows it.
    request_animation_frame(|| {
        request_animation_frame(|| {
            spawn_local(async {
                let _ = api::shell(ShellAction::Ready).await;
            });
        });
    });
}
