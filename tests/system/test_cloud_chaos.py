# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten short runs of failing clouds under a controller that is killed; `make chaos` makes a
thousand long ones."""
from concurrent.futures import ThreadPoolExecutor

import pytest

from cloud_chaos_tools import SHORT, play_seed

SEEDS = range(1, 11)


@pytest.fixture(name="runs", scope="module")
def all_at_once():
    """Most of the time they wait for lists that are doubted, and for silence."""
    with ThreadPoolExecutor(len(SEEDS)) as pool:
        yield {seed: pool.submit(play_seed, seed, **SHORT) for seed in SEEDS}


@pytest.mark.parametrize("seed", SEEDS)
def test_clouds_hold_what_the_database_says_after_any_faults_and_kills(runs, seed):
    print(runs[seed].result())
