#!/bin/sh
# Makes the throw-away certificates of the C tests in the directory $1, unless they are there and good
# for another day.
set -eu
directory=$1
mkdir -p "$directory"
cd "$directory"
if [ -f deep-chain.pem ] && openssl x509 -in bob.pem -noout -checkend 86400 >/dev/null; then
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

# Bob's name below a CA that nobody knows, below an intermediate, and a year ago.
make_below() {
    openssl req -config openssl.cnf -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -CA "$1.pem" -CAkey "$1.key" -keyout "$2.key" -out "$2.pem" -days 30 -subj "/CN=$3" \
        -extensions "$4" ${5+-addext "$5"} 2>/dev/null
}
make_below other stranger mail.bob.test leaf subjectAltName=DNS:mail.bob.test
make_below ca middle "Middle CA" ca
make_below middle deep mail.bob.test leaf subjectAltName=DNS:mail.bob.test
openssl req -new -config openssl.cnf -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout old.key -out old.csr -subj "/CN=mail.bob.test" 2>/dev/null
{ cat openssl.cnf; echo '[named]'; sed -n '/^\[leaf\]/,$p' openssl.cnf | tail -n +2
    echo 'subjectAltName = DNS:mail.bob.test'; } > old.cnf
openssl x509 -req -in old.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out old.pem -days -1 \
    -extfile old.cnf -extensions named 2>/dev/null
cp deep.key deep-chain.key
cat deep.pem middle.pem > deep-chain.pem
printf '%s' "sha256:$(openssl x509 -in bob.pem -noout -fingerprint -sha256 | cut -d= -f2)" > bob.pin
