# SPDX-License-Identifier: GPL-3.0-or-later
"""Two sources of one demand, one of which falls silent: the rest is no demand to scale in on,
and none to learn from, but it may scale out."""

import math

import pytest

from week_tools import CAPACITY, MINUTE_MS, STACK, Week

MONDAY_MS = 1767571200000
HISTORY_DAYS = 2
FIRST_MS = MONDAY_MS - HISTORY_DAYS * 1440 * MINUTE_MS
TIER = "web"


def rate(minute):
    """Of each of two sources, a second."""
    return 500 + 20 * math.sin(minute * 12.9898)


class Sources(Week):
    minute = 0

    def push(self, rates):
        """A minute in which each source tells its rate; None: it is silent."""
        end_ms = self.now_ms + MINUTE_MS
        lines = [f'offered_rate{{tier="{TIER}",source="{s}"}} {v:.4f} {end_ms - 1000}'
                 for s, v in rates.items() if v is not None]
        self.command(f"at {end_ms - 1000}")
        self.api.call("POST", f"/v1/metrics?stack={STACK}",
                      "\n".join(["# TYPE offered_rate gauge"] + lines) + "\n",
                      content="text/plain")
        self.now_ms = end_ms
        self.command(f"at {end_ms}")
        self.command("tick")
        self.settle()
        for host in self.hosts.values():
            if not host.caller and host.due_ms <= end_ms:
                self.command(f"rest {host.join()}")
                self.settle()
        self.minute += 1

    def play(self, minutes, a=1, b=1):
        """What is desired at the end of each minute."""
        wanted = []
        for _ in range(minutes):
            r = rate(self.minute)
            self.push({"a": a * r, "b": b and b * r})
            wanted.append(self.desired()[TIER])
        return wanted

    def tier(self):
        return self.api.call("GET", f"/v1/tiers/{STACK}/{TIER}")

    def problem(self):
        return next((p["message"] for p in self.api.call("GET", "/v1/status")["problems"]
                     if p["kind"] == "demand-not-whole"), None)

    def events(self, kind):
        return [e for e in self.api.call("GET", "/v1/events?since=0&limit=1000")["items"]
                if e["kind"] == kind]

    def learned(self, minutes):
        """The recorded demand of the last so many minutes."""
        rows = self.api.call("GET", f"/v1/tiers/{STACK}/{TIER}/series?"
                             f"from={(self.now_ms - minutes * MINUTE_MS) // 1000}"
                             f"&to={self.now_ms // 1000}&step=1m")["points"]
        return [r["demand"] for r in rows]


@pytest.fixture(name="week")
def fixture_week():
    with Sources([TIER], MONDAY_MS) as w:
        w.tell(TIER, FIRST_MS, [2 * rate(m) for m in range(-HISTORY_DAYS * 1440, 0)])
        w.play(30)
        yield w


def test_one_of_two_sources_that_falls_silent_scales_nothing_in(week):
    before = week.desired()[TIER]
    assert before >= 11
    wanted = week.play(60, b=None)
    assert min(wanted) >= before, wanted
    tier = week.tier()
    part = 'offered_rate{source="b",tier="web"}'
    assert tier["demand"]["missing"] == f"no samples of {part} for 1h", tier
    assert f"no samples of {part} for 1h, so nothing is scaled in" in tier["sentence"]
    assert tier["explanation"]["inputs"]["missing"] == tier["demand"]["missing"]
    assert not tier["demand"]["stale"]
    assert week.problem().startswith(
        f"the demand of {STACK}/{TIER} is not whole: no samples of {part} for 1h"), week.problem()
    assert len(week.events("demand-not-whole")) == 1
    # What is there is not learned as the demand.
    assert all(v is None for v in week.learned(50)), week.learned(50)
    # It is back.
    wanted = week.play(30)
    assert min(wanted) >= before and week.problem() is None
    assert len(week.events("demand-whole")) == 1
    assert min(week.learned(10)) > 900


def test_what_is_there_scales_out(week):
    before = week.desired()[TIER]
    week.play(10, b=None)
    wanted = week.play(5, a=4, b=None)
    assert wanted[-1] >= math.ceil(4 * 480 / CAPACITY) > before, wanted


def test_a_source_that_has_gone_for_good_is_forgotten(week):
    before = week.desired()[TIER]
    week.play(10, b=None)
    assert "foretide forget" in week.problem()
    answer = week.api.call("POST", "/v1/series/forget", {"match": 'offered_rate{source="b"}'})
    assert answer["forgotten"] == 1
    wanted = week.play(60, b=None)
    assert wanted[-1] <= before - 4, wanted
    assert week.problem() is None and week.tier()["demand"]["missing"] is None
