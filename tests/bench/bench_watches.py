# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten thousand hosts that watch the built-in store, over TLS, each with its own certificate.

The hosts are rows of the database; one program (bench_watches.c) holds their connections. A
process may have so many files open: where it may not have two connections of each host, fewer
hosts watch their schedule beside the records of services.
"""
import os
import resource
import sqlite3
import subprocess
import time

from bench_large import add_alive, add_host, b64
from measure import BenchRig, Failed, cpu_s, figure, memory_kb, program, say, spread, wait_for

HOSTS = int(os.environ.get("WATCH_HOSTS", "10000"))
OTHER_FILES = 900  # of the controller, and of connections that come and go
CHANGES = 10  # that all see, one after the other
AT_ONCE = 100  # keys of a transaction


def host_name(i):
    return f"w-{i:08x}"


def fill(rig):
    """A pool without machines is nobody's to end."""
    now = int(time.time() * 1000)
    db = sqlite3.connect(rig.path("state/foretide.db"), isolation_level=None)
    db.execute("BEGIN")
    for i in range(HOSTS):
        add_host(db, now, id=host_name(i), pool="p", launch_id=f"l-{i:08x}", vm_id=f"vm-{i}",
                 address=f"127.1.{i // 256}.{i % 256}", joined_ms=now - 10**6 + i)
    add_alive(db, [host_name(i) for i in range(HOSTS)])
    db.execute("COMMIT")
    db.close()


class Hosts:
    def __init__(self, rig, n, own):
        self.rig, self.n, self.own = rig, n, own
        self.process = subprocess.Popen(
            [program("bench_watches"), rig.path("state/ca"), str(rig.host_port), str(n), str(own)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        word, _, self.took_s = self.process.stdout.readline().partition(" ")
        if word != "open":
            raise Failed("not all watches were opened")

    def ask(self, word="seen"):
        print(word, file=self.process.stdin, flush=True)
        shared, own, dropped, last = self.process.stdout.readline().split()
        return int(shared), int(own), int(dropped), float(last)

    def all_see(self, change, own):
        """Seconds from the change until the last has it; CPU seconds of the controller."""
        self.ask("again")
        before, start = cpu_s(self.rig.process.pid), time.monotonic()
        change()
        want = self.own if own else self.n
        last = wait_for("the last has the change",
                        lambda: (seen := self.ask())[own] == want and seen[3], 120, every=0.02)
        return last - start, cpu_s(self.rig.process.pid) - before

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


def put(key, value):
    return {"request_put": {"key": b64(key), "value": b64(value)}}


def change_all(rig, i):
    rig.api("/v3/kv/put", "POST", put("/skydns/local/foretide/bench/x", f'{{"host":"10.0.0.{i}"}}')
            ["request_put"])


def change_each(rig, own):
    """A change a host, a hundred in a transaction, as a round of the tick does."""
    puts = [put(f"/foretide/schedule/{host_name(i)}", '{"units":[]}') for i in range(own)]
    for i in range(0, own, AT_ONCE):
        rig.api("/v3/kv/txn", "POST", {"success": puts[i:i + AT_ONCE]})


def measure(rig, own):
    pid = rig.process.pid
    wait_for("it rests", lambda: rig.api("/v1/status")["tick"]["rounds"] > 1, 60, every=0.5)
    rss, cpu = memory_kb(pid)["Rss"], cpu_s(pid)
    hosts = Hosts(rig, HOSTS, own)
    n = HOSTS + own
    what = f"{n:,} watches of {HOSTS:,} hosts over TLS"
    try:
        figure(f"{what}: from the first connection until all are open",
               f"{float(hosts.took_s):.0f} s, {cpu_s(pid) - cpu:.0f} s of CPU: "
               f"{1000 * (cpu_s(pid) - cpu) / n:.1f} ms a connection")
        more = memory_kb(pid)["Rss"] - rss
        figure("memory of the controller for them, RSS", f"{more / 1024:.0f} MB, {more / n:.0f} KB each")
        cpu, start = cpu_s(pid), time.monotonic()
        time.sleep(10)
        figure("they rest: CPU of the controller",
               f"{100 * (cpu_s(pid) - cpu) / (time.monotonic() - start):.1f} %")
        took = [hosts.all_see(lambda: change_all(rig, i), False) for i in range(CHANGES)]
        figure(f"a record changes that {HOSTS:,} watch, until the last has it",
               f"{spread([1000 * t[0] for t in took], 'ms')}, CPU "
               f"{1000 * sum(t[1] for t in took) / CHANGES:.0f} ms")
        took = hosts.all_see(lambda: change_each(rig, own), True)
        figure(f"{own:,} schedules change, each watched by one host, until the last has its own",
               f"{took[0]:.2f} s, CPU {took[1]:.2f} s")
        dropped = hosts.ask()[2]
        figure("connections that ended meanwhile", str(dropped), "0", met=dropped == 0)
        figure("the controller then, RSS", f"{memory_kb(pid)['Rss'] / 1024:.0f} MB")
    finally:
        hosts.close()


def watches():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - OTHER_FILES
    own = max(min(HOSTS, most - HOSTS), 0)
    if own < HOSTS:
        say(f"a process may have {most + OTHER_FILES} files open: {own} of {HOSTS} hosts watch their"
            " schedule too")
    with BenchRig() as rig:
        rig.kill(15)
        fill(rig)
        rig.start()
        measure(rig, own)
