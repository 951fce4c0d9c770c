//! `stv_config`: the builder.

use std::ffi::{c_char, c_int, c_void};
use std::path::Path;

use crate::error::Result;
use crate::options::{Mode, Value};
use crate::store::config_file;
use crate::verify::{Config, Precedence};

use super::handle::{self, Core, Handle};
use super::words::EMPTY;
use super::{args, stv_status};

/// Options, by name and type, until a verifier is made from them (docs/options.md lists them). Used
/// by one thread at a time. An unknown or misspelt option is an error that names the nearest known
/// one; a value that weakens security is accepted only under the option's insecure_ name.
pub struct stv_config(Core<Config>);

impl Handle for stv_config {
    type Inner = Config;

    fn new(core: Core<Config>) -> stv_config {
        stv_config(core)
    }

    fn core(&self) -> &Core<Config> {
        &self.0
    }

    fn core_mut(&mut self) -> &mut Core<Config> {
        &mut self.0
    }
}

/// Makes a config in which every option has its default. The caller owns *out and frees it with
/// stv_config_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_config_new(out: *mut *mut stv_config) -> stv_status {
    export! { call out out; => { handle::give(out, Config::new()); Ok(()) } }
}

/// Frees a config; NULL is fine. Verifiers made from it live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_config_free(config: *mut stv_config) {
    export! { free config }
}

/// Sets an option of type "str", or begins a "list of str" anew with this one entry. STV_OK,
/// STV_E_OPTION_UNKNOWN, STV_E_OPTION_TYPE, STV_E_OPTION_VALUE, STV_E_INSECURE or STV_E_ENCODING;
/// stv_config_error has the words. Files are opened by stv_verifier_new.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_config_set_str(
    config: *mut stv_config,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> stv_status {
    export! { change config;
        name = text(name, name_len);
        value = text(value, value_len);
        => config.put(Mode::Replace, name, Value::Text(value.to_owned()))
    }
}

/// Sets an option of type "int". Errors as for stv_config_set_str.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_config_set_int(
    config: *mut stv_config,
    name: *const c_char,
    name_len: usize,
    value: i64,
) -> stv_status {
    export! { change config;
        name = text(name, name_len);
        => config.put(Mode::Replace, name, Value::Int(value))
    }
}

/// Sets an option of type "bool" to 0 or 1; any other value is STV_E_ARGUMENT. Errors as for
/// stv_config_set_str.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_config_set_bool(
    config: *mut stv_config,
    name: *const c_char,
    name_len: usize,
    value: c_int,
) -> stv_status {
    export! { change config;
        name = text(name, name_len);
        => config.put(Mode::Replace, name, Value::Bool(args::switch("value", value)?))
    }
}

/// Sets an option of type "bytes", or begins one of type "list of bytes" anew with this one entry;
/// the bytes are copied. Errors as for stv_config_set_str.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_config_set_bytes(
    config: *mut stv_config,
    name: *const c_char,
    name_len: usize,
    value: *const c_void,
    value_len: usize,
) -> stv_status {
    export! { change config;
        name = text(name, name_len);
        value = bytes(value, value_len);
        => config.put(Mode::Replace, name, Value::Bytes(value.to_vec()))
    }
}

/// Appends to an option of type "list of str". Errors as for stv_config_set_str.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_config_add_str(
    config: *mut stv_config,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> stv_status {
    export! { change config;
        name = text(name, name_len);
        value = text(value, value_len);
        => config.put(Mode::Append, name, Value::Text(value.to_owned()))
    }
}

/// Appends to an option of type "list of bytes"; the bytes are copied. Errors as for
/// stv_config_set_str.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_config_add_bytes(
    config: *mut stv_config,
    name: *const c_char,
    name_len: usize,
    value: *const c_void,
    value_len: usize,
) -> stv_status {
    export! { change config;
        name = text(name, name_len);
        value = bytes(value, value_len);
        => config.put(Mode::Append, name, Value::Bytes(value.to_vec()))
    }
}

/// Sets an option of any type from text, for command lines and other places that have only text:
/// "true", "10", "/etc/ca.pem". Errors as for stv_config_set_str; text that is not of the option's
/// type is STV_E_OPTION_TYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_config_set_text(
    config: *mut stv_config,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> stv_status {
    export! { change config;
        name = text(name, name_len);
        value = text(value, value_len);
        => config.put_text(Mode::Replace, name, value)
    }
}

/// Appends to a list of any type from text. Errors as for stv_config_set_text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_config_add_text(
    config: *mut stv_config,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> stv_status {
    export! { change config;
        name = text(name, name_len);
        value = text(value, value_len);
        => config.put_text(Mode::Append, name, value)
    }
}

/// Reads a configuration file: defaults, and sections for single hosts. What is set on the handle
/// goes before the host's section, and that before the file's defaults. A second file takes the
/// place of the first. STV_E_FILE_MISSING, STV_E_FILE_UNREADABLE or STV_E_CONFIG, and the errors of
/// stv_config_set_str for the options in it; stv_config_error names file and place.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_config_load_file(
    config: *mut stv_config,
    path: *const c_char,
    path_len: usize,
) -> stv_status {
    export! { change config;
        path = text(path, path_len);
        => load(config, Path::new(path), Precedence::Handle)
    }
}

/// As stv_config_load_file, and what the file says goes before what is set on the handle: rules of an
/// administrator that a program's own settings cannot loosen. A list in the file takes the place of the
/// handle's list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_config_load_rules_file(
    config: *mut stv_config,
    path: *const c_char,
    path_len: usize,
) -> stv_status {
    export! { change config;
        path = text(path, path_len);
        => load(config, Path::new(path), Precedence::File)
    }
}

fn load(config: &mut Config, path: &Path, precedence: Precedence) -> Result<()> {
    config.set_file(config_file::read(path)?, precedence);
    Ok(())
}

/// Words for the last call that failed on this config, stv_verifier_new included; "" when none did.
/// They live until the next call that changes the config.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_config_error(config: *const stv_config) -> *const c_char {
    export! { value EMPTY; config = shared(config); => Ok(config.core().words()) }
}
