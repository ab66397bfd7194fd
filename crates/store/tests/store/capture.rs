//! Every change of a synced table becomes an op, in the transaction of the change.

use crate::random::{self, actions, perform};
use crate::support::*;
use proptest::prelude::*;
use store::manifest::{COLLECTIONS, Kind, PATIENT, PATIENT_CONTACT};
use store::{StoreError, Usage, Versions};
use sync_protocol::{Change, TRANSACTION_MAX_ROWS};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn replaying_the_outbox_into_an_empty_database_reproduces_everything(actions in actions(25)) {
        runtime().block_on(async {
            let source = Desk::paired().await;
            perform(&source, &actions).await;
            let ops = source.ops().await;
            let copy = Desk::paired().await;
            for page in ops.chunks(9) {
                assert_eq!(copy.apply(page).await.parked, 0);
            }
            assert_eq!(copy.synced().await, source.synced().await);
            assert_eq!(copy.record_versions().await, source.record_versions().await);
            assert_eq!(copy.derived().await, source.derived().await);
            assert_eq!(source.faults().await, []);
            assert_eq!(copy.faults().await, []);
            // Applying is not a change of this device.
            assert_eq!(copy.ops().await, []);
            assert_eq!(copy.value::<i64>("SELECT count(*) FROM transaction_log").await, 0);
        });
    }

    #[test]
    fn numbers_have_no_gaps_and_belong_to_transactions_that_were_committed(actions in actions(15)) {
        runtime().block_on(async {
            let desk = Desk::paired().await;
            perform(&desk, &actions).await;
            let ops = desk.ops().await;
            let seqs: Vec<_> = ops.iter().map(|op| op.id.seq).collect();
            assert_eq!(seqs, (1..).take(ops.len()).collect::<Vec<u64>>());
            let committed: Vec<_> = desk.rows("SELECT lower(hex(id)) FROM transaction_log ORDER BY no").await;
            let transactions = desk.transactions().await;
            let transactions: Vec<_> = transactions.iter().map(|t| t.id.simple().to_string()).collect();
            assert_eq!(transactions, committed);
            let small = ops.iter().all(|op| serde_json::to_string(&op.change).unwrap().len() < 1_500);
            assert!(small, "an op carries more than its register");
        });
    }

    #[test]
    fn without_a_server_there_is_no_outbox_but_the_versions_are_kept(actions in actions(10)) {
        runtime().block_on(async {
            let (paired, alone) = (Desk::paired().await, Desk::new().await);
            perform(&paired, &actions).await;
            perform(&alone, &actions).await;
            assert_eq!(alone.ops().await, []);
            assert_eq!(alone.record_versions().await, paired.record_versions().await);
            assert_eq!(alone.synced().await, paired.synced().await);
        });
    }
}

#[tokio::test]
async fn only_what_changed_becomes_an_op() {
    let desk = Desk::paired().await;
    desk.insert(&[patient(1, "Ann Ash")]).await;
    let before = desk.ops().await.len();
    desk.write(async |write| {
        write.declare_current();
        execute(
            write,
            "UPDATE patient SET given = 'Ann', family = family, tier = 'standard', birth_date = NULL",
        )
        .await?;
        execute(write, "UPDATE patient SET tier = 'gold', pronouns = pronouns").await
    })
    .await
    .unwrap();
    let ops = desk.ops().await.split_off(before);
    let changes: Vec<_> = ops.iter().map(|op| &op.change).collect();
    assert_eq!(changes, [&Change::Set { register: "tier".into(), values: vec!["gold".into()] }]);
}

#[tokio::test]
async fn the_base_is_what_the_author_had_seen_and_not_what_is_there_at_commit() {
    let desk = Desk::paired().await;
    desk.insert(&[patient(1, "Ann Ash")]).await;
    let loaded = desk.versions(&[id(1)]).await;
    // Meanwhile another change comes in.
    desk.write(async |write| {
        write.declare_current();
        execute(write, "UPDATE patient SET tier = 'gold'").await
    })
    .await
    .unwrap();
    desk.write(async |write| {
        write.declare(loaded.0.clone());
        execute(write, "UPDATE patient SET tier = 'silver'").await
    })
    .await
    .unwrap();
    desk.write(async |write| {
        write.declare(loaded.0.clone());
        execute(write, "DELETE FROM patient").await
    })
    .await
    .unwrap();
    let ops = desk.ops().await;
    let base = |at: usize| ops[at].base.as_ref().map(ToString::to_string);
    assert_eq!((base(1), base(2)), (Some("1:1".into()), Some("1:1".into())));
    let Change::Delete { base } = &ops[3].change else { panic!("no delete") };
    assert_eq!(base, &[(String::new(), "1:1".parse().unwrap())]);
}

#[tokio::test]
async fn a_delete_knows_all_that_any_register_of_the_record_knew() {
    let desk = Desk::paired().await;
    desk.insert(&[patient(1, "Ann Ash")]).await;
    desk.run("INSERT INTO record_version VALUES (x'00000000000000000000000000000001', 2, 1, 2, 5, NULL), (x'00000000000000000000000000000001', 6, 1, 2, 9, '3:4')")
        .await
        .unwrap();
    desk.write(async |write| {
        write.declare_current();
        execute(write, "DELETE FROM patient").await
    })
    .await
    .unwrap();
    let expected = "1:2;2:9;3:4";
    assert_eq!(desk.ops().await[1].version().to_string(), expected);
    let versions = desk.versions(&[id(1)]).await;
    assert_eq!(versions.0[&id(1)][&0].to_string(), expected);
}

#[tokio::test]
async fn a_change_of_which_nobody_said_what_it_is_based_on_aborts() {
    let desk = Desk::paired().await;
    desk.insert(&[patient(1, "Ann Ash"), patient(2, "Ben Birch")]).await;
    for sql in ["UPDATE patient SET tier = 'gold'", "DELETE FROM patient"] {
        assert!(matches!(desk.run(sql).await, Err(StoreError::NoBase)), "{sql}");
    }
    // What was seen of another record, or of nothing of this one, is not enough.
    for seen in [desk.versions(&[id(2)]).await, Versions([(id(1), Default::default())].into())] {
        let done = desk
            .write(async |write| {
                write.declare(seen.0);
                execute(write, "UPDATE patient SET tier = 'gold' WHERE given = 'Ann'").await
            })
            .await;
        assert!(matches!(done, Err(StoreError::NoBase)));
    }
    assert_eq!(desk.ops().await.len(), 2);
    assert_eq!(desk.value::<String>("SELECT group_concat(DISTINCT tier) FROM patient").await, "standard");
}

#[tokio::test]
async fn ops_of_different_transactions_stay_apart() {
    let desk = Desk::paired().await;
    desk.insert(&[patient(1, "Ann Ash")]).await;
    for tier in ["gold", "silver", "gold"] {
        desk.write(async |write| {
            write.declare_current();
            execute(write, &format!("UPDATE patient SET tier = '{tier}'")).await
        })
        .await
        .unwrap();
    }
    let ops = desk.ops().await;
    assert_eq!(ops.len(), 4);
    let bases: Vec<_> = ops.iter().skip(1).map(|op| op.base.as_ref().unwrap().to_string()).collect();
    assert_eq!(bases, ["1:1", "1:2", "1:3"]);
}

#[tokio::test]
async fn the_rows_of_a_ledger_are_never_changed() {
    let desk = Desk::paired().await;
    for (at, ledger) in COLLECTIONS.iter().enumerate().filter(|(_, c)| c.kind == Kind::Ledger) {
        let (name, id) = (ledger.name, blob(random::record_id(at, 1)));
        desk.run(&format!("INSERT INTO {name} (id) VALUES ({id})")).await.unwrap();
        for sql in [format!("UPDATE {name} SET patient_id = x'01'"), format!("DELETE FROM {name}")] {
            let done = desk
                .write(async |write| {
                    write.declare_current();
                    execute(write, &sql).await
                })
                .await;
            assert!(done.is_err(), "{sql}");
        }
        assert_eq!(desk.value::<i64>(&format!("SELECT count(*) FROM {name}")).await, 1);
    }
}

#[tokio::test]
async fn a_record_keeps_its_id() {
    let desk = Desk::paired().await;
    desk.insert(&[patient(1, "Ann Ash")]).await;
    let renamed = desk
        .write(async |write| {
            write.declare_current();
            execute(write, "UPDATE patient SET id = x'00000000000000000000000000000002'").await
        })
        .await;
    assert!(renamed.is_err());
}

#[tokio::test]
async fn more_rows_than_a_transaction_may_change_are_refused_and_nothing_is_changed() {
    let desk = Desk::paired().await;
    let insert = |rows: u64| {
        format!(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {rows})
             INSERT INTO patient_allergy (id, substance) SELECT unhex(printf('%032x', n)), 'Nuts' FROM n"
        )
    };
    let refused = desk.run(&insert(TRANSACTION_MAX_ROWS + 1)).await;
    assert!(matches!(refused, Err(StoreError::TransactionTooLarge { rows: 25_001, .. })), "{refused:?}");
    assert_eq!(desk.value::<i64>("SELECT count(*) FROM patient_allergy").await, 0);
    assert_eq!(desk.ops().await, []);
    desk.run(&insert(TRANSACTION_MAX_ROWS)).await.unwrap();
    assert_eq!(desk.value::<i64>("SELECT max(seq) FROM outbox").await, 25_000);
}

#[tokio::test]
async fn more_bytes_than_a_transaction_may_carry_are_refused_and_nothing_is_changed() {
    let desk = Desk::paired().await;
    let refused = desk
        .run("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 17)
              INSERT INTO patient_note (id, body) SELECT unhex(printf('%032x', n)), printf('%.*c', 1048576, 'x') FROM n")
        .await;
    assert!(matches!(refused, Err(StoreError::TransactionTooLarge { .. })), "{refused:?}");
    assert_eq!(desk.value::<i64>("SELECT count(*) FROM patient_note").await, 0);
}

#[tokio::test]
async fn a_tool_without_our_functions_changes_no_synced_row() {
    let desk = Desk::new().await;
    desk.insert(&[patient(1, "Ann Ash")]).await;
    // A reader has the functions of searching, not those of capture, and may be told to write.
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    execute(&mut read, "PRAGMA query_only = OFF").await.unwrap();
    let done = execute(&mut read, "UPDATE patient SET family = 'Unseen'").await;
    assert!(done.is_err());
}

#[tokio::test]
async fn the_encoded_versions_of_a_form_read_back() {
    let desk = Desk::paired().await;
    desk.insert(&[patient(1, "Ann Ash").phone("+15550100")]).await;
    let child = child_id(id(1), 0x1000);
    let versions = desk.versions(&[id(1), child]).await;
    assert_eq!(Versions::decode(&versions.encode().unwrap()).unwrap(), versions);
    assert_eq!(Versions::decode("").unwrap(), Versions::default());
    assert!(matches!(Versions::decode("{]"), Err(StoreError::Versions)));
    assert!(!versions.differs(&versions, id(1), random::register_numbers(PATIENT)[0]));
    assert_eq!(versions.of(child).0.len(), 1);
    assert_eq!(versions.dot(child, random::register_numbers(PATIENT_CONTACT)[0]).unwrap().to_string(), "1:1");
}
