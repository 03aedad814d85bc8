# SPDX-License-Identifier: GPL-3.0-or-later
"""What each interval that the product prints states, and how often it held.

Programs beside this file simulate (coverage_*.c: a row "name, stated, achieved, tries" each,
by tabs); the public traces are played where they are there. Within two points of what is
stated counts as reached; what the header of the code states otherwise, for what kind, is
what the row is held to.
"""
import json
import math
import os
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
ORIGINS = 16
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
    figure(what, f"{100 * achieved:.1f} % (n = {tries})", f"{100 * stated:.4g} %",
           met=abs(achieved - stated) <= POINTS)


def simulated(*names):
    for name in names:
        for row in rows_of(name):
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
        return json.loads(self.process.stdout.readline())["quantiles"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def shares(forecaster, step, t0, values):
    """Hours ahead -> the share, over the origins, of values in the band from half as many on."""
    day, h = 86400 // step, HOURS[-1] * 3600 // step
    first = len(values) - min(PLAYED_DAYS * day, len(values) // 2)
    held = {hours: [] for hours in HOURS if hours * 3600 >= step}
    for k in range(ORIGINS):
        at = first + k * (len(values) - h - first) // (ORIGINS - 1)
        start = max(0, at - PAST_DAYS * day)
        low, _, high = forecaster.ask(values[start:at], step, t0 + start * step, h)
        for hours, seen in held.items():
            end = hours * 3600 // step
            seen += [low[j] <= values[at + j] <= high[j] for j in range(end // 2, end)
                     if not math.isnan(values[at + j])]
    return {hours: statistics.fmean(seen) for hours, seen in held.items()}


def outlook():
    """By trace, with the seasons looked for: min, median, max."""
    forecaster, by = Forecaster(), {}
    for name, step, t0, values in traces():
        step, values = five_minutes(step, values)
        by[name] = shares(forecaster, step, t0, values)
        say(f"{name}: " + ", ".join(f"{h} h {100 * x:.1f}" for h, x in by[name].items()))
    forecaster.close()
    for hours in HOURS:
        of = sorted((s[hours], name) for name, s in by.items() if hours in s)
        mean = statistics.fmean(x for x, _ in of)
        figure(f"outlook, 95 % band, {hours} h ahead, mean of {len(of)} traces",
               f"{100 * mean:.1f} % (by trace: least {100 * of[0][0]:.1f} ({of[0][1]}), a tenth below "
               f"{100 * of[len(of) // 10][0]:.1f}, median {100 * statistics.median(x for x, _ in of):.1f}, "
               f"most {100 * of[-1][0]:.1f})", f"{100 * BAND:g} %", met=abs(mean - BAND) <= POINTS)


def decision_model():
    """The bands that decisions are made from, on the traces of a minute a step."""
    by = {}
    with tempfile.TemporaryDirectory(prefix="foretide-bench-") as folder:
        for name, step, _, values in traces():
            if step != 60:
                continue
            path = os.path.join(folder, name)
            with open(path, "w", encoding="ascii") as f:
                f.write("\n".join(map(repr, values)))
            for what, stated, achieved, _ in rows_of("coverage_demand", path):
                if name in what:
                    by.setdefault(stated, []).append(achieved)
    for stated, seen in sorted(by.items()):
        figure(f"decision model, band of {stated:g} at 3 min, mean of {len(seen)} traces",
               f"{100 * statistics.fmean(seen):.1f} % (by trace: {100 * min(seen):.1f} to {100 * max(seen):.1f})",
               f"{100 * stated:g} %", met=all(abs(x - stated) <= POINTS for x in seen))


def coverage():
    simulated("coverage_lead", "coverage_uplift", "coverage_demand", "coverage_outlook")
    if os.path.exists(os.path.join(BUILD, "tests/bench/coverage_capacity")):
        simulated("coverage_capacity")
    if os.path.isdir(SHARED):
        decision_model()
        outlook()
