//! A row of a file of allergies.

use super::{Row, RowError, Target};
use crate::field::Problem;
use crate::patient::Severity;
use crate::text::fold;

/// An allergy as another system has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedAllergy {
    /// The patient's number in the other system.
    pub patient_external_id: String,
    pub substance: String,
    /// Several are separated by commas.
    pub reaction: String,
    /// The gravest of all reactions.
    pub severity: Severity,
}

/// Reads a row of allergies.
///
/// # Errors
/// Everything that is wrong with the row: no patient or substance ([`Problem::Required`]), a
/// severity that is not understood ([`Problem::NotAChoice`]: losing it silently could hurt
/// somebody), cells that are too long or hold control characters, and cells without a header.
pub fn build_allergy(cells: &[String], columns: &[Option<Target>]) -> Result<ImportedAllergy, Vec<RowError>> {
    let mut row = Row::new(cells, columns);
    let mut reactions = row.lines(Target::Reaction);
    let mut seen = Vec::new();
    reactions.retain(|reaction| {
        let new = !seen.contains(reaction);
        seen.push(reaction.clone());
        new
    });
    let allergy = ImportedAllergy {
        patient_external_id: row.line(Target::PatientExternalId),
        substance: row.line(Target::Substance),
        reaction: reactions.join(", "),
        severity: gravest(&mut row),
    };
    for (value, target) in
        [(&allergy.patient_external_id, Target::PatientExternalId), (&allergy.substance, Target::Substance)]
    {
        if value.is_empty() {
            row.require(&[target]);
        }
    }
    row.finish(allergy)
}

fn gravest(row: &mut Row<'_>) -> Severity {
    let mut gravest = Severity::Unknown;
    for (column, value) in row.values(Target::Severity) {
        match severity_named(value) {
            Some(severity) => gravest = gravest.max(severity),
            None => row.fail(column, Problem::NotAChoice),
        }
    }
    gravest
}

/// The severity that a word of another system means, in English or Spanish; FHIR's criticality
/// counts as severity.
fn severity_named(word: &str) -> Option<Severity> {
    Some(match fold(word).as_str() {
        "mild" | "minor" | "low" | "leve" | "1" => Severity::Mild,
        "moderate" | "medium" | "moderada" | "moderado" | "2" => Severity::Moderate,
        "severe" | "serious" | "major" | "high" | "grave" | "critical" | "fatal" | "life threatening"
        | "severa" | "severo" | "3" => Severity::Severe,
        "unknown" | "none" | "na" | "n a" | "not known" | "unable to assess" | "unspecified"
        | "desconocida" | "" => Severity::Unknown,
        _ => return None,
    })
}
