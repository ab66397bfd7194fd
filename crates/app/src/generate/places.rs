//! Where patients live and how they are called.

use super::draw::Draw;
use domain::patient::Address;

/// City, state, first postcode.
const CITIES: &[(&str, &str, u32)] = &[
    ("Phoenix", "AZ", 85_003),
    ("Scottsdale", "AZ", 85_250),
    ("Mesa", "AZ", 85_201),
    ("Tempe", "AZ", 85_281),
    ("Chandler", "AZ", 85_224),
    ("Glendale", "AZ", 85_301),
    ("Gilbert", "AZ", 85_233),
    ("Peoria", "AZ", 85_345),
    ("Surprise", "AZ", 85_374),
    ("Goodyear", "AZ", 85_338),
    ("Avondale", "AZ", 85_323),
    ("Tucson", "AZ", 85_701),
    ("Flagstaff", "AZ", 86_001),
    ("Sedona", "AZ", 86_336),
    ("Prescott", "AZ", 86_301),
    ("Yuma", "AZ", 85_364),
    ("Las Vegas", "NV", 89_101),
    ("Albuquerque", "NM", 87_102),
    ("San Diego", "CA", 92_101),
    ("El Paso", "TX", 79_901),
    ("Denver", "CO", 80_202),
    ("Portland", "OR", 97_201),
    ("Boston", "MA", 2_108),
];

const STREETS: &[&str] = &[
    "Main",
    "Oak",
    "Maple",
    "Cedar",
    "Elm",
    "Washington",
    "Lake",
    "Hill",
    "Park",
    "Pine",
    "Camelback",
    "Indian School",
    "Thomas",
    "McDowell",
    "Central",
    "Roosevelt",
    "Van Buren",
    "Palm",
    "Desert Willow",
    "Saguaro",
    "Mesquite",
    "Ocotillo",
    "Paloma",
    "Sunset",
    "Mission",
    "Encanto",
    "San Miguel",
    "Juniper",
    "Sycamore",
    "Ironwood",
    "Cholla",
    "Quail Run",
    "Coyote",
    "Ridgeview",
    "Mountain View",
    "Canyon",
    "Riverside",
    "Orchard",
    "Lincoln",
    "Jefferson",
    "Highland",
    "Osborn",
    "Hayden",
    "Shea",
];

const STREET_KINDS: &[&str] = &["St", "Ave", "Rd", "Dr", "Ln", "Blvd", "Ct", "Way", "Pl", "Cir"];

/// Area codes of the United States.
const AREA_CODES: &[u32] = &[
    201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229,
    231, 234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302, 303, 304,
    305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330, 334, 336, 337,
    339, 347, 351, 352, 360, 361, 386, 401, 402, 404, 405, 406, 407, 408, 409, 410, 412, 413, 414, 415, 417,
    419, 423, 425, 432, 434, 435, 440, 443, 478, 479, 480, 501, 502, 503, 504, 505, 507, 508, 509, 510, 512,
    513, 515, 516, 517, 518, 520, 530, 540, 541, 559, 561, 562, 570, 571, 573, 574, 580, 585, 586, 601, 602,
    603, 605, 606, 607, 608, 609, 610, 612, 614, 615, 616, 617, 618, 619, 620, 623, 626, 630, 631, 636, 641,
    646, 650, 651, 661, 662, 678, 682, 701, 702, 703, 704, 706, 707, 708, 712, 713, 714, 715, 716, 717, 718,
    719, 720, 724, 727, 731, 732, 734, 740, 754, 757, 760, 763, 765, 770, 772, 773, 774, 775, 781, 785, 786,
    801, 802, 803, 804, 805, 806, 808, 810, 812, 813, 814, 815, 816, 817, 818, 828, 830, 831, 832, 843, 845,
    847, 848, 850, 856, 858, 859, 860, 863, 864, 865, 870, 901, 903, 904, 906, 907, 908, 909, 910, 912, 913,
    914, 915, 916, 917, 918, 919, 920, 925, 928, 931, 936, 937, 940, 941, 949, 951, 952, 954, 956, 970, 971,
    972, 973, 978, 979, 980, 985, 989,
];

/// Numbers in one area code's exchange 555.
const NUMBERS: u64 = 10_000;
/// Spreads consecutive numbers over all area codes; prime, so that none comes twice.
const SPREAD: u64 = 7_368_787;

/// The E.164 number of a patient's phone, 0 to 2. No two are alike in clinics of up to 800,000.
pub(super) fn phone(patient: u32, at: u32) -> String {
    let all = AREA_CODES.len() as u64 * NUMBERS;
    let place = (u64::from(patient) * 3 + u64::from(at)) * SPREAD % all;
    let area = AREA_CODES[(place / NUMBERS) as usize];
    format!("+1{area}555{:04}", place % NUMBERS)
}

pub(super) fn address(draw: &mut Draw) -> Address {
    let (city, region, postcode) = draw.skewed(CITIES);
    let number = 1 + draw.below(98) * 100 + draw.below(99);
    let line1 = format!("{number} {} {}", draw.any(STREETS), draw.skewed(STREET_KINDS));
    let line2 = if draw.often(18) { format!("Apt {}", 1 + draw.below(400)) } else { String::new() };
    Address {
        line1,
        line2,
        city: city.to_owned(),
        region: region.to_owned(),
        postcode: format!("{:05}", postcode + draw.below(20)),
        country: "US".to_owned(),
    }
}
