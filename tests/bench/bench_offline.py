# SPDX-License-Identifier: GPL-3.0-or-later
"""What needs no hosts: the predictor, samples in SQLite, and the traces' own benches."""
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
def shared(script):
    path = os.path.join(SHARED, "bench", script)
    if not os.path.exists(path):
        raise Failed(f"{path} is not there")
    return path


def run_shared(script, *args):
    command = [sys.executable, shared(script), *args]
    say(" ".join(command))
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Failed(f"{script} ended with {done.returncode}")
    return done.stdout


def autoscale():
    """Cost against the clairvoyant optimum on all public traces, untuned."""
    import json
    for boot, peak, target in ((180, 50, 1.23), (60, 50, 1.16), (600, 50, 1.35), (180, 8, 1.12)):
        with tempfile.NamedTemporaryFile(suffix=".json") as out:
            run_shared("autoscale_eval.py", "--traces", os.path.join(SHARED, "traces"), "--cmd",
                       os.path.join(BUILD, "foretide") + " decide --jsonl", "--boot", str(boot),
                       "--peak", str(peak), "--jobs", "2", "--quiet", "--out", out.name)
            policies = json.load(open(out.name, encoding="utf-8"))["policies"]
        s = next(iter(policies.values()))["summary"]
        figure(f"cost over the optimum's, boot {boot} s, peak {peak}",
               f"{s['cost_ratio_geomean']:.3f} at {s['under_pct_mean']:.2f} % short", f"<= {target}",
               met=s["cost_ratio_geomean"] <= target and s["under_pct_mean"] <= 0.5)


def forecast():
    """The traces' own scores of the horizon forecast."""
    for kind, target in (("m4", "OWA <= 0.43, MSIS <= 6.5, cov95 0.94 to 0.96"),
                         ("ops", "WQL <= 0.060 / 0.120, cov95 0.93 to 0.97")):
        text = run_shared("forecast_eval.py", kind, "--traces", os.path.join(SHARED, "traces"),
                          "--cmd", os.path.join(BUILD, "foretide") + " forecast --jsonl")
        figure(f"forecast_eval.py {kind}", text.strip().splitlines()[-1].split("--jsonl")[-1].strip(),
               target)
