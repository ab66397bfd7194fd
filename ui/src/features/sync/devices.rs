use contract::{Nothing, SyncDevice, SyncDeviceList, SyncDevices};
use leptos::prelude::*;

use super::invite::Invite;
use super::revoke::{Revoke, Revoking};
use crate::components::button::{Button, Weight};
use crate::components::icon::Glyph;
use crate::components::mark::{Mark, Tone};
use crate::components::placeholder::{Failure, Skeleton};
use crate::features::errors::sentence;
use crate::features::words;
use crate::state::{Remote, use_desk};
use crate::t;

/// The clinic's devices, as the server tells; letting one more in, shutting one out.
#[component]
pub fn Devices() -> impl IntoView {
    let desk = use_desk();
    let remote = Remote::<SyncDeviceList>::new();
    let load = move || remote.load::<SyncDevices>(Nothing {});
    Effect::new(move |_| {
        desk.changes.follow(&["clinic_device"]);
        load();
    });
    let revoking = Revoking::new(desk, remote);
    let known = Memo::new(move |_| remote.value.with(Option::is_some));
    view! {
        <Invite />
        <section class="section">
            <div class="section-head"><h2>{t!(sync.devices_title)}</h2></div>
            {move || match (known.get(), remote.error.get()) {
                (false, Some(error)) => view! { <Failure error retry=load /> }.into_any(),
                (false, None) => view! { <Skeleton lines=4 /> }.into_any(),
                (true, error) => view! {
                    {error.map(|error| view! {
                        <div class="sync-failure" role="alert">
                            <p class="field-problem">{sentence(&error)}</p>
                            <Button label=t!(action.retry).to_owned() glyph=Glyph::Retry on_press=move |_| load() />
                        </div>
                    })}
                    <Table remote revoking />
                }
                .into_any(),
            }}
            <Revoke revoking />
        </section>
    }
}

#[component]
fn Table(remote: Remote<SyncDeviceList>, revoking: Revoking) -> impl IntoView {
    let devices = move || remote.value.get().map(|list| list.devices.clone()).unwrap_or_default();
    view! {
        <table class="data-table sync-devices">
            <thead>
                <tr>
                    <th scope="col">{t!(sync.device)}</th>
                    <th scope="col">{t!(sync.state)}</th>
                    <th scope="col">{t!(sync.paired_at)}</th>
                    <th scope="col">{t!(sync.last_contact)}</th>
                    <th scope="col"><span class="spoken">{t!(sync.shut_out)}</span></th>
                </tr>
            </thead>
            <tbody>
                <For each=devices key=|device| (device.id, device.name.clone(), device.last_contact, device.revoked_at) let:device>
                    <Line device revoking />
                </For>
            </tbody>
        </table>
    }
}

#[component]
fn Line(device: SyncDevice, revoking: Revoking) -> impl IntoView {
    let state = match (device.is_this, device.revoked_at) {
        (_, Some(_)) => view! { <Mark tone=Tone::Danger label=t!(sync.revoked) /> },
        (true, None) => view! { <Mark tone=Tone::Accent label=t!(sync.this_device) /> },
        (false, None) => view! { <Mark tone=Tone::Neutral label=t!(sync.let_in) /> },
    };
    let revoked = device.revoked_at.map(|at| {
        view! { <span class="caption tabular" title=words::exact(at)>{words::moment(at)}</span> }
    });
    let (name, paired, contact) = (device.name.clone(), device.paired_at, device.last_contact);
    // This device leaves by another desk's hand only: it could not tell anybody that it has gone.
    let may_go = !device.is_this && device.revoked_at.is_none();
    let button = may_go.then(|| {
        view! {
            <Button
                label=t!(sync.shut_out_ask).to_owned()
                weight=Weight::Quiet
                on_press=move |_| revoking.ask(device.clone())
            />
        }
    });
    view! {
        <tr>
            <th scope="row" class="sync-device-name">{name}</th>
            <td><span class="inline-flex items-center gap-2">{state}{revoked}</span></td>
            <td class="tabular" title=words::exact(paired)>{words::day(paired)}</td>
            <td class="tabular" title=words::exact(contact)>{words::moment(contact)}</td>
            <td class="is-number">{button}</td>
        </tr>
    }
}
