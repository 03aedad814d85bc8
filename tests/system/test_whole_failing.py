# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that fail their start over and over: people are told, another host is tried, and
nothing else is held up."""

import re

import pytest

from rig_tools import Quick

STACK = """[stack]
name = pair
[pool pair]
driver = local
cpu = 0.5
memory = 128M
max = 2
[tier good]
unit = good@.service
pool = pair
min = 1
[tier bad]
unit = bad@.service
pool = pair
min = {n}
max = {n}
"""
GOOD = "[Service]\nExecStart=/bin/sleep 1000000\nRestart=always\n"
BAD = "[Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=50ms\n"


@pytest.fixture
def quick():
    with Quick(boot_delay="5s") as q:
        yield q.start()


def apply(q, bad, n=1):
    q.api("/v1/stacks/pair", "PUT", {"files": {
        "stack.conf": STACK.format(n=n), "units/good@.service": GOOD, "units/bad@.service": bad}})


def problem(q, kind):
    return next((p["message"] for p in q.api("/v1/status")["problems"] if p["kind"] == kind), None)


def events(q, kind):
    return [e for e in q.items("/v1/events?since=0") if e["kind"] == kind]


def failures(words):
    """How often its start had failed when it was told."""
    return int(re.search(r"failed (\d+) times: the main process exited with status 1", words)[1])


def test_a_unit_that_never_starts_is_told_and_tried_elsewhere_until_it_is_mended(quick):
    apply(quick, BAD)
    quick.wait("the good one runs", lambda: len(quick.healthy("good")) == 1)
    words = quick.wait("it is a problem", lambda: problem(quick, "unit-failing"))
    assert words.startswith("unit bad@1.service on host pair-"), words
    assert failures(words) >= 5, words
    first = events(quick, "unit-failing")
    assert first[0]["unit"] == "bad@1.service", first
    # After five minutes of the calendar its successor is tried on the other host.
    quick.wait("another instance tries", lambda: len(events(quick, "unit-failing")) >= 2)
    hosts = [e["host"] for e in events(quick, "unit-failing")[:2]]
    assert hosts[0] != hosts[1], hosts
    assert len(quick.units("bad")) <= 2, quick.picture()
    # What mends it goes in at once, and the problem is over.
    apply(quick, GOOD)
    quick.wait("the mended one runs", lambda: len(quick.healthy("bad")) == 1)
    quick.wait("the problem is over", lambda: problem(quick, "unit-failing") is None)
    assert len(quick.healthy("good")) == 1
    assert not [e for e in events(quick, "unit-failing") if e["tier"] == "good"]


def test_a_roll_out_says_at_which_unit_it_has_stopped(quick):
    apply(quick, GOOD, 2)
    quick.wait("all run", lambda: len(quick.healthy("good")) == 1
               and len(quick.healthy("bad")) == 2)
    apply(quick, BAD, 2)
    words = quick.wait("it says so", lambda: problem(quick, "rollout-stopped"))
    assert "to pair/bad has stopped at 1 of 2 instances: unit bad@" in words, words
    assert failures(words) >= 5 and problem(quick, "roll-out-waits") is None, words
    assert len(quick.healthy("bad")) == 1, "the roll-out went on"
    apply(quick, GOOD, 2)
    quick.wait("both run again", lambda: len(quick.healthy("bad")) == 2)
    quick.wait("it is over", lambda: problem(quick, "rollout-stopped") is None)
