# SPDX-License-Identifier: GPL-3.0-or-later
"""The openstack driver, and a controller with a pool on it, against a real OpenStack.

Its hypervisor pretends: servers are ACTIVE with addresses of a real subnet, and run nothing.
So that the agent joins by what Nova would give it, that user data is run in a local host."""

import base64
import json
import os
import sys

import pytest

from peer_tools import BUILD, HERE, Driver, Peer, local_driver, only, wait_for

sys.path[:0] = [os.path.join(HERE, "openstack")]
from cloud import HYPERVISOR, PAGE, TOKEN_S, Cloud  # noqa: E402
from setup import kept  # noqa: E402

USER_DATA_MAX = 49149
POOL = {"type": "m1.tiny", "image": "tiny", "network": "shared"}


@pytest.fixture(scope="module", name="the_cloud")
def fixture_the_cloud():
    c = Cloud(kept(BUILD))
    try:
        yield c.start()
    finally:
        c.close()


@pytest.fixture(name="cloud")
def fixture_cloud(the_cloud):
    the_cloud.quota(instances=20, cores=20)
    yield the_cloud
    the_cloud.proxy.faults.clear()
    the_cloud.end_all()


def driver(cloud, credentials=None, **options):
    return Driver("openstack", {**POOL, **options,
                                "credentials": credentials or cloud.credentials()})


# ---------------------------------------------------------------- the driver
def test_the_check_says_who_and_what_is_left_and_creates_nothing(cloud):
    with driver(cloud) as d:
        findings = d.ok("validate")["findings"]
        assert not [f for f in findings if f[0]], findings
        text = " ".join(f[1] for f in findings)
        assert "the image '" in text and "is there: " in text
        assert "user scaler of project scaler" in text
        assert "20 more servers" in text
        assert d.ok("quota") == {"class": "OK", "used": 0, "limit": 20}
        assert only(d.ok("types")["types"]) == {
            "name": "m1.tiny", "cpu": 1.0, "memory_bytes": 256 << 20}
    assert cloud.servers() == []


def test_the_check_finds_all_that_is_wrong(cloud):
    with driver(cloud, image="no-image", network="no-network", key="no-key") as d:
        answer = d.ask("validate")
        assert answer["class"] == "BADREQ"
        fatal = " ".join(f[1] for f in answer["findings"] if f[0])
        for word in ("no-image", "no-network", "no-key"):
            assert word in fatal
    with driver(cloud, type="no-flavor") as d:
        assert "no-flavor" in d.ask("validate")["message"]
    wrong = {**cloud.credentials(), "password": "not-that-one"}
    with driver(cloud, wrong) as d:
        answer = d.ask("validate")
        assert answer["class"] == "AUTH" and answer["status"] == 401
        assert "not-that-one" not in json.dumps(answer)
    reader = {**cloud.credentials(), "username": "reader"}
    cloud.add_reader()
    with driver(cloud, reader) as d:
        answer = d.ask("validate")
        assert answer["class"] == "AUTH" and answer["status"] == 403, answer


def test_an_application_credential_is_enough(cloud):
    with driver(cloud, cloud.application_credential()) as d:
        assert d.launch(1)["class"] == "OK"
        vm = wait_for("it runs", lambda: [v for v in d.vms() if v["state"] == "RUNNING"])[0]
        d.ok("terminate", owner="us", id=vm["id"])
        wait_for("it goes", lambda: not d.vms())


def test_a_server_is_what_was_asked_for(cloud):
    text = "#!/bin/sh\n" + "#" * (USER_DATA_MAX - 11) + "\n"
    with driver(cloud) as d:
        assert d.launch(1, user_data=text + "#")["class"] == "BADREQ"
        made = d.launch(1, user_data=text, expires_ms=1700000000000)
        assert made["class"] == "OK", made
        server = only(cloud.servers())
        assert base64.b64decode(server["OS-EXT-SRV-ATTR:user_data"]).decode() == text
        assert sorted(server["tags"]) == ["ft-expires=1700000000", f"ft-launch={1:032x}",
                                          "ft-owner=us", "ft-pool=web"]
        vm = wait_for("it runs", lambda: [v for v in d.vms() if v["state"] == "RUNNING"])[0]
        assert vm["id"] == made["vm"]["id"] == server["id"]
        assert vm["launch_id"] == f"{1:032x}" and vm["type"] == "m1.tiny"
        assert vm["address"].startswith("10.77.0.") and vm["created_ms"] > 0
        assert "FAKE CONSOLE" in d.ok("console", id=vm["id"])["text"]
        # Twice, and one that never was.
        for _ in range(2):
            d.ok("terminate", owner="us", id=vm["id"])
        wait_for("it goes", lambda: not d.vms())
        d.ok("terminate", owner="us", id=vm["id"])
        assert d.ask("console", id=vm["id"])["class"] == "NOTFOUND"


def test_lists_are_of_all_pages_and_of_the_owner_alone(cloud):
    with driver(cloud) as d:
        ours = {d.launch(n)["vm"]["id"] for n in range(2 * PAGE)}
        theirs = d.launch(100, owner="them")["vm"]["id"]
        wait_for("all are built", lambda: all(s["status"] == "ACTIVE" for s in cloud.servers()))
        cloud.proxy.calls.clear()
        assert {v["id"] for v in d.vms()} == ours
        assert len(cloud.proxy.calls) == 3, "two full pages and an empty one"
        answer = d.ask("terminate", owner="us", id=theirs)
        assert answer["class"] == "CONFLICT" and "them" in answer["message"]
        assert only(d.vms("them"))["state"] != "STOPPING"


def test_over_the_quota_is_told_as_that(cloud):
    cloud.quota(instances=1)
    with driver(cloud) as d:
        assert d.launch(1)["class"] == "OK"
        answer = d.launch(2)
        assert answer["class"] == "QUOTA" and answer["status"] == 403
        assert answer["code"] == "forbidden" and answer["request_id"].startswith("req-")
        assert d.ok("quota")["limit"] == 1


def test_a_token_that_expires_is_renewed(cloud):
    cloud.token_s = 20  # longer than the slowest call takes
    cloud.restart("keystone")
    try:
        with driver(cloud) as d:
            d.vms()
            before = cloud.proxy.tokens[-1]
            wait_for("Nova refuses it", lambda: not cloud.accepts(before))
            assert d.launch(1)["class"] == "OK"
            assert len(d.vms()) == 1
            assert before not in cloud.proxy.tokens[-2:]
    finally:
        cloud.token_s = TOKEN_S
        cloud.restart("keystone")


def test_a_lost_answer_is_ambiguous_and_its_server_is_found(cloud):
    with driver(cloud) as d:
        cloud.proxy.fault("POST", "/servers", "lose")
        assert d.launch(1)["class"] == "AMBIGUOUS"
        assert only(d.vms())["launch_id"] == f"{1:032x}"
        cloud.proxy.fault("POST", "/servers", (429, [("Retry-After", "7")], b"{}"))
        assert d.launch(2)["class"] == "THROTTLED"
        assert len(cloud.servers()) == 1


# ---------------------------------------------------------------- a controller
def peer(cloud, **options):
    return Peer("openstack", cloud.credentials(), POOL, lambda: len(cloud.servers()), **options)


def test_a_pool_scales_out_and_in_and_nothing_is_left(cloud):
    with peer(cloud) as p:
        p.start()
        p.scale(4)
        p.ends(4)
        wait_for("all are booting", lambda: len(p.hosts("peer")) == 4)
        names = {s["name"] for s in cloud.servers()}
        assert names == {h["id"] for h in p.hosts("peer")}
        # Another life of the controller launches none again.
        p.kill()
        p.start()
        p.scale(2)
        p.ends(2)
        p.api("/v1/stacks/peer", "DELETE")
        p.ends(0)
        assert not p.events("launch-failed"), p.log()[-2000:]


def test_an_answer_that_nobody_heard_is_one_server(cloud):
    with peer(cloud) as p:
        p.start()
        cloud.proxy.fault("POST", "/servers", "lose")
        p.scale(2)
        wait_for("both are known", lambda: len([
            h for h in p.hosts("peer") if h["state"] == "booting"]) == 2)
        p.ends(2)
        assert only(p.events("launch-failed")).count("may have been launched") == 1
        assert cloud.proxy.faults == []
        p.api("/v1/stacks/peer", "DELETE")
        p.ends(0)


def test_a_strangers_server_is_left_alone(cloud):
    with driver(cloud) as d:
        theirs = d.launch(1, owner="them")["vm"]["id"]
    plain = cloud.launch_untagged()
    with peer(cloud, **{"limits.unknown_vm_grace": "1s"}) as p:
        p.start()
        p.scale(1)
        p.ends(3)
        p.api("/v1/stacks/peer", "DELETE")
        p.ends(2)
        assert {s["id"] for s in cloud.servers()} == {theirs, plain}


def test_a_quota_that_is_used_up_is_a_problem_in_words(cloud):
    cloud.quota(instances=1)
    with peer(cloud) as p:
        p.start()
        p.scale(3)
        # It is looked at before a launch, which Nova would refuse, or accept and let fail.
        wait_for("it is a problem", lambda: [
            m for m in p.problems().values() if "the quota of profile" in m])
        p.ends(1)
        cloud.quota(instances=20)
        p.ends(3)
        p.api("/v1/stacks/peer", "DELETE")
        p.ends(0)


def test_servers_whose_build_aborts_are_ended_and_not_launched_without_end(cloud):
    cloud.hypervisor = "fake.FakeBuildAbortDriver"
    cloud.restart("nova")
    try:
        with peer(cloud) as p:
            p.start()
            p.scale(1)
            wait_for("it is told", lambda: [
                e for e in p.items("/v1/events?since=0") if "aborted" in e["message"]])
            began = len([c for c in cloud.proxy.calls if c[0] == "POST"])
            p.api("/v1/stacks/peer", "DELETE")
            p.ends(0)
            assert len([c for c in cloud.proxy.calls if c[0] == "POST"]) - began < 3
    finally:
        cloud.hypervisor = HYPERVISOR
        cloud.restart("nova")


def test_an_agent_joins_by_the_user_data_that_nova_gives(cloud):
    with peer(cloud) as p:
        p.start()
        p.scale(1)
        p.ends(1)
        server = only(cloud.servers())
        text = base64.b64decode(server["OS-EXT-SRV-ATTR:user_data"]).decode()
        assert len(text) < 12 * 1024 and text.startswith("#!/bin/sh")
        with local_driver(p) as d:
            beside = d.ask("launch", owner="beside", pool="beside", name=server["name"],
                           launch_id=f"{7:032x}", user_data=text)
            assert beside["class"] == "OK", beside
            wait_for("it is up", lambda: [h for h in p.hosts("peer") if h["state"] == "up"])
            wait_for("its unit runs", lambda: p.healthy("peer"))
        p.api("/v1/stacks/peer", "DELETE")
        p.ends(0)
