#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Boots a host whose user data the real cloud-init runs, within namespaces of its own:
# unshare --mount --pid --fork --uts --net --ipc sh cloud_init.sh ROOT FOLDER ADDRESS/PREFIX GATEWAY
# ROOT is a Debian with cloud-init, which is not changed; FOLDER holds u, w (overlay), m (its
# mount point) and user-data. The caller puts eth0 in; it has that address alone.
set -e
root=$1 folder=$2 address=$3 gateway=$4
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$root,upperdir=$folder/u,workdir=$folder/w" "$folder/m"
cd "$folder/m"
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
for n in null zero random urandom; do
	[ -e dev/$n ] || : >dev/$n
	mount --bind /dev/$n dev/$n
done
seed=var/lib/cloud/seed/nocloud
mkdir -p $seed etc/cloud/cloud.cfg.d
printf 'datasource_list: [ NoCloud ]\nnetwork: {config: disabled}\nlocale: false\n' \
	>etc/cloud/cloud.cfg.d/90_test.cfg
printf 'instance-id: iid-1\nlocal-hostname: web-1\n' >$seed/meta-data
cp "$folder/user-data" $seed/user-data

ip link set lo up
until ip link show eth0 >/dev/null 2>&1; do sleep 0.1; done
case $address in
*:*) ip addr add "$address" dev eth0 nodad ;;
*) echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 && ip addr add "$address" dev eth0 ;;
esac
ip link set eth0 up
ip route add default via "$gateway"

# shellcheck disable=SC2016 # that shell expands it
exec chroot . /bin/sh -c 'for stage in "init --local" init "modules --mode=config" "modules --mode=final"; do
	cloud-init $stage
done
exec sleep 1000000'
