# SPDX-License-Identifier: GPL-3.0-or-later
"""What one host, or one person, asks of the built-in store costs itself alone: beside each
flood another host's lease is kept alive, and what is refused has a name."""

import http.client
import json
import socket
import threading
import time

import pytest

from store_tools import DEADLINE_S, Embedded, b64, prefix_end, wait_until
from test_api import fixture_daemon  # noqa: F401

FLOODS = 4  # connections


@pytest.fixture(name="store")
def fixture_store():
    s = Embedded()
    yield s
    s.stop()


class Host:
    """A host's calls, on one kept connection."""

    def __init__(self, store, name):
        self.connection = http.client.HTTPConnection("127.0.0.1", store.port,
                                                     timeout=DEADLINE_S)
        self.headers = {"X-Test-Host": name} if name else {}

    def call(self, path, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.connection.request("POST", "/v3/" + path, data, self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text.startswith(b"{") else text

    def lease(self, ttl=5):
        status, doc = self.call("lease/grant", {"TTL": ttl})
        assert status == 200, doc
        return doc["ID"]

    def keep(self, lease):
        status, doc = self.call("lease/keepalive", {"ID": lease})
        assert status == 200, doc
        return int(doc["result"].get("TTL", 0))


def words(doc):
    return doc.get("error", "")


def nested(operation, *widths):
    """A transaction of transactions, so many on each level, of so many operations; up to
    the 4 MB that a request may have."""
    ops = [operation] * widths[-1]
    for width in widths[-2::-1]:
        ops = [{"request_txn": {"success": ops}}] * width
    body = json.dumps({"success": ops}, separators=(",", ":")).encode()
    assert 1 << 20 < len(body) < 4 << 20
    return body


def own_put(lease):
    return {"key": b64("/foretide/states/web-1"), "value": b64("x" * 200), "lease": lease}


def floods():
    """What web-1 sends without a pause: (name, path, body by its lease, what refuses it)."""
    put = {"request_put": {"key": b64("/foretide/states/web-1")}}
    records = {"key": b64("/skydns/"), "range_end": b64("/skydns0")}
    deep = nested(put, 10, 60, 60)
    wide = nested({"request_range": records}, 127, 127)
    everything = {**records, "sort_order": "DESCEND", "sort_target": "VALUE"}
    return [
        ("puts", "kv/put", own_put, "too many requests"),
        ("keepalives", "lease/keepalive", lambda lease: {"ID": lease}, "too many requests"),
        ("leases", "lease/grant", lambda lease: {"TTL": "5"}, "too many"),
        ("leases for ever", "lease/grant", lambda lease: {"TTL": "9000000000"}, "too"),
        ("nested puts", "kv/txn", lambda lease: deep, "too many"),
        ("nested ranges", "kv/txn", lambda lease: wide, "too many"),
        ("sorted ranges", "kv/range", lambda lease: everything, "too many requests"),
        ("garbage", "kv/txn", lambda lease: b"[" * 2000000, "too many requests"),
    ]


@pytest.mark.parametrize("name,path,body,refused", floods(), ids=[f[0] for f in floods()])
def test_a_flood_slows_its_host_alone(store, name, path, body, refused):
    all_rights = Host(store, None)
    for i in range(500):
        assert all_rights.call("kv/put", {"key": b64(f"/skydns/local/{i}"),
                                          "value": b64("x" * 500)})[0] == 200
    other = Host(store, "web-2")
    kept = other.lease()
    made = body(Host(store, "web-1").lease())
    stop = threading.Event()
    answers = [[] for _ in range(FLOODS)]

    def flood(seen):
        host = Host(store, "web-1")
        while not stop.is_set():
            status, doc = host.call(path, made)
            if status != 200:
                seen.append(words(doc))

    threads = [threading.Thread(target=flood, args=(a,)) for a in answers]
    for t in threads:
        t.start()
    try:
        until = time.monotonic() + DEADLINE_S
        done = 0
        while done < 40 or not any(refused in w for a in answers for w in a):
            assert time.monotonic() < until, (name, done, [a[-3:] for a in answers])
            assert other.keep(kept) == 5, name
            assert other.call("kv/put", {"key": b64("/foretide/hosts/web-2"), "lease": kept,
                                         "value": b64("{}")})[0] == 200
            done += 1
            stop.wait(0.1)  # as an agent, which does not ask without a pause
    finally:
        stop.set()
        for t in threads:
            t.join()
    assert other.keep(kept) == 5
    named = [w for a in answers for w in a if refused in w and "txn request" not in w]
    assert all(w.endswith(": the limit of web-1") for w in named), named[:3]
    assert all_rights.call("kv/put", {"key": b64("/k")})[0] == 200


def put_many(host, prefix, value, n=30):
    """Until one is refused: how many were not, and the refusal."""
    for i in range(n):
        status, doc = host.call("kv/put", {"key": b64(f"{prefix}{i}"), "value": value})
        if status != 200:
            return i, words(doc)
    return n, ""


def test_a_host_fills_no_more_than_its_share(store):
    value = b64("x" * 200000)
    for name in ("web-1", "web-2"):
        store.grant(host=name, programs_write=["/apps/shop/"])
    programs, others = [Host(store, None), Host(store, None)]
    programs.headers = {"X-Test-Programs": "web-1"}
    others.headers = {"X-Test-Programs": "web-2"}
    done, refusal = put_many(programs, "/apps/shop/a", value)
    assert refusal == ("etcdserver: mvcc: database space exceeded: "
                       "the limit of web-1:programs"), (done, refusal)
    assert 15 <= done <= 20  # of 4 MiB
    assert put_many(others, "/apps/shop/b", value, 5) == (5, "")
    agent = Host(store, "web-1")
    status, doc = agent.call("kv/put", {"key": b64("/foretide/states/web-1"), "value": value,
                                        "lease": agent.lease(600)})
    assert status == 200, doc
    # What it deletes it may have again.
    status, doc = programs.call("kv/deleterange", {"key": b64("/apps/shop/a0")})
    assert status == 200, doc
    assert put_many(programs, "/apps/shop/c", value)[0] == 1


def test_the_programs_of_many_hosts_leave_room(store):
    store.stop()
    store.__init__(max_bytes=20 << 20)
    value = b64("x" * 500000)
    refusals = []
    for i, stack in enumerate(["shop", "shop", "blog", "wiki", "mail"]):
        store.grant(host=f"web-{i}", programs_write=[f"/apps/{stack}/"])
        programs = Host(store, None)
        programs.headers = {"X-Test-Programs": f"web-{i}"}
        refusals.append(put_many(programs, f"/apps/{stack}/{i}/", value)[1])
    assert refusals[0].endswith("the limit of web-0:programs")
    # Five MiB of the stack, of which its first host has four.
    assert refusals[1].endswith("the programs of one stack have a quarter of it together")
    assert refusals[2].endswith("the limit of web-2:programs")
    assert refusals[4] == "etcdserver: mvcc: database space exceeded"
    for i in range(5, 25):
        agent = Host(store, f"web-{i}")
        status, doc = agent.call("kv/put", {"key": b64(f"/foretide/states/web-{i}"),
                                            "value": b64("x" * 20000),
                                            "lease": agent.lease(600)})
        assert status == 200, doc


def test_answers_that_nobody_reads_are_not_made(store):
    """Of a hundred connections that ask for 8 MB each and read nothing."""
    all_rights = Host(store, None)
    for i in range(8):
        all_rights.call("kv/put", {"key": b64(f"/skydns/{i}"), "value": b64("x" * 800000)})
    body = json.dumps({"key": b64("/skydns/"), "range_end": b64(prefix_end("/skydns/"))})
    request = (f"POST /v3/kv/range HTTP/1.1\r\nHost: x\r\nX-Test-Host: web-1\r\n"
               f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
    silent = []
    try:
        for _ in range(100):
            silent.append(socket.create_connection(("127.0.0.1", store.port)))
            silent[-1].sendall(request)
        host = Host(store, "web-1")
        wait_until(lambda: host.call("kv/range", json.loads(body))[0] == 429,
                   "it is refused")
        other = Host(store, "web-2")
        assert other.keep(other.lease()) == 5
        with open(f"/proc/{store.child.pid}/status", encoding="ascii") as f:
            rss_kb = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
        assert rss_kb < 300 << 10
    finally:
        for s in silent:
            s.close()


def test_who_asks_for_too_much_is_a_problem(daemon):
    """By a person, whose token it names."""
    status = 200
    for _ in range(1100):
        status = daemon.call("POST", "/v3/lease/grant", {"TTL": 600}).status
        if status != 200:
            break
    assert status == 429

    def problem():
        return [p for p in daemon.get("/v1/status").doc["problems"] if p["kind"] == "store-limit"]

    found = problem()
    assert len(found) == 1
    assert found[0]["message"].startswith("token:")
    assert "too many leases, refused 1 times" in found[0]["message"]
    # The controller itself goes on.
    assert daemon.get("/v1/status").doc["store"]["ok"]
    with open(daemon.folder + "/err", encoding="utf-8") as log:
        wait_until(lambda: "store-refuses" in log.read(), "it is logged")


def test_a_store_that_fills_is_a_problem(daemon):
    """Before it is full: who has the most is named."""
    def problem():
        return [p for p in daemon.get("/v1/status").doc["problems"] if p["kind"] == "store-full"]

    assert not problem()
    value = b64("x" * 1400000)
    for n in range(3):  # each may have 32 MiB of 128
        token = daemon.call("POST", "/v1/tokens", {"name": f"t{n}", "role": "admin"}).doc["token"]
        for i in range(22):
            answer = daemon.call("POST", "/v3/kv/put", {"key": b64(f"/big/{n}/{i}"),
                                                        "value": value}, token=token)
            assert answer.status == 200, answer.doc
    found = wait_until(problem, "it is told")
    assert "of 128 MiB" in found[0]["message"] and "of token:" in found[0]["message"]
    assert found[0]["since"]
