//! Where a request comes from: its connection's other side, or whom a proxy that is trusted names.

use super::Shared;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// Proxies append to it; what stands before that was claimed by whoever asked them.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Whose limits a request counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin(pub IpAddr);

/// Notes for the handlers where the request comes from.
pub async fn note(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let origin = origin(&shared.trusted_proxies, peer.ip(), request.headers());
    request.extensions_mut().insert(Origin(origin));
    next.run(request).await
}

/// From the connection back along the proxies, to the first address that is not one of ours.
fn origin(trusted: &[IpNet], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut nearest = peer.to_canonical();
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut named = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    while is_trusted(&nearest) {
        let Some(address) = named.next().and_then(address) else { break };
        nearest = address;
    }
    nearest
}

/// Some proxies name the port, too.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let with_port = || text.parse().map(|address: SocketAddr| address.ip());
    Some(text.parse().or_else(|_| with_port()).ok()?.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peer: &str, forwarded: &[&str]) -> String {
        let trusted: Vec<IpNet> =
            ["10.0.0.0/8", "2001:db8::/32"].map(|network| network.parse().unwrap()).to_vec();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        origin(&trusted, peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn what_somebody_claims_who_is_no_proxy_of_ours_is_not_heard() {
        assert_eq!(of("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(of("192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn the_last_address_that_is_none_of_our_proxies_counts() {
        assert_eq!(of("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(of("10.0.0.1", &["203.0.113.5, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(of("10.0.0.1", &["203.0.113.5, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(of("10.0.0.1", &["203.0.113.5", "198.51.100.7", "10.0.0.2"]), "198.51.100.7");
        assert_eq!(of("2001:db8::1", &["2001:db9::7"]), "2001:db9::7");
    }

    #[test]
    fn addresses_are_read_as_proxies_write_them() {
        assert_eq!(of("10.0.0.1", &["198.51.100.7:443"]), "198.51.100.7");
        assert_eq!(of("10.0.0.1", &["[2001:db9::7]:443"]), "2001:db9::7");
        assert_eq!(of("::ffff:10.0.0.1", &["::ffff:198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn a_proxy_that_names_nobody_is_where_it_comes_from() {
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &["203.0.113.5, unknown"]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &["203.0.113.5, unknown, 10.0.0.2"]), "10.0.0.2");
    }
}
