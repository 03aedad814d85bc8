# SPDX-License-Identifier: GPL-3.0-or-later
"""A played week's ledger, beside the clouds' bills and a count from outside. See
tests/system/ledger_tools.py, whose two days tests/system/test_ledger.py plays."""
import os
import sys
import time

from measure import ROOT, figure, say

sys.path.insert(1, os.path.join(ROOT, "tests/system"))
from ledger_tools import HOUR_MS, START_MS, TIERS, Books, play, total  # noqa: E402

DAYS = float(os.environ.get("LEDGER_DAYS", "7"))


def tell(w, tier):
    rows = [r for r in w.ledger() if r["tier"] == tier]
    used, paid = (ms / HOUR_MS for ms in w.billed_ms(tier, w.through_ms()))
    known, unknown, short = w.minutes(tier, START_MS, w.through_ms())
    seen = [total(rows, m) for m in ("host_hours", "paid_hours", "minutes_known", "minutes_unknown", "minutes_short")]
    figure(f"{tier}: hours of hosts and hours paid in {len(w.vms[tier])} launches", f"{seen[0]:.3f}, {seen[1]:.3f}",
           "the cloud's bill", f"bill: {used:.3f}, {paid:.3f}",
           met=[round(x * HOUR_MS) for x in seen[:2]] == [round(x * HOUR_MS) for x in (used, paid)])
    figure(f"{tier}: minutes known, unknown and short", ", ".join(f"{x:,}" for x in seen[2:]),
           "a count from outside", f"counted: {known:,}, {unknown:,}, {short:,}", met=seen[2:] == [known, unknown, short])
    say(f"{tier}: {total(rows, 'paid_hours'):.1f} hours paid, reactive {total(rows, 'reactive_hours'):.1f} "
        f"({total(rows, 'reactive_minutes_short'):,} minutes short), static {total(rows, 'static_hours'):.1f}")


def ledger():
    start = time.monotonic()
    with Books(TIERS, START_MS) as w:
        play(w, round(DAYS * 1440))
        for tier in TIERS:
            tell(w, tier)
    say(f"{DAYS:g} days in {time.monotonic() - start:.0f} s")
