# SPDX-License-Identifier: GPL-3.0-or-later
"""The hetzner driver, and a controller with a pool on it, against a fake that Hetzner's own
clients (hcloud, python3-hcloud) take for their cloud: what the one makes the others see."""

import os
import subprocess

import hcloud
import pytest
from hcloud.images.domain import Image
from hcloud.server_types.domain import ServerType

from fakes.hetzner import catalog
from fakes.hetzner.cloud import READER, TOKEN, Cloud
from fakes.hosts import Hosts
from fakes.server import Server
from peer_tools import Driver, Peer, local_driver, only, wait_for

POOL = {"type": "cx22", "image": "debian-12", "location": "fsn1"}
USER_DATA_MAX = 32768
SERVERS = "/servers$"


@pytest.fixture(name="fake")
def fixture_fake():
    with Server(Cloud()) as fake:
        yield fake


def credentials(fake, token=TOKEN):
    return {"token": token, "endpoint": fake.url + "/v1"}


def driver(fake, token=TOKEN, **options):
    return Driver("hetzner", {**POOL, **options, "credentials": credentials(fake, token)})


def client(fake):
    return hcloud.Client(token=TOKEN, api_endpoint=fake.url + "/v1")


def cli(fake, *arguments):
    done = subprocess.run(["hcloud", *arguments], capture_output=True, text=True, timeout=60,
                          env=dict(os.environ, HCLOUD_TOKEN=TOKEN,
                                   HCLOUD_ENDPOINT=fake.url + "/v1"))
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---------------------------------------------------------------- judged by Hetzner's clients
def test_the_fake_is_a_cloud_to_hetzners_own_clients(fake):
    fake.cloud.set({"page": 2})
    cli(fake, "server", "create", "--name", "by-cli", "--type", "cx22", "--image", "debian-12",
        "--label", "by=cli")
    c = client(fake)
    made = [c.servers.create(name=f"by-python-{i}", server_type=ServerType(name="cx22"),
                             image=Image(name="debian-12"), labels={"by": "python"})
            for i in range(4)]
    made[0].action.wait_until_finished()
    assert {s.name for s in c.servers.get_all()} == {"by-cli", *(f"by-python-{i}" for i in range(4))}
    assert len(c.servers.get_all(label_selector="by=python")) == 4
    with pytest.raises(hcloud.APIException, match="already used") as e:
        c.servers.create(name="by-cli", server_type=ServerType(name="cx22"),
                         image=Image(name="debian-12"))
    assert e.value.code == "uniqueness_error"
    cli(fake, "server", "delete", "by-cli")
    assert cli(fake, "server", "list", "-o", "noheader", "-o", "columns=name").split() == [
        f"by-python-{i}" for i in range(4)]


def test_hetzners_clients_see_what_the_driver_launched(fake):
    with driver(fake, networks="inside", firewalls="web", placement_group="apart",
                ssh_keys="admin") as d:
        assert d.launch(1, user_data="#!/bin/sh\n", expires_ms=1700000000000)["class"] == "OK"
        server = only(client(fake).servers.get_all(label_selector="ft-owner=us"))
        assert server.labels == {"ft-owner": "us", "ft-pool": "web", "ft-launch": f"{1:032x}",
                                 "ft-expires": "1700000000"}
        assert server.server_type.name == "cx22" and server.image.name == "debian-12"
        assert only(server.private_net).network.id == 4711
        assert only(server.public_net.firewalls).firewall.id == 38
        assert server.placement_group.id == 897
        assert "web-1" in cli(fake, "server", "list", "-l", "ft-pool=web")
        cli(fake, "server", "delete", "web-1")
        assert d.vms() == []


# ---------------------------------------------------------------- the driver
def test_the_check_says_what_is_wrong_and_creates_nothing(fake):
    with driver(fake) as d:
        findings = d.ok("validate")["findings"]
        assert not [f for f in findings if f[0]], findings
        assert "0 servers" in findings[0][1]
        assert any("the image 'debian-12' is there" in f[1] for f in findings)
        assert any(f"of {len(catalog.ALL['images'])} images" in f[1] for f in findings)
    with driver(fake, image="no-image", ssh_keys="no-key", networks="9") as d:
        answer = d.ask("validate")
        fatal = " ".join(f[1] for f in answer["findings"] if f[0])
        assert answer["class"] == "BADREQ"
        for word in ("no-image", "no-key", "'9'"):
            assert word in fatal
    for token, status in (("not-that-one", 401), (READER, 403)):
        with driver(fake, token) as d:
            answer = d.ask("validate")
            assert (answer["class"], answer["status"]) == ("AUTH", status)
            assert token not in str(answer)
    assert fake.cloud.vms() == []


def test_types_have_prices(fake):
    with driver(fake) as d:
        types = {t["name"]: t for t in d.ok("types")["types"]}
        assert types["cx22"] == {"name": "cx22", "cpu": 2.0, "memory_bytes": 4 << 30,
                                 "price_hour": 0.006, "currency": "EUR"}
    with driver(fake, location="nbg1") as d:
        assert {t["name"] for t in d.ok("types")["types"]} == {"cx22", "cx32"}


def test_one_launch_id_is_one_server(fake):
    with driver(fake) as d:
        first = d.launch(1)["vm"]["id"]
        assert d.launch(1)["vm"]["id"] == first
        fake.cloud.faults.add("POST", SERVERS, "lose")
        assert d.launch(2)["class"] == "AMBIGUOUS"
        again = d.launch(2)
        assert again["class"] == "OK"
        assert {v["id"] for v in d.vms()} == {first, again["vm"]["id"]}
        assert d.launch(1, owner="them")["class"] == "CONFLICT"


def test_a_server_goes_once_and_a_strangers_stays(fake):
    stranger = client(fake).servers.create(
        name="theirs", server_type=ServerType(name="cx22"), image=Image(name="debian-12"))
    with driver(fake) as d:
        mine = d.launch(1)["vm"]["id"]
        other = d.launch(2, owner="them")["vm"]["id"]
        for _ in range(2):
            d.ok("terminate", owner="us", id=mine)
        for vm in (other, str(stranger.server.id)):
            assert d.ask("terminate", owner="us", id=vm)["class"] == "CONFLICT"
        assert len(fake.cloud.vms()) == 2


def test_lists_are_of_all_pages(fake):
    fake.cloud.set({"page": 2})
    with driver(fake) as d:
        ids = {d.launch(n)["vm"]["id"] for n in range(5)}
        fake.cloud.calls.clear()
        assert {v["id"] for v in d.vms()} == ids
        assert len(fake.cloud.calls) == 3


def test_what_a_launch_meets_is_told_in_its_class(fake):
    for what, cls in (("throttle", "THROTTLED"), ("capacity", "CAPACITY"), ("quota", "QUOTA"),
                      ("auth", "AUTH"), ("unavailable", "AMBIGUOUS"), ("garbage", "AMBIGUOUS"),
                      ("cut", "AMBIGUOUS"), ("drop", "AMBIGUOUS")):
        with driver(fake) as d:
            fake.cloud.faults.add("POST", SERVERS, what)
            assert d.launch(1)["class"] == cls, what
            if cls == "AMBIGUOUS":
                assert d.launch(1)["class"] == "OK"
            for vm in d.vms():
                d.ok("terminate", owner="us", id=vm["id"])
    for what in ("garbage", "cut", "drop", "unavailable"):
        with driver(fake) as d:
            fake.cloud.faults.add("GET", SERVERS, what)
            assert d.ask("list", owner="us")["class"] == "TRANSIENT", what
    with driver(fake) as d:
        fake.cloud.faults.add("GET", SERVERS, "huge", bytes=9 << 20)
        assert d.ask("list", owner="us")["class"] == "TRANSIENT"


def test_user_data_is_taken_up_to_hetzners_limit(fake):
    text = "#" * USER_DATA_MAX
    with driver(fake) as d:
        assert d.launch(1, user_data=text + "#")["class"] == "BADREQ"
        assert d.launch(1, user_data=text)["class"] == "OK"
        assert only(fake.cloud.vms())["user_data"] == text


def test_certificates_are_checked(fake):
    for name, cls in (("127.0.0.1", "OK"), ("elsewhere.test", "TRANSIENT")):
        with Server(fake.cloud, tls=True, name=name) as secure, \
                driver(secure, ca=secure.ca) as d:
            fake.cloud.calls.clear()
            assert d.ask("list", owner="us")["class"] == cls
            assert len(fake.cloud.calls) == (cls == "OK")
    with Server(fake.cloud, tls=True) as secure, driver(secure) as d:
        assert d.ask("list", owner="us")["class"] == "TRANSIENT"


# ---------------------------------------------------------------- a controller
def test_agents_join_and_a_pool_scales_out_and_in(fake):
    with Peer("hetzner", credentials(fake), POOL, lambda: len(fake.cloud.vms())) as p, \
            local_driver(p) as local:
        fake.cloud.hosts = Hosts(local)
        p.start()
        # The answer to one launch is lost.
        fake.cloud.faults.add("POST", SERVERS, "lose")
        p.scale(2)
        wait_for("both are up", lambda: len(
            [h for h in p.hosts("peer") if h["state"] == "up"]) == 2)
        wait_for("their units run", lambda: p.healthy("peer"))
        assert fake.cloud.faults.left() == []
        assert len(fake.cloud.vms()) == 2
        p.scale(1)
        p.ends(1)
        p.api("/v1/stacks/peer", "DELETE")
        p.ends(0)
        assert not fake.cloud.hosts.ids
