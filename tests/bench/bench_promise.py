# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backtest and a replay say of a tier, and what a controller that plays the same days gets: four
traces, as tiers of several kinds. See tests/system/week_tools.py."""
import os
import sys
import time

from measure import ROOT, figure, say

sys.path.insert(1, os.path.join(ROOT, "tests/system"))
from bench_week import MONDAY_MS, PEAK, TRACES, loader, trace_paths  # noqa: E402
from promise_tools import KINDS, Promised, play  # noqa: E402

DAYS = float(os.environ.get("PROMISE_DAYS", "2"))
HISTORY_DAYS = 18
COST, SHORT = 0.03, 0.002  # what they may differ by


def named(given, known):
    """Those of the names in the variable `given`, separated by blanks; else all."""
    names = os.environ.get(given, "").split()
    return {n: known[n] for n in names} if names else known


def tiers(name, rates):
    past = list(rates.history)[-HISTORY_DAYS * 1440:]
    days = list(rates.demand[:round(DAYS * 1440)])
    return [Promised(f"{name}-{kind}", kind, past, days) for kind in named("PROMISE_KINDS", KINDS)]


def tell(t):
    said, again, had = t.said, t.replayed, t.had
    figure(f"{t.name}, instance-hours and time short",
           f"{had.hours:.1f}, {100 * had.short:.2f} %",
           f"within {100 * COST:.0f} % and {100 * SHORT:.1f} points of the backtest and the replay",
           f"backtest: {said.hours:.1f}, {100 * said.short:.2f} %; replay: "
           f"{again.hours:.1f}, {100 * again.short:.2f} %; promote: {t.why}",
           met=t.is_kept(COST, SHORT))


def promise():
    start = time.monotonic()
    eval_ = loader()
    kept = []
    for name, trace in named("PROMISE_TRACES", TRACES).items():
        all_tiers = tiers(name, eval_.Trace(trace_paths(eval_)[trace], PEAK))
        play(all_tiers, MONDAY_MS)
        for t in all_tiers:
            tell(t)
            kept.append(t.is_kept(COST, SHORT))
    figure("tiers that got what backtest and replay say", f"{sum(kept)} of {len(kept)}", "all",
           met=all(kept))
    say(f"{DAYS:g} days in {time.monotonic() - start:.0f} s")
