//! Records such as `v=STSv1; id=2016;`: the grammar that MTA-STS (RFC 8461 §3.1) and TLSRPT
//! (RFC 8460 §3) share.
//!
//! A version, then fields `name=value` between semicolons with white space around them; a semicolon
//! may stand at the end. A domain has other TXT records under the same name too: what does not begin
//! with the version is no such record, which is not the same as a broken one.

use std::fmt;

/// Longest name of a field (RFC 8461 §3.1, sts-ext-name).
const NAME_OCTETS: usize = 32;

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagFault {
    /// It does not begin with the version, or with another one.
    Version,
    /// A field without `=`, or whose name is none.
    Name(String),
    /// A field whose value is none.
    Value(String),
    /// A field that must be there is not.
    Missing(&'static str),
    /// A field stands twice that must not.
    Twice(&'static str),
}

impl fmt::Display for TagFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TagFault::Version => out.write_str("it does not begin with the version"),
            TagFault::Name(field) => write!(out, "'{field}' is no field"),
            TagFault::Value(field) => write!(out, "the field '{field}' has no proper value"),
            TagFault::Missing(field) => write!(out, "the field '{field}' is missing"),
            TagFault::Twice(field) => write!(out, "the field '{field}' stands twice"),
        }
    }
}

/// Whether a TXT record is meant to be one of this version: such a record counts even where it is
/// broken.
pub fn begins_with(record: &str, version: &str) -> bool {
    fields_behind(record, version).is_some()
}

/// The fields behind the version, in order: names and values as they stand.
pub fn fields<'a>(record: &'a str, version: &str) -> Result<Vec<(&'a str, &'a str)>, TagFault> {
    let rest = fields_behind(record, version).ok_or(TagFault::Version)?;
    // One semicolon may end the record; an empty field elsewhere is none.
    let rest = trim(rest);
    let rest = rest.strip_suffix(';').unwrap_or(rest);
    if trim(rest).is_empty() {
        return Ok(Vec::new());
    }
    rest.split(';').map(field).collect()
}

fn fields_behind<'a>(record: &'a str, version: &str) -> Option<&'a str> {
    trim(record.strip_prefix(version)?).strip_prefix(';')
}

fn field(text: &str) -> Result<(&str, &str), TagFault> {
    let text = trim(text);
    let wrong = || TagFault::Name(crate::report::quote(text.as_bytes()));
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    if is_name(name) { Ok((name, value)) } else { Err(wrong()) }
}

/// sts-ext-name, tlsrpt-ext-name, and the names of a policy's fields.
pub fn is_name(name: &str) -> bool {
    let good = |octet: u8| octet.is_ascii_alphanumeric() || b"_-.".contains(&octet);
    name.len() <= NAME_OCTETS
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(good)
}

/// An extension's value: visible, neither `;` nor `=`, at least one octet.
pub fn check_extension(name: &str, value: &str) -> Result<(), TagFault> {
    let good = |octet: u8| octet.is_ascii_graphic() && octet != b';' && octet != b'=';
    if !value.is_empty() && value.bytes().all(good) {
        return Ok(());
    }
    Err(TagFault::Value(name.to_owned()))
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar() {
        for (record, wanted) in [
            ("v=X; a=1; b=2", Ok(vec![("a", "1"), ("b", "2")])),
            ("v=X;a=1;", Ok(vec![("a", "1")])),
            ("v=X \t;\t a=1 \t;  ", Ok(vec![("a", "1")])),
            ("v=X;", Ok(vec![])),
            ("v=X", Err(TagFault::Version)),
            ("v=X2; a=1", Err(TagFault::Version)),
            ("V=X; a=1", Err(TagFault::Version)),
            (" v=X; a=1", Err(TagFault::Version)),
            ("v=X; a", Err(TagFault::Name("a".to_owned()))),
            ("v=X; a=1;;", Err(TagFault::Name(String::new()))),
            ("v=X; 1%=a", Err(TagFault::Name("1%=a".to_owned()))),
            ("v=X; -a=1", Err(TagFault::Name("-a=1".to_owned()))),
        ] {
            assert_eq!(fields(record, "v=X"), wanted, "{record:?}");
        }
    }

    #[test]
    fn names_and_values_have_limits() {
        assert!(is_name(&"a".repeat(32)));
        assert!(!is_name(&"a".repeat(33)));
        assert!(!is_name(""));
        for (value, good) in
            [("x", true), ("", false), ("a b", false), ("a=b", false), ("\u{e9}", false)]
        {
            assert_eq!(check_extension("e", value).is_ok(), good, "{value:?}");
        }
    }
}
