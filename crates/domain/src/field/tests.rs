use super::*;

#[test]
fn an_error_reads_as_a_sentence_and_travels_as_words() {
    let error = FieldError::new("contacts.1", Problem::NotAPhone);
    assert_eq!(error.to_string(), "contacts.1 is not a phone number; write it with its area code");
    let wire = serde_json::to_value(&error).unwrap();
    assert_eq!(wire, serde_json::json!({ "field": "contacts.1", "problem": "not_a_phone" }));
    assert_eq!(serde_json::from_value::<FieldError>(wire).unwrap(), error);
}
