# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller is killed at any moment; `make soak` does it 200 times."""
from chaos_tools import Wide, play_kills


def test_a_controller_killed_at_random_moments_loses_and_doubles_nothing():
    with Wide() as q:
        q.start()
        q.apply()
        q.up()
        for seed in (1, 2):
            play_kills(q, seed, 5)
