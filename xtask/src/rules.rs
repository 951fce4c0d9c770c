//! What may stand in the header (DESIGN: no callbacks, no globals, no structs in the ABI).
//!
//! Types are on a list of what is allowed. So `long`, `time_t`, `bool`, `uint8_t *`, structs by value,
//! unions, function pointers and variable arguments need no rule of their own.

use std::fs;
use std::path::Path;

use crate::Result;
use crate::abi::{Abi, NOUNS};
use crate::declaration::{Declaration, What};

const RESULTS: &[&str] = &["void", "int", "uint32_t", "size_t", "const char *", "const void *"];
const PARAMETERS: &[&str] = &[
    "int",
    "uint32_t",
    "int64_t",
    "size_t",
    "const char *",
    "const void *",
    "void *",
    "int *",
    "size_t *",
];

/// Refuses what breaks a rule, with the name of what breaks it.
pub fn check(abi: &Abi, root: &Path) -> Result<()> {
    documented(abi)?;
    typed(abi)?;
    named(abi)?;
    complete(abi, root)
}

fn documented(abi: &Abi) -> Result<()> {
    let functions = abi.functions().map(|(declaration, _)| declaration);
    let bare = functions.chain(abi.types()).find(|one| one.doc.is_empty());
    bare.map_or(Ok(()), |one| Err(format!("{} has no doc comment", name(one))))
}

fn name(declaration: &Declaration) -> &str {
    match &declaration.what {
        What::Handle(name) | What::Alias(_, name) => name,
        What::Function(function) => &function.name,
    }
}

fn typed(abi: &Abi) -> Result<()> {
    let handles: Vec<&str> = abi.types().filter(|one| !is_alias(one)).map(name).collect();
    let aliases: Vec<&str> = abi.types().filter(|one| is_alias(one)).map(name).collect();
    for (_, function) in abi.functions() {
        let result = function.result.as_str();
        if ![RESULTS, &aliases].concat().contains(&result) && !is_handle(&handles, result) {
            return Err(format!("{} returns {}", function.name, function.result));
        }
        for (kind, parameter) in &function.parameters {
            if !PARAMETERS.contains(&kind.as_str()) && !is_handle(&handles, kind) {
                return Err(format!("{}: parameter {parameter} is {kind}", function.name));
            }
        }
    }
    Ok(())
}

fn is_alias(declaration: &Declaration) -> bool {
    matches!(declaration.what, What::Alias(..))
}

fn is_handle(handles: &[&str], kind: &str) -> bool {
    let Some((name, stars)) = kind.split_once(" *") else {
        return false;
    };
    let pointee = name.strip_prefix("const ").unwrap_or(name);
    handles.contains(&pointee) && (stars.is_empty() || (stars == "*" && pointee == name))
}

fn named(abi: &Abi) -> Result<()> {
    let functions = abi.functions().map(|(_, function)| function.name.as_str());
    let stray = functions.chain(abi.types().map(name)).find(|name| !name.starts_with("stv_"));
    let constants = abi.enums.iter().flat_map(|one| {
        one.constants.iter().filter(|constant| !constant.name.starts_with(one.prefix))
    });
    let stray = stray.or(constants.map(|constant| constant.name.as_str()).next());
    stray.map_or(Ok(()), |name| Err(format!("{name} has the wrong prefix")))
}

/// Nothing is exported that the header does not show, and every file is in the list.
fn complete(abi: &Abi, root: &Path) -> Result<()> {
    let directory = root.join("src/ffi");
    let entries = fs::read_dir(&directory).map_err(|error| format!("src/ffi: {error}"))?;
    let mut sources = 0;
    for entry in entries {
        let path = entry.map_err(|error| format!("src/ffi: {error}"))?.path();
        let source = fs::read_to_string(&path).map_err(|error| format!("src/ffi: {error}"))?;
        let exports = source.lines().filter(|line| *line == "#[unsafe(no_mangle)]").count();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if exports > 0 && !NOUNS.contains(&stem) {
            return Err(format!(
                "src/ffi/{stem}.rs exports, but is not in the list of xtask/src/abi.rs"
            ));
        }
        sources += exports;
    }
    let shown = abi.exports().len();
    if shown == sources {
        return Ok(());
    }
    Err(format!("the source has {sources} exports, the header {shown}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{self, Section};
    use crate::declaration;

    fn abi(text: &str) -> Abi {
        let is_type = |one: &Declaration| abi::of_function(one).is_none();
        let (types, functions) = declaration::parse(text).unwrap().into_iter().partition(is_type);
        let section = Section { file: "x", title: "x".into(), types, functions };
        Abi { enums: Vec::new(), sections: vec![section] }
    }

    #[test]
    fn an_export_without_a_comment_is_refused() {
        assert!(documented(&abi("/* x */ void stv_x(void);")).is_ok());
        assert!(documented(&abi("void stv_x(void);")).is_err());
    }

    #[test]
    fn types_that_other_languages_cannot_see_are_refused() {
        let handle = "typedef struct stv_a stv_a;";
        for good in ["stv_a *a", "const stv_a *a", "stv_a **a", "const void *a", "int64_t a"] {
            assert!(typed(&abi(&format!("{handle} void stv_x({good});"))).is_ok(), "{good}");
        }
        for bad in [
            "const uint8_t *a",
            "uint8_t *a",
            "long a",
            "time_t a",
            "stv_a a",
            "const stv_a **a",
            "enum b a",
            "bool a",
            "stv_b *a",
            "char *a",
            "union c *a",
        ] {
            assert!(typed(&abi(&format!("{handle} void stv_x({bad});"))).is_err(), "{bad}");
        }
        assert!(declaration::parse("void stv_x(int a, ...);").is_err());
    }
}
