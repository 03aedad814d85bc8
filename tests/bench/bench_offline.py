# SPDX-License-Identifier: GPL-3.0-or-later
"""What needs no hosts: the predictor, samples in SQLite, and the traces' own benches."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from measure import BUILD, Failed, ROOT, SHARED, figure, named_values, program, say

R_SCRIPT = """suppressMessages(library(forecast))
y <- ts(scan("{path}", quiet = TRUE), frequency = 24)
invisible(stlf(y, h = 48, level = c(80, 95)))
took <- sapply(1:5, function(i) system.time(stlf(y, h = 48, level = c(80, 95)))[["elapsed"]])
cat("stlf_ms", median(took) * 1000, "\\n")
"""


def stlf_ms(folder):
    """R's stlf on the same series, when R and its package forecast are there."""
    if not shutil.which("Rscript"):
        return None
    script = os.path.join(folder, "stlf.R")
    with open(script, "w", encoding="ascii") as f:
        f.write(R_SCRIPT.format(path=os.path.join(folder, "series.txt")))
    done = subprocess.run(["Rscript", "--vanilla", script], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        return None
    return float(done.stdout.split()[1])


def predictor():
    with tempfile.TemporaryDirectory(prefix="foretide-bench-") as folder:
        v = named_values([program("bench_predictor"), folder])
        peer = stlf_ms(folder)
    figure("one decision step (a sample taken, both lead times, price, rule, sentence)",
           f"median {v['step_us']:.2f}, p95 {v['step_p95_us']:.2f} us", "< 5 us",
           met=v["step_us"] < 5)
    figure("48-step forecast with quantiles from 960 values",
           f"median {v['forecast_ms']:.2f}, p95 {v['forecast_p95_ms']:.2f} ms", "< 3 ms",
           "R's stlf: not installed" if peer is None else
           f"R's stlf: {peer:.1f} ms, {peer / v['forecast_ms']:.0f} times longer (to reach: 25)",
           met=v["forecast_ms"] < 3)
    figure("10,000 tiers, one tick of forecast and decision, one core",
           f"worst {v['tiers_s']:.3f} s, the same step for each", "< 1 s", met=v["tiers_s"] < 1)
    figure("state of a tier after a week of minutes, model and policy", f"{v['state_kb']:.2f} KB",
           "< 64 KB", met=v["state_kb"] < 64)


def metrics():
    v = named_values([os.path.join(ROOT, "tests/bench/bench_metrics.sh"), program("bench_metrics")])
    figure("samples into SQLite, packing included", f"{v['metrics_in']:,.0f} a second", "",
           f"promtool writing blocks of the same: {v['prometheus_blocks_written']:,.0f} a second")
    figure("bytes a sample after compaction", f"{v['metrics_bytes_per_sample']:.2f}", "",
           f"Prometheus' blocks: {v['prometheus_bytes_per_sample']:.2f}, ratio "
           f"{v['metrics_bytes_per_sample'] / v['prometheus_bytes_per_sample']:.2f}")
    figure("demand of 1,000 tiers of five series, evaluated", f"{v['demand_1000_tiers']:.1f} ms")


# ---------------------------------------------------------------- the traces' own
def shared(script, command, *args, finds_seasons=False):
    """What one of the traces' own benches says of a command of ours, as its --out. finds_seasons:
    the command is not told the seasons that the bench knows."""
    path = os.path.join(SHARED, "bench", script)
    if not os.path.exists(path):
        raise Failed(f"{path} is not there")
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        ours = f"{os.path.join(BUILD, 'foretide')} {command} --jsonl"
        if finds_seasons:
            ours = f"{sys.executable} {os.path.join(ROOT, 'tests/bench/untold.py')} {ours}"
        line = [sys.executable, path, *args, "--traces", os.path.join(SHARED, "traces"), "--cmd",
                ours, "--out", out.name]
        say(" ".join(line))
        done = subprocess.run(line, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise Failed(f"{script} ended with {done.returncode}")
        return json.load(open(out.name, encoding="utf-8"))


# boot s, peak, more options; cost, worst trace %, actions a day to reach, at 0.5 % short.
PROMISES = (
    (180, 50, (), 1.235, 0.65, 150),
    (180, 20, (), 1.17, 0.65, 80),
    (180, 8, (), 1.12, 0.7, 40),
    (60, 50, (), 1.16, 0.65, 140),
    (600, 50, (), 1.34, 0.7, 140),
    (180, 20, ("--billing", "3600"), 1.15, 0.65, 80),
    (180, 20, ("--weather", "0.4,0.03,0.01"), 1.185, 0.9, 80),
    (180, 20, ("--days", "0"), 1.2, 0.7, 85),
)


def summary_of(boot, peak, *more):
    policies = shared("autoscale_eval.py", "decide", "--boot", str(boot), "--peak", str(peak),
                      "--jobs", str(os.cpu_count()), *more)["policies"]
    return next(iter(policies.values()))["summary"]


def autoscale():
    """Cost against the clairvoyant optimum on all public traces, untuned, with a tier's defaults."""
    for boot, peak, more, most, worst, actions in PROMISES:
        s = summary_of(boot, peak, *more)
        cost, short = s["cost_ratio_geomean"], s["under_pct_mean"]
        figure(f"cost over the optimum's, boot {boot} s, peak {peak} {' '.join(more)}".strip(),
               f"{cost:.3f} at {short:.3f} % short, worst trace {s['under_pct_max']:.2f} %, "
               f"{s['actions_per_day']:.0f} actions a day",
               f"<= {most} at <= 0.5 %, worst <= {worst} %, <= {actions} a day",
               met=cost <= most and short <= 0.5 and s["under_pct_max"] <= worst
               and s["actions_per_day"] <= actions)
        if (boot, peak) == (180, 50):
            calm = s["calm"]["cost_ratio_geomean"]
            figure("the same on calm traces", f"{calm:.3f}", "<= 1.08", met=calm <= 1.08)


def by_trace(scores):
    """Least, middle and most of the coverage over the traces."""
    values = [g["cov95"] for g in scores["per_group"].values()]
    return f"{min(values):.2f}, {statistics.median(values):.2f}, {max(values):.2f}"


def m4_figure(what, m4, met):
    figure(f"M4 Hourly, public hold-out, {what}",
           f"OWA {m4['OWA']:.3f}, MSIS {m4['MSIS']:.2f}, cov95 {m4['cov95']:.3f}",
           "OWA <= 0.43, MSIS <= 6.5, cov95 0.94 to 0.96", "seasonal naive: OWA 0.657", met=met)


def ops_figure(what, hour, day, met):
    figure(f"operational traces, 1 hour / a day ahead, {what}",
           f"WQL (geometric mean over traces) {hour['WQL_geomean']:.4f} / {day['WQL_geomean']:.3f}"
           f", cov95 {hour['cov95']:.3f} / {day['cov95']:.3f}"
           f", by trace (least, middle, most) {by_trace(hour)} / {by_trace(day)}",
           "WQL <= 0.060 / 0.120, cov95 0.93 to 0.97", "R's stlf: WQL 0.0747 / 0.193", met=met)


def forecast():
    """The traces' own scores of the horizon forecast: finding the seasons as the controller
    does for a tier's forecast (28 days, means of 5 minutes), and told them by the bench."""
    for what, finds in (("seasons found", True), ("told the seasons", False)):
        m4 = shared("forecast_eval.py", "forecast", "m4", finds_seasons=finds)["all"]
        m4_figure(what, m4, m4["OWA"] <= 0.43 and m4["MSIS"] <= 6.5 and 0.94 <= m4["cov95"] <= 0.96)
        ops = shared("forecast_eval.py", "forecast", "ops", "--origins", "8", finds_seasons=finds)
        hour, day = ops["hour"], ops["day"]
        ops_figure(what, hour, day, hour["WQL_geomean"] <= 0.06 and day["WQL_geomean"] <= 0.12
                   and all(0.93 <= x["cov95"] <= 0.97 for x in (hour, day)))
