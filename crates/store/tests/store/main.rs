//! The store on real files.

mod accounting;
mod apply;
mod capture;
mod files;
mod journal;
mod manifest;
mod measure;
mod random;
mod replicas;
mod secrecy;
mod support;
mod transactions;
