# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the whole system share: the quick stack, a load on it, and a look
into the hosts underneath."""

import datetime
import json
import os
import signal
import socket
import sqlite3
import subprocess
import threading

from store_tools import BUILD, ROOT  # which knows where rig is
from rig import PATIENCE_S, Failed, Rig, wait_for  # noqa: F401

QUICK = os.path.join(ROOT, "tests/data/stacks/quick")
TRACE = os.path.join(ROOT, "../shared/traces/nasa_jul95.csv")


# A host of a busy machine that comes late, or falls silent for a moment, is not lost.
PATIENT = {"controller.join_timeout": "4h", "controller.host_grace": "20s"}


class Quick(Rig):
    """A controller with the quick stack: haproxy before a one-file server."""

    def __init__(self, time_scale=30, boot_delay="30s", edit=None, options=None, **more):
        super().__init__(BUILD, time_scale, boot_delay, {**PATIENT, **(options or {})}, **more)
        self.edit = edit or (lambda name, text: text)

    def stack(self, edit=None):
        """The stack's files as PUT takes them, each passed through edit(name, text)."""
        files = {}
        for folder, _, names in os.walk(QUICK):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), QUICK)
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    files[path] = (edit or self.edit)(path, f.read())
        return {"files": {k: v for k, v in files.items() if v is not None}}

    def apply(self, edit=None):
        return self.api("/v1/stacks/quick", "PUT", self.stack(edit))

    def up(self, lb=1, web=1):
        """Until that many are healthy and the balancer knows all of web."""
        self.wait(f"{lb} lb and {web} web serve",
                  lambda: len(self.healthy("lb")) >= lb and len(self.healthy("web")) >= web
                  and len(self.balanced()) >= web)
        return self

    def wait(self, what, condition, timeout=PATIENCE_S):
        try:
            return wait_for(what, condition, timeout)
        except Failed as e:
            raise AssertionError(f"{e}\n{self.picture()}") from None

    def rounds(self):
        """Those of the tick since the controller started; none while it is about to begin."""
        return (self.api("/v1/status")["tick"] or {"rounds": 0})["rounds"]

    def picture(self):
        """Where things stand, for the message of a test that fails."""
        lines = [f"{h['id']} {h['state']} {h.get('message', '')}"
                 for h in self.items("/v1/hosts")[-30:]]
        lines += [f"{u['name']} on {u['host']}: {u['goal']} {u['active']}/{u['sub']} "
                  f"{u['health']} {u['message']}" for u in self.units()]
        lines += [f"{t['name']} {t['desired']}: {t['sentence']}" for t in self.items("/v1/tiers")]
        lines += [e["message"] for e in self.items("/v1/events?since=0")[-30:]]
        return "\n".join(lines) + "\n" + self.log()[-3000:]

    # -------------------------------------------------------- underneath
    def pid(self, host):
        return self.local_hosts()[host]["pid"]

    def inside(self, host, *command, timeout=PATIENCE_S):
        """Runs a command inside a host: (status, output)."""
        done = subprocess.run(["nsenter", "-t", str(self.pid(host)), "-a", *command],
                              capture_output=True, text=True, timeout=timeout, check=False)
        return done.returncode, done.stdout

    def pids_of(self, host, program):
        """Processes of a host by a part of their command line, as this machine numbers them."""
        space = os.readlink(f"/proc/{self.pid(host)}/ns/pid")
        found = []
        for entry in os.listdir("/proc"):
            try:
                if not entry.isdigit() or os.readlink(f"/proc/{entry}/ns/pid") != space:
                    continue
                with open(f"/proc/{entry}/cmdline", encoding="utf-8", errors="replace") as f:
                    if program in f.read().replace("\0", " "):
                        found.append(int(entry))
            except OSError:
                continue
        return sorted(found)

    def balanced(self):
        """Names of the servers that haproxy of the first lb host counts as up."""
        hosts = [u["host"] for u in self.healthy("lb")]
        return hosts and self.balanced_by(hosts[0]) or []

    def balanced_by(self, lb_host):
        """The same of that host; None when its haproxy cannot be asked just now."""
        try:
            answer = haproxy(self.pid(lb_host), "show stat")
        except (OSError, KeyError):
            return None
        rows = [line.split(",") for line in answer.splitlines()]
        return [r[1] for r in rows if len(r) > 17 and r[0] == "web" and r[1] != "BACKEND"
                and r[17].startswith("UP")]

    def agent(self, host):
        """The pid of a host's agent: the child of its process 1; None when there is none. Its
        logger, which outlives it and then is a child of the same, has another name."""
        for pid in self.pids_of(host, "foretide-agent run"):
            try:
                with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                    name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
                    if name == "foretide-agent" and int(rest.split()[1]) == self.pid(host):
                        return pid
            except OSError:
                continue
        return None

    def first_of(self, host, name):
        """The process of that name that a host has had for longest, of those that its agent or
        one before it has started itself; [] when it has none. Its name stays, unlike its
        command line, while it executes itself anew."""
        parents = {self.pid(host), self.agent(host)}
        space = os.readlink(f"/proc/{self.pid(host)}/ns/pid")
        found = []
        for entry in os.listdir("/proc"):
            try:
                if not entry.isdigit() or os.readlink(f"/proc/{entry}/ns/pid") != space:
                    continue
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as f:
                    comm, fields = f.read().split("(", 1)[1].rsplit(")", 1)
                fields = fields.split()
                if comm == name and int(fields[1]) in parents:
                    found.append((int(fields[19]), int(entry)))
            except OSError:
                continue
        return [pid for _, pid in sorted(found)[:1]]

    def unit_pids(self):
        """The main processes of all units, by unit."""
        programs = {"web": "python3", "lb": "haproxy"}
        return {u["name"]: self.first_of(u["host"], programs[u["tier"]]) for u in self.units()}

    def db(self, query, *args):
        with sqlite3.connect(f"file:{self.path('state/foretide.db')}?mode=ro", uri=True) as c:
            return c.execute(query, args).fetchall()

    def tell(self, tier, rates):
        """History: the demand a minute up to now."""
        now = self.api("/v1/status")["now"]
        now = int(datetime.datetime.fromisoformat(now.replace("Z", "+00:00")).timestamp())
        path = self.path("history.csv")
        with open(path, "w", encoding="ascii") as f:
            f.write("timestamp,value\n")
            for k, rate in enumerate(reversed(rates), 1):
                f.write(f"{now // 60 * 60 - 60 * k},{rate:.4f}\n")
        self.cli("import", f"quick/{tier}", path)

    def scale(self, n):
        """Exactly n of web, by its own limits."""
        self.api("/v1/tiers/quick/web", "PATCH", {"min": n, "max": n})


def haproxy(pid, command):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(f"/proc/{pid}/root/run/haproxy/admin.sock")
        s.sendall(command.encode() + b"\n")
        data = b""
        while chunk := s.recv(65536):
            data += chunk
    return data.decode()


class Load:
    """`foretide play` on the stack's lb; what it counts."""

    def __init__(self, rig, rate=None, trace=None, service="quick/lb", scale=30, more=()):
        if rate:
            trace = rig.path(f"constant-{rate}.csv")
            with open(trace, "w", encoding="ascii") as f:
                f.write("timestamp,value\n")
                f.writelines(f"{60 * i},{rate}\n" for i in range(2880))
        command = [os.path.join(BUILD, "foretide"), "play", "--service", service, "--json",
                   "--time-scale", str(scale), "--url", rig.url]
        if rate:
            command += ["--peak", str(rate)]
        if trace:
            command += ["--trace", trace]
        self.last = None
        self.child = subprocess.Popen([*command, *more], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True, env=rig.environment())
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.child.stdout:
            self.last = json.loads(line)

    def flows(self, n=1):
        """Until n more requests than now were answered."""
        want = (self.last or {"ok": 0})["ok"] + n
        wait_for("the load flows", lambda: self.last and self.last["ok"] >= want)
        return self

    def finish(self, timeout=None):
        """Ends it, or waits until it ends; its last counts."""
        if timeout is None:
            self.child.send_signal(signal.SIGTERM)
        self.child.wait(timeout or PATIENCE_S)
        self.reader.join()
        words = self.child.stderr.read()
        assert self.last, words
        return self.last

    def finish_without_failure(self, timeout=None):
        stats = self.finish(timeout)
        assert (stats["failed"], stats["skipped"]) == (0, 0), stats
        assert stats["ok"] == stats["sent"] > 0, stats
        return stats

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
