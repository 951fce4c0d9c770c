#!/bin/sh -eu
# Installs: ./php-starttls-verify_*.deb ./libstarttls-verify0_*.deb
# PHP: a chain judged through FFI, with the settings that Debian has.
php judge.php bob.pem | grep '^TRUSTED'
if php judge.php eve.pem > out; then exit 1; fi
grep '^REJECTED.*name.mismatch' out
