//! How far the memory of this process grows, at its peak.
//!
//! `/proc/self/clear_refs` takes a 5 and sets the high-water mark of the resident set back to what is
//! resident now (proc(5)); `VmHWM` is that mark.

use std::fs;

/// A measurement that goes on.
pub struct Peak {
    kib: i64,
}

impl Peak {
    pub fn begin() -> Peak {
        let mark = match fs::write("/proc/self/clear_refs", "5") {
            Ok(()) => "VmRSS:",
            // A kernel without it: what was resident before and is no more goes unseen.
            Err(_) => "VmHWM:",
        };
        Peak { kib: status(mark) }
    }

    /// The growth since the beginning, KiB.
    pub fn growth(&self) -> i64 {
        status("VmHWM:") - self.kib
    }
}

fn status(field: &str) -> i64 {
    let status = fs::read_to_string("/proc/self/status").expect("proc(5)");
    let value = status.lines().find_map(|line| line.strip_prefix(field)).expect("the field");
    value.trim().trim_end_matches(" kB").parse().expect("a number of KiB")
}
