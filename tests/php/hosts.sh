#!/bin/sh
# Runs a command in a file system view in which the lab's names lead to loopback, since programs
# connect to the name that they are given.
#
#   hosts.sh COMMAND...
set -eu
if [ "$(id -u)" -ne 0 ]; then
    echo "hosts.sh: needs root, for /etc/hosts of its own" >&2
    exit 1
fi
hosts=$(mktemp)
trap 'rm -f "$hosts"' EXIT
for name in localhost mail.bob.test a.mail.bob.test xn--bcher-kva.bob.test mail.xn--bcher-kva.test; do
    echo "127.0.0.1 $name" >> "$hosts"
done
HOSTS=$hosts unshare --mount sh -c 'mount --bind "$HOSTS" /etc/hosts && exec "$@"' sh "$@"
