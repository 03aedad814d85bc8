# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiers behind others: made-up pairs of which the front is known to lead, or to say nothing, and
all pairs of public traces that have nothing to do with each other."""
import csv
import gzip
import math
import os
import random
import subprocess
import tempfile

from measure import SHARED, figure, program, say

DAYS, DAY = 28, 1440
LEAD_S = 180
SEEDS = (1, 2, 3)
# Traces by how far apart their values are, and of which family they are.
TRACES = {
    60: {"worldcup98_a.csv.gz": "worldcup", "nasa_jul95.csv": "nasa", "ms_mongo_app1.csv": "ms",
         "ms_mongo_app3.csv": "ms", "ms_ingress1.csv": "ms", "ms_ingress3.csv": "ms",
         "ms_ingress5.csv": "ms"},
    300: {"azure_vm_cpu_2017.csv": "azure", "call_centre_a.csv": "calls", "isp_eu_5m.csv": "isp",
          "nab_elb_request_count_8c0756.csv": "aws", "nab_tweets_AAPL.csv": "tweets",
          "nab_tweets_FB.csv": "tweets", "nab_ec2_cpu_utilization_5f5533.csv": "aws"},
}


def requests(seed, bursts=2.0):
    """A rate that swings by half over the day, wanders, and bursts so many times a day."""
    chance, wander, burst, rates = random.Random(seed), 0.0, [0.0] * (DAYS * DAY + 200), []
    for at in range(DAYS * DAY):
        if chance.random() < bursts / DAY:
            high, long, up = chance.uniform(0.3, 1.5), chance.randint(10, 60), chance.randint(2, 8)
            for k in range(2 * up + long):
                size = high * min((k + 1) / up, 1, (2 * up + long - k) / up)
                burst[at + k] = max(burst[at + k], size)
        wander = 0.98 * wander + chance.gauss(0, 0.02)
        rate = 500 * (1 + 0.5 * math.sin(2 * math.pi * at / DAY)) * math.exp(wander) * (1 + burst[at])
        rates.append(max(chance.gauss(60 * rate, math.sqrt(60 * rate)), 0) / 60)
    return rates


def behind(front, lag, noise, seed):
    """What reaches the tier behind: each request 0.4 times, so much later, with that noise."""
    chance = random.Random(seed)
    return [0.4 * front[max(i - lag, 0)] * math.exp(chance.gauss(0, noise)) for i in range(len(front))]


def queued(front, minutes, seed):
    """The same through a queue that empties in so many minutes."""
    level, levels = front[0], []
    for x in front:
        level += (x - level) / minutes
        levels.append(level)
    return behind(levels, 0, 0.03, seed)


def made_up():
    """(what it is, whether the front leads, front, back)"""
    for seed in SEEDS:
        web, other = requests(seed), requests(100 + seed)
        yield "3 minutes behind", True, web, behind(web, 3, 0.03, seed)
        yield "10 minutes behind", True, web, behind(web, 10, 0.03, seed)
        yield "through a queue of 4 minutes", True, web, queued(web, 4, seed)
        yield "half of it 3 minutes behind", True, web, [
            a + b for a, b in zip(behind(web, 3, 0.03, seed), behind(other, 0, 0.03, seed + 1))]
        yield "in front, not behind", False, behind(web, 3, 0.03, seed), web
        yield "nothing to do with it", False, web, behind(other, 0, 0.03, seed)


def real():
    """The same of loads that were real, by what is behind them."""
    for name in ("worldcup98_a.csv.gz", "nasa_jul95.csv"):
        web = trace(name)
        yield f"3 minutes behind {name.split('.')[0]}", True, web, behind(web, 3, 0.03, 1)


def trace(name):
    path = os.path.join(SHARED, "traces", name)
    with gzip.open(path, "rt") if name.endswith(".gz") else open(path, encoding="ascii") as f:
        return [float(r[1]) if r[1] else math.nan for r in list(csv.reader(f))[1:]]


def unrelated():
    """(step in seconds, what it is, front, back): pairs of traces of different families."""
    for step, families in TRACES.items():
        series = {name: trace(name) for name in families}
        for back in families:
            for front in families:
                if families[front] != families[back]:
                    yield step, f"{back} behind {front}", series[front], series[back]


def play(step_s, lead_s, front, back):
    with tempfile.TemporaryDirectory(prefix="foretide-bench-") as folder:
        paths = [os.path.join(folder, name) for name in ("front", "back")]
        for path, values in zip(paths, (front, back)):
            with open(path, "w", encoding="ascii") as f:
                f.writelines(f"{v:.7g}\n" for v in values)
        done = subprocess.run([program("bench_follow"), str(step_s), str(lead_s), *paths],
                              stdout=subprocess.PIPE, text=True, check=True)
    return {name: float(v) for name, v in (line.split() for line in done.stdout.splitlines())}


def told(v):
    return (f"loss {-100 * v['gain']:+.1f} %, used {100 * v['used']:.0f} % of the time; cost "
            f"{100 * (v['with_instances'] / v['own_instances'] - 1):+.1f} %, short "
            f"{100 * v['own_short']:.2f} -> {100 * v['with_short']:.2f} %")


def follow():
    leads, falsely, wrong, n = {}, 0, 0, 0
    has_traces = os.path.isdir(SHARED)
    for what, is_ahead, front, back in list(made_up()) + (list(real()) if has_traces else []):
        v = play(60, LEAD_S, front, back)
        say(f"{what}: {told(v)}; lag {v['lag']:.0f}, evidence {v['evidence']:.3g}")
        if is_ahead:
            leads.setdefault(what, []).append(v)
        else:
            n, falsely = n + 1, falsely + (v["used"] > 0)
    for what, runs in leads.items():
        mean = {k: sum(v[k] for v in runs) / len(runs) for k in runs[0]}
        figure(f"a tier {what}, lead time {LEAD_S} s (n = {len(runs)})", told(mean),
               "used, for less cost or short time", met=mean["used"] > 0.9)
    figure("made-up tiers that the one in front says nothing about", f"used in {falsely} of {n}",
           "0", met=falsely == 0)
    pairs = list(unrelated()) if has_traces else []
    for step, what, front, back in pairs:
        v = play(step, max(LEAD_S, 2 * step), front, back)
        wrong += v["used"] > 0
        say(f"{what}: {told(v)}; evidence {v['evidence']:.3g}")
    if pairs:
        figure("pairs of unrelated public traces", f"used in {wrong} of {len(pairs)}", "0",
               met=wrong == 0)
