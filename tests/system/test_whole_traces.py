# SPDX-License-Identifier: GPL-3.0-or-later
"""A recorded load, played on the whole system: it scales ahead of it, and says why."""

import csv
import datetime
import os
import subprocess

from rig_tools import PATIENCE_S, TRACE, Load, Quick
from store_tools import BUILD

SPEED = 12       # minutes of the trace are a minute of the test
DAY = 1440 // SPEED
SCALE = 30       # a busy machine needs seconds for what a host does as it starts
CAPACITY = 5
PEAK = 24


def minutes():
    """The load a minute: the recorded one where it is present, else the built-in week."""
    if os.path.exists(TRACE):
        with open(TRACE, encoding="ascii") as f:
            rows = list(csv.reader(f))[1:]
    else:
        done = subprocess.run([os.path.join(BUILD, "foretide"), "play", "--list"],
                              capture_output=True, text=True, check=True)
        rows = list(csv.reader(done.stdout.splitlines()))
    return [float(row[1]) for row in rows]


def compressed(path):
    load = minutes()
    with open(path, "w", encoding="ascii") as f:
        f.write("timestamp,value\n")
        for i in range(0, len(load) - SPEED, SPEED):
            f.write(f"{60 * (i // SPEED)},{sum(load[i:i + SPEED]) / SPEED:.4f}\n")
    return path


def played(path):
    """What the player makes of it, in requests a second."""
    done = subprocess.run([os.path.join(BUILD, "foretide"), "play", "--list", "--trace", path,
                           "--peak", str(PEAK)], capture_output=True, text=True, check=True)
    return [float(row[1]) for row in csv.reader(done.stdout.splitlines())]


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def edit(name, text):
    return text.replace("lead_prior = 2m", "lead_prior = 3m").replace("max = 6", "max = 8") \
        .replace("max = 8\n\n[tier lb]", "max = 10\n\n[tier lb]")


def test_a_recorded_load_is_served_ahead_of_its_rise_and_fall(tmp_path):
    path = compressed(str(tmp_path / "trace.csv"))
    rates = played(path)
    days = len(rates) // DAY
    day = max(range(days // 2, days - 1), key=lambda d: sum(rates[d * DAY:(d + 1) * DAY]))
    start = day * DAY + 5 * 60 // SPEED   # before dawn
    length = 15 * 60 // SPEED             # into the evening
    past = rates[max(0, start - 20 * DAY):start]
    with Quick(SCALE, "60s", edit) as q:
        q.start()
        q.apply()
        q.tell("web", past)
        q.up()
        begin = time_of(q.api("/v1/status")["now"])
        with Load(q, trace=path, scale=SCALE, more=[
                "--peak", str(PEAK), "--start", f"{start}m", "--for", f"{length}m"]) as load:
            stats = load.finish_without_failure(timeout=length * 60 // SCALE + PATIENCE_S)
        print(stats)
        end = time_of(q.api("/v1/status")["now"])
        # A machine that stalls delays it: a second is half a minute here.
        q.wait("it scaled in from its top", lambda: is_below_top(changes_of(q, begin)))
        changes = changes_of(q, begin)
        for d in changes:
            print(d["at"], d["from"], d["to"], d["cause"], d["sentence"])
        check_changes(changes)
        check_service(q, begin, end)


def changes_of(q, begin):
    decisions = [d for d in q.items("/v1/tiers/quick/web/decisions")
                 if time_of(d["at"]) >= begin and d["to"] != d["from"]]
    return sorted(decisions, key=lambda d: time_of(d["at"]))


def is_below_top(changes):
    return bool(changes) and changes[-1]["to"] < max(d["to"] for d in changes)


def check_changes(changes):
    outs = [d for d in changes if d["to"] > d["from"]]
    ins = [d for d in changes if d["to"] < d["from"]]
    assert outs and ins
    top = max(changes, key=lambda d: d["to"])
    assert time_of(outs[0]["at"]) <= time_of(top["at"]) < time_of(ins[-1]["at"])
    assert top["to"] >= 3
    assert ins[-1]["to"] < top["to"]
    # Ahead: most steps out came before the demand was there.
    ahead = [d for d in outs if d["cause"] == "forecast"]
    assert len(ahead) >= len(outs) / 2, [d["sentence"] for d in outs]
    for d in changes:
        assert "demand of" in d["sentence"] or "needs" in d["sentence"], d["sentence"]
        assert any(w in d["sentence"] for w in ("forecast", "now", "not be needed again for")), d["sentence"]


def check_service(q, begin, end):
    """Minutes in which more was asked for than the instances there could serve."""
    stamps = [f"{t:%Y-%m-%dT%H:%M}:00Z" for t in (begin, end)]
    points = q.api(f"/v1/tiers/quick/web/series?from={stamps[0]}&to={stamps[1]}&step=60s")["points"]
    known = [p for p in points if p["demand"] is not None and p["running"] is not None]
    short = [p for p in known if p["demand"] > p["running"] * CAPACITY]
    print(f"{len(short)} of {len(known)} minutes short")
    assert len(known) > 45
    assert len(short) <= 0.1 * len(known)
