# SPDX-License-Identifier: GPL-3.0-or-later
"""The digitalocean driver, and a controller with a pool on it, against a fake. Between them
stands Prism with DigitalOcean's own description of its API, in which the body of a creation
was closed: it refuses what the driver asks wrongly, and what the fake answers wrongly."""

import json
import urllib.error
import urllib.request

import pytest

from fakes.digitalocean.cloud import KEY, READER, TOKEN, VPC, Cloud
from fakes.hosts import Hosts
from fakes.server import Server
from peer_tools import Driver, Peer, local_driver, only, wait_for
from prism import Prism

POOL = {"type": "s-1vcpu-1gb", "image": "debian-12-x64", "region": "fra1"}
USER_DATA_MAX = 65536
DROPLETS = "/droplets$"


@pytest.fixture(scope="module", name="judged")
def fixture_judged():
    """The fake, and Prism before it."""
    with Server(Cloud()) as fake, Prism("digitalocean.json", fake.url) as prism:
        fake.judge = prism
        yield fake


@pytest.fixture(name="fake")
def fixture_fake(judged):
    """A cloud of the test's own, at the same addresses."""
    judged.cloud = Cloud()
    return judged


def credentials(fake, token=TOKEN):
    return {"token": token, "endpoint": fake.judge.url}


def driver(fake, token=TOKEN, **options):
    return Driver("digitalocean", {**POOL, **options, "credentials": credentials(fake, token)})


def direct(fake, token=TOKEN, **options):
    """Without Prism, which would not let pass what is deliberately wrong."""
    return Driver("digitalocean", {**POOL, **options, "credentials": {
        "token": token, "endpoint": fake.url}})


# ---------------------------------------------------------------- the judge
def call(base, method, path, body=None):
    """-> the status"""
    request = urllib.request.Request(
        base + path, json.dumps(body).encode() if body else None,
        {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as a:
            return a.status
    except urllib.error.HTTPError as e:
        return e.code


class WrongCloud(Cloud):
    def shown(self, droplet):
        return {**super().shown(droplet), "status": "running"}


def test_the_judge_refuses_wrong_requests_and_wrong_answers(fake):
    judge, droplet = fake.judge.url, {"name": "web-1", "size": POOL["type"],
                                      "image": POOL["image"]}
    assert call(judge, "POST", "/v2/droplets", droplet) == 202
    assert call(judge, "POST", "/v2/droplets", {**droplet, "userdata": "x"}) == 422
    assert call(judge, "POST", "/v2/droplets", {**droplet, "name": "-"}) == 422
    assert call(judge, "GET", "/v2/droplets?per_page=500") == 422
    assert len(fake.cloud.vms()) == len(fake.cloud.calls) == 1
    fake.cloud = WrongCloud()
    assert call(fake.url, "POST", "/v2/droplets", droplet) == 202
    assert call(fake.url, "GET", "/v2/droplets") == 200
    assert call(judge, "GET", "/v2/droplets") == 500


# ---------------------------------------------------------------- the driver
def test_the_check_says_who_and_what_is_left_and_creates_nothing(fake):
    with direct(fake, ssh_keys=f"{KEY['id']}, {KEY['fingerprint']}", vpc=VPC) as d:
        findings = d.ok("validate")["findings"]
        assert not [f for f in findings if f[0]], findings
        text = " ".join(f[1] for f in findings)
        assert "ops@example.org" in text and "0 droplets, and may have 100" in text
        assert "'debian-12-x64' is there: Debian 12 x64" in text and "of 2 images" in text
        assert d.ok("quota") == {"class": "OK", "used": 0, "limit": 100}
    with direct(fake, type="c-4", image="only-ams3", ssh_keys="9", vpc="no-vpc") as d:
        answer = d.ask("validate")
        fatal = " ".join(f[1] for f in answer["findings"] if f[0])
        assert answer["class"] == "BADREQ"
        for word in ("c-4", "only-ams3", "'9'", "no-vpc"):
            assert word in fatal
    for token, status in (("not-that-one", 401), (READER, 403)):
        with direct(fake, token) as d:
            answer = d.ask("validate")
            assert (answer["class"], answer["status"]) == ("AUTH", status)
            assert token not in str(answer)
    assert fake.cloud.vms() == []


def test_types_are_those_of_the_region_with_prices(fake):
    with driver(fake) as d:
        types = {t["name"]: t for t in d.ok("types")["types"]}
        assert set(types) == {"s-1vcpu-1gb", "s-2vcpu-2gb"}
        assert types["s-1vcpu-1gb"] == {
            "name": "s-1vcpu-1gb", "cpu": 1.0, "memory_bytes": 1 << 30, "price_hour": 0.00893,
            "currency": "USD"}


def test_a_droplet_is_what_was_asked_for_and_goes_with_its_tag(fake):
    text = "#!/bin/sh\n" + "#" * (USER_DATA_MAX - 10)
    with driver(fake, ssh_keys=f"{KEY['id']}, {KEY['fingerprint']}", vpc=VPC, ipv6="yes") as d:
        assert d.launch(1, user_data=text + "#")["class"] == "BADREQ"
        made = d.launch(1, user_data=text, expires_ms=1700000000000)["vm"]
        droplet = only(fake.cloud.vms())
        assert droplet["user_data"] == text and droplet["vpc_uuid"] == VPC
        assert droplet["tags"] == ["ft-owner:us", "ft-pool:web", f"ft-launch:{1:032x}",
                                   "ft-expires:1700000000"]
        vm = wait_for("it runs", lambda: [v for v in d.vms() if v["state"] == "RUNNING"])[0]
        assert vm["id"] == made["id"] and vm["launch_id"] == f"{1:032x}"
        assert vm["address"].startswith("10.10.0.")
        for _ in range(2):
            d.ok("terminate", owner="us", id=made["id"])
        assert d.vms() == [] and f"ft-launch:{1:032x}" not in fake.cloud.tags


def test_lists_are_of_all_pages_and_of_the_owner_alone(fake):
    fake.cloud.set({"page": 2})
    with driver(fake) as d:
        ours = {d.launch(n)["vm"]["id"] for n in range(5)}
        theirs = d.launch(100, owner="them")["vm"]["id"]
        fake.cloud.calls.clear()
        assert {v["id"] for v in d.vms()} == ours
        assert len(fake.cloud.calls) == 3
        answer = d.ask("terminate", owner="us", id=theirs)
        assert answer["class"] == "CONFLICT" and "them" in answer["message"]
        assert len(fake.cloud.vms()) == 6


def test_what_a_launch_meets_is_told_in_its_class(fake):
    for what, cls in (("throttle", "THROTTLED"), ("capacity", "CAPACITY"), ("quota", "QUOTA"),
                      ("auth", "AUTH")):
        with driver(fake) as d:
            fake.cloud.faults.add("POST", DROPLETS, what)
            assert d.launch(1)["class"] == cls, what
    fake.cloud.set({"limit": 1})
    with driver(fake) as d:
        assert d.launch(1)["class"] == "OK"
        assert d.launch(2)["class"] == "QUOTA"


def test_what_is_no_answer_is_ambiguous_or_transient(fake):
    for what in ("unavailable", "garbage", "cut", "lose"):
        with direct(fake) as d:
            fake.cloud.faults.add("POST", DROPLETS, what)
            assert d.launch(1)["class"] == "AMBIGUOUS", what
            fake.cloud.faults.add("GET", DROPLETS, what)
            assert d.ask("list", owner="us")["class"] == "TRANSIENT", what
    # Nothing but what was done before the answer was lost: found by its launch.
    assert len(fake.cloud.vms()) == 3


def test_certificates_are_checked(fake):
    for name, cls in (("127.0.0.1", "OK"), ("elsewhere.test", "TRANSIENT")):
        with Server(fake.cloud, tls=True, name=name) as secure, \
                direct(secure, ca=secure.ca) as d:
            assert d.ask("list", owner="us")["class"] == cls


# ---------------------------------------------------------------- a controller
def test_agents_join_and_a_pool_scales_out_and_in(fake):
    with Peer("digitalocean", credentials(fake), POOL, lambda: len(fake.cloud.vms())) as p, \
            local_driver(p) as local:
        fake.cloud.hosts = Hosts(local)
        p.start()
        p.scale(2)
        wait_for("both are up", lambda: len(
            [h for h in p.hosts("peer") if h["state"] == "up"]) == 2)
        wait_for("their units run", lambda: p.healthy("peer"))
        p.scale(1)
        p.ends(1)
        p.api("/v1/stacks/peer", "DELETE")
        p.ends(0)
        assert not fake.cloud.hosts.ids
        wait_for("no launch's tag is left", lambda: not [
            t for t in fake.cloud.tags if t.startswith("ft-launch:")])


def test_a_launch_whose_answer_was_lost_is_one_droplet(fake):
    with Peer("digitalocean", {"token": TOKEN, "endpoint": fake.url}, POOL,
              lambda: len(fake.cloud.vms())) as p:
        p.start()
        fake.cloud.faults.add("POST", DROPLETS, "lose")
        p.scale(2)
        wait_for("both are known", lambda: len([
            h for h in p.hosts("peer") if h["state"] == "booting"]) == 2)
        p.ends(2)
        assert only(p.events("launch-failed")).count("may have been launched") == 1
        assert fake.cloud.faults.left() == []
        p.api("/v1/stacks/peer", "DELETE")
        p.ends(0)
