use contract::{CommandLine, WARNING_MS};
use leptos::prelude::*;

use crate::t;
use crate::view_model::format;
use crate::view_model::plot::{MARKS_US, place};

/// Commands that the plot has room for: the busiest.
const LINES: usize = 14;
const ROW: f64 = 22.0;
const LEFT: f64 = 170.0;
const WIDTH: f64 = 900.0;
const RIGHT: f64 = 70.0;
const TOP: f64 = 20.0;

fn x(us: u64) -> f64 {
    LEFT + place(us) * (WIDTH - LEFT - RIGHT)
}

/// The 95th percentile of each command, beside the table that has the numbers.
#[component]
pub fn Plot(commands: Memo<Vec<CommandLine>>) -> impl IntoView {
    let shown = move || commands.with(|commands| commands.iter().take(LINES).cloned().collect::<Vec<_>>());
    let any = Memo::new(move |_| commands.with(|commands| !commands.is_empty()));
    let height = move || TOP + shown().len() as f64 * ROW;
    let mark = move |us: u64| {
        view! {
            <line class="plot-grid" x1=x(us) x2=x(us) y1=TOP y2=height></line>
            <text class="plot-mark" x=x(us) y="12" text-anchor="middle">{format::microseconds(us)}</text>
        }
    };
    let bars =
        move || shown().into_iter().enumerate().map(|(row, line)| view! { <Bar row line /> }).collect_view();
    let limit = x(WARNING_MS * 1_000);
    view! {
        <Show when=move || any.get()>
            <section class="section">
                <div class="section-head"><h2>{t!(diagnostics.plot)}</h2></div>
                <svg
                    class="plot"
                    role="img"
                    aria-label=t!(diagnostics.plot_label)
                    viewBox=move || format!("0 0 {WIDTH} {}", height() + 4.0)
                >
                    {MARKS_US.map(mark).collect_view()}
                    <line class="plot-limit" x1=limit x2=limit y1=TOP y2=height></line>
                    {bars}
                </svg>
            </section>
        </Show>
    }
}

#[component]
fn Bar(row: usize, line: CommandLine) -> impl IntoView {
    let y = TOP + row as f64 * ROW;
    let slow = line.p95_us > WARNING_MS * 1_000;
    let middle = y + ROW / 2.0;
    view! {
        <text class="plot-name" x=LEFT - 10.0 y=middle + 4.0 text-anchor="end">{line.name}</text>
        <rect
            class="plot-bar"
            class:is-slow=slow
            x=LEFT
            y=y + 5.0
            width=(x(line.p95_us) - LEFT).max(1.0)
            height=ROW - 10.0
            rx="2"
        ></rect>
        <line class="plot-median" x1=x(line.median_us) x2=x(line.median_us) y1=y + 3.0 y2=y + ROW - 3.0></line>
        <text class="plot-value" x=x(line.p95_us) + 6.0 y=middle + 4.0>{format::microseconds(line.p95_us)}</text>
    }
}
