#!/bin/sh
# Builds the Debian packages in a copy of the source: deb.sh OUT VERSION
#
# The packages and what lintian says of them are in OUT. What Cargo built before is used again
# (CARGO_TARGET_DIR). Ends with an error when lintian finds one.
set -eu
out=$1 version=$2
source=$(cd "$(dirname "$0")/.." && pwd)
packaged=$(sed -n '1s/.*(\(.*\)-[^-]*).*/\1/p' "$source/packaging/debian/changelog")
if [ "$packaged" != "$version" ]; then
    echo "deb: packaging/debian/changelog is about $packaged, and Cargo.toml has $version" >&2
    exit 1
fi
# debhelper gives the build a home of its own; Rust and its crates are in ours.
CARGO_HOME=${CARGO_HOME:-$HOME/.cargo} RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}
export CARGO_HOME RUSTUP_HOME

# What git knows, and what it would: not what was built here. A tarball has nothing else.
files() {
    if git -C "$source" rev-parse --git-dir > /dev/null 2>&1; then
        git -C "$source" ls-files -z --cached --others --exclude-standard
    else
        (cd "$source" && find . -path ./target -prune -o ! -type d -print0)
    fi
}

copy=$out/starttls-verify-$version
rm -rf "$copy"
mkdir -p "$copy"
rm -f "$out"/*.deb "$out"/*.changes "$out"/*.buildinfo "$out/lintian.txt"
files | (cd "$source" && tar --null --ignore-failed-read -T - -cf -) | tar -xf - -C "$copy"
cp -R "$copy/packaging/debian" "$copy/debian"
(cd "$copy" && dpkg-buildpackage -us -uc -b) > "$out/build.log" 2>&1 || {
    tail -n 60 "$out/build.log"
    exit 1
}
lintian --allow-root --fail-on error "$out"/*.changes > "$out/lintian.txt" || {
    cat "$out/lintian.txt"
    exit 1
}
(cd "$out" && ls ./*.deb)
