# SPDX-License-Identifier: GPL-3.0-or-later
"""What needs no hosts: the predictor, samples in SQLite, and the traces' own benches."""
import json
import os
import shutil
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
    figure("one decision step (a sample taken, instances said)",
           f"median {v['step_us']:.2f}, p95 {v['step_p95_us']:.2f} us", "< 5 us",
           met=v["step_us"] < 5)
    figure("48-step forecast with quantiles from 960 values",
           f"median {v['forecast_ms']:.2f}, p95 {v['forecast_p95_ms']:.2f} ms", "< 3 ms",
           "R's stlf: not installed" if peer is None else
           f"R's stlf: {peer:.1f} ms, {peer / v['forecast_ms']:.0f} times longer (to reach: 25)",
           met=v["forecast_ms"] < 3)
    figure("10,000 tiers, one tick of forecast and decision, one core",
           f"worst {v['tiers_s']:.3f} s, lead time and lead time + dwell both", "< 1 s", met=v["tiers_s"] < 1)
    figure("state of a tier after a week of minutes, both lead times", f"{v['state_kb']:.1f} KB",
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
def shared(script, command, *args):
    """What one of the traces' own benches says of a command of ours, as its --out."""
    path = os.path.join(SHARED, "bench", script)
    if not os.path.exists(path):
        raise Failed(f"{path} is not there")
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        line = [sys.executable, path, *args, "--traces", os.path.join(SHARED, "traces"), "--cmd",
                f"{os.path.join(BUILD, 'foretide')} {command} --jsonl", "--out", out.name]
        say(" ".join(line))
        done = subprocess.run(line, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise Failed(f"{script} ended with {done.returncode}")
        return json.load(open(out.name, encoding="utf-8"))


def autoscale():
    """Cost against the clairvoyant optimum on all public traces, untuned."""
    for boot, peak, most in ((180, 50, 1.23), (60, 50, 1.16), (600, 50, 1.35), (180, 8, 1.12)):
        policies = shared("autoscale_eval.py", "decide", "--boot", str(boot), "--peak", str(peak),
                          "--jobs", str(os.cpu_count()))["policies"]
        s = next(iter(policies.values()))["summary"]
        cost, short, worst = s["cost_ratio_geomean"], s["under_pct_mean"], s["under_pct_max"]
        figure(f"cost over the optimum's, boot {boot} s, peak {peak}, {s['traces']} traces",
               f"{cost:.3f} at {short:.3f} % short, worst trace {worst:.2f} %",
               f"<= {most} at <= 0.5 %, none over 1 %",
               met=cost <= most and short <= 0.5 and worst <= 1)
        if (boot, peak) == (180, 50):
            calm = s["calm"]["cost_ratio_geomean"]
            figure("the same on calm traces", f"{calm:.4f}", "<= 1.075", met=calm <= 1.075)


def forecast():
    """The traces' own scores of the horizon forecast."""
    m4 = shared("forecast_eval.py", "forecast", "m4")["all"]
    figure("M4 Hourly, public hold-out",
           f"OWA {m4['OWA']:.3f}, MSIS {m4['MSIS']:.2f}, cov95 {m4['cov95']:.3f}",
           "OWA <= 0.43, MSIS <= 6.5, cov95 0.94 to 0.96",
           "seasonal naive: OWA 0.657",
           met=m4["OWA"] <= 0.43 and m4["MSIS"] <= 6.5 and 0.94 <= m4["cov95"] <= 0.96)
    ops = shared("forecast_eval.py", "forecast", "ops", "--origins", "8")
    hour, day = ops["hour"], ops["day"]
    figure("operational traces, 1 hour / a day ahead",
           f"WQL (geometric mean over traces) {hour['WQL_geomean']:.4f} / {day['WQL_geomean']:.3f}"
           f", cov95 {hour['cov95']:.3f} / {day['cov95']:.3f}",
           "WQL <= 0.060 / 0.120, cov95 0.93 to 0.97", "R's stlf: WQL 0.0747 / 0.193",
           met=hour["WQL_geomean"] <= 0.06 and day["WQL_geomean"] <= 0.12
           and all(0.93 <= x["cov95"] <= 0.97 for x in (hour, day)))
