# SPDX-License-Identifier: GPL-3.0-or-later
"""The user data of a real controller, run by the real cloud-init of a Debian that has never
seen Foretide: the real agent joins, over IPv4 or IPv6 alone."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
sys.path.insert(0, os.path.join(ROOT, "stacks"))
from rig import Rig, wait_for  # noqa: E402

NAME = "controller.example"
# What cloud images have; python3-cffi-backend is one that cloud-init needs and only names as
# virtual. The libraries are those of the agent, in which curl's are.
PACKAGES = ["cloud-init", "python3-cffi-backend", "iproute2", "curl", "libcurl3-gnutls",
            "libjansson4", "libknot13", "libnettle8", "libnghttp2-14", "libsystemd0"]
STACK = """[stack]
name = shop
[pool web]
driver = fake
min = 1
max = 1
cpu = 1
[tier web]
unit = web.service
"""
UNIT = """[Service]
ExecStart=/bin/sleep 1000000
[X-Service]
Name=web
Port=80
Check=none
"""


@pytest.fixture(scope="module", name="debian")
def fixture_debian():
    """Made once, and kept."""
    digest = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:16]
    root = os.path.join(BUILD, "peers", f"debian-{digest}")
    if not os.path.isdir(root):
        os.makedirs(os.path.dirname(root), exist_ok=True)
        shutil.rmtree(root + ".new", ignore_errors=True)
        subprocess.run(["mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}",
                        "bookworm", root + ".new"], check=True)
        os.rename(root + ".new", root)
    return root


class Host:
    """A network with the controller's side of a cable, and a host at the other."""

    def __init__(self, number, debian, user_data, family):
        self.net = number
        self.link = f"ftci{os.getpid() % 100000}-{family}"
        self.address, self.gateway, prefix = {
            4: (f"10.{number}.0.7", f"10.{number}.0.1", 24),
            6: (f"fd00:{number}::7", f"fd00:{number}::1", 64)}[family]
        self.dir = tempfile.mkdtemp(prefix="foretide-ci-", dir="/var/tmp")
        for folder in ("u", "w", "m", "u/etc"):
            os.mkdir(self.at(folder))
        with open(self.at("user-data"), "w", encoding="ascii") as f:
            f.write(user_data)
        with open(self.at("u/etc/hosts"), "w", encoding="ascii") as f:
            f.write(f"127.0.0.1 localhost\n10.{number}.0.1 {NAME}\nfd00:{number}::1 {NAME}\n")
        with open(self.at("log"), "wb") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--net", "--ipc",
                 "sh", os.path.join(HERE, "cloud_init.sh"), debian, self.dir,
                 f"{self.address}/{prefix}", self.gateway],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for("a network", lambda: os.readlink(f"/proc/{self.process.pid}/ns/net")
                 != os.readlink("/proc/self/ns/net"))
        ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns",
           str(self.process.pid))
        ip("addr", "add", f"{self.gateway}/{prefix}", "dev", self.link,
           *(["nodad"] if family == 6 else []))
        ip("link", "set", self.link, "up")

    def at(self, path):
        return os.path.join(self.dir, path)

    def read(self, path):
        try:
            with open(self.at(path), encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def close(self):
        self.process.kill()
        self.process.wait()
        subprocess.run(["ip", "link", "del", self.link], capture_output=True, check=False)
        shutil.rmtree(self.dir, ignore_errors=True)


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def user_data(rig):
    def launched():
        try:
            with open(rig.path("cloud/cloud.json"), encoding="utf-8") as f:
                return json.load(f)["vms"]
        except (OSError, ValueError):
            return None
    vm, = wait_for("a VM", launched)
    return vm["user_data"]


@pytest.fixture(name="rig")
def fixture_rig():
    r = Rig(BUILD)
    path = r.path("foretide.conf")
    with open(path, encoding="ascii") as f:
        text = f.read()
    text = text.replace(f"host_listen = 0.0.0.0:{r.host_port}", f"host_listen = [::]:{r.host_port}")
    text = text.replace(f"https://{r.gateway}:", f"https://{NAME}:")
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    try:
        r.start()
        r.api("/v1/stacks/shop", "PUT", {"files": {"stack.conf": STACK, "units/web.service": UNIT}})
        yield r
    finally:
        r.close()


@pytest.mark.parametrize("family", [4, 6], ids=["IPv4 alone", "IPv6 alone"])
def test_cloud_init_makes_a_host_of_a_debian(rig, debian, family):
    host = Host(rig.net, debian, user_data(rig), family)
    try:
        found, = wait_for("the host is up", lambda: [h for h in rig.hosts() if h["state"] == "up"])
        assert found["address"] == host.address
        wait_for("its unit is healthy", lambda: rig.healthy("web"))
        service, = wait_for("its service", lambda: rig.services("web"))
        assert host.address in json.dumps(service)
        result = wait_for("cloud-init ends", lambda: host.read("u/var/lib/cloud/data/result.json"))
        assert json.loads(result)["v1"]["errors"] == [], host.read("log")
        assert os.access(host.at("u/var/lib/cloud/scripts/per-boot/foretide-agent"), os.X_OK)
        token = host.at("u/etc/foretide/agent.conf")
        assert os.stat(token).st_mode & 0o777 == 0o600
    except Exception:
        print(host.read("log")[-3000:], host.read("u/var/log/foretide-agent.log")[-3000:],
              host.read("u/var/log/cloud-init-output.log")[-3000:])
        raise
    finally:
        host.close()
