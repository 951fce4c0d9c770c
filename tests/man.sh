#!/bin/sh
# The manual pages and the completions: man.sh LIBRARY CERTIFICATES PROGRAM
#
# mandoc has nothing to say against a page; every function of the library is on exactly one page, and no
# page speaks of one that there is not; every program in a page compiles without a warning, and runs (those
# with a server, against one); every completion completes.
set -eu
library=$1 certificates=$2 program=$3
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/.." && pwd)
"$here/c/certificates.sh" "$certificates"
certificates=$(cd "$certificates" && pwd)
work=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
# shellcheck source=tests/check.sh
. "$here/check.sh"

lint() {
    mandoc -T lint -W warning "$1"
}

every_function_once() {
    for page in "$source"/docs/man/*.3; do
        sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/s/^\.Fn \(stv_[a-z0-9_]*\).*/\1/p' "$page"
    done | sort > "$work/have"
    sort "$source/include/starttls_verify.symbols" > "$work/want"
    diff "$work/want" "$work/have"
}

# What is written by hand can grow old: every word that looks like ours is a function, a type or a page.
no_function_that_is_not() {
    grep -o '\bstv_[a-z0-9_]*[a-z0-9]\b' "$source/include/starttls_verify.h" | sort -u > "$work/words"
    ls "$source/docs/man" | sed -n 's/\.3$//p' >> "$work/words"
    cat "$source"/docs/man/prose/* "$source"/docs/man/examples/* | grep -o '\bstv_[a-z0-9_]*[a-z0-9]\b' | sort -u |
        grep -v -x -F -f "$work/words" > "$work/strangers" || true
    cat "$work/strangers"
    [ ! -s "$work/strangers" ]
}

every_page_refers_to_pages() {
    for reference in $(sed -n 's/^\.Xr \(st[^ ]*\) \([0-9]\).*/\1.\2/p' "$source"/docs/man/*.[1-7] | sort -u); do
        [ -f "$source/docs/man/$reference" ] || { echo "no page $reference"; return 1; }
    done
}

# The program of a page, as a reader would copy it.
extract() {
    mandoc -T utf8 "$source/docs/man/$1.3" | col -b | sed -n '/^EXAMPLES/,/^SEE ALSO/p' |
        sed -e 1d -e '/^SEE ALSO/,$d' -e 's/^     //' > "$work/$1.c"
    [ -s "$work/$1.c" ]
}

compiles() {
    extract "$1" && ${CC:-cc} -std=c99 -Wall -Wextra -pedantic -Werror -I"$source/include" "$work/$1.c" \
        -o "$work/$1" -L"$library" -lstarttls_verify -Wl,-rpath,"$library" -lssl -lcrypto
}

runs() {
    want=$1
    shift
    code=0
    (cd "$work" && timeout 60 "./$@") > "$work/out" 2>&1 || code=$?
    cat "$work/out"
    [ "$code" = "$want" ]
}

says() {
    words=$1
    shift
    runs "$@" && grep -q -e "$words" "$work/out"
}

cp "$certificates/ca.pem" "$certificates/bob.pem" "$work/"
cp "$certificates/bob-chain.pem" "$work/chain.pem"
cp "$certificates/bob.der" "$work/leaf.der"
for page in "$source"/docs/man/*.[1-7]; do
    check "$(basename "$page") is clean" lint "$page"
done
check "every function is on a page, once" every_function_once
check "no page speaks of a function that is not" no_function_that_is_not
check "every page that is referred to is there" every_page_refers_to_pages
for page in "$source"/docs/man/*.3; do
    check "the program of $(basename "$page") compiles" compiles "$(basename "$page" .3)"
done

check "stv_config(3) runs" says 'verify_peer' 0 stv_config
check "stv_verifier(3) runs" says '^TRUSTED' 0 stv_verifier
cp "$certificates/eve.pem" "$work/chain.pem"
check "stv_verifier(3) refuses Eve" says 'the certificate is for mail.eve.test' 1 stv_verifier
check "stv_peer(3) runs" runs 0 stv_peer
# Whoever asks the DNS gets what the DNS says where the test is run; without an argument nobody is asked.
check "stv_servers(3) runs" runs 1 stv_servers
check "stv_chain(3) runs" says '^0 certificates' 0 stv_chain
check "stv_known_peers(3) runs" says 'mail.bob.test' 0 stv_known_peers
check "stv_session(3) runs" says 'starttls.not_offered' 0 stv_session
check "stv_report(3) runs" says 'fail chain.empty' 0 stv_report
check "stv_tls_rpt(3) runs" says 'organization-name' 0 stv_tls_rpt
check "stv_cert(3) runs" says ': yes' 0 stv_cert
check "stv_names(3) runs" says 'imap: port 143' 0 stv_names
check "stv_codes(3) runs" says . 0 stv_codes
check "stv_options(3) runs" says 'cafile (list of str)' 0 stv_options

port=$((10000 + $$ % 9000))
openssl s_server -quiet -accept "127.0.0.1:$port" -cert "$certificates/bob.pem" -key "$certificates/bob.key" \
    < /dev/null > /dev/null 2>&1 &
server=$!
tries=0
until openssl s_client -connect "127.0.0.1:$port" < /dev/null > /dev/null 2>&1 || [ $tries = 50 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
check "stv_ssl(3) trusts Bob" says '^TRUSTED' 0 stv_ssl mail.bob.test "127.0.0.1:$port" ca.pem
check "stv_ssl(3) refuses a stranger" says '^REJECTED' 1 stv_ssl mail.eve.test "127.0.0.1:$port" ca.pem
check "starttls_verify(3) runs" says '.' 1 starttls_verify mail.bob.test 127.0.0.1:1 ca.pem

# What a shell offers at the end of a line.
in_bash() {
    PATH="$(dirname "$program"):$PATH" bash -c '
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        function=$(complete -p starttls-verify | sed "s/.* -F \([^ ]*\).*/\1/")
        "$function" starttls-verify "${@: -1}" "${@: -2:1}"
        printf "%s\n" "${COMPREPLY[@]}"' bash "$source/completions/starttls-verify.bash" "$@"
}

in_fish() {
    fish --no-config -c "source '$source/completions/starttls-verify.fish'; complete -C '$*'" | cut -f 1
}

offers() {
    wanted=$1
    shift
    "$@" | tee "$work/offered" | grep -q -x -e "$wanted" || { cat "$work/offered"; return 1; }
}

check "bash reads its completions" bash -n "$source/completions/starttls-verify.bash"
check "zsh reads its completions" zsh -n "$source/completions/_starttls-verify"
check "fish reads its completions" fish --no-execute "$source/completions/starttls-verify.fish"
check "bash: a command" offers check in_bash starttls-verify ch
check "bash: another command" offers chain in_bash starttls-verify ch
check "bash: an option" offers --cafile in_bash starttls-verify check --ca
check "bash: a command below a command" offers announce in_bash starttls-verify known an
check "fish: an option" offers --cafile in_fish "starttls-verify check --ca"
check "fish: a command below a command" offers announce in_fish "starttls-verify known an"
echo "manual pages and completions: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
