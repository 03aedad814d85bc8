#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real WordPress on this machine, scaled ahead of its load: what `make demo` runs.

Starts a controller, launches hosts out of namespaces, brings the stack up, tells the
forecast a past, plays a load and shows what happens. Everything is gone when it ends.
"""
import argparse
import csv
import datetime
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import PATIENCE_S, Failed, Rig, wait_for  # noqa: E402

SCALING = ("lb", "cache", "web")
SHARE = {"lb": 1.0, "cache": 1.0, "web": 0.55}  # of the load that reaches a tier
CAPACITY = {"lb": 60, "cache": 40, "web": 2}
DAY = 86400


def options():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--build", default="build")
    p.add_argument("--trace", help="CSV of timestamp,value to play; default: a built-in week")
    p.add_argument("--for", dest="length", help="end after this much real time, such as 10m")
    p.add_argument("--peak", type=float, default=14, help="requests a second at the peak")
    p.add_argument("--fresh", type=float, default=0.5, help="share that no cache can answer")
    p.add_argument("--time-scale", type=float, default=30)
    p.add_argument("--boot-delay", default="180s", help="calendar time that a host takes to boot")
    return p.parse_args()


def seconds(text):
    m = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text or "")
    if not m:
        raise Failed(f"'{text}' is not a duration: write it like 90s, 10m or 1h")
    return float(m[1]) * {"s": 1, "m": 60, "h": 3600, "d": DAY}[m[2]]


def say(text):
    print(f"{datetime.datetime.now():%H:%M:%S}  {text}", flush=True)


# ---------------------------------------------------------------- the load's past and start
def rates(rig, o):
    """The load a minute, as the player will play it: list of requests a second."""
    command = [os.path.join(rig.build, "foretide"), "play", "--list", "--peak", str(o.peak)]
    if o.trace:
        command += ["--trace", o.trace]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failed(done.stderr.strip())
    return [float(row[1]) for row in csv.reader(done.stdout.splitlines())]


def choose_start(load, minutes):
    """The minute to begin at: a window that rises and falls again, with a past before it."""
    n = len(load)
    minutes = max(10, min(minutes, n // 2))
    first = min(n - minutes, 7 * 1440 if n > 8 * 1440 else n // 2) if n > 3 * minutes else 0
    smooth = [sum(load[i:i + 10]) / 10 for i in range(n)]
    best, start = -1.0, first
    for i in range(first, n - minutes, 10):
        window = smooth[i:i + minutes:10]
        top = max(range(len(window)), key=window.__getitem__)
        value = min(window[top] - min(window[:top + 1]), window[top] - min(window[top:]))
        if value > best:
            best, start = value, i
    return start


def import_history(rig, load, start, now):
    n = len(load)
    minutes = min(7 * 1440, start if start >= 2880 else n)
    for tier in SCALING:
        rows = ["timestamp,value"]
        for k in range(minutes, 0, -1):
            t = int(now.timestamp()) // 60 * 60 - 60 * k
            rows.append(f"{t},{SHARE[tier] * load[(start - k) % n]:.4f}")
        with open(rig.path("history.csv"), "w") as f:
            f.write("\n".join(rows) + "\n")
        rig.cli("import", f"wordpress/{tier}", rig.path("history.csv"))


# ---------------------------------------------------------------- watching
def parse_time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Watcher:
    """Prints what is new among the events."""

    def __init__(self, rig):
        self.rig, self.last = rig, 0

    def look(self):
        for e in self.rig.items(f"/v1/events?since={self.last}"):
            self.last = max(self.last, e["id"])
            if e["kind"] not in ("host-launched", "stack-applied"):
                say(e["message"])


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=20) as page:
            return page.status == 200
    except OSError:
        return False


def bring_up(rig, watcher, timeout):
    say("the stack is applied; hosts boot, then their units start")

    def up():
        watcher.look()
        return all(rig.healthy(t) for t in ("lb", "cache", "web", "memcached", "db"))

    wait_for("the stack comes up", up, timeout, every=0.3)
    site = f"http://{rig.services('lb')[0]['address']}/"
    wait_for("the site answers through the load balancer", lambda: answers(site))
    say(f"WordPress serves at {site}")


def summary(rig, load):
    now = parse_time(rig.api("/v1/status")["now"])
    tiers = {t["name"]: t for t in rig.items("/v1/tiers") if t["name"] in SCALING}
    fleet = ", ".join(f"{n} {tiers[n]['healthy']}/{tiers[n]['desired']}" for n in SCALING)
    demand = tiers["web"]["demand"]["value"]
    say(f"[{now:%a %H:%M}] {load['rate']:5.1f} requests/s, {load['ok']} answered, "
        f"{load['failed']} failed, p99 {1000 * load['p99_s']:.0f} ms; serving/desired: {fleet}; "
        f"web demand {demand or 0:.1f}/s")


def play(rig, o, start, calendar_length):
    command = [os.path.join(rig.build, "foretide"), "play", "--service", "wordpress/lb", "--json",
               "--peak", str(o.peak), "--fresh", str(o.fresh), "--time-scale", str(o.time_scale),
               "--start", f"{start}m", "--url", rig.url]
    if o.trace:
        command += ["--trace", o.trace]
    if calendar_length:
        command += ["--for", f"{int(calendar_length)}s"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=rig.environment(),
                            start_new_session=True)


def follow(rig, watcher, player):
    last, next_summary = None, 0.0
    for line in player.stdout:
        last = json.loads(line)
        watcher.look()
        if time.monotonic() >= next_summary:
            summary(rig, last)
            next_summary = time.monotonic() + 5
    return last


# ---------------------------------------------------------------- the table at the end
def reactive_hours(demand, capacity, boot_min, stabilise_min=5):
    """Instance-hours and minutes short of capacity by the rule of Kubernetes' HPA:
    enough for what is there now, in only when that held for five minutes."""
    running, booting, total, short, recent = 1, [], 0, 0, []
    for minute, d in enumerate(demand):
        running += sum(n for at, n in booting if at <= minute)
        booting = [b for b in booting if b[0] > minute]
        need = max(1, math.ceil(d / capacity - 1e-9))
        short += d > running * capacity
        recent = (recent + [need])[-stabilise_min:]
        fleet = running + sum(n for _, n in booting)
        total += fleet
        if need > fleet:
            booting.append((minute + 1 + boot_min, need - fleet))
        elif max(recent) < fleet:
            drop = fleet - max(recent)
            running = max(1, running - drop)
    return total / 60, short


def tier_row(rig, name, begin, end, boot_min):
    points = rig.api(f"/v1/tiers/wordpress/{name}/series?from={begin}&to={end}&step=60s")["points"]
    demand = [p["demand"] for p in points if p["demand"] is not None]
    desired = [p["desired"] for p in points if p["desired"] is not None]
    if not demand or not desired:
        return [name] + ["-"] * 5
    peak = max(1, math.ceil(max(demand) / CAPACITY[name]))
    hours, short = reactive_hours(demand, CAPACITY[name], boot_min)
    own_short = sum(1 for p in points if p["demand"] is not None and p["running"] is not None
                    and p["demand"] > p["running"] * CAPACITY[name])
    return [name, f"{sum(desired) / 60:.1f}", f"{own_short}", f"{hours:.1f}", f"{short}",
            f"{peak * len(points) / 60:.1f}"]


def table(rig, o, stats, begin):
    end = parse_time(rig.api("/v1/status")["now"])
    boot_min = math.ceil(seconds(o.boot_delay) / 60)
    stamp = [f"{t:%Y-%m-%dT%H:%M}:00Z" for t in (begin, end)]
    print(f"\nrequests {stats['sent']}, failed {stats['failed']}, "
          f"p50 {1000 * stats['p50_s']:.0f} ms, p99 {1000 * stats['p99_s']:.0f} ms\n")
    rows = [["tier", "instance-hours", "min short", "reactive", "min short", "static peak"]]
    rows += [tier_row(rig, name, *stamp, boot_min) for name in SCALING]
    for row in rows:
        print("  ".join(f"{cell:>14}" for cell in row))
    print("(calendar hours; reactive: the rule of Kubernetes' HPA on the same demand; static "
          "peak:\n enough for the highest minute, all the time)")


# ---------------------------------------------------------------- all of it
def run(o):
    real = seconds(o.length) if o.length else None
    with Rig(o.build, o.time_scale, o.boot_delay,
             {"controller.metrics_interval": "30s"}) as rig:
        rig.start()
        load = rates(rig, o)
        start = choose_start(load, int((real or 900) * o.time_scale / 60))
        watcher = Watcher(rig)
        say(f"dashboard: {rig.url}/   token: {rig.token}")
        rig.cli("apply", os.path.join(os.path.dirname(os.path.abspath(__file__)), "wordpress"),
                "--yes")
        import_history(rig, load, start, parse_time(rig.api("/v1/status")["now"]))
        bring_up(rig, watcher, PATIENCE_S + 3 * seconds(o.boot_delay) / o.time_scale)
        begin = parse_time(rig.api("/v1/status")["now"])
        player = play(rig, o, start, real * o.time_scale if real else None)
        try:
            stats = follow(rig, watcher, player)
        except KeyboardInterrupt:
            os.killpg(player.pid, signal.SIGTERM)
            stats = follow(rig, watcher, player)
        player.wait()
        if not stats:
            raise Failed("the player said nothing")
        table(rig, o, stats, begin)
        return 1 if stats["failed"] or stats["skipped"] or not stats["sent"] else 0


def main():
    if os.geteuid() != 0:
        sys.exit("demo: root is needed to make hosts: network namespaces, mounts and cgroups")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        sys.exit(run(options()))
    except Failed as e:
        sys.exit(f"demo: {e}")
    except KeyboardInterrupt:
        sys.exit(130)


main()
