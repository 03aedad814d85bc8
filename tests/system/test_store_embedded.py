# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the embedded store promises: durability, bounds, rights of hosts."""

import json
import os
import signal
import socket
import sqlite3
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
RECORD = "/skydns/local/shop/web/web-1-80"
VALUE = '{"host":"10.0.0.1","port":80,"weight":5}'
RIGHTS = {"host": "web-1", "read": ["/foretide/secrets/shop/", "/foretide/units/ab12"],
          "records": {RECORD: VALUE}, "programs_read": ["/skydns/", "/apps/shop/"],
          "programs_write": ["/apps/shop/"]}


def as_host(s, path, body, host="web-1"):
    return post(s.url, "/v3/" + path, body, {"X-Test-Host": host})


def as_programs(s, path, body, host="web-1"):
    return post(s.url, "/v3/" + path, body, {"X-Test-Programs": host})


def lease_of(s, host="web-1"):
    return as_host(s, "lease/grant", {"TTL": "600"}, host)[1]["ID"]


def span(prefix):
    return {"key": b64(prefix), "range_end": b64(prefix[:-1] + "0")}


def put(key, value="", **more):
    return {"key": b64(key), "value": b64(value), **more}


# LEASE: the host's own takes its place.
LEASE = "LEASE"


@pytest.mark.parametrize("path,body,allowed", [
    ("kv/put", put("/foretide/hosts/web-1", lease=LEASE), True),
    ("kv/put", put("/foretide/states/web-1", lease=LEASE), True),
    ("kv/put", put(RECORD, VALUE, lease=LEASE), True),
    ("kv/put", put(RECORD, '{"port":80, "weight":5, "host":"10.0.0.1"}', lease=LEASE), True),
    ("kv/put", put(RECORD, VALUE[:-1] + ',"withdrawn":true}', lease=LEASE), True),
    ("kv/put", put(RECORD, VALUE, lease=LEASE, prev_kv=True), True),
    ("kv/range", span("/foretide/secrets/shop/"), True),
    ("kv/range", {"key": b64("/foretide/secrets/shop/db")}, True),
    ("kv/range", {"key": b64("/foretide/units/ab12")}, True),
    ("kv/range", {"key": b64("/foretide/schedule/web-1")}, True),
    ("kv/range", span("/skydns/"), True),
    ("kv/range", {"key": b64("/skydns/a"), "range_end": b64("/skydns/b")}, True),
    ("kv/deleterange", {"key": b64(RECORD)}, True),
    ("kv/deleterange", {"key": b64("/foretide/hosts/web-1")}, True),
    ("kv/txn", {"compare": [{"key": b64(RECORD), "target": "MOD"}],
                "success": [{"request_put": put(RECORD, VALUE, lease=LEASE)}]}, True),
    ("kv/put", put("/foretide/hosts/web-1"), False),  # it would outlive the host
    ("kv/put", put(RECORD, VALUE), False),
    ("kv/put", put(RECORD, VALUE.replace("10.0.0.1", "10.0.0.2"), lease=LEASE), False),
    ("kv/put", put(RECORD, VALUE.replace("80", "81"), lease=LEASE), False),
    ("kv/put", put(RECORD, VALUE.replace("5", "500"), lease=LEASE), False),
    ("kv/put", put(RECORD, VALUE[:-1] + ',"text":"x"}', lease=LEASE), False),
    ("kv/put", put(RECORD, "10.0.0.1", lease=LEASE), False),
    ("kv/put", put(RECORD, "", lease=LEASE), False),
    ("kv/put", {"key": b64(RECORD), "lease": LEASE, "ignore_value": True}, False),
    ("kv/put", put(RECORD + "/x", VALUE, lease=LEASE), False),
    ("kv/put", put(RECORD[:-1], VALUE, lease=LEASE), False),
    ("kv/put", put("/skydns/local/shop/web/web-2-80", VALUE, lease=LEASE), False),
    ("kv/put", put("/foretide/hosts/web-12", lease=LEASE), False),
    ("kv/put", put("/foretide/hosts/web-1/x", lease=LEASE), False),
    ("kv/put", put("/foretide/schedule/web-1", lease=LEASE), False),
    ("kv/put", put("/foretide/secrets/shop/db", lease=LEASE), False),
    ("kv/put", put("/foretide/leader", lease=LEASE), False),
    ("kv/put", put("/skydns", lease=LEASE), False),
    ("kv/put", put("/other", lease=LEASE), False),
    ("kv/range", span("/foretide/"), False),
    ("kv/range", span("/foretide/secrets/"), False),
    ("kv/range", span("/foretide/secrets/shop-2/"), False),
    ("kv/range", {"key": b64("/foretide/secrets/shop"),
                  "range_end": b64("/foretide/secrets/shoq")}, False),
    ("kv/range", {"key": b64("/foretide/units/ab1")}, False),
    ("kv/range", {"key": b64("/foretide/units/ab12"),
                  "range_end": b64("/foretide/units/ab13")}, False),
    ("kv/range", {"key": b64("/foretide/schedule/web-2")}, False),
    ("kv/range", {"key": b64("/foretide/hosts/web-2")}, False),
    ("kv/range", {"key": b64("/skydns/"), "range_end": b64("/skydns1")}, False),
    ("kv/range", {"key": b64("/skydns/"), "range_end": b64("/t")}, False),
    ("kv/range", {"key": b64("/skydns/"), "range_end": b64(b"\0")}, False),
    ("kv/range", {"key": b64("/skydns/"), "range_end": b64("/skydns00")}, False),
    ("kv/range", {"key": b64("/"), "range_end": b64("0")}, False),
    ("kv/range", {"key": b64("/secret")}, False),
    ("kv/range", {"key": b64("/apps/shop/x")}, False),
    ("kv/deleterange", span("/skydns/"), False),
    ("kv/deleterange", {"key": b64(RECORD), "range_end": b64(RECORD + "0")}, False),
    ("kv/deleterange", span("/foretide/hosts/"), False),
    ("kv/deleterange", {"key": b64("/foretide/hosts/web-1"),
                        "range_end": b64("/foretide/hosts/web-2")}, False),
    ("kv/deleterange", {"key": b64("/foretide/schedule/web-2")}, False),
    ("kv/txn", {"success": [{"request_put": put("/other", lease=LEASE)}]}, False),
    ("kv/txn", {"failure": [{"request_put": put("/other", lease=LEASE)}]}, False),
    ("kv/txn", {"success": [{"request_put": put(RECORD, VALUE)}]}, False),
    ("kv/txn", {"success": [{"request_put": put(RECORD, VALUE, lease=LEASE)},
                            {"request_delete_range": span("/skydns/")}]}, False),
    ("kv/txn", {"success": [{"request_txn": {"failure": [
        {"request_delete_range": {"key": b64("/other")}}]}}]}, False),
    ("kv/txn", {"compare": [{"key": b64("/secret"), "target": "VERSION"}]}, False),
    ("kv/compaction", {"revision": "1"}, False),
    ("lease/leases", {}, False),
    ("watch", {"create_request": {"key": b64("/secret")}}, False),
    ("watch", {"create_request": span("/foretide/secrets/")}, False),
    ("watch", {"create_request": {"key": b64(b"\0"), "range_end": b64(b"\0")}}, False),
])
def test_a_host_may_do_what_it_must_and_no_more(make, path, body, allowed):
    s = make()
    s.grant(**RIGHTS)
    text = json.dumps(body).replace(f'"{LEASE}"', f'"{lease_of(s)}"')
    status, doc = as_host(s, path, json.loads(text))
    if allowed:
        assert status == 200, doc
    else:
        assert (status, doc["code"]) == (403, 7)
        assert doc["message"].startswith("etcdserver: permission denied")


def test_a_refusal_says_what_is_refused(make):
    s = make()
    s.grant(**RIGHTS)
    assert as_host(s, "kv/range", span("/foretide/secrets/"))[1]["message"] == \
        "etcdserver: permission denied: web-1 may not read /foretide/secrets/..."
    assert as_host(s, "watch", {"create_request": {"key": b64("/a\n")}})[1]["message"] == \
        "etcdserver: permission denied: web-1 may not read /a?"
    assert as_host(s, "kv/txn", {"success": [
        {"request_range": span("/skydns/")},
        {"request_delete_range": {"key": b64("/b")}}]})[1]["message"] == \
        "etcdserver: permission denied: web-1 may not delete /b"
    assert "ask again" in as_host(s, "kv/range", {"key": b64("/b")}, "web-2")[1]["message"]


def test_another_hosts_record_is_not_taken_away(make, client):
    s = make()
    s.grant(**RIGHTS)
    s.grant(host="web-2", read=[])
    assert as_host(s, "kv/put", put(RECORD, VALUE, lease=lease_of(s)))[0] == 200
    other = lease_of(s, "web-2")
    for path, body in [("kv/deleterange", {"key": b64(RECORD)}),
                       ("kv/put", put(RECORD, VALUE, lease=other)),
                       ("kv/put", put(RECORD, VALUE[:-1] + ',"withdrawn":true}',
                                      lease=other))]:
        assert as_host(s, path, body, "web-2")[0] == 403
    client(s).put("/skydns/by-hand", "{}")
    assert as_host(s, "kv/deleterange", {"key": b64("/skydns/by-hand")})[0] == 403


def test_what_a_host_has_registered_it_may_take_back(make):
    """Also when the unit is not placed on it any more: its record must not outlive it."""
    s = make()
    s.grant(**RIGHTS)
    lease = lease_of(s)
    assert as_host(s, "kv/put", put(RECORD, VALUE, lease=lease))[0] == 200
    s.grant(host="web-1", read=[])
    assert as_host(s, "kv/put", put(RECORD, VALUE, lease=lease))[0] == 403
    wrong = VALUE.replace("10.0.0.1", "10.0.0.2")[:-1] + ',"withdrawn":true}'
    assert as_host(s, "kv/put", put(RECORD, wrong, lease=lease))[0] == 403
    s.kill()
    s.start()
    gone = put(RECORD, VALUE[:-1] + ',"withdrawn":true}', lease=lease)
    assert as_host(s, "kv/put", gone)[0] == 200
    assert as_host(s, "kv/deleterange", {"key": b64(RECORD)})[1]["deleted"] == "1"
    assert as_host(s, "kv/put", gone)[0] == 403


def test_programs_have_rights_of_their_own(make):
    s = make()
    assert as_programs(s, "kv/range", span("/skydns/"))[0] == 200
    assert as_programs(s, "kv/range", span("/apps/shop/"))[0] == 403
    s.grant(**RIGHTS)
    assert as_programs(s, "kv/put", put("/apps/shop/title", "x"))[0] == 200
    assert as_programs(s, "kv/range", span("/apps/shop/"))[1]["count"] == "1"
    for path, body in [("kv/range", span("/foretide/secrets/shop/")),
                       ("kv/range", {"key": b64("/foretide/schedule/web-1")}),
                       ("kv/put", put("/foretide/hosts/web-1")),
                       ("kv/put", put(RECORD, VALUE)),
                       ("kv/put", put("/apps/blog/title")),
                       ("kv/deleterange", {"key": b64(RECORD)})]:
        assert as_programs(s, path, body)[0] == 403, path
    # A lease of the agent is not theirs.
    assert as_programs(s, "lease/keepalive", {"ID": lease_of(s)})[0] == 403


def test_a_right_that_ends_ends_the_watch(make, client):
    s = make()
    s.grant(**RIGHTS)
    stay = Stream(s.url, span("/skydns/"), HOST)
    ends = Stream(s.url, span("/foretide/secrets/shop/"), HOST)
    assert stay.line()["created"] and ends.line()["created"]
    s.grant(host="web-1", read=["/foretide/secrets/blog/"])
    last = ends.line()
    assert last["canceled"] and "permission denied" in last["cancel_reason"]
    client(s).put("/skydns/a", "{}")
    assert unb64(stay.line()["events"][0]["kv"]["key"]) == b"/skydns/a"
    assert as_host(s, "watch", {"create_request": {
        **span("/foretide/secrets/shop/"), "start_revision": "1"}})[0] == 403
    stay.close()
    ends.close()


def test_nobody_reads_a_secret_that_was_deleted(make, client):
    """Neither at an old revision, nor by an old watch, nor in the database's file."""
    s = make()
    c = client(s)
    old = c.put("/foretide/secrets/shop/db", "swordfish")
    c.put("/foretide/secrets/shop/db", "swordfish2")
    c.put("/foretide/conf/shop/a", "swordfish3")
    c.ok("delete", key="/foretide/secrets/shop/db")
    c.ok("delete", key="/foretide/conf/shop/a")
    for again in (False, True):
        if again:
            s.kill()
            s.start()
        for rev in (old, old + 1, old + 2):
            doc = post(s.url, "/v3/kv/range", {**span("/foretide/"), "revision": str(rev)})[1]
            assert "swordfish" not in str([unb64(kv["value"]) for kv in doc.get("kvs", [])
                                           if b"secrets" in unb64(kv["key"])])
        w = Stream(s.url, {**span("/foretide/"), "start_revision": "1", "prev_kv": True})
        assert w.line()["created"]
        events = w.line()["events"]
        assert [e.get("type", "PUT") for e in events] == ["PUT", "DELETE", "DELETE"]
        assert not [e for e in events if b"secrets" in unb64(e["kv"]["key"])
                    and ("prev_kv" in e or "value" in e["kv"])]
        w.close()
    assert s.end() == 0
    db = sqlite3.connect(os.path.join(s.dir, "db"))
    assert [v for k, v in db.execute("SELECT key, value FROM kv_change")
            if b"secrets" in bytes(k) and v] == []
    db.close()


def test_a_lease_is_its_owners(make, client):
    s = make()
    lease = as_host(s, "lease/grant", {"TTL": "60"})[1]["ID"]
    assert as_host(s, "kv/put", put("/foretide/hosts/web-1", lease=lease))[0] == 200
    for path, body in [("lease/revoke", {"ID": lease}), ("lease/keepalive", {"ID": lease}),
                       ("lease/timetolive", {"ID": lease}),
                       ("kv/put", put("/foretide/hosts/web-2", lease=lease))]:
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
    stream = Stream(s.url, {"key": b64("/foretide/schedule/web-1")}, HOST)
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
