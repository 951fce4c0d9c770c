//! Options: one table, typed values, and settings that are checked as they are made.
//!
//! Every row has a safe range. A value beyond it is accepted only under the row's `insecure_` name,
//! so that whoever reads a configuration sees the danger, and a grep finds it.

mod table;

pub use table::{PAGES, TABLE};

use crate::error::{Error, Result};
use crate::status::Status;

/// One option, as the library asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name, the same in every language.
    pub name: &'static str,
    /// The type of its value, with the safe range.
    pub kind: Kind,
    /// The spelling under which it takes more than its safe range.
    pub danger: Option<Danger>,
}

/// The spelling that accepts what weakens security.
#[derive(Clone, Copy, Debug)]
pub struct Danger {
    /// Begins with `insecure_`.
    pub spelling: &'static str,
}

/// One option, as pages and lists for people show it.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The default, in words.
    pub default: &'static str,
    /// Which doors read it.
    pub doors: Doors,
    /// One line of help.
    pub help: &'static str,
    /// What it accepts beyond the safe range under the other spelling.
    pub allows: &'static str,
}

/// The doors that read an option.
#[derive(Clone, Copy, Debug)]
pub struct Doors {
    /// A chain that the caller has.
    pub chain: bool,
    /// A session, fed or on a file descriptor.
    pub session: bool,
    /// A session that connects by itself.
    pub connect: bool,
}

/// Type of an option's value.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// True or false, both safe.
    Bool,
    /// A switch of PHP's that has one safe position; the other has another name here.
    Fixed {
        /// The safe position.
        safe: bool,
        /// What to write in place of the other.
        instead: &'static str,
    },
    /// A number; both ends belong to the range.
    Int {
        /// Accepted under the plain name.
        safe: (i64, i64),
        /// Accepted under the `insecure_` name.
        hard: (i64, i64),
    },
    /// One of these words.
    Word {
        /// Accepted under the plain name.
        safe: &'static [&'static str],
        /// Accepted under the `insecure_` name.
        danger: &'static [&'static str],
    },
    /// Text.
    Text,
    /// Text, several times.
    TextList,
    /// Bytes.
    Bytes,
    /// Bytes, several times.
    BytesList,
}

/// A typed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// For [`Kind::Bool`] and [`Kind::Fixed`].
    Bool(bool),
    /// For [`Kind::Int`].
    Int(i64),
    /// For [`Kind::Word`], [`Kind::Text`] and [`Kind::TextList`].
    Text(String),
    /// For [`Kind::Bytes`] and [`Kind::BytesList`].
    Bytes(Vec<u8>),
}

/// Which of its two names an option was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// The plain one: the safe range.
    Plain,
    /// The `insecure_` one: the whole range.
    Insecure,
}

/// One accepted setting.
#[derive(Clone, Debug)]
pub struct Setting {
    row: &'static Row,
    spelling: Spelling,
    value: Value,
}

/// Whether a list is begun anew or appended to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `set`: what was there goes.
    Replace,
    /// `add`: for lists only.
    Append,
}

/// Accepted settings, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    entries: Vec<Setting>,
}

/// The row and spelling of a name, or an error with the nearest known name.
pub fn lookup(name: &str) -> Result<(&'static Row, Spelling)> {
    for row in TABLE {
        // A switch that is itself a danger has one name for both.
        if row.danger.is_some_and(|danger| danger.spelling == name) {
            return Ok((row, Spelling::Insecure));
        }
        if row.name == name {
            return Ok((row, Spelling::Plain));
        }
    }
    Err(unknown(name))
}

fn unknown(name: &str) -> Error {
    let shown = crate::report::quote(name.as_bytes());
    let mut what = format!("there is no option '{shown}'");
    if let Some(near) = nearest(name) {
        what.push_str(&format!("; did you mean '{near}'?"));
    } else {
        what.push_str("; docs/options.md lists them all");
    }
    Error::new(Status::OptionUnknown, what)
}

/// The known name that differs in the fewest letters, if it is near enough to be a misspelling.
fn nearest(name: &str) -> Option<&'static str> {
    // Longer than any name plus its tolerated errors: no misspelling, and the distance costs n * m.
    if name.len() > 64 {
        return None;
    }
    let spellings = TABLE.iter().filter_map(|row| row.danger.map(|danger| danger.spelling));
    let names = TABLE.iter().map(|row| row.name).chain(spellings);
    let lower = name.to_ascii_lowercase().replace('-', "_");
    let distance = |known: &str| strsim::damerau_levenshtein(&lower, &known.to_ascii_lowercase());
    let near = names.min_by_key(|known| distance(known))?;
    (distance(near) <= 1 + near.len() / 4).then_some(near)
}

impl Kind {
    /// The type's word in texts and `docs/options.md`.
    pub const fn word(&self) -> &'static str {
        match self {
            Kind::Bool | Kind::Fixed { .. } => "bool",
            Kind::Int { .. } => "int",
            Kind::Word { .. } | Kind::Text => "str",
            Kind::TextList => "list of str",
            Kind::Bytes => "bytes",
            Kind::BytesList => "list of bytes",
        }
    }

    /// Whether several values may be given.
    pub const fn is_list(&self) -> bool {
        matches!(self, Kind::TextList | Kind::BytesList)
    }
}

impl Row {
    /// The value that this text stands for: for the command line and other places that have only
    /// text.
    pub fn value_of(&self, text: &str) -> Result<Value> {
        match self.kind {
            Kind::Bool | Kind::Fixed { .. } => self.bool_of(text).map(Value::Bool),
            Kind::Int { .. } => text.parse().map(Value::Int).map_err(|_| {
                Error::new(
                    Status::OptionType,
                    format!("option {}: '{text}' is not a whole number", self.name),
                )
            }),
            Kind::Word { .. } | Kind::Text | Kind::TextList => Ok(Value::Text(text.to_owned())),
            Kind::Bytes | Kind::BytesList => Ok(Value::Bytes(text.as_bytes().to_vec())),
        }
    }

    fn bool_of(&self, text: &str) -> Result<bool> {
        match text {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(Error::new(
                Status::OptionType,
                format!("option {}: '{text}' is neither true nor false", self.name),
            )),
        }
    }

    fn check(&self, spelling: Spelling, value: &Value) -> Result<()> {
        match (&self.kind, value) {
            (Kind::Bool, Value::Bool(_))
            | (Kind::Text | Kind::TextList, Value::Text(_))
            | (Kind::Bytes | Kind::BytesList, Value::Bytes(_)) => Ok(()),
            (Kind::Fixed { safe, instead }, Value::Bool(given)) => {
                self.check_fixed(*safe, instead, *given)
            }
            (Kind::Int { safe, hard }, Value::Int(given)) => {
                self.check_int(*safe, *hard, spelling, *given)
            }
            (Kind::Word { safe, danger }, Value::Text(given)) => {
                self.check_word(safe, danger, spelling, given)
            }
            _ => Err(Error::new(
                Status::OptionType,
                format!("option {} takes a value of type {}", self.name, self.kind.word()),
            )),
        }
    }

    fn check_fixed(&self, safe: bool, instead: &str, given: bool) -> Result<()> {
        if given == safe {
            return Ok(());
        }
        let what = format!("{}={given} weakens security; if you must, write {instead}", self.name);
        Err(Error::new(Status::Insecure, what))
    }

    fn check_int(
        &self,
        safe: (i64, i64),
        hard: (i64, i64),
        spelling: Spelling,
        given: i64,
    ) -> Result<()> {
        if (safe.0..=safe.1).contains(&given) {
            return Ok(());
        }
        if (hard.0..=hard.1).contains(&given) {
            return self.check_danger(spelling, &given.to_string());
        }
        let what =
            format!("option {}: {given} is not between {} and {}", self.name, safe.0, safe.1);
        Err(Error::new(Status::OptionValue, what))
    }

    fn check_word(
        &self,
        safe: &[&str],
        danger: &[&str],
        spelling: Spelling,
        given: &str,
    ) -> Result<()> {
        if safe.contains(&given) {
            return Ok(());
        }
        if danger.contains(&given) {
            return self.check_danger(spelling, given);
        }
        let shown = crate::report::quote(given.as_bytes());
        let what = format!("option {}: '{shown}' is none of {}", self.name, safe.join(", "));
        Err(Error::new(Status::OptionValue, what))
    }

    fn check_danger(&self, spelling: Spelling, given: &str) -> Result<()> {
        match (spelling, self.danger) {
            (Spelling::Insecure, _) => Ok(()),
            (Spelling::Plain, Some(danger)) => Err(danger.refusal(self.name, given)),
            (Spelling::Plain, None) => Err(Error::new(
                Status::OptionValue,
                format!("option {} does not take {given}", self.name),
            )),
        }
    }
}

impl Danger {
    /// The error for a value that is accepted only under the other name.
    pub fn refusal(&self, name: &str, given: &str) -> Error {
        Error::new(
            Status::Insecure,
            format!(
                "option {name}: {given} weakens security; if you must, write {}={given}",
                self.spelling
            ),
        )
    }
}

impl Settings {
    /// Accepts a value for an option, or says what is wrong with it.
    pub fn put(&mut self, mode: Mode, name: &str, value: Value) -> Result<()> {
        let (row, spelling) = lookup(name)?;
        if mode == Mode::Append && !row.kind.is_list() {
            let what = format!("option {} takes one value: set it, do not add to it", row.name);
            return Err(Error::new(Status::OptionType, what));
        }
        row.check(spelling, &value)?;
        if mode == Mode::Replace {
            self.entries.retain(|entry| entry.row.name != row.name);
        }
        self.entries.push(Setting { row, spelling, value });
        Ok(())
    }

    /// These settings over those: what is set here wins, a list as a whole.
    pub fn over(&self, below: &Settings) -> Settings {
        let is_here =
            |entry: &&Setting| !self.entries.iter().any(|own| own.row.name == entry.row.name);
        let kept = below.entries.iter().filter(is_here).cloned();
        Settings { entries: kept.chain(self.entries.iter().cloned()).collect() }
    }

    fn of(&self, name: &'static str) -> impl Iterator<Item = &Setting> {
        debug_assert!(TABLE.iter().any(|row| row.name == name), "{name} is in the table");
        self.entries.iter().filter(move |entry| entry.row.name == name)
    }

    /// The value of a switch, if it was set.
    pub fn bool(&self, name: &'static str) -> Option<bool> {
        self.of(name).find_map(|entry| match entry.value {
            Value::Bool(value) => Some(value),
            Value::Int(_) | Value::Text(_) | Value::Bytes(_) => None,
        })
    }

    /// The value of a number, if it was set.
    pub fn int(&self, name: &'static str) -> Option<i64> {
        self.of(name).find_map(|entry| match entry.value {
            Value::Int(value) => Some(value),
            Value::Bool(_) | Value::Text(_) | Value::Bytes(_) => None,
        })
    }

    /// The text, if it was set.
    pub fn text(&self, name: &'static str) -> Option<&str> {
        self.texts(name).next().map(|(text, _)| text)
    }

    /// All texts of a list, each with the name it was given under.
    pub fn texts(&self, name: &'static str) -> impl Iterator<Item = (&str, Spelling)> {
        self.of(name).filter_map(|entry| match &entry.value {
            Value::Text(value) => Some((value.as_str(), entry.spelling)),
            Value::Bool(_) | Value::Int(_) | Value::Bytes(_) => None,
        })
    }

    /// All byte strings of a list.
    pub fn bytes(&self, name: &'static str) -> impl Iterator<Item = &[u8]> {
        self.of(name).filter_map(|entry| match &entry.value {
            Value::Bytes(value) => Some(value.as_slice()),
            Value::Bool(_) | Value::Int(_) | Value::Text(_) => None,
        })
    }

    /// The `insecure_` names that are in force, for the first line of the report: those whose value
    /// is outside the safe range.
    pub fn insecure(&self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = self
            .entries
            .iter()
            .filter(|entry| entry.is_dangerous())
            .filter_map(|entry| entry.row.danger.map(|danger| danger.spelling))
            .collect();
        names.dedup();
        names
    }
}

impl Setting {
    fn is_dangerous(&self) -> bool {
        if self.spelling == Spelling::Plain {
            return false;
        }
        let named = self.row.danger.is_some_and(|danger| danger.spelling == self.row.name);
        match (&self.row.kind, &self.value) {
            (Kind::Bool, Value::Bool(on)) => *on,
            (_, _) if named => true,
            (_, value) => {
                self.row.check(Spelling::Plain, value).is_err() || self.row.kind.is_list()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(name: &str, value: Value) -> Result<Settings> {
        let mut settings = Settings::default();
        settings.put(Mode::Replace, name, value)?;
        Ok(settings)
    }

    fn refusal(name: &str, value: Value) -> (Status, String) {
        let error = put(name, value).expect_err("must be refused");
        (error.status, error.what)
    }

    #[test]
    fn names_are_unique_and_danger_is_spelt_out() {
        for row in TABLE {
            assert_eq!(
                TABLE.iter().filter(|other| other.name == row.name).count(),
                1,
                "{}",
                row.name
            );
            if let Some(danger) = row.danger {
                assert!(danger.spelling.starts_with("insecure_"), "{}", row.name);
            }
        }
    }

    #[test]
    fn pages_have_words_for_every_option_and_every_danger() {
        assert_eq!(TABLE.len(), PAGES.len());
        for (row, page) in TABLE.iter().zip(PAGES) {
            assert!(!page.help.is_empty(), "{}", row.name);
            assert_eq!(row.danger.is_some(), !page.allows.is_empty(), "{}", row.name);
        }
    }

    #[test]
    fn a_misspelt_name_is_an_error_with_the_nearest_name() {
        for (given, near) in [
            ("verify_pear", "'verify_peer'"),
            ("ca_file", "'cafile'"),
            ("CAfile", "'cafile'"),
            ("insecure_no_nam", "'insecure_no_name'"),
            ("sni_enabled", "'SNI_enabled'"),
        ] {
            let (status, what) = refusal(given, Value::Bool(true));
            assert_eq!(status, Status::OptionUnknown);
            assert!(what.contains(near), "{given}: {what}");
        }
        let (status, what) = refusal("I-want-a-banana", Value::Bool(true));
        assert_eq!(status, Status::OptionUnknown);
        assert!(!what.contains("did you mean"), "{what}");
    }

    #[test]
    fn danger_is_accepted_only_under_its_name() {
        assert_eq!(refusal("security_level", Value::Int(0)).0, Status::Insecure);
        assert_eq!(refusal("verify_peer", Value::Bool(false)).0, Status::Insecure);
        assert_eq!(refusal("min_tls", Value::Text("1.0".into())).0, Status::Insecure);
        assert_eq!(refusal("security_level", Value::Int(9)).0, Status::OptionValue);
        assert_eq!(refusal("insecure_security_level", Value::Int(9)).0, Status::OptionValue);
        let settings = put("insecure_security_level", Value::Int(0)).unwrap();
        assert_eq!(settings.insecure(), ["insecure_security_level"]);
        // The insecure spelling with a safe value is no danger.
        assert!(put("insecure_security_level", Value::Int(3)).unwrap().insecure().is_empty());
        assert!(put("insecure_no_name", Value::Bool(false)).unwrap().insecure().is_empty());
    }

    #[test]
    fn the_wrong_type_is_an_error() {
        assert_eq!(refusal("cafile", Value::Int(1)).0, Status::OptionType);
        assert_eq!(refusal("verify_depth", Value::Text("3".into())).0, Status::OptionType);
        assert_eq!(refusal("ca_pem", Value::Text("x".into())).0, Status::OptionType);
        let mut settings = Settings::default();
        let error = settings.put(Mode::Append, "verify_depth", Value::Int(3)).unwrap_err();
        assert_eq!(error.status, Status::OptionType);
    }

    #[test]
    fn the_upper_layer_wins_and_a_list_as_a_whole() {
        let mut below = put("verify_depth", Value::Int(3)).unwrap();
        below.put(Mode::Append, "pin", Value::Text("a".into())).unwrap();
        below.put(Mode::Append, "pin", Value::Text("b".into())).unwrap();
        let above = put("pin", Value::Text("c".into())).unwrap();
        let merged = above.over(&below);
        assert_eq!(merged.int("verify_depth"), Some(3));
        assert_eq!(merged.texts("pin").map(|(text, _)| text).collect::<Vec<_>>(), ["c"]);
    }
}
