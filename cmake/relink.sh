#!/bin/sh
# Links the shared library from the static one, with symbol versions.
#
#   relink.sh STATIC MAP DIRECTORY VERSION
#
# rustc's own link step cannot give symbol versions: it passes a version script of its own, and a
# second one is ignored (lld) or refused (ld). So the static library is linked once more:
#   --whole-archive     exports are reachable from outside only
#   without-backtrace   the code without what prints backtraces, where that can be taken out; then
#                       the archive only adds the compiler's own run-time library
#   --version-script    exactly the exports, each @@STARTTLS_VERIFY_0; all else is local
#   --gc-sections       drops what no export needs
#   -z nodelete         PHP unloads the library when its FFI object dies; OpenSSL still knows
#                       callbacks in it
#   -z defs             an undefined symbol is an error now, not when the library is loaded
#   -s                  the names that others link against stay; those of our own functions go
#   -z noseparate-code, -z pack-relative-relocs
#                       a smaller file, and less for the loader to do. The second is newer than some
#                       linkers (binutils 2.38) and C libraries (glibc 2.36), so it is tried first.
set -eu
if [ $# -ne 4 ]; then
    echo "usage: relink.sh STATIC MAP DIRECTORY VERSION" >&2
    exit 2
fi
static=$1 map=$2 directory=$3 version=$4
here=$(cd "$(dirname "$0")" && pwd)
soname=libstarttls_verify.so.0
mkdir -p "$directory"

# Whether a library can be linked with these flags.
links_with() {
    echo 'int probe(void) { return 0; }' |
        ${CC:-cc} -shared -x c - -o "$directory/.probe.so" -Wl,--fatal-warnings "$@" -lc 2>/dev/null
    linked=$?
    rm -f "$directory/.probe.so"
    return $linked
}
packed=""
links_with -Wl,-z,pack-relative-relocs && packed=-Wl,-z,pack-relative-relocs
if "$here/without-backtrace.sh" "$static" "$directory/.code.o"; then
    set -- "$directory/.code.o" "$static"
else
    echo "relink.sh: the library keeps what prints backtraces" >&2
    set -- -Wl,--whole-archive "$static" -Wl,--no-whole-archive
fi
# Beside it first: who has the old one open keeps it.
# shellcheck disable=SC2086  # flags are words
${CC:-cc} -shared -o "$directory/.new.so" ${CFLAGS:-} ${LDFLAGS:-} \
    "$@" \
    -Wl,--version-script="$map" -Wl,--gc-sections -Wl,--as-needed \
    -Wl,-z,nodelete -Wl,-z,defs -Wl,-z,relro -Wl,-z,now \
    -Wl,-s -Wl,-O1 -Wl,-z,noseparate-code $packed -Wl,-soname,$soname \
    $(pkg-config --libs openssl) -lgcc_s -lc
rm -f "$directory/.code.o"
mv -f "$directory/.new.so" "$directory/libstarttls_verify.so.$version"
ln -sf "libstarttls_verify.so.$version" "$directory/$soname"
ln -sf "$soname" "$directory/libstarttls_verify.so"
