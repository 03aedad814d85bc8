# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that are made for real, and the audit after them: what is there is what the
controller knows, once each. Short forms of them are in `make check`, hours in `make soak`."""
import os
import random
import signal
import subprocess
import time

from rig_tools import Failed, Quick

LOSSES = ("host-lost", "host-failed", "orphan-found")


# ---------------------------------------------------------------- the audit
def check_books(q, kept=()):
    """Driver, journal and API tell the same; nothing was launched twice, and of kept nothing
    was ended."""
    q.wait("driver and API agree", lambda: set(q.local_hosts()) == {h["id"] for h in q.hosts()})
    rows = q.db("SELECT launch_id, host, state FROM launch")
    assert len({r[0] for r in rows}) == len(rows) == len({r[1] for r in rows})
    # Of one that was under way at the kill, and was not needed after it, nothing is known.
    given_up = q.db("SELECT launch_id FROM launch WHERE state = 'lost'"
                    " AND error = 'it is no longer needed'")
    assert all(state in ("done", "failed") or (launch,) in given_up
               for launch, _, state in rows), rows
    present = {h["id"] for h in q.hosts()}
    assert present <= {host for _, host, state in rows if state == "done"}
    assert len({m["launch_id"] for m in q.local_hosts().values()}) == len(present)
    assert set(kept) <= present, (kept, q.picture())


def check_units(q):
    """Each unit runs once, where the controller says, and nothing else of its kind runs."""
    units = q.units()
    assert len({u["name"] for u in units}) == len(units), q.picture()
    programs = {"web": "/etc/quick/server.py", "lb": "haproxy.cfg"}
    for tier, program in programs.items():
        wanted = {u["host"] for u in units if u["tier"] == tier}
        running = {h for h in q.local_hosts() if q.pids_of(h, program)}
        assert running == wanted, (tier, running, wanted, q.picture())


def losses(q):
    return [e for e in q.items("/v1/events?since=0") if e["kind"] in LOSSES]


# ---------------------------------------------------------------- faults
class Link:
    """The link of a local host; cut both ways, or only what goes to the host or from it."""

    def __init__(self, q, host):
        self.name, self.pid = q.local_hosts()[host]["veth"], q.pid(host)

    def cut(self, way="both"):
        if way == "both":
            self.run("ip", "link", "set", self.name, "down")
        else:
            self.run(*self.queue(way, "add"), "pfifo", "limit", "0")

    def heal(self, way="both"):
        if way == "both":
            self.run("ip", "link", "set", self.name, "up")
        else:
            self.run(*self.queue(way, "del"))

    def queue(self, way, verb):
        """The end of the link that sends: a queue without room drops all."""
        if way == "to":
            return "tc", "qdisc", verb, "dev", self.name, "root"
        return ("nsenter", "-t", str(self.pid), "-n", "tc", "qdisc", verb, "dev", "eth0", "root")

    @staticmethod
    def run(*command):
        subprocess.run(command, check=True, capture_output=True, timeout=60)


class Stopped:
    """Processes that are stopped meanwhile."""

    def __init__(self, *pids):
        self.pids = [p for p in pids if p]

    def __enter__(self):
        self.send(signal.SIGSTOP)
        return self

    def __exit__(self, *exc):
        self.send(signal.SIGCONT)

    def send(self, signo):
        for pid in self.pids:
            try:
                os.kill(pid, signo)
            except ProcessLookupError:
                pass


# ---------------------------------------------------------------- kills at random moments
class Wide(Quick):
    """Quick with room for many instances."""

    def __init__(self, **more):
        super().__init__(boot_delay="9s", edit=lambda name, text: text
                         .replace("max = 6", "max = 24").replace("max = 8", "max = 30"), **more)
        self.version = 0

    def settled(self, n):
        units = self.units("web")
        return (len(units) == n == len(self.healthy("web")) == len(self.hosts("web"))
                and all(h["state"] == "up" for h in self.hosts("web")))

    # ------------------------------------------------------------ what is under way
    def scale_to(self, rng):
        self.scale(rng.randint(1, 6))

    def roll_out(self, rng):
        """Another text of the unit, which does the same."""
        del rng
        self.version += 1
        words = f"Description=One-file server, version {self.version}, %i"
        self.apply(lambda name, text: self.edit(name, text).replace(
            "Description=One-file server %i", words))

    def drain(self, rng):
        up = [h["id"] for h in self.hosts("web") if h["state"] == "up"]
        if len(up) > 1:
            self.request("POST", f"/v1/hosts/{rng.choice(up)}/drain")


def restart(q):
    """Killed and started again; a start that finds another one's end under way is repeated."""
    q.kill()
    q.start()


def play_kills(q, seed, times):
    """Kills the controller at random moments of random work; all is as asked for after it."""
    rng = random.Random(seed)
    print(f"seed {seed}, {times} kills")
    for i in range(times):
        work = rng.choice([q.scale_to, q.scale_to, q.roll_out, q.drain])
        wait_s = rng.choice([0.02, 0.2, 1, 3]) * rng.random()
        try:
            work(rng)
            time.sleep(wait_s)  # the moment is what is tested
            restart(q)
        except Failed as e:
            raise AssertionError(f"seed {seed}, kill {i} during {work.__name__}: {e}") from None
        if i % 5 == 4 or i == times - 1:
            n = q.tier("quick", "web")["min"]
            q.wait(f"{n} web after kill {i} of seed {seed}", lambda n=n: q.settled(n))
            check_books(q)
            check_units(q)
    assert not losses(q), (seed, losses(q))
