use super::*;

fn patient(number: u128) -> PatientId {
    PatientId(Uuid::from_u128(number))
}

#[test]
fn two_desks_give_the_same_tag_the_same_id() {
    assert_eq!(tag_id(patient(1), "vip"), tag_id(patient(1), "vip"));
    assert_ne!(tag_id(patient(1), "vip"), tag_id(patient(2), "vip"));
    assert_ne!(tag_id(patient(1), "vip"), tag_id(patient(1), "vips"));
    assert_eq!(tag_id(patient(1), "vip").0.get_version_num(), 5);
}

#[test]
fn who_is_not_the_same_as_whom_does_not_depend_on_the_order() {
    assert_eq!(distinct_id(patient(1), patient(2)), distinct_id(patient(2), patient(1)));
    assert_ne!(distinct_id(patient(1), patient(2)), distinct_id(patient(1), patient(3)));
}

#[test]
fn natural_keys_never_change() {
    // Records in the field have these ids.
    assert_eq!(tag_id(patient(1), "vip").to_string(), "bb66a255-2c22-5cc8-835b-cbad6915cb4f");
    assert_eq!(distinct_id(patient(1), patient(2)).to_string(), "d352089b-c50c-5e37-a996-23637ba722d2");
}

#[test]
fn an_id_reads_and_writes_as_a_uuid() {
    let id = patient(7);
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_eq!(format!("{id:?}"), "PatientId(00000000-0000-0000-0000-000000000007)");
    assert_eq!(serde_json::to_value(id).unwrap(), id.to_string());
    assert!("nonsense".parse::<PatientId>().is_err());
}
