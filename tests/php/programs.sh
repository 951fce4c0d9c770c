#!/bin/sh
# The mail programs that tests/php/programs uses, from Debian's packages. Libraries are installed;
# Roundcube, whose installation asks questions, is unpacked below the target directory.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
unpacked=${CARGO_TARGET_DIR:-$here/../../target}/php-programs

"$here/../setup.sh" libphp-phpmailer php-auth-sasl php-horde-imap-client php-horde-smtp php-intl \
    php-mbstring php-net-sieve php-net-smtp php-symfony-mailer

[ ! -d "$unpacked/roundcube" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# apt downloads as its own user, who must reach the directory.
chmod 755 "$work"
download() { (cd "$work" && apt-get download -q roundcube-core >/dev/null 2>&1); }
download || { apt-get update -q >/dev/null && download; }
dpkg-deb -x "$work"/roundcube-core_*.deb "$work/root"
mkdir -p "$unpacked"
mv "$work/root/usr/share/roundcube" "$unpacked/roundcube"
