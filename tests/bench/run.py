#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the benches: what `make bench` does, or `make bench BENCH="join tick"` for some.

Every figure is printed as it was seen, beside what is to be reached; a slow machine fails
nothing. At the end a table of all. Those marked * are slow, need the traces in
../shared, and run only when they are named.
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench_breaker  # noqa: E402
import bench_cloud  # noqa: E402
import bench_constant  # noqa: E402
import bench_coverage  # noqa: E402
import bench_flood  # noqa: E402
import bench_follow  # noqa: E402
import bench_frontier  # noqa: E402
import bench_hosts  # noqa: E402
import bench_http  # noqa: E402
import bench_large  # noqa: E402
import bench_ledger  # noqa: E402
import bench_list  # noqa: E402
import bench_offline  # noqa: E402
import bench_pause  # noqa: E402
import bench_promise  # noqa: E402
import bench_tick  # noqa: E402
import bench_units  # noqa: E402
import bench_watches  # noqa: E402
import bench_week  # noqa: E402
from measure import Failed, SHARED, say, table  # noqa: E402

BENCHES = {
    "join": bench_hosts.join,
    "counted": bench_units.counted,
    "killed": bench_units.killed,
    "serve": bench_units.serve,
    "alone": bench_units.alone,
    "spread": bench_units.spread_and_rest,
    "controller": bench_hosts.hundred,
    "drivers": bench_cloud.sizes,
    "ec2": bench_cloud.ec2,
    "breaker": bench_breaker.breaker,
    "list10000": bench_list.listed,
    "tick": bench_tick.tick,
    "tick10000": bench_large.large,
    "tiers10000": bench_tick.tiers10000,
    "predictor": bench_offline.predictor,
    "metrics": bench_offline.metrics,
    "samples": bench_http.samples,
    "constant": bench_constant.constant,
    "coverage": bench_coverage.coverage,
    "flood": bench_flood.flood,
    "follow": bench_follow.follow,
    "ledger": bench_ledger.ledger,
    "pause": bench_pause.pause,
    "watches": bench_watches.watches,
}
ON_TRACES = {
    "autoscale": bench_offline.autoscale,
    "frontier": bench_frontier.frontier,
    "forecast": bench_offline.forecast,
    "week": bench_week.week,
    "promise": bench_promise.promise,
}


def usage():
    names = list(BENCHES) + [n + "*" for n in ON_TRACES]
    say(f"usage: run.py [NAME ...]\n{__doc__}\nbenches: {' '.join(names)}")
    return 2


def main(names):
    known = {**BENCHES, **ON_TRACES}
    if any(n not in known for n in names):
        return usage()
    for name in names or (known if os.path.isdir(SHARED) else BENCHES):
        start = time.monotonic()
        try:
            known[name]()
        except (Failed, OSError, AssertionError) as e:
            say(f"bench {name} could not be done: {e}")
        say(f"({name}: {time.monotonic() - start:.0f} s)")
    print("\n" + table())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
