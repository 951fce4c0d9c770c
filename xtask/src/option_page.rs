//! `docs/options.md`, from the table of options.

use starttls_verify::options::{Doors, Kind, Row, TABLE};

const TOP: &str = "\
# Options

Generated from `src/options/table.rs` by `make abi`. Do not edit.

The same names serve the setters of the C ABI, PHP arrays, Python keywords, the command line
(`--set NAME=VALUE`) and the configuration file. An unknown name is an error that names the nearest
known one. Every option has a safe range; a value beyond it is accepted only under the option's
`insecure_` name, and the report's first line then says so.

";

/// The text of the page.
pub fn write() -> String {
    let rows: String = TABLE.iter().map(section).collect();
    format!("{TOP}{}\n{rows}", overview())
}

fn overview() -> String {
    let line = |row: &Row| {
        format!(
            "| [`{0}`](#{1}) | {2} | {3} |\n",
            row.name,
            anchor(row.name),
            row.kind.word(),
            default(row)
        )
    };
    let lines: String = TABLE.iter().map(line).collect();
    format!("| Option | Type | Default |\n|---|---|---|\n{lines}")
}

fn anchor(name: &str) -> String {
    name.to_lowercase()
}

fn default(row: &Row) -> &str {
    if row.default.is_empty() { "none" } else { row.default }
}

fn section(row: &Row) -> String {
    let mut out = format!("## `{}`\n\n{}\n\n", row.name, row.help);
    out.push_str(&format!("- Type: {}{}\n", row.kind.word(), range(&row.kind)));
    out.push_str(&format!("- Default: {}\n", default(row)));
    out.push_str(&format!("- Read by: {}\n", doors(row.doors)));
    match row.danger {
        Some(danger) if danger.spelling == row.name => {
            out.push_str("- **Weakens security**; the report says when it is on.\n");
        }
        Some(danger) => {
            out.push_str(&format!(
                "- **Weakens security** as `{}`: {}\n",
                danger.spelling, danger.allows
            ));
        }
        None => {}
    }
    out.push('\n');
    out
}

fn range(kind: &Kind) -> String {
    match kind {
        Kind::Int { safe, .. } => format!(", {} to {}", safe.0, safe.1),
        Kind::Word { safe, .. } => {
            let words: Vec<String> = safe.iter().map(|word| format!("`{word}`")).collect();
            format!(", one of {}", words.join(", "))
        }
        Kind::Fixed { safe, instead } => {
            format!(", only `{safe}`; in place of `{}` write `{instead}`", !safe)
        }
        Kind::Bool | Kind::Text | Kind::TextList | Kind::Bytes | Kind::BytesList => String::new(),
    }
}

fn doors(doors: Doors) -> String {
    let all = [
        (doors.chain, "a chain"),
        (doors.session, "a session"),
        (doors.connect, "a session that connects"),
    ];
    let read: Vec<&str> = all.iter().filter(|(reads, _)| *reads).map(|(_, door)| *door).collect();
    read.join(", ")
}
