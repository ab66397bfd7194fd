//! A server behind a certificate of an authority that only the clinic knows.

use crate::support::*;
use contract::{SyncProblemCode, SyncState};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use scratch_postgres::{Certificate, Site};
use serde_json::{Value, json};
use std::ops::Range;
use tempfile::TempDir;

/// Years in which a certificate holds, from the first of January on.
const ALWAYS: Range<i32> = 1975..4000;

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, folder: tempfile::tempdir().unwrap() }
    }

    /// Makes out a certificate for `name`, in the place of the one before.
    fn certify(&self, name: &str, years: Range<i32>) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(years.start, 1, 1);
        params.not_after = date_time_ymd(years.end, 1, 1);
        let server = params.signed_by(&key, &self.issuer).unwrap();
        let made = Certificate {
            certificate: self.folder.path().join("certificate.pem"),
            key: self.folder.path().join("key.pem"),
        };
        std::fs::write(&made.certificate, server.pem()).unwrap();
        std::fs::write(&made.key, key.serialize_pem()).unwrap();
        made
    }
}

fn ask(site: &Site, code: &str, authority: Option<&str>) -> Value {
    json!({"address": site.address(), "code": code, "device_name": "Front", "authority": authority})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_trusted_if_its_authority_is_and_desks_share_behind_it() {
    let authority = Authority::new();
    let pem = authority.issuer.pem();
    let Some(site) = site_behind(authority.certify("127.0.0.1", ALWAYS)) else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let desks = [TestDesk::open().await, TestDesk::open().await];
    let error = desks[0].fails("sync_pair", ask(&site, &clinic.code, None)).await;
    assert!(error.message.contains("certificate is not trusted"), "{error:?}");
    let stranger = Authority::new().issuer.pem();
    let error = desks[0].fails("sync_pair", ask(&site, &clinic.code, Some(&stranger))).await;
    assert!(error.message.contains("certificate is not trusted"), "{error:?}");
    // The code was not spent by what was refused before anything was said.
    for (desk, code) in desks.iter().zip([clinic.code, site.invite(&clinic.id).unwrap()]) {
        desk.call("sync_pair", ask(&site, &code, Some(&pem))).await;
        desk.until_up_to_date().await;
    }
    desks[0].create("Ann", "Ash").await;
    desks[1].until("the patient", async |desk| desk.families().await == ["Ash"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_server_is_told_as_what_it_is() {
    let authority = Authority::new();
    let Some(site) = site_behind(authority.certify("elsewhere.example.org", ALWAYS)) else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let desk = TestDesk::quiet().await;
    let error = desk.fails("sync_pair", ask(&site, &clinic.code, Some(&authority.issuer.pem()))).await;
    assert!(error.message.contains("certificate is not trusted"), "{error:?}");
    assert!(error.message.contains("check the address"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_holds_at_another_time_is_told_with_what_the_clock_says() {
    let authority = Authority::new();
    let Some(mut site) = site_behind(authority.certify("127.0.0.1", ALWAYS)) else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let desk = TestDesk::open().await;
    desk.call("sync_pair", ask(&site, &clinic.code, Some(&authority.issuer.pem()))).await;
    desk.until_up_to_date().await;
    let today = app::World::now(&*app::Machine::here()).format("today is %-d %B %Y").to_string();
    for (years, says) in
        [(2001..2003, "it ended on 1 January 2003"), (3000..3001, "it begins on 1 January 3000")]
    {
        authority.certify("127.0.0.1", years);
        site.kill_server();
        site.start_server().unwrap();
        desk.call("sync_now", json!({})).await;
        desk.until("told", async |desk| desk.status().await.state == SyncState::Stopped).await;
        let problem = desk.status().await.problem.unwrap();
        assert_eq!(problem.code, SyncProblemCode::Certificate);
        for part in [says, &today, "set the clock"] {
            assert!(problem.message.contains(part), "{part}: {problem:?}");
        }
        desk.create("Ann", says).await;
        assert_eq!(desk.status().await.unsent, 1);
        authority.certify("127.0.0.1", ALWAYS);
        site.kill_server();
        site.start_server().unwrap();
        desk.call("sync_now", json!({})).await;
        desk.until("sent", async |desk| desk.status().await.unsent == 0).await;
        desk.until_up_to_date().await;
    }
    let other = TestDesk::quiet().await;
    let code = site.invite(&clinic.id).unwrap();
    other.call("sync_pair", ask(&site, &code, Some(&authority.issuer.pem()))).await;
    other.exchange().await;
    assert_eq!(other.families().await, desk.families().await);
}
