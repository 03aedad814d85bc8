#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Boots systemd over this machine's own files, inside namespaces that the caller has made:
# unshare --mount --pid --uts --ipc --cgroup --fork sh systemd_host.sh FOLDER
# FOLDER holds u, w (overlay) and m (its mount point), and is seen inside as well. Its cgroups
# are of version 1, or with a second argument of version 2, in which there are no controllers.
set -e
D=$1
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=/,upperdir=$D/u,workdir=$D/w" "$D/m"
cd "$D/m"
mount -t proc proc proc
mount -t tmpfs tmpfs run; mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for n in null zero full random urandom tty; do : >dev/$n; mount --bind /dev/$n dev/$n; done
mkdir dev/pts dev/shm; mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts; ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr; ln -s fd/0 dev/stdin
mount -t sysfs -o ro sysfs sys
if [ "$2" ]; then
	mount -t cgroup2 cgroup2 sys/fs/cgroup
else
	mount -t tmpfs tmpfs sys/fs/cgroup; mkdir sys/fs/cgroup/systemd
	mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
fi
rm -rf etc/systemd/system/*.wants; : >etc/machine-id; : >etc/fstab
for u in console-getty.service getty.target systemd-networkd.service systemd-udevd.service systemd-resolved.service systemd-udev-trigger.service systemd-logind.service systemd-timesyncd.service; do ln -sf /dev/null etc/systemd/system/$u; done
mkdir -p "$D/m$D"
mount --bind "$D" "$D/m$D"
mkdir -p old
pivot_root . old
umount -l old
exec env -i container=x PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd systemd.unit=multi-user.target
