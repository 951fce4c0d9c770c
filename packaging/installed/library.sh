#!/bin/sh -eu
# Installs: ./libstarttls-verify0_*.deb
# The library alone: no header, no static library, and it loads.
test -z "$(find /usr/include /usr/lib -name '*starttls_verify*.h*' -o -name 'libstarttls_verify.a')"
ldconfig -p | grep 'libstarttls_verify.so.0 '
ldd /usr/lib/*/libstarttls_verify.so.0 > out
! grep 'not found' out
