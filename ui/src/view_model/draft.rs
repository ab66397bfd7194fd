//! A form that was left before it was saved.

use contract::Versions;
use domain::id::PatientId;
use serde::{Deserialize, Serialize};

use super::form::Form;

/// What is kept of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// When it was typed, in milliseconds since 1970.
    pub at_ms: i64,
    pub form: Form,
    /// What the form was loaded with; absent for a new patient.
    pub base: Option<Base>,
}

/// The saved state that an edit began with. It is kept too, because somebody may save in between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    pub form: Form,
    pub versions: Versions,
}

impl Draft {
    /// Reads what the desk kept; absent if an older version of the app kept something else.
    pub fn read(value: serde_json::Value) -> Option<Self> {
        serde_json::from_value(value).ok()
    }

    /// Whether anything would be lost without it.
    pub fn matters(&self) -> bool {
        match &self.base {
            Some(base) => self.form != base.form,
            None => !self.form.is_blank(),
        }
    }
}

/// The name that a form's draft is kept under.
pub fn key(patient: Option<PatientId>) -> String {
    match patient {
        Some(id) => format!("patient_edit:{id}"),
        None => "patient_new".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_survives_being_written_down() {
        let mut form = Form::new();
        form.name.family = "O'Brien".into();
        let base = Some(Base { form: Form::new(), versions: Versions("v".into()) });
        let draft = Draft { at_ms: 5, form, base };
        let value = serde_json::to_value(&draft).expect("JSON");
        assert_eq!(Draft::read(value), Some(draft.clone()));
        assert!(draft.matters());
    }

    #[test]
    fn something_else_is_not_a_draft() {
        assert_eq!(Draft::read(serde_json::json!({ "form": 3 })), None);
    }
}
