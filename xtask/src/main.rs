//! The maintainer's generator.
//!
//! ```text
//! cargo run -p xtask -- abi           writes the header and all that is made from it
//! cargo run -p xtask -- docs          writes docs/options.md, docs/errors.md, the manual pages
//!                                     and the completions of the command line
//! cargo run -p xtask -- abi --check   writes nothing; fails when a file is not current
//! ```

mod abi;
mod c_header;
mod command_page;
mod declaration;
mod enumeration;
mod error_page;
mod exports;
mod library_pages;
mod mdoc;
mod option_page;
mod php_header;
mod python_module;
mod rules;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use crate::abi::Abi;

/// What every step returns; the error is a sentence for the maintainer.
type Result<T> = std::result::Result<T, String>;

/// A file and what belongs in it.
type Generated = (String, String);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Write,
    Check,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("xtask: {what}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (task, mode) = match words.as_slice() {
        [task] => (*task, Mode::Write),
        [task, "--check"] => (*task, Mode::Check),
        _ => return Err("usage: xtask abi|docs [--check]".into()),
    };
    let root = root();
    let files = match task {
        "abi" => abi_files(&root)?,
        "docs" => doc_files(&root)?,
        _ => return Err(format!("there is no task '{task}': abi, docs")),
    };
    files.iter().try_for_each(|(path, text)| settle(&root, mode, path, text))
}

/// The directory of the library's Cargo.toml.
fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = manifest.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    root.unwrap_or_else(|| PathBuf::from("."))
}

fn abi_files(root: &Path) -> Result<Vec<Generated>> {
    let abi = Abi::read(root)?;
    rules::check(&abi, root)?;
    let header = c_header::write(&abi);
    let debian = "packaging/debian/libstarttls-verify0.symbols";
    let packaged = fs::read_to_string(root.join(debian)).unwrap_or_default();
    Ok(vec![
        (debian.into(), exports::debian_symbols(&abi, &packaged)),
        ("include/starttls_verify.php.h".into(), php_header::write(&header)?),
        ("include/starttls_verify.symbols".into(), exports::symbols(&abi)),
        ("include/starttls_verify.map".into(), exports::version_map(&abi)),
        ("bindings/python/starttls_verify/_abi.py".into(), python_module::write(&abi)?),
        ("include/starttls_verify.h".into(), header),
    ])
}

fn doc_files(root: &Path) -> Result<Vec<Generated>> {
    let mut files = vec![
        ("docs/options.md".into(), option_page::write()),
        ("docs/errors.md".into(), error_page::write()),
    ];
    files.extend(library_pages::write(&Abi::read(root)?, root)?);
    files.extend(command_page::write());
    Ok(files)
}

fn settle(root: &Path, mode: Mode, path: &str, text: &str) -> Result<()> {
    let file = root.join(path);
    let current = fs::read_to_string(&file).unwrap_or_default();
    if current == text {
        return Ok(());
    }
    if mode == Mode::Check {
        return Err(format!(
            "{path} is not current, from {}; run `make abi`",
            place(&current, text)
        ));
    }
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory).map_err(|error| format!("{path}: {error}"))?;
    }
    fs::write(&file, text).map_err(|error| format!("{path}: {error}"))?;
    println!("wrote {path}");
    Ok(())
}

/// Where two texts begin to differ.
fn place(current: &str, wanted: &str) -> String {
    let same =
        current.lines().zip(wanted.lines()).take_while(|(here, there)| here == there).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("(end of file)").to_owned();
    format!("line {}: has '{}', needs '{}'", same + 1, line(current), line(wanted))
}
