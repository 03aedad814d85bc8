# SPDX-License-Identifier: GPL-3.0-or-later
"""Half a day of the whole controller, its calendar stepped by the minute."""

import math

import pytest

from week_tools import BOOT_MINUTES, CAPACITY, MINUTE_MS, Record, Week

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
    """desired[i]: wanted as minute i begins, and the fleet that it has."""
    record = Record([rate(m) for m in range(MINUTES)], skip=BOOT_MINUTES + 1)
    with Week([TIER], MONDAY_MS) as w:
        w.tell(TIER, FIRST_MS, history())
        for m in range(MINUTES):
            record.add(w.serving(TIER), w.standing(TIER), w.desired()[TIER])
            w.step({TIER: rate(m)})
        print(w.words())
    return record


def test_what_is_wanted_stands_at_once_and_serves_when_it_has_booted(played):
    assert played.standing == played.desired
    least = [min(played.desired[max(i - BOOT_MINUTES, 0):i + 1]) for i in range(MINUTES)]
    assert all(s >= n for s, n in list(zip(played.serving, least))[BOOT_MINUTES + 1:])
    assert all(s <= n for s, n in zip(played.serving, played.standing))


def test_half_a_day_is_served_ahead_of_its_rise(played):
    assert max(played.desired) - min(played.desired) >= 5
    assert played.short() <= 0.02
    assert played.hours() <= 1.5 * sum(played.rates) / CAPACITY / 60
