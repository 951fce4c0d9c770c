//! The files that were generated from `src/ffi` hold what the source says, and the source keeps the
//! rules of the boundary. (`make abi-check` generates them anew and compares every letter; this test
//! needs no generator and looks from the other side.)

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file of `src/ffi` with its text.
fn sources() -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ffi");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|file| {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let text = read(&format!("src/ffi/{name}"));
            (name, text)
        })
        .collect()
}

/// Each export: its name, the line above the attribute, and all from its signature on.
fn exports(text: &str) -> Vec<(&str, &str, &str)> {
    const ATTRIBUTE: &str = "\n#[unsafe(no_mangle)]\n";
    let places = text.match_indices(ATTRIBUTE).map(|(at, _)| at);
    places
        .map(|at| {
            let above = text[..at].lines().last().unwrap_or_default();
            let function = &text[at + ATTRIBUTE.len()..];
            let name =
                function.split("fn ").nth(1).and_then(|rest| rest.split('(').next()).unwrap();
            (name, above, function)
        })
        .collect()
}

#[test]
fn the_export_list_is_what_the_source_exports() {
    let sources = sources();
    let in_source: BTreeSet<&str> = sources
        .iter()
        .flat_map(|(_, text)| exports(text).into_iter().map(|(name, ..)| name))
        .collect();
    let list = read("include/starttls_verify.symbols");
    let listed: Vec<&str> = list.lines().collect();
    assert!(listed.is_sorted(), "include/starttls_verify.symbols is sorted");
    assert_eq!(listed, in_source.into_iter().collect::<Vec<_>>());
}

#[test]
fn every_export_is_documented_and_stands_behind_the_boundary() {
    for (file, text) in sources() {
        for (name, above, function) in exports(&text) {
            assert!(above.starts_with("///"), "{file}: {name} has no doc comment");
            assert!(name.starts_with("stv_"), "{file}: {name}");
            assert!(function.contains("extern \"C\" fn"), "{file}: {name}");
            let (_, body) = function.split_once(" {\n").unwrap();
            let body = body.split("\n}\n").next().unwrap();
            let statements = body.lines().filter(|line| !line.trim_start().starts_with("const "));
            let first = statements.map(str::trim).next().unwrap_or_default();
            assert!(
                first.starts_with("export! {"),
                "{file}: {name} does more than export!: {first}"
            );
        }
    }
}

#[test]
fn slices_are_made_from_pointers_in_one_file_only() {
    for (file, text) in sources() {
        let made = ["from_raw_parts", "CStr::from_ptr"].iter().any(|call| text.contains(call));
        let tests_only = text.find("#[cfg(test)]").is_some_and(|at| {
            ["from_raw_parts", "CStr::from_ptr"].iter().all(|call| !text[..at].contains(call))
        });
        assert!(!made || tests_only || file == "args.rs", "{file}");
    }
}

#[test]
fn all_generated_files_name_the_same_functions() {
    let list = read("include/starttls_verify.symbols");
    let header = read("include/starttls_verify.h");
    let php = read("include/starttls_verify.php.h");
    let python = read("bindings/python/starttls_verify/_abi.py");
    let map = read("include/starttls_verify.map");
    for name in list.lines() {
        assert!(header.contains(&format!("{name}(")), "{name} in the header");
        assert!(php.contains(&format!("{name}(")), "{name} for PHP");
        assert!(python.contains(&format!("\"{name}\": (")), "{name} for Python");
        assert!(map.contains(&format!("    {name};\n")), "{name} in the map");
    }
    assert!(map.starts_with("STARTTLS_VERIFY_0 {") && map.contains("local:\n    *;"));
    assert_eq!(map.matches("    stv_").count(), list.lines().count());
    assert_eq!(python.matches("    \"stv_").count(), list.lines().count());
}

/// The text without comments.
fn code(header: &str) -> String {
    let mut rest = header;
    let mut code = String::new();
    while let Some((before, after)) = rest.split_once("/*") {
        code.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    code + rest
}

#[test]
fn the_header_holds_nothing_that_another_language_cannot_see() {
    let code = code(&read("include/starttls_verify.h"));
    let words: BTreeSet<&str> =
        code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    for word in [
        "union",
        "long",
        "short",
        "unsigned",
        "bool",
        "_Bool",
        "time_t",
        "ssize_t",
        "off_t",
        "uint8_t",
        "float",
        "double",
        "inline",
        "static",
        "volatile",
        "__attribute__",
    ] {
        assert!(!words.contains(word), "the header has '{word}'");
    }
    assert!(!code.contains("..."), "variable arguments");
    assert!(!code.contains("(*"), "function pointers");
    for line in code.lines().filter(|line| line.contains("struct")) {
        let opaque = line.starts_with("typedef struct stv_") && line.ends_with(';');
        assert!(opaque && !line.contains('{'), "{line}");
    }
    let macros: Vec<&str> = code.lines().filter_map(|line| line.strip_prefix("#define ")).collect();
    assert_eq!(macros, ["STARTTLS_VERIFY_H", "STV_ABI_LEVEL 1"]);
}

#[test]
fn the_header_for_php_has_no_preprocessor() {
    let text = read("include/starttls_verify.php.h");
    assert!(text.lines().all(|line| !line.trim_start().starts_with('#')));
    assert!(!code(&text).contains("extern"));
    let full = code(&read("include/starttls_verify.h"));
    let declarations = code(&text);
    assert!(full.contains(declarations.trim()), "the same declarations in the same order");
}

#[test]
fn enums_name_the_numbers_of_the_tables() {
    let header = read("include/starttls_verify.h");
    for status in starttls_verify::status::ALL {
        let line = format!("    {} = {}", status.name(), status.number());
        assert!(header.contains(&line), "{line}");
    }
    for row in starttls_verify::proto::REGISTRY {
        let line = format!("    {} = {}", row.name, row.protocol as i32);
        assert!(header.contains(&line), "{line}");
    }
}
