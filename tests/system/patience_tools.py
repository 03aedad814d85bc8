# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds of faults that end by themselves, over a stack under load: none of them may cost a
VM, and no request but of what was stopped."""
import os
import random
import shutil
import signal
import socket
import subprocess
import time

from chaos_tools import Link, Stopped, check_books, losses
from rig_tools import Load, Quick
from store_tools import BUILD, ROOT, b64

# How long silence is borne before a host is replaced, and before it is given up.
OPTIONS = {"controller.host_grace": "3s"}
# The web servers' metrics are asked for by a name, which no server of names knows.
METRICS_URL = "http://127.0.0.1:8080/metrics"
NAMED_URL = "http://exporter.example.test:9100/metrics"
AGENT = "/usr/local/sbin/foretide-agent"  # of a host


class Fleet(Quick):
    """A balancer and n servers under load; what is there before a fault is there after it."""

    def __init__(self, n, **more):
        options = {**OPTIONS, **more.pop("options", {})}
        super().__init__(1, "0s", edit=lambda name, text: text.replace("mode = auto", "mode = observe")
                         .replace("max = 6", "max = 60").replace("max = 8", "max = 60")
                         .replace(METRICS_URL, NAMED_URL), options=options, **more)
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
                and len(self.healthy("lb")) == 1 and len(self.balanced()) == self.n
                and len(self.names()) == self.n + 1)


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


def replace_agent(q, host, signo):
    """Its process ends; the one that is started then takes over."""
    before = q.agent(host)
    os.kill(before, signo)
    q.wait("the agent is back", lambda: q.agent(host) not in (None, before))


def in_turn(q, rng, for_s, replace):
    hosts = sorted(q.names())
    rng.shuffle(hosts)
    for host in hosts:
        replace(host)
        time.sleep(for_s / len(hosts))


def kill_agents(q, rng, for_s):
    in_turn(q, rng, for_s, lambda host: replace_agent(q, host, signal.SIGKILL))
    return "a kill of each agent"


def upgrade_agents(q, rng, for_s):
    """Another program takes over from the one that runs, as when a package is upgraded."""
    def upgrade(host):
        path = f"/proc/{q.pid(host)}/root{AGENT}"
        shutil.copy(os.path.join(BUILD, "foretide-agent"), path + ".new")
        mark = rng.randbytes(8)  # which no loader looks at
        with open(path + ".new", "ab") as f:
            f.write(mark)
        os.rename(path + ".new", path)
        replace_agent(q, host, signal.SIGTERM)
        with open(f"/proc/{q.agent(host)}/exe", "rb") as runs:
            assert runs.read().endswith(mark)

    in_turn(q, rng, for_s, upgrade)
    return "an upgrade of each agent"


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


def silence_names(q, rng, for_s):
    """The hosts' server of names answers nothing any more, and their agents ask it."""
    del rng
    files = {h: f"/proc/{q.pid(h)}/root/etc/resolv.conf" for h in sorted(q.names())}
    before = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((q.gateway, 53))
        s.settimeout(60)
        for host, path in files.items():
            before[host] = read(path)
            write(path, f"nameserver {q.gateway}\n")
        try:
            while b"exporter" not in s.recv(4096):
                pass
            time.sleep(for_s)
        finally:
            for host, path in files.items():
                write(path, before[host])
    return "a silent server of names"


def slow_disks(q, rng, for_s):
    """Each write of an agent to its disk takes 200 ms, while there is much to write."""
    library = q.path("slow_sync.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library,
                    os.path.join(ROOT, "tests/system/preload/slow_sync.c")], check=True)
    roots = {h: f"/proc/{q.pid(h)}/root" for h in sorted(q.names())}
    respawn = read(next(iter(roots.values())) + "/etc/foretide/respawn")
    for host, root in roots.items():
        shutil.copy(library, root + "/usr/local/lib/slow_sync.so")
        write(root + "/etc/foretide/respawn", respawn.replace(
            "exec ", "exec env LD_PRELOAD=/usr/local/lib/slow_sync.so "))
        replace_agent(q, host, signal.SIGKILL)
        q.wait("its disk is slow", lambda h=host: "slow_sync" in read(f"/proc/{q.agent(h)}/maps"))
    until = time.monotonic() + for_s
    while time.monotonic() < until:
        put_record(q, rng.randrange(10 ** 6))
        time.sleep(0.2)
    for host, root in roots.items():
        write(root + "/etc/foretide/respawn", respawn)
        replace_agent(q, host, signal.SIGKILL)
    return "slow disks"


def put_record(q, number):
    """A record that every host keeps on its disk, and that nobody uses."""
    value = f'{{"host": "10.255.0.1", "port": {1 + number % 65000}}}'
    q.api("/v3/kv/put", "POST", {"key": b64("/skydns/local/foretide/quick/unused/one"),
                                 "value": b64(value)})


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


FAULTS = [stop_agent, stop_all_agents, stop_controller, cut_one, cut_all, kill_agents, upgrade_agents,
          silence_names, slow_disks]


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
