//! What a made-up clinic sells, and what its patients were billed.

use super::draw::Draw;
use domain::invoice::payment::Method;
use domain::invoice::{ItemKind, QUANTITY_SCALE};

/// Something that the made-up clinic sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneratedItem {
    pub name: &'static str,
    pub code: &'static str,
    pub kind: ItemKind,
    /// Cents, without tax.
    pub price: i64,
    /// Whether the clinic's one tax is on it.
    pub taxed: bool,
}

const fn item(
    name: &'static str,
    code: &'static str,
    kind: ItemKind,
    price: i64,
    taxed: bool,
) -> GeneratedItem {
    GeneratedItem { name, code, kind, price, taxed }
}

/// The catalogue, what is sold most first.
pub const ITEMS: &[GeneratedItem] = &[
    item("Consultation", "CON", ItemKind::Service, 9_500, false),
    item("Botulinum toxin, per unit", "BTX", ItemKind::Service, 1_400, false),
    item("Hyaluronic filler, 1 ml", "HA1", ItemKind::Service, 65_000, false),
    item("Chemical peel", "PEEL", ItemKind::Service, 14_500, false),
    item("Laser hair removal, small area", "LHS", ItemKind::Service, 11_000, false),
    item("Laser hair removal, large area", "LHL", ItemKind::Service, 29_000, false),
    item("Microneedling", "MN", ItemKind::Service, 24_900, false),
    item("Hydrating facial", "HF", ItemKind::Service, 18_900, false),
    item("Sunscreen SPF 50", "SPF", ItemKind::Product, 3_850, true),
    item("Retinol serum", "RET", ItemKind::Product, 7_425, true),
    item("Gentle cleanser", "CLN", ItemKind::Product, 2_995, true),
    item("Vitamin C serum", "VTC", ItemKind::Product, 9_240, true),
];

/// The tax on products, basis points.
pub const TAX_RATE: u32 = 825;

/// How far a generated invoice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    Draft,
    /// Issued, and so much of it paid: in a hundred.
    Paid(Method, u32),
}

/// An invoice of the made-up clinic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedInvoice {
    /// Which of the patients, a number below their count.
    pub patient: u32,
    /// Minutes before now.
    pub minutes_ago: u32,
    /// Which of [`ITEMS`], and how much of it in thousandths.
    pub lines: Vec<(usize, i64)>,
    pub settled: Settled,
}

/// Two years.
const MINUTES: u32 = 2 * 365 * 24 * 60;

/// The first `count` invoices of the clinic with this seed and so many patients.
pub fn invoices(count: u32, patients: u32, seed: u64) -> impl Iterator<Item = GeneratedInvoice> {
    (0..count).map(move |number| {
        // Other draws than those of the patients.
        let mut draw = Draw::new(seed ^ 0x1_0000_0000, number);
        let lines = (0..1 + draw.below(4)).map(|_| line(&mut draw)).collect();
        GeneratedInvoice {
            patient: draw.below(patients),
            minutes_ago: draw.below(MINUTES),
            lines,
            settled: settled(&mut draw),
        }
    })
}

fn line(draw: &mut Draw) -> (usize, i64) {
    let item = draw.skewed_place(ITEMS.len());
    let units = if ITEMS[item].code == "BTX" { 10 + i64::from(draw.below(40)) } else { 1 };
    (item, units * QUANTITY_SCALE)
}

fn settled(draw: &mut Draw) -> Settled {
    let method = draw.any(&[Method::Card, Method::Card, Method::Card, Method::Cash, Method::Transfer]);
    match draw.below(100) {
        0..3 => Settled::Draft,
        3..8 => Settled::Paid(method, 0),
        8..12 => Settled::Paid(method, 40),
        _ => Settled::Paid(method, 100),
    }
}
