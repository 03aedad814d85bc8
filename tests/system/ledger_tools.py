# SPDX-License-Identifier: GPL-3.0-or-later
"""A played stack whose books are kept from outside: what its clouds charge for, what was
fed and what served, minute by minute. See week_tools.py."""
import json
import math
import os
import subprocess
import time

from store_tools import DEADLINE_S
from week_tools import BUILD, CAPACITY, MINUTE_MS, Week

HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
START_MS = 1769817600000 - 6 * HOUR_MS  # 18:00 on 30 January 2026, so two months are played
TIERS = {"web": {}, "app": {}, "seen": {"mode": "observe", "min": 6}}
# Of each played day:
SILENT = range(700, 730)  # minutes in which web's demand is not measured
FAILING = 300  # two launches of app fail from here on
KILLED = 1000
AWAY_MINUTES = 45
BILLING = {"app": HOUR_MS}  # the others pay by the moment


class Books(Week):
    """fed[tier][start_ms] and served[tier][start_ms]: of the minutes that were played and
    seen by a controller. vms[tier][id]: [launched, ended or None], in calendar time."""

    def __init__(self, tiers, start_ms):
        self.vms = {t: {} for t in tiers}
        self.lines = {t: 0 for t in tiers}
        self.fed = {t: {} for t in tiers}
        self.served = {t: {} for t in tiers}
        super().__init__(tiers, start_ms)

    def files(self):
        files = super().files()
        for tier, ms in BILLING.items():
            files["stack.conf"] = files["stack.conf"].replace(
                f"[pool {tier}]\n", f"[pool {tier}]\nbilling = {ms // 60000}m\n")
        return files

    # ------------------------------------------------------------ the clouds' bills
    def settle(self):
        super().settle()
        self.read_bills()

    def read_bills(self):
        """The driver writes real time, so each line is taken at the calendar's, which stands
        still meanwhile."""
        for tier in self.vms:
            try:
                with open(self.path(f"{tier}/bill.csv"), encoding="utf-8") as f:
                    lines = f.read().splitlines()
            except FileNotFoundError:
                continue
            for line in lines[self.lines[tier]:]:
                what, vm, pool, _, _ = line.split(",")
                assert pool == tier
                if what == "launched":
                    self.vms[tier][vm] = [self.now_ms, None]
                else:
                    self.vms[tier][vm][1] = self.now_ms
            self.lines[tier] = len(lines)

    def billed_ms(self, tier, until_ms):
        """Used, and paid in the pool's units."""
        used = paid = 0
        for launched, ended in self.vms[tier].values():
            ms = max(min(ended or until_ms, until_ms) - launched, 0)
            unit = BILLING.get(tier, 1)
            used += ms
            paid += -(-ms // unit) * unit
        return used, paid

    def through_ms(self):
        """A minute is entered when the next one is over."""
        return self.now_ms - MINUTE_MS

    # ------------------------------------------------------------ minutes
    def step(self, rates):
        """A tier without a rate is not measured in that minute."""
        for tier in self.tiers:
            self.served[tier][self.now_ms] = self.serving(tier)
            if tier in rates:
                self.fed[tier][self.now_ms] = rates[tier]
        super().step(rates)
        self.wait_for_clouds()

    def wait_for_clouds(self):
        """After a failure a pool waits in real time. The calendar waits with it: what it does
        then is of the minute that was played."""
        waits = "SELECT count(*) FROM pool WHERE state = 'backoff'"
        while self.db.execute(waits).fetchone()[0]:
            until = time.monotonic() + DEADLINE_S
            while self.db.execute(waits).fetchone()[0]:
                assert time.monotonic() < until, self.words()
                time.sleep(0.02)
            self.settle()

    def minutes(self, tier, from_ms, until_ms):
        """Known, unknown and short ones."""
        known = short = 0
        for at in range(from_ms, until_ms, MINUTE_MS):
            if at in self.fed[tier] and at in self.served[tier]:
                known += 1
                short += self.fed[tier][at] > self.served[tier][at] * CAPACITY * (1 + 1e-9)
        return known, (until_ms - from_ms) // MINUTE_MS - known, short

    # ------------------------------------------------------------ the controller
    def kill(self):
        """What it has seen of the last minute, which is not entered yet, is lost."""
        for tier in self.tiers:
            self.served[tier].pop(self.now_ms - MINUTE_MS)
        self.kill_child()

    def fault(self, tier, **what):
        with open(self.path(f"{tier}/script.json"), "w", encoding="utf-8") as f:
            json.dump({"faults": [what] if what else []}, f)

    def ledger(self, query="month=all"):
        return self.api.call("GET", f"/v1/ledger?limit=1000&{query}")["items"]


def rate(tier, minute):
    """A day's wave and a rough edge; app's is later, and has a rush that nobody expects."""
    shift = 400 if tier == "app" else 0
    wave = 600 - 450 * math.cos(2 * math.pi * (minute - shift) / 1440)
    rough = 80 * math.sin(minute * 12.9898) * math.sin(minute * 78.233)
    rush = 700 * math.exp(-((minute - 1800) / 15) ** 2) if tier == "app" else 0
    return round(wave + rough + rush, 4)


def play(w, minutes):
    """Every day the controller is killed and away, demand is not measured, launches fail."""
    minute = 0
    while minute < minutes:
        of_day = minute % 1440
        if of_day == FAILING:
            w.fault("app", id=f"day {minute // 1440}", op="launch", kind="error", times=2)
        if of_day == KILLED:
            w.kill()
            w.revive(w.now_ms + AWAY_MINUTES * MINUTE_MS)
            minute += AWAY_MINUTES
        w.step({t: rate(t, minute) for t in TIERS if t != "web" or of_day not in SILENT})
        minute += 1


def total(rows, member):
    return sum(r[member] for r in rows)


def most_needed(w, tier):
    return max(math.ceil(r / CAPACITY - 1e-9) for at, r in w.fed[tier].items()
               if at in w.served[tier] and at < w.through_ms())
