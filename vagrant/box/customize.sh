#!/bin/sh
# An mmdebstrap customize hook: turn a fresh Debian tree ($1) into what Vagrant expects of a box, then provision it.
# PROJECT is the project's folder, RELEASE the machine's first name (debian13).
set -eu
root=$1

echo "$RELEASE" >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost\n' "$RELEASE" >"$root/etc/hosts"

# Vagrant's user and its well-known first key, which Vagrant replaces at the first boot.
chroot "$root" useradd --create-home --shell /bin/bash --password '*' vagrant
echo 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/vagrant"
chmod 440 "$root/etc/sudoers.d/vagrant"
mkdir -m 700 "$root/home/vagrant/.ssh"
cp "$(dirname "$0")/vagrant.pub" "$root/home/vagrant/.ssh/authorized_keys"
chmod 600 "$root/home/vagrant/.ssh/authorized_keys"
chroot "$root" chown -R vagrant: /home/vagrant/.ssh
printf 'UseDNS no\nPasswordAuthentication no\n' >"$root/etc/ssh/sshd_config.d/vagrant.conf"

# Keys of its own for each machine that is made of this box.
rm -f "$root"/etc/ssh/ssh_host_*
cat >"$root/etc/systemd/system/ssh-keys.service" <<END
[Unit]
Description=Make the SSH server's keys
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A
[Install]
WantedBy=multi-user.target
END
chroot "$root" systemctl enable --quiet ssh-keys.service systemd-networkd.service

# Whatever network card there is gets its address by DHCP; vagrant-libvirt knows a machine by its card's address.
printf '[Match]\nName=eth* en*\n[Network]\nDHCP=yes\n[DHCPv4]\nClientIdentifier=mac\n' \
    >"$root/etc/systemd/network/80-dhcp.network"

mkdir -p "$root/boot/grub"
cat >"$root/boot/grub/grub.cfg" <<END
set timeout=0
menuentry Debian {
    linux /vmlinuz root=LABEL=root ro quiet net.ifnames=0 console=tty0 console=ttyS0
    initrd /initrd.img
}
END

# The same provisioning as in a running machine. Names are resolved, and registries trusted, as on this computer.
rm "$root/etc/resolv.conf" # systemd-resolved's, which does not run yet
cp /etc/resolv.conf "$root/etc/resolv.conf"
mkdir "$root/vagrant"
tar -C "$PROJECT" -cf - --exclude=vagrant/.vagrant --exclude=*.box mnlab pyproject.toml controller labs src vagrant |
    tar -C "$root/vagrant" -xf -
certificates=${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}
cp "$certificates" "$root/tmp/certificates.crt"
PIP_CERT=/tmp/certificates.crt REQUESTS_CA_BUNDLE=/tmp/certificates.crt \
    chroot "$root" /vagrant/vagrant/provision.sh --prepare

rm -rf "$root/vagrant" "$root/tmp/certificates.crt" "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin
rm -rf "$root/root/.cache"
ln -sf ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
: >"$root/etc/machine-id"
