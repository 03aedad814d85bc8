#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many long runs of tests/system/cloud_chaos_tools.py: SEEDS="1-1000", or "7 12 40-50".

What has passed is noted in $B/chaos/passed and is not played again; remove that file to begin
anew. HOSTS (2000), KILLS (50) and MINUTES (150) make a run shorter, WORKERS (1) play several
at once."""
import os
import resource
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

from cloud_chaos_tools import LONG, play_seed  # noqa: E402
from store_tools import BUILD  # noqa: E402


def seeds(words):
    found = []
    for word in words.split():
        first, _, last = word.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def passed(path):
    try:
        with open(path, encoding="ascii") as f:
            return {int(line.split()[0]) for line in f}
    except FileNotFoundError:
        return set()


def play(seed, size, path):
    """Whether it has passed."""
    print(f"seed {seed}", flush=True)
    try:
        words = play_seed(seed, **size)
    except Exception as e:  # whatever it is, the other seeds are played
        print(f"FAILED: {e}", flush=True)
        return False
    print(words, flush=True)
    with open(path, "a", encoding="ascii") as f:
        f.write(f"{seed} {words}\n")
    return True


def main():
    size = {k: int(os.environ.get(k.upper(), v)) for k, v in LONG.items()}
    folder = os.path.join(BUILD, "chaos")
    path = os.path.join(folder, "passed")
    os.makedirs(folder, exist_ok=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    before = passed(path)
    wanted = [s for s in seeds(os.environ.get("SEEDS") or "1-1000") if s not in before]
    with ThreadPoolExecutor(int(os.environ.get("WORKERS", "1"))) as pool:
        good = list(pool.map(lambda seed: play(seed, size, path), wanted))
    print(f"{sum(good)} of {len(wanted)} seeds passed, {len(before)} had passed before")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
