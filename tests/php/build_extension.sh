#!/bin/sh
# Builds the PHP extension with phpize, out of the source tree.
#
#   build_extension.sh BUILT VERSION DIRECTORY
#
# BUILT holds what `make lib` made; it is installed to DIRECTORY/prefix, found there through pkg-config, and
# the extension is DIRECTORY/build/modules/starttls_verify.so.
set -eu
if [ $# -ne 3 ]; then
    echo "usage: build_extension.sh BUILT VERSION DIRECTORY" >&2
    exit 2
fi
built=$1 version=$2 directory=$3
source=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$directory/build"
directory=$(cd "$directory" && pwd)

"$source/cmake/install.sh" "$built" "$version" "$directory/prefix" >/dev/null

# Only what has changed is copied, so that make builds only that.
cd "$source/bindings/php/extension"
for file in config.m4 *.c *.h; do
    cmp -s "$file" "$directory/build/$file" || cp "$file" "$directory/build/$file"
done
rm -rf "$directory/build/tests"
cp -R tests "$directory/build/tests"

cd "$directory/build"
if [ ! -e Makefile ] || [ config.m4 -nt Makefile ]; then
    phpize >phpize.log 2>&1 || { cat phpize.log >&2; exit 1; }
    PKG_CONFIG_PATH="$directory/prefix/lib/pkgconfig" ./configure --quiet \
        CFLAGS="${CFLAGS:--g -O2} -Werror" >configure.log 2>&1 || { tail -n 20 configure.log >&2; exit 1; }
fi
make >make.log 2>&1 || { grep -E "error|warning" make.log >&2 || cat make.log >&2; exit 1; }
test -e modules/starttls_verify.so
