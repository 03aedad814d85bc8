# SPDX-License-Identifier: GPL-3.0-or-later
"""A hostile host: who is in on one web host of alpha, first without privileges, then as root
with all that its agent has, does not get what is not alpha's, and beta serves all the while.
On the built-in store; test_hostile_host_etcd.py: on an etcd."""

import json

import pytest

import hostile_nobody
import hostile_root
import hostile_root_store
from hostile_tools import attacker_in, read, world_of

STORE = "built-in"
ATTACKS = {"test_a_program_without_privileges_does_not": hostile_nobody.ATTACKS,
           "test_root_of_a_host_does_not": hostile_root_store.ATTACKS + hostile_root.ATTACKS}


def pytest_generate_tests(metafunc):
    """Those of the module's store."""
    if "attack" in metafunc.fixturenames:
        fns = [fn for fn in ATTACKS[metafunc.function.__name__] if metafunc.module.STORE in fn.stores]
        metafunc.parametrize("attack", fns, ids=lambda fn: fn.__name__)


@pytest.fixture(name="world", scope="module")
def fixture_world(request):
    world = world_of(request.module.STORE)
    with world.q:
        with world.begin().load:
            yield world


@pytest.fixture(name="attacker", scope="module")
def fixture_attacker(world):
    return attacker_in(world)


def test_there_are_forty(request):
    names = [fn.__name__ for table in ATTACKS.values() for fn in table
             if request.module.STORE in fn.stores]
    assert len(names) >= 40, len(names)


def test_the_attacker_has_what_is_alphas(attacker):
    """Or no refusal would prove anything."""
    assert attacker.run("id", "-u")[1] == "65534\n"
    assert attacker.run("id", "-u", uid=0)[1] == "0\n"
    attacker.q.wait("its programs have a certificate", lambda: attacker.curl(
        "/v3/kv/range", read("/skydns/"))[0] == 200)
    status, text = attacker.store("kv/range", read("/foretide/secrets/alpha/"))
    assert status == 200 and json.loads(text)["count"] == "1"
    assert attacker.call("/v1/agent/metrics", {"samples": []})[0] == 200


def test_a_program_without_privileges_does_not(world, attacker, attack):
    attack(attacker)
    world.is_unharmed()


def test_root_of_a_host_does_not(world, attacker, attack):
    attack(attacker)
    world.is_unharmed()


def test_beta_served_without_a_failed_request(world):
    """The last: what the load counted over all of it."""
    world.load.finish_without_failure()
