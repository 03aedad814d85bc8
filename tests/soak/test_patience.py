# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds of stops and cuts under load, over fleets of 1 to 40 servers.

PATIENCE_ROUNDS is how many there are in all (60), PATIENCE_SEED what they are drawn from,
PATIENCE_LONGEST how many seconds one lasts at most (300)."""
import os
import random

import pytest

from patience_tools import FAULTS, Fleet, cut_all, play

ROUNDS = int(os.environ.get("PATIENCE_ROUNDS", "60"))
SEED = int(os.environ.get("PATIENCE_SEED", "0")) or random.SystemRandom().randrange(1, 10 ** 6)
LONGEST = float(os.environ.get("PATIENCE_LONGEST", "300"))
FLEETS = {1: 0.2, 2: 0.3, 5: 0.3, 40: 0.2}  # servers: share of the rounds


@pytest.mark.parametrize("n", list(FLEETS))
def test_no_stop_and_no_cut_ends_a_vm(n):
    with Fleet(n) as q:
        q.ready()
        faults = [f for f in FAULTS if n > 2 or f is not cut_all]
        play(q, SEED + n, max(1, round(FLEETS[n] * ROUNDS)), 1, LONGEST, faults)
