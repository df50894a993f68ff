#!/bin/sh
# An mmdebstrap essential hook ($1 is the tree): what must be there before the kernel is installed.
# The first file system checks and mounts the root file system, and has the drivers of virtual disks only: it is small.
set -eu
echo 'LABEL=root / ext4 errors=remount-ro 0 1' >"$1/etc/fstab"
mkdir -p "$1/etc/initramfs-tools/conf.d"
printf '%s\n' MODULES=list FSTYPE=ext4 >"$1/etc/initramfs-tools/conf.d/virtual"
printf '%s\n' \
    ext4 virtio_pci virtio_blk virtio_scsi sd_mod ahci ata_piix mptspi vmw_pvscsi \
    >"$1/etc/initramfs-tools/modules"
