#!/bin/sh
# Installs library, headers for C and C++, pkg-config and CMake files, manual pages.
#
#   install.sh BUILT VERSION PREFIX [LIBDIR]      BUILT holds what `make lib` made
#
# DESTDIR is put in front, for packagers. LIBDIR is below PREFIX: lib, lib64, lib/x86_64-linux-gnu.
# What is installed may be moved: nothing in it names PREFIX.
set -eu
if [ $# -lt 3 ]; then
    echo "usage: install.sh BUILT VERSION PREFIX [LIBDIR]" >&2
    exit 2
fi
built=$1 version=$2 prefix=$3 libdir=${4:-lib}
case $prefix in /*) ;; *) prefix=$(pwd)/$prefix ;; esac
source=$(cd "$(dirname "$0")/.." && pwd)
to=${DESTDIR:-}$prefix

# From a directory below LIBDIR, how many steps up to PREFIX.
up() {
    echo "$libdir/$1" | tr -s / | sed -e 's|[^/][^/]*|..|g' -e 's|/$||'
}

# What the static library needs besides OpenSSL.
static_needs="gcc_s pthread dl m c"
needs_for_cmake=$(echo "$static_needs" | tr ' ' ';')
needs_for_pc=$(echo "$static_needs" | sed -e 's/^/-l/' -e 's/ / -l/g')

fill() {
    sed -e "s|@VERSION@|$version|g" -e "s|@LIBDIR@|$libdir|g" \
        -e "s|@PC_PREFIX@|$(up pkgconfig)|g" -e "s|@CMAKE_PREFIX@|$(up cmake/StarttlsVerify)|g" \
        -e "s|@STATIC_NEEDS_CMAKE@|$needs_for_cmake|g" -e "s|@STATIC_NEEDS_PC@|$needs_for_pc|g" \
        "$source/cmake/$1.in" > "$2/$1"
    chmod 644 "$2/$1"
}

lib=$to/$libdir cmake=$to/$libdir/cmake/StarttlsVerify
install -d "$lib/pkgconfig" "$cmake" "$to/include"
install -m 644 "$source/include/starttls_verify.h" "$source/include/starttls_verify.php.h" \
    "$source/bindings/cpp/starttls_verify.hpp" "$to/include/"
install -m 644 "$built/libstarttls_verify.a" "$lib/"
install -m 755 "$built/libstarttls_verify.so.$version" "$lib/"
ln -sf "libstarttls_verify.so.$version" "$lib/libstarttls_verify.so.0"
ln -sf libstarttls_verify.so.0 "$lib/libstarttls_verify.so"
install -m 644 "$source/cmake/StarttlsVerifyConfig.cmake" "$cmake/"
fill starttls_verify.pc "$lib/pkgconfig"
fill StarttlsVerifyConfigVersion.cmake "$cmake"
fill StarttlsVerifyTargets.cmake "$cmake"
"$source/docs/man/install.sh" "$to/share/man" 3
echo "installed libstarttls_verify $version below $to"
