# SPDX-License-Identifier: GPL-3.0-or-later
"""Small roots of their own for user data: of busybox, and of programs of this machine."""

import json
import os
import re
import shutil
import subprocess
import tempfile

from store_tools import wait_until

STATE = "var/lib/foretide-agent"
# Ends with what started it.
ENTER = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc"]


def user_data(rig, pool):
    def launched():
        try:
            with open(rig.path("cloud/cloud.json"), encoding="utf-8") as f:
                vms = json.load(f)["vms"]
        except (OSError, ValueError):
            return None
        return [vm["user_data"] for vm in vms if vm["pool"] == pool]
    return wait_until(launched, f"a VM of {pool}")[0]


class Root:
    """A root folder with a shell and what it needs, and programs that tell how they ran.
    busybox: another than this machine's, which is static and does TLS itself."""

    def __init__(self, *programs, busybox=None):
        self.dir = tempfile.mkdtemp(prefix="foretide-root-")
        for folder in ("bin", "proc", "dev", "run", "tmp", "etc", "var/log", "usr/local/sbin"):
            os.makedirs(self.at(folder))
        if busybox:
            shutil.copy(busybox, self.at("bin/busybox"))
        else:
            self.take(shutil.which("busybox"))
        for name, minor in ("null", 3), ("urandom", 9):
            os.mknod(self.at(f"dev/{name}"), 0o020666, os.makedev(1, minor))
            os.chmod(self.at(f"dev/{name}"), 0o666)
        applets = subprocess.run([busybox or "busybox", "--list"], capture_output=True,
                                 text=True, check=True)
        for name in applets.stdout.split():
            if name not in ("busybox", "poweroff", "shutdown"):
                os.symlink("busybox", self.at(f"bin/{name}"))
        # busybox' wget leaves TLS to another program, as everywhere but in small devices.
        for path in (*([] if busybox else ["/usr/bin/openssl"]), *programs):
            self.take(path)
        self.fake("poweroff", "")
        self.process = None

    def at(self, path):
        return os.path.join(self.dir, path)

    def take(self, path):
        """A program of this machine, with its libraries, in the place of busybox' own."""
        to = self.at(f"bin/{os.path.basename(path)}")
        if os.path.lexists(to):
            os.unlink(to)
        shutil.copy(path, to)
        for lib in re.findall(r"(/\S+) \(", subprocess.run(
                ["ldd", path], capture_output=True, text=True, check=True).stdout):
            os.makedirs(os.path.dirname(self.at(lib[1:])), exist_ok=True)
            shutil.copy(lib, self.at(lib[1:]))

    def fake(self, name, then):
        path = self.at(f"usr/local/sbin/{name}")
        with open(path, "w", encoding="ascii") as f:
            f.write(f"#!/bin/busybox sh\necho \"$*\" >>/{name}ed\n{then}\n")
        os.chmod(path, 0o755)

    def has_joined(self):
        os.makedirs(self.at(STATE))
        with open(self.at(f"{STATE}/cert.pem"), "w", encoding="ascii"):
            pass

    def run(self, script, shell="/bin/sh"):
        with open(self.at("user-data"), "w", encoding="ascii") as f:
            f.write(script)
        inside = f"mount -t proc proc /proc; {shell} /user-data; echo $? >/status; exec sleep 1000000"
        with open(self.at("log"), "wb") as log:
            self.process = subprocess.Popen(
                [*ENTER, "chroot", self.dir, "/bin/busybox", "env", "-i", "PATH=/bin",
                 "/bin/busybox", "sh", "-c", inside],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def read(self, path):
        try:
            with open(self.at(path), encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def waits(self, path):
        wait_until(lambda: self.read(path), f"{path}; {self.read('log')[-2000:]}")
        return self.read(path)

    def mode(self, path):
        return os.stat(self.at(path)).st_mode & 0o777

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.dir)


def inside(r, *command):
    """Runs busybox' command there."""
    pid = r.process.pid
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        first = f.read().split()[0]
    return subprocess.run(["nsenter", "-t", first, "-m", "-p", "-r", "/bin/busybox", *command],
                          capture_output=True, text=True, check=False)
