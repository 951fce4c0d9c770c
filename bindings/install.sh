#!/bin/sh
# Copies the bindings below a prefix: PHP to share/php, Python to share/starttls_verify/python (put
# that directory on PYTHONPATH, or install the package with pip).
set -eu
prefix=$1
here=$(dirname "$0")

copy() {
    mkdir -p "$2"
    (cd "$here/$1" && find . -type f ! -name '*.pyc' ! -path './extension/*' | tar -cf - -T -) | tar -xf - -C "$2"
}

copy php "$prefix/share/php/starttls_verify"
copy python/starttls_verify "$prefix/share/starttls_verify/python/starttls_verify"
