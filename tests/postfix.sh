#!/bin/sh
# A real Postfix on loopback against the C, PHP and Python programs and the command line: verified
# under its name, refused under another; the C programs also under valgrind.
#
#     postfix.sh C_DIR        C_DIR holds the compiled C examples; the bindings' variables are set
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
c=$1
work=$(mktemp -d)
# The postfix user must be able to enter.
chmod 755 "$work"
mkfifo "$work/hold"
"${PYTHON:-/usr/bin/python3}" "$here/tests/servers/postfix.py" --dir "$work/postfix" <"$work/hold" >"$work/facts" &
server=$!
exec 3>"$work/hold"
trap 'exec 3>&-; wait $server; rm -rf "$work"' EXIT

waited=0
until grep -q . "$work/facts" 2>/dev/null; do
    waited=$((waited + 1))
    [ $waited -le 100 ] || { echo "postfix did not start"; exit 1; }
    sleep 0.1
done
fact() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" "$work/facts"; }
port=$(fact port) ca=$(fact cafile) host=$(fact host)

passed=0 failed=0
# NAME WANTED_EXIT WANTED_TEXT HOST COMMAND...
try() {
    name=$1 exit=$2 text=$3 wanted=$4
    shift 4
    "$@" "$wanted" "127.0.0.1:$port" "$ca" 10000 >"$work/out" 2>"$work/err"
    got=$?
    if [ $got -eq "$exit" ] && head -n 1 "$work/out" | grep -q "$text"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name for $wanted: exit $got, wanted $exit"
        cat "$work/out" "$work/err"
    fi
}
both() {
    name=$1
    shift
    try "$name" 0 '^TRUSTED ' "$host" "$@"
    try "$name" 1 '^REJECTED .*\[name.mismatch\]' mail.eve.test "$@"
}

check_memory="valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite"
both "C, blocking" "$c/smtp_check"
both "C, poll" "$c/nonblocking"
both "C, own OpenSSL" "$c/openssl_client"
both "C, blocking, valgrind" $check_memory "$c/smtp_check"
both "C, poll, valgrind" $check_memory "$c/nonblocking"
both "C, own OpenSSL, valgrind" $check_memory "$c/openssl_client"
both "PHP, session" "${PHP:-php}" "$here/examples/php/smtp_check.php"
both "PHP, stream" "${PHP:-php}" "$here/examples/php/stream_check.php"
both "Python, session" "${PYTHON:-/usr/bin/python3}" "$here/examples/python/smtp_check.py"
both "Python, smtplib" "${PYTHON:-/usr/bin/python3}" "$here/examples/python/smtplib_check.py"
both "command line" "$here/examples/cli/smtp_check.sh"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
