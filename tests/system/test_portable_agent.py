# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that lack the agent's libraries get an agent that brings them. One without any libc
is in tests/peers/test_portable_agent.py."""

import hashlib
import io
import platform
import re
import signal
import tarfile
import urllib.error
import urllib.request

import pytest

from portable_tools import (boot, check_it_is_adopted_by_the_next_agent, check_it_serves,
                            portable_rig)
from root_tools import Root
from store_tools import wait_until


@pytest.fixture(name="rig")
def fixture_rig():
    r = portable_rig()
    try:
        yield r.start()
    finally:
        r.close()


@pytest.fixture(name="root")
def fixture_root():
    r = Root()
    try:
        yield r
    finally:
        r.close()


def test_an_image_without_the_libraries_of_the_agent_runs_it(rig, root):
    boot(root, rig)
    check_it_serves(root, rig)
    check_it_is_adopted_by_the_next_agent(root)


def test_what_runs_nowhere_is_said_in_the_boot_log_and_the_host_ends(rig, root):
    """As on a machine of another kind: its kernel executes neither."""
    root.fake("uname", "echo aarch64")
    root.fake("tar", "cd /opt/foretide && mkdir lib && echo x >lib/foretide-agent")
    boot(root, rig)
    assert root.waits("poweroffed") == "\n"
    assert root.waits("status") == "1\n"
    assert ("foretide: no agent runs on this machine, aarch64: the controller's is for "
            f"{platform.machine()}\n") in root.read("log")


def download(rig):
    """None while it is being made."""
    try:
        with urllib.request.urlopen(rig.url + "/v1/agent/portable") as answer:
            return answer.read()
    except urllib.error.HTTPError as e:
        assert e.code == 503, e
        return None


def test_one_made_again_is_the_same_so_that_a_launch_sent_again_is(rig):
    told = re.search("^portable='([0-9a-f]{64})'$", rig.script(), re.M).group(1)
    rig.kill(signal.SIGTERM)
    rig.start()
    made = wait_until(lambda: download(rig), "the portable agent")
    assert hashlib.sha256(made).hexdigest() == told
    with tarfile.open(fileobj=io.BytesIO(made)) as f:
        names = f.getnames()
    assert all(re.fullmatch(r"lib/[^/]+", n) for n in names)
    assert {"lib/agent", "lib/foretide-agent", "lib/libc.so.6", "lib/libgcc_s.so.1"} <= set(names)
