//! What is written about patients.

use domain::patient::NoteKind;

pub(super) const SOURCES: &[&str] = &[
    "Google",
    "Friend or family",
    "Instagram",
    "Walk-in",
    "Physician referral",
    "Website",
    "Facebook",
    "Yelp",
    "Insurance directory",
    "Event",
    "Mailer",
    "Employer",
];

pub(super) const TAGS: &[&str] = &[
    "Botox",
    "Filler",
    "Facial",
    "Member",
    "Laser",
    "Newsletter",
    "Microneedling",
    "New patient",
    "Peel",
    "Package holder",
    "Weight loss",
    "Referral program",
    "IV therapy",
    "Staff family",
    "Spanish-speaking",
    "Wheelchair access",
    "Photo consent",
    "Bridal",
    "Hair removal",
    "Press",
];

pub(super) const SUBSTANCES: &[&str] = &[
    "Penicillin",
    "Latex",
    "Lidocaine",
    "Sulfa drugs",
    "Ibuprofen",
    "Aspirin",
    "Peanuts",
    "Shellfish",
    "Adhesive tape",
    "Codeine",
    "Iodine",
    "Eggs",
    "Nickel",
    "Bee venom",
    "Tree nuts",
    "Amoxicillin",
    "Soy",
    "Gluten",
    "Hyaluronidase",
    "Benzoyl peroxide",
    "Salicylic acid",
    "Fragrance",
    "Cephalexin",
    "Milk",
];

pub(super) const REACTIONS: &[&str] = &[
    "Rash",
    "Hives",
    "Itching",
    "Swelling",
    "Nausea",
    "Redness",
    "Shortness of breath",
    "",
    "Blisters",
    "Dizziness",
    "Anaphylaxis",
];

pub(super) const ALERTS: &[&str] = &[
    "Needs the ground-floor room",
    "Takes blood thinners",
    "Hard of hearing: face when speaking",
    "Asks for a female provider",
    "Faints at needles",
    "Interpreter needed: Spanish",
    "Pregnant: ask before any treatment",
    "Pays in advance",
    "Service dog",
    "Pacemaker: no radiofrequency",
];

pub(super) const DO_NOT_BOOK: &[&str] = &[
    "Three no-shows: manager decides",
    "Balance in collection",
    "Needs clearance from physician",
    "Abusive to staff: manager decides",
];

pub(super) const NOTES: &[(NoteKind, &str)] = &[
    (NoteKind::General, "Prefers text messages to calls."),
    (NoteKind::Scheduling, "Mornings only, before 10."),
    (NoteKind::General, "Arrives early; likes the window seat and still water."),
    (NoteKind::Billing, "Receipt by e-mail. Has a health savings account."),
    (NoteKind::Scheduling, "Late afternoons because of school pick-up. Will take short notice."),
    (NoteKind::Clinical, "Sensitive skin. Patch test before any new product."),
    (NoteKind::Clinical, "Bruises easily; suggested arnica and no aspirin the week before."),
    (NoteKind::General, "Referred her sister last spring. Send a thank-you card."),
    (NoteKind::Billing, "Splits payment over two cards."),
    (NoteKind::Scheduling, "Drives an hour: put both treatments on one day."),
    (NoteKind::Clinical, "Numbing cream 30 minutes before; tolerates the laser well with it."),
    (NoteKind::General, "Asked about packages.\nSend the price list when the new one is out."),
];
