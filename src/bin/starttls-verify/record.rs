//! A line of a batch's input: one JSON object, with no key that nobody knows.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use starttls_verify::error::Error;
use starttls_verify::status::Status;

use crate::lines::{LINE_OCTETS, Line};

/// A line that cannot be read: its id, null where that cannot be read either, and why.
pub type Unreadable = (Json, Error);

/// The text of a line, unless it was too long to be kept.
pub fn text_of(line: &Line) -> Result<&[u8], Unreadable> {
    match line {
        Line::Whole(text) => Ok(text.trim_ascii()),
        Line::TooLong => Err(malformed(b"", format!("it has more than {LINE_OCTETS} octets"))),
    }
}

/// The object in a text.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Unreadable> {
    // serde would read the fields of an array one after the other into a struct.
    if text.first() != Some(&b'{') {
        return Err(malformed(b"", "it is no JSON object"));
    }
    serde_json::from_slice(text).map_err(|error| malformed(text, error))
}

/// The error for a line.
pub fn malformed(text: &[u8], words: impl std::fmt::Display) -> Unreadable {
    (id_of(text), Error::new(Status::Argument, format!("the line cannot be read: {words}")))
}

fn id_of(text: &[u8]) -> Json {
    #[derive(Deserialize)]
    struct Named {
        id: Json,
    }
    serde_json::from_slice::<Named>(text).map_or(Json::Null, |named| named.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        #[allow(dead_code)]
        id: Json,
    }

    fn refused(text: &[u8]) -> Json {
        read::<Case>(text).err().expect("a malformed line").0
    }

    #[test]
    fn ids_are_read_where_they_can_be() {
        assert_eq!(refused(br#"{"id":"a","chian":[]}"#), "a");
        assert_eq!(refused(br#"{"x":1,"id":7}"#), 7);
        for unreadable in [&b"{\"id\":\"a\""[..], b"[1]", b"", b"{\"id\":1,\"id\":2}", b"\xff"] {
            assert_eq!(refused(unreadable), Json::Null);
        }
    }
}
