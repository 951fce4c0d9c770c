#!/bin/sh
# The source of the last commit as a tarball: dist.sh OUT VERSION
#
# The same commit gives the same octets everywhere: git writes the commit's own time, and gzip none.
set -eu
out=$1 version=$2
source=$(cd "$(dirname "$0")/.." && pwd)
name=libstarttls_verify-$version
mkdir -p "$out"
git -C "$source" -c tar.umask=0022 archive --format=tar --prefix="$name/" HEAD | gzip -9 -n > "$out/$name.tar.gz"
(cd "$out" && sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256")
