# For tests in shell, which read it in: `check NAME COMMAND...` counts in $passed and $failed, and shows what
# a command that failed has said. $work is a directory of the test's.
# shellcheck shell=sh disable=SC2154  # work is the test's
passed=0 failed=0

check() {
    name=$1
    shift
    if "$@" > "$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name"
        sed 's/^/  /' "$work/log"
    fi
}
