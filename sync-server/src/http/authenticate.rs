//! Who is calling.

use super::origin::Origin;
use super::{Problem, Shared};
use crate::devices::Standing;
use crate::secrets::Token;
use crate::sync::Caller;
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;

/// Lets devices through whose credential is good, and tells the handlers whose it is.
pub async fn device(
    State(shared): State<Shared>,
    Extension(Origin(address)): Extension<Origin>,
    mut request: Request,
    next: Next,
) -> Response {
    let token = token(&request);
    match caller(&shared, address, token.as_ref()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            token.map(|token| request.extensions_mut().insert(token));
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn token(request: &Request) -> Option<Token> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ")?.parse().ok()
}

async fn caller(shared: &Shared, address: IpAddr, token: Option<&Token>) -> Result<Caller, Problem> {
    let token = token.ok_or_else(Problem::unauthorized)?;
    let caller = match shared.tokens.known(token) {
        Some(caller) => caller,
        None => {
            shared.limits.look_up(address)?;
            match shared.tokens.look_up(&shared.database, token).await? {
                Standing::Welcome(caller) => caller,
                Standing::Revoked => return Err(Problem::revoked()),
                Standing::Unknown => return Err(Problem::unauthorized()),
            }
        }
    };
    shared.limits.device(caller)?;
    Ok(caller)
}
