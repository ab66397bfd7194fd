use contract::PatientRow;
use leptos::prelude::*;

const RECENT_MAX: usize = 8;

/// Patients who were opened last. Only in memory: who was looked at is nobody's business tomorrow.
#[derive(Clone, Copy)]
pub struct Recent {
    rows: RwSignal<Vec<PatientRow>>,
}

impl Recent {
    pub fn new() -> Self {
        Self { rows: RwSignal::new(Vec::new()) }
    }

    pub fn opened(&self, row: PatientRow) {
        self.rows.update(|rows| {
            rows.retain(|known| known.id != row.id);
            rows.insert(0, row);
            rows.truncate(RECENT_MAX);
        });
    }

    pub fn rows(&self) -> Vec<PatientRow> {
        self.rows.get()
    }
}
