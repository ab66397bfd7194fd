//! Devices that go away in the middle of a request, and a server that does not hear the others for a while.

use crate::desk::new_id;
use crate::live::{connect, hint, next};
use crate::site::{SERVER, Site};
use std::task::Poll;
use std::time::Duration;
use sync_protocol::{Place, Pull};
use sync_server::database::Database;
use sync_server::sync::{self, Caller};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_question_that_was_given_up_leaves_no_moment_of_the_past_to_the_next_one() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let desk = site.desk(clinic).await;
    // One connection, so that the next question gets that of the one before.
    let database = Database::connect(site.url(SERVER).parse().unwrap(), 1).await.unwrap();
    let caller = Caller { clinic, device: desk.id.device };
    let epoch = desk.epoch().await;
    let pull = Pull { epoch, after: Place { seq: 0, key: None }, limit: 10 };
    for head in 1..=20 {
        {
            let mut given_up = Box::pin(sync::epoch(&database, caller));
            // Further each time: the beginning of the transaction is under way at one of them.
            for _ in 0..head {
                if matches!(futures_util::poll!(&mut given_up), Poll::Ready(_)) {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        // Outside of a transaction, as hints and the look for devices that were shut out are.
        sqlx::query("SELECT 1").execute(database.pool()).await.unwrap();
        desk.push(vec![desk.transaction(vec![desk.insert(new_id(), "Ada")])]).await;
        let page = sync::pull(&database, caller, &pull).await.unwrap();
        assert_eq!(page.message.newest, head);
    }
}

#[tokio::test]
async fn a_push_whose_device_went_away_is_ended_and_hinted_to_the_others() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (desk, other) = (site.desk(clinic).await, site.desk(clinic).await);
    let mut channel = connect(&other).await;
    let message = desk.message(vec![desk.transaction(vec![desk.insert(new_id(), "Ada")])]).await;
    // Somebody else has the clinic, so that the push is under way when its device goes.
    let holder = site.hold().await;
    tokio::select! {
        answer = desk.post("/v1/push", &message) => panic!("{answer:?}"),
        () = site.until_somebody_waits() => {}
    }
    // Time for the server to see that nobody waits for the answer.
    tokio::time::sleep(Duration::from_millis(200)).await;
    holder.rollback().await.unwrap();
    assert_eq!(hint(&mut channel).await.unwrap().head, 1);
}

#[tokio::test]
async fn who_could_not_hear_the_other_servers_has_the_devices_ask() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let mut channel = connect(&desk).await;
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    let cut: i64 = sqlx::query_scalar(cut).fetch_one(&site.owner).await.unwrap();
    assert_eq!(cut, 1);
    let ended = next(&mut channel).await;
    assert!(matches!(ended, None | Some(Message::Close(_))), "{ended:?}");
    // A channel that is open tells of nothing for two seconds as well.
    use futures_util::StreamExt;
    assert!(channel.next().await.is_none_or(|message| message.is_err()));
}
