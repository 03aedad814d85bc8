# SPDX-License-Identifier: GPL-3.0-or-later
"""A past by a clock that is half a day off: the forecast that it makes is contradicted by what
comes, is not used until it keeps its promise again, and people are told."""

import math

import week_tools
from week_tools import MINUTE_MS, STACK, Week

MONDAY_MS = 1767571200000
HISTORY_DAYS = 14
FIRST_MS = MONDAY_MS - HISTORY_DAYS * 1440 * MINUTE_MS
TIER = "web"


def rate(minute, off=0):
    """Between 200 and 2000 requests a second."""
    wave = 1100 - 900 * math.cos(2 * math.pi * (minute + off) / 1440)
    return wave * (1 + 0.03 * math.sin(minute * 12.9898) * math.sin(minute * 78.233))


def stack_of(plain):
    """Decided on for a lead time of ten minutes, and not acted on: nothing else is learned."""
    def stack(tiers):
        files = plain(tiers)
        text = files["stack.conf"]
        for old, new in (("lead_prior = 3m", "lead_prior = 10m"), ("mode = auto", "mode = observe")):
            assert old in text
            text = text.replace(old, new)
        return {**files, "stack.conf": text}
    return stack


def events(week, kind):
    return [e for e in week.api.call("GET", "/v1/events?since=0&limit=1000")["items"]
            if e["kind"] == kind]


def test_a_forecast_that_is_contradicted_is_vetoed_told_and_used_again(monkeypatch):
    monkeypatch.setattr(week_tools, "stack", stack_of(week_tools.stack))
    with Week([TIER], MONDAY_MS) as week:
        week.tell(TIER, FIRST_MS, [rate(m) for m in range(-HISTORY_DAYS * 1440, 0)])

        def tier():
            return week.api.call("GET", f"/v1/tiers/{STACK}/{TIER}")

        def problem():
            return next((p["message"] for p in week.api.call("GET", "/v1/status")["problems"]
                         if p["kind"] == "forecast-not-used"), None)

        minute = 0
        while not problem():
            assert minute < 60, tier()
            week.step({TIER: rate(minute, 720)})
            minute += 1
        seen = tier()
        assert problem().startswith(f"{STACK}/{TIER}: for "), problem()
        assert "times what was forecast; the forecast is not used until" in problem(), problem()
        assert seen["fallback_level"] in ("seasonal", "reactive"), seen
        assert "times what was forecast" in seen["fallback_reason"], seen
        assert len(events(week, "forecast-not-used")) == 1
        while problem():
            assert minute < 300, tier()
            week.step({TIER: rate(minute, 720)})
            minute += 1
        assert "contradict" not in tier()["fallback_reason"]
        assert len(events(week, "forecast-used")) == 1


def test_days_as_they_were_veto_nothing(monkeypatch):
    monkeypatch.setattr(week_tools, "stack", stack_of(week_tools.stack))
    with Week([TIER], MONDAY_MS) as week:
        week.tell(TIER, FIRST_MS, [rate(m) for m in range(-HISTORY_DAYS * 1440, 0)])
        for minute in range(360):
            week.step({TIER: rate(minute)})
        assert not events(week, "forecast-not-used")


