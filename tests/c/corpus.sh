#!/bin/sh
# Runs the corpus program over an archive of certificates: corpus.sh PROGRAM ARCHIVE ROOM
#
# PROGRAM was built with AddressSanitizer. Without the archive it says so and is content.
set -eu
program=$1 archive=$2 room=$3
ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
export ASAN_OPTIONS

if "$program" --leak >/dev/null 2>&1; then
    echo "corpus: a chain was lost and nobody noticed: leak detection does not work here" >&2
    exit 1
fi
if [ ! -r "$archive" ]; then
    echo "skipped: no conformance data ($(basename "$archive"))"
    exit 0
fi
rm -rf "$room"
mkdir -p "$room"
tar -xJf "$archive" -C "$room"
find "$room" -type f | LC_ALL=C sort | xargs -n 2000 "$program"
