# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole system on a real etcd of three members, whose leader is killed in mid-run."""

import subprocess

import pytest

from rig_tools import PATIENT, Load, Quick
from store_tools import Etcd, b64, free_ports, post, prefix_end, wait_until
from test_store_cluster import leader_of
from test_whole import all_resolve, settled


class Member(Etcd):
    """A member that hosts reach at the bridge's address."""

    def __init__(self, name, cluster, ports, address, more=()):
        self.address = address
        super().__init__(name, cluster, ports, more=more)

    def spawn(self, *args, **kw):
        own = self.url
        self.reach = f"http://{self.address}:{self.port}"
        args = list(args)
        at = args.index("--listen-client-urls") + 1
        args[at] = f"http://0.0.0.0:{self.port}"
        args[args.index("--advertise-client-urls") + 1] = self.reach
        assert own in (self.url,)
        super().spawn(*args, **kw)


def make_bridge(q):
    for command in (["link", "add", q.bridge, "type", "bridge"],
                    ["addr", "add", f"{q.gateway}/16", "dev", q.bridge],
                    ["link", "set", q.bridge, "up"]):
        subprocess.run(["ip", *command], check=True)


@pytest.fixture
def world():
    ports = free_ports(6)
    initial = ",".join(f"s{i}=http://127.0.0.1:{ports[3 + i]}" for i in range(3))
    members = []
    with Quick() as q:
        try:
            make_bridge(q)  # before the first host: the members are behind it
            for i in range(3):
                members.append(Member(f"s{i}", initial, (ports[i], ports[3 + i]), q.gateway))
            for m in members:
                m.wait_ready()
            q.write_config(30, "30s", PATIENT, ",".join(m.reach for m in members))
            yield q, members
        finally:
            q.close()
            subprocess.run(["ip", "link", "del", q.bridge], stderr=subprocess.DEVNULL,
                           check=False)
            for m in members:
                m.stop()


def test_all_goes_on_when_the_leader_of_a_real_etcd_is_killed(world):
    q, members = world
    q.start()
    assert q.api("/v1/status")["store"]["mode"] == "etcd"
    q.apply()
    q.scale(1)
    q.up()
    before = q.unit_pids()
    with Load(q, rate=10) as load:
        load.flows()
        q.scale(4)
        q.wait("a host is launched", lambda: len(q.hosts("web")) > 1)
        leader, others = leader_of(members)
        leader.kill()
        q.wait("4 web", lambda: settled(q, 4))
        q.wait("all are balanced", lambda: len(q.balanced()) == 4)
        q.wait("all names resolve", lambda: all_resolve(q))
        load.flows(20)
        q.wait("the store is well", lambda: q.api("/v1/status")["store"]["ok"])
        now = q.unit_pids()
        assert {name: now[name] for name in before} == before, "a unit was started anew"
        leader.start()
        leader.wait_ready()
        second, _ = leader_of(others)
        second.kill()
        q.scale(2)
        q.wait("2 web", lambda: settled(q, 2))
        load.flows(10)
        load.finish_without_failure()
    assert not [e for e in q.items("/v1/events?since=0")
                if e["kind"] in ("host-lost", "unit-failed", "host-failed")], q.picture()
    q.cli("delete", "quick", "--yes")
    q.wait("nothing is left underneath", lambda: q.local_hosts() == {})
    survivor = next(m for m in members if m not in (leader, second))

    def keys():
        doc = post(survivor.url, "/v3/kv/range", {
            "key": b64("/"), "range_end": b64(prefix_end("/")), "keys_only": True})[1]
        return doc.get("kvs", [])

    wait_until(lambda: keys() == [], "no key is left")
