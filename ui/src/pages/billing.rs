use leptos::prelude::*;

use crate::features::billing::{Catalogue, Clinic, Taxes};
use crate::features::frame::TopBar;
use crate::t;

/// What stands on invoices: the clinic, its taxes, what it sells.
#[component]
pub fn Billing() -> impl IntoView {
    super::announce_ready();
    view! {
        <TopBar title=t!(billing.title) />
        <div class="page-body">
            <div class="page-column is-wide">
                <Catalogue />
                <Taxes />
                <Clinic />
            </div>
        </div>
    }
}
