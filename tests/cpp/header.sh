#!/bin/sh
# What the compiler says of starttls_verify.hpp: header.sh INCLUDE_FLAGS...
#
# It is clean in every standard from C++11 on, with every compiler that is there, also included first,
# twice and without exceptions; mistakes that could cost security do not compile; and every export of the
# C ABI has a method, or stands below with the reason why it needs none.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

count() {
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $2"
        sed 's/^/  /' "$work/log"
    fi
}

compiles() {
    with=$1
    shift
    "$with" -Wall -Wextra -pedantic -Werror -Wshadow -Wconversion -x c++ -fsyntax-only "$@" > "$work/log" 2>&1
}

clean() {
    compiler=$1
    shift
    printf '#include "starttls_verify.hpp"\n#include <openssl/ssl.h>\n#include "starttls_verify.hpp"\n' > "$work/clean.cpp"
    for standard in c++11 c++14 c++17 c++20; do
        compiles "$compiler" -std=$standard "$@" "$work/clean.cpp" && good=0 || good=1
        count $good "$compiler -std=$standard"
        compiles "$compiler" -std=$standard -fno-exceptions -fno-rtti "$@" "$work/clean.cpp" && good=0 || good=1
        count $good "$compiler -std=$standard -fno-exceptions"
    done
}

# A line that does not compile, and the words by which the compiler says so. The same program without
# the line does.
mistake() {
    line=$1 words=$2
    for text in "" "$line"; do
        cat > "$work/mistake.cpp" <<PROGRAM
#include <openssl/ssl.h>
#include <starttls_verify.hpp>
#include <utility>
using namespace starttls_verify;
void program(Config &config, Verifier &verifier, Peer &peer, Session &session, SSL_CTX *context);
void program(Config &config, Verifier &verifier, Peer &peer, Session &session, SSL_CTX *context)
{
    (void)config, (void)verifier, (void)peer, (void)session, (void)context;
    $text
}
PROGRAM
        if compiles "${CXX:-c++}" -std=c++17 $flags "$work/mistake.cpp"; then good=0; else good=1; fi
        if [ -z "$text" ]; then
            count $good "the program without the mistake"
        elif [ $good = 1 ] && grep -q "$words" "$work/log"; then
            count 0
        else
            count 1 "this must not compile ($words): $line"
        fi
    done
}

flags=$*
for compiler in g++ clang++; do
    if command -v $compiler > /dev/null; then
        # shellcheck disable=SC2086  # flags are words
        clean $compiler $flags
    fi
done

mistake 'config.set_bool("verify_peer", "false");' 'set_bool takes true or false'
mistake 'config.set_bool("verify_peer", 10);' 'set_bool takes true or false'
mistake 'config.set_int("verify_depth", true);' 'set_int takes a whole number'
mistake 'config.set_int("verify_depth", 1.5);' 'set_int takes a whole number'
mistake 'Session second(session);' 'deleted'
mistake 'Peer second = peer;' 'deleted'
mistake 'ssl_judge(verifier, peer, context);' 'ssl_st'
mistake 'Verifier other = config;' 'conver'
mistake 'if (session.report()) peer.set_port(1);' 'bool'

# Names of numbers, tables, and statuses are plain C functions without ownership: C++ calls them as they are.
# The others stand behind a method of another name: _free and _dup behind ownership, _error behind
# exceptions.
plain='abi_level version status_name status_text verdict_name check_name outcome_name protocol_name
    protocol_port code_count code_name code_meaning code_hint option_count option_name option_type
    option_help option_insecure_name'
missing=""
for name in $(cat "$source/include/starttls_verify.symbols"); do
    case " $(echo $plain) " in *" ${name#stv_} "*) continue ;; esac
    grep -q "\\b$name(" "$source/bindings/cpp/starttls_verify.hpp" || missing="$missing $name"
done
echo "no method for:$missing" > "$work/log"
[ -z "$missing" ] && good=0 || good=1
count $good "every export is reachable"
echo "the C++ header: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
