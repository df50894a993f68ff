#!/bin/sh
# Turn a fresh Debian tree into the lab machine's root file system, without a kernel (kernel.sh).
# Runs as an mmdebstrap customize hook: $1 is the tree. Everything here must give the same bytes on every build.
set -eu
root=$1

# Unprivileged account for students' programs; it owns nothing.
chroot "$root" useradd --uid 1000 --no-create-home --home-dir /nonexistent --shell /bin/bash student
chroot "$root" passwd --delete root >/dev/null 2>&1
echo lab > "$root/etc/hostname"
printf '127.0.0.1 localhost lab\n' > "$root/etc/hosts"
: > "$root/etc/resolv.conf"
mkdir -p "$root/lab"
mkdir -p "$root/usr/lib/modules"
chroot "$root" dpkg-query -W > "$root/lab/packages"
# The exact packages, as apt knows them: NAME VERSION SHA256.
# shellcheck disable=SC2016  # dpkg-query(1) expands it
chroot "$root" dpkg-query -W -f '${Package}=${Version}\n' | APT_CONFIG=$MMDEBSTRAP_APT_CONFIG xargs apt-cache show |
    awk '/^Package:/ { name = $2 } /^Version:/ { version = $2 } /^SHA256:/ { print name, version, $2 }' |
    LC_ALL=C sort -u > "$root/tmp/packages"

# Ryu and what only comes as a wheel (unzipped: a pure wheel is its own installation).
packages=/usr/lib/python3/dist-packages
for wheel in "$MNLAB_WHEELS"/*.whl; do
    python3 -m zipfile -e "$wheel" "$root$packages"
done
chroot "$root" python3 -W ignore -m compileall -q --invalidation-mode unchecked-hash "$packages/ryu" "$packages/tinyrpc" \
    "$packages/os_ken"

# Mininet's default controller under the name that its examples use. Its iperf() waits for the report of an empty
# connection, which iperf 2.1 does not write any more: it would wait for ever.
ln -s ovs-testcontroller "$root/usr/bin/controller"
net=$packages/mininet/net.py
grep -q "count = 2 if l4Type == 'TCP' else 1" "$root$net"
sed -i "s/count = 2 if l4Type == 'TCP' else 1/count = 1/" "$root$net"
# Its CPULimitedHost knows the first version of control groups only.
mininet=$packages/mininet
cp "$(dirname "$0")/cpu_limited_host.py" "$root$mininet/"
echo 'import mininet.cpu_limited_host' >> "$root$mininet/node.py"
chroot "$root" python3 -m compileall -q --invalidation-mode unchecked-hash "$net" "$mininet/node.py" \
    "$mininet/cpu_limited_host.py"

# Generated or recorded at install time: different on every build, needed by nothing.
rm -rf "$root"/etc/bind/rndc.key "$root"/etc/machine-id "$root"/var/lib/dbus/machine-id "$root"/etc/ssh
rm -rf "$root"/etc/openvswitch/system-id.conf "$root"/etc/openvswitch/conf.db
rm -f "$root"/etc/apt/preferences.d/lock
rm -rf "$root"/etc/openvswitch-testcontroller "$root"/var/lib/openvswitch/pki
rm -rf "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/info "$root"/usr/share/locale
rm -rf "$root"/var/lib/apt/lists "$root"/var/cache "$root"/var/log
mkdir -p "$root"/var/cache "$root"/var/log/nginx "$root"/var/log/openvswitch "$root"/var/cache/bind
