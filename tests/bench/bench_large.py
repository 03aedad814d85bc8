# SPDX-License-Identifier: GPL-3.0-or-later
"""One tick over ten thousand hosts, a thousand tiers and a million series.

The hosts are rows of the database, keys of the built-in store and VMs of the scripted cloud:
what a controller finds that is started again beside a running fleet. Their units are placed
by its first round; their agents' answers are written to the store as agents would.
"""
import base64
import json
import math
import os
import sqlite3
import time

from measure import BenchRig, Pusher, figure, memory_kb, say, spread, thread_cpu_s, ticks, wait_for

STACKS, TIERS = 5, 200  # a stack holds no more tiers
INSTANCES = 20  # of a tier
HOSTS = 10000
OWN = 10  # series of a tier that the controller and the feed add
SERIES = 1000000 - OWN * STACKS * TIERS  # of hosts
PUSH = 20000  # samples, the most that one push holds


def tier_name(s, t):
    return f"t{s}-{t}"


def files(s):
    text = [f"[stack]\nname = s{s}\n[pool p{s}]\ndriver = fake\n"
            f"cpu = 4\nmemory = 8G\nmin = {HOSTS // STACKS}\nmax = {HOSTS // STACKS}\n"]
    units = {}
    for t in range(TIERS):
        name = tier_name(s, t)
        text.append(f"[tier {name}]\nunit = {name}@.service\npool = p{s}\nmin = {INSTANCES}\n"
                    f"max = {2 * INSTANCES}\nmode = auto\ncapacity = 10\nlead_prior = 3m\n"
                    f'demand = sum(rate(bench_requests_total{{tier="{name}"}}))\n')
        units[f"units/{name}@.service"] = (
            "[Service]\nExecStart=/bin/sleep infinity\n"
            f"[X-Fleet]\nConflicts={name}@*.service\n")
    return {"stack.conf": "".join(text), **units}


def host_name(i):
    return f"p{i % STACKS}-{i:08x}"


def varint(v):
    out = bytearray()
    while v >= 0x80:
        out.append(v & 0x7F | 0x80)
        v >>= 7
    out.append(v)
    return bytes(out)


def add_host(db, now, **more):
    """A row of a host that is up."""
    row = {r[1]: "" if r[2] == "TEXT" else 0 for r in db.execute("PRAGMA table_info(host)")}
    row.update(state="up", requested_ms=now - 10**6, booted_ms=now - 10**6, ready_ms=now - 10**6,
               seen_ms=now, cpu=4, memory_bytes=8 << 30, metadata_json="{}", join_token_used=1,
               listed_ms=now - 10**6, is_counted=1, **more)
    db.execute(f"INSERT INTO host ({','.join(row)}) VALUES ({','.join('?' * len(row))})",
               list(row.values()))
    return row


def add_alive(db, names):
    """What the agents of these hosts keep in the store."""
    rev = (db.execute("SELECT max(rev) FROM kv_change").fetchone()[0] or 1) + 1
    db.executemany("INSERT INTO kv_change (rev, sub, key, value, create_rev, version, lease, deleted)"
                   " VALUES (?, ?, ?, ?, ?, 1, 0, 0)",
                   ((rev, i, f"/foretide/hosts/{name}".encode(),
                     json.dumps({"address": "198.18.0.1", "metadata": {"zone": f"z{i % 3}"}}).encode(),
                     rev) for i, name in enumerate(names)))


def fill(rig):
    """Hosts, their keys and their series, in the database of a controller that is stopped."""
    now = int(time.time() * 1000)
    db = sqlite3.connect(rig.path("state/foretide.db"), isolation_level=None)
    db.execute("BEGIN")
    db.execute("DELETE FROM host")
    db.execute("DELETE FROM launch")
    owner = db.execute("SELECT value FROM meta WHERE name = 'owner'").fetchone()[0]
    vms = []
    for i in range(HOSTS):
        name, launch = host_name(i), f"l-{i:08x}"
        row = add_host(db, now, id=name, pool=f"p{i % STACKS}", launch_id=launch, vm_id=f"vm-{i}",
                       address=f"198.18.{i // 250}.{i % 250 + 1}", joined_ms=now - 10**6 + i)
        db.execute("INSERT INTO launch (launch_id, pool, host, attempt, state, vm_id, created_ms,"
                   " updated_ms, error) VALUES (?, ?, ?, 1, 'done', ?, ?, ?, '')",
                   (launch, f"p{i % STACKS}", name, f"vm-{i}", now - 10**6, now - 10**6))
        vms.append({"id": f"vm-{i}", "launch_id": launch, "owner": owner, "pool": f"p{i % STACKS}",
                    "name": name, "type": "", "zone": "fake-1", "address": row["address"],
                    "spot": False, "fails": False, "created_ms": now - 10**6,
                    "ready_ms": now - 10**6, "gone_ms": 0, "labels": {}, "user_data": ""})
    add_alive(db, [host_name(i) for i in range(HOSTS)])
    fill_series(db, now)
    db.execute("COMMIT")
    db.close()
    os.makedirs(rig.path("cloud"), exist_ok=True)
    with open(rig.path("cloud/cloud.json"), "w", encoding="ascii") as f:
        json.dump({"next": HOSTS + 1, "vms": vms, "used": {}, "calls": {}}, f)


def fill_series(db, now):
    first = (db.execute("SELECT max(id) FROM series").fetchone()[0] or 0) + 1
    db.executemany("INSERT INTO series (id, name, labels, kind, first_ms, last_ms)"
                   " VALUES (?, ?, ?, 'gauge', ?, ?)",
                   ((first + i, *series(i), now, now) for i in range(SERIES)))
    for begin in range(first, first + SERIES, 10000):
        data = b"".join(varint(i << 1 | 1) + varint(2 * now if i == begin else 0) + varint(2 * (i % 100))
                        for i in range(begin, begin + 10000))
        db.execute("INSERT INTO sample_log (data) VALUES (?)", (data,))


def series(i):
    """Name and labels: those of a host lie apart, as hosts come one by one."""
    return f"host_metric_{i // HOSTS:02d}", f'host="{host_name(i % HOSTS)}"'


class Feed:
    """Counters of all tiers, pushed as a program would."""

    def __init__(self, rig):
        self.rig, self.count, self.last = rig, [0.0] * (STACKS * TIERS), time.monotonic()

    def push(self):
        now = time.monotonic()
        dt, self.last = now - self.last, now
        for s in range(STACKS):
            lines = ["# TYPE bench_requests_total counter"]
            for t in range(TIERS):
                i = s * TIERS + t
                self.count[i] += dt * (100 + 60 * math.sin(time.time() / 900 + i))
                lines.append(f'bench_requests_total{{tier="{tier_name(s, t)}"}} {self.count[i]:.0f}')
            self.rig.api(f"/v1/metrics?stack=s{s}", "POST", "\n".join(lines) + "\n",
                         content_type="text/plain")


def b64(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


SCHEDULES = {"key": b64("/foretide/schedule/"), "range_end": b64("/foretide/schedule0")}


def answer_as_agents(rig):
    """Every unit of every schedule runs: the agents' states, 100 keys a transaction."""
    got = rig.api("/v3/kv/range", "POST", SCHEDULES)
    puts = []
    for kv in got["kvs"]:
        host = base64.b64decode(kv["key"]).decode().rsplit("/", 1)[1]
        doc = json.loads(base64.b64decode(kv["value"]))
        states = {u["name"]: {"hash": u["hash"], "load": "loaded", "active": "active",
                              "sub": "running", "health": "none"} for u in doc["units"]}
        value = json.dumps({"epoch": doc["epoch"], "units": states})
        puts.append({"request_put": {"key": b64(f"/foretide/states/{host}"), "value": b64(value)}})
    for i in range(0, len(puts), 100):
        rig.api("/v3/kv/txn", "POST", {"success": puts[i:i + 100]})


def placed(rig):
    return rig.count("SELECT count(*) FROM unit WHERE host != ''") == STACKS * TIERS * INSTANCES


def schedules(rig):
    return int(rig.api("/v3/kv/range", "POST", {**SCHEDULES, "count_only": True}).get("count", 0))


def running(rig):
    return rig.count("SELECT count(*) FROM unit WHERE active = 'active'")


def pages(rig):
    """Seconds of each page of 100 of all hosts."""
    took, cursor = [], None
    while True:
        start = time.monotonic()
        page = rig.api("/v1/hosts?limit=100" + (f"&cursor={cursor}" if cursor else ""))
        took.append(time.monotonic() - start)
        cursor = page.get("next")
        if not cursor:
            return took


def push_known(rig):
    text = "".join("{}{{{}}} {}\n".format(*series(37 * i % SERIES), i % 7) for i in range(PUSH))
    before, start = sum(thread_cpu_s(rig.process.pid).values()), time.monotonic()
    rig.api("/v1/metrics", "POST", text, content_type="text/plain")
    return sum(thread_cpu_s(rig.process.pid).values()) - before, time.monotonic() - start


def measure(rig):
    units = STACKS * TIERS * INSTANCES
    feed = Feed(rig)
    feed.push()
    with Pusher(feed.push, 2):
        wait_for("all units are placed", lambda: placed(rig), 180, every=1)
        # The first thread has read the series, others do less.
        first = max(s for t, s in thread_cpu_s(rig.process.pid).items() if t != str(rig.process.pid))
        figure(f"the first round, which places {units:,} units on {HOSTS:,} hosts and publishes "
               f"{HOSTS:,} schedules, CPU of its thread", f"{first:.2f} s")
        wait_for("all schedules are published", lambda: schedules(rig) == HOSTS, 60, every=1)
        answer_as_agents(rig)
        wait_for("all units run", lambda: running(rig) == units, 120, every=1)
        ticks(rig, 2, 0.2, 120)
        durations, cpu = ticks(rig, 6, 0.2, 120)
        figure(f"one tick over {HOSTS:,} hosts, {STACKS * TIERS:,} tiers, {units:,} units and "
               f"{SERIES:,} series, CPU of its thread", f"{cpu:.2f} s", "< 1 s", met=cpu < 1)
        figure("the same by the clock, beside all else that runs", spread(durations, "ms"))
        memory = memory_kb(rig.process.pid)
        figure("the controller's memory then, RSS", f"{memory['Rss'] / 1024:.0f} MB", "<= 600 MB",
               met=memory["Rss"] <= 600 * 1024)
        took = pages(rig)
        figure(f"GET /v1/hosts, a page of 100 of {HOSTS:,}", f"{spread([1000 * x for x in took], 'ms')}")
        cpu, clock = push_known(rig)
        figure(f"a push of {PUSH:,} samples of known series, CPU of all threads meanwhile",
               f"{cpu:.2f} s ({clock:.2f} s by the clock)")


def large():
    """Within five minutes."""
    # A tick in five seconds.
    with BenchRig({"controller.tick": "30s"}, time_scale=6) as rig:
        for s in range(STACKS):
            rig.apply(f"s{s}", files(s))
        rig.kill(15)
        start = time.monotonic()
        fill(rig)
        say(f"filled in {time.monotonic() - start:.1f} s")
        start = time.monotonic()
        rig.start()
        figure(f"start with {SERIES:,} series on disk, until it answers",
               f"{time.monotonic() - start:.1f} s")
        measure(rig)
