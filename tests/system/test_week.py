# SPDX-License-Identifier: GPL-3.0-or-later
"""Half a day of the whole controller, its calendar stepped by the minute."""

import math

import pytest

from week_tools import BOOT_MINUTES, CAPACITY, MINUTE_MS, STACK, Decide, Record, Week

MONDAY_MS = 1767571200000
HISTORY_DAYS = 8
MINUTES = 720
TIER = "web"


def rate(minute):
    """Requests a second: a day's wave, a rough edge, and a rush at half past three."""
    wave = 900 - 700 * math.cos(2 * math.pi * minute / 1440)
    rough = 60 * math.sin(minute * 12.9898) * math.sin(minute * 78.233)
    rush = 300 * math.exp(-((minute - 210) / 12) ** 2)
    return round(wave + rough + rush, 4)


def history():
    return [rate(m) for m in range(-HISTORY_DAYS * 1440, 0)]


FIRST_MS = MONDAY_MS - HISTORY_DAYS * 1440 * MINUTE_MS


@pytest.fixture(name="played", scope="module")
def fixture_played():
    """desired[i]: wanted as minute i begins, and the fleet that it has; by[i]: the forecasts
    at its end by the controller and by the command beside it, and what both want then."""
    record = Record([rate(m) for m in range(MINUTES)], skip=BOOT_MINUTES + 1)
    record.by = []
    with Week([TIER], MONDAY_MS) as w, Decide(FIRST_MS, history()) as decide:
        w.tell(TIER, FIRST_MS, history())
        for m in range(MINUTES):
            serving, standing = w.serving(TIER), w.standing(TIER)
            record.add(serving, standing, w.desired()[TIER])
            w.step({TIER: rate(m)})
            said = decide.said(MONDAY_MS + m * MINUTE_MS, rate(m), serving, standing - serving)
            seen = w.api.call("GET", f"/v1/tiers/{STACK}/{TIER}")
            record.by.append([(d["median"], d["upper"], n) for d, n in (
                (seen["explanation"]["forecast"], seen["desired"]), (said, said["desired"]))])
        print(w.words())
    return record


def test_what_is_wanted_stands_at_once_and_serves_when_it_has_booted(played):
    assert played.standing == played.desired
    least = [min(played.desired[max(i - BOOT_MINUTES, 0):i + 1]) for i in range(MINUTES)]
    assert all(s >= n for s, n in list(zip(played.serving, least))[BOOT_MINUTES + 1:])
    assert all(s <= n for s, n in zip(played.serving, played.standing))


def test_half_a_day_is_served_ahead_of_its_rise(played):
    assert max(played.desired) - min(played.desired) >= 5
    assert played.short() <= 0.03
    assert played.hours() <= 1.5 * sum(played.rates) / CAPACITY / 60


def test_its_forecast_is_that_of_the_command(played):
    other = [(m, *by) for m, by in enumerate(played.by)
             if not all(math.isclose(a, b, rel_tol=1e-4) for a, b in zip(by[0][:2], by[1][:2]))]
    assert not other, f"in {len(other)} of {MINUTES} minutes: {other[:5]}"


def test_it_wants_what_the_command_says_of_the_same_fleet(played):
    other = [(m, seen[2], said[2]) for m, (seen, said) in enumerate(played.by)
             if seen[2] != said[2]]
    assert not other, f"in {len(other)} of {MINUTES} minutes: {other[:5]}"
