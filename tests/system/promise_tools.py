# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiers of several kinds, played by a stepped controller, and the backtest that the same
controller makes of the same days: what it says beside what was had."""
from collections import namedtuple

from week_tools import CAPACITY, MINUTE_MS, STACK, Week

WARM_MINUTES = 60  # played before: the fleet is up when the days begin
BUSY = 0.7         # of an instance that serves its capacity

Figures = namedtuple("Figures", "hours short")


def most(past, share):
    """Instances that serve all but this share of the time."""
    return max(2, -(-sorted(past)[int((1 - share) * (len(past) - 1))] // CAPACITY))


def max_too_low(past):
    return {"max": int(most(past, 0.5))}


def schedule(past):
    high, low = int(most(past, 0.1)), int(most(past, 0.7))
    return {"schedule": [f"nights: daily 21:00-07:00 max={low}",
                         f"office: daily 09:00-17:30 min={high}"]}


def pool_too_small(past):
    return {"pool_max": int(most(past, 0.3))}


def mode_out(_):
    return {"mode": "out"}


def stateful(_):
    return {"stateful": "yes", "mode": "out"}


def learned(_):
    return {"capacity": None, "utilisation": "used"}


KINDS = {"plain": lambda _: {}, "max-too-low": max_too_low, "schedule": schedule,
         "pool-too-small": pool_too_small, "mode-out": mode_out, "stateful": stateful,
         "learned": learned}


class Promised:
    """A tier of a kind: its history, the minutes played, and what came of them."""

    def __init__(self, name, kind, past, days):
        self.name = name
        self.options = KINDS[kind](past)
        if self.options.get("utilisation"):
            self.options["utilisation"] = f'max(used_share{{tier="{name}"}})'
        self.history, self.rates = past[:-WARM_MINUTES], past[-WARM_MINUTES:] + days
        self.served, self.standing, self.capacity = [], [], []
        self.said = self.report = self.why = self.replayed = None

    def used(self, serving):
        return min(1, self.rates[len(self.served)] / max(serving, 1) / CAPACITY * BUSY)

    @property
    def had(self):
        played = range(WARM_MINUTES, len(self.rates))
        short = sum(self.rates[i] > self.served[i] * self.capacity[i] * (1 + 1e-9) for i in played)
        return Figures(sum(self.standing[i] for i in played) / 60, short / len(played))

    def is_kept(self, cost, short):
        return all(abs(self.had.hours / said.hours - 1) <= cost
                   and abs(self.had.short - said.short) <= short
                   for said in (self.said, self.replayed))

    def ask(self, week):
        """Has the days that were played backtested, in the mode that they were played in;
        then what promote says of the tier as it was one mode below, and a replay of that
        mode."""
        path = f"/v1/tiers/{STACK}/{self.name}"
        days = len(self.rates) - WARM_MINUTES
        mode = self.options.get("mode", "auto")
        self.report = week.api.call("POST", f"{path}/backtest", {"play": f"{days}m", "mode": mode})
        ours = self.report["policies"][0]
        self.said = Figures(ours["instance_hours"], ours["short"])
        week.api.call("PATCH", path, {"mode": "observe" if mode == "out" else "out"})
        answer = week.api.call("POST", f"{path}/promote", {"to": mode, "dry_run": True})
        assert answer["backtest"]["at"] == self.report["at"], "of the same backtest"
        self.why = answer["verdict"]["why"]
        other = week.api.call("POST", f"{path}/replay", {
            "since": f"{days}m", "with": {"mode": mode}, "limit": 0})["played"]["other"]
        self.replayed = Figures(other["instance_hours"], other["short"])


def play(tiers, start_ms):
    with Week({t.name: t.options for t in tiers}, start_ms - WARM_MINUTES * MINUTE_MS) as w:
        for t in tiers:
            first_ms = start_ms - (WARM_MINUTES + len(t.history)) * MINUTE_MS
            w.tell(t.name, first_ms, t.history)
        for i in range(len(tiers[0].rates)):
            used = {}
            for t in tiers:
                serving = w.serving(t.name)
                if t.options.get("utilisation"):
                    used[t.name] = t.used(serving)
                t.served.append(serving)
                t.standing.append(w.standing(t.name))
            w.step({t.name: t.rates[i] for t in tiers}, used)
            for t in tiers:
                t.capacity.append(w.capacity(t.name))
        for t in tiers:
            t.ask(w)
