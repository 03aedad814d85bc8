# SPDX-License-Identifier: GPL-3.0-or-later
"""The gce driver, and a controller with a pool on it, against a fake Compute Engine that
Google's own contract (by Prism) and Google's own client judge."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from fakes.gce import catalog
from fakes.gce.cloud import EMAIL, Cloud
from fakes.hosts import Hosts
from fakes.server import Server
from peer_tools import BUILD, HERE, Driver, Peer, local_driver, only, wait_for
from prism import Prism

ZONE = catalog.ZONES[0]
POOL = {"type": "e2-small", "zone": ZONE, "image": "debian-cloud/debian-12"}


def node(script, *arguments):
    """What a script of the fake's wrote, which may need what is installed from npm."""
    return subprocess.run(
        ["node", os.path.join(HERE, "fakes", "gce", script), *arguments], check=True,
        stdout=subprocess.PIPE, text=True, timeout=300,
        env=dict(os.environ, NODE_PATH=os.path.join(BUILD, "peers/npm/node_modules"))).stdout


class Judged:
    """A fake with Prism before it; each test has a cloud of its own at their addresses."""

    def __init__(self, fake, prism):
        self.fake, self.prism = fake, prism

    @property
    def cloud(self):
        return self.fake.cloud

    def credentials(self):
        return credentials(self.cloud, self.fake.url, self.prism.url)

    def driver(self, given=None, **options):
        return Driver("gce", {**POOL, **options, "credentials": given or self.credentials()})


def credentials(cloud, url, endpoint):
    key = cloud.key_file(url)
    taken = ("project_id", "client_email", "private_key", "private_key_id", "token_uri")
    return {**{k: key[k] for k in taken}, "endpoint": endpoint}


@pytest.fixture(scope="module", name="judge")
def fixture_judge(tmp_path_factory):
    contract = str(tmp_path_factory.mktemp("gce") / "contract.json")
    node("contract.js", contract)
    with Server(Cloud()) as fake, Prism(contract, f"{fake.url}/compute/v1") as prism:
        yield Judged(fake, prism)


@pytest.fixture(name="gce")
def fixture_gce(judge):
    judge.fake.cloud = Cloud()
    before = judge.prism.violations()
    yield judge
    assert judge.prism.violations() == before


def test_the_contract_refuses_what_is_not_of_it(judge):
    before = judge.prism.violations()
    with judge.driver() as d:
        judge.cloud.faults.add("GET", "/regions/", "answer", status=200, body='{"quota": []}',
                               headers={"Content-Type": "application/json"})
        assert d.ask("quota")["status"] == 500, "an answer"
    body = {"name": "web-1", "machinetype": "e2-small"}
    request = urllib.request.Request(
        f"{judge.prism.url}/projects/a-project/zones/{ZONE}/instances",
        json.dumps(body).encode(),
        {"Authorization": "Bearer x", "Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError, match="422"):
        urllib.request.urlopen(request, timeout=60)
    wait_for("Prism tells both", lambda: judge.prism.violations() == before + 2)


def test_the_check_says_who_and_what_is_left_and_creates_nothing(gce):
    with gce.driver() as d:
        findings = d.ok("validate")["findings"]
        assert not [f for f in findings if f[0]], findings
        text = " ".join(f[1] for f in findings)
        assert "is there: debian-12" in text
        assert f"{EMAIL} of project a-project" in text
        assert "8 more VMs" in text, "the addresses are the least"
        assert d.ok("quota") == {"class": "OK", "used": 0, "limit": 8}
        assert {t["name"]: (t["cpu"], t["memory_bytes"] >> 20) for t in d.ok("types")["types"]} \
            == catalog.TYPES
    assert gce.cloud.vms() == []


def test_the_check_finds_all_that_is_wrong(gce):
    with gce.driver(image="no-image", type="no-type") as d:
        answer = d.ask("validate")
        fatal = " ".join(f[1] for f in answer["findings"] if f[0])
        assert "no-image" in fatal and "no-type" in fatal
    with gce.driver(image="debian-cloud/debian-77") as d:
        assert "debian-77" in d.ask("validate")["message"]
    other = Cloud().key_file(gce.fake.url)["private_key"]
    with gce.driver({**gce.credentials(), "private_key": other}) as d:
        answer = d.ask("validate")
        assert answer["class"] == "AUTH" and answer["code"] == "invalid_grant"
    gce.cloud.set({"may_launch": False})
    with gce.driver() as d:
        assert d.ask("validate")["class"] == "AUTH"


def test_a_vm_is_what_was_asked_for(gce):
    with gce.driver(disk_gb="20", disk_type="pd-ssd", network_tags="web, inside") as d:
        vm = d.launch(1, user_data="#!/bin/sh\n", expires_ms=4102444800000)["vm"]
        assert vm["id"] == f"{ZONE}/web-1" and vm["state"] == "PENDING"
        made = only(gce.cloud.vms())
        assert made["labels"] == {"ft-owner": "us", "ft-pool": "web", "ft-launch": f"{1:032x}",
                                  "ft-expires": "4102444800"}
        assert made["metadata"]["items"] == [{"key": "startup-script", "value": "#!/bin/sh\n"}]
        assert made["tags"] == {"items": ["web", "inside"]}
        assert made["disks"][0]["autoDelete"]
        vm = wait_for("it runs", lambda: [v for v in d.vms() if v["state"] == "RUNNING"])[0]
        assert vm["type"] == "e2-small" and vm["zone"] == ZONE
        assert vm["address"].startswith("10.132.") and vm["created_ms"] > 0
        assert d.ok("console", id=vm["id"])["text"] == "the console of web-1\n"
        for _ in range(2):
            d.ok("terminate", owner="us", id=vm["id"])
        assert d.vms() == [] and gce.cloud.vms() == []
        assert d.ask("console", id=vm["id"])["class"] == "NOTFOUND"


def test_what_is_reclaimed_or_expires_the_cloud_deletes(gce):
    with gce.driver() as d:
        d.launch(1, spot=True)
        d.launch(2, expires_ms=int(time.time() * 1000) + 3600 * 1000)
        d.launch(3)
        spot, brief, plain = (v.get("scheduling") for v in gce.cloud.vms())
        assert spot["provisioningModel"] == "SPOT"
        assert spot["instanceTerminationAction"] == "DELETE" and "maxRunDuration" not in spot
        assert 3500 < int(brief["maxRunDuration"]["seconds"]) <= 3600
        assert brief["instanceTerminationAction"] == "DELETE"
        assert plain is None
        assert len(d.vms()) == 3


def test_a_launch_id_launches_at_most_once(gce):
    with gce.driver() as d:
        gce.cloud.faults.add("POST", "/instances$", "lose")
        assert d.launch(1)["class"] == "AMBIGUOUS"
        first = only(d.vms())["id"]
        assert d.launch(1)["vm"]["id"] == first
        # After the cloud forgot the request, by the name.
        gce.cloud.requests.clear()
        assert d.launch(1)["vm"]["id"] == first
        assert len(gce.cloud.vms()) == 1
        theirs = d.ask("launch", owner="us", pool="web", name="web-1", launch_id=f"{2:032x}")
        assert theirs["class"] == "CONFLICT"
        # One that is gone is not launched again.
        assert d.launch(3)["class"] == "OK"
        d.ok("terminate", owner="us", id=f"{ZONE}/web-3")
        assert d.launch(3)["vm"]["state"] == "GONE"


def test_lists_are_of_all_pages_and_of_the_owner_alone(gce):
    gce.cloud.set({"page": 2})
    with gce.driver(zone=catalog.ZONES[1]) as d:
        ours = {d.launch(n)["vm"]["id"] for n in range(1, 4)}
    with gce.driver() as d:
        ours |= {d.launch(n)["vm"]["id"] for n in range(4, 6)}
        theirs = d.launch(100, owner="them")["vm"]["id"]
        gce.cloud.calls.clear()
        assert {v["id"] for v in d.vms()} == ours
        assert len([c for c in gce.cloud.calls if "/aggregated/" in c[1]]) == 3
        answer = d.ask("terminate", owner="us", id=theirs)
        assert answer["class"] == "CONFLICT" and "them" in answer["message"]
        assert len(gce.cloud.vms()) == 6
        gce.cloud.set({"unreachable": catalog.ZONES[1]})
        answer = d.ask("list", owner="us")
        assert answer["class"] == "TRANSIENT" and catalog.ZONES[1] in answer["message"]


@pytest.mark.parametrize("code, expected", [
    ("ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS", "CAPACITY"), ("QUOTA_EXCEEDED", "QUOTA"),
    ("RESOURCE_OPERATION_RATE_EXCEEDED", "THROTTLED"), ("INTERNAL_ERROR", "TRANSIENT")])
def test_an_operation_that_fails_is_told_as_what_failed(gce, code, expected):
    gce.cloud.set({"fails": code, "op_polls": 3})
    with gce.driver() as d:
        answer = d.launch(1)
        assert answer["class"] == expected and answer["code"] == code
        assert answer["request_id"].startswith("operation-")
        assert d.vms() == []


def test_refusals_have_their_classes(gce):
    with gce.driver() as d:
        d.vms()
        for what, more, expected in (("throttle", {}, "THROTTLED"), ("quota", {}, "QUOTA"),
                                     ("throttle", {"retry_after": 7}, "THROTTLED"),
                                     ("capacity", {}, "CAPACITY"),
                                     ("unavailable", {}, "AMBIGUOUS")):
            gce.cloud.faults.add("POST", "/instances$", what, **more)
            assert d.launch(1)["class"] == expected
        assert gce.cloud.vms() == []
        assert d.launch(1)["class"] == "OK"


def test_a_token_that_is_no_longer_taken_is_renewed(gce):
    with gce.driver() as d:
        d.vms()
        gce.cloud.tokens.clear()
        assert d.launch(1)["class"] == "OK"
        assert len(gce.cloud.tokens) == 1


def test_googles_client_finds_what_it_expects(gce):
    seen = json.loads(node("client.js", str(gce.fake.port), gce.cloud.new_token(), "us"))
    assert seen.pop("address").startswith("10.132.")
    assert seen == {"inserted": "DONE", "before": ["by-google"], "status": "RUNNING",
                    "after": [], "missing": 404}


def straight(server, **options):
    """The driver at a server of its own, with nothing between."""
    return Driver("gce", {**POOL, **options, "credentials": credentials(
        server.cloud, server.url, f"{server.url}/compute/v1")})


@pytest.mark.parametrize("what, more", [("lose", {}), ("cut", {}), ("garbage", {}),
                                        ("huge", {"bytes": (8 << 20) + 4096})])
def test_an_answer_that_cannot_be_read_says_nothing(what, more):
    with Server(Cloud()) as fake, straight(fake) as d:
        fake.cloud.faults.add("POST", "/instances$", what, **more)
        assert d.launch(1)["class"] == "AMBIGUOUS"
        assert len(fake.cloud.vms()) == 1
        fake.cloud.faults.add("GET", "/aggregated/", what, **more)
        assert d.ask("list", owner="us")["class"] == "TRANSIENT"
        assert d.launch(1)["vm"]["id"] == only(d.vms())["id"]


def test_a_server_of_another_name_gets_nothing():
    with Server(Cloud(), tls=True) as fake, straight(fake, ca=fake.ca) as d:
        assert d.launch(1)["class"] == "OK"
    with Server(Cloud(), tls=True, name="elsewhere.test") as fake, \
            straight(fake, ca=fake.ca) as d:
        answer = d.launch(1)
        assert answer["class"] == "TRANSIENT" and "certificate" in answer["message"]
        assert fake.cloud.calls == []


# ---------------------------------------------------------------- a controller
@pytest.fixture(name="peer")
def fixture_peer(gce, tmp_path):
    key = tmp_path / "key.json"
    key.write_text(json.dumps(gce.cloud.key_file(gce.fake.url)))
    key.chmod(0o600)
    credentials = {"gce_service_account_file": str(key), "endpoint": gce.prism.url}
    with Peer("gce", credentials, POOL, lambda: len(gce.cloud.vms())) as p:
        yield p


def test_a_pool_scales_out_and_in_and_nothing_is_left(gce, peer):
    with local_driver(peer) as local:
        gce.cloud.hosts = hosts = Hosts(local)
        try:
            peer.start()
            peer.scale(2)
            peer.ends(2)
            wait_for("all are up", lambda: len([
                h for h in peer.hosts("peer") if h["state"] == "up"]) == 2)
            peer.scale(1)
            peer.ends(1)
            peer.api("/v1/stacks/peer", "DELETE")
            peer.ends(0)
        finally:
            hosts.close()
