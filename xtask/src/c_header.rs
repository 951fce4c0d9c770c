//! `include/starttls_verify.h`.

use starttls_verify::ffi::version::ABI_LEVEL;

use crate::abi::{Abi, Section};
use crate::declaration::{Declaration, Function, What};
use crate::enumeration::Enumeration;

const WIDTH: usize = 100;

const TOP: &str = "\
/*
 * libstarttls_verify: is the peer behind this upgraded connection the one who was meant?
 *
 * Generated from src/ffi by `make abi`. Do not edit.
 *
 * What holds for every function:
 *
 * - A status of STV_OK from a call that verifies means: the peer is trusted. Nothing else does.
 * - Inputs are copied. Only _new, _dup and ** parameters give ownership, to be ended with _free.
 * - A const char * result belongs to the handle it was asked from (or to the library), is UTF-8,
 *   ends with a NUL, and is never NULL.
 * - Text and bytes come with their length in octets, without a NUL. NULL is fine where it is 0.
 * - Out-parameters are cleared first and written on success. A report is written for every status
 *   of 200 to 499 as well.
 * - stv_verifier and stv_report may be shared by threads; other handles by one thread at a time.
 * - A first parameter that is const is not changed.
 *
 * docs/abi.md has the whole contract.
 */
";

/// The text of the header.
pub fn write(abi: &Abi) -> String {
    let mut out = String::from(TOP);
    out.push_str("#ifndef STARTTLS_VERIFY_H\n#define STARTTLS_VERIFY_H\n\n");
    out.push_str("#include <stddef.h>\n#include <stdint.h>\n\n");
    out.push_str("/* The level of this header; stv_abi_level() tells that of the library. */\n");
    out.push_str(&format!("#define STV_ABI_LEVEL {ABI_LEVEL}\n\n"));
    out.push_str("#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    abi.types().for_each(|one| out.push_str(&documented(one)));
    abi.enums.iter().for_each(|one| out.push_str(&enumeration(one)));
    abi.sections.iter().for_each(|one| out.push_str(&section(one)));
    out.push_str("#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
    out
}

fn section(section: &Section) -> String {
    let functions: String = section.functions.iter().map(documented).collect();
    format!("/* ---- {} ---- */\n\n{functions}", section.title)
}

fn documented(one: &Declaration) -> String {
    let body = match &one.what {
        What::Handle(name) => format!("typedef struct {name} {name};"),
        What::Alias(kind, name) => format!("typedef {kind} {name};"),
        What::Function(function) => prototype(function),
    };
    format!("{}{body}\n\n", comment(&one.doc))
}

fn comment(lines: &[String]) -> String {
    let bare = |line: &String| format!(" * {line}").trim_end().to_owned() + "\n";
    let inside: String = lines.iter().map(bare).collect();
    format!("/**\n{inside} */\n").replace('`', "")
}

fn prototype(function: &Function) -> String {
    let head = format!("{}(", glued(&function.result, &function.name));
    if function.parameters.is_empty() {
        return format!("{head}void);");
    }
    let parameters: Vec<String> =
        function.parameters.iter().map(|(kind, name)| glued(kind, name)).collect();
    let one_line = format!("{head}{});", parameters.join(", "));
    if one_line.len() <= WIDTH {
        return one_line;
    }
    format!("{head}\n    {});", parameters.join(",\n    "))
}

fn glued(kind: &str, name: &str) -> String {
    let gap = if kind.ends_with('*') { "" } else { " " };
    format!("{kind}{gap}{name}")
}

fn enumeration(one: &Enumeration) -> String {
    let last = one.constants.len().saturating_sub(1);
    let mut out = format!("/**\n * {}\n */\nenum {} {{\n", one.doc, one.tag);
    for (index, constant) in one.constants.iter().enumerate() {
        let comma = if index == last { "" } else { "," };
        if !constant.doc.is_empty() {
            out.push_str(&format!("    /* {} */\n", constant.doc));
        }
        out.push_str(&format!("    {} = {}{comma}\n", constant.name, constant.number));
    }
    out.push_str("};\n\n");
    out
}
