#!/bin/sh
# Runs a line of shell in a root; all that it changes there is forgotten: in-root.sh BASE PLACE MATERIAL LINE
#
# To be run by `unshare --mount --net --pid --fork`: its mounts and processes end with it. PLACE is a directory to
# mount on; MATERIAL is copied to /test, where the line runs.
set -eu
base=$1 place=$2 material=$3 line=$4
# Of networks there is the loopback.
ip link set lo up
mount -t tmpfs -o mode=755 tmpfs "$place"
mkdir "$place/upper" "$place/work" "$place/root"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$place/upper,workdir=$place/work" "$place/root"
cp -R "$material" "$place/root/test"
mount -t proc proc "$place/root/proc"
exec chroot "$place/root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive sh -euc "cd /test; $line"
