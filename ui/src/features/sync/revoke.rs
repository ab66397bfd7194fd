use contract::{ErrorBody, Nothing, SyncDevice, SyncDeviceList, SyncDeviceRef, SyncDevices, SyncRevoke};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::button::{Button, Weight};
use crate::components::dialog::{Dialog, DialogHead};
use crate::features::errors::sentence;
use crate::state::{Desk, Remote};
use crate::{api, t};

/// A device that is about to be shut out.
#[derive(Clone, Copy)]
pub struct Revoking {
    desk: Desk,
    devices: Remote<SyncDeviceList>,
    device: RwSignal<Option<SyncDevice>>,
    open: RwSignal<bool>,
    working: RwSignal<bool>,
    failure: RwSignal<Option<ErrorBody>>,
}

impl Revoking {
    pub fn new(desk: Desk, devices: Remote<SyncDeviceList>) -> Self {
        Self {
            desk,
            devices,
            device: RwSignal::new(None),
            open: RwSignal::new(false),
            working: RwSignal::new(false),
            failure: RwSignal::new(None),
        }
    }

    /// Nobody undoes this but by a new code, so it is asked for.
    pub fn ask(self, device: SyncDevice) {
        self.failure.set(None);
        self.device.set(Some(device));
        self.open.set(true);
    }

    fn name(self) -> String {
        self.device.with(|device| device.as_ref().map(|device| device.name.clone()).unwrap_or_default())
    }

    fn run(self) {
        let Some(SyncDevice { id: device, name, .. }) = self.device.get_untracked() else { return };
        self.working.set(true);
        self.failure.set(None);
        spawn_local(async move {
            let answer = api::call::<SyncRevoke>(SyncDeviceRef { device }).await;
            self.working.try_set(false);
            match answer {
                Ok(_) => {
                    self.open.try_set(false);
                    self.devices.load::<SyncDevices>(Nothing {});
                    self.desk.toasts.done(t!(sync.shut_out_done, name = name));
                }
                Err(error) => drop(self.failure.try_set(Some(error))),
            }
        });
    }
}

/// What shutting a device out means, before it is done.
#[component]
pub fn Revoke(revoking: Revoking) -> impl IntoView {
    let open = revoking.open;
    let title = Signal::derive(move || t!(sync.shut_out_title, name = revoking.name()));
    view! {
        <Dialog open label=title>
            <DialogHead title open />
            <div class="dialog-body sync-stack">
                <p>{t!(sync.shut_out_now)}</p>
                <p>{t!(sync.shut_out_unsent)}</p>
                <p class="text-muted">{t!(sync.shut_out_again)}</p>
                {move || revoking.failure.get().map(|error| {
                    view! { <p class="field-problem" role="alert">{sentence(&error)}</p> }
                })}
            </div>
            <footer class="dialog-foot">
                <Button label=t!(action.cancel).to_owned() on_press=move |_| open.set(false) />
                <Button
                    label=t!(sync.shut_out).to_owned()
                    weight=Weight::Danger
                    disabled=revoking.working
                    test_id="sync-revoke"
                    on_press=move |_| revoking.run()
                />
            </footer>
        </Dialog>
    }
}
