use chrono::{DateTime, TimeDelta, Utc};
use contract::{Nothing, SyncInvite, SyncInviteCall};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::button::{Button, IconButton, Weight};
use crate::components::icon::Glyph;
use crate::components::placeholder::Skeleton;
use crate::features::errors::sentence;
use crate::features::words;
use crate::state::{Remote, use_desk};
use crate::{browser, t};

/// A one-time code for one more device.
#[component]
pub fn Invite() -> impl IntoView {
    let remote = Remote::<SyncInvite>::new();
    let ask = move || remote.load::<SyncInviteCall>(Nothing {});
    let failure = move || {
        remote.error.get().map(|error| {
            view! {
                <div class="sync-failure" role="alert">
                    <p class="field-problem">{sentence(&error)}</p>
                    <Button label=t!(action.retry).to_owned() glyph=Glyph::Retry on_press=move |_| ask() />
                </div>
            }
        })
    };
    let first = move || remote.loading.get() && remote.value.with(Option::is_none);
    // Until when it holds is worked out once: it does not move on with the clock.
    let code = move || {
        remote.value.get().map(|invite| {
            let until = browser::now() + TimeDelta::minutes(i64::from(invite.minutes));
            view! { <Code invite=(*invite).clone() until /> }
        })
    };
    view! {
        <section class="section">
            <div class="section-head">
                <h2>{t!(sync.add_device)}</h2>
                <Button
                    label=t!(sync.make_code).to_owned()
                    glyph=Glyph::Add
                    weight=Weight::Primary
                    disabled=remote.loading
                    test_id="sync-invite"
                    on_press=move |_| ask()
                />
            </div>
            <p class="text-muted max-w-2xl">{t!(sync.add_device_text)}</p>
            <Show when=first><Skeleton lines=2 /></Show>
            {failure}
            {code}
        </section>
    }
}

/// The code, to be typed on the other device or copied.
#[component]
fn Code(invite: SyncInvite, until: DateTime<Utc>) -> impl IntoView {
    let desk = use_desk();
    let copied = invite.code.clone();
    let copy = move |_| {
        let code = copied.clone();
        spawn_local(async move {
            match browser::copy(&code).await {
                true => desk.toasts.done(t!(patient.copied)),
                false => desk.toasts.done(t!(patient.not_copied)),
            }
        });
    };
    view! {
        <div role="status">
            <dl class="sync-facts sync-invite">
                <dt>{t!(sync.address)}</dt>
                <dd class="sync-selectable break-all">{invite.address}</dd>
                <dt>{t!(sync.code)}</dt>
                <dd class="flex items-center gap-2">
                    <span class="sync-code" data-testid="sync-invite-code">{invite.code}</span>
                    <IconButton label=t!(sync.copy_code).to_owned() glyph=Glyph::Copy on_press=copy />
                </dd>
                <dt>{t!(sync.valid)}</dt>
                <dd class="tabular">{t!(sync.valid_until, count = invite.minutes, time = words::moment(until))}</dd>
            </dl>
        </div>
    }
}
