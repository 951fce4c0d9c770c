//! The whole ABI, read from `src/ffi` and the library's tables.

use std::fs;
use std::path::Path;

use crate::Result;
use crate::declaration::{self, Declaration, Function, What};
use crate::enumeration::{self, Enumeration};

/// The files of `src/ffi` that hold exports, in the order of the header.
pub const NOUNS: &[&str] = &[
    "version",
    "status",
    "config",
    "verifier",
    "peer",
    "servers",
    "chain",
    "known_peers",
    "session",
    "ssl",
    "report",
    "tls_rpt",
    "certificate",
    "names",
    "codes",
    "options",
];

/// What the library exports.
pub struct Abi {
    /// Enums.
    pub enums: Vec<Enumeration>,
    /// One section for each file.
    pub sections: Vec<Section>,
}

/// What one file of `src/ffi` exports.
pub struct Section {
    /// The file, without its ending.
    pub file: &'static str,
    /// First line of the file's own comment.
    pub title: String,
    /// Opaque handles and `typedef`s.
    pub types: Vec<Declaration>,
    /// Functions, as in the source.
    pub functions: Vec<Declaration>,
}

impl Abi {
    /// Reads it.
    pub fn read(root: &Path) -> Result<Abi> {
        let sections = NOUNS.iter().map(|file| section(root, file)).collect::<Result<_>>()?;
        Ok(Abi { enums: enumeration::all(root)?, sections })
    }

    /// Every handle and `typedef` with its comment.
    pub fn types(&self) -> impl Iterator<Item = &Declaration> {
        self.sections.iter().flat_map(|section| &section.types)
    }

    /// Every function with its comment.
    pub fn functions(&self) -> impl Iterator<Item = (&Declaration, &Function)> {
        self.sections.iter().flat_map(|section| section.functions.iter().filter_map(of_function))
    }

    /// The exported names, sorted.
    pub fn exports(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.functions().map(|(_, function)| function.name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

/// A declaration, if it is of a function.
pub fn of_function(declaration: &Declaration) -> Option<(&Declaration, &Function)> {
    match &declaration.what {
        What::Function(function) => Some((declaration, function)),
        What::Handle(_) | What::Alias(..) => None,
    }
}

fn section(root: &Path, file: &'static str) -> Result<Section> {
    let is_type = |one: &Declaration| of_function(one).is_none();
    let (types, functions) = declarations(root, file)?.into_iter().partition(is_type);
    Ok(Section { file, title: title(root, file)?, types, functions })
}

/// cbindgen, one file at a time, so that the sections stay apart. Types of other files are left as
/// they are written, and `rules` checks that they exist.
fn declarations(root: &Path, file: &str) -> Result<Vec<Declaration>> {
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    let source = root.join(format!("src/ffi/{file}.rs"));
    let bindings = cbindgen::Builder::new().with_config(config).with_src(source).generate();
    let mut text = Vec::new();
    bindings.map_err(|error| format!("src/ffi/{file}.rs: {error}"))?.write(&mut text);
    let text = String::from_utf8(text).map_err(|error| format!("src/ffi/{file}.rs: {error}"))?;
    declaration::parse(&text).map_err(|what| format!("src/ffi/{file}.rs: {what}"))
}

fn title(root: &Path, file: &str) -> Result<String> {
    let path = root.join(format!("src/ffi/{file}.rs"));
    let source =
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let first = source.lines().next().and_then(|line| line.strip_prefix("//! "));
    let title = first.ok_or_else(|| format!("src/ffi/{file}.rs has no comment at its top"))?;
    Ok(title.trim_end_matches('.').replace('`', ""))
}
