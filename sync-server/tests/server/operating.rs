//! The program as whoever runs it meets it: its settings, and how it ends.

use crate::desk::{Desk, new_id};
use crate::live;
use crate::process::{Server, refusal};
use crate::site::{SERVER, Site};
use reqwest::StatusCode;
use std::path::PathBuf;
use sync_server::devices::admin;
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::Message;

struct File {
    path: PathBuf,
    _folder: TempDir,
}

fn file(text: &str) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.env");
    std::fs::write(&path, text).unwrap();
    File { path, _folder: folder }
}

impl File {
    fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }
}

const LISTEN: &str = "FRONTDESK_SERVER_LISTEN";

#[tokio::test]
async fn a_flag_comes_before_the_environment_and_that_before_the_file() {
    let site = Site::open().await;
    let settings = format!(
        "# As systemd reads it.\n\nFRONTDESK_SERVER_DATABASE_URL=\"{}\"\n{LISTEN} = 127.0.0.2:0\n\
         FRONTDESK_SERVER_TRUSTED_PROXY=10.0.0.5,10.1.0.0/16\n",
        site.url(SERVER)
    );
    let settings = file(&settings);
    let by_flag = ["--config", settings.path()];
    let environment = [(LISTEN, "127.0.0.3:0")];
    let flag = ["--config", settings.path(), "--listen", "127.0.0.4:0"];
    for (arguments, environment, address) in [
        (&by_flag[..], &[][..], "http://127.0.0.2:"),
        (&by_flag, &environment, "http://127.0.0.3:"),
        (&flag, &environment, "http://127.0.0.4:"),
        // The file may itself be named by the environment.
        (&[], &[("FRONTDESK_SERVER_CONFIG", settings.path())], "http://127.0.0.2:"),
    ] {
        let server = Server::start_with(arguments, environment);
        assert!(server.address.starts_with(address), "{} for {arguments:?} {environment:?}", server.address);
    }
}

#[tokio::test]
async fn a_file_with_settings_that_are_wrong_is_refused_with_what_is_wrong() {
    let site = Site::open().await;
    for (text, told) in [
        ("FRONTDESK_SERVER_LISTENS=127.0.0.1:0", "--config: FRONTDESK_SERVER_LISTENS is not a setting"),
        ("# Settings\nlisten", "--config: line 2 of "),
        ("FRONTDESK_SERVER_LISTEN=somewhere", "invalid value 'somewhere'"),
        ("FRONTDESK_SERVER_MAX_CLIENTS=0", "0 is not in 1..=1000000"),
        ("FRONTDESK_SERVER_TRUSTED_PROXY=10.0.0.5,proxy", "neither an address nor a network"),
    ] {
        let said = refusal(&site, &["--config", file(text).path()]);
        assert!(said.contains(told), "{text}: {said}");
    }
    let said = refusal(&site, &["--config", "/nowhere/server.env"]);
    assert!(said.contains("the settings /nowhere/server.env cannot be read"), "{said}");
}

#[tokio::test]
async fn a_server_that_is_asked_to_end_answers_the_push_under_way_and_ends_well() {
    let site = Site::open().await;
    let mut server = Server::start(&site.url(SERVER));
    let code = admin::invite(&site.owner, site.clinic().await).await.unwrap();
    let desk = Desk::pair(&server.address, &code.to_string()).await;
    let mut channel = live::connect(&desk).await;
    let message = desk.message(vec![desk.transaction(vec![desk.insert(new_id(), "Ada")])]).await;
    // Somebody else has the clinic, so that the push cannot end before the server is asked to.
    let holder = site.hold().await;
    let end = async {
        site.until_somebody_waits().await;
        let ended = tokio::task::spawn_blocking(move || server.process.stop());
        let closed = live::next(&mut channel).await;
        assert!(matches!(closed, Some(Message::Close(Some(_)))), "{closed:?}");
        holder.rollback().await.unwrap();
        ended.await.unwrap().unwrap()
    };
    let (answer, status) = tokio::join!(desk.post("/v1/push", &message), end);
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(desk.try_post("/v1/push", &message).await.is_none(), "nobody is there any more");
    let kept: i64 = sqlx::query_scalar("SELECT head FROM clinic").fetch_one(&site.owner).await.unwrap();
    assert_eq!(kept, 1);
}
