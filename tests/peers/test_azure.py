# SPDX-License-Identifier: GPL-3.0-or-later
"""The azure driver, and a controller with a pool on it, against a fake Azure that a contract
made of Microsoft's own client (by Prism) and that client judge."""

import json
import os
import subprocess
import urllib.error
import urllib.request

import pytest

from fakes.azure import catalog
from fakes.azure.cloud import Cloud
from fakes.hosts import Hosts
from fakes.server import Server
from peer_tools import BUILD, HERE, Driver, Peer, local_driver, only, wait_for
from prism import Prism

POOL = {"type": "Standard_B1ms", "location": catalog.LOCATION, "subnet": "net/hosts",
        "image": "Debian:debian-12:12-gen2:latest"}
VMS = "/virtualMachines/[^/]+$"


def node(script, *arguments):
    """What a script of the fake's wrote, which may need what is installed from npm."""
    return subprocess.run(
        ["node", os.path.join(HERE, "fakes", "azure", script), *arguments], check=True,
        stdout=subprocess.PIPE, text=True, timeout=300,
        env=dict(os.environ, NODE_PATH=os.path.join(BUILD, "peers/npm/node_modules"))).stdout


def credentials(authority, endpoint, **more):
    return {"tenant_id": catalog.TENANT, "client_id": catalog.CLIENT,
            "client_secret": catalog.SECRET, "subscription_id": catalog.SUBSCRIPTION,
            "resource_group": catalog.GROUP, "authority": authority, "endpoint": endpoint, **more}


class Judged:
    """A fake with Prism before it; each test has a cloud of its own at their addresses."""

    def __init__(self, fake, prism):
        self.fake, self.prism = fake, prism

    @property
    def cloud(self):
        return self.fake.cloud

    def driver(self, given=None, **options):
        return Driver("azure", {**POOL, **options, "credentials": credentials(
            self.fake.url, self.prism.url, **(given or {}))})

    def leaves(self):
        """What is left of VMs that are gone."""
        return {name: parts for name, parts in self.cloud.parts.items()
                if name not in self.cloud.machines and parts}


def key_of(vm):
    return only(vm["properties"]["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"])


@pytest.fixture(scope="module", name="judge")
def fixture_judge(tmp_path_factory):
    contract = str(tmp_path_factory.mktemp("azure") / "contract.json")
    node("contract.js", contract)
    with Server(Cloud()) as fake, Prism(contract, fake.url) as prism:
        yield Judged(fake, prism)


@pytest.fixture(name="azure")
def fixture_azure(judge):
    judge.fake.cloud = Cloud()
    before = judge.prism.violations()
    yield judge
    assert judge.leaves() == {}
    assert judge.prism.violations() == before, judge.prism.log()


def test_the_contract_refuses_what_is_not_of_it(judge):
    before = judge.prism.violations()
    with judge.driver(type="Standard_B2s") as d:
        judge.cloud.faults.add("GET", "/usages", "answer", status=200, body='{"values": []}',
                               headers={"Content-Type": "application/json"})
        assert d.ask("quota")["status"] == 500, "an answer"
    body = {"location": catalog.LOCATION, "properties": {"hardwareprofile": {}}}
    request = urllib.request.Request(
        f"{judge.prism.url}/subscriptions/{catalog.SUBSCRIPTION}/resourceGroups/{catalog.GROUP}"
        "/providers/Microsoft.Compute/virtualMachines/web-1?api-version=2024-07-01",
        json.dumps(body).encode(), method="PUT",
        headers={"Authorization": "Bearer x", "Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError, match="422"):
        urllib.request.urlopen(request, timeout=60)
    wait_for("Prism tells both", lambda: judge.prism.violations() == before + 2)


def test_the_check_says_who_and_what_is_left_and_creates_nothing(azure):
    with azure.driver(type="Standard_B2s") as d:
        findings = d.ok("validate")["findings"]
        assert not [f for f in findings if f[0]], findings
        text = " ".join(f[1] for f in findings)
        assert "the image '" in text and "is there" in text
        assert f"{catalog.CLIENT} in the group {catalog.GROUP}" in text
        assert "5 more VMs" in text, "the family's cores are the least"
        assert d.ok("quota") == {"class": "OK", "used": 0, "limit": 5}
        assert {t["name"]: (t["cpu"], t["memory_bytes"] >> 30) for t in d.ok("types")["types"]} \
            == {name: (cpus, gb) for name, (cpus, gb, _) in catalog.SIZES.items()}
    assert azure.cloud.vms() == []


def test_the_check_finds_all_that_is_wrong(azure):
    with azure.driver(image="Debian:debian-77:12:latest", type="no-size") as d:
        fatal = " ".join(f[1] for f in d.ask("validate")["findings"] if f[0])
        assert "debian-77" in fatal and "no-size" in fatal
    with azure.driver(image="Debian:debian-12:12-gen2:0.0.1") as d:
        assert "0.0.1" in d.ask("validate")["message"]
    with azure.driver(type=catalog.WITHHELD) as d:
        assert d.ask("validate")["class"] == "CAPACITY"
    for wrong in ({"client_secret": "x"}, {"client_id": "x"}, {"tenant_id": "x"}):
        with azure.driver(wrong) as d:
            answer = d.ask("validate")
            assert answer["class"] == "AUTH" and "AADSTS" in answer["message"]
    for wrong in ({"resource_group": "x"}, {"subscription_id": "1"}):
        with azure.driver(wrong) as d:
            assert d.ask("list", owner="us")["class"] == "BADREQ"
            assert d.ask("terminate", owner="us", id="web-1")["class"] == "BADREQ"
    azure.cloud.set({"may_launch": False})
    with azure.driver() as d:
        assert d.ask("validate")["class"] == "AUTH"


def test_a_vm_is_what_was_asked_for(azure):
    with azure.driver(disk_gb="40", disk_type="StandardSSD_LRS", security_group="inside",
                      zone="2", image="own") as d:
        vm = d.launch(1, user_data="#!/bin/sh\n", expires_ms=4102444800000)["vm"]
        assert vm["id"] == "web-1" and vm["state"] == "PENDING" and vm["zone"] == "2"
        made = only(azure.cloud.vms())
        assert made["tags"] == {"ft-owner": "us", "ft-pool": "web", "ft-launch": f"{1:032x}",
                                "ft-expires": "4102444800"}
        assert made["properties"]["osProfile"]["customData"] == "IyEvYmluL3NoCg=="
        assert made["properties"]["storageProfile"]["osDisk"]["diskSizeGB"] == 40
        vm = wait_for("it runs", lambda: [v for v in d.vms() if v["state"] == "RUNNING"])[0]
        assert vm["type"] == "Standard_B1ms" and vm["created_ms"] > 0
        assert d.ok("console", id=vm["id"])["text"] == "the console of web-1\n"
        assert azure.cloud.parts["web-1"] == {"disk": "Delete", "nic": "Delete",
                                              "address": "Delete"}
        for _ in range(2):
            d.ok("terminate", owner="us", id=vm["id"])
        assert d.vms() == [] and azure.cloud.vms() == []
        assert d.ask("console", id=vm["id"])["class"] == "NOTFOUND"


def test_a_key_is_the_one_that_was_given_or_one_that_nobody_has(azure):
    with azure.driver() as d:
        d.launch(1)
    made = key_of(azure.cloud.vms()[0])
    with azure.driver(ssh_key=made["keyData"], user="someone") as d:
        d.launch(2)
    assert key_of(azure.cloud.vms()[1]) == {**made, "path": "/home/someone/.ssh/authorized_keys"}
    with azure.driver() as d:
        d.launch(3)
    assert key_of(azure.cloud.vms()[2])["keyData"] != made["keyData"]


def test_spot_vms_are_deleted_when_they_are_reclaimed(azure):
    with azure.driver(public_address="no") as d:
        d.launch(1, spot=True)
        d.launch(2)
        asked = [{k: v["properties"].get(k) for k in ("priority", "evictionPolicy",
                                                      "billingProfile")}
                 for v in azure.cloud.vms()]
        assert asked[0] == {"priority": "Spot", "evictionPolicy": "Delete",
                            "billingProfile": {"maxPrice": -1}}
        assert not any(asked[1].values())
        assert "address" not in azure.cloud.parts["web-1"]


def test_an_image_with_terms_is_launched_with_its_plan(azure):
    flatcar = "kinvolk:flatcar:stable-gen2:latest"
    with azure.driver(image=flatcar) as d:
        assert d.launch(1)["class"] == "BADREQ"
    with azure.driver(image=flatcar, plan="yes") as d:
        assert d.launch(1)["class"] == "OK"
    assert only(azure.cloud.vms())["plan"] == {"publisher": "kinvolk", "product": "flatcar",
                                               "name": "stable-gen2"}


def test_a_launch_id_launches_at_most_once(azure):
    with azure.driver() as d:
        azure.cloud.faults.add("PUT", VMS, "lose")
        assert d.launch(1)["class"] == "AMBIGUOUS"
        for _ in range(2):
            assert d.launch(1)["vm"]["id"] == only(d.vms())["id"] == "web-1"
        assert len(azure.cloud.vms()) == 1
        theirs = d.ask("launch", owner="us", pool="web", name="web-1", launch_id=f"{2:032x}")
        assert theirs["class"] == "CONFLICT"


def test_lists_are_of_all_pages_and_of_the_owner_alone(azure):
    azure.cloud.set({"page": 2})
    with azure.driver() as d:
        ours = {d.launch(n)["vm"]["id"] for n in range(1, 6)}
        theirs = d.launch(100, owner="them")["vm"]["id"]
        azure.cloud.calls.clear()
        assert {v["id"] for v in d.vms()} == ours
        assert len([c for c in azure.cloud.calls if c[0] == "GET"]) == 3
        answer = d.ask("terminate", owner="us", id=theirs)
        assert answer["class"] == "CONFLICT" and "them" in answer["message"]
        assert len(azure.cloud.vms()) == 6


@pytest.mark.parametrize("code, expected", [
    ("AllocationFailed", "CAPACITY"), ("ZonalAllocationFailed", "CAPACITY"),
    ("OverconstrainedAllocationRequest", "CAPACITY"), ("SkuNotAvailable", "CAPACITY"),
    ("QuotaExceeded", "QUOTA"), ("InternalExecutionError", "TRANSIENT")])
def test_an_operation_that_fails_is_told_as_what_failed_and_leaves_nothing(azure, code, expected):
    azure.cloud.set({"fails": code, "op_polls": 3})
    with azure.driver() as d:
        answer = d.launch(1)
        assert answer["class"] == expected and answer["code"] == code
        assert answer["request_id"].startswith("operation-")
        assert d.vms() == [] and azure.cloud.vms() == []


def test_a_vm_that_fails_later_is_listed_as_failed_with_its_reason(azure):
    azure.cloud.set({"fails": "AllocationFailed", "op_polls": 100})
    with azure.driver() as d:
        assert d.launch(1)["vm"]["state"] == "PENDING"
        vm = wait_for("it fails", lambda: [v for v in d.vms() if v["state"] == "FAILED"])[0]
        assert "AllocationFailed" in vm["message"]
        d.ok("terminate", owner="us", id=vm["id"])


def test_refusals_have_their_classes(azure):
    with azure.driver() as d:
        d.vms()
        for what, more, expected in (("throttle", {}, "THROTTLED"), ("quota", {}, "QUOTA"),
                                     ("throttle", {"retry_after": 7}, "THROTTLED"),
                                     ("capacity", {}, "CAPACITY"),
                                     ("unavailable", {}, "AMBIGUOUS")):
            azure.cloud.faults.add("PUT", VMS, what, **more)
            assert d.launch(1)["class"] == expected
        assert azure.cloud.vms() == []
        answer = d.launch(1)
        assert answer["class"] == "OK"
        azure.cloud.set({"limit": 1})
        assert d.launch(2)["class"] == "QUOTA"


def test_a_token_that_is_no_longer_taken_is_renewed(azure):
    with azure.driver() as d:
        d.vms()
        azure.cloud.tokens.clear()
        assert d.launch(1)["class"] == "OK"
        assert len(azure.cloud.tokens) == 1


def test_microsofts_client_finds_what_it_expects(azure):
    seen = json.loads(node("client.js", azure.fake.url, azure.cloud.new_token(), "us",
                           catalog.SUBSCRIPTION, catalog.GROUP, catalog.LOCATION))
    assert seen == {"made": "Succeeded", "before": ["by-microsoft"], "again": 412,
                    "power": ["ProvisioningState/succeeded", "PowerState/running"],
                    "after": [], "missing": "ResourceNotFound"}


def straight(server, **options):
    """The driver at a server of its own, with nothing between."""
    return Driver("azure", {**POOL, **options,
                            "credentials": credentials(server.url, server.url)})


@pytest.mark.parametrize("what, more", [("lose", {}), ("cut", {}), ("garbage", {}),
                                        ("huge", {"bytes": (8 << 20) + 4096})])
def test_an_answer_that_cannot_be_read_says_nothing(what, more):
    with Server(Cloud()) as fake, straight(fake) as d:
        fake.cloud.faults.add("PUT", VMS, what, **more)
        assert d.launch(1)["class"] == "AMBIGUOUS"
        assert len(fake.cloud.vms()) == 1
        fake.cloud.faults.add("GET", "/virtualMachines$", what, **more)
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
def fixture_peer(azure, tmp_path):
    file = tmp_path / "azure.json"
    file.write_text(json.dumps({
        "clientId": catalog.CLIENT, "clientSecret": catalog.SECRET,
        "tenantId": catalog.TENANT, "subscriptionId": catalog.SUBSCRIPTION,
        "activeDirectoryEndpointUrl": azure.fake.url,
        "resourceManagerEndpointUrl": f"{azure.prism.url}/"}))
    file.chmod(0o600)
    given = {"azure_auth_file": str(file), "resource_group": catalog.GROUP}
    with Peer("azure", given, POOL, lambda: len(azure.cloud.vms())) as p:
        yield p


def test_a_pool_scales_out_and_in_and_nothing_is_left(azure, peer):
    with local_driver(peer) as local:
        azure.cloud.hosts = hosts = Hosts(local)
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
