# SPDX-License-Identifier: GPL-3.0-or-later
"""A tier whose capacity is left out: it is learned from the CPU time of its units, scaled
by, and seen to change."""

import math
import urllib.request

import pytest

from rig_tools import PATIENCE_S, Load, Quick

WORK_S = 0.01    # of CPU time a request, on hosts of a quarter of a core
PERIOD = 24      # minutes from one peak to the next


def edit(name, text):
    """No capacity; each request works, twice as long where /run/slow is."""
    if name == "stack.conf":
        return text.replace("capacity = 5\n", "capacity_unit = pages/s\n")
    if name.endswith("server.py"):
        return text.replace("        if \"p=7\" in self.path:\n            time.sleep(1)\n", f"""\
        end = time.thread_time() + {WORK_S} * (2 if os.path.exists("/run/slow") else 1)
        while time.thread_time() < end:
            pass
""")
    return text


@pytest.fixture
def quick():
    with Quick(edit=edit) as q:
        q.start()
        q.apply()
        yield q.up()


def tides(q, low, high):
    path = q.path("tides.csv")
    with open(path, "w", encoding="ascii") as f:
        f.write("timestamp,value\n")
        for i in range(2880):
            share = 0.5 - 0.5 * math.cos(2 * math.pi * i / PERIOD)
            f.write(f"{60 * i},{low + (high - low) * share:.2f}\n")
    return path


def metrics(q):
    answer = urllib.request.Request(q.url + "/metrics", headers={"Authorization": f"Bearer {q.token}"})
    with urllib.request.urlopen(answer, timeout=PATIENCE_S) as r:
        return r.read().decode()


def learned(q):
    return q.tier("quick", "web").get("capacity_learned") or {}


def test_a_tier_without_capacity_scales_by_what_it_learns_and_says_when_that_changes(quick):
    with Load(quick, trace=tides(quick, 2, 24), more=["--peak", "24"]) as load:
        load.flows()
        quick.wait("the capacity is learned", lambda: learned(quick).get("used") == "learned", 2 * PATIENCE_S)
        now = learned(quick)
        assert now["low"] <= now["value"] <= now["high"]
        # Seven tenths of a quarter of a core, at a little more than 10 ms a page.
        assert 0.4 < now["value"] * WORK_S / (0.7 * 0.25) < 1.05, now
        quick.wait("it is scaled by", lambda: "pages/s per instance, learned)" in
                   quick.tier("quick", "web")["sentence"])
        out = quick.cli("explain", "quick/web").stdout
        assert "capacity learned; learned 1" in out and "by utilisation from" in out, out
        assert 'foretide_tier_capacity{stack="quick",tier="web",source="learned"}' in metrics(quick)
        # A count of instances that the load does not change, each twice as slow from now on.
        quick.scale(2)
        quick.wait("2 web", lambda: len(quick.healthy("web")) == len(quick.units("web")) == 2)
        for unit in quick.units("web"):
            assert quick.inside(unit["host"], "touch", "/run/slow")[0] == 0
        event = quick.wait("the change is noticed", lambda: [
            e["message"] for e in quick.items("/v1/events?since=0")
            if e["kind"] == "capacity-changed"], 2 * PATIENCE_S)
        assert "an instance of web has served about " in event[0] and "pages/s since " in event[0]
        load.finish()
