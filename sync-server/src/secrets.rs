//! Tokens of devices and codes of invites. Only their hashes are kept: both are random enough that a plain hash tells
//! nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Crockford's base 32: no letters that are read as digits, or as each other.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code: 50 bits, for 15 minutes and a few tries a minute.
const CODE_LETTERS: usize = 10;

/// A device's credential: the clinic and 256 random bits.
#[derive(Clone)]
pub struct Token {
    pub clinic: Uuid,
    secret: [u8; 32],
}

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn draw(clinic: Uuid) -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self { clinic, secret })
    }

    /// The same secret for the clinic that a code turned out to be of.
    #[must_use]
    pub fn of(self, clinic: Uuid) -> Self {
        Self { clinic, ..self }
    }

    /// What the server keeps. Of the secret alone, since the clinic may not be known yet.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret).into()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.clinic.simple(), URL_SAFE_NO_PAD.encode(self.secret))
    }
}

/// Nothing secret in a log.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}.…)", self.clinic.simple())
    }
}

/// A text that is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoToken;

impl FromStr for Token {
    type Err = NoToken;

    fn from_str(text: &str) -> Result<Self, NoToken> {
        let (clinic, secret) = text.split_once('.').ok_or(NoToken)?;
        let secret = URL_SAFE_NO_PAD.decode(secret).map_err(|_| NoToken)?;
        Ok(Self {
            clinic: Uuid::try_parse(clinic).map_err(|_| NoToken)?,
            secret: secret.try_into().map_err(|_| NoToken)?,
        })
    }
}

/// A one-time code that lets one device in.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// A new one.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn draw() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; CODE_LETTERS];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()))
    }

    /// As somebody typed it: in any case, with spaces or dashes, with letters for the digits that look like them.
    pub fn typed(text: &str) -> Self {
        let letters =
            text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase());
        Self(
            letters
                .map(|letter| match letter {
                    'O' => '0',
                    'I' | 'L' => '1',
                    other => other,
                })
                .collect(),
        )
    }

    /// What the server keeps.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// In two groups, to be read out over a phone.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(self.0.len() / 2);
        write!(f, "{first}-{second}")
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_be_typed_as_it_was_heard() {
        let code = Code::typed("K0QM1-3XPD9");
        assert_eq!(code.to_string(), "K0QM1-3XPD9");
        for heard in ["koqml3xpd9", " KOQMI 3XPD9 ", "k0qm1–3xpd9"] {
            assert_eq!(Code::typed(heard), code);
        }
        let drawn = Code::draw().unwrap();
        assert_eq!(Code::typed(&drawn.to_string()), drawn);
    }

    #[test]
    fn a_token_is_read_as_it_was_written_and_never_shown() {
        let token = Token::draw(Uuid::from_u128(5)).unwrap();
        let text = token.to_string();
        let read: Token = text.parse().unwrap();
        assert_eq!((read.clinic, read.hash()), (token.clinic, token.hash()));
        assert!(!format!("{token:?}").contains(text.split_once('.').unwrap().1));
        for wrong in ["", ".", "abc", "00000000000000000000000000000005.", "x.AAAA", &text[..text.len() - 1]]
        {
            assert!(wrong.parse::<Token>().is_err(), "{wrong:?}");
        }
    }
}
