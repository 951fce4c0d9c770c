#!/bin/sh
# Installs what tests/discover needs, from Debian's packages. Nothing is started.
set -eu
exec "$(dirname "$0")/../setup.sh" dns-root-data ldnsutils libunbound8 nsd openssl python3-pytest unbound
