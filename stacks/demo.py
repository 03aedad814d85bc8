#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real WordPress on this machine, scaled ahead of its load: what `make demo` runs.

Starts a controller, launches hosts out of namespaces, brings the stack up, tells the
forecast a past, plays a load, and ends with what the fleet cost beside what other rules would
have. Everything is gone when it ends.
"""
import argparse
import csv
import datetime
import json
import math
import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import PATIENCE_S, Failed, Rig, wait_for  # noqa: E402

SCALING = ("lb", "cache", "web")
DAY = 1440  # minutes
PAST_DAYS = 21
BRING_UP = 8  # calendar minutes from the import to the first request, about

FLAT, CALM = 0.30, 0.15  # of the rush's top
RISE_MIN, FALL_MIN = 6, 10

OPENING = """\
Foretide scales a real WordPress on this machine ahead of its load. {span} pass in {real}: {load}
A host takes {boot} to boot ({real_boot} here), so scaling that waits for the load is late. At
the end: how long each tier was short and what it cost, beside reactive scaling and a static peak."""
RUSH = f"""\
a flat stretch, a rush to over three times the load within {RISE_MIN} minutes, a fall and a calm. The
three weeks before, imported, had about the same rush at this time of day."""
TRACE = "the part of {trace} with the largest rise and fall. What was before it is imported."


def options():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--build", default="build")
    p.add_argument("--trace", help="CSV of timestamp,value to play; default: a rush on three weeks")
    p.add_argument("--for", dest="length", help="end after this much real time, such as 5m; "
                   "default: 10m, then the site stays until Ctrl-C where this is a terminal")
    p.add_argument("--peak", type=float, default=150, help="requests a second at the peak")
    p.add_argument("--fresh", type=float, default=0.055, help="share that no cache can answer")
    p.add_argument("--time-scale", type=float, default=30)
    p.add_argument("--boot-delay", default="180s", help="calendar time that a host takes to boot")
    return p.parse_args()


def seconds(text):
    m = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text or "")
    if not m:
        raise Failed(f"'{text}' is not a duration: write it like 90s, 10m or 1h")
    return float(m[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[m[2]]


def words(s):
    """A duration for people."""
    for unit, name in ((3600, "hour"), (60, "minute"), (1, "second")):
        if s >= unit:
            n = f"{s / unit:.3g}"
            return f"{n} {name}" + ("" if n == "1" else "s")
    return "no time"


def say(text):
    print(f"{datetime.datetime.now():%H:%M:%S}  {text}", flush=True)


# ---------------------------------------------------------------- the load, its past and its start
def rush(m, length, top):
    """The built-in load m minutes after its start, when length minutes of it are played."""
    rise = 0.40 * length
    stay = rise + RISE_MIN
    fall = stay + 0.16 * length
    if m < -60 or m > length + 120:
        return CALM
    if m < rise:
        return FLAT
    if m < stay:
        return FLAT + (top - FLAT) * (m - rise) / RISE_MIN
    if m < fall:
        return top
    return max(CALM, top - (top - CALM) * (m - fall) / FALL_MIN)


def write_rush(rig, length):
    """Days with the same rush, none quite like another: its path, and the minute to begin at."""
    chance = random.Random(1)
    begin = DAY // 2
    with open(rig.path("rush.csv"), "w") as f:
        f.write("timestamp,value\n")
        for day in range(PAST_DAYS + 2):
            late, top, level = (chance.uniform(-1, 1), chance.uniform(0.95, 1),
                                chance.uniform(0.97, 1.03))
            for m in range(DAY):
                value = rush(m - begin - late, length, top) * level * chance.gauss(1, 0.03)
                f.write(f"{60 * (day * DAY + m)},{value:.5f}\n")
    return rig.path("rush.csv"), PAST_DAYS * DAY + begin


def rates(rig, o):
    """The load a minute, as the player will play it: list of requests a second."""
    done = subprocess.run([os.path.join(rig.build, "foretide"), "play", "--list", "--peak",
                           str(o.peak), "--trace", o.trace], capture_output=True, text=True)
    if done.returncode:
        raise Failed(done.stderr.strip())
    return [float(row[1]) for row in csv.reader(done.stdout.splitlines())]


def choose_start(load, minutes):
    """The minute to begin at: a window that rises and falls again, with a past before it."""
    n = len(load)
    minutes = max(10, min(minutes, n // 2))
    first = min(n - minutes, 7 * DAY if n > 8 * DAY else n // 2) if n > 3 * minutes else 0
    smooth = [sum(load[i:i + 10]) / 10 for i in range(n)]
    best, start = -1.0, first
    for i in range(first, n - minutes, 10):
        window = smooth[i:i + minutes:10]
        top = max(range(len(window)), key=window.__getitem__)
        value = min(window[top] - min(window[:top + 1]), window[top] - min(window[top:]))
        if value > best:
            best, start = value, i
    return start


def import_history(rig, o, load, start, now):
    """Of each tier, up to now, which is the minute start of the load."""
    share = {"lb": 1.0, "cache": 1.0, "web": o.fresh}  # of the load that reaches a tier
    n = len(load)
    minutes = min(PAST_DAYS * DAY, start if start >= 2 * DAY else n)
    chance = random.Random(2)
    for tier in SCALING:
        rows = ["timestamp,value"]
        for k in range(minutes, 0, -1):
            t = int(now.timestamp()) // 60 * 60 - 60 * k
            rate = share[tier] * load[(start - k) % n]
            # As noisy as a count of requests is in what is a minute here.
            noise = math.sqrt(rate * o.time_scale / 60)
            rows.append(f"{t},{max(0, chance.gauss(rate, noise)):.4f}")
        with open(rig.path("history.csv"), "w") as f:
            f.write("\n".join(rows) + "\n")
        rig.cli("import", f"wordpress/{tier}", rig.path("history.csv"))


# ---------------------------------------------------------------- watching
def parse_time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def calendar(rig):
    return parse_time(rig.api("/v1/status")["now"])


class Watcher:
    """Says what is new among the events, and counts hosts: from their request to their end."""

    EVERY_S = 20  # no more decisions than one in this time

    def __init__(self, rig, time_scale):
        self.rig, self.time_scale, self.last, self.quiet_until = rig, time_scale, 0, 0.0
        self.hours, self.counted_at = dict.fromkeys(SCALING, 0.0), None

    def look(self):
        for e in self.rig.items(f"/v1/events?since={self.last}"):
            self.last = max(self.last, e["id"])
            is_decision = e["kind"] == "tier-scaled" and self.counted_at is not None
            if e["level"] != "info" or is_decision and time.monotonic() >= self.quiet_until:
                say(e["message"])
            if is_decision and time.monotonic() >= self.quiet_until:
                self.quiet_until = time.monotonic() + self.EVERY_S

    def count(self):
        now = time.monotonic()
        passed = now - (self.counted_at or now)
        self.counted_at = now
        for host in self.rig.hosts():
            if host["pool"] in self.hours:
                self.hours[host["pool"]] += passed * self.time_scale / 3600


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=20) as page:
            return page.status == 200
    except OSError:
        return False


def bring_up(rig, watcher, timeout):
    say("hosts boot, then their units start")

    def up():
        watcher.look()
        return all(rig.healthy(t) for t in ("lb", "cache", "web", "memcached", "db"))

    wait_for("the stack comes up", up, timeout, every=0.3)
    site = f"http://{rig.services('lb')[0]['address']}/"
    wait_for("the site answers through the load balancer", lambda: answers(site))
    say(f"WordPress serves at {site}; dashboard: {rig.url}   token: {rig.token}")


def fill_caches(rig):
    """Visits each page once, slowly: the load is not to begin with all of them at once."""
    with open(rig.path("even.csv"), "w") as f:
        f.write("timestamp,value\n0,1\n60,1\n")
    subprocess.run([os.path.join(rig.build, "foretide"), "play", "--service", "wordpress/lb",
                    "--trace", rig.path("even.csv"), "--peak", "3", "--fresh", "0", "--for", "4s",
                    "--url", rig.url], stdout=subprocess.DEVNULL, env=rig.environment(),
                   start_new_session=True, check=False)


def summary(rig, load):
    tiers = {t["name"]: t for t in rig.items("/v1/tiers") if t["name"] in SCALING}

    def fleet(name):
        t = tiers[name]
        more = t["desired"] - t["healthy"]
        return f"{name} {t['healthy']}" + (f" ({more:+d})" if more else "")

    say(f"[{calendar(rig):%a %H:%M}] {load['rate']:3.0f} requests/s on "
        f"{', '.join(fleet(n) for n in SCALING)}; {load['ok']} answered, {load['failed']} failed")


def play(rig, o, start_s, length_s):
    command = [os.path.join(rig.build, "foretide"), "play", "--service", "wordpress/lb", "--json",
               "--peak", str(o.peak), "--fresh", str(o.fresh), "--time-scale", str(o.time_scale),
               "--start", f"{int(start_s)}s", "--url", rig.url, "--trace", o.trace]
    if length_s:
        command += ["--for", f"{int(length_s)}s"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=rig.environment(),
                            start_new_session=True)


def follow(rig, watcher, player):
    last, next_summary = None, 0.0
    for line in player.stdout:
        last = json.loads(line)
        watcher.look()
        watcher.count()
        if time.monotonic() >= next_summary:
            summary(rig, last)
            next_summary = time.monotonic() + 30
    return last


def play_to_the_end(rig, o, watcher, start_s, length_s):
    """-> the player's last report. Ctrl-C ends it before its time."""
    player = play(rig, o, start_s, length_s)
    try:
        stats = follow(rig, watcher, player)
    except KeyboardInterrupt:
        os.killpg(player.pid, signal.SIGTERM)
        stats = follow(rig, watcher, player)
    player.wait()
    if not stats:
        raise Failed("the player said nothing")
    return stats


# ---------------------------------------------------------------- the table at the end
def reactive(demand, capacity, boot_min, stabilise_min=5):
    """Instance-hours and minutes short of capacity by the rule of Kubernetes' HPA:
    enough for what is there now, in only when that held for five minutes."""
    running = max(1, math.ceil(demand[0] / capacity - 1e-9))
    booting, total, short, recent = [], 0, 0, []
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
            running = max(1, running - (fleet - max(recent)))
    return total / 60, short


def compare(rig, name, hours, begin, end, boot_min):
    """The tier's hours and short minutes, and those of others on the demand that it had."""
    points = rig.api(f"/v1/tiers/wordpress/{name}/series?from={begin}&to={end}&step=60s")["points"]
    points = [p for p in points if None not in (p["demand"], p["running"], p["capacity"])]
    if not points:
        raise Failed(f"nothing was measured of {name}")
    demand = [p["demand"] for p in points]
    capacity = rig.tier("wordpress", name)["capacity"]
    peak = max(1, math.ceil(max(demand) / capacity - 1e-9))
    short = sum(p["demand"] > p["capacity"] + 1e-9 for p in points)  # of all that run
    return [hours, short, *reactive(demand, capacity, boot_min), peak * len(points) / 60, 0]


def conclusion(rows):
    hours, short, r_hours, r_short, s_hours, _ = (sum(c) for c in zip(*rows.values()))
    worse = [f"{n} is not short for less than with reactive scaling"
             for n, r in rows.items() if r[1] >= r[3]]
    worse += [f"{n} takes no less than a static peak" for n, r in rows.items() if r[0] >= r[4]]
    return "; ".join([f"In all, {short} minute{'s' * (short != 1)} short (reactive scaling: {r_short}) with "
                      f"{hours:.1f} instance-hours (static peak: {s_hours:.1f}, reactive scaling: "
                      f"{r_hours:.1f})"] + worse) + "."


def table(rig, o, watcher, stats, begin):
    boot_min = math.ceil(seconds(o.boot_delay) / 60)
    stamp = [f"{t:%Y-%m-%dT%H:%M}:00Z" for t in (begin, calendar(rig))]
    rows = {n: compare(rig, n, watcher.hours[n], *stamp, boot_min) for n in SCALING}
    why = f" (the last: {stats['last_failure']})" if stats["failed"] else ""
    print(f"\n{stats['sent']} requests, {stats['failed']} failed{why}, "
          f"p50 {1000 * stats['p50_s']:.0f} ms, p99 {1000 * stats['p99_s']:.0f} ms\n")
    print(f"{'':8}{'Foretide':>20}{'reactive':>20}{'static peak':>20}")
    print(f"{'tier':8}" + 3 * f"{'hours':>10}{'short':>10}")
    for name, r in rows.items():
        print(f"{name:8}" + "".join(f"{h:10.1f}{f'{s} min':>10}" for h, s in zip(r[::2], r[1::2])))
    print("(calendar: instance-hours from launch to end; minutes with more demand than what ran could\n"
          " serve. Reactive: the rule of Kubernetes' HPA, on the same demand and with the same boot\n"
          " time; static peak: enough for the highest minute, all the time)\n")
    print(conclusion(rows))


# ---------------------------------------------------------------- all of it
def opening(o, real):
    boot = seconds(o.boot_delay)
    text = OPENING.format(span=words(real * o.time_scale).capitalize(), real=words(real),
                          load=TRACE.format(trace=o.trace) if o.trace else RUSH,
                          boot=words(boot), real_boot=words(boot / o.time_scale))
    print(textwrap.fill(text, 98) + "\n", flush=True)


def stay(rig, o, start_s):
    """The load goes on, for the dashboard, until Ctrl-C."""
    print("The load goes on; Ctrl-C ends it all.", flush=True)
    player = play(rig, o, start_s, None)
    try:
        for _ in player.stdout:
            pass
    except KeyboardInterrupt:
        pass
    os.killpg(player.pid, signal.SIGTERM)
    player.communicate()


def run(o):
    real = seconds(o.length or "10m")
    length_s = real * o.time_scale
    opening(o, real)
    with Rig(o.build, o.time_scale, o.boot_delay,
             {"controller.metrics_interval": "30s"}) as rig:
        rig.start()
        if o.trace:
            load = rates(rig, o)
            start = choose_start(load, int(length_s / 60)) - BRING_UP
        else:
            o.trace, start = write_rush(rig, length_s / 60)
            load = rates(rig, o)
            start -= BRING_UP
        watcher = Watcher(rig, o.time_scale)
        rig.cli("apply", os.path.join(os.path.dirname(os.path.abspath(__file__)), "wordpress"),
                "--yes")
        imported = calendar(rig)
        import_history(rig, o, load, start, imported)
        bring_up(rig, watcher, PATIENCE_S + 3 * seconds(o.boot_delay) / o.time_scale)
        # Nothing is let go for want of a load before there is one.
        rig.cli("hold", "wordpress", "--reason", "the load begins", "--for", "6m")
        fill_caches(rig)
        begin = calendar(rig)
        # What is played at a time is what the imported past had at that time of day.
        start_s = (60 * start + (begin - imported).total_seconds()) % (60 * len(load))
        watcher.count()
        stats = play_to_the_end(rig, o, watcher, start_s, length_s)
        table(rig, o, watcher, stats, begin)
        stays = not o.length and sys.stdout.isatty()
        print(f"\ndashboard: {rig.url}   token: {rig.token}"
              + ("" if stays else "   (it ends with the demo)"), flush=True)
        if stays:
            stay(rig, o, start_s + length_s)
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


if __name__ == "__main__":
    main()
