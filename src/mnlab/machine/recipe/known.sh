#!/bin/sh
# Whether Debian has the packages $2...; those that it has not are named, with a near one, and the build ends.
# Runs as an mmdebstrap extract hook: $1 is the tree.
set -eu
shift
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
status=0
for name; do
    apt-cache show "$name" 2>/dev/null | grep -q "^Package: $name\$" || { echo "unknown: $name"; status=1; }
done
exit "$status"
