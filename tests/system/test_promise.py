# SPDX-License-Identifier: GPL-3.0-or-later
"""Half a day of the whole controller, and what its own backtest and replay say of the same:
tiers of several kinds, their calendar stepped by the minute."""

import math

import pytest

from promise_tools import Promised, WARM_MINUTES, play
from week_tools import STACK

MONDAY_MS = 1767571200000
HISTORY_DAYS = 8
MINUTES = 720
COST, SHORT = 0.03, 0.002  # what they may differ by
KINDS = ("plain", "max-too-low", "schedule", "pool-too-small", "mode-out", "learned")


def rate(minute):
    """Requests a second: a day's wave, a rough edge, and a rush at half past three."""
    wave = 900 - 700 * math.cos(2 * math.pi * minute / 1440)
    rough = 60 * math.sin(minute * 12.9898) * math.sin(minute * 78.233)
    rush = 300 * math.exp(-((minute - 210) / 12) ** 2)
    return round(wave + rough + rush, 4)


@pytest.fixture(name="tiers", scope="module")
def fixture_tiers():
    past = [rate(m) for m in range(-HISTORY_DAYS * 1440, 0)]
    days = [rate(m) for m in range(MINUTES)]
    tiers = {kind: Promised(kind, kind, past, days) for kind in KINDS}
    play(list(tiers.values()), MONDAY_MS)
    return tiers


@pytest.mark.parametrize("kind", KINDS)
def test_a_tier_gets_what_its_backtest_and_a_replay_say(tiers, kind):
    t = tiers[kind]
    assert t.is_kept(COST, SHORT), f"had {t.had}, said {t.said}, replayed {t.replayed}"


@pytest.mark.parametrize("kind,bound", [
    ("max-too-low", "max"), ("schedule", "schedule"), ("pool-too-small", "room")])
def test_the_bound_that_keeps_it_short_is_named(tiers, kind, bound):
    t = tiers[kind]
    assert t.had.short > 0.1 and t.report["short_by"][bound] == pytest.approx(t.had.short, abs=0.01)
    assert tiers["plain"].had.short < 0.03


def test_the_kinds_differ(tiers):
    """A backtest that played them all alike would not agree with them all."""
    hours = {kind: t.had.hours for kind, t in tiers.items()}
    assert hours["max-too-low"] < 0.9 * hours["plain"] < 0.9 * hours["mode-out"]
    assert tiers["learned"].report["capacity_source"] == "learned"
