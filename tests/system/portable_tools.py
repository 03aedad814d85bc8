# SPDX-License-Identifier: GPL-3.0-or-later
"""The real agent in a root that does not have its libraries: what it is to do there."""

import os
import re
import signal
import sys

from root_tools import inside, user_data
from store_tools import BUILD, ROOT, wait_until

sys.path.insert(0, os.path.join(ROOT, "stacks"))
from rig import Rig  # noqa: E402

NAME = "controller.example"
PLACE = "opt/foretide/foretide-agent"
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
ExecStart=/bin/busybox sh -c "env >>/unit; exec sleep 1000000"
[X-Service]
Name=web
Port=80
Check=none
"""


class PortableRig(Rig):
    """Its hosts, of the fake cloud, are roots in this machine's network."""

    def start(self, *options):
        config = self.path("foretide.conf")
        with open(config, encoding="ascii") as f:
            text = re.sub("advertise = .*", f"advertise = https://{NAME}:{self.host_port}",
                          f.read())
        with open(config, "w", encoding="ascii") as f:
            f.write(text)
        super().start(*options)
        self.api("/v1/stacks/shop", "PUT",
                 {"files": {"stack.conf": STACK, "units/web.service": UNIT}})
        return self

    def script(self):
        """The ports of names and of etcd are this machine's, and others' as well."""
        return user_data(self, "web").replace(
            "\n[dns]\n", "\n[etcd_proxy]\nenabled = no\n[dns]\nenabled = no\n")


def portable_rig():
    return PortableRig(BUILD)


def boot(root, rig):
    with open(root.at("etc/hosts"), "w", encoding="ascii") as f:
        f.write(f"127.0.0.1 localhost {NAME}\n")
    return root.run(rig.script())


def agents(root):
    """Processes by their command lines, as seen inside."""
    lines = inside(root, "ps", "-o", "pid,args").stdout.splitlines()
    return [int(line.split()[0]) for line in lines
            if re.search(r"--argv0 \S+ \S+/lib/agent run$", line)]


def check_it_serves(root, rig):
    wait_until(lambda: rig.healthy("web"), f"a unit; {root.read('log')[-2000:]} "
               f"{root.read('var/log/foretide-agent.log')[-2000:]}")
    host, = rig.hosts()
    assert host["state"] == "up"
    assert not os.path.exists(root.at("usr/local/sbin/foretide-agent"))
    assert not os.path.exists(root.at("usr/local/sbin/foretide-agent.new"))
    # What it runs with is not passed on to what it runs.
    assert "LD_" not in root.read("unit")


def check_it_is_adopted_by_the_next_agent(root):
    """One that is killed is started again through its loader, and the unit runs on."""
    before = agents(root)
    assert before, inside(root, "ps", "-o", "pid,args").stdout
    inside(root, "kill", f"-{signal.SIGKILL.value}", *map(str, before))
    wait_until(lambda: agents(root) and not set(agents(root)) & set(before), "another agent")
    wait_until(lambda: "unit-adopted" in root.read("var/log/foretide-agent.log"),
               f"the unit is adopted; {root.read('var/log/foretide-agent.log')[-2000:]}")
    assert root.read("unit").count("PATH=") == 1
