#!/bin/sh
# Runs C tests one after the other: run.sh WRAPPER PROGRAMS CERTIFICATES NAME...
#
# WRAPPER is put in front of each program ("" or "valgrind ..."). Each gets the directory with the
# certificates as its argument. Ends with the sum.
set -u
wrapper=$1 programs=$2 certificates=$3
shift 3
"$(dirname "$0")/certificates.sh" "$certificates" || exit 1
passed=0 failed=0
for name in "$@"; do
    printf '%s: ' "$name"
    # shellcheck disable=SC2086  # the wrapper is words
    if $wrapper "$programs/$name" "$certificates"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$name: FAILED"
    fi
done
echo "C programs: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
