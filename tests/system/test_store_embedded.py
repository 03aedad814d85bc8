# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the embedded store promises: durability, bounds, rights of hosts."""

import os
import signal
import socket
import time

import pytest

from store_tools import Client, Embedded, Stream, b64, post, prefix_end, unb64, wait_until


@pytest.fixture
def make():
    made = []

    def start(**args):
        made.append(Embedded(**args))
        return made[-1]

    yield start
    for s in made:
        s.stop()


@pytest.fixture
def client():
    made = []

    def connect(store):
        made.append(Client(store.url))
        return made[-1]

    yield connect
    for c in made:
        c.close()


def test_everything_survives_kill_and_start(make, client):
    s = make()
    c = client(s)
    first = c.put("/a", "one")
    c.put("/a", "two")
    c.put("/gone", "x")
    c.ok("delete", key="/gone")
    lease = c.ok("grant", ttl=60, lease=0)["lease"]
    last = c.put("/leased", "x", lease)
    s.kill()
    s.start()
    found = c.range("/", "0")
    assert found["rev"] == last
    assert [(unb64(kv["key"]), kv["version"], kv["lease"]) for kv in found["kvs"]] == [
        (b"/a", 2, 0), (b"/leased", 1, lease)]
    assert unb64(c.range("/a", at_rev=first)["kvs"][0]["value"]) == b"one"
    w = c.watch("/", "0", **{"from": first})
    assert [w.event()[:2] for _ in range(5)] == [
        ("PUT", "/a"), ("PUT", "/a"), ("PUT", "/gone"), ("DELETE", "/gone"), ("PUT", "/leased")]
    c.ok("revoke", lease=lease)
    assert c.keys("/") == ["/a"]


def test_identity_and_compaction_survive(make, client):
    s = make()
    c = client(s)
    c.put("/a", "one")
    rev = c.ok("delete", key="/a")["rev"]
    c.ok("compact", rev=rev)
    before = post(s.url, "/v3/maintenance/status", {})[1]["header"]
    s.kill()
    s.start()
    after = post(s.url, "/v3/maintenance/status", {})[1]["header"]
    assert after == before
    assert c.call("range", key=b64("/a"), at_rev=rev - 1)["error"] == "LIMIT"


def test_writes_in_flight_are_whole_or_absent_after_kill(make, client):
    s = make()
    c = client(s)
    pairs = [c.send("txn", cmps=[], then=[{"kind": 1, "key": k, "value": str(i)}
                                          for k in ("/l", "/r")]) for i in range(200)]
    c.next(pairs[20])
    s.kill()
    s.start()
    values = {kv["mod"]: [] for kv in c.range("/", "0")["kvs"]}
    kvs = c.range("/", "0")["kvs"]
    assert len(values) == 1
    assert len(kvs) == 2 and kvs[0]["value"] == kvs[1]["value"]


def test_leases_have_their_full_time_after_a_restart(make, client):
    s = make()
    c = client(s)
    lease = c.ok("grant", ttl=8, lease=0)["lease"]
    c.put("/k", "x", lease)
    s.kill()
    time.sleep(9)  # it is away for longer than the lease lasts
    s.start()
    assert c.get("/k") == "x"
    begun = time.monotonic()
    assert c.ok("keepalive", lease=lease)["ttl"] == 8
    wait_until(lambda: c.get("/k") is None, "the lease ends")
    assert time.monotonic() - begun > 7


def test_a_stopped_store_does_not_expire_its_clients(make, client):
    s = make()
    c = client(s)
    lease = c.ok("grant", ttl=8, lease=0)["lease"]
    c.put("/k", "x", lease)
    s.child.send_signal(signal.SIGSTOP)
    time.sleep(10)  # it cannot hear keepalives all that time
    s.child.send_signal(signal.SIGCONT)
    assert c.ok("keepalive", lease=lease)["ttl"] == 8
    assert c.get("/k") == "x"


def test_history_is_bounded_without_being_asked(make, client):
    s = make(keep_changes=50)
    c = client(s)
    c.put("/still", "here")
    first = c.put("/k", "0")
    for i in range(500):
        last = c.put("/k", str(i))
    assert c.call("range", key=b64("/k"), at_rev=first)["error"] == "LIMIT"
    assert c.watch("/k", **{"from": first}).failure()["error"] == "LIMIT"
    recent = c.range("/k", at_rev=last - 40)["kvs"]
    assert unb64(recent[0]["value"]) == b"459"
    assert c.get("/still") == "here"
    s.kill()
    s.start()
    assert unb64(c.range("/k", at_rev=last - 40)["kvs"][0]["value"]) == b"459"
    assert c.call("range", key=b64("/k"), at_rev=first)["error"] == "LIMIT"


def test_a_full_store_refuses_puts_and_lives_on(make, client):
    s = make(max_bytes=1 << 20)
    c = client(s)
    for i in range(40):  # rewriting one key needs no more room
        c.put("/same", "x" * 100000)
    answer = {}
    for i in range(40):
        answer = c.call("put", key=f"/k{i}", value=b64("x" * 100000))
        if "error" in answer:
            break
    assert answer["error"] == "LIMIT"
    assert "space" in answer["message"]
    assert c.get("/same") == "x" * 100000
    c.ok("delete", key="/k", end="/l")
    c.put("/k", "x" * 100000)


def test_a_watcher_that_left_is_forgotten(make):
    s = make()

    def descriptors():
        return len(os.listdir(f"/proc/{s.child.pid}/fd"))

    post(s.url, "/v3/kv/range", {"key": b64("/")})
    before = descriptors()
    streams = [Stream(s.url, {"key": b64("/k")}) for _ in range(20)]
    for stream in streams:
        stream.line()
    assert descriptors() > before + 10  # one of before may be closed meanwhile
    for stream in streams:
        stream.close()
    wait_until(lambda: descriptors() <= before + 1, "their connections are closed")


def test_an_orderly_end_does_not_wait_for_watchers(make, client):
    s = make()
    streams = [Stream(s.url, {"key": b64("/k")}) for _ in range(5)]
    for stream in streams:
        stream.line()
    assert s.end() == 0, "it ends while they are still there"
    assert [stream.line() for stream in streams] == [None] * 5
    for stream in streams:
        stream.close()


def test_a_second_store_on_the_same_database_is_refused(make):
    s = make()
    other = Embedded.__new__(Embedded)
    with pytest.raises(AssertionError):
        other.__dict__.update(s.__dict__, port=0)
        other.start()
    other.kill()


# ------------------------------------------------------------------ rights of hosts

HOST = {"X-Test-Host": "web-1"}


def as_host(s, path, body, host="web-1"):
    return post(s.url, "/v3/" + path, body, {"X-Test-Host": host})


@pytest.mark.parametrize("path,body,allowed", [
    ("kv/put", {"key": b64("/foretide/hosts/web-1")}, True),
    ("kv/put", {"key": b64("/foretide/states/web-1")}, True),
    ("kv/put", {"key": b64("/skydns/local/x")}, True),
    ("kv/put", {"key": b64("/foretide/hosts/web-12")}, False),
    ("kv/put", {"key": b64("/foretide/hosts/web-1/x")}, False),
    ("kv/put", {"key": b64("/foretide/schedule/web-1")}, False),
    ("kv/put", {"key": b64("/foretide/leader")}, False),
    ("kv/put", {"key": b64("/skydns")}, False),
    ("kv/put", {"key": b64("/other")}, False),
    ("kv/range", {"key": b64("/foretide/"), "range_end": b64("/foretide0")}, True),
    ("kv/range", {"key": b64("/foretide/schedule/web-2")}, True),
    ("kv/range", {"key": b64("/skydns/a"), "range_end": b64("/skydns/b")}, True),
    ("kv/range", {"key": b64("/foretide/"), "range_end": b64("/foretide1")}, False),
    ("kv/range", {"key": b64("/foretide/"), "range_end": b64("/g")}, False),
    ("kv/range", {"key": b64("/foretide/"), "range_end": b64(b"\0")}, False),
    ("kv/range", {"key": b64("/foretide/"), "range_end": b64("/foretide00")}, False),
    ("kv/range", {"key": b64("/"), "range_end": b64("0")}, False),
    ("kv/range", {"key": b64("/secret")}, False),
    ("kv/deleterange", {"key": b64("/skydns/"), "range_end": b64("/skydns0")}, True),
    ("kv/deleterange", {"key": b64("/foretide/hosts/"),
                        "range_end": b64("/foretide/hosts0")}, False),
    ("kv/deleterange", {"key": b64("/foretide/hosts/web-1"),
                        "range_end": b64("/foretide/hosts/web-2")}, False),
    ("kv/txn", {"success": [{"request_put": {"key": b64("/skydns/a")}}]}, True),
    ("kv/txn", {"success": [{"request_put": {"key": b64("/other")}}]}, False),
    ("kv/txn", {"failure": [{"request_put": {"key": b64("/other")}}]}, False),
    ("kv/txn", {"success": [{"request_txn": {"failure": [
        {"request_delete_range": {"key": b64("/other")}}]}}]}, False),
    ("kv/txn", {"compare": [{"key": b64("/secret"), "target": "VERSION"}]}, False),
    ("kv/compaction", {"revision": "1"}, False),
    ("lease/leases", {}, False),
    ("watch", {"create_request": {"key": b64("/secret")}}, False),
    ("watch", {"create_request": {"key": b64(b"\0"), "range_end": b64(b"\0")}}, False),
])
def test_a_host_may_do_what_it_must_and_no_more(make, path, body, allowed):
    s = make()
    status, doc = as_host(s, path, body)
    if allowed:
        assert status == 200, doc
    else:
        assert (status, doc["code"]) == (403, 7)
        assert doc["message"] == "etcdserver: permission denied"


def test_a_lease_is_its_owners(make, client):
    s = make()
    lease = as_host(s, "lease/grant", {"TTL": "60"})[1]["ID"]
    key = b64("/skydns/a")
    assert as_host(s, "kv/put", {"key": key, "lease": lease})[0] == 200
    for path, body in [("lease/revoke", {"ID": lease}), ("lease/keepalive", {"ID": lease}),
                       ("lease/timetolive", {"ID": lease}),
                       ("kv/put", {"key": b64("/skydns/b"), "lease": lease})]:
        assert as_host(s, path, body, host="web-2")[0] == 403
    s.kill()
    s.start()
    assert as_host(s, "lease/revoke", {"ID": lease}, host="web-2")[0] == 403
    assert as_host(s, "lease/keepalive", {"ID": lease})[1]["result"]["TTL"] == "60"
    assert client(s).ok("revoke", lease=int(lease))


def test_who_only_looks_changes_nothing(make, client):
    s = make()
    c = client(s)
    lease = c.ok("grant", ttl=60, lease=0)["lease"]
    c.put("/k", "x", lease)
    viewer = {"X-Test-Viewer": "1"}
    for path, body in [("kv/put", {"key": b64("/k")}), ("kv/deleterange", {"key": b64("/k")}),
                       ("lease/revoke", {"ID": str(lease)}), ("lease/grant", {"TTL": "5"}),
                       ("lease/keepalive", {"ID": str(lease)}), ("kv/compaction", {"revision": 2}),
                       ("kv/txn", {"failure": [{"request_put": {"key": b64("/k")}}]})]:
        assert post(s.url, "/v3/" + path, body, viewer)[0] == 403, path
    assert post(s.url, "/v3/kv/range", {"key": b64("/k")}, viewer)[1]["count"] == "1"
    assert post(s.url, "/v3/lease/timetolive", {"ID": str(lease)}, viewer)[0] == 200
    assert as_host(s, "lease/revoke", {"ID": str(lease)})[0] == 403
    assert c.get("/k") == "x"


def test_a_host_may_watch_what_it_may_read(make, client):
    s = make()
    stream = Stream(s.url, {"key": b64("/foretide/"), "range_end": b64("/foretide0")}, HOST)
    assert stream.line()["created"] is True
    client(s).put("/foretide/schedule/web-1", "{}")
    assert unb64(stream.line()["events"][0]["kv"]["key"]) == b"/foretide/schedule/web-1"
    stream.close()


# ------------------------------------------------------------------ clients and restarts


def test_a_watch_goes_on_after_a_restart(make, client):
    s = make()
    c, writer = client(s), client(s)
    w = c.watch("/", "0").established()
    writer.put("/a", "1")
    assert w.event()[2] == "1"
    s.kill()
    s.start()
    writer.put("/a", "2")
    writer.put("/b", "3")
    assert [w.event()[2] for _ in range(2)] == ["2", "3"]


def test_a_mirror_outlives_a_restart_with_compaction(make, client):
    s = make()
    reader, writer = client(s), client(s)
    for k in "abc":
        writer.put(f"/m/{k}", k)
    m = reader.mirror("/m/")
    assert len(m.changes()) == 3
    m.wait_synced()
    s.kill()
    m.wait_synced(False)
    assert m.copy() == {"/m/a": "a", "/m/b": "b", "/m/c": "c"}
    assert reader.call("state")["reachable"] is False
    reader.child.send_signal(signal.SIGSTOP)
    s.start()
    writer.put("/m/b", "new")
    writer.ok("delete", key="/m/c")
    writer.ok("compact", rev=writer.put("/m/d", "d"))
    reader.child.send_signal(signal.SIGCONT)
    got = []
    while len(got) < 3:
        got += m.changes()
    assert sorted(got) == [("DELETE", "/m/c", "c"), ("PUT", "/m/b", "new"),
                           ("PUT", "/m/d", "d")]
    m.wait_synced()
    assert m.copy() == {"/m/a": "a", "/m/b": "new", "/m/d": "d"}


def test_a_mirror_notices_a_store_that_was_made_anew(make, client):
    s = make()
    reader = client(s)
    for i in range(30):
        reader.put("/m/a", str(i))
    m = reader.mirror("/m/")
    m.wait_synced()
    s.kill()
    for name in os.listdir(s.dir):
        if name.startswith("db"):
            os.unlink(os.path.join(s.dir, name))
    s.start()
    reader.put("/m/b", "new")
    wait_until(lambda: m.copy() == {"/m/b": "new"}, "the copy is of the new store")


def test_a_peer_that_speaks_no_http_is_survived(client, make):
    """Something else listens where the store should be."""
    listener = socket.create_server(("127.0.0.1", 0))
    s = make()
    c = Client(f"http://127.0.0.1:{listener.getsockname()[1]},{s.url}")
    try:
        number = c.send("range", key=b64("/k"))
        peer, _ = listener.accept()
        peer.recv(4096)
        peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        peer.close()
        assert c.next(number)["kvs"] == []
    finally:
        c.close()
        listener.close()
