use leptos::prelude::*;
use leptos_router::components::A;

use crate::i18n::number;
use crate::state::use_desk;
use crate::t;

/// The parts of the page, each with an address of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Overview,
    Conflicts,
    Attention,
    Unsent,
    Arrivals,
    Devices,
    Log,
}

impl Part {
    const ALL: [Self; 7] = [
        Self::Overview,
        Self::Conflicts,
        Self::Attention,
        Self::Unsent,
        Self::Arrivals,
        Self::Devices,
        Self::Log,
    ];

    /// The part that an address names; the overview if it names none.
    pub fn from_path(part: Option<&str>) -> Option<Self> {
        let part = part.unwrap_or_default();
        Self::ALL.into_iter().find(|known| known.word() == part)
    }

    fn path(self) -> String {
        match self {
            Self::Overview => "/sync".to_owned(),
            part => format!("/sync/{}", part.word()),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Conflicts => "conflicts",
            Self::Attention => "attention",
            Self::Unsent => "unsent",
            Self::Arrivals => "arrivals",
            Self::Devices => "devices",
            Self::Log => "log",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Overview => t!(sync.overview),
            Self::Conflicts => t!(sync.conflicts),
            Self::Attention => t!(sync.attention),
            Self::Unsent => t!(sync.unsent),
            Self::Arrivals => t!(sync.arrivals),
            Self::Devices => t!(sync.devices),
            Self::Log => t!(sync.log),
        }
    }
}

/// The ways to the parts, with how much waits in each.
#[component]
pub fn Tabs() -> impl IntoView {
    let sync = use_desk().sync;
    let waiting = move |part: Part| {
        sync.value.with(|status| {
            let status = status.as_ref()?;
            let n = match part {
                Part::Conflicts => status.conflicts,
                Part::Attention => status.attention + status.parked + status.waiting,
                Part::Unsent => status.unsent,
                _ => 0,
            };
            (n > 0).then(|| number(n))
        })
    };
    let tab = |part: Part| {
        let count = move || waiting(part).map(|n| view! { <span class="sync-count tabular">{n}</span> });
        view! {
            <li>
                <A href=part.path() exact=true attr:class="sync-tab">{part.label()} {count}</A>
            </li>
        }
    };
    view! {
        <nav class="sync-tabs" aria-label=t!(sync.parts)>
            <ul>{Part::ALL.map(tab).collect_view()}</ul>
        </nav>
    }
}
