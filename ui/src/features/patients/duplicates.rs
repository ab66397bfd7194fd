//! Records that may be the same person, with why, and the way to say that they are not.

use contract::LikelyDuplicate;
use leptos::prelude::*;

use crate::components::button::{Button, Weight};
use crate::components::mark::{Mark, Tone};
use crate::features::words;
use crate::t;
use crate::view_model::format;

/// Above this a duplicate is more likely than not.
const LIKELY_SCORE: u8 = 70;

/// One record, what speaks for it, what to do.
#[component]
pub fn Candidate(
    likely: LikelyDuplicate,
    on_open: impl Fn() + 'static,
    on_distinct: impl Fn() + 'static,
) -> impl IntoView {
    let LikelyDuplicate { patient, score, reasons } = likely;
    let (tone, label) = match score {
        LIKELY_SCORE.. => (Tone::Waiting, t!(duplicate.likely)),
        _ => (Tone::Neutral, t!(duplicate.possible)),
    };
    let details = [words::birth(patient.birth_date), format::phone(&patient.phone), patient.email.clone()];
    let details: Vec<String> = details.into_iter().filter(|part| !part.is_empty()).collect();
    let reasons =
        reasons.iter().map(|reason| view! { <span class="tag">{words::named("reason", reason)}</span> });
    view! {
        <li class="candidate">
            <div class="flex items-center gap-2 min-w-0">
                <strong class="clip font-medium">{words::name(&patient)}</strong>
                <Mark tone label />
            </div>
            <div class="caption tabular">{details.join("  ·  ")}</div>
            <div class="flex flex-wrap gap-1">{reasons.collect_view()}</div>
            <div class="flex gap-2 mt-1">
                <Button label=t!(duplicate.open).to_owned() on_press=move |_| on_open() />
                <Button
                    label=t!(duplicate.not_the_same).to_owned()
                    weight=Weight::Quiet
                    on_press=move |_| on_distinct()
                />
            </div>
        </li>
    }
}
