# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benches share: figures and their table, small stacks, looks into processes."""
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
SHARED = os.path.join(os.path.dirname(ROOT), "shared")

sys.path.insert(0, os.path.join(ROOT, "stacks"))
from rig import Failed, Rig, wait_for  # noqa: E402,F401

FIGURES = []


def say(text):
    print(text, file=sys.stderr, flush=True)


def figure(what, seen, target="", peer="", met=None):
    """One line as it was seen. met: whether the target is reached; None when there is none."""
    FIGURES.append((what, seen, target, peer, met))
    mark = {None: "", True: "  [reached]", False: "  [NOT reached]"}[met]
    line = f"{what}: {seen}"
    if target:
        line += f"; to reach: {target}{mark}"
    if peer:
        line += f"; {peer}"
    print(line, flush=True)


def table():
    lines = [f"{os.cpu_count()} cores, load average {os.getloadavg()[1]:.1f} while it ran", "",
             "| what | seen | to reach | beside |", "|---|---|---|---|"]
    for what, seen, target, peer, met in FIGURES:
        missed = " (missed)" if met is False else ""
        lines.append(f"| {what} | {seen}{missed} | {target or '-'} | {peer or '-'} |")
    return "\n".join(lines)


def quantile(values, q):
    """Linear between order statistics."""
    v = sorted(values)
    at = q * (len(v) - 1)
    low = int(at)
    high = min(low + 1, len(v) - 1)
    return v[low] + (at - low) * (v[high] - v[low])


def spread(values, unit, digits=0):
    """"median X, p95 Y unit (n = N)"."""
    return (f"median {quantile(values, 0.5):.{digits}f}, p95 {quantile(values, 0.95):.{digits}f}"
            f" {unit} (n = {len(values)})")


# ---------------------------------------------------------------- stacks
class BenchRig(Rig):
    """A controller whose stacks are made of texts."""
    as_service = True

    def __init__(self, options=None, **more):
        super().__init__(BUILD, options=options, **more)
        self.start()

    def apply(self, stack, files):
        return self.api(f"/v1/stacks/{stack}", "PUT", {"files": files})

    def up(self, pool, n, timeout=60):
        return wait_for(f"{n} hosts of {pool} are up",
                        lambda: self.count("SELECT count(*) FROM host WHERE pool = ? AND state = ?"
                                           " AND ready_ms > 0", pool, "up") >= n or None,
                        timeout, every=0.1)

    def query(self, text, *args):
        path = self.path("state/foretide.db")
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(text, args).fetchall()
        finally:
            connection.close()

    def count(self, text, *args):
        return self.query(text, *args)[0][0]

    def pid_of(self, host):
        return self.local_hosts()[host]["pid"]

    def agent_pids(self):
        """The agents' pids on this machine, by host."""
        spaces = {os.readlink(f"/proc/{m['pid']}/ns/pid"): name
                  for name, m in self.local_hosts().items()}
        found = {}
        for entry in os.listdir("/proc"):
            try:
                with open(f"/proc/{entry}/comm", encoding="ascii") as f:
                    if entry.isdigit() and f.read().startswith("foretide-agent"):
                        host = spaces.get(os.readlink(f"/proc/{entry}/ns/pid"))
                        if host:
                            found[host] = int(entry)
            except OSError:
                continue
        return found


def memory_kb(pid):
    """{"Rss": KB, "Pss": KB, ...} of a process."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        rows = [line.split() for line in f if line.endswith(" kB\n")]
    return {r[0].rstrip(":"): int(r[1]) for r in rows}


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def thread_cpu_s(pid):
    """CPU seconds of each thread."""
    return {t: cpu_s(f"{pid}/task/{t}") for t in os.listdir(f"/proc/{pid}/task")}


def haproxy_servers(pid, backend):
    """Names of a backend's servers in the configuration that haproxy runs in that host."""
    return [r[3] for r in server_states(pid, backend) or []]


def haproxy_up(pid, backend):
    """Addresses of those that it counts as up; None when it cannot be asked just now."""
    rows = server_states(pid, backend)
    return None if rows is None else {r[4] for r in rows if r[5] == "2"}


def server_states(pid, backend):
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(2)
            s.connect(f"/proc/{pid}/root/run/haproxy/admin.sock")
            s.sendall(f"show servers state {backend}\n".encode())
            data = b""
            while chunk := s.recv(65536):
                data += chunk
    except OSError:
        return None
    rows = [line.split(" ") for line in data.decode().splitlines()[2:]]
    return [r for r in rows if len(r) > 5]


# ---------------------------------------------------------------- programs
def program(name):
    """A bench in C; the make target builds them."""
    path = os.path.join(BUILD, "tests/bench", name)
    if not os.path.exists(path):
        raise Failed(f"{path} is not there: run the benches by 'make bench'")
    return path


def named_values(command, **more):
    """Runs a program that prints "name value unit" a line: {name: value}."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise Failed(f"{command[0]}: {done.returncode}\n{done.stderr[-2000:]}")
    rows = [line.split() for line in done.stdout.splitlines()]
    return {r[0]: float(r[1]) for r in rows if len(r) >= 2}


class Pusher:
    """Calls push() again and again beside the bench, until it is closed."""

    def __init__(self, push, every_s):
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(push, every_s), daemon=True)
        self.thread.start()

    def run(self, push, every_s):
        while not self.stop.wait(every_s):
            push()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop.set()
        self.thread.join(30)


def ticks(rig, n, every_s=0.5, timeout_s=300):
    """Durations in ms of n full ticks, and CPU seconds a tick of the thread that ticks. Asking,
    which is done every_s, costs the controller too."""
    seen, last, before, first = [], None, {}, 0
    until = time.monotonic() + timeout_s
    while len(seen) < n and time.monotonic() < until:
        state = rig.api("/v1/status")["tick"]
        if state["rounds"] != last:
            if last is None:
                before, first = thread_cpu_s(rig.process.pid), state["rounds"]
            else:
                seen.append(state["duration_ms"])
            last = state["rounds"]
        time.sleep(every_s)
    after = thread_cpu_s(rig.process.pid)
    # Threads of the API and workers of pools come and go, and do less; one thread ticks.
    return seen, max(after[t] - before.get(t, 0) for t in after) / max(last - first, 1)
