# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and files of a host, also while its store is away: the agent as a process, a real
etcd, dig."""

import json
import os

import pytest

from agent_tools import HOST, Agent, Controller, Store, addresses, dig
from store_tools import Etcd, wait_until

WEB = "/skydns/local/foretide/shop/web"


@pytest.fixture
def etcd():
    e = Etcd()
    yield e
    e.stop()


@pytest.fixture
def store(etcd):
    return Store(etcd.url)


@pytest.fixture
def agent(etcd, store):
    controller = Controller(etcd.url)
    a = Agent(controller)
    try:
        wait_until(lambda: store.get(f"/foretide/hosts/{HOST}"), "the host is registered")
        yield a
    finally:
        a.close()
        controller.close()


def put_web(store, i):
    store.put(f"{WEB}/web-{i}-80", json.dumps({"host": f"10.90.0.{i}", "port": 80}))


def ttl(agent, name):
    fields = dig(agent, "+noall", "+answer", name).split()
    return int(fields[1]) if fields else None


def read(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        return None


def put_resource(store, agent, **more):
    dest = os.path.join(agent.dir, "out", "web.cfg")
    store.put("/foretide/conf/shop/web/web.cfg", json.dumps(dict({
        "src": "{{range gets \"/web/*\"}}{{$s := json .Value}}{{$s.host}}\n{{end}}",
        "dest": dest, "prefix": "/skydns/local/foretide/shop", "keys": ["/web"]}, **more)))
    store.schedule(("web@1.service", "[Service]\nExecStart=/bin/sleep 1000\n"))
    wait_until(lambda: store.state("web@1.service").get("active") == "active", "it runs")
    return dest


def test_names_and_files_outlive_the_store(etcd, store, agent):
    put_web(store, 1)
    put_web(store, 2)
    dest = put_resource(store, agent)
    wait_until(lambda: read(dest) == "10.90.0.1\n10.90.0.2\n", "the file")
    wait_until(lambda: addresses(agent) == ["10.90.0.1", "10.90.0.2"], "the names")

    etcd.kill()
    wait_until(lambda: ttl(agent, "web-1-80.web.shop.foretide.local") == 5,
               "answers are stale, with a small TTL")
    assert addresses(agent) == ["10.90.0.1", "10.90.0.2"]
    assert "NXDOMAIN" in dig(agent, "nix.shop.foretide.local")
    assert read(dest) == "10.90.0.1\n10.90.0.2\n"

    etcd.start()
    etcd.wait_ready()
    put_web(store, 3)
    wait_until(lambda: addresses(agent) == ["10.90.0.1", "10.90.0.2", "10.90.0.3"],
               "news come in again")
    wait_until(lambda: read(dest) == "10.90.0.1\n10.90.0.2\n10.90.0.3\n", "also in the file")


def test_a_bad_record_harms_no_other(store, agent):
    put_web(store, 1)
    store.put(f"{WEB}/bad", "{\"host\":\"10.90.0.9\",\"port\":\"80\"}")
    store.put(f"{WEB}/worse", "no JSON")
    put_web(store, 2)
    wait_until(lambda: addresses(agent) == ["10.90.0.1", "10.90.0.2"], "the good ones")
    assert f"{WEB}/bad" in agent.log()


def test_a_unit_waits_for_a_file_whose_check_fails(store, agent):
    gate = os.path.join(agent.dir, "gate")
    dest = os.path.join(agent.dir, "out", "web.cfg")
    store.put("/foretide/conf/shop/web/web.cfg", json.dumps({
        "src": "x", "dest": dest, "keys": [], "check_cmd": f"test -e {gate}",
        "reload_cmd": "false"}))
    store.schedule(("web@1.service", "[Service]\nExecStart=/bin/sleep 1000\n"))
    wait_until(lambda: "confd-check-failed" in agent.log(), "the check fails")
    assert store.state("web@1.service").get("active") != "active"
    assert read(dest) is None
    with open(gate, "w", encoding="utf-8"):
        pass
    wait_until(lambda: store.state("web@1.service").get("active") == "active", "it starts")
    assert read(dest) == "x"
