#!/bin/sh
# Takes the printing of backtraces out of the library's code: without-backtrace.sh STATIC OBJECT
#
# Rust's standard library can print a backtrace under every panic, and brings a reader of DWARF, a
# decompressor and a demangler for it: a ninth of the file. Ours would print nothing with it, since the
# installed library has no names of its own functions. Only a standard library of one's own is without
# it, so the one function through which all of it is reached becomes `return Ok(())` here, and
# `--gc-sections` drops the rest. It is called through a pointer, by the hook that prints a panic's
# message, and its type is that of every `Display::fmt`. The message is printed as before.
#
# OBJECT is then what STATIC's code is, and stands before it when it is linked. Fails, and writes
# nothing, where STATIC does not look as expected: another compiler, another way to build. The code is
# then linked as it is.
set -eu
if [ $# -ne 2 ]; then
    echo "usage: without-backtrace.sh STATIC OBJECT" >&2
    exit 2
fi
static=$1 object=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Optimised as one (lto = "fat"), all code but the compiler's own run-time library is one member.
member=$(ar t "$static" | grep '\.rcgu\.o$' | grep -v '^compiler_builtins-')
[ "$(echo "$member" | wc -l)" -eq 1 ]
ar p "$static" "$member" > "$work/code.o"

# Name and size (hexadecimal) of the one section that holds the function.
printer='\.text\.[^ ]*backtrace[^ ]*DisplayBacktrace[^ ]*Display3fmt[^ ]*'
row="^ *\[ *[0-9]*\] \($printer\) *PROGBITS *[0-9a-f]* [0-9a-f]* \([0-9a-f]*\) .*"
found=$(readelf -SW "$work/code.o" | sed -n "s/$row/\1 \2/p")
[ "$(echo "$found" | wc -w)" -eq 2 ]
section=${found% *} size=$((0x${found#* }))

# As long as the old one, for the unwinding tables say where it ends.
echo 'int ok(void) { return 0; }' | ${CC:-cc} -Os -c -x c - -o "$work/ok.o"
objcopy -O binary -j .text "$work/ok.o" "$work/ok"
[ "$(wc -c < "$work/ok")" -le "$size" ]
truncate -s "$size" "$work/ok"
objcopy --update-section "$section=$work/ok" --remove-relocations="$section" \
    "$work/code.o" "$work/new.o"
mv -f "$work/new.o" "$object"
