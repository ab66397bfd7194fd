//! The address of a server, as a person types it.

use super::error::SyncError;
use reqwest::Url;
use std::net::IpAddr;

/// What a typed address means. Without a scheme it is `https`; plain `http` goes no further than this machine.
///
/// # Errors
/// It is no address, or one that would carry the clinic's data in the open.
pub fn parse(typed: &str) -> Result<Url, SyncError> {
    let typed = typed.trim();
    let whole = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
    let url: Url = whole.parse().map_err(|_| SyncError::Address)?;
    let is_plain = match url.scheme() {
        "https" => false,
        "http" => true,
        _ => return Err(SyncError::Address),
    };
    if url.cannot_be_a_base()
        || url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
    {
        return Err(SyncError::Address);
    }
    match url.host_str() {
        None | Some("") => Err(SyncError::Address),
        Some(host) if is_plain && !is_this_machine(host) => Err(SyncError::PlainHttp),
        Some(_) => Ok(url),
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The address of a path of the server.
pub fn of(server: &Url, path: &str) -> Url {
    let mut url = server.clone();
    let path = format!("{}{path}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_unless_it_says_otherwise() {
        assert_eq!(parse(" clinic.example.org/ ").unwrap().as_str(), "https://clinic.example.org/");
        assert_eq!(parse("https://10.0.0.5:8443/sync").unwrap().as_str(), "https://10.0.0.5:8443/sync");
    }

    #[test]
    fn plain_http_goes_no_further_than_this_machine() {
        for allowed in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9"] {
            assert!(parse(allowed).is_ok(), "{allowed}");
        }
        for refused in ["http://10.0.0.5", "http://clinic.example.org", "http://localhost.example.org"] {
            assert!(matches!(parse(refused), Err(SyncError::PlainHttp)), "{refused}");
        }
    }

    #[test]
    fn what_is_no_address_is_told() {
        for typed in ["", "https://", "ftp://clinic", "https://a b", "https://a?b", "https://me@a", "data:x"]
        {
            assert!(matches!(parse(typed), Err(SyncError::Address)), "{typed}");
        }
    }

    #[test]
    fn a_path_is_added_to_the_servers_own() {
        let server = parse("https://clinic.example.org/sync/").unwrap();
        assert_eq!(of(&server, "/v1/push").as_str(), "https://clinic.example.org/sync/v1/push");
    }
}
