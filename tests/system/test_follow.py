# SPDX-License-Identifier: GPL-3.0-or-later
"""Three tiers of a stack in the whole controller: db gets web's requests three minutes later,
cron has a load of its own."""

import math
import os
import random
import subprocess

import pytest

from store_tools import BUILD
from week_tools import BOOT_MINUTES, CAPACITY, MINUTE_MS, RISK, STACK, Decide, Record, Week, simulate

MONDAY_MS = 1767571200000
HISTORY_DAYS = 14
PAST = HISTORY_DAYS * 1440
MINUTES = 600
FIRST_MS = MONDAY_MS - PAST * MINUTE_MS
TIERS = ["cron", "db", "web"]


def requests(seed, minutes):
    """Requests a second: a day's wave that wanders, and a rush now and then."""
    chance, wander, burst, aim, left, rates = random.Random(seed), 0.0, 0.0, 0.0, 0, []
    for at in range(minutes):
        left -= 1
        if left <= 0:
            rush = chance.random() < 3 / 1440
            aim, left = (chance.uniform(0.3, 1.5), chance.randint(10, 60)) if rush else (0.0, 0)
        burst += (aim - burst) / 3
        wander = 0.98 * wander + chance.gauss(0, 0.02)
        rates.append(900 * (1 + 0.5 * math.sin(2 * math.pi * at / 1440)) * math.exp(wander) * (1 + burst))
    return rates


def loads():
    chance = random.Random(3)
    web = requests(1, PAST + MINUTES)
    return {"web": web, "cron": requests(2, PAST + MINUTES),
            "db": [1.5 * web[max(i - 3, 0)] * math.exp(chance.gauss(0, 0.02)) for i in range(len(web))]}


def told(week, tier):
    """What `foretide explain` prints."""
    token = week.api.headers["Authorization"].split()[1]
    done = subprocess.run(
        [os.path.join(BUILD, "foretide"), "explain", f"{STACK}/{tier}", "--url",
         f"http://127.0.0.1:{week.ports[0]}"], env=dict(os.environ, FORETIDE_TOKEN=token),
        text=True, stdout=subprocess.PIPE, check=True)
    return done.stdout


@pytest.fixture(name="played", scope="module")
def fixture_played():
    """db's record in the controller and beside it, and what was said of the tiers."""
    rates = loads()
    record = Record(rates["db"][PAST:], skip=BOOT_MINUTES + 20)
    record.follows = {t: set() for t in TIERS}
    with Week(TIERS, MONDAY_MS) as w:
        for tier in TIERS:
            w.tell(tier, FIRST_MS, rates[tier][:PAST])
        for m in range(MINUTES):
            record.add(w.serving("db"), w.standing("db"), w.desired()["db"])
            w.step({t: rates[t][PAST + m] for t in TIERS})
            for t in TIERS:
                seen = w.api.call("GET", f"/v1/tiers/{STACK}/{t}")["follows"]
                record.follows[t].add(seen["tier"] if seen else None)
        record.tier = w.api.call("GET", f"/v1/tiers/{STACK}/db")
        record.explained = told(w, "db")
    with Decide(FIRST_MS, rates["db"][:PAST]) as decide:
        record.alone = simulate(decide, MONDAY_MS, record.rates, Record(record.rates, record.skip))
    return record


def test_the_tier_behind_follows_the_one_in_front_and_no_other_does(played):
    assert played.follows["db"] <= {"web", None}
    assert "web" in played.follows["db"]
    assert played.follows["web"] == {None}
    assert played.follows["cron"] == {None}


def test_it_is_told(played):
    assert played.tier["follows"]["tier"] == "web"
    assert played.tier["follows"]["ahead_ms"] == 3 * MINUTE_MS
    assert "; the forecast follows web, whose demand leads by 3m (" in played.tier["sentence"]
    assert "; the forecast follows web, whose demand leads by 3m (" in played.explained
    assert "\n  follows web: the loss of its forecast would be -" in played.explained
    assert "\n  does not follow cron: the loss of its forecast would be " in played.explained


def test_it_costs_a_tenth_less_than_alone_and_is_hardly_ever_short(played):
    print(f"{played.hours():.1f} instance-hours, short {100 * played.short():.2f} %; alone "
          f"{played.alone.hours():.1f}, {100 * played.alone.short():.2f} %; capacity {CAPACITY}")
    assert played.hours() < 0.9 * played.alone.hours()
    # Five minutes of ten hours: the risk is kept over weeks, as bench_follow.py shows.
    assert played.short() <= 2 * RISK
