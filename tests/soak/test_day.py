# SPDX-License-Identifier: GPL-3.0-or-later
"""A day of faults over 300 hosts of a scripted cloud: no VM ends that is needed, hardly one is
launched that is not, and nothing is told after it.

A minute of the calendar takes a second here, and so do the times of silence: host_grace is of
a second, host_lost_after of five. DAY_MINUTES (1440), DAY_SCALE (1), DAY_RATE (0.1 faults a
minute) and DAY_SEED shorten and repeat it."""
import fcntl
import json
import os
import random
import time

import pytest

from store_tools import DEADLINE_S
from week_tools import Host, Refused, Week

MINUTES = int(os.environ.get("DAY_MINUTES", "1440"))
SEEDS = [int(s) for s in os.environ.get("DAY_SEED", "").split()] or random.sample(range(1, 10 ** 6), 3)
SCALE = float(os.environ.get("DAY_SCALE", "1"))
TIERS = {"web": int(150 * SCALE), "app": int(100 * SCALE), "db": int(50 * SCALE)}
START_MS = 1769990400000
MINUTE_S = 1.0
RATE = float(os.environ.get("DAY_RATE", "0.1"))  # of faults a minute
QUIET_MINUTES = 40  # at the end, for all to recover


class Talker(Host):
    """A host that pushes each minute, unless it is cut off."""

    cut = mute = dead = False  # without a lease; without pushes too; its VM is gone

    def push(self):
        if self.caller and not self.mute and not self.dead:
            self.post("/v1/agent/metrics", {"host": self.id, "now": self.week.now_ms, "samples": []})

    def fall_silent(self, mute):
        """Its lease ends, as if it could not be refreshed."""
        self.cut, self.mute = True, mute
        self.week.api.call("POST", "/v3/lease/revoke", {"ID": self.lease})

    def speak(self):
        self.cut = self.mute = False
        self.lease = self.post("/v3/lease/grant", {"TTL": 86400})["ID"]
        self.put("hosts", self.record())
        self.put("states", self.states(self.schedule or '{"epoch": 0, "units": []}'))

    def follow(self, text):
        if self.cut or self.dead:
            self.schedule = text
            return 0
        return super().follow(text)

    def end(self):
        if self.cut:
            self.caller.close()
            return 0
        return super().end()


class Day(Week):
    host_class = Talker
    options = "host_grace = 1s\nhost_lost_after = 5s\nmetrics_interval = 1s\n"
    minute = 0

    def __init__(self):
        self.ended, self.needless, self.dead, self.told = [], [], 0, set()
        super().__init__({t: {"min": n, "max": n, "mode": "observe", "pool_max": n + 20}
                          for t, n in TIERS.items()}, START_MS)

    def watch_clouds(self):
        """Keeps what ended, and what of it was needed: fewer are left than the tier wants."""
        before = dict(self.hosts)
        rev = super().watch_clouds()
        for name in set(before) - set(self.hosts):
            h = before[name]
            left = sum(x.pool == h.pool and not x.dead for x in self.hosts.values())
            self.ended.append(name)
            if not h.dead and left < TIERS[h.pool]:
                why = self.db.execute("SELECT message FROM host WHERE id = ?", (name,)).fetchone()
                self.needless.append((self.minute, name, left, why))
        return rev

    def play_minute(self):
        began = time.monotonic()
        for h in list(self.hosts.values()):
            try:
                h.push()
            except (Refused, OSError):
                pass
        self.step({})
        self.told |= {p["kind"] for p in self.api.call("GET", "/v1/status")["problems"]}
        time.sleep(max(0, MINUTE_S - (time.monotonic() - began)))
        self.minute += 1

    def standing(self):
        return [h for h in self.hosts.values() if h.caller and not h.dead and not h.cut]

    def script(self, pool, faults):
        with open(self.path(f"{pool}/script.json"), "w", encoding="utf-8") as f:
            json.dump({"faults": faults}, f)


# ---------------------------------------------------------------- faults: each returns its end
def silence(hosts, mute, day):
    for h in hosts:
        h.fall_silent(mute)

    def heal():
        for h in hosts:
            if h.id in day.hosts and not h.dead:
                h.speak()
    return heal


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
    h = some(day, dice, 1, 1)[0]
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
    for _ in range(QUIET_MINUTES):
        day.play_minute()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_of_faults_ends_no_vm_that_is_needed(seed):
    print(f"seed {seed}, {MINUTES} minutes")
    with Day() as day:
        total = sum(TIERS.values())
        until = time.monotonic() + DEADLINE_S
        while len(day.standing()) < total:
            assert time.monotonic() < until, day.words()
            day.play_minute()
        day.minute = 0
        play_faults(day, random.Random(seed))
        launches = day.db.execute("SELECT count(*) FROM launch WHERE state = 'done'").fetchone()[0] - total
        print(f"{launches} launched after the start, {day.dead} died, {len(day.ended)} ended; "
              f"told: {sorted(day.told)}")
        assert day.needless == []
        assert len(day.standing()) == total, day.words()
        assert launches <= len(day.ended) + 0.01 * (total + launches)
        problems = day.api.call("GET", "/v1/status")["problems"]
        assert problems == [], problems
