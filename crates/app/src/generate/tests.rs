use super::*;
use chrono::Datelike;
use std::collections::{HashMap, HashSet};

fn clinic(count: u32) -> Vec<GeneratedPatient> {
    patients(count, 7).collect()
}

fn share(patients: &[GeneratedPatient], is: impl Fn(&GeneratedPatient) -> bool) -> f64 {
    patients.iter().filter(|patient| is(patient)).count() as f64 / patients.len() as f64
}

#[test]
fn the_same_seed_gives_the_same_clinic_and_another_one_another() {
    assert_eq!(clinic(200), clinic(200));
    assert_eq!(clinic(200)[..50], clinic(50)[..]);
    assert_ne!(clinic(50), patients(50, 8).collect::<Vec<_>>());
}

#[test]
fn the_clinic_is_the_same_on_every_platform_and_with_every_version() {
    // Whoever changes the generator changes every published benchmark: say so in the changelog.
    let clinic = patients(1000, 1).map(|patient| format!("{patient:?}")).collect::<String>();
    let sum = clinic
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    assert_eq!(format!("{sum:016x}"), "2bc1f9fb77e0aa7b");
}

#[test]
fn every_phone_is_valid_and_nobody_else_has_it() {
    let mut seen = HashSet::new();
    for patient in clinic(20_000) {
        let phones: Vec<_> = patient.contacts.iter().filter(|one| one.kind == ContactKind::Phone).collect();
        assert!((1..=3).contains(&phones.len()) && phones[0].primary);
        for phone in phones {
            assert!(seen.insert(phone.value.clone()), "{} comes twice", phone.value);
        }
    }
    // One of each area code: judging takes long.
    let mut areas = HashSet::new();
    for phone in seen.iter().filter(|phone| areas.insert(phone[2..5].to_owned())) {
        let number = phonenumber::parse(None, phone).unwrap();
        assert!(number.is_valid(), "{phone}");
        assert_eq!(number.format().mode(phonenumber::Mode::E164).to_string(), *phone);
    }
    assert!(areas.len() > 200, "{}", areas.len());
}

#[test]
fn the_clinic_looks_like_one() {
    let clinic = clinic(20_000);
    let near = |value: f64, wanted: f64| (value - wanted).abs() < wanted * 0.25;
    assert!(near(share(&clinic, |one| !one.alerts.is_empty()), 0.04));
    assert!(near(share(&clinic, |one| one.archived), 0.02));
    assert!(near(share(&clinic, |one| one.tier == Tier::Standard), 0.8));
    assert!(share(&clinic, |one| one.name.family.contains('\'')) > 0.005);
    assert!(share(&clinic, |one| !one.name.given.is_ascii() || !one.name.family.is_ascii()) > 0.08);
    assert!(share(&clinic, |one| one.name.given.contains('-') || one.name.family.contains('-')) > 0.03);
    assert!(clinic.iter().all(|one| (1935..=2020).contains(&one.birth_date.year())));
    assert!(clinic.iter().all(|one| one.allergies.len() <= 3 && one.notes.len() <= 2));
    let emails = clinic.iter().flat_map(|one| &one.contacts).filter(|one| one.kind == ContactKind::Email);
    assert!(
        emails.clone().all(|one| one.value.is_ascii() && one.value.contains(".") && one.value.contains('@'))
    );
    assert!(emails.count() > 15_000);
}

#[test]
fn common_names_are_common_and_most_names_are_rare() {
    let mut families = HashMap::<String, u32>::new();
    let clinic = clinic(20_000);
    clinic.iter().for_each(|one| *families.entry(one.name.family.clone()).or_default() += 1);
    let commonest = families.values().max().copied().unwrap_or_default();
    assert!((40..600).contains(&commonest), "{commonest}");
    assert!(families.len() > 1_000, "{}", families.len());
    let whole = clinic.iter().map(|one| (one.name.display(""), one.birth_date)).collect::<HashSet<_>>();
    assert!(whole.len() > 19_990, "{}", whole.len());
}
