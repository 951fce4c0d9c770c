#!/bin/sh
# Checks one SMTP server with the command line, in the convention of the lab's demo:
#
#   smtp_check.sh HOST CONNECT CAFILE DEADLINE_MS
#
# HOST is who is meant, CONNECT (IP:PORT) is where to connect, CAFILE is who is trusted. The program
# is $STARTTLS_VERIFY, or starttls-verify in the PATH. The exit code is that of the program.
set -eu

if [ $# -ne 4 ]; then
    echo "usage: $0 HOST CONNECT CAFILE DEADLINE_MS" >&2
    exit 2
fi
case $1 in
    # An IPv6 address in a URL stands in brackets.
    *:*) host="[$1]" ;;
    *) host=$1 ;;
esac
case $4 in
    '' | *[!0-9]*)
        echo "$0: DEADLINE_MS is a number of milliseconds, not '$4'" >&2
        exit 2
        ;;
esac
# The program takes seconds with decimals.
seconds=$(printf '%d.%03d' "$(($4 / 1000))" "$(($4 % 1000))")

exec "${STARTTLS_VERIFY:-starttls-verify}" check --cafile "$3" --connect "$2" \
    --timeout "$seconds" "smtp://$host"
