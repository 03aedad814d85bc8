# SPDX-License-Identifier: GPL-3.0-or-later
"""A day of many hosts of a scripted cloud: each minute of the calendar takes a second, and so
do the times of silence: host_grace is of a second, host_lost_after of five."""
import json
import time

from store_tools import DEADLINE_S
from week_tools import LEASE_S, Host, Refused, Week

START_MS = 1769990400000
MINUTE_S = 1.0


class Talker(Host):
    """A host that pushes each minute, unless it is cut off."""

    cut = mute = dead = False  # without a lease; without pushes too; its VM is gone

    def push(self):
        if self.caller and not self.mute and not self.dead:
            self.post("/v1/agent/metrics", {"host": self.id, "now": self.week.now_ms, "samples": []})
            if not self.cut and self.week.minute % 60 == 0:
                self.post("/v3/lease/keepalive", {"ID": self.lease})

    def fall_silent(self, mute):
        """Its lease ends, as if it could not be refreshed."""
        self.cut, self.mute = True, mute
        self.week.api.call("POST", "/v3/lease/revoke", {"ID": self.lease})

    def speak(self):
        self.cut = self.mute = False
        self.lease = self.post("/v3/lease/grant", {"TTL": LEASE_S})["ID"]
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

    def __init__(self, sizes):
        self.sizes = sizes
        self.ended, self.needless, self.dead, self.told = [], [], 0, set()
        super().__init__({t: {"min": n, "max": n, "mode": "observe", "pool_max": n + 20}
                          for t, n in sizes.items()}, START_MS)

    def watch_clouds(self):
        """Keeps what ended, and what of it was needed: fewer are left than the tier wants."""
        before = dict(self.hosts)
        rev = super().watch_clouds()
        for name in set(before) - set(self.hosts):
            h = before[name]
            left = sum(x.pool == h.pool and not x.dead for x in self.hosts.values())
            self.ended.append(name)
            if not h.dead and left < self.sizes[h.pool]:
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

    def boot(self):
        """Until all that is wanted stands."""
        until = time.monotonic() + DEADLINE_S
        while len(self.standing()) < sum(self.sizes.values()):
            assert time.monotonic() < until, self.words()
            self.play_minute()
        self.minute = 0

    def standing(self):
        return [h for h in self.hosts.values() if h.caller and not h.dead and not h.cut]

    def script(self, pool, faults):
        with open(self.path(f"{pool}/script.json"), "w", encoding="utf-8") as f:
            json.dump({"faults": faults}, f)


# ---------------------------------------------------------------- silence: returns its end
def silence(hosts, mute, day):
    for h in hosts:
        h.fall_silent(mute)

    def heal():
        for h in hosts:
            if h.id in day.hosts and not h.dead:
                h.speak()
    return heal
