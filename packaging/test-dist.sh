#!/bin/sh
# The tarball is the same twice, and whole: test-dist.sh OUT VERSION
set -eu
out=$1 version=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$here/dist.sh" "$out" "$version" > /dev/null
(umask 077 && TZ=Pacific/Auckland "$here/dist.sh" "$work" "$version" > /dev/null)
cmp "$out/libstarttls_verify-$version.tar.gz" "$work/libstarttls_verify-$version.tar.gz"
tar -xzf "$out/libstarttls_verify-$version.tar.gz" -C "$work"
cd "$work/libstarttls_verify-$version"
cargo metadata --locked --offline --no-deps --format-version 1 > /dev/null
for file in Makefile Cargo.lock LICENSE-MIT include/starttls_verify.h docs/man/starttls-verify.1; do
    [ -f "$file" ] || { echo "test-dist: $file is not in the tarball" >&2; exit 1; }
done
echo "test-dist: the same tarball twice, $(find . -type f | wc -l) files"
