//! A library that panics, for panics.sh: the real one has no export that does.

use std::panic::catch_unwind;

/// How many of three panics were caught: with words, with formatted words, from a fault.
#[unsafe(no_mangle)]
pub extern "C" fn caught(number: usize) -> i32 {
    let panics: [fn(usize); 3] = [
        |_| panic!("with words"),
        |number| panic!("with {number}"),
        |number| println!("{}", [1, 2][number]),
    ];
    panics.iter().filter(|panic| catch_unwind(|| panic(number)).is_err()).count() as i32
}
