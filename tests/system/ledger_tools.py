# SPDX-License-Identifier: GPL-3.0-or-later
"""A played stack whose books are kept from outside: what its clouds charge for, what was
fed and what served, minute by minute. See week_tools.py."""
import json
import os
import subprocess

from week_tools import BUILD, CAPACITY, MINUTE_MS, Week

HOUR_MS = 60 * MINUTE_MS
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

    # ------------------------------------------------------------ minutes
    def step(self, rates):
        """A tier without a rate is not measured in that minute."""
        for tier in self.tiers:
            self.served[tier][self.now_ms] = self.serving(tier)
            if tier in rates:
                self.fed[tier][self.now_ms] = rates[tier]
        super().step(rates)

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
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()

    def revive(self, now_ms):
        self.now_ms = now_ms
        self.child = subprocess.Popen(
            [os.path.join(BUILD, "tests/system/stepped"), self.path("conf")], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        self.send(f"at {now_ms}")
        self.command("tick")
        self.settle()

    def fault(self, tier, **what):
        with open(self.path(f"{tier}/script.json"), "w", encoding="utf-8") as f:
            json.dump({"faults": [what] if what else []}, f)

    def ledger(self, query="month=all"):
        return self.api.call("GET", f"/v1/ledger?limit=1000&{query}")["items"]
