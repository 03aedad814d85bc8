# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripted clouds that fail in every way at random, and a controller that is killed meanwhile.

The controller runs on a calendar that is stepped by the minute (week_tools); after each minute
the clouds' own folders and the database are audited. All choices are made from a seed, but when
within a call a fault strikes is the machine's."""
import fcntl
import json
import math
import os
import random
import sqlite3
import time

from week_tools import MINUTE_MS, STACK, Cloud, Host, Refused, Week, section

START_MS = 1769990400000
CALL_MS = 1000
VISIBLE_MS = 800
HIDE_MS = (0, 200, 600)  # how long a new VM is in no list
HOUR_MS = 60 * MINUTE_MS
ENDED_AN_HOUR = (0.4, 1.2)  # of a pool's hosts, as the caps allow
DEADLINE_S = 240  # real, until all is as wanted when no fault is left
STRANGER = "somebody-else"

# Of a run; hosts are those of all pools.
SHORT = {"hosts": 20, "pools": 2, "minutes": 20, "kills": 3}
LONG = {"hosts": 2000, "pools": 8, "minutes": 150, "kills": 50}

# What a cloud does to a call, and how often beside the others.
FAULTS = {
    ("launch", "lost"): 4, ("launch", "drop"): 4, ("launch", "timeout"): 1, ("launch", "error"): 3,
    ("launch", "garbage"): 2, ("launch", "capacity"): 3, ("launch", "quota"): 2, ("launch", "slow"): 2,
    ("launch", "never"): 2, ("launch", "fail"): 2, ("launch", "crash"): 2, ("launch", "hang"): 0.3,
    ("list", "error"): 3, ("list", "partial"): 3, ("list", "omit"): 4, ("list", "empty"): 3,
    ("list", "ghost"): 2, ("list", "garbage"): 2, ("list", "crash"): 1, ("list", "hang"): 0.2,
    ("terminate", "lost"): 3, ("terminate", "drop"): 3, ("terminate", "error"): 3,
    ("terminate", "garbage"): 2, ("terminate", "crash"): 2, ("terminate", "timeout"): 0.5,
    ("any", "throttle"): 3, ("any", "auth"): 2, ("any", "delay"): 3,
}


# ---------------------------------------------------------------- hosts and clouds
class Joiner(Host):
    """A host that joins, keeps its lease and has nothing to run."""

    def __init__(self, week, vm):
        super().__init__(week, vm)
        if vm["fails"] or vm["ready_ms"] - vm["created_ms"] > 3600_000:
            self.due_ms = math.inf

    def join(self):
        """Refused or not heard, it tries again a minute later."""
        try:
            rev = super().join()
            self.caller.close()
            return rev
        except (Refused, OSError):
            self.caller = None
            return 0


class FailingCloud(Cloud):
    """A pool's VMs behind the back of its driver, with one of somebody else."""

    def __init__(self, folder):
        super().__init__(folder)
        self.folder = folder
        self.billed = 0  # bytes of the bill that were read
        os.mkdir(folder)
        self.stranger = {
            "id": "vm-0", "launch_id": "f" * 32, "owner": STRANGER, "pool": "p", "name": "alien",
            "type": "small", "zone": "z", "address": "198.18.255.1", "spot": False, "fails": False,
            "created_ms": 1, "ready_ms": 1, "gone_ms": 0, "labels": {}, "user_data": ""}
        self.write({"next": 1, "vms": [self.stranger], "used": {}, "calls": {}})

    def read(self):
        with open(self.path, encoding="utf-8") as f:
            return json.load(f)

    def write(self, doc):
        with open(self.path + ".ours", "w", encoding="utf-8") as f:
            json.dump(doc, f)
        os.rename(self.path + ".ours", self.path)

    def change(self, edit):
        """Beside the driver, which locks as well."""
        with open(os.path.join(self.folder, "lock"), "a", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            doc = self.read()
            edit(doc)
            self.write(doc)

    def changes(self):
        vms = super().changes()
        return vms and [vm for vm in vms if vm["owner"] != STRANGER]

    def forget_user_data(self, names):
        """Of those that have read it: every call reads and writes it."""
        def edit(doc):
            for vm in doc["vms"]:
                if vm["name"] in names:
                    vm["user_data"] = ""
        self.change(edit)

    def lose(self, name):
        """A VM dies without a trace."""
        def edit(doc):
            doc["vms"] = [vm for vm in doc["vms"] if vm["name"] != name]
        self.change(edit)

    def script(self, doc):
        path = os.path.join(self.folder, "script.json")
        with open(path + ".new", "w", encoding="utf-8") as f:
            json.dump(doc, f)
        os.rename(path + ".new", path)

    def new_bill(self):
        """[(what, name)] since it was read last."""
        try:
            with open(os.path.join(self.folder, "bill.csv"), encoding="ascii") as f:
                f.seek(self.billed)
                lines = f.read()
        except FileNotFoundError:
            return []
        lines = lines[:lines.rfind("\n") + 1]
        self.billed += len(lines)
        fields = [line.split(",") for line in lines.splitlines()]
        return [(what, name) for what, _, _, name, _ in fields]


# ---------------------------------------------------------------- the audit
class Books:
    """What was seen of the clouds, and what must be true of it at any time."""

    def __init__(self, run):
        self.run = run
        self.launched = {}  # by name, the pool
        self.ends = []  # (calendar time, pool) of each VM that was ended

    def audit(self):
        for pool, cloud in self.run.clouds.items():
            self.read_bill(pool, cloud)
            self.check_vms(pool, cloud.read()["vms"])
        self.check_caps()

    def read_bill(self, pool, cloud):
        for what, name in cloud.new_bill():
            if what == "launched":
                assert name not in self.launched, f"{name} was launched twice"
                self.launched[name] = pool
            else:
                assert name != "alien", "a stranger's VM was ended"
                self.ends.append((self.run.now_ms, pool))

    def check_vms(self, pool, vms):
        run = self.run
        journal = dict(run.db.execute("SELECT launch_id, host FROM launch WHERE pool = ?", (pool,)))
        ours = [vm for vm in vms if vm["owner"] != STRANGER]
        assert [vm for vm in vms if vm["owner"] == STRANGER] == [run.clouds[pool].stranger]
        assert len({vm["launch_id"] for vm in ours}) == len(ours), "a launch id was used twice"
        for vm in ours:
            assert journal.get(vm["launch_id"]) == vm["name"], f"{vm} is not in the journal"
        standing = sum(not vm["gone_ms"] for vm in ours)
        assert standing <= run.limit, f"{pool} has {standing} VMs, and may have {run.limit}"

    def check_caps(self):
        # One may have been ended in the minute before that in which it is seen.
        since = self.run.now_ms - HOUR_MS + MINUTE_MS
        self.ends = [e for e in self.ends if e[0] > since]
        of_pool = max((sum(p == pool for _, p in self.ends) for pool in self.run.clouds), default=0)
        assert of_pool <= self.run.cap, f"{of_pool} VMs of a pool were ended within an hour"
        assert len(self.ends) <= self.run.cap_total, f"{len(self.ends)} VMs were ended within an hour"

    def differences(self):
        """What of clouds and database is not as wanted."""
        found = []
        for pool, cloud in self.run.clouds.items():
            there = {vm["id"]: (vm["name"], vm["launch_id"]) for vm in cloud.read()["vms"]
                     if vm["owner"] != STRANGER and not vm["gone_ms"]}
            rows = self.run.db.execute("SELECT vm_id, id, launch_id, state, ready_ms FROM host"
                                       " WHERE pool = ? AND state NOT IN ('gone', 'failed')", (pool,)).fetchall()
            known = {r[0]: (r[1], r[2]) for r in rows}
            if there != known:
                found.append(f"{pool}: cloud alone {set(there.items()) - set(known.items())}, "
                             f"database alone {set(known.items()) - set(there.items())}")
            up = sum(state == "up" and ready > 0 for _, _, _, state, ready in rows)
            if not up == len(rows) == self.run.want[pool]:
                found.append(f"{pool}: {up} of {len(rows)} up, {self.run.want[pool]} wanted")
        return found


# ---------------------------------------------------------------- one run
class Chaos(Week):
    """hosts: in all pools, at most about so many at once."""
    host_class, cloud_class = Joiner, FailingCloud
    arguments = [str(CALL_MS)]

    def __init__(self, seed, hosts, pools, minutes, kills):
        self.dice = random.Random(seed)
        self.seed, self.minutes, self.minute = seed, minutes, 0
        self.kills = sorted(self.dice.choices(range(minutes), k=kills))
        self.size = max(2, hosts // pools)
        self.most = self.size + max(2, self.size // 5)
        names = [f"p{i}" for i in range(pools)]
        self.cap = max(4, round(self.dice.choice(ENDED_AN_HOUR) * self.size))
        self.cap_total = max(5, round(0.8 * pools * self.cap))
        self.kinds = {p: self.dice.choice([{}, {"unique_name": "yes", "idempotent": "no"},
                                           {"idempotent": "no"}]) for p in names}
        self.want = {p: 0 for p in names}
        # Above the maximum a tenth may be, to replace others.
        self.limit = self.most + max(1, self.most // 10)
        self.still = {p: [] for p in names}  # (last minute, fault)
        self.options = (f"join_timeout = 10m\n[limits]\nterminations_per_hour = {self.cap}\n"
                        f"terminations_per_hour_total = {self.cap_total}\nlaunches_per_hour = 1000000\n"
                        "launches_per_hour_total = 1000000\nunknown_vm_grace = 3s\n")
        super().__init__({p: {} for p in names}, START_MS)
        self.books = Books(self)

    def files(self):
        text, units = f"[stack]\nname = {STACK}\n", {}
        for pool, want in self.want.items():
            text += section(f"pool {pool}", {
                "driver": "fake", "profile": pool, "min": want, "max": self.most,
                "visible": f"{VISIBLE_MS}ms", **self.kinds[pool]})
            text += section(f"tier {pool}", {"unit": f"{pool}@.service", "pool": pool, "min": 0, "max": 0})
            units[f"units/{pool}@.service"] = "[Service]\nExecStart=/bin/sleep infinity\n"
        return {"stack.conf": text, **units}

    def follow_schedules(self):
        return 0

    # ------------------------------------------------------------ what goes wrong
    def break_clouds(self):
        for pool, cloud in self.clouds.items():
            self.still[pool] = [f for f in self.still[pool] if f[0] >= self.minute]
            if self.dice.random() < 0.5:
                self.still[pool].append((self.minute + self.dice.choice([0, 0, 0, 2, 8]), self.fault()))
            cloud.script({"faults": [f for _, f in self.still[pool]],
                          "hide": f"{self.dice.choice(HIDE_MS)}ms",
                          "linger": self.dice.choice(["0s", "0s", "300ms"]),
                          "quota": self.dice.choice([-1, -1, -1, self.size])})

    def fault(self):
        (op, kind), = self.dice.choices(list(FAULTS), list(FAULTS.values()))
        # One that takes as long as a call may strikes once.
        most = 1 if kind in ("timeout", "hang") else self.dice.choice([1, 1, 3, -1])
        return {"id": f"{self.minute}", "op": op, "kind": kind, "times": most,
                "after": self.dice.choice([0, 0, 1, 3]), "delay": "150ms", "boot": "2s",
                "n": self.dice.randint(1, 3)}

    def lose_some(self):
        joined = [h for h in self.hosts.values() if h.caller]
        if joined and self.dice.random() < 0.3:
            victim = self.dice.choice(joined)
            self.clouds[victim.pool].lose(victim.id)

    def scale_some(self):
        if self.minute == 0:
            self.want = {p: self.size for p in self.want}
        elif self.dice.random() < 0.3:
            self.want[self.dice.choice(list(self.want))] = self.dice.randint(self.size // 2, self.size)
        else:
            return
        self.api.call("PUT", f"/v1/stacks/{STACK}", {"files": self.files()})

    def kill(self):
        """Somewhere in the work of a minute."""
        self.now_ms += MINUTE_MS
        self.send(f"at {self.now_ms}")
        self.send("tick")
        time.sleep(self.dice.choice([0.003, 0.03, 0.3]) * self.dice.random())
        self.kill_child()
        self.books.audit()
        self.revive(self.now_ms)

    # ------------------------------------------------------------ a minute
    def play_minute(self):
        self.step({})
        for cloud in self.clouds.values():
            cloud.forget_user_data(self.hosts)
        self.minute += 1
        self.books.audit()

    def play(self):
        for cloud in self.clouds.values():
            cloud.script({})
        for _ in range(self.minutes):
            self.break_clouds()
            self.lose_some()
            self.scale_some()
            for _ in range(self.kills.count(self.minute)):
                self.kill()
            self.play_minute()

    def heal(self):
        """No fault is left: all becomes as wanted, and stays."""
        for cloud in self.clouds.values():
            cloud.script({})
        until, calm = time.monotonic() + DEADLINE_S, 0
        while calm < 3:
            self.play_minute()
            found = self.books.differences()
            calm = 0 if found else calm + 1
            assert time.monotonic() < until, "\n".join(found)
            time.sleep(0.1)  # lists are believed and processes started again in real time

    def told(self):
        states = self.db.execute("SELECT state, count(*) FROM launch GROUP BY state").fetchall()
        return (f"seed {self.seed}: {len(self.books.launched)} VMs of launches "
                f"{', '.join(f'{n} {state}' for state, n in states)}; {len(self.kills)} kills, "
                f"{self.minute} minutes")


def play_seed(seed, hosts, pools, minutes, kills):
    """Returns words for people."""
    began = time.monotonic()
    with Chaos(seed, hosts, pools, minutes, kills) as run:
        try:
            run.play()
            run.heal()
        except (AssertionError, OSError, Refused, sqlite3.Error) as e:
            raise AssertionError(f"seed {seed}, minute {run.minute}: {e}\n{run.words()}") from e
        return f"{run.told()}, {time.monotonic() - began:.0f} s"
