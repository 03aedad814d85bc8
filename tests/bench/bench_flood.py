# SPDX-License-Identifier: GPL-3.0-or-later
"""A flood beside live hosts: what it does to the tick, to leases and to an operator."""
import os
import re
import resource
import sys
import threading
import time

from measure import BenchRig, ROOT, figure, memory_kb, quantile, say, wait_for

sys.path.insert(0, os.path.join(ROOT, "tests/system"))
from flood_tools import Callers, Connections, dear_query, series, slow_body, status_of  # noqa: E402

HOSTS = int(os.environ.get("FLOOD_HOSTS", "100"))
CONNECTIONS = 5000
SECONDS = 120
UNIT = ("[Service]\nExecStart=/bin/sh -c 'seq 12000; exec sleep infinity'\n")


def stack(n):
    return {"stack.conf": f"[stack]\nname = bench\n"
                          f"[pool p]\ndriver = local\ncpu = 1\nmemory = 64M\nmin = {n}\nmax = {n}\n"
                          f"[tier noisy]\nunit = noisy@.service\npool = p\nmin = 2\nmax = 2\n",
            "units/noisy@.service": UNIT}


class Watch:
    """Durations of ticks, and of a command, as they come."""

    def __init__(self, rig):
        self.rig, self.ticks, self.commands, self.over = rig, [], [], threading.Event()
        self.threads = [threading.Thread(target=t) for t in (self.follow, self.command)]
        for t in self.threads:
            t.start()

    def follow(self):
        last = None
        while not self.over.wait(0.05):
            tick = self.rig.api("/v1/status")["tick"]
            if tick["rounds"] != last:
                self.ticks.append(tick["duration_ms"])
            last = tick["rounds"]

    def command(self):
        while not self.over.wait(0.5):
            start = time.monotonic()
            self.rig.cli("status")
            self.commands.append(1000 * (time.monotonic() - start))

    def stop(self):
        self.over.set()
        for t in self.threads:
            t.join()
        return self.ticks, self.commands


def watched(rig, seconds):
    watch = Watch(rig)
    time.sleep(seconds)
    return watch.stop()


def begin(rig, viewer, operator, over):
    """Everything at once; returns what ends it."""
    floods = [Connections("127.0.0.1", port, CONNECTIONS) for port in (rig.port, rig.host_port)]
    bodies = [threading.Thread(target=slow_body, args=("127.0.0.1", rig.port, operator, over))
              for _ in range(30)]
    for t in bodies:
        t.start()
    unit = rig.healthy("noisy")[0]["name"]
    callers = [Callers(10, lambda: status_of(dear_query(rig), viewer)),
               Callers(20, lambda: status_of(f"{rig.url}/v1/units/{unit}/logs?lines=10000", viewer))]

    def end():
        over.set()
        for f in floods:
            f.stop()
        for t in bodies:
            t.join()
        return [c.stop() for c in callers]
    return end


def open_files():
    """As many as the service has, where this machine gives them: with fewer, idle connections
    make room for each other sooner."""
    with open(os.path.join(ROOT, "debian/foretided.service"), encoding="ascii") as f:
        wanted = int(re.search(r"^LimitNOFILE=(\d+)$", f.read(), re.M)[1])
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    except ValueError:
        pass
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def token(rig, role):
    return rig.api("/v1/tokens", "POST", {"name": f"bench-{role}", "role": role})["token"]


def flood():
    files = open_files()
    with BenchRig({"controller.tick": "250ms"}) as rig:
        rig.apply("bench", stack(HOSTS))
        rig.up("p", HOSTS, timeout=600)
        wait_for("the units run", lambda: len(rig.healthy("noisy")) == 2, 240)
        series(rig)
        viewer, operator = token(rig, "viewer"), token(rig, "operator")
        quiet, _ = watched(rig, SECONDS)
        end = begin(rig, viewer, operator, threading.Event())
        try:
            loud, commands = watched(rig, SECONDS)
        finally:
            asked, read = end()
        say(f"answers to queries {asked}, to readers of logs {read}")
        lost = [e for e in rig.items("/v1/events") if e["kind"] in ("host-unknown", "host-lost")]
        p99 = quantile(quiet, 0.99), quantile(loud, 0.99)
        what = f"{CONNECTIONS} idle connections a listener, slow bodies, dear queries, logs; {HOSTS} hosts," \
               f" {files} open files"
        figure(f"tick in a flood ({what}), p99", f"{p99[1]:.1f} ms", f"< {2 * p99[0]:.1f} ms, twice the"
               " quiet one of the same run", met=p99[1] < 2 * p99[0])
        figure("leases lost in it", str(len(lost)), "0", met=not lost)
        figure("foretide status in it, p99", f"{quantile(commands, 0.99):.0f} ms")
        figure("controller after it, RSS", f"{memory_kb(rig.process.pid)['Rss'] / 1024:.0f} MB")
