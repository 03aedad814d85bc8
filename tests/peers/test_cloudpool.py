# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloudpool driver, and a controller with a pool on it, against a fake pool that has a loop
of its own. Between them stands Prism with the closed description of the API: it refuses what
the driver asks wrongly, and what the fake answers wrongly."""

import json
import urllib.error
import urllib.request

import pytest

from fakes.cloudpool.cloud import MULTI, PASSWORD, USER, Cloud
from fakes.hosts import Hosts
from fakes.server import Server
from peer_tools import Driver, Peer, local_driver, only, wait_for
from prism import Prism

SIZE, TERMINATE = "/size$", "/terminate$"


@pytest.fixture(scope="module", name="judged")
def fixture_judged():
    """The fake, and Prism before it."""
    with Server(Cloud()) as fake, Prism("cloudpool.json", fake.url) as prism:
        fake.judge = prism
        yield fake


@pytest.fixture(name="fake")
def fixture_fake(judged):
    """A pool of the test's own, at the same address."""
    judged.cloud = Cloud()
    return judged


@pytest.fixture(name="driver")
def fixture_driver(fake, tmp_path):
    """Opens drivers of one book, through Prism unless another address is given."""
    def make(url=None, password=PASSWORD, **options):
        return Driver("cloudpool", {
            "endpoint": url or fake.judge.url, "state_dir": str(tmp_path), **options,
            "credentials": {"username": USER, "password": password}})
    return make


def running(d):
    return [v for v in d.vms() if v["state"] == "RUNNING"]


# ---------------------------------------------------------------- the judge
def call(base, path, body=None):
    """-> the status"""
    request = urllib.request.Request(
        base + path, json.dumps(body).encode() if body else None,
        {"Content-Type": "application/json", "Authorization": "Basic ZnQ6YS1wYXNzd29yZC1vZi10"
                                                              "aGUtZmFrZQ=="})
    try:
        with urllib.request.urlopen(request, timeout=60) as a:
            return a.status
    except urllib.error.HTTPError as e:
        return e.code


class WrongPool(Cloud):
    def turn(self):
        super().turn()
        for machine in self.machines.values():
            machine["machineState"] = "DANCING"


def test_the_judge_refuses_wrong_requests_and_wrong_answers(fake):
    judge = fake.judge.url
    assert call(judge, "/pool/size", {"desiredSize": 1}) == 200
    assert call(judge, "/pool/size", {"desiredSize": 1, "more": 1}) == 422
    assert call(judge, "/pool/terminate", {"machineId": "m1"}) == 422
    assert call(judge, f"/cloudpools/{MULTI}/pool") == 200
    fake.cloud = WrongPool(size=1)
    assert call(judge, "/pool") == 500
    assert call(fake.url, "/pool") == 200
    wait_for("all three are in its log", lambda: fake.judge.violations() == 3)


# ---------------------------------------------------------------- the driver
@pytest.mark.parametrize("options", [{}, {"cloudpool": MULTI}])
def test_launches_get_machines_and_end_by_their_ids(fake, driver, options):
    refused = fake.judge.violations()
    with driver(**options) as d:
        assert not [f for f in d.ok("validate")["findings"] if f[0]]
        for n in (1, 1, 2):
            assert d.launch(n)["class"] == "OK"
        vms = wait_for("both run", lambda: len(running(d)) == 2 and d.vms())
        assert {v["launch_id"] for v in vms} == {f"{n:032x}" for n in (1, 2)}
        assert len({v["address"] for v in vms}) == len(fake.cloud.vms()) == 2
        assert not [m for m in fake.cloud.vms() if m["membershipStatus"]["evictable"]]
        for _ in range(2):
            d.ok("terminate", owner="us", id=vms[0]["id"])
        assert [v["id"] for v in d.vms()] == [vms[1]["id"]]
        assert fake.cloud.size == len(fake.cloud.vms()) == 1
        assert d.ask("terminate", owner="them", id=vms[1]["id"])["class"] == "CONFLICT"
        d.ok("terminate", owner="us", id=vms[1]["id"])
        assert (d.vms(), fake.cloud.size, fake.cloud.vms()) == ([], 0, [])
    assert fake.judge.violations() == refused


def test_a_lost_answer_and_a_restart_make_no_second_machine(fake, driver):
    for what in ("lose", "drop"):
        fake.cloud = Cloud()
        fake.cloud.faults.add("POST", SIZE, what)
        with driver(fake.url) as d:
            first = d.launch(int(what, 36))
        with driver(fake.url) as d:
            assert first["class"] == "AMBIGUOUS", what
            vm = only(wait_for("it runs", lambda: running(d)))
            assert d.launch(int(what, 36))["vm"]["id"] == vm["id"]
            assert fake.cloud.size == len(fake.cloud.vms()) == 1
            for fault in ("lose", None):
                if fault:
                    fake.cloud.faults.add("POST", TERMINATE, fault)
                answer = d.ask("terminate", owner="us", id=vm["id"])
                assert answer["class"] == ("AMBIGUOUS" if fault else "OK")
            assert (fake.cloud.size, d.vms()) == (0, [])


def test_the_pools_own_loop_never_ends_a_host(fake, driver):
    with driver() as d:
        for n in (1, 2):
            d.launch(n)
        wait_for("both run", lambda: len(running(d)) == 2)
        # Somebody makes the pool smaller: it finds no victim.
        fake.cloud.set({"size": 0})
        assert len(running(d)) == 2
        d.ok("terminate", owner="us", id=f"{1:032x}")
        assert fake.cloud.size == len(fake.cloud.vms()) == 1
        assert only(running(d))["launch_id"] == f"{2:032x}"


def test_a_strangers_machine_stays(fake, driver):
    fake.cloud.set({"size": 1})
    fake.cloud.turn()
    theirs = only(fake.cloud.vms())
    theirs["membershipStatus"]["evictable"] = False
    with driver() as d:
        d.launch(1)
        vm = only(wait_for("ours runs", lambda: running(d)))
        assert len(fake.cloud.vms()) == 2
        d.ok("terminate", owner="us", id=vm["id"])
        assert only(fake.cloud.vms()) == theirs


def test_what_a_launch_meets_is_told_in_its_class(fake, driver):
    for what, cls in (("throttle", "THROTTLED"), ("auth", "AUTH")):
        fake.cloud.faults.add("POST", SIZE, what)
        with driver(fake.url) as d:
            assert d.launch(ord(what[0]))["class"] == cls, what
    with driver() as d:
        fake.cloud.set({"limit": 0})
        answer = d.launch(1)
        assert answer["class"] == "BADREQ" and "0 to 0" in answer["message"]
        fake.cloud.set({"started": False})
        assert d.launch(2)["class"] == "TRANSIENT"
        assert d.ask("validate")["class"] == "BADREQ"
    with driver(password="not-that-one") as d:
        answer = d.ask("list", owner="us")
        assert answer["class"] == "AUTH" and "not-that-one" not in str(answer)


def test_certificates_are_checked_and_shown(fake, driver, tmp_path):
    for name, cls in (("127.0.0.1", "OK"), ("elsewhere.test", "TRANSIENT")):
        with Server(fake.cloud, tls=True, name=name) as secure, \
                driver(secure.url, ca=secure.ca) as d:
            assert d.ask("list", owner="us")["class"] == cls
    # A server that wants one of a client takes the one that the profile names.
    with Server(fake.cloud, tls=True, asks=True) as secure:
        with driver(secure.url, ca=secure.ca) as d:
            assert d.ask("list", owner="us")["class"] == "TRANSIENT"
        with Driver("cloudpool", {
                "endpoint": secure.url, "ca": secure.ca, "state_dir": str(tmp_path),
                "credentials": {"username": USER, "password": PASSWORD,
                                "certificate": secure.certificate.chain,
                                "key": secure.certificate.chain}}) as d:
            d.ok("list", owner="us")


# ---------------------------------------------------------------- a controller
def test_agents_join_and_a_pool_scales_out_and_in(fake):
    """All machines of the pool boot with one text: each asks which host it is."""
    with Peer("cloudpool", {"endpoint": fake.judge.url, "username": USER, "password": PASSWORD}, {},
              lambda: len(fake.cloud.vms())) as p, local_driver(p) as local:
        with open(p.path("foretide.conf"), "a", encoding="ascii") as f:
            f.write(f"[driver cloudpool]\nstate_dir = {p.path('given')}\n")
        p.start()
        p.scale(0)
        fake.cloud.hosts = Hosts(local)
        fake.cloud.user_data = p.api("/v1/enrolments/pool/peer")["command"]
        p.scale(2)
        up = wait_for("both are up", lambda: len(
            [h for h in p.hosts("peer") if h["state"] == "up"]) == 2 and p.hosts("peer"))
        assert {h["address"] for h in up} == {m["privateIps"][0] for m in fake.cloud.vms()}
        wait_for("their units run", lambda: len(p.healthy("peer")) == 2)
        p.kill()
        p.start()
        p.scale(1)
        p.ends(1)
        left, = [h for h in p.hosts("peer") if h["state"] == "up"]
        assert left["id"] in [h["id"] for h in up]
        assert only(fake.cloud.vms())["privateIps"] == [left["address"]]
        p.api("/v1/stacks/peer", "DELETE")
        p.ends(0)
        assert fake.cloud.size == 0 and not fake.cloud.hosts.ids
