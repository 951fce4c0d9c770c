//! `docs/options.md` and starttls_verify_options(7), from the table of options.

use starttls_verify::options::{Doors, Kind, PAGES, Page, Row, TABLE};

use crate::mdoc;

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
    let rows: String = TABLE.iter().zip(PAGES).map(section).collect();
    format!("{TOP}{}\n{rows}", overview())
}

/// The same as a manual page.
pub fn manual() -> String {
    let name = "starttls_verify_options";
    let about = "options of libstarttls_verify, the same in every language";
    let mut out = mdoc::head(name, 7, &[name], about);
    out.push_str(".Sh DESCRIPTION\n");
    TOP.trim_end().lines().skip(4).map(mdoc::line).for_each(|line| out.push_str(&line));
    out.push_str(".Bl -tag -width Ds\n");
    TABLE.iter().zip(PAGES).for_each(|(row, page)| out.push_str(&entry(row, page)));
    out.push_str(".El\n.Sh SEE ALSO\n.Xr starttls-verify 1 ,\n.Xr starttls_verify 3 ,\n");
    out.push_str(".Xr stv_config 3\n");
    out
}

fn entry(row: &Row, page: &Page) -> String {
    let help = mdoc::line(page.help);
    let kind = format!("{}{}", row.kind.word(), range(&row.kind));
    let facts =
        format!("Type: {kind}. Default: {}. Read by: {}.", default(page), doors(page.doors));
    format!(".It Sy {}\n{help}{}{}", row.name, mdoc::line(&facts), mdoc::line(&danger(row, page)))
        .replace(".Pp\n", "")
}

fn danger(row: &Row, page: &Page) -> String {
    match row.danger {
        Some(danger) if danger.spelling == row.name => {
            "It weakens security; the report says when it is on.".to_owned()
        }
        Some(danger) => format!("It weakens security as {}: {}", danger.spelling, page.allows),
        None => String::new(),
    }
}

fn overview() -> String {
    let line = |(row, page): (&Row, &Page)| {
        format!(
            "| [`{0}`](#{1}) | {2} | {3} |\n",
            row.name,
            anchor(row.name),
            row.kind.word(),
            default(page)
        )
    };
    let lines: String = TABLE.iter().zip(PAGES).map(line).collect();
    format!("| Option | Type | Default |\n|---|---|---|\n{lines}")
}

fn anchor(name: &str) -> String {
    name.to_lowercase()
}

fn default(page: &Page) -> &'static str {
    if page.default.is_empty() { "none" } else { page.default }
}

fn section((row, page): (&Row, &Page)) -> String {
    let mut out = format!("## `{}`\n\n{}\n\n", row.name, page.help);
    out.push_str(&format!("- Type: {}{}\n", row.kind.word(), range(&row.kind)));
    out.push_str(&format!("- Default: {}\n", default(page)));
    out.push_str(&format!("- Read by: {}\n", doors(page.doors)));
    match row.danger {
        Some(danger) if danger.spelling == row.name => {
            out.push_str("- **Weakens security**; the report says when it is on.\n");
        }
        Some(danger) => {
            out.push_str(&format!(
                "- **Weakens security** as `{}`: {}\n",
                danger.spelling, page.allows
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
