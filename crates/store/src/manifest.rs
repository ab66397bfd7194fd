//! The synced tables, declared once. Triggers and apply statements are generated from this.
//!
//! Numbers and the columns of a register are frozen once released (rule 17 of the sync design): a
//! new column gets a new register, a new table a new number.

pub use sync_protocol::Kind;

/// How a column's value crosses JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Text,
    Integer,
    /// A BLOB of 16 bytes; 32 hexadecimal digits in JSON.
    Uuid,
}

/// A column of a synced table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    pub ty: Type,
}

/// A unit of merge: one column, or several that only make sense together.
#[derive(Clone, Copy, Debug)]
pub struct Register {
    /// From 1; 0 and -1 stand for the whole record.
    pub number: i64,
    pub name: &'static str,
    pub columns: &'static [Column],
}

/// A synced table.
#[derive(Clone, Copy, Debug)]
pub struct Collection {
    pub number: i64,
    pub name: &'static str,
    pub kind: Kind,
    pub registers: &'static [Register],
}

impl Collection {
    /// Every column but the id, register by register.
    pub fn columns(&self) -> impl Iterator<Item = Column> + '_ {
        self.registers.iter().flat_map(|register| register.columns.iter().copied())
    }

    /// The register called `name`.
    pub fn register(&self, name: &str) -> Option<&'static Register> {
        self.registers.iter().find(|register| register.name == name)
    }
}

const fn text(name: &'static str) -> Column {
    Column { name, ty: Type::Text }
}

const fn integer(name: &'static str) -> Column {
    Column { name, ty: Type::Integer }
}

const fn uuid(name: &'static str) -> Column {
    Column { name, ty: Type::Uuid }
}

const fn register(number: i64, name: &'static str, columns: &'static [Column]) -> Register {
    Register { number, name, columns }
}

/// The collection of each table, so that code names a register without spelling it.
pub const PATIENT: &Collection = &Collection {
    number: 1,
    name: "patient",
    kind: Kind::Mutable,
    registers: &[
        register(1, "name", &[text("prefix"), text("given"), text("middle"), text("family"), text("suffix")]),
        register(2, "preferred_name", &[text("preferred_name")]),
        register(3, "pronouns", &[text("pronouns")]),
        register(4, "birth_date", &[text("birth_date")]),
        register(
            5,
            "address",
            &[text("line1"), text("line2"), text("city"), text("region"), text("postcode"), text("country")],
        ),
        register(6, "tier", &[text("tier")]),
        register(7, "source", &[text("source")]),
        register(8, "external_id", &[text("external_id")]),
        register(9, "household", &[uuid("household_id")]),
        register(10, "guarantor", &[uuid("guarantor_id")]),
        register(11, "archived", &[integer("archived_at")]),
        register(12, "created", &[integer("created_at")]),
    ],
};

pub const PATIENT_CONTACT: &Collection = &Collection {
    number: 2,
    name: "patient_contact",
    kind: Kind::Mutable,
    registers: &[
        register(1, "patient", &[uuid("patient_id")]),
        register(2, "value", &[text("kind"), text("value"), text("label")]),
        register(3, "primary", &[integer("is_primary")]),
        register(4, "position", &[integer("position")]),
    ],
};

pub const PATIENT_ALLERGY: &Collection = &Collection {
    number: 3,
    name: "patient_allergy",
    kind: Kind::Mutable,
    registers: &[
        register(1, "patient", &[uuid("patient_id"), integer("created_at")]),
        register(2, "allergy", &[text("substance"), text("reaction"), text("severity")]),
    ],
};

pub const PATIENT_ALERT: &Collection = &Collection {
    number: 4,
    name: "patient_alert",
    kind: Kind::Mutable,
    registers: &[
        register(1, "patient", &[uuid("patient_id"), integer("created_at")]),
        register(2, "alert", &[text("level"), text("text")]),
    ],
};

pub const PATIENT_TAG: &Collection = &Collection {
    number: 5,
    name: "patient_tag",
    kind: Kind::Mutable,
    registers: &[register(1, "patient", &[uuid("patient_id")]), register(2, "label", &[text("label")])],
};

pub const PATIENT_NOTE: &Collection = &Collection {
    number: 6,
    name: "patient_note",
    kind: Kind::Mutable,
    registers: &[
        register(1, "patient", &[uuid("patient_id"), uuid("author_id"), integer("created_at")]),
        register(2, "content", &[text("kind"), text("body")]),
        register(3, "pinned", &[integer("pinned")]),
        register(4, "removed", &[integer("removed_at")]),
    ],
};

pub const CONSENT_EVENT: &Collection = &Collection {
    number: 7,
    name: "consent_event",
    kind: Kind::Ledger,
    registers: &[register(
        1,
        "event",
        &[
            uuid("patient_id"),
            text("channel"),
            text("purpose"),
            text("decision"),
            text("source"),
            uuid("recorded_by"),
            integer("recorded_at"),
            text("supersedes"),
        ],
    )],
};

pub const PATIENT_DISTINCT: &Collection = &Collection {
    number: 8,
    name: "patient_distinct",
    kind: Kind::Mutable,
    registers: &[register(1, "pair", &[uuid("first_id"), uuid("second_id")])],
};

pub const CONFLICT: &Collection = &Collection {
    number: 9,
    name: "conflict",
    kind: Kind::Mutable,
    registers: &[
        register(
            1,
            "pair",
            &[text("collection"), uuid("record"), text("register"), text("winner"), text("loser")],
        ),
        register(2, "judgement", &[text("kept")]),
    ],
};

pub const CLINIC_DEVICE: &Collection = &Collection {
    number: 10,
    name: "clinic_device",
    kind: Kind::Mutable,
    registers: &[register(1, "name", &[text("name")])],
};

pub const TAX_RATE: &Collection = &Collection {
    number: 11,
    name: "tax_rate",
    kind: Kind::Mutable,
    registers: &[
        register(1, "name", &[text("name")]),
        register(2, "rate", &[text("category"), integer("rate")]),
        register(3, "archived", &[integer("archived_at")]),
        register(4, "created", &[integer("created_at")]),
    ],
};

pub const CATALOGUE_ITEM: &Collection = &Collection {
    number: 12,
    name: "catalogue_item",
    kind: Kind::Mutable,
    registers: &[
        register(1, "name", &[text("name")]),
        register(2, "code", &[text("code")]),
        register(3, "kind", &[text("kind"), uuid("service_id"), integer("sessions")]),
        register(4, "price", &[integer("price")]),
        register(5, "tax", &[uuid("tax_rate_id")]),
        register(6, "archived", &[integer("archived_at")]),
        register(7, "created", &[integer("created_at")]),
    ],
};

pub const INVOICE: &Collection = &Collection {
    number: 13,
    name: "invoice",
    kind: Kind::Mutable,
    registers: &[
        register(
            1,
            "patient",
            &[
                uuid("patient_id"),
                text("kind"),
                uuid("corrects_id"),
                uuid("created_by"),
                integer("created_at"),
            ],
        ),
        register(2, "status", &[text("status"), text("reason"), uuid("document_id")]),
        register(3, "discount", &[text("discount_kind"), integer("discount")]),
        register(4, "note", &[text("note")]),
    ],
};

pub const INVOICE_LINE: &Collection = &Collection {
    number: 14,
    name: "invoice_line",
    kind: Kind::Mutable,
    registers: &[
        register(1, "invoice", &[uuid("invoice_id"), integer("created_at")]),
        register(2, "position", &[integer("position")]),
        register(3, "item", &[uuid("item_id"), text("description")]),
        register(4, "provider", &[uuid("provider_id")]),
        register(5, "quantity", &[integer("quantity")]),
        register(6, "price", &[integer("price")]),
        register(7, "discount", &[text("discount_kind"), integer("discount")]),
        register(8, "tax", &[text("tax_category"), integer("tax_rate")]),
    ],
};

pub const CLINIC_PROFILE: &Collection = &Collection {
    number: 15,
    name: "clinic_profile",
    kind: Kind::Mutable,
    registers: &[
        register(1, "name", &[text("name")]),
        register(
            2,
            "address",
            &[text("line1"), text("line2"), text("city"), text("region"), text("postcode"), text("country")],
        ),
        register(3, "contact", &[text("phone"), text("email"), text("website")]),
        register(4, "tax_id", &[text("tax_id")]),
        register(5, "footer", &[text("footer")]),
        register(6, "currency", &[text("currency")]),
    ],
};

pub const NUMBER_SERIES: &Collection = &Collection {
    number: 16,
    name: "number_series",
    kind: Kind::Ledger,
    registers: &[register(1, "series", &[uuid("incarnation"), text("code"), integer("drawn_at")])],
};

pub const INVOICE_DOCUMENT: &Collection = &Collection {
    number: 17,
    name: "invoice_document",
    kind: Kind::Ledger,
    registers: &[register(
        1,
        "document",
        &[
            uuid("invoice_id"),
            uuid("patient_id"),
            text("kind"),
            uuid("corrects_id"),
            text("series"),
            integer("number"),
            integer("issued_at"),
            text("issued_on"),
            uuid("issued_by"),
            integer("net"),
            integer("tax"),
            integer("gross"),
            text("content"),
        ],
    )],
};

pub const PAYMENT: &Collection = &Collection {
    number: 18,
    name: "payment",
    kind: Kind::Ledger,
    registers: &[register(
        1,
        "payment",
        &[
            uuid("action_id"),
            uuid("patient_id"),
            uuid("invoice_id"),
            text("method"),
            integer("amount"),
            integer("change"),
            text("reference"),
            integer("taken_at"),
            text("taken_on"),
            uuid("taken_by"),
        ],
    )],
};

pub const DAY_CLOSE: &Collection = &Collection {
    number: 19,
    name: "day_close",
    kind: Kind::Ledger,
    registers: &[register(
        1,
        "close",
        &[
            text("day"),
            integer("closed_at"),
            uuid("closed_by"),
            integer("float"),
            text("drawer"),
            text("methods"),
            text("explanation"),
            text("payments"),
        ],
    )],
};

/// Every synced table.
pub const COLLECTIONS: &[&Collection] = &[
    PATIENT,
    PATIENT_CONTACT,
    PATIENT_ALLERGY,
    PATIENT_ALERT,
    PATIENT_TAG,
    PATIENT_NOTE,
    CONSENT_EVENT,
    PATIENT_DISTINCT,
    CONFLICT,
    CLINIC_DEVICE,
    TAX_RATE,
    CATALOGUE_ITEM,
    INVOICE,
    INVOICE_LINE,
    CLINIC_PROFILE,
    NUMBER_SERIES,
    INVOICE_DOCUMENT,
    PAYMENT,
    DAY_CLOSE,
];

/// The collection with this number.
pub fn collection(number: i64) -> Option<&'static Collection> {
    COLLECTIONS.iter().copied().find(|collection| collection.number == number)
}

/// The collection with this name.
pub fn collection_named(name: &str) -> Option<&'static Collection> {
    COLLECTIONS.iter().copied().find(|collection| collection.name == name)
}
