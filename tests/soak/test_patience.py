# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds of stops and cuts over a fleet: no VM ends for any, and all is as before after each.

PATIENCE_ROUNDS is how many there are (60), PATIENCE_SEED what they are drawn from, and
PATIENCE_LONGEST how many seconds a fault lasts at most (300)."""

import os
import random
import signal
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "system"))

# pylint: disable=wrong-import-position
from rig_tools import Quick  # noqa: E402
from test_unknown import OPTIONS, events_since, heard, link, mark  # noqa: E402
from test_whole import settled  # noqa: E402

ROUNDS = int(os.environ.get("PATIENCE_ROUNDS", "60"))
SEED = int(os.environ.get("PATIENCE_SEED", "0")) or random.SystemRandom().randrange(1, 10 ** 6)
LONGEST = float(os.environ.get("PATIENCE_LONGEST", "300"))
WEB = 4


@pytest.fixture(scope="module")
def fleet():
    with Quick(time_scale=1, boot_delay="1s", options=OPTIONS) as q:
        q.start()
        q.apply()
        q.scale(WEB)
        q.up(web=WEB)
        yield q


def is_as_before(q):
    return settled(q, WEB) and len(q.hosts()) == WEB + 1 and heard(q)


def stop_agent(q, dice):
    agent = q.agent(dice.choice(q.hosts())["id"])
    os.kill(agent, signal.SIGSTOP)
    return lambda: os.kill(agent, signal.SIGCONT)


def stop_controller(q, _):
    q.process.send_signal(signal.SIGSTOP)
    return lambda: q.process.send_signal(signal.SIGCONT)


def cut(q, hosts):
    for host in hosts:
        link(q, host, "down")

    def heal():
        for host in hosts:
            link(q, host, "up")
            time.sleep(0.5)  # one by one

    return heal


def cut_one(q, dice):
    return cut(q, [dice.choice(q.hosts())["id"]])


def cut_all(q, _):
    return cut(q, [h["id"] for h in q.hosts()])


FAULTS = ((stop_agent, 1, 90), (stop_controller, 1, 90), (cut_one, 5, 300), (cut_all, 5, 300))


def test_no_stop_and_no_cut_ends_a_vm(fleet):
    dice = random.Random(SEED)
    print(f"seed {SEED}")
    for i in range(ROUNDS):
        fleet.wait("all is as before", lambda: is_as_before(fleet), 600)
        since, hosts = mark(fleet), set(fleet.local_hosts())
        fault, least, most = dice.choice(FAULTS)
        seconds = dice.uniform(least, min(most, LONGEST))
        print(f"round {i}: {fault.__name__} for {seconds:.1f} s", flush=True)
        undo = fault(fleet, dice)
        try:
            time.sleep(seconds)
        finally:
            undo()
        fleet.wait("all is as before", lambda: is_as_before(fleet), 600)
        lost = [e["message"] for e in events_since(fleet, since)
                if e["kind"] in ("host-lost", "host-failed", "host-gone")]
        assert lost == [], f"seed {SEED}, round {i}\n{fleet.picture()}"
        assert hosts <= set(fleet.local_hosts()), f"seed {SEED}, round {i}\n{fleet.picture()}"
