# SPDX-License-Identifier: GPL-3.0-or-later
"""A constant rate does not flap: Poisson arrivals, one day after a week of the same."""
import json
import math
import os
import random
import statistics
import subprocess

from measure import BUILD, figure

CAPACITY, WEEK, DAY, LEAD, RISK = 2, 10080, 1440, 3, 0.005
NEEDS = range(1, 21)


def arrivals(chance, rate):
    """The rate of a minute; its count is large enough to be normal."""
    return max(0, round(chance.gauss(60 * rate, math.sqrt(60 * rate)))) / 60


def right(rate):
    """The fewest instances whose minutes are short for at most the risk."""
    of = statistics.NormalDist(60 * rate, math.sqrt(60 * rate))
    n = 1
    while 1 - of.cdf(60 * CAPACITY * n + 0.5) > RISK:
        n += 1
    return n


class Engine:
    def __init__(self):
        self.process = subprocess.Popen([os.path.join(BUILD, "foretide"), "decide", "--jsonl"], bufsize=1,
                                        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **message):
        self.process.stdin.write(json.dumps(message) + "\n")
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def play(need):
    """-> the right number, the mean and the most that was desired, actions."""
    chance, rate = random.Random(need), CAPACITY * (need - 0.6)
    engine = Engine()
    engine.ask(type="init", boot_delay=60 * LEAD, capacity=CAPACITY, slo=RISK, running=right(rate),
               history_start=0, history=[arrivals(chance, rate) for _ in range(WEEK)])
    desired = [right(rate)]
    for minute in range(DAY):
        serve = min(desired[-LEAD - 1:])
        desired.append(engine.ask(t=60 * (WEEK + minute), value=arrivals(chance, rate), running=serve,
                                  booting=desired[-1] - serve)["desired"])
    engine.close()
    return (right(rate), statistics.mean(desired), max(desired),
            sum(a != b for a, b in zip(desired, desired[1:])))


def constant():
    """Instances and actions of a day at each of the rates."""
    days = [play(n) for n in NEEDS]
    off = max(abs(mean - n) for n, mean, _, _ in days)
    figure(f"constant rates that need 1 to {NEEDS[-1]} instances, a day each",
           f"mean within {off:.2f} of the right number, most {max(m - n for n, _, m, _ in days):+d}, "
           f"at most {max(d[3] for d in days)} actions in a day", "the right number, <= 2 actions",
           met=off < 1 and max(d[3] for d in days) <= 2)
