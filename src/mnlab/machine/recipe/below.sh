#!/bin/sh
# Lay file systems (/below/0, /below/1, ...) over each other in the tree $1, and note what is there, for layer.sh to
# tell what is new. Runs as an mmdebstrap setup hook.
set -eu
root=$1
for layer in "$root"/below/*.squashfs; do
    unsquashfs -quiet -no-progress -force -dest "$root" "$layer" > /dev/null
    find "$root" -xdev -path "$root/dev" -prune -o -type c -exec rm {} + # what the layer took away
done
rm -r "$root/below"
mkdir "$root/layer"
dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Package}=${Version}\n' | sort > "$root/layer/packages"
(cd "$root" && find . -xdev) | LC_ALL=C sort > "$root/layer/paths"
touch "$root/layer/stamp"
sleep 0.1 # the kernel's clock for files ticks in hundredths of a second: what comes is newer
