//! Turns `locales/*.json` into constants, so that a text that is not there does not compile.
//!
//! A catalogue of our own: see docs/adr/0011 for what the crate made for this costs.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde_json::{Map, Value};

/// The language that the others are measured against, and what is shown without a choice.
const FIRST: &str = "en";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=locales");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("no OUT_DIR"))?);
    let texts = read(Path::new("locales").join(FIRST).with_extension("json").as_path())?;
    fs::write(out.join("texts.rs"), constants(&texts)? + &catalogue(&texts)?)
}

fn read(path: &Path) -> io::Result<Map<String, Value>> {
    let text = fs::read_to_string(path)?;
    serde_json::from_str(&text).map_err(|error| io::Error::other(format!("{}: {error}", path.display())))
}

/// `keys::group::name`, each a number into the catalogue, which is in the same order.
fn constants(texts: &Map<String, Value>) -> io::Result<String> {
    let mut code =
        String::from("#[allow(non_upper_case_globals, clippy::module_inception)]\npub mod keys {\n");
    let mut number = 0;
    for (group, members) in texts {
        let _ = writeln!(code, "pub mod {group} {{ use crate::i18n::Key;");
        for name in object(group, members)?.keys() {
            let _ = writeln!(code, "pub const {name}: Key = Key({number});");
            number += 1;
        }
        code.push_str("}\n");
    }
    Ok(code + "}\n")
}

fn catalogue(texts: &Map<String, Value>) -> io::Result<String> {
    let mut code = String::from("pub static FIRST: &[(&str, Text)] = &[\n");
    for (group, members) in texts {
        for (name, text) in object(group, members)? {
            let key = format!("{group}.{name}");
            let _ = match text {
                Value::String(text) => writeln!(code, "({key:?}, Text::Plain({text:?})),"),
                Value::Object(forms) => {
                    let form = |name: &str| {
                        forms
                            .get(name)
                            .and_then(Value::as_str)
                            .ok_or_else(|| wrong(&format!("{key} has no form {name:?}")))
                    };
                    let (one, other) = (form("one")?, form("other")?);
                    writeln!(code, "({key:?}, Text::Counted {{ one: {one:?}, other: {other:?} }}),")
                }
                _ => return Err(wrong(&format!("{key} is neither a text nor its forms by number"))),
            };
        }
    }
    Ok(code + "];\n")
}

fn object<'a>(name: &str, value: &'a Value) -> io::Result<&'a Map<String, Value>> {
    value.as_object().ok_or_else(|| wrong(&format!("{name} is not a group of texts")))
}

fn wrong(what: &str) -> io::Error {
    io::Error::other(format!("locales/{FIRST}.json: {what}"))
}
