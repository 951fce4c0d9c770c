#!/bin/sh
# Makes the throw-away certificates of the C tests in the directory $1, unless they are there and good
# for another day.
set -eu
directory=$1
mkdir -p "$directory"
cd "$directory"
if [ -f eve.pem ] && openssl x509 -in bob.pem -noout -checkend 86400 >/dev/null; then
    exit 0
fi

cat > openssl.cnf <<'END'
[req]
distinguished_name = name
prompt = no
[name]
CN = libstarttls_verify test
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END

make_ca() {
    openssl req -config openssl.cnf -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$1.key" -out "$1.pem" -days 30 -subj "/CN=$2" -extensions ca 2>/dev/null
}

make_leaf() {
    openssl req -config openssl.cnf -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -CA ca.pem -CAkey ca.key -keyout "$1.key" -out "$1.pem" -days 30 -subj "/CN=$2" \
        -extensions leaf -addext "subjectAltName=DNS:$2" 2>/dev/null
    openssl x509 -in "$1.pem" -outform DER -out "$1.der"
}

make_ca ca "Test CA"
make_ca other "Other CA"
make_leaf bob mail.bob.test
make_leaf eve mail.eve.test
cat bob.pem ca.pem > bob-chain.pem
printf '%s' "sha256:$(openssl x509 -in bob.pem -noout -fingerprint -sha256 | cut -d= -f2)" > bob.pin
