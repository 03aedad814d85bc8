# SPDX-License-Identifier: GPL-3.0-or-later
"""A bootable disk with Debian's kernel for clouds and busybox, which runs the user data of a
NoCloud seed as cloud-init would: made once from packages, and kept under build/peers."""

import glob
import os
import shutil
import subprocess

SIZE_MB = 32  # 32 * 64 heads * 32 sectors of 512 bytes
MODULES = ("virtio/virtio_ring", "virtio/virtio", "virtio/virtio_pci_legacy_dev",
           "virtio/virtio_pci_modern_dev", "virtio/virtio_pci", "block/virtio_blk",
           "cdrom/cdrom")
INIT = """#!/bin/busybox sh
mount -t proc proc /proc
mount -t devtmpfs dev /dev
for m in %s; do insmod /modules/$m.ko; done
for disk in /dev/vd?; do
	mount -t iso9660 -o ro $disk /seed 2>/dev/null && break
done
grep -q '^instance-id: ' /seed/meta-data && sh /seed/user-data
while :; do sleep 1000; done
"""
MENU = """DEFAULT linux
PROMPT 0
TIMEOUT 1
LABEL linux
KERNEL vmlinuz
INITRD initrd
APPEND quiet console=ttyS0
"""


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, **more)


def unpack_kernel(folder):
    """Debian's kernel is not installed: it is not for this machine."""
    depends = run("apt-cache", "depends", "linux-image-cloud-amd64", text=True).stdout
    package = next(line.split()[-1] for line in depends.splitlines()
                   if "Depends: linux-image" in line)
    run("apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", package, cwd=folder)
    file, = glob.glob(os.path.join(folder, "*.deb"))
    run("dpkg-deb", "-x", file, folder)
    os.unlink(file)


def libraries(program):
    for line in run("ldd", program, text=True).stdout.splitlines():
        for word in line.split():
            if word.startswith("/"):
                yield word


def make_initrd(folder):
    root = os.path.join(folder, "initrd.d")
    kernel, = glob.glob(os.path.join(folder, "lib/modules/*/kernel"))
    for name in ("bin", "dev", "proc", "seed", "modules"):
        os.makedirs(os.path.join(root, name))
    for file in ("/bin/busybox", *libraries("/bin/busybox")):
        os.makedirs(root + os.path.dirname(file), exist_ok=True)
        shutil.copy(file, root + file)
    for name in run("/bin/busybox", "--list", text=True).stdout.split():
        if name != "busybox":
            os.symlink("busybox", os.path.join(root, "bin", name))
    for module in [*(f"drivers/{m}" for m in MODULES), "fs/isofs/isofs"]:
        shutil.copy(os.path.join(kernel, module + ".ko"), os.path.join(root, "modules"))
    with open(os.path.join(root, "init"), "w", encoding="ascii") as f:
        f.write(INIT % " ".join(os.path.basename(m) for m in (*MODULES, "isofs")))
    os.chmod(f.name, 0o755)
    names = "\n".join(os.path.relpath(os.path.join(at, name), root)
                      for at, folders, files in os.walk(root) for name in folders + files)
    packed = run("busybox", "cpio", "-o", "-H", "newc", cwd=root, input=names.encode()).stdout
    with open(os.path.join(folder, "initrd"), "wb") as f:
        f.write(packed)


def make_disk(folder, disk):
    raw = os.path.join(folder, "raw")
    with open(raw, "wb") as f:
        f.truncate(SIZE_MB << 20)
    run("mformat", "-i", raw, "-t", str(SIZE_MB), "-h", "64", "-s", "32", "::")
    with open(os.path.join(folder, "syslinux.cfg"), "w", encoding="ascii") as f:
        f.write(MENU)
    kernel, = glob.glob(os.path.join(folder, "boot/vmlinuz-*"))
    run("mcopy", "-i", raw, kernel, "::vmlinuz")
    run("mcopy", "-i", raw, os.path.join(folder, "initrd"), f.name, "::")
    run("syslinux", "--install", raw)
    run("qemu-img", "convert", "-O", "qcow2", raw, disk)


def kept(build):
    """The path of the disk, in the format qcow2."""
    parent = os.path.join(os.path.abspath(build), "peers")
    disk = os.path.join(parent, "libvirt-boots.qcow2")
    # As it was made by this file as it is now.
    if os.path.exists(disk) and os.path.getmtime(disk) > os.path.getmtime(__file__):
        return disk
    folder = os.path.join(parent, "libvirt-boots.d")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    unpack_kernel(folder)
    make_initrd(folder)
    make_disk(folder, os.path.join(folder, "disk"))
    os.rename(os.path.join(folder, "disk"), disk)
    shutil.rmtree(folder)
    return disk
