# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 of the controller, 200 times at random moments of ten printed seeds."""
import random

import pytest

from chaos_tools import Wide, play_kills


@pytest.mark.parametrize("seed", random.sample(range(1, 1 << 30), 10))
def test_a_controller_killed_at_random_moments_loses_and_doubles_nothing(seed):
    with Wide() as q:
        q.start()
        q.apply()
        q.up()
        play_kills(q, seed, 20)
