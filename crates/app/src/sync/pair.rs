//! Connecting a desk to a server by a one-time code.

use super::address;
use super::error::SyncError;
use super::http::Http;
use super::round::context;
use crate::desk::Desk;
use contract::SyncPair;
use serde::Deserialize;
use serde_json::json;
use store::sync::{Pairing, join, log, own};
use store::{StoreError, Usage};
use uuid::Uuid;

/// What the server tells a device that it lets in.
#[derive(Deserialize)]
struct Paired {
    clinic: Uuid,
    token: String,
}

/// Connects the desk. What it has is brought along: the server is told of it with the first exchange.
///
/// # Errors
/// The server is not reached, the code is not good, the desk shares another clinic's data. Nothing was changed here.
pub async fn pair(desk: &Desk, request: &SyncPair) -> Result<(), SyncError> {
    let store = desk.store().map_err(|_| SyncError::Alone)?;
    let mut read = store.read(&Usage::default()).await?;
    let device = own(&mut read).await?.device;
    read.end().await?;
    let authority = request.authority.as_deref().filter(|pem| !pem.trim().is_empty());
    let server = address::parse(&request.address)?;
    let http = Http::new(server.clone(), authority, None)?;
    let body = json!({"code": request.code, "device": device, "name": request.device_name.trim()});
    let paired: Paired = http.post("/v1/pair", &body).await?;
    let pairing = Pairing {
        clinic: paired.clinic,
        address: server.to_string(),
        token: paired.token,
        authority: authority.map(str::to_owned),
        device_name: request.device_name.trim().to_owned(),
    };
    let joined = join(&store, &Usage::default(), context(desk, &store), &pairing).await;
    if let Err(StoreError::OtherClinic) = joined {
        // That clinic has let in a device that does not come.
        let http = Http::new(server, authority, Some(pairing.token))?;
        if http.delete(&format!("/v1/devices/{device}")).await.is_err() {
            tracing::warn!(
                "the other clinic lists this device as one of its own until somebody shuts it out"
            );
        }
    }
    joined?;
    let mut write = store.apply(&Usage::default(), context(desk, &store)).await?;
    log(&mut write, "paired", 0, pairing.address.trim_end_matches('/')).await?;
    write.commit().await?;
    Ok(())
}
