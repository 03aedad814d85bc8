# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lead time is, with the whole controller on a calendar that is stepped."""

import json
import time

from store_tools import DEADLINE_S
from week_tools import BOOT_MINUTES, MINUTE_MS, STACK, Week

MONDAY_MS = 1767571200000
POOL = "front"
MAX = 3
WAIT_MINUTES = 40


class Queue(Week):
    """Two tiers on one pool. The first one fills it."""
    size = MAX

    def files(self):
        text = (f"[stack]\nname = {STACK}\n"
                f"\n[pool {POOL}]\ndriver = fake\nprofile = {POOL}\nmax = {self.size}\n")
        files = {}
        for name, n in ((POOL, MAX), ("second", 1)):
            text += f"\n[tier {name}]\nunit = {name}@.service\npool = {POOL}\nmin = {n}\nmax = {n}\n"
            files[f"units/{name}@.service"] = ("[Service]\nExecStart=/bin/sleep infinity\n"
                                               "[X-Fleet]\nConflicts=*@*\n")
        return {"stack.conf": text, **files}

    def minutes(self, n):
        for _ in range(n):
            self.step({POOL: 1})

    def leads(self, tier):
        answer = self.api.call("GET", f"/v1/tiers/{STACK}/{tier}/leads")
        return [lead["lead_ms"] for lead in answer["items"] if lead["kind"] == "tier"]

    def resize(self, n):
        self.size = n
        self.api.call("PUT", f"/v1/stacks/{STACK}", {"files": self.files()})


def test_minutes_of_a_full_pool_are_not_part_of_a_lead_time():
    with Queue([POOL], MONDAY_MS) as w:
        w.minutes(WAIT_MINUTES)
        assert w.leads(POOL) == [BOOT_MINUTES * MINUTE_MS] * MAX
        assert w.leads("second") == []
        w.resize(MAX + 1)
        w.minutes(BOOT_MINUTES + 1)
        (lead,) = w.leads("second")
        events = w.api.call("GET", "/v1/events?limit=100")["items"]
    # Of the forty minutes that it waited, nothing; of the step after the boot, a part.
    assert BOOT_MINUTES * MINUTE_MS <= lead < (BOOT_MINUTES + 1) * MINUTE_MS
    (told,) = [e["message"] for e in events if "second@1.service is healthy" in e["message"]]
    assert "before a host was launched or free for it" in told


def test_calls_that_the_cloud_refuses_are_not_part_of_a_lead_time():
    with Queue([POOL], MONDAY_MS) as w:
        w.minutes(1)
        with open(w.path(f"{POOL}/script.json"), "w", encoding="utf-8") as f:
            json.dump({"faults": [{"op": "launch", "kind": "quota", "times": -1}]}, f)
        w.resize(MAX + 1)
        w.minutes(WAIT_MINUTES)
        assert w.leads("second") == []
        with open(w.path(f"{POOL}/script.json"), "w", encoding="utf-8") as f:
            json.dump({"faults": []}, f)
        # The driver's pause after a failure is real time.
        until = time.monotonic() + DEADLINE_S
        while not w.leads("second") and time.monotonic() < until:
            w.minutes(1)
        (lead,) = w.leads("second")
    assert BOOT_MINUTES * MINUTE_MS <= lead <= (BOOT_MINUTES + 1) * MINUTE_MS
