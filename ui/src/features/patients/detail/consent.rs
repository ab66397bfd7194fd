use contract::{ConsentLine, ConsentRecord, ConsentRecordRequest};
use domain::consent::{Channel, Decision, Purpose};
use domain::id::PatientId;
use domain::patient::Word;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::consent_history::History;
use super::facts::Part;
use crate::components::segmented::Segmented;
use crate::features::words;
use crate::state::{Desk, use_desk};
use crate::{api, t};

/// What the patient agreed to, per way of writing and per purpose. A press records a decision.
#[component]
pub fn ConsentMatrix(lines: Memo<Vec<ConsentLine>>, id: PatientId) -> impl IntoView {
    let row = move |channel: Channel| {
        let cells = Purpose::WORDS
            .iter()
            .map(|(purpose, _)| view! { <td><Cell lines id channel purpose=*purpose /></td> })
            .collect_view();
        view! {
            <tr>
                <th scope="row">{words::channel(channel)}</th>
                {cells}
            </tr>
        }
    };
    view! {
        <Part title=t!(consent.title)>
            <table class="consent">
                <thead>
                    <tr>
                        <td></td>
                        {Purpose::WORDS
                            .iter()
                            .map(|(purpose, _)| view! { <th scope="col">{words::purpose(*purpose)}</th> })
                            .collect_view()}
                    </tr>
                </thead>
                <tbody>{Channel::WORDS.iter().map(|(channel, _)| row(*channel)).collect_view()}</tbody>
            </table>
            <History id />
        </Part>
    }
}

#[component]
fn Cell(lines: Memo<Vec<ConsentLine>>, id: PatientId, channel: Channel, purpose: Purpose) -> impl IntoView {
    let desk = use_desk();
    let line = move || {
        lines.with(|lines| {
            lines.iter().find(|line| line.channel == channel && line.purpose == purpose).copied()
        })
    };
    let decision = Memo::new(move |_| line().map_or(Decision::Unknown, |line| line.decision));
    let when = move || {
        line()
            .and_then(|line| line.decided_at)
            .map(words::exact)
            .unwrap_or_else(|| t!(consent.unknown).to_owned())
    };
    let choices = [Decision::Granted, Decision::Denied]
        .map(|decision| (decision, words::decision(decision).to_owned()));
    let label = t!(consent.about, channel = words::channel(channel), purpose = words::purpose(purpose));
    view! {
        <span title=when>
            <Segmented
                name=cell_name(channel, purpose)
                label
                choices=choices.to_vec()
                value=decision
                on_choose=move |decision| record(desk, id, channel, purpose, decision)
            />
        </span>
    }
}

/// Radio buttons belong together by their name.
fn cell_name(channel: Channel, purpose: Purpose) -> &'static str {
    match (channel, purpose) {
        (Channel::Sms, Purpose::Appointments) => "consent-sms-appointments",
        (Channel::Sms, Purpose::Marketing) => "consent-sms-marketing",
        (Channel::Email, Purpose::Appointments) => "consent-email-appointments",
        (Channel::Email, Purpose::Marketing) => "consent-email-marketing",
        (Channel::Phone, Purpose::Appointments) => "consent-phone-appointments",
        (Channel::Phone, Purpose::Marketing) => "consent-phone-marketing",
    }
}

fn record(desk: Desk, patient: PatientId, channel: Channel, purpose: Purpose, decision: Decision) {
    let request = ConsentRecordRequest {
        patient,
        channel,
        purpose,
        decision,
        source: t!(consent.at_the_desk).to_owned(),
    };
    spawn_local(async move {
        if let Err(error) = api::call::<ConsentRecord>(request).await {
            desk.toasts.failed(&error);
        }
    });
}
