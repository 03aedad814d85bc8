# SPDX-License-Identifier: GPL-3.0-or-later
"""Silence that ends by itself ends no host; `make soak` plays 60 rounds and fleets of 1 to 40."""
from patience_tools import FAULTS, Fleet, play


def test_faults_that_end_by_themselves_cost_no_host_and_no_request():
    with Fleet(2) as q:
        q.ready()
        play(q, 3, len(FAULTS), 4, 6)
