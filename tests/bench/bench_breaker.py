# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud that hangs, or is left alone: whether the tick of the others notices.

Pools of a cloud that works, and some of another that works too, then hangs, then fails; the
three are measured in turns, so that what else runs on the machine bears on all."""
import json
import os
import tempfile

from measure import BenchRig, figure, quantile, say, ticks, wait_for

STACKS, TIERS, BAD_POOLS = 4, 50, 5
TURNS, TICKS = 6, 40
TICK_S, SCALE = 6, 30  # a tick every 0.2 s
UNIT = "[Service]\nExecStart=/bin/true\n"
WORKS = {}
# Each worker of a pool waits in a call for about as long as a turn takes.
HANGS = {"faults": [{"op": "any", "kind": "delay", "delay": "8s", "times": -1}]}
FAILS = {"faults": [{"op": "any", "kind": "error", "times": -1}]}


def working(name):
    tiers = "".join(f"[tier {name}-{t}]\nunit = {name}-{t}@.service\npool = {name}\nmin = 1\n"
                    "max = 4\n" for t in range(TIERS))
    return {"stack.conf": f"[stack]\nname = {name}\n[pool {name}]\ndriver = fake\ncpu = 8\n"
                          f"memory = 8G\nmax = 4\n{tiers}",
            **{f"units/{name}-{t}@.service": UNIT for t in range(TIERS)}}


def bad():
    return {"stack.conf": "[stack]\nname = bad\n" + "".join(
        f"[pool bad-{i}]\ndriver = fake\nprofile = bad\ncpu = 8\nmemory = 8G\nmax = 4\n"
        f"[tier bad-{i}]\nunit = bad-{i}@.service\npool = bad-{i}\nmin = 1\nmax = 4\n"
        for i in range(BAD_POOLS)), **{f"units/bad-{i}@.service": UNIT for i in range(BAD_POOLS)}}


def behave(folder, script):
    path = os.path.join(folder, "script.json")
    with open(f"{path}.new", "w", encoding="ascii") as f:
        json.dump(script, f)
    os.rename(f"{path}.new", path)


def kinds(rig):
    return {p["kind"] for p in rig.api("/v1/status")["problems"]}


def settle(rig, folder, name, script):
    """Until the cloud is as it is to be measured."""
    behave(folder, script)
    if name == "left alone":
        wait_for("its breaker is open", lambda: "breaker-open" in kinds(rig), 180)
    if name == "works":
        wait_for("its breaker is closed", lambda: not kinds(rig) & {
            "breaker-open", "pool-failing"}, 400)


def breaker():
    seen = {"works": [], "hangs": [], "left alone": []}
    with tempfile.TemporaryDirectory() as folder, BenchRig(
            {"controller.tick": f"{TICK_S}s", "controller.join_timeout": "1d",
             "driver fake/bad.dir": folder}, time_scale=SCALE) as rig:
        for s in range(STACKS):
            rig.apply(f"good{s}", working(f"good{s}"))
        rig.apply("bad", bad())
        for turn in range(TURNS):
            for name, script in (("works", WORKS), ("hangs", HANGS), ("left alone", FAILS)):
                settle(rig, folder, name, script)
                durations, cpu = ticks(rig, TICKS, every_s=0.1)
                seen[name] += durations
                say(f"turn {turn + 1}, {name}: {1000 * cpu:.1f} ms of CPU a tick")
    p99 = {name: quantile(values, 0.99) for name, values in seen.items()}
    n = len(seen["works"])
    figure(f"p99 of a tick over {STACKS * TIERS} tiers while another cloud works",
           f"{p99['works']:.1f} ms (n = {n})")
    for name in ("hangs", "left alone"):
        more = p99[name] / p99["works"] - 1
        figure(f"the same while it {name if name == 'hangs' else 'is left alone'}",
               f"{p99[name]:.1f} ms ({100 * more:+.0f} %), median "
               f"{quantile(seen[name], 0.5) - quantile(seen['works'], 0.5):+.1f} ms",
               "within 10 %", met=more <= 0.1)
