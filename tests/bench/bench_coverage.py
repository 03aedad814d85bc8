# SPDX-License-Identifier: GPL-3.0-or-later
"""What each interval that the product prints states, and how often it held.

Programs beside this file simulate (coverage_*.c: a row "name, stated, achieved, tries" each,
by tabs); the public traces are played where they are there. Within two points of what is
stated, and what so many tries vary by chance, counts as reached; what the header of the code
states otherwise, for what kind, is what the row is held to.
"""
import json
import math
import os
from concurrent.futures import ThreadPoolExecutor
import statistics
import subprocess
import sys
import tempfile

from measure import BUILD, SHARED, figure, program, say

POINTS = 0.02
HOURS = (1, 6, 24, 72)
LEVELS = (0.025, 0.5, 0.975)
BAND = 0.95
PAST_DAYS, PLAYED_DAYS = 28, 14
ORIGINS = 48
TIERS = "150"  # of each setting of a capacity; by itself, coverage_capacity plays 400
DECIDED_DAYS = 14  # half of them learned from first
# Nearly constant or mostly zero: a band's edge is a value that is seen often.
LEFT_OUT = ("m4_", "ms_purchase1", "ms_purchase5", "nab_ec2_cpu_utilization_24ae8d",
            "nab_ec2_cpu_utilization_c6585a")


def rows_of(name, *args):
    done = subprocess.run([program(name), *args], capture_output=True, text=True, check=False)
    if done.returncode:
        say(done.stderr)
        done.check_returncode()
    for line in done.stdout.splitlines():
        what, stated, achieved, tries = line.split("\t")
        yield what, float(stated), float(achieved), int(tries)


def told(what, stated, achieved, tries):
    if math.isnan(stated):  # a row beside an interval's, such as how wide it is
        figure(what, f"{achieved:.4g} (n = {tries})")
        return
    chance = math.sqrt(stated * (1 - stated) / tries)  # of that many tries
    figure(what, f"{100 * achieved:.1f} % (n = {tries})", f"{100 * stated:.4g} %",
           met=abs(achieved - stated) <= POINTS + chance)


def at_once(work, items):
    """work(item) of each in order, as many at once as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(work, items)


def simulated(*programs):
    for rows in at_once(lambda words: list(rows_of(*words)), programs):
        for row in rows:
            told(*row)


# ---------------------------------------------------------------- traces
def traces():
    """(name, step, t0, values; nan: missing) of the public traces."""
    sys.path.insert(0, os.path.join(SHARED, "bench"))
    from autoscale_eval import load_csv
    folder = os.path.join(SHARED, "traces")
    for file in sorted(os.listdir(folder)):
        name = file.split(".")[0]
        if file.endswith((".csv", ".csv.gz")) and not name.startswith(LEFT_OUT):
            t0, step, values = load_csv(os.path.join(folder, file))
            yield name, step, t0, [float(v) for v in values]


def five_minutes(step, values):
    n = max(300 // step, 1)
    return step * n, [statistics.fmean(values[i:i + n]) for i in range(0, len(values) - n + 1, n)]


class Forecaster:
    def __init__(self):
        self.process = subprocess.Popen([os.path.join(BUILD, "foretide"), "forecast", "--jsonl"],
                                        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, history, step, t0, horizon):
        """The seasons are not told: as people and the controller call it."""
        self.process.stdin.write(json.dumps({
            "id": "", "t0": t0, "step": step, "horizon": horizon, "levels": LEVELS,
            "history": [None if math.isnan(v) else v for v in history]}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["quantiles"], answer["held"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def score(low, high, value):
    """The interval's: its width, and 40 times what it misses by."""
    return high - low + 40 * max(low - value, value - high, 0)


def played(trace):
    """Hours ahead -> of the values from half as many on, over the origins: the share in the band, its
    median width and mean score over the mean value; and what the outlook said that it had held (nan: not known)."""
    name, step, t0, values = trace
    step, values = five_minutes(step, values)
    day, h = 86400 // step, HOURS[-1] * 3600 // step
    first = len(values) - min(PLAYED_DAYS * day, len(values) // 2)
    seen = {hours: [] for hours in HOURS if hours * 3600 >= step}
    said = {hours: [] for hours in seen}
    forecaster = Forecaster()
    for k in range(ORIGINS):
        at = first + k * (len(values) - h - first) // (ORIGINS - 1)
        start = max(0, at - PAST_DAYS * day)
        (low, _, high), held = forecaster.ask(values[start:at], step, t0 + start * step, h)
        for hours, rows in seen.items():
            end = hours * 3600 // step
            rows += [(low[j], high[j], values[at + j]) for j in range(end // 2, end)
                     if not math.isnan(values[at + j])]
            said[hours] += [] if held[end - 1] is None else [held[end - 1]]
    forecaster.close()
    return name, {hours: result(rows, said[hours]) for hours, rows in seen.items()}


def result(rows, said):
    level = statistics.fmean(abs(v) for _, _, v in rows)
    return {"held": statistics.fmean(low <= v <= high for low, high, v in rows),
            "width": statistics.median(high - low for low, high, _ in rows) / level,
            "score": statistics.fmean(score(*row) for row in rows) / level,
            "said": statistics.fmean(said) if said else math.nan}


def outlook():
    """By trace, with the seasons looked for."""
    by = {}
    for name, results in at_once(played, list(traces())):
        by[name] = results
        say(f"{name}: " + ", ".join(f"{h} h {100 * x['held']:.1f} (said {100 * x['said']:.0f})"
                                    for h, x in results.items()))
    for hours in HOURS:
        of = sorted((s[hours]["held"], name) for name, s in by.items() if hours in s)
        shares = [x for x, _ in of]
        mean = statistics.fmean(shares)
        figure(f"outlook, 95 % band, {hours} h ahead, mean of {len(of)} traces",
               f"{100 * mean:.1f} % (by trace: least {100 * of[0][0]:.1f} ({of[0][1]}), a tenth below "
               f"{100 * shares[len(of) // 10]:.1f}, median {100 * statistics.median(shares):.1f}, "
               f"most {100 * shares[-1]:.1f}; within 2 points: {sum(abs(x - BAND) <= POINTS for x in shares)})",
               f"{100 * BAND:g} %", met=abs(mean - BAND) <= POINTS)
        figure(f"the same, {hours} h ahead, width and score over the mean value",
               "{:.3f}, {:.3f} (geometric means)".format(*(
                   statistics.geometric_mean(s[hours][what] for s in by.values() if hours in s)
                   for what in ("width", "score"))))


def decided(trace):
    """Stated -> achieved, of the decision model on one trace."""
    name, step, _, values = trace
    with tempfile.NamedTemporaryFile("w", prefix="foretide-bench-", encoding="ascii") as f:
        f.write("\n".join(map(repr, values[-DECIDED_DAYS * 86400 // step:])))
        f.flush()
        shares = {stated: achieved for _, stated, achieved, _ in rows_of("coverage_demand", f.name)}
    say(f"{name}: " + ", ".join(f"{stated:g} {100 * x:.1f}" for stated, x in shares.items()))
    return shares


def decision_model():
    """The bands that decisions are made from, on the traces of a minute a step."""
    by = {}
    for shares in at_once(decided, [t for t in traces() if t[1] == 60]):
        for stated, achieved in shares.items():
            by.setdefault(stated, []).append(achieved)
    for stated, seen in sorted(by.items()):
        figure(f"decision model, band of {stated:g} at 3 min, mean of {len(seen)} traces",
               f"{100 * statistics.fmean(seen):.1f} % (by trace: {100 * min(seen):.1f} to {100 * max(seen):.1f})",
               f"{100 * stated:g} %", met=abs(statistics.fmean(seen) - stated) <= POINTS)


def coverage():
    simulated(("coverage_capacity", TIERS, "utilisation"), ("coverage_capacity", TIERS, "latency"),
              ("coverage_uplift",), ("coverage_outlook",), ("coverage_demand",), ("coverage_lead",))
    if os.path.isdir(SHARED):
        outlook()
        decision_model()
