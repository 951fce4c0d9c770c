#!/bin/sh
# The Debian packages on a machine that has nothing else: test-deb.sh DEBS CERTIFICATES ROOTS
#
# For each script of packaging/installed, what its second line names is installed in a root where nothing
# was installed before, so that what a package does not depend on is not there; then the script runs there.
# ROOTS keeps the root and what apt fetched; with both there, no network is needed. Wants to be root.
set -eu
debs=$1 certificates=$2 roots=$3
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$roots/place"
roots=$(cd "$roots" && pwd)
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
base=$roots/$suite
# What the packages depend on, and what a program is built with.
fetched="ca-certificates cmake g++ gcc libc6-dev libssl-dev make php-cli php-common pkg-config python3"
passed=0 failed=0

mirror() {
    apt-cache policy base-files | sed -n "s|.* \(https\{0,1\}://[^ ]*\) $suite/main .*|\1|p" | head -n 1
}

# What this machine's apt has of Debian, updates included: the packages were built against it.
sources() {
    apt-cache policy | sed -n "s|.* \(https\{0,1\}://[^ ]*\) \($suite[^/ ]*\)/main .*|deb \1 \2 main|p" | sort -u
}

# The root that all begin with; apt has fetched there what is needed, and installed none of it.
prepare() {
    rm -rf "$base"
    debootstrap --variant=minbase "$suite" "$base" "$(mirror)"
    sources > "$base/etc/apt/sources.list"
    cp /etc/resolv.conf "$base/etc/resolv.conf"
    printf '#!/bin/sh\nexit 101\n' > "$base/usr/sbin/policy-rc.d"
    chmod 755 "$base/usr/sbin/policy-rc.d"
    chroot "$base" apt-get update
    # shellcheck disable=SC2086  # names are words
    chroot "$base" apt-get install -d -y --no-install-recommends $fetched
    touch "$base.complete"
}

# The packages, certificates and sources that a test may use, in /test of its root.
material() {
    "$here/../tests/c/certificates.sh" "$certificates"
    rm -rf "$roots/test"
    mkdir -p "$roots/test"
    cp "$debs"/*.deb "$certificates/ca.pem" "$certificates/bob.pem" "$certificates/eve.pem" "$roots/test/"
    cp -R "$here/../tests/c/consumer" "$here"/installed/* "$roots/test/"
}

if [ ! -f "$base.complete" ]; then
    prepare > "$roots/prepare.log" 2>&1 || { tail -n 30 "$roots/prepare.log"; exit 1; }
fi
material
for test in "$here"/installed/*.sh; do
    name=$(basename "$test" .sh)
    packages=$(sed -n 's/^# Installs: //p' "$test")
    if unshare --mount --net --pid --fork "$here/in-root.sh" "$base" "$roots/place" "$roots/test" "
        apt-get install -y --no-install-recommends $packages && ./$name.sh" > "$roots/$name.log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name"
        tail -n 30 "$roots/$name.log" | sed 's/^/  /'
    fi
done
echo "Debian packages, each in a clean root: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
