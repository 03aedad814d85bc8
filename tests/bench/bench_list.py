# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of ten thousand hosts, in pages, and its comparison with what is recorded.

The hosts are rows of the database, keys of the store and instances of the fake of EC2, whose
pages are made once: what is timed is the controller and its driver. A round is from its first
page to the call for a host that is to end, which the same round makes after it has compared."""
import datetime
import os
import sqlite3
import time

from bench_cloud import OPTIONS, fakes, profile, stack
from bench_large import add_alive, add_host
from measure import BenchRig, Failed, cpu_s, figure, memory_kb, quantile, spread, wait_for

HOSTS = 10000
ROUNDS = 5


def launch_id(i):
    return f"{i:032x}"


def name(i):
    return f"p-{i:08x}"


def vm_id(i):
    return f"i-{i:017x}"


def still_cloud():
    """The fake of EC2 with instances that do not change: no page is made twice."""
    cloud = fakes("fakes.ec2.cloud")

    class Still(cloud.Cloud):
        def __init__(self):
            super().__init__(limit=2 * HOSTS)
            self.pages, self.times = {}, []  # (what, monotonic seconds)

        def act(self, request):
            form = request.form()
            what = "call" if "MaxResults" not in form else "page" if "NextToken" in form else "list"
            self.times.append((what, time.monotonic()))
            if form["Action"] == "TerminateInstances":  # it stays: pages are made once
                return super().act(request)
            key = request.body
            if key not in self.pages:
                self.pages[key] = super().act(request)
            return self.pages[key]

        def fill(self, owner):
            created = datetime.datetime.now(datetime.timezone.utc)
            for i in range(HOSTS):
                tags = {"Name": name(i), "ft-owner": owner, "ft-pool": "p", "ft-launch": launch_id(i)}
                self.instances[vm_id(i)] = {
                    "id": vm_id(i), "state": "running", "polls": 9, "tags": tags, "volume_tags": {},
                    "user_data": "", "token": launch_id(i), "type": "t3.micro", "zone": "eu-west-1a",
                    "spot": False, "created": created, "name": name(i), "address": "10.0.0.4"}

        def rounds(self):
            """Seconds from the first page to the next call that is for none, where one is."""
            took, began = [], None
            for what, at in self.times:
                if what == "list":
                    began = at
                elif what == "call" and began:
                    took.append(at - began)
                    began = None
            return took

    return Still()


def fill(rig):
    """Returns the owner that instances are tagged with."""
    now = int(time.time() * 1000)
    db = sqlite3.connect(rig.path("state/foretide.db"))
    owner = db.execute("SELECT value FROM meta WHERE name = 'owner'").fetchone()[0]
    for i in range(HOSTS):
        add_host(db, now, id=name(i), pool="p", launch_id=launch_id(i), vm_id=vm_id(i),
                 address="10.0.0.4", joined_ms=now - 10**6)
        db.execute("INSERT INTO launch (launch_id, pool, host, attempt, state, vm_id, created_ms,"
                   " updated_ms, error) VALUES (?, 'p', ?, 1, 'done', ?, ?, ?, '')",
                   (launch_id(i), name(i), vm_id(i), now - 10**7, now - 10**7))
    add_alive(db, [name(i) for i in range(HOSTS)])
    db.commit()
    db.close()
    return owner


def driver_pid(rig):
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as f:
                if f.read().rpartition(")")[2].split()[1] == str(rig.process.pid):
                    return int(entry)
        except OSError:
            continue
    raise Failed("there is no driver's process")


def processor_s(rig):
    return cpu_s(rig.process.pid) + cpu_s(driver_pid(rig))


def count(cloud, what):
    return sum(w == what for w, _ in cloud.times)


def listed():
    server, cloud = fakes("fakes.server"), still_cloud()
    with server.Server(cloud) as fake, BenchRig({**OPTIONS, "controller.tick": "1s"}) as rig:
        profile(rig, fake.url)
        rig.apply("bench", stack(0, HOSTS))
        rig.kill(15)
        cloud.fill(fill(rig))
        rig.start()
        for n in range(1, ROUNDS + 2):  # the first makes the pages
            rig.apply("bench", stack(HOSTS - n, HOSTS))
            wait_for(f"{n} hosts are ended", lambda n=n: len(cloud.rounds()) >= n or None, 120)
            if n == 1:
                before, lists = processor_s(rig), count(cloud, "list")
        took, lists = cloud.rounds()[1:], count(cloud, "list") - lists
        pages = (count(cloud, "list") + count(cloud, "page")) / count(cloud, "list")
        cpu = (processor_s(rig) - before) / lists
        driver, controller = memory_kb(driver_pid(rig)), memory_kb(rig.process.pid)
    figure(f"list and compare of {HOSTS:,} hosts through ec2 in {pages:.0f} pages",
           spread(took, "s", 2), "<= 2 s", met=quantile(took, 0.5) <= 2)
    figure("the same, processor time of controller and driver with all else that they do meanwhile",
           f"{cpu:.2f} s a list")
    figure("memory then, of the driver's process and of the controller, RSS",
           f"{driver['Rss'] / 1024:.0f} MB and {controller['Rss'] / 1024:.0f} MB", "<= 100 MB each",
           met=max(driver["Rss"], controller["Rss"]) <= 100 * 1024)
