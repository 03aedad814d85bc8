# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that fail everywhere and units that take their hosts with them: what they cost is
bounded, and told."""

import os
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

from rig_tools import Quick  # noqa: E402


def problem(q, kind):
    return next((p["message"] for p in q.api("/v1/status")["problems"] if p["kind"] == kind), None)


def launches(q):
    return len([e for e in q.items("/v1/events?since=0") if e["kind"] == "host-launched"])


ALONE = """[stack]
name = alone
[pool alone]
driver = local
cpu = 0.5
memory = 128M
max = {most}
[tier one]
unit = one@.service
pool = alone
"""


def apply_alone(q, command, most):
    q.api("/v1/stacks/alone", "PUT", {"files": {
        "stack.conf": ALONE.format(most=most),
        "units/one@.service": f"[Service]\nExecStart={command}\nRestart=always\nRestartSec=50ms\n"}})


@pytest.fixture
def bare():
    with Quick(boot_delay="1s", options={"controller.host_grace": "2s"}) as q:
        yield q.start()


def test_one_that_fails_everywhere_is_run_again_where_it_is(bare):
    apply_alone(bare, "/bin/sh -c 'test -e /run/ready && exec sleep 1000000'", 5)
    told = [e for e in bare.wait("it fails on two hosts", lambda: [
        e for e in bare.items("/v1/events?since=0") if e["kind"] == "unit-failing"][1:])]
    launched = launches(bare)
    assert launched == 2, "it was tried on one other host"
    bare.inside(told[0]["host"], "touch", "/run/ready")
    bare.wait("it is run again", lambda: len(bare.healthy("one")) == 1)
    assert bare.healthy("one")[0]["host"] == told[0]["host"] and launches(bare) == launched


def test_a_unit_that_takes_two_hosts_with_it_is_started_no_more_and_told(bare):
    # Beside hosts enough that the silence of two is no doubt.
    bare.apply()
    bare.scale(3)
    bare.up(web=3)
    others = launches(bare)
    apply_alone(bare, "/bin/sh -c 'sleep 0.5; pkill -STOP foretide-agent; exec sleep 1000000'", 5)
    words = bare.wait("it is told", lambda: problem(bare, "unit-kills-hosts"))
    assert "of alone/one took host alone-" in words, words
    before = launches(bare)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        assert launches(bare) == before <= others + 3
        time.sleep(1)
