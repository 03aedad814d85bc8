# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines that exist: enrolled by the printed command, given to a tier, taken back, given
again. They are hosts of the local driver that the controller knows nothing of."""

import json
import os
import subprocess
import sys

import pytest

from rig_tools import BUILD, ROOT, Rig, wait_for

sys.path.insert(0, os.path.join(ROOT, "tests/peers"))
from peer_tools import UNIT, Driver  # noqa: E402

MACHINES = """[box-1]
cpu = 1
memory = 256M
power_on = echo on $FORETIDE_MACHINE >>{log}
[box-2]
cpu = 1
memory = 256M
"""


# Asks more often than it would, for the tests' time.
HASTE = "sed -i 's/^every=.*/every=0.3/' /var/lib/foretide-standby/standby\n"


class Static(Rig):
    def __init__(self):
        super().__init__(BUILD, options={"controller.tick": "1s"})
        for name, value in (("machines", self.path("machines.conf")),
                            ("state_dir", self.path("given"))):
            with open(self.path("foretide.conf"), "a", encoding="ascii") as f:
                f.write(("[driver static]\n" if name == "machines" else "") + f"{name} = {value}\n")
        with open(self.path("machines.conf"), "w", encoding="ascii") as f:
            f.write(MACHINES.format(log=self.path("power.log")))

    def enroll(self, kind, name):
        return subprocess.run(
            [os.path.join(BUILD, "foretide"), "enroll", kind, name, "--url", self.url,
             "--token-file", self.path("token")], check=True, capture_output=True, text=True).stdout

    def scale(self, count):
        self.api("/v1/stacks/static", "PUT", {"files": {
            "units/box@.service": UNIT,
            "stack.conf": "[stack]\nname = static\n[pool box]\ndriver = static\nmax = 4\ncpu = 1\n"
                          f"[tier box]\nunit = box@.service\nmin = {count}\nmax = {count}\n"}})

    def up(self):
        return {h["id"]: h["vm"] for h in self.items("/v1/hosts") if h["state"] == "up"}


class Box:
    """A machine: what runs in it, and its files."""

    def __init__(self, local, number, user_data):
        self.local = local
        self.id = local.ok("launch", owner="nobody", pool="boxes", name=f"box-{number}",
                           launch_id=f"{number:032x}", user_data=user_data)["vm"]["id"]

    def is_there(self):
        return self.id in [v["id"] for v in self.local.vms("nobody") if v["state"] == "RUNNING"]


@pytest.fixture(scope="module", name="rig")
def fixture_rig():
    rig = Static()
    try:
        yield rig.start()
    finally:
        rig.close()


@pytest.fixture(scope="module", name="boxes")
def fixture_boxes(rig):
    """Two machines, each with a way into it."""
    with Driver("local", {"state_dir": rig.path("boxes"), "bridge": rig.bridge, "type": "medium",
                          "subnet": f"10.{rig.net}.0.0/16",
                          "init": os.path.join(BUILD, "foretide-local-init")}) as local:
        boxes = [Box(local, n, rig.enroll("machine", f"box-{n}") + HASTE) for n in (1, 2)]
        try:
            yield boxes
        finally:
            for box in boxes:
                local.ok("terminate", owner="nobody", id=box.id)


def inside(rig, box):
    """-> the programs that run in the machine, and whether it has an agent's identity"""
    with open(rig.path(f"boxes/hosts/{box.id}/meta.json"), encoding="ascii") as f:
        pid = json.load(f)["pid"]
    ps = subprocess.run(["nsenter", "-t", str(pid), "-m", "-p", "ps", "-eo", "args"], check=True,
                        capture_output=True, text=True).stdout
    return ps, os.path.exists(f"/proc/{pid}/root/var/lib/foretide-agent/cert.pem")


def test_machines_are_given_taken_back_and_given_again(rig, boxes):
    rig.scale(1)
    first = wait_for("one is up", rig.up)
    assert list(first.values())[0].startswith(("box-1/", "box-2/"))
    rig.kill()
    rig.start()
    rig.scale(2)
    both = wait_for("both are up", lambda: len(rig.up()) == 2 and rig.up())
    assert first.items() <= both.items()
    assert {v.partition("/")[0] for v in both.values()} == {"box-1", "box-2"}
    wait_for("their units run", lambda: len(rig.healthy("box")) == 2)
    with open(rig.path("power.log"), encoding="ascii") as f:
        assert f.read() == "on box-1\n"
    # A third has no machine, and nobody's is taken.
    rig.scale(3)
    wait_for("that is told", lambda: "the pool can have 2" in str(rig.api("/v1/status")["problems"]))
    assert rig.up() == both
    rig.api("/v1/stacks/static", "DELETE")
    wait_for("all are taken back", lambda: not rig.up())
    for box in boxes:
        wait_for("it has left", lambda: inside(rig, box)[1] is False
                 and "foretide-agent" not in inside(rig, box)[0])
        text = inside(rig, box)[0]
        assert "foretide-standby" in text
        assert "sleep 1000000" not in text
        assert box.is_there()
    rig.scale(1)
    again = wait_for("one is up again", rig.up)
    assert not again.items() & both.items()


def test_a_key_opens_its_own_machine_alone(rig, boxes):
    command = rig.enroll("machine", "box-1")
    key = command.partition("FORETIDE_KEY=")[2].split()[0]
    ask = {"machine": "box-1", "key": key, "host": ""}
    assert rig.request("POST", "/v1/agent/assignment", ask)[0] == 200
    for wrong in ({"machine": "box-2"}, {"key": "ft_0"}, {"key": ""}, {"key": rig.token}):
        status, doc = rig.request("POST", "/v1/agent/assignment", {**ask, **wrong})
        assert status == 403 and "ft_" not in str(doc), wrong
    pool = {"pool": "box", "key": key, "host": ""}
    assert rig.request("POST", "/v1/agent/assignment", pool)[0] == 403
    for bad in ({}, {"key": key}, {**ask, "pool": "box"}, {**ask, "more": 1}):
        assert rig.request("POST", "/v1/agent/assignment", bad)[0] == 400, bad
    for kind, name, status in (("machine", "Box", 400), ("machine", "a" * 61, 400),
                               ("pool", "none", 404), ("stack", "static", 404)):
        assert rig.request("GET", f"/v1/enrolments/{kind}/{name}")[0] == status
    viewer = rig.api("/v1/tokens", "POST", {"name": "v", "role": "operator"})["token"]
    status, _ = rig.request("GET", "/v1/enrolments/machine/box-1",
                            headers={"Authorization": f"Bearer {viewer}"})
    assert status == 403
    # A host that joined is told that it stays; to another its user data is not given.
    host, = rig.up()
    machine = rig.up()[host].partition("/")[0]
    key = rig.enroll("machine", machine).partition("FORETIDE_KEY=")[2].split()[0]
    for now, want in ((host, f"# {host}\n"), ("other", "# none\n"), ("", "# none\n")):
        status, text = rig.request("POST", "/v1/agent/assignment",
                                   {"machine": machine, "key": key, "host": now})
        assert (status, text) == (200, want)
    with open(rig.path("foretided.log"), encoding="utf-8", errors="replace") as f:
        assert key not in f.read()
    # One that no host is at leaves when its host has ended, and not as nobody knows of it:
    # the database may be an old one.
    other = ({"box-1", "box-2"} - {machine}).pop()
    key = rig.enroll("machine", other).partition("FORETIDE_KEY=")[2].split()[0]
    ended = [h["id"] for h in rig.items("/v1/hosts?all=true") if h["state"] == "gone"][0]
    for now, want in ((ended, "# none\n"), ("box-00000000", "# box-00000000\n"), ("", "# none\n")):
        status, text = rig.request("POST", "/v1/agent/assignment",
                                   {"machine": other, "key": key, "host": now})
        assert (status, text) == (200, want)
