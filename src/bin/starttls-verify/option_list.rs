//! `options`: the table of options, for people.

use std::fmt::Write;

use starttls_verify::options::{Kind, PAGES, Page, Row, TABLE};

use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::print;

/// Lists every option.
pub fn run() -> Result<Exit, Fault> {
    let mut text = String::from(
        "Options for --set OPTION=VALUE, the configuration file and the batch records. A value that\n\
         weakens security is accepted only under the option's insecure_ name.\n",
    );
    TABLE.iter().zip(PAGES).for_each(|(row, page)| text.push_str(&entry(row, page)));
    print(&text)?;
    Ok(Exit::Trusted)
}

fn entry(row: &Row, page: &Page) -> String {
    let mut text =
        format!("\n{} ({}{})\n    {}\n", row.name, row.kind.word(), range(row), page.help);
    // Writing to a String cannot fail.
    if !page.default.is_empty() {
        let _ = writeln!(text, "    default: {}", page.default);
    }
    if let Some(danger) = row.danger.filter(|danger| danger.spelling != row.name) {
        let _ = writeln!(text, "    {} also accepts {}", danger.spelling, page.allows);
    }
    text
}

fn range(row: &Row) -> String {
    match &row.kind {
        Kind::Int { safe, .. } => format!(", {} to {}", safe.0, safe.1),
        Kind::Word { safe, .. } => format!(": {}", safe.join(" | ")),
        Kind::Fixed { safe, .. } => format!(", only {safe}"),
        Kind::Bool | Kind::Text | Kind::TextList | Kind::Bytes | Kind::BytesList => String::new(),
    }
}
