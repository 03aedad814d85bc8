# SPDX-License-Identifier: GPL-3.0-or-later
"""A hypervisor of this machine: libvirtd and QEMU, which emulates the processor, both of a user
without rights, with a storage pool in a folder that goes with them."""

import os
import shutil
import signal
import subprocess
import tempfile

from peer_tools import wait_for

NOBODY = 65534
POOL = "hosts"


class Hypervisor:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ft-libvirt-", dir="/tmp")
        self.process = None
        for name in ("run", "home", POOL):
            os.mkdir(self.path(name))
            os.chown(self.path(name), NOBODY, NOBODY)
        os.chmod(self.folder, 0o755)
        with open(self.path("conf"), "w", encoding="ascii") as f:
            f.write(f'unix_sock_dir = "{self.path("run")}"\nauth_unix_rw = "none"\n')
        self.uri = f"qemu+unix:///session?socket={self.path('run/libvirt-sock')}"

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        env = {"PATH": os.environ["PATH"], "HOME": self.path("home"),
               **{f"XDG_{n}": self.path("home") for n in ("CONFIG_HOME", "CACHE_HOME")},
               "XDG_RUNTIME_DIR": self.path("run")}
        with open(self.path("log"), "ab") as log:
            self.process = subprocess.Popen(
                ["libvirtd", "-f", self.path("conf"), "-p", self.path("run/pid")],
                user=NOBODY, group=NOBODY, extra_groups=[], env=env, stdout=log, stderr=log)
        wait_for("libvirtd answers", lambda: self.try_virsh("version").returncode == 0)
        if POOL not in self.virsh("pool-list", "--all", "--name"):
            self.virsh("pool-define-as", POOL, "dir", "--target", self.path(POOL))
        if POOL not in self.virsh("pool-list", "--name"):
            self.virsh("pool-start", POOL)

    def stop(self, how=signal.SIGTERM):
        """Its domains go on."""
        self.process.send_signal(how)
        self.process.wait(60)

    def try_virsh(self, *arguments):
        return subprocess.run(["virsh", "-c", self.uri, *arguments], capture_output=True,
                              text=True, timeout=60)

    def virsh(self, *arguments):
        done = self.try_virsh(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    def domains(self):
        return self.virsh("list", "--all", "--name")

    def volumes(self):
        return sorted(name for name in os.listdir(self.path(POOL)) if name.startswith("ft-"))

    def add_image(self, name, disk=None):
        """A copy of the disk, or an empty one."""
        path = os.path.join(self.path(POOL), name)
        if disk:
            shutil.copy(disk, path)
        else:
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path, "64M"], check=True)
        os.chown(path, NOBODY, NOBODY)

    def close(self):
        if self.process.poll() is not None:
            self.start()
        for name in self.virsh("list", "--name"):
            self.try_virsh("destroy", name)
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()
