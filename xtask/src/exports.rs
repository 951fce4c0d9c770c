//! The export list and the version map that the shipped library is linked with.

use crate::abi::Abi;

/// `include/starttls_verify.symbols`: one name per line, sorted.
pub fn symbols(abi: &Abi) -> String {
    abi.exports().iter().map(|name| format!("{name}\n")).collect()
}

/// `include/starttls_verify.map`: all exports under one version, everything else local.
pub fn version_map(abi: &Abi) -> String {
    let names: String = abi.exports().iter().map(|name| format!("    {name};\n")).collect();
    format!("STARTTLS_VERIFY_0 {{\n  global:\n{names}  local:\n    *;\n}};\n")
}
