//! Consent to be written to.

use super::notes::{line, require_patient};
use crate::call::Call;
use crate::cursor;
use crate::error::AppError;
use contract::{ConsentEntry, ConsentHistoryRequest, ConsentRecordRequest, Nothing, Page};
use domain::consent::Decision;
use domain::field::{FieldError, Problem};
use domain::id::ConsentEventId;
use store::consent::{self, NewConsent};

/// Records a decision. It takes account of whatever had been decided before.
pub async fn consent_record(call: &Call, request: ConsentRecordRequest) -> Result<Nothing, AppError> {
    if request.decision == Decision::Unknown {
        return Err(AppError::Invalid(vec![FieldError::new("decision", Problem::NotAChoice)]));
    }
    let event = NewConsent {
        id: ConsentEventId(call.next_id()),
        patient: request.patient,
        channel: request.channel,
        purpose: request.purpose,
        decision: request.decision,
        source: line("source", &request.source)?,
        recorded_by: call.actor()?,
        recorded_at: call.at,
    };
    let mut write = call.write().await?;
    require_patient(&mut write, request.patient).await?;
    consent::insert_consents(&mut write, &[event]).await?;
    write.commit().await?;
    Ok(Nothing {})
}

/// A page of the consent history.
pub async fn consent_history(
    call: &Call,
    request: ConsentHistoryRequest,
) -> Result<Page<ConsentEntry>, AppError> {
    let after = cursor::decode(request.after.as_ref())?;
    let mut read = call.read().await?;
    let limit = cursor::limit(request.limit, 20);
    let (events, next) = consent::list_events(&mut read, request.patient, after, limit).await?;
    read.end().await?;
    let rows = events.into_iter().map(|event| ConsentEntry {
        channel: event.channel,
        purpose: event.purpose,
        decision: event.decision,
        source: event.source,
        recorded_at: event.recorded_at,
        recorded_by: String::new(),
    });
    Ok(Page { rows: rows.collect(), next: cursor::encode(next)? })
}
