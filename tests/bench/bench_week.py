# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole controller against its own promise: a week of four traces, as four tiers, beside
`foretide decide --jsonl` over the same minutes. See tests/system/week_tools.py."""
import importlib.util
import os
import sys
import time

from measure import Failed, ROOT, SHARED, figure, say

sys.path.insert(1, os.path.join(ROOT, "tests/system"))
from week_tools import (CAPACITY, MINUTE_MS, RISK, Decide, Record, Week, least_hours,  # noqa: E402
                        simulate)

TRACES = {"worldcup": "worldcup98_a", "nasa": "nasa_jul95", "tweets": "nab_tweets_FB",
          "taxi": "nyc_taxi_a"}
PEAK = 20
MONDAY_MS = 1767571200000  # the week begins here, whenever the traces were recorded
DAYS = float(os.environ.get("WEEK_DAYS", "7"))
WARM_MINUTES = 60  # played before the week: the fleet is up when it begins
COST, SHORT = 0.02, 0.001  # what the controller may differ by


class Tier:
    """A trace as the traces' own bench scales it: its history, and the minutes played."""

    def __init__(self, name, trace):
        self.name = name
        minutes = round(DAYS * 1440)
        past = list(trace.history)
        self.history = past[:-WARM_MINUTES]
        self.rates = past[-WARM_MINUTES:] + list(trace.demand[:minutes])
        self.start_ms = MONDAY_MS - WARM_MINUTES * MINUTE_MS
        self.first_ms = self.start_ms - len(self.history) * MINUTE_MS
        self.seen = Record(self.rates, WARM_MINUTES)

    def beside(self):
        record = Record(self.rates, WARM_MINUTES)
        with Decide(self.first_ms, self.history) as decide:
            return simulate(decide, self.start_ms, self.rates, record)

    def least(self):
        before = max(1, -(-self.rates[WARM_MINUTES - 1] // CAPACITY))
        return least_hours(self.rates[WARM_MINUTES:], before)


def loader():
    """The traces' own bench, which knows how they are scaled."""
    path = os.path.join(SHARED, "bench/autoscale_eval.py")
    if not os.path.exists(path):
        raise Failed(f"{path} is not there")
    spec = importlib.util.spec_from_file_location("autoscale_eval", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def trace_paths(eval_):
    return {os.path.basename(p).split(".")[0]: p for p in eval_.find_traces(
        os.path.join(SHARED, "traces"), list(TRACES.values()))}


def tiers():
    eval_ = loader()
    paths = trace_paths(eval_)
    return [Tier(name, eval_.Trace(paths[trace], PEAK)) for name, trace in TRACES.items()]


def play(all_tiers):
    minutes = len(all_tiers[0].rates)
    with Week([t.name for t in all_tiers], all_tiers[0].start_ms) as w:
        for t in all_tiers:
            w.tell(t.name, t.first_ms, t.history)
        start = time.monotonic()
        for i in range(minutes):
            desired = w.desired()
            for t in all_tiers:
                t.seen.add(w.serving(t.name), w.standing(t.name), desired[t.name])
            w.step({t.name: t.rates[i] for t in all_tiers})
        took = time.monotonic() - start
        say(f"{minutes} minutes played in {took:.0f} s, {1000 * took / minutes:.1f} ms each; "
            f"{w.cpu_s():.0f} s of the controller's CPU")


def tell(t):
    other, least = t.beside(), t.least()
    seen, said = [(r.hours() / least, r.short(), r.actions_per_day()) for r in (t.seen, other)]
    figure(f"a week of {TRACES[t.name]} through the controller, cost over the clairvoyant's",
           f"{seen[0]:.3f} ({t.seen.hours():.0f} instance-hours), {100 * seen[1]:.2f} % short, "
           f"{seen[2]:.1f} actions a day",
           f"within {100 * COST:.0f} % and {100 * SHORT:.1f} points of decide --jsonl",
           f"decide --jsonl: {said[0]:.3f} ({other.hours():.0f}), {100 * said[1]:.2f} %, {said[2]:.1f}",
           met=abs(seen[0] / said[0] - 1) <= COST and abs(seen[1] - said[1]) <= SHORT)


def week():
    start = time.monotonic()
    all_tiers = tiers()
    play(all_tiers)
    for t in all_tiers:
        tell(t)
    took = time.monotonic() - start
    figure(f"{DAYS:g} days of it, a minute a step, risk {100 * RISK:g} %", f"{took:.0f} s", "< 300 s",
           met=took < 300)
