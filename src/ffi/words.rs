//! Strings as C wants them: UTF-8, ended by a NUL, never NULL.
//!
//! Neither kind takes a lock, so that a process may fork at any moment: a [`Pool`] is made by the
//! compiler, a [`LazyWords`] by whoever is first.

use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The empty text, for what has none.
pub(super) const EMPTY: *const c_char = c"".as_ptr();

/// The text for C. A NUL in it, which no text of ours has, is shown as `\0`.
pub(super) fn c_string(text: &str) -> CString {
    let escaped = || CString::new(text.replace('\0', "\\0")).unwrap_or_default();
    CString::new(text).unwrap_or_else(|_| escaped())
}

/// One column of a table of constants, as C strings in read-only memory.
pub(super) struct Pool<const OCTETS: usize, const ROWS: usize> {
    octets: [u8; OCTETS],
    starts: [u16; ROWS],
}

impl<const OCTETS: usize, const ROWS: usize> Pool<OCTETS, ROWS> {
    /// The texts one behind the other, a NUL behind each.
    pub(super) const fn of(texts: [&str; ROWS]) -> Pool<OCTETS, ROWS> {
        let mut pool = Pool { octets: [0; OCTETS], starts: [0; ROWS] };
        let (mut row, mut end) = (0, 0);
        while row < ROWS {
            assert!(end <= u16::MAX as usize, "a column of a table is longer than 64 KiB");
            pool.starts[row] = end as u16;
            let text = texts[row].as_bytes();
            let mut at = 0;
            while at < text.len() {
                assert!(text[at] != 0, "a text of a table holds a NUL");
                pool.octets[end + at] = text[at];
                at += 1;
            }
            end += text.len() + 1;
            row += 1;
        }
        pool
    }

    /// The text of a row.
    pub(super) fn row(&'static self, row: usize) -> Option<*const c_char> {
        let start = usize::from(*self.starts.get(row)?);
        Some(self.octets[start..].as_ptr().cast())
    }
}

/// Octets that the texts take with a NUL behind each.
pub(super) const fn octets<const ROWS: usize>(texts: [&str; ROWS]) -> usize {
    let (mut row, mut sum) = (0, 0);
    while row < ROWS {
        sum += texts[row].len() + 1;
        row += 1;
    }
    sum
}

/// A static [`Pool`] with one column of a table: `pool!(NAMES: TABLE, |row| row.name)`.
macro_rules! pool {
    ($name:ident: $table:expr, |$row:ident| $text:expr) => {
        static $name: $crate::ffi::words::Pool<
            {
                let mut texts = [""; $table.len()];
                let mut at = 0;
                while at < texts.len() {
                    let $row = &$table[at];
                    texts[at] = $text;
                    at += 1;
                }
                $crate::ffi::words::octets(texts)
            },
            { $table.len() },
        > = {
            let mut texts = [""; $table.len()];
            let mut at = 0;
            while at < texts.len() {
                let $row = &$table[at];
                texts[at] = $text;
                at += 1;
            }
            $crate::ffi::words::Pool::of(texts)
        };
    };
}
pub(super) use pool;

/// Text of a shared handle, made when it is first asked for. Two threads may make it at once; one
/// of them wins, and nobody waits.
#[derive(Default)]
pub(super) struct LazyWords {
    made: AtomicPtr<c_char>,
}

impl LazyWords {
    /// The text; it lives as long as `self`.
    pub(super) fn or_make(&self, make: impl FnOnce() -> String) -> *const c_char {
        let made = self.made.load(Ordering::Acquire);
        if !made.is_null() {
            return made;
        }
        let mine = c_string(&make()).into_raw();
        match self.made.compare_exchange(ptr::null_mut(), mine, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => mine,
            Err(theirs) => {
                // SAFETY: `into_raw` made it above, and nobody else has seen it.
                drop(unsafe { CString::from_raw(mine) });
                theirs
            }
        }
    }
}

impl Drop for LazyWords {
    fn drop(&mut self) {
        let made = *self.made.get_mut();
        if !made.is_null() {
            // SAFETY: only `or_make` stores here, what `into_raw` gave.
            drop(unsafe { CString::from_raw(made) });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    fn read(words: *const c_char) -> String {
        unsafe { CStr::from_ptr(words) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_pool_holds_each_text_with_its_nul() {
        const TEXTS: [&str; 3] = ["ab", "", "\u{fc}"];
        pool!(POOL: TEXTS, |text| text);
        let rows: Vec<String> = (0..3).map(|row| read(POOL.row(row).unwrap())).collect();
        assert_eq!(rows, TEXTS);
        assert!(POOL.row(3).is_none());
    }

    #[test]
    fn a_nul_is_escaped_rather_than_cut_at() {
        assert_eq!(read(c_string("a\0b").as_ptr()), "a\\0b");
    }

    #[test]
    fn lazy_words_are_made_once_and_stay() {
        let words = LazyWords::default();
        let first = words.or_make(|| "once".into());
        assert_eq!(words.or_make(|| unreachable!()), first);
        assert_eq!(read(first), "once");
    }

    #[test]
    fn threads_that_race_get_the_same_words() {
        let words = LazyWords::default();
        let seen: Vec<usize> = std::thread::scope(|scope| {
            let ask = || words.or_make(|| "same".into()).addr();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
