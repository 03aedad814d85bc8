# SPDX-License-Identifier: GPL-3.0-or-later
"""The user data of a real controller, run in small roots of their own: of busybox alone, and
of dash with curl or with wget. Their agent is a script that says how it was started."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

from root_tools import STATE, Root, inside, user_data
from store_tools import ROOT, wait_until

sys.path.insert(0, os.path.join(ROOT, "stacks"))
from rig import Rig  # noqa: E402

BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
AGENT = f"""#!/bin/sh
[ "$1" != version ] || exit 0
echo "$0 $*" >>/started
: >/{STATE}/cert.pem
exec sleep 1000000
"""
STACK = """[stack]
name = shop
[pool script]
driver = fake
min = 1
max = 1
cpu = 1
[pool ignition]
driver = fake
user_data = ignition
min = 1
max = 1
cpu = 1
[tier web]
unit = web.service
pool = script
"""


@pytest.fixture(scope="module", name="rig")
def fixture_rig():
    folder = tempfile.mkdtemp(prefix="foretide-agent-")
    agent = os.path.join(folder, "agent")
    with open(agent, "w", encoding="ascii") as f:
        f.write(AGENT)
    rig = Rig(BUILD, options={"controller.agent": agent, "controller.join_timeout": "55m"})
    # Roots of this test are on this machine's network.
    config = rig.path("foretide.conf")
    with open(config, encoding="ascii") as f:
        text = re.sub("advertise = .*", f"advertise = https://127.0.0.1:{rig.host_port}", f.read())
    with open(config, "w", encoding="ascii") as f:
        f.write(text)
    try:
        rig.start()
        stack = {"stack.conf": STACK,
                 "units/web.service": "[Service]\nExecStart=/bin/sleep 1000000\n"}
        rig.api("/v1/stacks/shop", "PUT", {"files": stack})
        yield rig
    finally:
        rig.close()
        shutil.rmtree(folder)


@pytest.fixture(scope="module", name="script")
def fixture_script(rig):
    return user_data(rig, "script")


@pytest.fixture(name="root")
def fixture_root():
    roots = []

    def make(*programs):
        roots.append(Root(*programs))
        return roots[-1]
    yield make
    for r in roots:
        r.close()


@pytest.mark.parametrize("programs", [[], ["/usr/bin/dash", "/usr/bin/curl"],
                                      ["/usr/bin/dash", "/usr/bin/wget"], ["/bin/bash"]],
                         ids=["busybox", "dash, curl", "dash, wget", "bash"])
def test_a_host_gets_the_agent_and_runs_it(root, script, programs):
    r = root(*programs)
    r.run(script, shell=f"/bin/{os.path.basename(programs[0])}" if programs else "/bin/sh")
    assert r.waits("started") == "/usr/local/sbin/foretide-agent run\n"
    assert r.waits("status") == "0\n"
    assert r.mode("usr/local/sbin/foretide-agent") == 0o755
    assert not r.read("poweroffed")


def test_its_secrets_are_roots_alone(root, script):
    r = root().run(script)
    r.waits("started")
    assert r.mode("etc/foretide/agent.conf") == 0o600
    token = re.search(r"^token = (\S+)$", script, re.M).group(1)
    assert f"token = {token}\n" in r.read("etc/foretide/agent.conf")
    holders = subprocess.run(["grep", "-rl", "--exclude-dir=proc", token, r.dir],
                             capture_output=True, text=True, check=False).stdout.split()
    assert sorted(holders) == [r.at("etc/foretide/agent.conf"), r.at("user-data")]


def test_a_later_boot_neither_downloads_nor_starts_it_twice(root, script):
    r = root()
    r.fake("wget", "exec /bin/wget \"$@\"")
    r.run(script)
    r.waits("started")
    first = r.waits("wgeted")
    again = inside(r, "sh", "/user-data")
    assert again.returncode == 0, again.stderr
    assert r.read("wgeted") == first
    assert r.read("started").count("run") == 1


def test_a_later_boot_keeps_the_agent_that_a_host_has_joined_with(root, script):
    """The controller has another by now, or the host got a newer one."""
    r = root()
    r.fake("sleep", "[ \"$1\" -lt 1000 ] || exec /bin/sleep 1000000")
    r.fake("wget", "exec /bin/wget \"$@\"")
    r.has_joined()
    r.fake("foretide-agent", "exec /bin/sleep 1000000")
    r.run(re.sub("want='..", "want='zz", script))
    assert r.waits("status") == "0\n"
    assert r.waits("foretide-agented") == "run\n"
    assert not r.read("wgeted") and not r.read("poweroffed")


def test_a_host_that_joined_is_not_ended_when_its_agent_is_not_to_be_had(root, script):
    r = root()
    r.fake("sleep", "[ \"$1\" -lt 1000 ] || exec /bin/sleep 1000000")
    r.has_joined()
    r.run(re.sub("want='..", "want='zz", script))
    assert r.waits("status") == "1\n"
    assert not r.read("poweroffed")


def test_a_read_only_usr_is_no_hindrance(root, script):
    r = root()
    r.run(f"mount -t tmpfs -o ro none /usr/local/sbin\n{script.split(chr(10), 1)[1]}")
    assert r.waits("started") == "/opt/foretide/foretide-agent run\n"


def test_what_is_not_the_agent_is_not_run_and_the_host_ends(root, script):
    """It is asked for with growing pauses, for ten minutes and no longer."""
    r = root()
    r.fake("sleep", "[ \"$1\" -lt 1000 ] || exec /bin/sleep 1000000")
    r.run(re.sub("want='..", "want='zz", script))
    assert r.waits("poweroffed") == "\n"
    assert r.waits("status") == "1\n"
    pauses = [int(x) for x in r.read("sleeped").split() if int(x) < 1000]
    assert pauses[:6] == [1, 2, 4, 8, 15, 15] and 600 <= sum(pauses) < 700
    assert not r.read("started")


def test_a_host_that_never_joins_powers_itself_off(root, script):
    r = root()
    r.fake("foretide-agent", "exec /bin/sleep 1000000")
    own = hashlib.sha256(r.read("usr/local/sbin/foretide-agent").encode()).hexdigest()
    r.run(re.sub("sleep 3300", "sleep 1", re.sub("want='[0-9a-f]*'", f"want='{own}'", script)))
    assert r.waits("poweroffed") == "\n"
    assert r.read("foretide-agented") == "run\n"


def test_one_that_joined_stays_up(root, script):
    r = root()
    r.fake("sleep", "[ \"$1\" != 3300 ] || { until [ -e /started ]; do /bin/sleep 0.1; done; "
           "echo >/watched; exit; }; exec /bin/sleep \"$@\"")
    r.run(script)
    r.waits("watched")
    # The watch is the only process that may still come to an end.
    wait_until(lambda: not watches(r), "the watch is over")
    assert not r.read("poweroffed")


def watches(r):
    lines = inside(r, "ps", "-o", "args").stdout.splitlines()
    return [line for line in lines if "/user-data" in line and "-c" not in line]


def test_a_pool_of_ignition_gets_its_document(rig, tmp_path):
    document = user_data(rig, "ignition")
    path = tmp_path / "config.ign"
    path.write_text(document, encoding="ascii")
    said = subprocess.run(["ignition-validate", str(path)], capture_output=True, text=True,
                          check=False)
    assert said.returncode == 0 and not said.stdout + said.stderr, said
    assert json.loads(document)["storage"]["files"][0]["path"] == "/etc/foretide/join"
