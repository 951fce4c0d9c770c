#!/bin/sh
# Installs the completions of the command line where the shells look: install.sh DIR (PREFIX/share)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
install -D -m 644 "$here/starttls-verify.bash" "$1/bash-completion/completions/starttls-verify"
install -D -m 644 "$here/_starttls-verify" "$1/zsh/site-functions/_starttls-verify"
install -D -m 644 "$here/starttls-verify.fish" "$1/fish/vendor_completions.d/starttls-verify.fish"
