# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that are not heard: no silence, cut or stop of anybody ends a VM that serves."""

import os
import signal
import subprocess
import time

import pytest

from rig_tools import Quick
from store_tools import free_ports
from test_whole import settled
from test_whole_etcd import Member, make_bridge

OPTIONS = {"controller.host_grace": "1s", "controller.metrics_interval": "1s",
           "controller.tick": "1s", "controller.host_lost_after": "10m"}
ENDS = ("host-lost", "host-leaves", "host-failed", "host-gone", "host-terminated")


@pytest.fixture(scope="module")
def fleet():
    with Quick(time_scale=1, boot_delay="0s", options=OPTIONS) as q:
        q.start()
        q.apply()
        yield q.up()


def link(q, host, state):
    """Cuts the host's only link, at its far end, or heals it."""
    with open(f"/proc/{q.pid(host)}/net/dev", encoding="ascii") as f:
        name = next(line.split(":")[0].strip() for line in f
                    if ":" in line and not line.strip().startswith("lo:"))
    out = subprocess.run(["nsenter", "-t", str(q.pid(host)), "-n", "ip", "-o", "link", "show",
                          name], capture_output=True, text=True, check=True).stdout
    number = out.split("@if", 1)[1].split(":", 1)[0]
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    far = next(line.split(": ")[1].split("@")[0] for line in links.splitlines()
               if line.startswith(f"{number}: "))
    subprocess.run(["ip", "link", "set", far, state], check=True)


def events_since(q, mark):
    return [e for e in q.items("/v1/events?since=0") if e["id"] > mark]


def mark(q):
    return max(e["id"] for e in q.items("/v1/events?since=0"))


def ended(q, since):
    return [e["message"] for e in events_since(q, since) if e["kind"] in ENDS]


def problems(q):
    # An etcd without users is open to every host, which is told.
    return {p["kind"] for p in q.api("/v1/status")["problems"]} - {"store-open"}


def heard(q):
    return all(h["state"] == "up" for h in q.hosts()) and problems(q) <= {"did-not-listen"}


def stays_the_same(q, harm, heal, told=None, seconds=10):
    """What is done to the fleet and undone costs no host, no unit and no launch."""
    q.wait("all is well", lambda: heard(q))
    since, hosts, pids = mark(q), set(q.local_hosts()), q.unit_pids()
    harm()
    try:
        if told:
            q.wait(f"{told} is told", lambda: told in problems(q))
        time.sleep(seconds)  # how long it lasts is what is tested
    finally:
        heal()
    q.wait("all is heard again", lambda: heard(q))
    rounds = q.rounds()
    q.wait("it is decided on", lambda: q.rounds() > rounds + 3)
    assert ended(q, since) == [], q.picture()
    assert set(q.local_hosts()) == hosts
    assert q.unit_pids() == pids, "a unit was started anew"


def cut_all(q):
    hosts = [h["id"] for h in q.hosts()]

    def each(state):
        for h in hosts:
            link(q, h, state)

    return lambda: each("down"), lambda: each("up")


def test_a_fleet_of_two_that_is_cut_off_stays(fleet):
    assert len(fleet.hosts()) == 2
    stays_the_same(fleet, *cut_all(fleet), told="hosts-silent", seconds=3)


def test_a_fleet_of_five_that_is_cut_off_stays(fleet):
    fleet.scale(4)
    fleet.wait("4 web", lambda: settled(fleet, 4))
    stays_the_same(fleet, *cut_all(fleet), told="hosts-silent", seconds=3)


def test_a_controller_that_was_stopped_concludes_nothing(fleet):
    stays_the_same(fleet, lambda: fleet.process.send_signal(signal.SIGSTOP),
                   lambda: fleet.process.send_signal(signal.SIGCONT))


def serving(q):
    """Web instances that serve, on hosts that are heard."""
    up = {h["id"] for h in q.hosts("web") if h["state"] == "up"}
    return [u for u in q.healthy("web") if u["host"] in up]


def state_of(q, host):
    return next((h["state"] for h in q.hosts() if h["id"] == host), None)


def test_a_host_whose_agent_is_stopped_is_replaced_kept_and_taken_back(fleet):
    fleet.scale(4)
    fleet.wait("4 web", lambda: settled(fleet, 4) and heard(fleet))
    since, unit = mark(fleet), fleet.healthy("web")[0]
    pid = fleet.unit_pids()[unit["name"]]
    agent = fleet.agent(unit["host"])
    os.kill(agent, signal.SIGSTOP)
    try:
        fleet.wait("it is unknown", lambda: state_of(fleet, unit["host"]) == "unknown")
        assert "hosts-unknown" in fleet.wait("that is told", lambda: problems(fleet))
        fleet.wait("4 serve without it", lambda: len(serving(fleet)) == 4)
        assert unit["host"] in fleet.local_hosts()
        assert [u["host"] for u in fleet.units("web") if u["name"] == unit["name"]] == [unit["host"]]
    finally:
        os.kill(agent, signal.SIGCONT)
    fleet.wait("it is taken back", lambda: state_of(fleet, unit["host"]) == "up")
    fleet.wait("the surplus goes", lambda: settled(fleet, 4) and heard(fleet))
    lost = [e["message"] for e in events_since(fleet, since) if e["kind"] == "host-lost"]
    assert lost == [], fleet.picture()
    if unit["name"] in {u["name"] for u in fleet.units("web")}:
        assert fleet.unit_pids()[unit["name"]] == pid, "its unit was started anew"


def test_a_vm_that_is_gone_is_replaced_within_seconds(fleet):
    fleet.wait("4 web", lambda: settled(fleet, 4) and heard(fleet))
    victim = fleet.healthy("web")[0]["host"]
    killed = time.monotonic()
    os.kill(fleet.pid(victim), signal.SIGKILL)
    fleet.wait("4 serve without it", lambda: len([u for u in serving(fleet)
                                                 if u["host"] != victim]) == 4)
    print(f"replaced after {time.monotonic() - killed:.1f} s")
    assert time.monotonic() - killed < 60
    fleet.wait("its record ends", lambda: state_of(fleet, victim) is None)


def test_a_silent_host_is_lost_after_its_pools_time_and_not_before_it_is_replaced(fleet):
    fleet.apply(lambda name, text: text.replace("[pool web]\n", "[pool web]\nlost_after = 8s\n"))
    fleet.scale(4)
    fleet.wait("4 web", lambda: settled(fleet, 4) and heard(fleet))
    since, unit = mark(fleet), fleet.healthy("web")[0]
    os.kill(fleet.agent(unit["host"]), signal.SIGSTOP)
    fleet.wait("its VM ends", lambda: unit["host"] not in fleet.local_hosts())
    kinds = [e["kind"] for e in events_since(fleet, since) if e["host"] == unit["host"]]
    assert kinds.index("host-unknown") < kinds.index("host-replaced") < kinds.index("host-lost")
    fleet.wait("4 web", lambda: settled(fleet, 4) and heard(fleet))


def test_the_host_of_a_stateful_instance_is_ended_by_a_person_alone(fleet):
    fleet.apply(lambda name, text: text.replace(
        "[pool web]\n", "[pool web]\nlost_after = 3s\n").replace(
        "[tier web]\n", "[tier web]\nstateful = yes\n"))
    fleet.scale(4)
    fleet.wait("4 web", lambda: settled(fleet, 4) and heard(fleet))
    since, unit = mark(fleet), serving(fleet)[0]
    os.kill(fleet.agent(unit["host"]), signal.SIGSTOP)
    fleet.wait("people are told", lambda: "stateful-host-unknown" in problems(fleet))
    time.sleep(8)  # more than twice what would end another
    assert ended(fleet, since) == []
    assert state_of(fleet, unit["host"]) == "unknown"
    fleet.cli("drain", unit["host"], "--yes")
    fleet.wait("its VM ends", lambda: unit["host"] not in fleet.local_hosts())
    fleet.wait("nothing is told any more", lambda: heard(fleet))


# ---------------------------------------------------------------- the store alone

@pytest.fixture(scope="module")
def apart():
    """A store at an address of its own, and three web."""
    ports = free_ports(2)
    members = []
    with Quick(time_scale=1, boot_delay="0s", options=OPTIONS) as q:
        address = f"10.{q.net}.255.254"
        try:
            make_bridge(q)
            subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", q.bridge], check=True)
            members.append(Member("s0", f"s0=http://127.0.0.1:{ports[1]}", ports, address))
            members[0].wait_ready()
            q.write_config(1, "0s", OPTIONS, members[0].reach)
            q.start()
            q.apply(lambda name, text: text.replace("[pool web]\n", "[pool web]\nlost_after = 5s\n"))
            q.scale(3)
            q.wait("3 web", lambda: settled(q, 3) and heard(q))
            yield q, members[0]
        finally:
            q.close()
            subprocess.run(["ip", "link", "del", q.bridge], stderr=subprocess.DEVNULL, check=False)
            for m in members:
                m.stop()


def route(q, host, verb, address):
    subprocess.run(["nsenter", "-t", str(q.pid(host)), "-n", "ip", "route", verb, "blackhole",
                    f"{address}/32"], check=True)


def test_a_host_that_is_cut_from_the_store_alone_is_told_and_left_alone(apart):
    q, store = apart
    since, host = mark(q), q.healthy("web")[0]["host"]
    stays_the_same(q, lambda: route(q, host, "add", store.address),
                   lambda: route(q, host, "del", store.address),
                   told="host-cut-from-store", seconds=6)  # more than its pool's time
    assert not [e for e in events_since(q, since) if e["kind"] == "host-replaced"], q.picture()


def test_a_store_that_stops_for_longer_than_any_lease_costs_nothing(apart):
    q, store = apart
    stays_the_same(q, lambda: store.child.send_signal(signal.SIGSTOP),
                   lambda: store.child.send_signal(signal.SIGCONT), seconds=12)
