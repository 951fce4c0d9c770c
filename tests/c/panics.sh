#!/bin/sh
# A panic behind the boundary of a library that was linked as ours is: it is caught, in every thread and
# under valgrind; its message is printed; no backtrace is, whatever the environment says.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAILED: panics: $1" >&2
    sed 's/^/  /' "$work/said" >&2
    exit 1
}

# As Cargo.toml's release profile.
rustc --edition 2024 --crate-type staticlib -C lto=fat -C codegen-units=1 -C opt-level=s \
    -C panic=unwind "$here/panics.rs" -o "$work/libpanics.a"
echo 'STARTTLS_VERIFY_0 { global: caught; local: *; };' > "$work/map"
"$here/../../cmake/relink.sh" "$work/libpanics.a" "$work/map" "$work/linked" 0.0.0 2> "$work/said" ||
    fail "it was not linked"
[ ! -s "$work/said" ] || fail "what prints backtraces was not found"
${CC:-cc} -std=c99 -Wall -Wextra -pedantic -Werror -g "$here/panics.c" -o "$work/panics" \
    -L"$work/linked" -lstarttls_verify -Wl,-rpath,"$work/linked" -pthread

for way in "" "valgrind --quiet --error-exitcode=9"; do
    for asked in 0 1 full; do
        # shellcheck disable=SC2086  # a command is words
        RUST_BACKTRACE=$asked $way "$work/panics" 2> "$work/said" || fail "$way: status $?"
        for words in "with words" "with 7" "index is 7"; do
            [ "$(grep -c "$words" "$work/said")" -eq 9 ] || fail "$way: not nine times: $words"
        done
        ! grep -q "stack backtrace" "$work/said" || fail "$way: there is a backtrace"
    done
done
echo "panics.sh: caught and printed"
