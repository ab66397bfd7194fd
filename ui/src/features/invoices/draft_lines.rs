use contract::{InvoiceLine, LineUpdateRequest};
use domain::field::Problem;
use domain::id::LineId;
use domain::invoice::Tax;
use domain::invoice::document::LineContent;
use leptos::prelude::*;

use super::store::Sheet;
use crate::browser;
use crate::components::button::{Button, IconButton, Weight};
use crate::components::icon::Glyph;
use crate::features::errors;
use crate::t;
use crate::view_model::invoice;

/// A draft's lines, each changed where it stands.
#[component]
pub fn DraftLines(sheet: Sheet) -> impl IntoView {
    // A line keeps its fields, and the focus in them, as long as it is there.
    let ids =
        Memo::new(move |_| sheet.lines.with(|lines| lines.iter().map(|line| line.id).collect::<Vec<_>>()));
    let any = Memo::new(move |_| ids.with(|ids| !ids.is_empty()));
    view! {
        <Show when=move || any.get() fallback=|| view! { <p class="text-muted">{t!(invoice.no_lines)}</p> }>
            <table class="data-table invoice-lines">
                <thead>
                    <tr>
                        <th scope="col">{t!(invoice.description)}</th>
                        <th scope="col" class="is-number">{t!(invoice.quantity)}</th>
                        <th scope="col" class="is-number">{t!(invoice.price)}</th>
                        <th scope="col" class="is-number">{t!(invoice.discount)}</th>
                        <th scope="col">{t!(invoice.tax)}</th>
                        <th scope="col" class="is-number">{t!(invoice.net)}</th>
                        <th><span class="spoken">{t!(invoice.line_remove)}</span></th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || ids.get() key=|id| *id children=move |id| view! { <DraftLine sheet id /> } />
                </tbody>
            </table>
        </Show>
    }
}

#[component]
fn DraftLine(sheet: Sheet, id: LineId) -> impl IntoView {
    let line = Memo::new(move |_| sheet.lines.with(|lines| lines.iter().find(|line| line.id == id).cloned()));
    let currency = sheet.currency();
    let content = move |read: fn(&LineContent) -> String| {
        line.with(|line| line.as_ref().map(|line| read(&line.content)).unwrap_or_default())
    };
    let change = move |change: &dyn Fn(&mut LineContent)| sheet.change(id, |content| change(content));
    let net = move || line.get().map(|line| net_of(&line, sheet));
    view! {
        <tr>
            <td>
                <Cell
                    label=t!(invoice.description)
                    value=Signal::derive(move || content(|line| line.description.clone()))
                    keep=move |text: String| {
                        let text = text.trim().to_owned();
                        if text.is_empty() {
                            return Err(Problem::Required);
                        }
                        change(&|line| line.description.clone_from(&text));
                        Ok(())
                    }
                />
                <Stale sheet id />
            </td>
            <td class="is-number">
                <Cell
                    label=t!(invoice.quantity)
                    class="is-number is-short"
                    value=Signal::derive(move || content(|line| invoice::quantity(line.quantity)))
                    keep=move |text: String| {
                        let quantity = invoice::parse_quantity(&text)?;
                        if quantity == 0 {
                            return Err(Problem::Required);
                        }
                        change(&|line| line.quantity = quantity);
                        Ok(())
                    }
                />
            </td>
            <td class="is-number">
                <Cell
                    label=t!(invoice.price)
                    class="is-number"
                    value=Signal::derive(move || {
                        line.with(|line| line.as_ref().map(|line| currency.plain(line.content.price)).unwrap_or_default())
                    })
                    keep=move |text: String| {
                        let price = currency.parse(&text)?;
                        change(&|line| line.price = price);
                        Ok(())
                    }
                />
            </td>
            <td class="is-number">
                <Cell
                    label=t!(invoice.discount)
                    class="is-number is-short"
                    value=Signal::derive(move || {
                        line.with(|line| {
                            line.as_ref().map(|line| invoice::discount(currency, line.content.discount)).unwrap_or_default()
                        })
                    })
                    keep=move |text: String| {
                        let discount = invoice::parse_discount(currency, &text)?;
                        let mut changed = line.get_untracked().map(|line| line.content).ok_or(Problem::NoSuchRecord)?;
                        changed.discount = discount;
                        changed.net()?;
                        change(&|line| line.discount = discount);
                        Ok(())
                    }
                />
            </td>
            <td><TaxSelect sheet line id /></td>
            <td class="is-number tabular">{net}</td>
            <td class="invoice-line-actions">
                <IconButton
                    label=t!(invoice.line_remove).to_owned()
                    glyph=Glyph::Delete
                    on_press=move |_| sheet.remove(id)
                />
            </td>
        </tr>
    }
}

fn net_of(line: &InvoiceLine, sheet: Sheet) -> AnyView {
    match line.content.net() {
        Ok(net) => invoice::money(sheet.currency(), net).into_any(),
        Err(problem) => view! { <span class="field-problem">{errors::problem(problem)}</span> }.into_any(),
    }
}

/// A field of a table, kept when it is left or with Enter; Esc takes back what was typed.
#[component]
fn Cell(
    label: &'static str,
    value: Signal<String>,
    keep: impl Fn(String) -> Result<(), Problem> + Copy + 'static,
    #[prop(optional)] class: &'static str,
) -> impl IntoView {
    let typed = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<&'static str>);
    let leave = move || {
        let Some(text) = typed.get_untracked() else { return };
        match keep(text) {
            Ok(()) => {
                problem.set(None);
                typed.set(None);
            }
            Err(wrong) => problem.set(Some(errors::problem(wrong))),
        }
    };
    let keys = move |event: web_sys::KeyboardEvent| match event.key().as_str() {
        "Enter" => leave(),
        "Escape" if typed.with_untracked(Option::is_some) => {
            event.prevent_default();
            typed.set(None);
            problem.set(None);
        }
        _ => {}
    };
    view! {
        <input
            class=format!("input invoice-cell {class}")
            aria-label=label
            autocomplete="off"
            spellcheck="false"
            prop:value=move || typed.get().unwrap_or_else(|| value.get())
            aria-invalid=move || problem.get().map(|_| "true")
            on:input=move |event| typed.set(Some(event_target_value(&event)))
            on:focus=browser::select_all
            on:blur=move |_| leave()
            on:keydown=keys
        />
        {move || problem.get().map(|text| view! { <span class="field-problem" role="alert">{text}</span> })}
    }
}

#[component]
fn TaxSelect(sheet: Sheet, line: Memo<Option<InvoiceLine>>, id: LineId) -> impl IntoView {
    let tax =
        Memo::new(move |_| line.with(|line| line.as_ref().map(|line| line.content.tax).unwrap_or_default()));
    let choose = move |chosen: Option<Tax>| {
        if let Some(chosen) = chosen {
            sheet.change(id, |line| line.tax = chosen);
        }
    };
    let options = move || {
        let present = tax.get();
        let option = move |(at, (tax, word)): (usize, (Tax, String))| {
            view! { <option value=at.to_string() selected=tax == present>{word}</option> }
        };
        sheet.taxes(present).into_iter().enumerate().map(option).collect_view()
    };
    view! {
        <select
            class="select invoice-cell"
            aria-label=t!(invoice.tax)
            on:change=move |event| {
                let at = event_target_value(&event).parse::<usize>().ok();
                let taxes = untrack(|| sheet.taxes(tax.get()));
                choose(at.and_then(|at| taxes.get(at).map(|(tax, _)| *tax)));
            }
        >
            {options}
        </select>
    }
}

/// Somebody else wrote the same line: both are there to choose from.
#[component]
fn Stale(sheet: Sheet, id: LineId) -> impl IntoView {
    let mine = Memo::new(move |_| {
        sheet
            .stale
            .with(|stale| stale.as_ref().filter(|(line, _)| *line == id).map(|(_, content)| content.clone()))
    });
    let overwrite = move |content: LineContent| {
        let versions = sheet.lines.with_untracked(|lines| {
            lines.iter().find(|line| line.id == id).map(|line| line.versions.clone()).unwrap_or_default()
        });
        sheet.write(LineUpdateRequest { id, content, versions, overwrite: true });
    };
    move || {
        mine.get().map(|content| {
            view! {
                <div class="invoice-stale" role="alert">
                    <span>{t!(invoice.stale)}</span>
                    <Button
                        label=t!(invoice.overwrite).to_owned()
                        on_press=move |_| overwrite(content.clone())
                    />
                    <Button
                        label=t!(invoice.load_anew).to_owned()
                        weight=Weight::Quiet
                        on_press=move |_| sheet.stale.set(None)
                    />
                </div>
            }
        })
    }
}
