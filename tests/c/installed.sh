#!/bin/sh
# What a user of the installed library meets: installed.sh BUILT VERSION
#
# Installs what `make lib` made in BUILT to a temporary directory, moves that, and checks: exactly the
# exports, each with its version; soname and nodelete; programs in C99 and C++11 through pkg-config
# and through CMake, shared and static.
set -eu
built=$1 version=$2
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/check.sh
. "$here/../check.sh"

exports_are_exact() {
    nm -D --defined-only --with-symbol-versions "$lib/libstarttls_verify.so" |
        awk '$2 != "A" { print $3 }' | sort > "$work/have"
    sed 's/$/@@STARTTLS_VERIFY_0/' "$source/include/starttls_verify.symbols" | sort > "$work/want"
    diff "$work/want" "$work/have"
}

elf_says() {
    readelf -d "$lib/libstarttls_verify.so" | grep -q "$1"
}

no_text_relocations() {
    ! readelf -d "$lib/libstarttls_verify.so" | grep -q TEXTREL
}

no_path_in_it() {
    ! grep -rq "$work" "$prefix"
}

through_pkg_config() {
    compiler=$1 standard=$2 program=$3
    # shellcheck disable=SC2046  # flags are words
    $compiler "-std=$standard" -Wall -Wextra -pedantic -Werror "$here/consumer/$program" \
        -o "$work/program" $(pkg-config --cflags --libs starttls_verify)
    "$work/program"
}

through_pkg_config_static() {
    compiler=$1 standard=$2 program=$3
    # shellcheck disable=SC2046  # flags are words
    $compiler "-std=$standard" -Wall -Wextra -pedantic -Werror "$here/consumer/$program" -o "$work/program" \
        $(pkg-config --cflags starttls_verify) "$lib/libstarttls_verify.a" \
        $(pkg-config --static --libs-only-l starttls_verify | sed 's/-lstarttls_verify//')
    without_our_library "$work/program"
}

# It runs, and would also where our shared library is not.
without_our_library() {
    LD_LIBRARY_PATH=/nonexistent "$1" && ! readelf -d "$1" | grep -q 'NEEDED.*libstarttls_verify'
}

# A system linker that is asked for private libraries, which --static gives and the plain form does not.
private_libraries() {
    pkg-config --static --libs starttls_verify | grep -q -e '-lcrypto' &&
        ! pkg-config --libs starttls_verify | grep -q -e '-lcrypto'
}

through_cmake() {
    cmake -S "$here/consumer" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$1"
    cmake --build "$work/cmake"
    "$work/cmake/in_c"
    "$work/cmake/in_cxx"
    without_our_library "$work/cmake/in_c_static"
    without_our_library "$work/cmake/in_cxx_static"
    rm -rf "$work/cmake"
}

# A file that is gone is told by its name, when CMake looks and not when the linker does.
cmake_names_what_is_missing() {
    cp -R "$prefix" "$work/torn"
    rm "$work/torn/$1"
    ! cmake -S "$here/consumer" -B "$work/torn-build" -DCMAKE_PREFIX_PATH="$work/torn" &&
        cmake -S "$here/consumer" -B "$work/torn-build" -DCMAKE_PREFIX_PATH="$work/torn" 2>&1 | grep -q "$1 is"
    result=$?
    rm -rf "$work/torn" "$work/torn-build"
    return $result
}

header_is_ours() {
    cmp "$source/include/starttls_verify.h" "$prefix/include/starttls_verify.h" &&
        cmp "$source/bindings/cpp/starttls_verify.hpp" "$prefix/include/starttls_verify.hpp"
}

every_function_has_a_page() {
    while read -r function; do
        [ -f "$prefix/share/man/man3/$function.3" ] || { echo "no page for $function"; return 1; }
    done < "$source/include/starttls_verify.symbols"
}

with_libdir() {
    "$source/cmake/install.sh" "$built" "$version" "$work/multi" lib/x86_64-linux-gnu
    PKG_CONFIG_PATH=$work/multi/lib/x86_64-linux-gnu/pkgconfig
    LD_LIBRARY_PATH=$work/multi/lib/x86_64-linux-gnu
    lib=$LD_LIBRARY_PATH
    through_pkg_config "${CC:-cc}" c99 main.c
    through_pkg_config_static "${CXX:-c++}" c++11 main.cpp
    through_cmake "$work/multi"
}

with_destdir() {
    DESTDIR=$work/package "$source/cmake/install.sh" "$built" "$version" /usr
    test -f "$work/package/usr/lib/pkgconfig/starttls_verify.pc"
}

"$source/cmake/install.sh" "$built" "$version" "$work/first" > /dev/null
# It can be moved.
prefix=$work/second
mv "$work/first" "$prefix"
lib=$prefix/lib
PKG_CONFIG_PATH=$lib/pkgconfig LD_LIBRARY_PATH=$lib
export PKG_CONFIG_PATH LD_LIBRARY_PATH

check "exports" exports_are_exact
check "soname" elf_says 'SONAME.*\[libstarttls_verify.so.0\]'
check "nodelete" elf_says 'NODELETE'
check "links against the system's OpenSSL" elf_says 'NEEDED.*libssl.so.3'
check "text relocations" no_text_relocations
check "paths" no_path_in_it
check "headers" header_is_ours
check "pkg-config, C99" through_pkg_config "${CC:-cc}" c99 main.c
check "pkg-config, C++11" through_pkg_config "${CXX:-c++}" c++11 main.cpp
check "pkg-config, C99, static" through_pkg_config_static "${CC:-cc}" c99 main.c
check "pkg-config, C++11, static" through_pkg_config_static "${CXX:-c++}" c++11 main.cpp
check "pkg-config, C++20, static" through_pkg_config_static "${CXX:-c++}" c++20 main.cpp
check "pkg-config, private libraries" private_libraries
check "find_package, shared and static" through_cmake "$prefix"
check "find_package, no C++ header" cmake_names_what_is_missing include/starttls_verify.hpp
check "find_package, no static library" cmake_names_what_is_missing lib/libstarttls_verify.a
check "manual pages" every_function_has_a_page
check "LIBDIR" with_libdir
check "DESTDIR" with_destdir
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
