# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud: what a hundred launches cost in calls and time.

The fake of EC2 that tests/peers holds to AWS' own description serves; it is a program of its
own, in Python, so a part of the time is its."""
import glob
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

from measure import BUILD, ROOT, BenchRig, figure, say, wait_for

PEERS = os.path.join(ROOT, "tests/peers")
IDLE_UNIT = "[Service]\nExecStart=/bin/sleep infinity\n"
OPTIONS = {"controller.join_timeout": "1h", "limits.launches_per_hour": "1000",
           "limits.launches_per_hour_total": "1000"}
LAUNCH, LIST = "/RunInstances", "/DescribeInstances"


def fakes(module):
    if PEERS not in sys.path:
        sys.path.insert(0, PEERS)
    return importlib.import_module(module)


def profile(rig, url):
    """The credentials of the fake at this URL, where pools of driver ec2 look for them."""
    cloud, catalog = fakes("fakes.ec2.cloud"), fakes("fakes.ec2.catalog")
    fd = os.open(rig.path("credentials"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w") as f:
        f.write(f"[ec2]\naccess_key_id = {cloud.KEY_ID}\nsecret_access_key = {cloud.SECRET}\n"
                f"region = {catalog.REGION}\nendpoint = {url}\n")


class Fake:
    """The fake of EC2 as a program."""

    def __init__(self, **settings):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-m", "fakes.server", "ec2",
             *(f"{k}={v}" for k, v in settings.items())],
            stdout=subprocess.PIPE, text=True, env=dict(os.environ, PYTHONPATH=PEERS))
        self.url = json.loads(self.process.stdout.readline())["url"]

    def calls(self):
        with urllib.request.urlopen(self.url + "/_control/calls", timeout=60) as answer:
            return [called for _, called in json.load(answer)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        self.process.stdout.close()


def stack(n, most=None):
    return {
        "stack.conf": f"[stack]\nname = bench\n[pool p]\ndriver = ec2\ntype = t3.micro\n"
                      f"image = ami-0123456789abcdef0\ncpu = 1\nmemory = 64M\n"
                      f"min = {n}\nmax = {most or n}\n"
                      f"[tier idle]\nunit = idle.service\npool = p\nmin = 0\nmax = 0\n",
        "units/idle.service": IDLE_UNIT,
    }


def sizes():
    """Of the drivers, stripped as packages have them."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="foretide-bench-") as folder:
        for path in glob.glob(os.path.join(BUILD, "drivers/*.so")):
            name = os.path.basename(path)
            subprocess.run(["strip", "-o", os.path.join(folder, name), path], check=True)
            found[name] = os.path.getsize(os.path.join(folder, name)) / 1024
    for name, kb in sorted(found.items()):
        say(f"{name}: {kb:.0f} KB")
    largest = max(found, key=found.get)
    figure(f"largest of {len(found)} drivers, stripped", f"{found[largest]:.0f} KB ({largest})",
           "<= 100 KB", met=found[largest] <= 100)


def ec2(n=100):
    with Fake(limit=10 * n) as fake, BenchRig(OPTIONS) as rig:
        profile(rig, fake.url)
        start = time.monotonic()
        rig.apply("bench", stack(n))
        calls = wait_for(f"{n} launches", lambda: (
            lambda seen: seen if seen.count(LAUNCH) >= n else None)(fake.calls()), 300, every=0.05)
        took = time.monotonic() - start
        launched = wait_for("all are written down", lambda: rig.count(
            "SELECT count(*) FROM host WHERE pool = 'p' AND vm_id <> ''") >= n or None, 60)
        assert launched
        launches, lists = calls.count(LAUNCH), calls.count(LIST)
    figure(f"launch of {n} hosts through ec2, calls", f"{launches} launches, {lists} lists",
           "<= 101 launches", met=launches <= n + 1)
    figure("the same, from apply to the last launch", f"{took:.1f} s", "<= 3 s", met=took <= 3)
