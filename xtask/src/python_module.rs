//! `bindings/python/starttls_verify/_abi.py`: every prototype and constant for ctypes.

use starttls_verify::ffi::version::ABI_LEVEL;

use crate::Result;
use crate::abi::Abi;
use crate::declaration::Function;
use crate::enumeration::Enumeration;

const TOP: &str = r#""""Prototypes and constants of libstarttls_verify for ctypes.

Generated from src/ffi by `make abi`. Do not edit.

Handles are `c_void_p`. Text goes in as `bytes` with its length, so that an embedded NUL arrives.
"""

from __future__ import annotations

import ctypes
import enum
from typing import Any, Dict, Tuple

"#;

const DECLARE: &str = r#"

def declare(library: ctypes.CDLL) -> None:
    """Sets the result and argument types of every function.

    A function that the library lacks raises AttributeError, so compare `stv_abi_level()` with
    `ABI_LEVEL` first.
    """
    for name, (result, arguments) in PROTOTYPES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = list(arguments)
"#;

/// The text of the module.
pub fn write(abi: &Abi) -> Result<String> {
    let mut out = String::from(TOP);
    out.push_str(&format!("ABI_LEVEL = {ABI_LEVEL}\n"));
    abi.enums.iter().for_each(|one| out.push_str(&class(one)));
    out.push_str("\n\n# Name: result, arguments.\n");
    out.push_str("PROTOTYPES: Dict[str, Tuple[Any, Tuple[Any, ...]]] = {\n");
    for (_, function) in abi.functions() {
        out.push_str(&prototype(function)?);
    }
    out.push_str("}\n");
    out.push_str(DECLARE);
    Ok(out)
}

fn class(one: &Enumeration) -> String {
    let doc = one.doc.replace('"', "'");
    let mut out = format!("\n\nclass {}(enum.IntEnum):\n    \"\"\"{doc}\"\"\"\n\n", one.class);
    for constant in &one.constants {
        let name = constant.name.strip_prefix(one.prefix).unwrap_or(&constant.name);
        out.push_str(&format!("    {name} = {}\n", constant.number));
    }
    out
}

fn prototype(function: &Function) -> Result<String> {
    let kinds = function.parameters.iter().map(|(kind, _)| of(kind));
    let kinds = kinds.collect::<Result<Vec<_>>>()?;
    let result = of(&function.result)?;
    if kinds.is_empty() {
        return Ok(format!("    \"{}\": ({result}, ()),\n", function.name));
    }
    let kinds: String = kinds.iter().map(|kind| format!("            {kind},\n")).collect();
    Ok(format!(
        "    \"{}\": (\n        {result},\n        (\n{kinds}        ),\n    ),\n",
        function.name
    ))
}

/// The ctypes type for a C type of the list in `rules`.
fn of(kind: &str) -> Result<String> {
    let plain = match kind {
        "void" => "None",
        "int" | "stv_status" => "ctypes.c_int",
        "uint32_t" => "ctypes.c_uint32",
        "int64_t" => "ctypes.c_int64",
        "size_t" => "ctypes.c_size_t",
        "const char *" => "ctypes.c_char_p",
        "const void *" | "void *" => "ctypes.c_void_p",
        "int *" => "ctypes.POINTER(ctypes.c_int)",
        "size_t *" => "ctypes.POINTER(ctypes.c_size_t)",
        _ if kind.ends_with(" **") => "ctypes.POINTER(ctypes.c_void_p)",
        _ if kind.ends_with(" *") => "ctypes.c_void_p",
        _ => return Err(format!("ctypes has no type for {kind}")),
    };
    Ok(plain.to_owned())
}
