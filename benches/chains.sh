#!/bin/sh
# Makes what the benches judge: chains, certificates with many names, and a bundle and a hash directory of
# the system's CA certificates with the benches' roots among them.
#
#   chains.sh DIRECTORY
#
# rsa3 and ec3 are root, intermediate and leaf (RSA-2048; P-256). mix4 has two intermediates: RSA-4096,
# P-384, P-384, P-256. NAME.chain.pem is what a server sends, leaf first.
set -eu
directory=$1
system=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
[ -e "$directory/complete" ] && exit 0
rm -rf "$directory"
mkdir -p "$directory/hashed"
cd "$directory"

key() {
    case $2 in
    rsa*) openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#rsa}" -out "$1.key" ;;
    *) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key" ;;
    esac
}

# certificate NAME KEY SUBJECT EXTENSIONS ISSUER, itself for a root
certificate() {
    key "$1" "$2"
    openssl req -new -sha256 -key "$1.key" -subj "/O=Benches/CN=$3" -out "$1.csr"
    printf '%b' "$4" > "$1.ext"
    if [ "$5" = "$1" ]; then
        openssl x509 -req -sha256 -days 90 -in "$1.csr" -signkey "$1.key" -extfile "$1.ext" -out "$1.pem"
    else
        openssl x509 -req -sha256 -days 90 -in "$1.csr" -CA "$5.pem" -CAkey "$5.key" -CAcreateserial \
            -extfile "$1.ext" -out "$1.pem"
    fi 2>/dev/null
}

authority='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n'
below='authorityKeyIdentifier=keyid\n'
server='basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\n'

# chain NAME ROOT-KEY INTERMEDIATE-KEY... LEAF-KEY
chain() {
    name=$1 issuer=$1-root depth=1
    certificate "$issuer" "$2" "$1 root" "$authority" "$issuer"
    shift 2
    : > "$name.above"
    while [ $# -gt 1 ]; do
        certificate "$name-ca$depth" "$1" "$name CA $depth" "$authority$below" "$issuer"
        issuer=$name-ca$depth depth=$((depth + 1))
        cat "$issuer.pem" "$name.above" > above.new
        mv above.new "$name.above"
        shift
    done
    certificate "$name" "$1" "$name leaf" "$server${below}subjectAltName=DNS:mail.$name.test\n" "$issuer"
    cat "$name.pem" "$name.above" > "$name.chain.pem"
}

chain rsa3 rsa2048 rsa2048 rsa2048
chain ec3 P-256 P-256 P-256
chain mix4 rsa4096 P-384 P-384 P-256

for count in 1 10 100 1000 10000; do
    names=$(seq -f 'DNS:host%g.names.test' -s , 1 "$count")
    certificate "san$count" P-256 "$count names" "${server}subjectAltName=$names\n" "san$count"
done

cat "$system" rsa3-root.pem ec3-root.pem mix4-root.pem > bundle.pem
(cd hashed && csplit -s -z -f ca- -b %03d.pem ../bundle.pem '/-----BEGIN CERTIFICATE-----/' '{*}' && openssl rehash .)
touch complete
