#!/bin/sh
# Run shell commands as root on a copy of this computer: copy.sh FOLDER COMMANDS. The copy and its processes are gone
# afterwards; the names of the files that changed are in FOLDER/changed.
set -eu
[ -n "${COPY-}" ] || COPY=1 exec unshare --mount --pid --fork --kill-child "$0" "$@"
copy=$1/copy
mkdir "$copy"
mount -t tmpfs tmpfs "$copy"
mkdir "$copy/upper" "$copy/work" "$copy/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$copy/upper,workdir=$copy/work" "$copy/root"
mount --rbind /dev "$copy/root/dev"
status=0
chroot "$copy/root" sh -euc "$2" || status=$?
(cd "$copy/upper" && find . ! -type d) | cut -c 3- >"$1/changed"
exit "$status"
