//! The export list, the version map that the shipped library is linked with, and Debian's list of symbols.

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

/// `libstarttls-verify0.symbols`: the version of the package that a program needs for each symbol. What
/// stands in the list keeps its version; what is new gets that of now.
pub fn debian_symbols(abi: &Abi, current: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let since = |name: &str| {
        let known =
            current.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(' '));
        known.unwrap_or(version).to_owned()
    };
    let line = |name: &str| {
        let symbol = format!("{name}@STARTTLS_VERIFY_0");
        format!(" {symbol} {}\n", since(&symbol))
    };
    let names = ["STARTTLS_VERIFY_0"].into_iter().chain(abi.exports());
    let lines: String = names.map(line).collect();
    format!("libstarttls_verify.so.0 libstarttls-verify0 #MINVER#\n{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_keeps_the_version_it_came_with() {
        let abi = Abi { enums: Vec::new(), sections: Vec::new() };
        let fresh = debian_symbols(&abi, "");
        let version = env!("CARGO_PKG_VERSION");
        assert!(fresh.ends_with(&format!("\n STARTTLS_VERIFY_0@STARTTLS_VERIFY_0 {version}\n")));
        let old = fresh.replace(version, "0.0.1");
        assert_eq!(debian_symbols(&abi, &old), old);
    }
}
