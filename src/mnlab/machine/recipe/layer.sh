#!/bin/sh
# Install packages ($2...) into the tree $1 that below.sh laid out, and make /layer/layer.tar of what is new or changed,
# with a mark (a character device 0/0, as overlayfs has it) for what is gone. Runs as an mmdebstrap customize hook.
# Everything here must give the same bytes on every build.
set -eu
root=$1
shift
notes=$root/layer
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
apt-get --quiet --yes -o Dir::Bin::dpkg=env -o DPkg::Options::=--unset=TMPDIR -o DPkg::Options::=dpkg \
    -o DPkg::Options::=--force-unsafe-io -o DPkg::Chroot-Directory="$root" --no-remove install "$@"

# The exact packages that came, as apt knows them: NAME VERSION SHA256.
dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Package}=${Version}\n' | sort | comm -13 "$notes/packages" - |
    xargs apt-cache show |
    awk '/^Package:/ { name = $2 } /^Version:/ { version = $2 } /^SHA256:/ { print name, version, $2 }' |
    LC_ALL=C sort -u > "$notes/new"
chroot "$root" dpkg-query -W > "$root/lab/packages"

# What only comes as a wheel.
packages=/usr/lib/python3/dist-packages
for wheel in "$MNLAB_WHEELS"/*.whl; do
    [ -e "$wheel" ] || continue
    python3 -m zipfile -e "$wheel" "$root$packages"
    # FILE or FOLDER/FILE, and then time and size
    for package in $(python3 -m zipfile -l "$wheel" | awk 'NR > 1 { sub("/.*", "", $1); print $1 }' | sort -u); do
        chroot "$root" python3 -W ignore -m compileall -q --invalidation-mode unchecked-hash "$packages/$package"
    done
done

# Generated or recorded at install time: different on every build, needed by nothing.
cd "$root"
find var/cache var/log var/lib/apt/lists -type f -cnewer "$notes/stamp" -delete
rm -f etc/ssh/ssh_host_* etc/machine-id etc/apt/preferences.d/lock
touch etc/apt/preferences.d # whether a lock lay there or not

# What there was and is not any more; mmdebstrap's own changes (a start-stop-daemon that starts nothing) are none.
find . -xdev | LC_ALL=C sort > "$notes/after"
LC_ALL=C comm -23 "$notes/paths" "$notes/after" | grep -v start-stop-daemon | while read -r path; do
    [ ! -d "${path%/*}" ] || mknod "$path" c 0 0
done
# Python's compiled files name the times of their sources: only what was made just now gets another time.
set -- . -xdev \( -path ./layer -o -path ./dev -o -path ./proc -o -path ./sys -o -path ./tmp \) -prune
find "$@" -o -newer "$notes/stamp" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
# What is new or changed, and the folders above.
find "$@" -o -name 'start-stop-daemon*' -o -name policy-rc.d -o -cnewer "$notes/stamp" -print |
    awk -F/ '{ path = $1; for (i = 2; i <= NF; i++) { path = path "/" $i; if (!seen[path]++) print path } }' |
    LC_ALL=C sort > "$notes/changed"
tar --no-recursion --verbatim-files-from --files-from="$notes/changed" --numeric-owner -cf "$notes/layer.tar"
