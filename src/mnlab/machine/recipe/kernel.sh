#!/bin/sh
# Turn a tree with an unpacked kernel into what a machine boots: vmlinuz.lab, initrd.lab and modules.tar in /boot, and
# there the packages that it was made of. Runs as an mmdebstrap extract hook: $1 is the tree. Everything here must give
# the same bytes on every build.
set -eu
root=$1
kernel=$(ls "$root/usr/lib/modules")
modules=$root/usr/lib/modules/$kernel/kernel

# A lab machine has no hardware: keep the drivers of virtual networks and of persistent memory.
for dir in "$modules"/drivers/*; do
    case ${dir##*/} in net|nvdimm|dax|acpi|char|virtio) ;; *) rm -rf "$dir" ;; esac
done
for dir in "$modules"/drivers/net/*; do
    case ${dir##*/} in
    ethernet|wireless|hyperv|wan|xen-netback) rm -rf "$dir" ;;
    esac
done
rm -rf "$modules/sound"
mkdir -p "$root/boot"
# Up to Linux 6.12 the kernel lies in /boot, since 7.x among its modules.
for file in "$root/boot/vmlinuz-$kernel" "$modules/../vmlinuz"; do
    [ ! -e "$file" ] || mv "$file" "$root/boot/vmlinuz.lab"
done
chroot "$root" depmod "$kernel"

# The first file system: enough to find and mount the others, then hand over.
initrd=$root/tmp/initrd
mkdir -p "$initrd/bin" "$initrd/modules"
cp "$root/usr/bin/busybox" "$initrd/bin/busybox"
for module in libnvdimm nd_btt nfit nd_pmem overlay squashfs; do
    chroot "$root" modprobe --set-version "$kernel" --show-depends "$module"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' > "$initrd/modules/order"
while read -r file; do
    cp "$root$file" "$initrd/modules/"
done < "$initrd/modules/order"
sed -i 's,.*/,,' "$initrd/modules/order"
cp "$(dirname "$0")/init" "$initrd/init"
chmod 755 "$initrd/init"
find "$initrd" "$root/usr/lib/modules" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
chroot "$root" sh -c 'cd /tmp/initrd && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 --reproducible' \
    > "$root/boot/initrd.lab"
rm -rf "$initrd"
tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -C "$root" -cf "$root/boot/modules.tar" \
    usr/lib/modules
# NAME VERSION SHA256 of each package whose contents are in there; linux-image-cloud-amd64 and its like have none.
for file in "$root"/var/cache/apt/archives/*.deb; do
    case ${file##*/} in
    linux-image-[0-9]* | linux-binary-[0-9]* | linux-modules-[0-9]* | busybox-static_* | kmod_*)
        echo "$(dpkg-deb -f "$file" Package) $(dpkg-deb -f "$file" Version) $(sha256sum < "$file" | cut -d' ' -f1)"
        ;;
    esac
done | LC_ALL=C sort > "$root/boot/packages"
