#!/bin/sh -eu
# Installs: ./libstarttls-verify-dev_*.deb ./libstarttls-verify0_*.deb cmake g++ gcc libc6-dev make pkg-config
# Programs in C and C++, shared and static, by pkg-config and by CMake, as the README has it.
# shellcheck disable=SC2046  # flags are words
cc /usr/share/doc/libstarttls-verify-dev/examples/c/verify_pem.c -o verify_pem $(pkg-config --cflags --libs starttls_verify)
./verify_pem mail.bob.test bob.pem ca.pem | grep '^TRUSTED'
if ./verify_pem mail.bob.test eve.pem ca.pem > out; then exit 1; fi
grep '^REJECTED.*name.mismatch' out
# shellcheck disable=SC2046
c++ /usr/share/doc/libstarttls-verify-dev/examples/cpp/smtp_check.cpp -o smtp_check \
    $(pkg-config --cflags --libs starttls_verify)
cmake -S consumer -B build
cmake --build build
for program in in_c in_cxx in_c_static in_cxx_static; do
    "build/$program"
done
test -s /usr/share/man/man3/stv_verifier_judge.3.gz
