//! `docs/errors.md`, from the tables of codes and statuses.

use starttls_verify::report::{CAUSES, Row, TABLE};
use starttls_verify::status::{self, Status};

const TOP: &str = "\
# Codes and statuses

Generated from `src/report/code.rs` and `src/status.rs` by `make abi`. Do not edit.

A *code* is the stable word of a finding in a report: what was checked and how it came out. A
*status* is the number that a call returns: did it do its job, and whose fault is it when not. Codes
and numbers are never renamed or re-used; the sentences may be improved.

";

/// The text of the page.
pub fn write() -> String {
    format!("{TOP}## Codes\n\n{}## Statuses\n\n{}", codes(), statuses())
}

fn codes() -> String {
    TABLE.iter().zip(CAUSES).map(|(row, cause)| code(row, cause)).collect()
}

fn code(row: &Row, cause: &str) -> String {
    let mut out = format!("### `{}`\n\n{}\n\n", row.name, row.meaning);
    if row.status == Status::Ok {
        return out;
    }
    out.push_str(&format!("- Likely cause: {cause}\n"));
    if !row.hint.is_empty() {
        out.push_str(&format!("- What to do: {}\n", row.hint));
    }
    out.push_str(&format!("- Status, where it fails: `{}`\n\n", row.status.name()));
    out
}

fn statuses() -> String {
    let line = |status: &Status| {
        format!("| {} | `{}` | {} |\n", status.number(), status.name(), status.text())
    };
    let lines: String = status::ALL.iter().map(line).collect();
    format!(
        "0 trusted or done; 1-99 flow; 100-199 the caller's fault; 200-299 the peer's plaintext \
         protocol;\n300-399 TLS and IO; 400-499 verification. A report belongs to every status of 200 \
         and above.\n\n| Number | Name | Meaning |\n|---|---|---|\n{lines}"
    )
}
