# SPDX-License-Identifier: GPL-3.0-or-later
"""One tick over a thousand tiers, as the controller measures it."""
import collections
import math
import time

from measure import BenchRig, Pusher, figure, say, spread, thread_cpu_s, wait_for

STACKS, TIERS = 5, 200  # a stack holds no more
SCALE = 20
HISTORY_MINUTES = 2 * 1440


def files(rig, s):
    text = [f"[stack]\nname = s{s}\n[pool p{s}]\ndriver = fake\ndir = {rig.path('cloud')}\nmax = 0\n"]
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


def history(rig, stack, tier, t, now):
    rows = ["timestamp,value"]
    first = int(now) // 60 - HISTORY_MINUTES
    rows += [f"{60 * m},{demand(m, t):.2f}" for m in range(first, first + HISTORY_MINUTES)]
    rig.api(f"/v1/tiers/{stack}/{tier}/history", "POST", "\n".join(rows) + "\n",
            content_type="text/csv")


class Feed:
    """Counters of all tiers, pushed as a program would."""

    def __init__(self, rig):
        self.rig, self.count, self.last = rig, [0.0] * (STACKS * TIERS), time.monotonic()

    def push(self):
        now = time.monotonic()
        dt, self.last = now - self.last, now
        minute = time.time() / 60
        for s in range(STACKS):
            lines = ["# TYPE bench_requests_total counter"]
            for t in range(TIERS):
                i = s * TIERS + t
                self.count[i] += dt * demand(minute, i)
                lines.append(f'bench_requests_total{{tier="t{s}-{t}"}} {self.count[i]:.0f}')
            self.rig.api(f"/v1/metrics?stack=s{s}", "POST", "\n".join(lines) + "\n",
                         content_type="text/plain")


def ticks(rig, n):
    """Durations in ms of n full ticks, and CPU seconds a tick of the thread that ticks."""
    seen, last, before = [], None, {}
    until = time.monotonic() + 120
    while len(seen) < n and time.monotonic() < until:
        state = rig.api("/v1/status")["tick"]
        if state["rounds"] != last:
            if last is None:
                before, first = thread_cpu_s(rig.process.pid), state["rounds"]
            else:
                seen.append(state["duration_ms"])
            last = state["rounds"]
        time.sleep(0.5)  # asking costs the controller too
    after = thread_cpu_s(rig.process.pid)
    # The API's threads and the pools' workers do less.
    return seen, max(after[t] - before.get(t, 0) for t in after) / (last - first)


def fallback_levels(rig):
    """How many tiers have their forecast from which method."""
    return collections.Counter(t.get("fallback_level") for t in rig.items("/v1/tiers?limit=1000"))


def tick():
    n = STACKS * TIERS
    with BenchRig({"controller.tick": "60s"}, time_scale=SCALE) as rig:
        for s in range(STACKS):
            rig.apply(f"s{s}", files(rig, s))
        now = _now(rig)
        start = time.monotonic()
        for s in range(STACKS):
            for t in range(TIERS):
                history(rig, f"s{s}", f"t{s}-{t}", s * TIERS + t, now)
        say(f"{n} histories of {HISTORY_MINUTES} minutes imported in {time.monotonic() - start:.1f} s")
        feed = Feed(rig)
        feed.push()
        with Pusher(feed.push, 1.5):
            start = time.monotonic()
            wait_for("every model has learned", lambda: fallback_levels(rig)[None] == 0, 240, every=1)
            say(f"all models had learned after {time.monotonic() - start:.1f} s")
            durations, cpu = ticks(rig, 12)
        figure(f"one tick over {n} tiers, every model fed a minute and asked, CPU of its thread",
               f"{1000 * cpu:.0f} ms", "<= 1 s on one core", met=cpu <= 1)
        figure("the same by the clock, beside the pushes of all demand and all else that runs",
               spread(durations, "ms"))


def _now(rig):
    from datetime import datetime
    return datetime.fromisoformat(rig.api("/v1/status")["now"].replace("Z", "+00:00")).timestamp()
