use leptos::prelude::*;

/// Tables that something on the page shows.
const COLLECTIONS: [&str; 24] = [
    "patient",
    "patient_contact",
    "patient_allergy",
    "patient_alert",
    "patient_tag",
    "patient_note",
    "consent_event",
    "patient_distinct",
    "import_job",
    "alert",
    "conflict",
    "attention",
    "parked_record",
    "clinic_device",
    "arrival",
    "sync_log",
    "invoice",
    "invoice_line",
    "invoice_document",
    "payment",
    "catalogue_item",
    "tax_rate",
    "clinic_profile",
    "day_close",
];

/// How often each table has changed. Whoever reads it in an effect runs again when it does.
#[derive(Clone, Copy)]
pub struct Changes {
    versions: [RwSignal<u64>; COLLECTIONS.len()],
}

impl Changes {
    pub fn new() -> Self {
        Self { versions: std::array::from_fn(|_| RwSignal::new(0)) }
    }

    /// Follows `collections`; the number differs after every change of any of them.
    pub fn follow(&self, collections: &[&str]) -> u64 {
        self.of(collections).map(|version| version.get()).sum()
    }

    /// Follows everything that a patient in a list shows.
    pub fn follow_patients(&self) -> u64 {
        self.follow(&["patient", "patient_contact", "patient_alert", "patient_tag"])
    }

    /// Tells that `collections` changed.
    pub fn announce(&self, collections: &[String]) {
        let names: Vec<&str> = collections.iter().map(String::as_str).collect();
        // Together, so that whoever shows two of them asks once.
        for version in self.of(&names).collect::<Vec<_>>() {
            version.update(|version| *version += 1);
        }
    }

    /// Tells that anything may have changed.
    pub fn announce_all(&self) {
        for version in self.versions {
            version.update(|version| *version += 1);
        }
    }

    fn of<'a>(&'a self, collections: &'a [&'a str]) -> impl Iterator<Item = RwSignal<u64>> + 'a {
        COLLECTIONS
            .iter()
            .zip(self.versions)
            .filter(|(name, _)| collections.contains(name))
            .map(|(_, version)| version)
    }
}
