use super::*;
use crate::date::DateOrder::{self, DayFirst, MonthFirst};
use crate::patient::{Severity, Tier};
use chrono::NaiveDate;
use proptest::prelude::*;
use std::collections::HashSet;

fn cells(line: &str) -> Vec<String> {
    if line.is_empty() { Vec::new() } else { line.split(',').map(str::to_owned).collect() }
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn guessed(headers: &str, rows: &[&str]) -> Guess {
    guess(&cells(headers), &rows.iter().map(|row| cells(row)).collect::<Vec<_>>())
}

/// The words of the targets, `-` for none.
fn words_of(guess: &Guess) -> String {
    let words = guess.columns.iter().map(|column| column.map_or("-", Word::word));
    words.collect::<Vec<_>>().join(" ")
}

fn read(headers: &str, row: &str) -> Result<ImportedPatient, Vec<RowError>> {
    let guess = guessed(headers, &[]);
    build_patient(&cells(row), &guess.columns, guess.date_order, day(2026, 6, 15))
}

fn read_allergy(headers: &str, row: &str) -> Result<ImportedAllergy, Vec<RowError>> {
    build_allergy(&cells(row), &guessed(headers, &[]).columns)
}

fn error(column: usize, problem: Problem) -> RowError {
    RowError { column: Some(column), problem }
}

#[test]
fn columns_of_common_exports_are_recognised() {
    for (headers, expected) in [
        ("First Name,Last Name,E-mail,Mobile,Date of Birth", "given family email mobile_phone birth_date"),
        ("first_name,last_name,email_address,cell_phone,dob", "given family email mobile_phone birth_date"),
        (
            "PatientID,LName,FName,MI,Birthdate,HmPhone,Address,Address 2,City,ST,Zip",
            "external_id family given middle birth_date - address_line1 address_line2 city - postcode",
        ),
        ("Client Name,Client Phone,Client Email", "full_name phone email"),
        ("Patient First Name,Patient Last Name,Patient DOB", "given family birth_date"),
        ("Name,Phone 1,Phone 2,Notes,Tags,VIP Tier", "full_name phone phone note tags tier"),
        ("Name,Surname", "given family"),
        ("Full Name,First,Last", "- given family"),
        (
            "Nombre,Apellido paterno,Apellido materno,Fecha de nacimiento,Correo electrónico,Teléfono",
            "given family family birth_date email phone",
        ),
        ("Nombre,Correo,Celular", "full_name email mobile_phone"),
        ("First,First,Last,Last", "given - family -"),
        ("id,external_id,given,family,phones,emails", "- external_id given family phone email"),
        ("Date of Birth (MM/DD/YYYY),Last name", "birth_date family"),
        ("Last,First,SSN,Gender,Maiden", "family given - - -"),
        (",,", "- - -"),
    ] {
        let guess = guessed(headers, &[]);
        assert_eq!(guess.kind, FileKind::Patients, "{headers}");
        assert_eq!(words_of(&guess), expected, "{headers}");
    }
}

#[test]
fn a_column_of_identifiers_is_nobodys_name() {
    let rows = [
        "2b1e7c1a-5a2e-4b8e-9c3d-0a1b2c3d4e5f,2020-01-01",
        "7f0e7c1a-5a2e-4b8e-9c3d-0a1b2c3d4e5f,2020-02-01",
    ];
    assert_eq!(words_of(&guessed("PATIENT,START", &rows)).split(' ').next(), Some("-"));
    assert_eq!(words_of(&guessed("Client,Visits", &["1001,3", "1002,4"])), "- -");
}

#[test]
fn a_cell_that_says_nothing_is_empty() {
    let read = read("First,Last,Phone,Email,DOB", "Ann,Lee,n/a,none,N/A").expect("a sound row");
    assert_eq!((read.phones.len(), read.emails.len(), read.birth_date), (0, 0, None));
}

#[test]
fn a_synthea_export_is_recognised() {
    let patients = guessed(
        "Id,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,LAST,SUFFIX,MAIDEN,MARITAL,RACE,ETHNICITY,GENDER,BIRTHPLACE,ADDRESS,CITY,STATE,COUNTY,ZIP,LAT,LON,HEALTHCARE_EXPENSES,HEALTHCARE_COVERAGE",
        &[],
    );
    assert_eq!(patients.kind, FileKind::Patients);
    assert_eq!(
        words_of(&patients),
        "external_id birth_date - - - - prefix given family suffix - - - - - - address_line1 city region - postcode - - - -"
    );
    let allergies = guessed(
        "START,STOP,PATIENT,ENCOUNTER,CODE,SYSTEM,DESCRIPTION,TYPE,CATEGORY,REACTION1,DESCRIPTION1,SEVERITY1,REACTION2,DESCRIPTION2,SEVERITY2",
        &[],
    );
    assert_eq!(allergies.kind, FileKind::Allergies);
    assert_eq!(
        words_of(&allergies),
        "- - patient_external_id - - - substance - - - reaction severity - reaction severity"
    );
}

#[test]
fn a_file_of_allergies_is_told_from_one_of_patients_with_a_column_for_them() {
    assert_eq!(guessed("Patient ID,Allergen,Reaction,Severity", &[]).kind, FileKind::Allergies);
    assert_eq!(guessed("Paciente,Alergia,Reacción,Gravedad", &[]).kind, FileKind::Allergies);
    assert_eq!(guessed("First,Last,Allergies", &[]).kind, FileKind::Patients);
    assert_eq!(guessed("Name,Description", &[]).kind, FileKind::Patients);
    let coded = guessed("MRN,Substance,Reaction", &["1,Latex,418290006"]);
    assert_eq!(words_of(&coded), "patient_external_id substance -");
}

#[test]
fn values_tell_what_a_header_does_not() {
    let guess = guessed(
        "who,a,b,c,visit,number",
        &[
            "x,ann@example.com,(555) 010-2030,3/14/1985,1/2/2024,5550102030",
            "y,,+1 555 010 2031,,1/3/2024,5550102031",
        ],
    );
    assert_eq!(words_of(&guess), "- email phone birth_date - -");
    assert_eq!(words_of(&guessed("a,b", &["3/14/1985,3/15/1985"])), "- -");
    assert_eq!(words_of(&guessed("name,ssn", &["Ann,999-17-5017"])), "full_name -");
}

#[test]
fn the_order_of_dates_is_seen_in_the_values() {
    let order = |values: &[&str]| guess_date_order(values.iter().copied());
    assert_eq!(order(&["3/4/1985", "13/4/1985"]), Some(DayFirst));
    assert_eq!(order(&["3/4/1985", "4/13/1985", ""]), Some(MonthFirst));
    assert_eq!(order(&["3/4/1985"]), None);
    assert_eq!(order(&["03.04.1985"]), Some(DayFirst));
    assert_eq!(order(&["1985-03-14", "1985-13-01", "hello"]), None);
    assert_eq!(guessed("dob,name", &["3/4/1985,A"]).date_order, MonthFirst);
    assert_eq!(guessed("dob,name", &["30/4/1985,A"]).date_order, DayFirst);
    assert_eq!(guessed("dob (dd/mm/yyyy),name", &["3/4/1985,A"]).date_order, DayFirst);
    assert_eq!(guessed("fecha de nacimiento,nombre", &["3/4/1985,A"]).date_order, DayFirst);
    assert_eq!(guessed("fecha de nacimiento,nombre", &["3/14/1985,A"]).date_order, MonthFirst);
}

#[test]
fn a_whole_name_is_taken_apart() {
    for (text, prefix, given, family, suffix) in [
        ("O'Brien, Mary-Jane", "", "Mary-Jane", "O'Brien", ""),
        ("Garcia Lopez, Maria Luisa", "", "Maria Luisa", "Garcia Lopez", ""),
        ("Maria Garcia", "", "Maria", "Garcia", ""),
        ("Ana María de la Cruz", "", "Ana María", "de la Cruz", ""),
        ("Dr. John Smith Jr.", "Dr.", "John", "Smith", "Jr."),
        ("John Smith, Jr", "", "John", "Smith", "Jr"),
        ("Smith, Dr. John III", "Dr.", "John", "Smith", "III"),
        ("Cher", "", "Cher", "", ""),
        ("Van Morrison", "", "Van", "Morrison", ""),
        ("  ", "", "", "", ""),
        ("Smith,", "", "", "Smith", ""),
        ("Dr", "", "Dr", "", ""),
    ] {
        let name = split_full_name(text);
        let parts = [&name.prefix, &name.given, &name.family, &name.suffix];
        assert_eq!(parts, [prefix, given, family, suffix], "{text}");
    }
}

#[test]
fn a_row_becomes_a_patient_with_everything_where_it_belongs() {
    let patient = read(
        "Id,Prefix,First,Middle,Last,Suffix,Preferred name,Pronouns,DOB,Mobile,Phone,Work phone,Email,Address,Address 2,City,State,Zip,Country,Tier,Tags,Source,Alert,Notes",
        " A-1 ,Ms.,Maynard46, ,O'Brien-Núñez,PhD,Mo,they/them,3/14/1985,(555) 010-2030,555 010 2031;5550102032,,a@example.com; b@example.org,1 Elm St,Apt 2,Boise,ID,83702,USA,Gold,Botox; VIP | botox,Walk-in,Needs a ramp,First\nSecond",
    )
    .unwrap();
    assert_eq!(patient.external_id, "A-1");
    assert_eq!(patient.name.given, "Maynard46");
    assert_eq!((patient.name.middle.as_str(), patient.name.family.as_str()), ("", "O'Brien-Núñez"));
    assert_eq!(patient.birth_date, Some(day(1985, 3, 14)));
    let phones: Vec<_> =
        patient.phones.iter().map(|one| (one.column, one.value.as_str(), one.label)).collect();
    assert_eq!(phones, [(9, "(555) 010-2030", "Mobile"), (10, "555 010 2031", ""), (10, "5550102032", "")]);
    assert_eq!(
        patient.emails.iter().map(|one| one.value.as_str()).collect::<Vec<_>>(),
        ["a@example.com", "b@example.org"]
    );
    assert_eq!((patient.address.line1.as_str(), patient.address.line2.as_str()), ("1 Elm St", "Apt 2"));
    assert_eq!((patient.address.region.as_str(), patient.address.postcode.as_str()), ("ID", "83702"));
    assert_eq!(patient.tier, Tier::Gold);
    assert_eq!(patient.tags, ["Botox", "VIP"]);
    assert_eq!(
        (patient.alerts, patient.notes),
        (vec!["Needs a ramp".to_owned()], vec!["First\nSecond".to_owned()])
    );
}

#[test]
fn both_spanish_family_names_are_kept_together() {
    let patient = read("Nombre,Apellido paterno,Apellido materno", "María,García,López").unwrap();
    assert_eq!((patient.name.given.as_str(), patient.name.family.as_str()), ("María", "García López"));
}

#[test]
fn an_address_in_one_cell_keeps_its_lines() {
    let patient = read("Name,Address,Address 2", "Ann Lee,1 Elm St\r\nApt 2,Floor 3").unwrap();
    assert_eq!(
        (patient.address.line1.as_str(), patient.address.line2.as_str()),
        ("1 Elm St", "Apt 2, Floor 3")
    );
}

#[test]
fn everything_wrong_with_a_row_is_said_with_its_column() {
    let headers = "First,Last,DOB,Tier,City";
    assert_eq!(read(headers, " , ,,,"), Err(vec![error(0, Problem::Required)]));
    assert_eq!(
        read(headers, ",,soon,Iron,Bo\0ise"),
        Err(vec![
            error(0, Problem::Required),
            error(2, Problem::NotADate),
            error(3, Problem::NotAChoice),
            error(4, Problem::ControlCharacter)
        ])
    );
    assert_eq!(read(headers, "Ann,Lee,2/3/2999"), Err(vec![error(2, Problem::InTheFuture)]));
    assert_eq!(read(headers, "Ann,Lee,2/3/1800"), Err(vec![error(2, Problem::TooLongAgo)]));
    assert_eq!(read(headers, &"x".repeat(201)), Err(vec![error(0, Problem::TooLong)]));
    assert_eq!(read("City", "Boise"), Err(vec![RowError { column: None, problem: Problem::Required }]));
}

#[test]
fn missing_cells_are_empty_and_extra_ones_are_an_error_unless_empty() {
    let headers = "First,Last,DOB";
    assert!(read(headers, "Ann").is_ok());
    assert!(read(headers, "Ann,Lee,,, ,").is_ok());
    assert_eq!(read(headers, "Ann,Lee,,,Extra"), Err(vec![error(4, Problem::TooManyCells)]));
}

#[test]
fn a_date_is_read_in_the_order_of_the_file() {
    let columns = [Some(Target::Given), Some(Target::BirthDate)];
    let row = cells("Ann,3/4/1985");
    let born = |order: DateOrder| build_patient(&row, &columns, order, day(2026, 6, 15)).unwrap().birth_date;
    assert_eq!(born(MonthFirst), Some(day(1985, 3, 4)));
    assert_eq!(born(DayFirst), Some(day(1985, 4, 3)));
}

#[test]
fn a_date_in_another_order_than_its_file_is_told_and_not_turned_round() {
    let columns = [Some(Target::Given), Some(Target::BirthDate)];
    let read = |date: &str, order| {
        build_patient(&cells(&format!("Ann,{date}")), &columns, order, day(2026, 6, 15))
            .map(|patient| patient.birth_date)
    };
    let turned = Err(vec![error(1, Problem::OtherDateOrder)]);
    assert_eq!(read("13/01/1990", MonthFirst), turned);
    assert_eq!(read("01/13/1990", DayFirst), turned);
    assert_eq!(read("13011990", MonthFirst), turned);
    assert_eq!(read("31/31/1990", MonthFirst), Err(vec![error(1, Problem::NotADate)]));
    assert_eq!(read("1990-01-13", DayFirst), Ok(Some(day(1990, 1, 13))));
    assert_eq!(read("13 Jan 1990", MonthFirst), Ok(Some(day(1990, 1, 13))));
}

#[test]
fn an_allergy_has_all_its_reactions_and_the_gravest_severity() {
    let headers = "PATIENT,DESCRIPTION,REACTION1,DESCRIPTION1,SEVERITY1,REACTION2,DESCRIPTION2,SEVERITY2";
    let allergy = read_allergy(headers, "p-1,Latex,418,Itching,MILD,271,Rash,SEVERE").unwrap();
    assert_eq!(allergy.patient_external_id, "p-1");
    assert_eq!((allergy.substance.as_str(), allergy.reaction.as_str()), ("Latex", "Itching, Rash"));
    assert_eq!(allergy.severity, Severity::Severe);
    assert_eq!(read_allergy(headers, "p-1,Latex").unwrap().severity, Severity::Unknown);
    assert_eq!(
        read_allergy(headers, ",,,,purple"),
        Err(vec![error(0, Problem::Required), error(1, Problem::Required), error(4, Problem::NotAChoice)])
    );
}

#[test]
fn each_target_belongs_to_one_kind_and_has_one_word() {
    let patients: Vec<_> = FileKind::Patients.targets().collect();
    let allergies: Vec<_> = FileKind::Allergies.targets().collect();
    assert_eq!(patients.len() + allergies.len(), Target::WORDS.len());
    assert_eq!(allergies.len(), 4);
    for (target, word) in Target::WORDS {
        assert_eq!(Target::from_word(word), Some(*target));
        assert_eq!(serde_json::to_value(target).unwrap(), *word);
    }
}

#[test]
fn no_header_stands_for_two_fields() {
    for table in headers::tables() {
        let mut seen = HashSet::new();
        for name in table.iter().flat_map(|(_, names)| names.split(' ')) {
            assert_eq!(headers::compact(name), name);
            assert!(seen.insert(name), "{name} is there twice");
        }
    }
}

proptest! {
    #[test]
    fn any_table_is_guessed_and_read_without_failing(
        headers in prop::collection::vec("\\PC{0,12}", 0..6),
        row in prop::collection::vec("[\\PC\n\0]{0,12}", 0..8),
        day_first: bool,
    ) {
        let guess = guess(&headers, std::slice::from_ref(&row));
        prop_assert_eq!(guess.columns.len(), headers.len());
        let _ = build_patient(&row, &guess.columns, DateOrder::from_day_first(day_first), day(2026, 6, 15));
        let _ = build_allergy(&row, &guess.columns);
    }

    #[test]
    fn names_are_taken_over_unaltered(given in "[^\\s\\p{C}](\\PC{0,20}[^\\s\\p{C}])?", family in "[^\\s\\p{C}]{1,20}") {
        let columns = [Some(Target::Given), Some(Target::Family)];
        let row = [format!(" {given}\t"), family.clone()];
        let patient = build_patient(&row, &columns, MonthFirst, day(2026, 6, 15)).unwrap();
        prop_assert_eq!((patient.name.given, patient.name.family), (given, family));
    }
}
