# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts: how soon they are there, and what a hundred of them cost the controller."""
import os
import subprocess
import tempfile
import time

from measure import BUILD, BenchRig, figure, memory_kb, quantile, spread, wait_for

IDLE_UNIT = "[Service]\nExecStart=/bin/sleep infinity\n"


def stack(n_hosts, most):
    return {
        "stack.conf": f"[stack]\nname = bench\n"
                      f"[pool p]\ndriver = local\ncpu = 1\nmemory = 64M\n"
                      f"min = {n_hosts}\nmax = {most}\n"
                      f"[tier idle]\nunit = idle.service\npool = p\nmin = 0\nmax = 0\n",
        "units/idle.service": IDLE_UNIT,
    }


def stripped(folder):
    agent = os.path.join(folder, "foretide-agent")
    subprocess.run(["strip", "-o", agent, os.path.join(BUILD, "foretide-agent")], check=True)
    return agent


def join(n=20):
    """Hosts one after the other, from the journalled wish to the joined agent, which each
    fetches stripped, as packages have it."""
    with tempfile.TemporaryDirectory(prefix="foretide-bench-") as folder, \
            BenchRig({"controller.agent": stripped(folder)}) as rig:
        for i in range(1, n + 1):
            rig.apply("bench", stack(i, n))
            rig.up("p", i)
        rows = rig.query("SELECT joined_ms - requested_ms, ready_ms - requested_ms FROM host")
    joined = [r[0] for r in rows]
    figure("local host created and its agent joined, no boot delay", spread(joined, "ms"),
           "<= 150 ms", met=quantile(joined, 0.5) <= 150)
    figure("the same, until the controller sees it up", spread([r[1] for r in rows], "ms"))


def hundred(n=100):
    with tempfile.TemporaryDirectory(prefix="foretide-bench-") as folder, \
            BenchRig({"controller.agent": stripped(folder)}) as rig:
        before = memory_kb(rig.process.pid)["Rss"]
        start = time.monotonic()
        rig.apply("bench", stack(n, n))
        rig.up("p", n, timeout=300)
        took = time.monotonic() - start
        # At rest, and after a report of every agent.
        ticks = rig.api("/v1/status")["tick"]["rounds"]
        wait_for("the controller rests", lambda: rig.api("/v1/status")["tick"]["rounds"] >= ticks + 3,
                 120, every=1)
        memory = memory_kb(rig.process.pid)
        figure(f"controller with {n} hosts, RSS", f"{memory['Rss'] / 1024:.1f} MB"
               f" ({before / 1024:.1f} without hosts; {memory['Anonymous'] / 1024:.1f} of it its own)",
               "<= 40 MB", met=memory["Rss"] <= 40 * 1024)
        figure(f"{n} local hosts at once, from apply to all up", f"{took:.1f} s", "<= 5 s",
               met=took <= 5)
