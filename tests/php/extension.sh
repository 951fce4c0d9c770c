#!/bin/sh
# Runs the PHP extension's tests against one lab.
#
#   extension.sh BUILD LAB COMMAND...      BUILD is the extension's build directory, LAB the program stv-lab
#
# COMMAND has STV_LAB_DIR, the directory of a running lab.
set -eu
build=$1 lab=$2
shift 2
STV_LAB_DIR=$build/lab
export STV_LAB_DIR
rm -rf "$STV_LAB_DIR"
mkdir -p "$STV_LAB_DIR"
# The lab ends with its standard input.
mkfifo "$STV_LAB_DIR/rope"
"$lab" serve --dir "$STV_LAB_DIR" <"$STV_LAB_DIR/rope" >"$STV_LAB_DIR/ready" &
server=$!
exec 3>"$STV_LAB_DIR/rope"
trap 'exec 3>&-; wait $server' EXIT
while ! grep -q ready "$STV_LAB_DIR/ready"; do
    kill -0 $server 2>/dev/null || { echo "the lab does not start" >&2; exit 1; }
    sleep 0.1
done
"$@" 3>&-
