//! One of a few choices, all of them in view.

use leptos::prelude::*;

/// The choices side by side; a group of radio buttons to the keyboard and to screen readers.
#[component]
pub fn Segmented<T>(
    name: &'static str,
    #[prop(into)] label: String,
    choices: Vec<(T, String)>,
    #[prop(into)] value: Signal<T>,
    on_choose: impl Fn(T) + Clone + Send + 'static,
) -> impl IntoView
where
    T: Copy + PartialEq + Send + Sync + 'static,
{
    let choice = move |(choice, text): (T, String)| {
        let on_choose = on_choose.clone();
        view! {
            <label>
                <input
                    type="radio"
                    name=name
                    prop:checked=move || value.get() == choice
                    on:change=move |_| on_choose(choice)
                />
                <span>{text}</span>
            </label>
        }
    };
    view! {
        <div class="segmented" role="radiogroup" aria-label=label>
            {choices.into_iter().map(choice).collect_view()}
        </div>
    }
}
