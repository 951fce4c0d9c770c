#!/bin/sh
# Installs manual pages: install.sh MANDIR SECTION...
#
# A page of section 3 is found under the name of each function that it is about as well.
set -eu
to=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
for section in "$@"; do
    install -d "$to/man$section"
    install -m 644 "$here"/*."$section" "$to/man$section/"
done
for page in "$to"/man3/st*_*.3; do
    [ -f "$page" ] && [ ! -L "$page" ] || continue
    for name in $(sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \(stv_[a-z0-9_]*\).*/\1/p' "$page"); do
        [ -e "$to/man3/$name.3" ] || ln -s "$(basename "$page")" "$to/man3/$name.3"
    done
done
