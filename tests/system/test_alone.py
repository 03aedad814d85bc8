# SPDX-License-Identifier: GPL-3.0-or-later
"""A host on its own: its agent is restarted while controller and store are away, records
vanish together, its own records are changed by others."""

import glob
import json
import os
import time

import pytest

from agent_tools import HOST, Agent, Controller, Store, addresses, dig
from store_tools import Etcd, Stream, b64, post, prefix_end, unb64, wait_until

SHOP = "/skydns/local/foretide/shop"
SERVICE = ("[Service]\nExecStart=/bin/sleep 1000\nRestart=always\nRestartSec=100ms\n"
           "[X-Service]\nName=api\nPort=7\nCheck=none\n")
API = f"{SHOP}/api/api-1-7"


@pytest.fixture
def etcd():
    e = Etcd()
    yield e
    e.stop()


@pytest.fixture
def store(etcd):
    return Store(etcd.url)


@pytest.fixture
def controller(etcd):
    c = Controller(etcd.url)
    yield c
    c.close()


@pytest.fixture
def agent(controller, store):
    a = Agent(controller)
    try:
        wait_until(lambda: store.get(f"/foretide/hosts/{HOST}"), "the host is registered")
        yield a
    finally:
        a.close()


def web(*numbers):
    return [f"10.90.0.{i}" for i in numbers]


def lease(store, ttl_s=600):
    return post(store.url, "/v3/lease/grant", {"TTL": ttl_s})[1]["ID"]


def put_web(store, i, under, **more):
    """The record of an instance on another host."""
    value = json.dumps(dict({"host": f"10.90.0.{i}", "port": 80}, **more))
    assert post(store.url, "/v3/kv/put", {"key": b64(f"{SHOP}/web/web-{i}-80"),
                                          "value": b64(value), "lease": under})[0] == 200


def delete(store, key, end=None):
    body = {"key": b64(key)}
    if end:
        body["range_end"] = b64(end)
    assert post(store.url, "/v3/kv/deleterange", body)[0] == 200


def read(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        return None


def put_resource(store, agent):
    """A balancer's list of the web instances; its path."""
    dest = os.path.join(agent.dir, "out", "web.cfg")
    store.put("/foretide/conf/shop/web/web.cfg", json.dumps({
        "src": "{{range gets \"/web/*\"}}{{$s := json .Value}}{{$s.host}} {{end}}",
        "dest": dest, "prefix": SHOP, "keys": ["/web"]}))
    store.schedule(("api@1.service", SERVICE))
    wait_until(lambda: store.state("api@1.service").get("active") == "active", "it runs")
    return dest


def copy_of(agent, prefix):
    """The path of a prefix's copy on disk."""
    folder = os.path.join(agent.state, "copies")
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        text = read(os.path.join(folder, name)) or ""
        if text.startswith(f"foretide-copy 1 {prefix}\n"):
            return os.path.join(folder, name)
    return None


def saved(agent, *numbers):
    path = copy_of(agent, "/skydns/")
    return path and all(b64(f"{SHOP}/web/web-{i}-80") in read(path) for i in numbers)


def leave_alone(agent, controller, etcd):
    """The agent is killed, and finds neither controller nor store when it starts."""
    agent.kill()
    etcd.kill()
    controller.stop()


def test_a_restart_of_the_agent_alone_forgets_nothing(etcd, store, controller, agent):
    under = lease(store)
    put_web(store, 1, under)
    put_web(store, 2, under)
    dest = put_resource(store, agent)
    wait_until(lambda: read(dest) == "10.90.0.1 10.90.0.2 ", "the file")
    wait_until(lambda: saved(agent, 1, 2), "the names are on disk")
    wait_until(lambda: copy_of(agent, "/foretide/conf/shop/"), "the resource as well")
    pids = agent.unit_pids()
    assert os.stat(copy_of(agent, "/skydns/")).st_mode & 0o777 == 0o600

    leave_alone(agent, controller, etcd)
    os.unlink(dest)  # a host that was started anew may not have it
    agent.start()
    wait_until(lambda: addresses(agent) == web(1, 2), "the names answer")
    assert dig(agent, "+noall", "+answer", "web-1-80.web.shop.foretide.local").split()[1] == "5"
    assert addresses(agent, f"{HOST}.hosts.foretide.local") == ["127.0.0.1"]
    wait_until(lambda: read(dest) == "10.90.0.1 10.90.0.2 ", "the file is there again")
    assert agent.unit_pids() == pids
    os.kill(pids[0], 9)
    wait_until(lambda: agent.unit_pids() not in ([], pids), "a unit that ends is started again")

    etcd.start()
    etcd.wait_ready()
    controller.start()
    put_web(store, 3, lease(store))
    wait_until(lambda: addresses(agent) == web(1, 2, 3), "news come in again")


def test_a_damaged_copy_costs_what_is_damaged(etcd, store, controller, agent):
    under = lease(store)
    put_web(store, 1, under)
    put_web(store, 2, under)
    wait_until(lambda: saved(agent, 1, 2), "the names are on disk")
    leave_alone(agent, controller, etcd)
    path = copy_of(agent, "/skydns/")
    text = read(path).replace(b64(f"{SHOP}/web/web-1-80"), b64(f"{SHOP}/web/web-9-80"))
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    agent.start()
    wait_until(lambda: addresses(agent) == web(2), "the other answers")
    assert "saved-copy-damaged" in agent.log()


def test_records_that_vanish_together_stay_in_use(store, agent):
    under = [lease(store) for _ in range(4)]
    for i in range(4):
        put_web(store, i, under[i])
    dest = put_resource(store, agent)
    full = "10.90.0.0 10.90.0.1 10.90.0.2 10.90.0.3 "
    wait_until(lambda: read(dest) == full, "the file")

    # One owner withdraws: that is done at once.
    put_web(store, 3, under[3], withdrawn=True)
    delete(store, f"{SHOP}/web/web-3-80")
    full = "10.90.0.0 10.90.0.1 10.90.0.2 "
    wait_until(lambda: read(dest) == full, "one less")

    # Somebody empties the names. Our own come again, the others stay.
    delete(store, "/skydns/", prefix_end("/skydns/"))
    wait_until(lambda: API in store.services(), "our own service is put again")
    wait_until(lambda: "services-vanished" in agent.log(), "it is told")
    wait_until(lambda: store.get(f"/foretide/hosts/{HOST}").get("vanished") == [f"{SHOP}/web/"],
               "the controller is told")
    until = time.monotonic() + 1
    while time.monotonic() < until:
        assert read(dest) == full
        assert addresses(agent) == web(0, 1, 2)
    for i in range(3):
        put_web(store, i, under[i])
    wait_until(lambda: "vanished" not in store.get(f"/foretide/hosts/{HOST}"), "all is well")
    assert read(dest) == full

    # The lease of one ends: that is a minority, and goes.
    post(store.url, "/v3/lease/revoke", {"ID": under[0]})
    wait_until(lambda: read(dest) == "10.90.0.1 10.90.0.2 ", "it goes")
    # The leases of the others end a moment later: too many for it to be believed.
    post(store.url, "/v3/lease/revoke", {"ID": under[1]})
    post(store.url, "/v3/lease/revoke", {"ID": under[2]})
    wait_until(lambda: read(dest) == full, "all are in use again")


def test_the_withdrawal_of_our_own_is_announced(store, agent):
    put_resource(store, agent)
    wait_until(lambda: API in store.services(), "the service")
    watch = Stream(store.url, {"key": b64(API)})
    try:
        assert watch.line()["created"]
        store.schedule()
        events = []
        while not any(e.get("type") == "DELETE" for e in events):
            events += watch.line().get("events", [])
    finally:
        watch.close()
    assert json.loads(unb64(events[0]["kv"]["value"]))["withdrawn"] is True
    assert len(events) == 2


def test_what_is_missing_of_our_own_is_put_right(store, agent):
    put_resource(store, agent)
    before = wait_until(lambda: store.services().get(API), "the service")
    store.put(API, json.dumps({"host": "10.66.66.66", "port": 7}))
    wait_until(lambda: store.services().get(API) == before, "put right")
    delete(store, API)
    wait_until(lambda: store.services().get(API) == before, "put again")
    delete(store, f"/foretide/hosts/{HOST}")
    delete(store, f"/foretide/states/{HOST}")
    wait_until(lambda: store.get(f"/foretide/hosts/{HOST}"), "the host's record, too")
    wait_until(lambda: store.state("api@1.service").get("active") == "active", "and its states")
    assert f'own-record-put-right key="{API}"' in agent.log()


BOMB = """while (1) {
    my $child = fork;
    if (!defined $child) { select undef, undef, undef, 0.01 }
    elsif (!$child) { sleep 1000; exit }
}
"""


def tasks_of(unit):
    """How many processes it has, by the group that limits them: of v1 or of v2."""
    for group in glob.glob(f"/sys/fs/cgroup/**/fta-{os.getpid()}/{unit}", recursive=True):
        text = read(f"{group}/pids.current")
        if text:
            return int(text)
    return 0


def score_of(pid):
    return int(read(f"/proc/{pid}/oom_score_adj"))


def test_a_unit_that_forks_without_end_takes_no_host_with_it(store, agent):
    bomb = os.path.join(agent.dir, "bomb.pl")
    with open(bomb, "w", encoding="ascii") as f:
        f.write(BOMB)
    store.schedule(("bomb@1.service",
                    f"[Service]\nTasksMax=40\nExecStart=/usr/bin/perl {bomb}\n"))
    wait_until(lambda: tasks_of("bomb@1.service") == 40, "it is at its limit")
    store.schedule(("calm@1.service", "[Service]\nExecStart=/bin/sleep 1000\n"))
    wait_until(lambda: store.state("calm@1.service").get("active") == "active", "another runs")
    wait_until(lambda: len(agent.unit_pids()) == 1, "and the first has ended")
    assert tasks_of("bomb@1.service") == 0
    assert score_of(agent.child.pid) < score_of(agent.unit_pids()[0])
    assert score_of(agent.unit_pids()[0]) >= 0
