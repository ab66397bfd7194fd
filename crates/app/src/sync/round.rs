//! One exchange with the server.

use super::address;
use super::error::SyncError;
use super::http::Http;
use super::link::{Link, Tally, Watch};
use crate::desk::Desk;
use store::sync::{SqliteReplica, log, note_contact, own, server, show_what_is_new};
use store::{Context, Store, Usage};
use sync_engine::{Ending, synchronize};
use sync_protocol::Clock;
use uuid::Uuid;

/// What a desk talks to its server with.
#[derive(Clone, Debug)]
pub struct Connection {
    pub http: Http,
    pub own: Uuid,
}

/// The connection of a desk that has a server.
///
/// # Errors
/// It has none; its address or its authority is none; a damaged file.
pub async fn connection(store: &Store) -> Result<Connection, SyncError> {
    let mut read = store.read(&Usage::default()).await?;
    let own = own(&mut read).await?;
    let server = server(&mut read).await?;
    read.end().await?;
    let server = server.filter(|_| own.paired).ok_or(SyncError::Alone)?;
    let address = address::parse(&server.address)?;
    let http = Http::new(address, server.authority.as_deref(), Some(server.token))?;
    Ok(Connection { http, own: own.device })
}

/// Sync acts in the name of the desk's owner.
pub(crate) fn context(desk: &Desk, store: &Store) -> Context {
    let world = &desk.0.options.world;
    Context {
        transaction: world.next_id(),
        actor: store.owner(),
        at: world.now(),
        boot_ms: world.boot_ms(),
        boot: world.boot(),
        command: "sync",
    }
}

fn clock(desk: &Desk) -> Clock {
    let world = &desk.0.options.world;
    Clock { wall_ms: world.now().timestamp_millis(), boot_ms: world.boot_ms(), boot: world.boot() }
}

type Contexts = Box<dyn Fn() -> Context + Send>;
/// What a desk's rounds go over.
pub(crate) type DeskLink = Link<Contexts>;
/// What they bring together with the server.
pub(crate) type DeskReplica = SqliteReplica<Contexts>;

/// The desk's database as rounds see it.
pub(crate) fn replica(desk: &Desk, store: &Store) -> DeskReplica {
    let of = (desk.clone(), store.clone());
    SqliteReplica::new(store, &Usage::default(), Box::new(move || context(&of.0, &of.1)))
}

impl Connection {
    /// The way to the server for as many rounds as there are. `progress` is told how far a first copy is, in per cent.
    pub(crate) fn link(
        &self,
        desk: &Desk,
        store: &Store,
        progress: impl Fn(u8) + Send + 'static,
    ) -> DeskLink {
        let marked = desk.clone();
        let before_push = Box::new(move |seq| match marked.0.mark.get() {
            Some(mark) => mark.reach(seq).map_err(|_| SyncError::Mark),
            None => Ok(()),
        });
        let watch = Watch { progress: Box::new(progress), before_push };
        let of = (desk.clone(), store.clone());
        Link::new(self.http.clone(), store, Box::new(move || context(&of.0, &of.1)), self.own, watch)
    }
}

/// Exchanges what there is, in both directions.
///
/// # Errors
/// What keeps it from going on; what was done stays done.
pub(crate) async fn round(
    desk: &Desk,
    replica: &mut DeskReplica,
    link: &mut DeskLink,
    ending: Ending,
) -> (Tally, Result<(), SyncError>) {
    let ended = synchronize(replica, link, || clock(desk), ending).await.map_err(SyncError::from);
    let settled = replica.settle().await.map_err(SyncError::from);
    (std::mem::take(&mut link.tally), ended.and(settled))
}

/// Writes into the log what rounds brought, and when the server was heard.
///
/// # Errors
/// A full disk, a damaged file.
pub(crate) async fn write_down(
    desk: &Desk,
    store: &Store,
    tally: Tally,
    failure: Option<&SyncError>,
) -> Result<(), SyncError> {
    let mut write = store.apply(&Usage::default(), context(desk, store)).await?;
    for (event, count) in [
        ("sent", tally.sent),
        ("received", tally.received),
        ("uploaded", tally.uploaded),
        ("repaired", tally.repaired),
    ] {
        if count > 0 {
            log(&mut write, event, count, "").await?;
        }
    }
    match failure {
        Some(error) => log(&mut write, "failed", 0, &error.to_string()).await?,
        None => note_contact(&mut write).await?,
    }
    write.commit().await?;
    Ok(())
}

/// One exchange now, for the command line.
///
/// # Errors
/// What kept it from being whole.
pub async fn sync_once(desk: &Desk) -> Result<Tally, SyncError> {
    let store = desk.store().map_err(|_| SyncError::Alone)?;
    let connection = connection(&store).await?;
    show_what_is_new(&store, &Usage::default(), context(desk, &store)).await?;
    let mut link = connection.link(desk, &store, |_| {});
    let (tally, ended) = round(desk, &mut replica(desk, &store), &mut link, Ending::Compare).await;
    write_down(desk, &store, tally, ended.as_ref().err()).await?;
    ended.map(|()| tally)
}
