//! Whether a change is still based on what its author saw.

use crate::error::AppError;
use contract::Versions as VersionsText;
use domain::field::{FieldError, Problem};
use store::manifest::Collection;
use store::{Versions, Write};
use uuid::Uuid;

/// Declares what the author of a change of `registers` had seen, or fails if somebody else wrote one of them since, unless
/// that is to be overwritten.
pub(crate) fn declare(
    write: &Write,
    (collection, record): (&Collection, Uuid),
    (seen, current): (&VersionsText, &Versions),
    registers: &[&str],
    overwrite: bool,
) -> Result<(), AppError> {
    if overwrite {
        write.declare(current.0.clone());
        return Ok(());
    }
    let seen = Versions::decode(&seen.0)?;
    let number = |name: &str| collection.register(name).map_or(0, |register| register.number);
    let stale = registers.iter().filter(|name| current.differs(&seen, record, number(name)));
    let fields: Vec<_> = stale.map(|name| FieldError::new(*name, Problem::ChangedMeanwhile)).collect();
    if !fields.is_empty() {
        return Err(AppError::Stale { fields });
    }
    write.declare(seen.0);
    Ok(())
}
