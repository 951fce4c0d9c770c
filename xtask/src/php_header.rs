//! `include/starttls_verify.php.h`: the header as PHP's FFI reads it.
//!
//! PHP refuses `extern "C"`, and cannot see `#define`. So the lines of the preprocessor and what they
//! enclose for C++ go. PHP also resolves every declared symbol as it loads: hence the first comment.

use crate::Result;

const TOP: &str = "\
/*
 * The declarations of starttls_verify.h for PHP's FFI and for cffi: no preprocessor, no C++.
 *
 * Generated from src/ffi by `make abi`. Do not edit.
 *
 * FFI resolves every declared function as it loads, so an older library fails with a missing symbol.
 * Load in two steps: first with \"uint32_t stv_abi_level(void);\" alone, compare with the level that
 * is needed, then with this file. size_t, int64_t and uint32_t are known to FFI.
 */
";

/// The text, made from that of the C header.
pub fn write(header: &str) -> Result<String> {
    let (_, rest) = header
        .split_once("extern \"C\" {\n#endif\n")
        .ok_or_else(|| "the header has no extern \"C\"".to_owned())?;
    let (body, _) = rest
        .split_once("#ifdef __cplusplus")
        .ok_or_else(|| "the header does not close its extern \"C\"".to_owned())?;
    if let Some(line) = body.lines().find(|line| line.trim_start().starts_with('#')) {
        return Err(format!("PHP's FFI does not read '{line}'"));
    }
    Ok(format!("{TOP}{}\n", body.trim_end()))
}
