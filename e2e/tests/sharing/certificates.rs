//! A server behind a certificate of an authority that only the clinic knows.

use crate::support::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use scratch_postgres::{Certificate, Site};
use serde_json::{Value, json};
use tempfile::TempDir;

/// An authority's own certificate as PEM, and what it made out for `name`.
fn authority(folder: &TempDir, name: &str) -> (String, Certificate) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let made = Certificate {
        certificate: folder.path().join("certificate.pem"),
        key: folder.path().join("key.pem"),
    };
    std::fs::write(&made.certificate, server.pem()).unwrap();
    std::fs::write(&made.key, key.serialize_pem()).unwrap();
    (authority.pem(), made)
}

fn ask(site: &Site, code: &str, authority: Option<&str>) -> Value {
    json!({"address": site.address(), "code": code, "device_name": "Front", "authority": authority})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_trusted_if_its_authority_is_and_desks_share_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, certificate) = authority(&folder, "127.0.0.1");
    let Some(site) = site_behind(certificate) else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let desks = [TestDesk::open().await, TestDesk::open().await];
    let error = desks[0].fails("sync_pair", ask(&site, &clinic.code, None)).await;
    assert!(error.message.contains("certificate is not trusted"), "{error:?}");
    let (stranger, _) = authority(&tempfile::tempdir().unwrap(), "127.0.0.1");
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
    let folder = tempfile::tempdir().unwrap();
    let (pem, certificate) = authority(&folder, "elsewhere.example.org");
    let Some(site) = site_behind(certificate) else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let desk = TestDesk::quiet().await;
    let error = desk.fails("sync_pair", ask(&site, &clinic.code, Some(&pem))).await;
    assert!(error.message.contains("certificate is not trusted"), "{error:?}");
    assert!(error.message.contains("check the address"), "{error:?}");
}
