#!/bin/sh
# Whether apt still has each package of a lock: $1 is the tree, $2 a file with NAME VERSION SHA256 in each line.
# Runs as an mmdebstrap extract hook; those that are gone are named, and the build ends.
set -eu
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
status=0
while read -r name version sha256; do
    apt-cache show "$name=$version" 2>/dev/null | grep -q "^SHA256: $sha256" || { echo "gone: $name $version"; status=1; }
done < "$2"
exit "$status"
