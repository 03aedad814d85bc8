# SPDX-License-Identifier: GPL-3.0-or-later
"""A day of faults over 300 hosts of a scripted cloud: no VM ends that is needed, hardly one is
launched that is not, and nothing is told after it.

DAY_MINUTES (1440), DAY_SCALE (1), DAY_RATE (0.1 faults a
minute) and DAY_SEED shorten and repeat it."""
import fcntl
import json
import os
import random
import time

import pytest

from day_tools import Day, silence
from week_tools import MINUTE_MS

MINUTES = int(os.environ.get("DAY_MINUTES", "1440"))
SEEDS = [int(s) for s in os.environ.get("DAY_SEED", "").split()] or random.sample(range(1, 10 ** 6), 3)
SCALE = float(os.environ.get("DAY_SCALE", "1"))
TIERS = {"web": int(150 * SCALE), "app": int(100 * SCALE), "db": int(50 * SCALE)}
RATE = float(os.environ.get("DAY_RATE", "0.1"))  # of faults a minute
QUIET_MINUTES = 40  # at the end, for all to recover


# ---------------------------------------------------------------- faults: each returns its end
def some(day, dice, least, most):
    return dice.sample(day.standing(), min(dice.randint(least, most), len(day.standing())))


def one_silent(day, dice):
    return silence(some(day, dice, 1, 1), True, day)


def some_silent(day, dice):
    return silence(some(day, dice, 2, 10), True, day)


def store_cut(day, dice):
    """Their pushes still arrive."""
    return silence(some(day, dice, 1, 5), False, day)


def rack_silent(day, dice):
    pool = dice.choice(list(TIERS))
    return silence([h for h in day.standing() if h.pool == pool], True, day)


def all_silent(day, dice):
    del dice
    return silence(day.standing(), True, day)


def vm_dies(day, dice):
    # One that dies within half a minute of real time of its unit's start has been killed by it.
    old = [h for h in day.standing() if day.now_ms - h.due_ms > 40 * MINUTE_MS]
    if not old:
        return lambda: None
    h = dice.choice(old)
    h.dead = True
    day.dead += 1
    h.fall_silent(True)
    with open(day.path(f"{h.pool}/lock"), "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as the driver does
        path = day.path(f"{h.pool}/cloud.json")
        with open(path, encoding="utf-8") as f:
            doc = json.load(f)
        doc["vms"] = [v for v in doc["vms"] if v["name"] != h.id]
        with open(path + ".dead", "w", encoding="utf-8") as f:
            json.dump(doc, f)
        os.rename(path + ".dead", path)
    return lambda: None


def cloud_fails(day, dice):
    pool = dice.choice(list(TIERS))
    op, kind = dice.choice([("any", "error"), ("launch", "lost"), ("list", "timeout"), ("list", "omit"),
                            ("list", "empty"), ("any", "throttle"), ("list", "garbage"), ("list", "partial")])
    day.script(pool, [{"id": f"m{day.minute}", "op": op, "kind": kind, "times": -1}])
    return lambda: day.script(pool, [])


def controller_killed(day, dice):
    day.kill_child()
    time.sleep(dice.uniform(0, 3))
    day.revive(day.now_ms)
    return lambda: None


FAULTS = {one_silent: 10, some_silent: 3, store_cut: 4, rack_silent: 1, all_silent: 1, vm_dies: 8,
          cloud_fails: 6, controller_killed: 1}


# In the place of a host that was not heard, or that was gone before it was missed.
NEEDED = """SELECT (SELECT count(*) FROM event WHERE kind = 'host-replaced') + count(DISTINCT host) FROM event
WHERE kind IN ('host-gone', 'host-failed') AND host NOT IN (SELECT host FROM event WHERE kind = 'host-replaced')"""


def play_faults(day, dice):
    still = []
    while day.minute < MINUTES - QUIET_MINUTES or still:
        for fault in [f for f in still if f[0] <= day.minute]:
            fault[1]()
            still.remove(fault)
        if day.minute < MINUTES - QUIET_MINUTES and dice.random() < RATE and len(still) < 3:
            what = dice.choices(list(FAULTS), list(FAULTS.values()))[0]
            lasts = dice.choice([1, 3, 8, 20])
            print(f"minute {day.minute}: {what.__name__} for {lasts}", flush=True)
            still.append((day.minute + lasts, what(day, dice)))
        day.play_minute()
        assert day.needless == [], day.words()
    for _ in range(QUIET_MINUTES):
        day.play_minute()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_of_faults_ends_no_vm_that_is_needed(seed):
    print(f"seed {seed}, {MINUTES} minutes")
    with Day(TIERS) as day:
        total = sum(TIERS.values())
        day.boot()
        play_faults(day, random.Random(seed))
        launches = day.db.execute("SELECT count(*) FROM launch WHERE state = 'done'").fetchone()[0] - total
        needed = day.db.execute(NEEDED).fetchone()[0]
        print(f"{launches} launched after the start of {needed} that were needed, {day.dead} died, {len(day.ended)} ended; "
              f"told: {sorted(day.told)}")
        assert day.needless == [], day.words()
        assert len(day.standing()) == total, day.words()
        assert launches <= needed + 0.01 * (total + launches)
        problems = day.api.call("GET", "/v1/status")["problems"]
        assert problems == [], problems
