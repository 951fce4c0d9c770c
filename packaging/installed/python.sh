#!/bin/sh -eu
# Installs: ./python3-starttls-verify_*.deb ./libstarttls-verify0_*.deb
# Python: import, and a chain judged.
python3 judge.py bob.pem | grep '^TRUSTED'
if python3 judge.py eve.pem > out; then exit 1; fi
grep '^REJECTED.*name.mismatch' out
