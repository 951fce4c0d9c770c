#!/bin/sh -eu
# Installs: ./starttls-verify_*.deb
# The command line without the shared library, compilers, or anything else.
starttls-verify doctor
starttls-verify --version
starttls-verify chain --name mail.bob.test --cafile ca.pem bob.pem | grep '^TRUSTED'
if starttls-verify chain --name mail.bob.test --cafile ca.pem eve.pem > out; then exit 1; fi
grep '^REJECTED.*name.mismatch' out
for file in man/man1/starttls-verify.1.gz man/man7/starttls_verify_options.7.gz zsh/site-functions/_starttls-verify \
    bash-completion/completions/starttls-verify fish/vendor_completions.d/starttls-verify.fish; do
    test -s "/usr/share/$file"
done
