# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds of faults that end by themselves, over a stack under load: none of them may cost a
VM, and no request but of what was stopped."""
import os
import random
import signal
import time

from chaos_tools import Link, Stopped, check_books, losses
from rig_tools import Load, Quick

# How long silence is borne before a host is replaced, and before it is given up.
OPTIONS = {"controller.host_grace": "3s"}


class Fleet(Quick):
    """A balancer and n servers under load; what is there before a fault is there after it."""

    def __init__(self, n, **more):
        options = {**OPTIONS, **more.pop("options", {})}
        super().__init__(1, "0s", edit=lambda name, text: text.replace("mode = auto", "mode = observe")
                         .replace("max = 6", "max = 60").replace("max = 8", "max = 60"),
                         options=options, **more)
        self.n = n

    def ready(self):
        self.start()
        self.apply()
        self.scale(self.n)
        return self.up(web=self.n)

    def names(self):
        return {h["id"] for h in self.hosts()}

    def whole(self):
        """All serve, from the hosts that were there; what stood in for them is gone."""
        return (len(self.healthy("web")) == self.n == len(self.units("web"))
                and len(self.healthy("lb")) == 1 and len(self.balanced()) == self.n)


# ---------------------------------------------------------------- faults, by name
def stop_agent(q, rng, for_s):
    host = rng.choice(sorted(q.names()))
    with Stopped(q.agent(host)):
        time.sleep(for_s)
    return f"agent of {host}"


def stop_all_agents(q, rng, for_s):
    del rng
    with Stopped(*[q.agent(h) for h in q.names()]):
        time.sleep(for_s)
    return "all agents"


def upgrade_agents(q, rng, for_s):
    """Their processes end and are started again, one after the other."""
    hosts = sorted(q.names())
    rng.shuffle(hosts)
    for host in hosts:
        os.kill(q.agent(host), signal.SIGKILL)
        q.wait("the agent is back", lambda h=host: q.agent(h))
        time.sleep(for_s / len(hosts))
    return "a restart of each agent"


def stop_controller(q, rng, for_s):
    del rng
    with Stopped(q.process.pid):
        time.sleep(for_s)
    return "the controller, and with it the store"


def cut(q, hosts, way, for_s):
    links = [Link(q, h) for h in hosts]
    for link in links:
        link.cut(way)
    try:
        time.sleep(for_s)
    finally:
        for link in links:
            link.heal(way)


def cut_one(q, rng, for_s):
    """A server's host: the balancer leaves it out by its own checks, and needs another one."""
    host = rng.choice(sorted(h["id"] for h in q.hosts("web")))
    way = rng.choice(["both", "to", "from"])
    cut(q, [host], way, for_s)
    return f"link of {host}, {way}"


def cut_all(q, rng, for_s):
    """The controller's own link to all: what is served goes on."""
    way = rng.choice(["to", "from"])
    cut(q, sorted(h["id"] for h in q.hosts("web"))[1:], way, for_s)
    return f"links of all servers but one, {way}"


FAULTS = [stop_agent, stop_all_agents, stop_controller, cut_one, cut_all, upgrade_agents]


# ---------------------------------------------------------------- rounds
def play_round(q, fault, rng, for_s):
    before = q.names()
    with Load(q, rate=20, scale=1) as load:
        load.flows(5)
        what = f"{fault(q, rng, for_s)} for {for_s:.1f} s"
        load.flows(20)
        stats = load.finish()
    print(f"{what}: {stats['ok']} answered, {stats['failed']} failed", flush=True)
    q.wait(f"all is whole after {what}", q.whole)
    assert before <= q.names(), (what, before - q.names(), q.picture())
    if q.n > 1 or fault is not cut_one:
        assert stats["failed"] == 0, (what, stats)
    return what


def play(q, seed, rounds, shortest_s, longest_s, faults=None):
    rng = random.Random(seed)
    print(f"seed {seed}, {q.n} servers, {rounds} rounds")
    for i in range(rounds):
        fault = (faults or FAULTS)[i % len(faults or FAULTS)]
        play_round(q, fault, rng, rng.uniform(shortest_s, longest_s))
    check_books(q)
    assert not losses(q), losses(q)
