#!/bin/sh
# Installs the servers that tests/servers starts, those that are missing, from Debian's packages.
# None of them is started, and nothing that is installed is removed for them.
set -eu

PACKAGES="openssl python3-pytest
    postfix
    dovecot-core dovecot-imapd dovecot-lmtpd dovecot-managesieved dovecot-pop3d
    inn2
    inspircd
    mariadb-client-core mariadb-server-core
    ngircd
    postgresql
    proftpd-core proftpd-mod-crypto
    prosody
    slapd"
# These exclude Postfix, Dovecot or ProFTPD. They are unpacked into a directory, and only the
# libraries that they need are installed.
UNPACKED="cyrus exim vsftpd"
LIBRARIES="libical3 libidn12 libpcre3 libsasl2-modules libxapian30"

here=$(cd "$(dirname "$0")" && pwd)
unpacked=${CARGO_TARGET_DIR:-$here/../../target}/servers
# Exim does not start without its user, whatever its configuration says.
exim_user=Debian-exim

packages_of() {
    case $1 in
        cyrus) echo cyrus-common cyrus-imapd cyrus-nntpd cyrus-pop3d ;;
        exim) echo exim4-daemon-light ;;
        *) echo "$1" ;;
    esac
}

missing=""
for package in $PACKAGES $LIBRARIES; do
    if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$'; then
        missing="$missing $package"
    fi
done
for name in $UNPACKED; do
    [ -d "$unpacked/$name" ] || missing="$missing $name"
done
getent passwd "$exim_user" >/dev/null || missing="$missing $exim_user"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "setup: run $0 as root" >&2; exit 1; }
    exec sudo env "PATH=$PATH" "CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-}" "$0"
fi

# A machine may have one of those that exclude others. It was put there for a reason, and a test
# does not throw it out.
# shellcheck disable=SC2086
plan() { apt-get install -s --no-install-recommends $PACKAGES $LIBRARIES; }
plan >/dev/null 2>&1 || apt-get update -q >/dev/null
removed=$(plan | sed -n 's/^Remv \([^ ]*\).*/ \1/p' | tr -d '\n')
if [ -n "$removed" ]; then
    echo "setup: in the way of$missing, to be removed first:$removed" >&2
    exit 1
fi

# inn2 cannot be configured, nor can anything after it, where the name of the host has no domain and
# inn.conf has none either. That file comes with inn2-inews. Postfix beside it, lest apt choose Exim.
"$here/../setup.sh" inn2-inews postfix
if ! grep -q '^domain:' /etc/news/inn.conf; then
    printf '\ndomain: example.test\n' >>/etc/news/inn.conf
fi

# shellcheck disable=SC2086
"$here/../setup.sh" $PACKAGES $LIBRARIES

for name in $UNPACKED; do
    [ -d "$unpacked/$name" ] && continue
    echo "setup: unpacking $name"
    new=$unpacked/new
    rm -rf "$new"
    mkdir -p "$new/packages"
    # shellcheck disable=SC2046
    (cd "$new/packages" && apt-get download -q -o APT::Sandbox::User=root $(packages_of "$name") >/dev/null)
    for package in "$new"/packages/*.deb; do
        dpkg -x "$package" "$new/root"
    done
    mv "$new/root" "$unpacked/$name"
    rm -r "$new"
done
if ! getent passwd "$exim_user" >/dev/null; then
    useradd --system --user-group --no-create-home --home-dir /var/spool/exim4 \
        --shell /usr/sbin/nologin "$exim_user"
fi
