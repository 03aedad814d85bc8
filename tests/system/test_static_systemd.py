# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with systemd waits to be a host, is one, and leaves. Its agent is a script; what is
tried is what the machine does around it."""

import os
import re

import pytest

from rig_tools import wait_for
from test_agent_systemd import Host
from test_static import HASTE, Static

AGENT = """#!/bin/sh
[ "$1" != version ] || exit 0
: >/var/lib/foretide-agent/cert.pem
exec sleep 7654321
"""
UNIT = "# foretide 0a1b\n[Service]\nExecStart=/bin/sleep 7654322\n"


@pytest.fixture(name="rig")
def fixture_rig():
    rig = Static()
    with open(rig.path("agent"), "w", encoding="ascii") as f:
        f.write(AGENT)
    config = rig.path("foretide.conf")
    with open(config, encoding="ascii") as f:
        text = re.sub("advertise = .*", f"advertise = https://127.0.0.1:{rig.host_port}", f.read())
    with open(config, "w", encoding="ascii") as f:
        f.write(re.sub("agent = .*", f"agent = {rig.path('agent')}\njoin_timeout = 4h", text))
    with open(rig.path("machines.conf"), "w", encoding="ascii") as f:
        f.write("[box-1]\ncpu = 1\nmemory = 256M\n")
    try:
        yield rig.start()
    finally:
        rig.close()


@pytest.fixture(name="machine")
def fixture_machine(rig):
    host = Host()
    with open(os.path.join(host.dir, "enroll"), "w", encoding="ascii") as f:
        f.write(rig.enroll("machine", "box-1") + HASTE + "systemctl restart foretide-standby\n")
    try:
        yield host
    finally:
        host.close()


def test_its_services_come_with_a_host_and_go_with_it(rig, machine):
    def state(unit):
        return machine.run("systemctl", "is-active", unit)

    def programs():
        return machine.run("ps", "-eo", "args")

    for _ in range(2):  # once more changes nothing
        machine.run("sh", os.path.join(machine.dir, "enroll"))
    wait_for("it waits", lambda: state("foretide-standby") == "active")
    assert machine.run("systemctl", "is-enabled", "foretide-standby") == "enabled"
    rig.scale(1)
    wait_for("its agent runs", lambda: "sleep 7654321" in programs())
    assert machine.run("systemctl", "is-enabled", "foretide-agent") == "enabled"
    machine.run("sh", "-c", f"printf '{UNIT}' >/run/systemd/system/left.service;"
                            " systemctl start left.service")
    assert state("left") == "active"
    rig.api("/v1/stacks/static", "DELETE")
    wait_for("it has left", lambda: "765432" not in programs())
    wait_for("its state is gone", lambda: not machine.run("ls", "/var/lib/foretide-agent"))
    assert state("left") == "inactive" and state("foretide-standby") == "active"
    assert not machine.run("ls", "/etc/systemd/system/foretide-agent.service",
                           "/run/systemd/system/left.service", "/etc/foretide/agent.conf")
    rig.scale(1)
    wait_for("it is a host again", lambda: "sleep 7654321" in programs())
