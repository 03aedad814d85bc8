# SPDX-License-Identifier: GPL-3.0-or-later
"""One tick over a thousand tiers and over ten thousand, as a running controller measures it
(status' tick.duration_ms): all demand pushed to it by HTTP, every model trained."""
import collections
import datetime
import math
import time

from measure import BenchRig, Pusher, figure, say, spread, ticks, wait_for

TIERS = 200  # a stack holds no more


def files(rig, s):
    text = [f"[stack]\nname = s{s}\n[pool p{s}]\ndriver = fake\nmax = 0\n"]
    units = {}
    for t in range(TIERS):
        name = f"t{s}-{t}"
        text.append(f"[tier {name}]\nunit = {name}@.service\npool = p{s}\nmin = 1\nmax = 50\n"
                    f"mode = auto\ncapacity = 10\nlead_prior = 3m\n"
                    f"demand = sum(rate(bench_requests_total))\n")
        # Demand is asked for with the tier's own label.
        text[-1] = text[-1].replace("bench_requests_total", f'bench_requests_total{{tier="{name}"}}')
        units[f"units/{name}@.service"] = "[Service]\nExecStart=/bin/sleep infinity\n"
    return {"stack.conf": "".join(text), **units}


def demand(minute, t):
    day = 2 * math.pi * minute / 1440
    return 100 + 60 * math.sin(day + t) + 7 * math.sin(13 * day + 3 * t)


def history(rig, stack, tier, t, minutes):
    rows = ["timestamp,value"]
    first = int(now(rig)) // 60 - minutes
    rows += [f"{60 * m},{demand(m, t):.2f}" for m in range(first, first + minutes)]
    rig.api(f"/v1/tiers/{stack}/{tier}/history", "POST", "\n".join(rows) + "\n",
            content_type="text/csv")


class Feed:
    """Counters of all tiers, pushed as a program would."""

    def __init__(self, rig, stacks):
        self.rig, self.stacks = rig, stacks
        self.count, self.last = [0.0] * (stacks * TIERS), time.monotonic()

    def push(self):
        now = time.monotonic()
        dt, self.last = now - self.last, now
        minute = time.time() / 60
        for s in range(self.stacks):
            lines = ["# TYPE bench_requests_total counter"]
            for t in range(TIERS):
                i = s * TIERS + t
                self.count[i] += dt * demand(minute, i)
                lines.append(f'bench_requests_total{{tier="t{s}-{t}"}} {self.count[i]:.0f}')
            self.rig.api(f"/v1/metrics?stack=s{s}", "POST", "\n".join(lines) + "\n",
                         content_type="text/plain")


def has_learned(rig):
    """Whether every tier has its forecast from its model."""
    return collections.Counter(t.get("fallback_level")
                               for t in rig.items("/v1/tiers?limit=1000"))[None] == 0


def ticks_over(stacks, minutes, tick_s, scale, n, target_s):
    """minutes: of history, imported. A tick every tick_s / scale seconds."""
    tiers = stacks * TIERS
    with BenchRig({"controller.tick": f"{tick_s}s"}, time_scale=scale) as rig:
        for s in range(stacks):
            rig.apply(f"s{s}", files(rig, s))
        start = time.monotonic()
        for s in range(stacks):
            for t in range(TIERS):
                history(rig, f"s{s}", f"t{s}-{t}", s * TIERS + t, minutes)
        say(f"{tiers} histories of {minutes} minutes imported in {time.monotonic() - start:.1f} s")
        feed = Feed(rig, stacks)
        feed.push()
        with Pusher(feed.push, tick_s / scale / 2):
            start = time.monotonic()
            wait_for("every model has learned", lambda: has_learned(rig), 600,
                     every=tiers / 500)  # asking of all costs the controller too
            say(f"all models had learned after {time.monotonic() - start:.1f} s")
            durations, cpu = ticks(rig, n)
        figure(f"one tick of a running controller over {tiers:,} tiers, every model fed a minute and "
               "asked, CPU of its thread", f"{1000 * cpu:.0f} ms", f"<= {target_s} s on one core",
               met=cpu <= target_s)
        figure("the same by the clock, beside the pushes of all demand and all else that runs",
               spread(durations, "ms"))


def now(rig):
    text = rig.api("/v1/status")["now"]
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def tick():
    ticks_over(stacks=5, minutes=2 * 1440, tick_s=60, scale=20, n=12, target_s=1)


def tiers10000():
    """A short history: what a tick costs does not depend on it, what learning costs does."""
    ticks_over(stacks=50, minutes=360, tick_s=60, scale=6, n=8, target_s=10)
