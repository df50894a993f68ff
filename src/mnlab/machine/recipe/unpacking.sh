#!/bin/sh
# Prepare an empty tree ($1) for unpacking the kernel of a suite ($2). Runs as an mmdebstrap setup hook.
set -eu
root=$1
# Packages of Debian 12 still name /bin and /lib; both releases mean /usr/bin and /usr/lib.
for part in bin sbin lib lib64; do
    mkdir -p "$root/usr/$part"
    ln -s "usr/$part" "$root/$part"
done
# The kernel, and nothing else, from the backports.
case $2 in
*-backports)
    main=${2%-backports}
    sed -n "s/ $main main\$/ $2 main/p" "$root/etc/apt/sources.list" > "$root/etc/apt/sources.list.d/backports.list"
    [ -s "$root/etc/apt/sources.list.d/backports.list" ] || { echo "no source is known for $2" >&2; exit 1; }
    printf 'Package: src:linux:any src:linux-signed-amd64:any linux-*\nPin: release n=%s\nPin-Priority: 900\n' "$2" \
        > "$root/etc/apt/preferences.d/backports"
    ;;
esac
