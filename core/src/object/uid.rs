use std::cmp::Ordering;
use std::fmt;

use super::Text;

/// An object's unique identifier: never reused, also not for a re-created name (INV-ST-06).
///
/// Stores issue version 4 UUIDs, which are kept in 16 bytes; a reference may hold any other text.
/// The order is that of the text form (RS-23).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Uid(Form);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Form {
    /// High and low half.
    Uuid(u64, u64),
    /// Whatever is not a UUID in its usual lower-case form.
    Other(Text),
}

impl Uid {
    /// Takes any text; see [`Uid`] for what is kept how.
    pub fn new(text: &str) -> Self {
        let uuid = uuid::Uuid::try_parse(text).ok();
        let mut buffer = uuid::Uuid::encode_buffer();
        match uuid {
            Some(uuid) if uuid.as_hyphenated().encode_lower(&mut buffer) == text => uuid.into(),
            _ => Self(Form::Other(text.into())),
        }
    }

    /// The high and low half of one that is a UUID, for a compact form.
    pub fn halves(&self) -> Option<(u64, u64)> {
        match self.0 {
            Form::Uuid(high, low) => Some((high, low)),
            Form::Other(_) => None,
        }
    }

    /// The UUID of these [halves](Self::halves).
    pub const fn from_halves(high: u64, low: u64) -> Self {
        Self(Form::Uuid(high, low))
    }

    /// Whether it is the empty text.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Form::Other(text) if text.is_empty())
    }
}

impl From<uuid::Uuid> for Uid {
    fn from(uuid: uuid::Uuid) -> Self {
        let (high, low) = uuid.as_u64_pair();
        Self(Form::Uuid(high, low))
    }
}

impl PartialOrd for Uid {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Uid {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Form::Uuid(high, low), Form::Uuid(other_high, other_low)) => {
                (high, low).cmp(&(other_high, other_low))
            }
            (Form::Other(text), Form::Other(other_text)) => text.cmp(other_text),
            _ => self.to_string().cmp(&other.to_string()),
        }
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Uuid(high, low) => uuid::Uuid::from_u64_pair(*high, *low).as_hyphenated().fmt(f),
            Form::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uid({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_survives() {
        let texts = [
            "",
            "u1",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
            "f81d4fae7dec11d0a76500a0c91e6bf6",
            "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}",
        ];
        for text in texts {
            assert_eq!(Uid::new(text).to_string(), text);
        }
    }

    #[test]
    fn the_order_is_that_of_the_texts() {
        let mut texts =
            ["b", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "0", "081d4fae-7dec-11d0-a765-00a0c91e6bf6"];
        texts.sort_unstable();
        let uids: Vec<Uid> = texts.into_iter().map(Uid::new).collect();
        assert!(uids.is_sorted());
    }
}
