//! Manual pages of section 3, one for each noun of the C ABI, and of section 7 for the tables.
//!
//! Functions and their words come from `src/ffi`, options, codes and statuses from their tables. What is
//! written by hand lies in `docs/man`: `prose/PAGE.mdoc` (where the words of the functions are not enough)
//! and `examples/PAGE.c`, a program that the tests compile as it stands in the page.

use std::fs;
use std::path::Path;

use starttls_verify::report;
use starttls_verify::status::{self, Status};

use crate::abi::{Abi, Section, of_function};
use crate::declaration::{Declaration, Function};
use crate::mdoc::{argument, head, inline, line, literal, paragraphs};
use crate::option_page;
use crate::{Generated, Result};

/// The overview, which also has what belongs to no handle.
const OVERVIEW: &str = "starttls_verify";
/// The sections of the header that the overview has.
const IN_OVERVIEW: &[&str] = &["stv_version", "stv_status"];
const ABOUT: &str = "is the peer behind this upgraded connection the one who was meant?";

/// All pages.
pub fn write(abi: &Abi, root: &Path) -> Result<Vec<Generated>> {
    let mut pages = vec![overview(abi, root)?];
    for section in others(abi) {
        pages.push(page(abi, section, root)?);
    }
    pages.push(("docs/man/starttls_verify_options.7".into(), option_page::manual()));
    pages.push(("docs/man/starttls_verify_codes.7".into(), codes(abi)));
    Ok(pages)
}

/// The page of a section: "stv_verifier", from what its functions have in common.
fn name(section: &Section) -> String {
    match section.file {
        "certificate" => "stv_cert".to_owned(),
        file => format!("stv_{file}"),
    }
}

fn others(abi: &Abi) -> impl Iterator<Item = &Section> {
    abi.sections.iter().filter(|section| !IN_OVERVIEW.contains(&name(section).as_str()))
}

/// What a section is about: its title without the handle in front.
fn about(section: &Section) -> String {
    let words = section.title.split_once(": ").map_or(section.title.as_str(), |(_, words)| words);
    inline(words)
}

fn functions(section: &Section) -> impl Iterator<Item = (&Declaration, &Function)> {
    section.functions.iter().filter_map(of_function)
}

fn overview(abi: &Abi, root: &Path) -> Result<Generated> {
    let here: Vec<&Section> =
        abi.sections.iter().filter(|one| IN_OVERVIEW.contains(&name(one).as_str())).collect();
    let all: Vec<(&Declaration, &Function)> =
        here.iter().flat_map(|section| functions(section)).collect();
    let names: Vec<&str> = all.iter().map(|(_, function)| function.name.as_str()).collect();
    let mut out = head(OVERVIEW, 3, &[&[OVERVIEW], names.as_slice()].concat(), ABOUT);
    out.push_str(&synopsis(&all));
    out.push_str(".Sh DESCRIPTION\n");
    out.push_str(&prose(root, OVERVIEW)?.ok_or("docs/man/prose/starttls_verify.mdoc is missing")?);
    out.push_str(".Ss Functions of this page\n");
    out.push_str(&descriptions(&all));
    out.push_str(".Sh RETURN VALUES\n");
    out.push_str(&statuses());
    out.push_str(&example(root, OVERVIEW)?);
    out.push_str(&see_also(abi, OVERVIEW));
    Ok((format!("docs/man/{OVERVIEW}.3"), out))
}

fn page(abi: &Abi, section: &Section, root: &Path) -> Result<Generated> {
    let page = name(section);
    let all: Vec<(&Declaration, &Function)> = functions(section).collect();
    let names: Vec<&str> = all.iter().map(|(_, function)| function.name.as_str()).collect();
    let mut out = head(&page, 3, &[&[page.as_str()], names.as_slice()].concat(), &about(section));
    out.push_str(&synopsis(&all));
    out.push_str(".Sh DESCRIPTION\n");
    section.types.iter().for_each(|one| out.push_str(&paragraphs(&one.doc)));
    out.push_str(&prose(root, &page)?.unwrap_or_default());
    out.push_str(&descriptions(&all));
    out.push_str(
        ".Sh RETURN VALUES\n.Xr starttls_verify 3\nhas every status, and what holds for all ",
    );
    out.push_str("functions: ownership, text, threads.\n");
    out.push_str(&example(root, &page)?);
    out.push_str(&see_also(abi, &page));
    Ok((format!("docs/man/{page}.3"), out))
}

fn synopsis(all: &[(&Declaration, &Function)]) -> String {
    let lines: String = all.iter().map(|(_, function)| prototype(function)).collect();
    format!(".Sh SYNOPSIS\n.In starttls_verify.h\n{lines}")
}

fn prototype(function: &Function) -> String {
    format!(".Ft {}\n.Fn {}{}\n", argument(&function.result), function.name, parameters(function))
}

fn parameters(function: &Function) -> String {
    if function.parameters.is_empty() {
        return " void".to_owned();
    }
    let one = |(kind, name): &(String, String)| {
        let gap = if kind.ends_with('*') { "" } else { " " };
        format!(" {}", argument(&format!("{kind}{gap}{name}")))
    };
    function.parameters.iter().map(one).collect()
}

fn descriptions(all: &[(&Declaration, &Function)]) -> String {
    let entry = |(declaration, function): &(&Declaration, &Function)| {
        let names: String =
            function.parameters.iter().map(|(_, name)| format!(" {name}")).collect();
        format!(".It Fn {}{names}\n{}", function.name, paragraphs(&declaration.doc))
    };
    let entries: String = all.iter().map(entry).collect();
    format!(".Bl -tag -width Ds\n{entries}.El\n")
}

fn statuses() -> String {
    let entry = |status: &Status| {
        let words = line(status.text());
        format!(".It Dv {} Pq {}\n{words}", status.name(), status.number())
    };
    let entries: String = status::ALL.iter().map(entry).collect();
    format!(
        "0 is trusted or done, 1\\(en99 flow, 100\\(en199 the caller's own fault, 200\\(en299 the peer's \
         plaintext protocol, 300\\(en399 TLS and IO, 400\\(en499 verification.\nA newer library may answer \
         one that is not listed here, so test ranges.\n.Bl -tag -width Ds\n{entries}.El\n"
    )
}

fn codes(abi: &Abi) -> String {
    let about = "codes of libstarttls_verify: what was checked and how it came out";
    let mut out = head("starttls_verify_codes", 7, &["starttls_verify_codes"], about);
    out.push_str(".Sh DESCRIPTION\nA code is the stable word of a finding in a report.\n");
    out.push_str("Codes are never renamed or re-used; the sentences may be improved.\n");
    out.push_str(".Bl -tag -width Ds\n");
    report::TABLE
        .iter()
        .zip(report::CAUSES)
        .for_each(|(row, cause)| out.push_str(&code(row, cause)));
    out.push_str(".El\n");
    out.push_str(&see_also(abi, "starttls_verify_codes"));
    out
}

fn code(row: &report::Row, cause: &str) -> String {
    let mut out = format!(".It Sy {}\n{}", row.name, line(row.meaning));
    if row.status == Status::Ok {
        return out;
    }
    out.push_str(&line(&format!("Likely cause: {cause}")));
    if !row.hint.is_empty() {
        out.push_str(&line(&format!("What to do: {}", row.hint)));
    }
    out.push_str(&format!("Status, where it fails:\n.Dv {} .\n", row.status.name()));
    out
}

fn prose(root: &Path, page: &str) -> Result<Option<String>> {
    let path = root.join(format!("docs/man/prose/{page}.mdoc"));
    if !path.exists() {
        return Ok(None);
    }
    fs::read_to_string(&path).map(Some).map_err(|error| format!("{}: {error}", path.display()))
}

fn example(root: &Path, page: &str) -> Result<String> {
    let path = root.join(format!("docs/man/examples/{page}.c"));
    let program =
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(format!(".Sh EXAMPLES\n{}", literal(&program)))
}

/// Every other page, in the order that mandoc wants: by section, then by name.
fn see_also(abi: &Abi, page: &str) -> String {
    let mut library: Vec<String> = others(abi).map(name).chain([OVERVIEW.to_owned()]).collect();
    library.sort();
    let mut all = vec![("starttls-verify".to_owned(), 1)];
    all.extend(library.into_iter().map(|name| (name, 3)));
    all.extend(["codes", "options"].map(|table| (format!("starttls_verify_{table}"), 7)));
    all.retain(|(name, _)| name != page);
    let lines: Vec<String> =
        all.iter().map(|(name, section)| format!(".Xr {name} {section}")).collect();
    format!(".Sh SEE ALSO\n{}\n", lines.join(" ,\n"))
}
