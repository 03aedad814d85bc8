# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole system on this machine: it scales, drains, loses hosts and agents and its own
controller, and no request fails."""

import os
import signal
import time

import pytest

from rig_tools import Load, Quick, wait_for
from store_tools import ROOT, b64, post, prefix_end


@pytest.fixture
def quick():
    with Quick() as q:
        q.start()
        q.apply()
        q.scale(1)  # until the test says otherwise
        yield q.up()


def settled(q, web):
    """Exactly web hosts and units, and nothing on its way."""
    units, hosts = q.units("web"), q.hosts("web")
    return (len(units) == len(hosts) == web == len(q.healthy("web"))
            and all(h["state"] == "up" for h in hosts)
            and {u["host"] for u in units} == {h["id"] for h in hosts})


# ---------------------------------------------------------------- scaling and drain

def test_no_request_fails_while_web_scales_out_and_in(quick):
    with Load(quick, rate=10) as load:
        load.flows()
        quick.scale(4)
        quick.wait("4 web", lambda: settled(quick, 4))
        quick.wait("all are balanced", lambda: len(quick.balanced()) == 4)
        load.flows(20)
        quick.scale(1)
        quick.wait("1 web", lambda: settled(quick, 1))
        load.flows(10)
        load.finish_without_failure()
    events = quick.items("/v1/events?since=0")
    launched = [e for e in events if e["kind"] == "host-launched"]
    assert len(launched) == 5, "hosts were launched that nothing asked for"
    quick.wait("hosts are gone underneath", lambda: len(quick.local_hosts()) == 2)


def test_a_drained_host_goes_when_its_units_run_elsewhere_and_no_request_fails(quick):
    victim = quick.hosts("web")[0]["id"]
    balancer = quick.healthy("lb")[0]["host"]
    lowest = []

    def replaced():
        names = quick.balanced_by(balancer)
        if names is not None:  # not to be asked for a moment is not to have none
            lowest.append(len(names))
        hosts = [h["id"] for h in quick.hosts("web")]
        return victim not in hosts and settled(quick, 1)

    with Load(quick, rate=10) as load:
        load.flows()
        quick.cli("drain", victim, "--yes")
        quick.wait("another host is there and the drained one gone", replaced)
        load.flows(10)
        load.finish_without_failure()
    assert min(lowest) >= 1, "the unit was taken away before another stood in"
    assert victim not in quick.local_hosts()


def test_a_hold_stops_scaling_and_its_release_lets_it_go_on(quick):
    quick.cli("hold", "quick/web", "--reason", "audit", "--for", "2h")
    quick.api("/v1/tiers/quick/web", "PATCH", {"max": 6})
    with Load(quick, rate=14) as load:
        load.flows()
        quick.wait("the sentence names the hold", lambda: "audit" in
                   quick.tier("quick", "web")["sentence"])
        quick.wait("the demand is seen", lambda:
                   (quick.tier("quick", "web")["demand"]["value"] or 0) > 10)
        assert quick.tier("quick", "web")["desired"] == 1
        quick.cli("release", str(quick.items("/v1/holds")[0]["id"]))
        quick.wait("it scales", lambda: quick.tier("quick", "web")["desired"] >= 3)
        quick.wait("3 web", lambda: len(quick.healthy("web")) >= 3)
        load.finish_without_failure()


def test_a_deleted_stack_leaves_no_host_unit_or_key(quick):
    quick.scale(2)
    quick.up(web=2)
    quick.cli("delete", "quick", "--yes")
    quick.wait("no unit", lambda: quick.units() == [])
    quick.wait("no host", lambda: quick.hosts() == [])
    quick.wait("nothing underneath", lambda: quick.local_hosts() == {})
    assert quick.items("/v1/stacks") == []
    assert quick.items("/v1/tiers") == []

    def left():
        keys = []
        for prefix in ("/foretide/schedule/", "/foretide/units/", "/foretide/conf/",
                       "/foretide/hosts/", "/foretide/states/", "/skydns/"):
            doc = post(quick.url, "/v3/kv/range",
                       {"key": b64(prefix), "range_end": b64(prefix_end(prefix))},
                       {"Authorization": f"Bearer {quick.token}"})[1]
            keys += doc.get("kvs", [])
        return keys

    quick.wait("no key", lambda: left() == [])


# ---------------------------------------------------------------- losses

def test_the_bundled_balancer_looks_often_enough_to_leave_a_dead_server_out_in_2_s():
    path = os.path.join(ROOT, "stacks/wordpress/templates/lb/haproxy.cfg")
    with open(path, encoding="utf-8") as f:
        line = next(x.split() for x in f if x.strip().startswith("default-server"))
    inter, fastinter, fall = (line[line.index(w) + 1] for w in ("inter", "fastinter", "fall"))
    inter, fastinter = (int(t.removesuffix("ms")) for t in (inter, fastinter))
    # Until the next look, and each look waits for an answer no longer than inter.
    assert inter + inter + (int(fall) - 1) * (fastinter + inter) <= 2000


def test_a_killed_web_host_is_left_out_by_the_balancer_alone_and_replaced(quick):
    quick.scale(3)
    quick.up(web=3)
    unit = quick.healthy("web")[0]
    victim = unit["host"]
    server = unit["name"].split(".")[0].replace("@", "-") + "-8080"
    balancer = quick.healthy("lb")[0]["host"]

    def is_left_out():
        names = quick.balanced_by(balancer)
        return names is not None and server not in names

    with Load(quick, rate=10) as load:
        load.flows()
        assert server in quick.balanced()
        quick.process.send_signal(signal.SIGSTOP)  # nobody tells it of the loss
        try:
            killed = time.monotonic()
            os.kill(quick.pid(victim), signal.SIGKILL)
            wait_for("the balancer leaves it out", is_left_out, every=0.02)
            print(f"out of the balancer after {time.monotonic() - killed:.2f} s")
        finally:
            quick.process.send_signal(signal.SIGCONT)
        quick.wait("it is replaced", lambda: settled(quick, 3) and
                   victim not in [h["id"] for h in quick.hosts("web")])
        print(f"replaced after {time.monotonic() - killed:.1f} s")
        quick.wait("all are balanced", lambda: len(quick.balanced()) == 3)
        stats = load.finish()
        assert stats["failed"] == 0, stats
    assert victim not in quick.local_hosts()


def test_units_outlive_their_agent_and_the_next_one_adopts_them(quick):
    unit = quick.healthy("web")[0]
    before = quick.unit_pids()
    old = quick.agent(unit["host"])
    with Load(quick, rate=10) as load:
        load.flows()
        os.kill(old, signal.SIGKILL)
        quick.wait("another agent runs", lambda: quick.agent(unit["host"]) not in (None, old))
        quick.scale(2)
        quick.wait("a second web", lambda: settled(quick, 2))
        load.flows(10)
        load.finish_without_failure()
    after = quick.unit_pids()
    assert {name: after[name] for name in before} == before, "a unit was started anew"
    status, text = quick.inside(unit["host"], "cat", f"/proc/{1}/comm")
    assert (status, text.strip()) == (0, "foretide-local-")
    restarts = [e for e in quick.items("/v1/events?since=0") if e["kind"] == "unit-failed"]
    assert restarts == []


def all_resolve(q):
    """Every host's own name server gives the addresses of all of web."""
    want = sorted(s["address"] for s in q.services("web"))
    return all(resolves(q, h["id"], want) for h in q.hosts())


def resolves(q, host, want):
    status, text = q.inside(host, "dig", "@127.0.0.1", "+short", "+time=60", "+tries=1",
                            "web.quick.foretide.local", "A")
    return status == 0 and sorted(text.split()) == want


@pytest.mark.parametrize("how,away_s", [("stopped", 60), ("killed", 20)])
def test_all_goes_on_without_controller_and_store(quick, how, away_s):
    quick.scale(3)
    quick.up(web=3)
    quick.wait("all names resolve", lambda: all_resolve(quick))
    before = quick.unit_pids()
    hosts = {h["id"] for h in quick.hosts()}
    want = sorted(s["address"] for s in quick.services("web"))
    with Load(quick, rate=10) as load:
        load.flows()
        ends = time.monotonic() + away_s
        if how == "stopped":
            quick.process.send_signal(signal.SIGSTOP)
        else:
            quick.kill()
        try:
            while time.monotonic() < ends:
                for host in hosts:
                    assert resolves(quick, host, want), f"{host} does not resolve"
                load.flows(10)
        finally:
            if how == "stopped":
                quick.process.send_signal(signal.SIGCONT)
        if how == "killed":
            quick.start()
        quick.wait("all is seen again", lambda: settled(quick, 3))
        rounds = quick.rounds()
        quick.wait("it is decided on", lambda: quick.rounds() > rounds + 20)
        load.flows(20)
        load.finish_without_failure()
    assert {h["id"] for h in quick.hosts()} == hosts, quick.picture()
    assert quick.unit_pids() == before, "a unit was started anew"
    quick.wait("all names resolve", lambda: all_resolve(quick))
    quick.scale(4)
    quick.wait("it still scales", lambda: settled(quick, 4))


# ---------------------------------------------------------------- killed in mid-launch

def journal(q):
    return q.db("SELECT launch_id, host, state FROM launch")


def test_a_controller_killed_at_any_point_of_a_scale_out_loses_and_doubles_nothing():
    """Ten times: out by two hosts, killed a moment later, started again."""
    with Quick(boot_delay="15s", edit=lambda name, text: text.replace("max = 6", "max = 24")
               .replace("max = 8", "max = 30")) as q:
        q.start()
        q.apply()
        q.up()
        for i in range(10):
            want = 1 + 2 * (i % 3 + 1) if i % 4 else 2
            have = {h["id"] for h in q.hosts("web")}
            q.scale(want)
            time.sleep(0.03 * i * i)  # the moment is what is tested
            q.kill()
            q.start()
            q.wait(f"{want} web after kill {i}", lambda w=want: settled(q, w))
            check_books(q, have)


def check_books(q, before):
    """Driver, database and API tell the same; nothing was launched twice."""
    q.wait("driver and API agree", lambda: set(q.local_hosts()) == {h["id"] for h in q.hosts()})
    rows = journal(q)
    assert len({r[0] for r in rows}) == len(rows) == len({r[1] for r in rows})
    assert all(state in ("done", "failed") for _, _, state in rows), rows
    present = {h["id"] for h in q.hosts()}
    assert present <= {host for _, host, state in rows if state == "done"}
    launches = {meta["launch_id"] for meta in q.local_hosts().values()}
    assert len(launches) == len(present)
    kept = before & present
    alive = {h["id"] for h in q.hosts() if h["state"] == "up"}
    assert kept <= alive
    assert not [e for e in q.items("/v1/events?since=0")
                if e["kind"] in ("host-lost", "host-failed", "orphan-found")], q.picture()
