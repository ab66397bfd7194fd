use super::*;

#[test]
fn statements_of_the_search_index_and_of_transactions_cost_steps_only() {
    let meter = Meter::default();
    for sql in [
        "BEGIN IMMEDIATE",
        "commit",
        "ROLLBACK TO record",
        "SAVEPOINT record",
        "RELEASE record",
        "REPLACE INTO 'main'.'patient_search_data'(id, block) VALUES(?,?)",
    ] {
        meter.count(sql.as_bytes(), 3);
    }
    meter.count(b"SELECT 1", 4);
    assert_eq!(meter.take(), Cost { statements: 1, vm_steps: 22, commit_us: 0 });
    assert_eq!(meter.take(), Cost::default());
}
