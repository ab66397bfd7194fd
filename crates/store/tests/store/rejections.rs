//! What a device says to later servers, and of its own later changes, once an earlier server rejected something.

use crate::support::*;
use crate::sync::{paired, replica, server, sync};
use sync_engine::Replica;
use sync_protocol::{Epoch, Outcome, Reason, Rejection};

/// Rules 2 and 12: a restored server is told of what an earlier epoch said is merged, and does not judge it anew.
#[tokio::test]
async fn what_was_said_to_be_merged_is_told_so_to_a_server_that_forgot_it() {
    let (server, desk) = (server(), paired(2).await);
    sync(&desk, &server).await;
    let mut port = replica(&desk);
    let epoch = server.borrow().clinic.epoch;
    let mut merged = Vec::new();
    for (n, rejected) in [(1, false), (2, true)] {
        desk.insert(&[patient(n, "Ann"), patient(n + 10, "Bea")]).await;
        port.position().await.unwrap();
        let push = port.outgoing(epoch).await.unwrap().unwrap();
        let transaction = &push.transactions[0].transaction;
        assert!(!push.transactions[0].merged_in_earlier_epoch);
        let ops = vec![transaction.ops[0].id];
        let rejected = rejected.then_some(Rejection { reason: Reason::Guard, fault: None, ops });
        let answer = (transaction.key().unwrap(), Outcome { seq: 99, rejected });
        port.answered(epoch, vec![answer]).await.unwrap();
    }
    port.enter(Epoch(id(2))).await.unwrap();
    port.position().await.unwrap();
    for sent in port.outgoing(Epoch(id(2))).await.unwrap().unwrap().transactions {
        assert!(sent.in_earlier_epoch);
        merged.push(sent.merged_in_earlier_epoch);
    }
    // The second one was rejected in part.
    assert_eq!(merged, [true, false]);
}

/// Rule 5: a version knows all earlier ops of its replica, so what is made after a rejection has another one.
#[tokio::test]
async fn what_is_made_after_a_rejection_does_not_know_what_was_rejected() {
    let (server, desk) = (server(), paired(2).await);
    sync(&desk, &server).await;
    let mut port = replica(&desk);
    let epoch = server.borrow().clinic.epoch;
    desk.insert(&[patient(1, "Ann")]).await;
    port.position().await.unwrap();
    let push = port.outgoing(epoch).await.unwrap().unwrap();
    let transaction = &push.transactions[0].transaction;
    let ops = transaction.ops.iter().map(|op| op.id).collect();
    let rejected = Some(Rejection { reason: Reason::Guard, fault: None, ops });
    port.answered(epoch, vec![(transaction.key().unwrap(), Outcome { seq: 1, rejected })]).await.unwrap();
    desk.insert(&[patient(2, "Bea")]).await;
    port.position().await.unwrap();
    let later = port.outgoing(epoch).await.unwrap().unwrap();
    let (before, after) = (transaction.key().unwrap(), later.transactions[0].transaction.key().unwrap());
    assert_ne!(before.replica, after.replica);
    assert!(before.seq < after.seq);
    // And so for whoever opens the database again.
    assert_eq!(
        desk.rows("SELECT count(*) || '' FROM replica JOIN device USING (device, incarnation)").await,
        ["1"]
    );
}
