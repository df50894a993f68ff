#!/bin/sh
# First process of a room: libvirt in network, mount and process namespaces of its own; $1 is a folder for its files.
# There is no way out of the room's network. Whatever runs here ends with this process.
set -eu
room=$1
mkdir -p "$room/etc" "$room/lib" "$room/log" "$room/cache"
cp -r /etc/libvirt/. "$room/etc"
mount -t tmpfs none /run
mkdir /run/lock /run/libvirt
mount --bind "$room/etc" /etc/libvirt
mount --bind "$room/lib" /var/lib/libvirt
mount --bind "$room/log" /var/log/libvirt
mount --bind "$room/cache" /var/cache/libvirt
# As root, or libvirt tries a /dev/kvm that may hang, again and again.
printf '%s\n' 'user = "root"' 'group = "root"' 'security_driver = "none"' >/etc/libvirt/qemu.conf
printf '%s\n' 'auth_unix_rw = "none"' 'auth_unix_ro = "none"' >/etc/libvirt/libvirtd.conf # there is no polkit
ip link set lo up
virtlogd --daemon
libvirtd --daemon
touch "$room/ready"
# The first process inherits the orphans, and must bury them: to libvirt, a machine that ended lives on as a zombie.
sleep infinity &
wait
