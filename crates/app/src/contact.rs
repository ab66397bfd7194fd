//! Phone numbers and e-mail addresses: from what people type to what is kept.

use domain::field::Problem;
use domain::patient::ContactKind;
use phonenumber::{Mode, country};

/// The country whose numbers are typed without a prefix.
const HOME: country::Id = country::US;

/// The form in which a contact is kept: E.164, or the address.
pub fn normalise(kind: ContactKind, typed: &str) -> Result<String, Problem> {
    match kind {
        ContactKind::Phone => phone(typed),
        ContactKind::Email => email(typed),
    }
}

/// E.164. A number need not be in service (an area code may be newer than the library's tables),
/// but it must be as long as a number of its country is.
fn phone(typed: &str) -> Result<String, Problem> {
    let number = phonenumber::parse(Some(HOME), typed.trim()).map_err(|_| Problem::NotAPhone)?;
    let text = number.format().mode(Mode::E164).to_string();
    let digits = text.len().saturating_sub(1);
    let plausible = match number.code().value() {
        1 => digits == 11,
        _ => (8..=15).contains(&digits),
    };
    if plausible { Ok(text) } else { Err(Problem::NotAPhone) }
}

fn email(typed: &str) -> Result<String, Problem> {
    let address: lettre::Address = typed.trim().parse().map_err(|_| Problem::NotAnEmail)?;
    // What is local to one machine cannot be written to.
    if address.domain().contains('.') { Ok(address.to_string()) } else { Err(Problem::NotAnEmail) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_kept_as_e164_however_it_is_typed() {
        for typed in ["(555) 010-2020", "555.010.2020", "+1 555 010 2020", "1-555-010-2020", " 5550102020 "] {
            assert_eq!(normalise(ContactKind::Phone, typed), Ok("+15550102020".to_owned()), "{typed}");
        }
        assert_eq!(normalise(ContactKind::Phone, "+34 612 345 678"), Ok("+34612345678".to_owned()));
    }

    #[test]
    fn what_is_no_phone_is_refused() {
        for typed in ["", "123", "call me", "555-0102", "+1 555 010 2020 9999 9999"] {
            assert_eq!(normalise(ContactKind::Phone, typed), Err(Problem::NotAPhone), "{typed}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for typed in ["", "a@b", "a b@example.com", "@example.com", "a@@example.com"] {
            assert_eq!(normalise(ContactKind::Email, typed), Err(Problem::NotAnEmail), "{typed}");
        }
        assert_eq!(normalise(ContactKind::Email, " Ana@example.com "), Ok("Ana@example.com".to_owned()));
    }
}
