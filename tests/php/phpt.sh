#!/bin/sh
# Runs the extension's .phpt tests; a test that was skipped is one that failed.
#
#   phpt.sh BUILD      what extension.sh runs
set -eu
cd "$1"
rm -f tests/*.diff
NO_INTERACTION=1 REPORT_EXIT_STATUS=1 make test TESTS="${TESTS:-tests}" >test.log 2>&1 || {
    cat tests/*.diff test.log >&2
    exit 1
}
grep -q '^Tests skipped *: *0 ' test.log || { grep '^SKIP' test.log >&2; exit 1; }
grep '^Tests passed' test.log
