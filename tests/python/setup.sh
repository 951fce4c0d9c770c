#!/bin/sh
# Makes a Python environment for the tests, with what requirements.txt names; needs the network once.
#
#   setup.sh PYTHON DIRECTORY
set -eu
if [ $# -ne 2 ]; then
    echo "usage: setup.sh PYTHON DIRECTORY" >&2
    exit 2
fi
python=$1 directory=$2
wanted=$(dirname "$0")/requirements.txt
cmp -s "$wanted" "$directory/requirements.txt" && exit 0

# Debian's pytest serves inside too.
"$python" -m venv --clear --system-site-packages "$directory"
"$directory/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
# Last: what was interrupted is made anew.
cp "$wanted" "$directory/requirements.txt"
