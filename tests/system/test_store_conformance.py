# SPDX-License-Identifier: GPL-3.0-or-later
"""The same checks against the embedded store and a real etcd, with two clients."""

import itertools
import threading
import time
import urllib.error
import urllib.request

import pytest
from etcd3gw.client import Etcd3Client

from store_tools import (DEADLINE_S, Client, Embedded, Etcd, Stream, b64, post, prefix_end,
                         unb64, wait_until)

RANGE, PUT, DELETE = 0, 1, 2
VERSION, CREATE, MOD, VALUE, LEASE = range(5)
EQUAL, GREATER, LESS, NOT_EQUAL = range(4)

names = itertools.count()


@pytest.fixture(scope="module", params=["embedded", "etcd"])
def store(request):
    s = Embedded() if request.param == "embedded" else Etcd()
    yield s
    s.stop()


@pytest.fixture
def c(store):
    client = Client(store.url)
    yield client
    client.close()


@pytest.fixture
def gw(store):
    return Etcd3Client(host="127.0.0.1", port=store.port, api_path="/v3/",
                       timeout=DEADLINE_S)


@pytest.fixture
def p():
    """A prefix that no other test uses."""
    return f"/t{next(names):04}/"


def raw(store, path, body, status=200, headers=None):
    got, doc = post(store.url, path, body, headers)
    assert got == status, (path, body, got, doc)
    return doc


def fill(c, p, names="abcde"):
    return [c.put(p + n, n.upper()) for n in names]


# ------------------------------------------------------------------ keys and values


def test_put_makes_and_changes_a_key(c, p):
    first = c.put(p + "k", "one")
    second = c.put(p + "k", "two")
    kv, = c.range(p + "k")["kvs"]
    assert second == first + 1
    assert unb64(kv["value"]) == b"two"
    assert (kv["create"], kv["mod"], kv["version"]) == (first, second, 2)


def test_a_key_that_was_deleted_begins_anew(c, p):
    c.put(p + "k", "one")
    c.ok("delete", key=p + "k")
    rev = c.put(p + "k", "two")
    kv, = c.range(p + "k")["kvs"]
    assert (kv["create"], kv["mod"], kv["version"]) == (rev, rev, 1)


def test_put_tells_what_was_there(store, p):
    body = {"key": b64(p + "k"), "value": b64("one"), "prev_kv": True}
    assert "prev_kv" not in raw(store, "/v3/kv/put", body)
    prev = raw(store, "/v3/kv/put", dict(body, value=b64("two")))["prev_kv"]
    assert unb64(prev["value"]) == b"one"
    assert prev["version"] == "1"


def test_put_can_keep_value_or_lease(store, c, p):
    lease = c.ok("grant", ttl=60, lease=0)["lease"]
    c.put(p + "k", "one", lease)
    raw(store, "/v3/kv/put", {"key": b64(p + "k"), "value": b64("two"), "ignore_lease": True})
    raw(store, "/v3/kv/put", {"key": b64(p + "k"), "ignore_value": True, "lease": str(lease)})
    kv, = c.range(p + "k")["kvs"]
    assert (unb64(kv["value"]), kv["lease"], kv["version"]) == (b"two", lease, 3)
    c.ok("revoke", lease=lease)


def test_an_empty_value_is_a_value(c, p):
    c.put(p + "k", "")
    kv, = c.range(p + "k")["kvs"]
    assert kv["value"] == ""


def test_big_values_come_back_whole(c, p):
    value = "0123456789abcdef" * 65536
    c.put(p + "k", value)
    assert c.get(p + "k") == value


def test_keys_and_values_may_be_any_bytes(store, c, p):
    key = p.encode() + bytes(range(256))
    value = bytes(reversed(range(256)))
    raw(store, "/v3/kv/put", {"key": b64(key), "value": b64(value)})
    kv, = c.ok("range", key=b64(p), end=b64(prefix_end(p)))["kvs"]
    assert (unb64(kv["key"]), unb64(kv["value"])) == (key, value)
    raw(store, "/v3/kv/deleterange", {"key": b64(key)})
    assert c.keys(p) == []


def test_delete_counts_and_tells_what_was_there(store, c, p):
    fill(c, p, "abc")
    doc = raw(store, "/v3/kv/deleterange",
              {"key": b64(p), "range_end": b64(p + "c"), "prev_kv": True})
    assert doc["deleted"] == "2"
    assert [unb64(kv["value"]) for kv in doc["prev_kvs"]] == [b"A", b"B"]
    assert c.keys(p) == [p + "c"]


def test_deleting_nothing_changes_nothing(c, p):
    rev = c.put(p + "k", "")
    assert c.ok("delete", key=p + "none")["rev"] == rev


# ------------------------------------------------------------------ ranges


def test_a_range_excludes_its_end(c, p):
    fill(c, p)
    found = c.range(p + "b", p + "d")
    assert [unb64(kv["value"]) for kv in found["kvs"]] == [b"B", b"C"]
    assert (found["count"], found["more"]) == (2, False)


def test_a_prefix_is_sorted_by_key(c, p):
    fill(c, p, "cab")
    assert c.keys(p) == [p + "a", p + "b", p + "c"]


def test_from_a_key_on(c, p):
    fill(c, p, "ab")
    found = c.ok("range", key=b64(p + "b"), end=b64(b"\0"))["kvs"]
    assert unb64(found[0]["key"]).decode() == p + "b"


def test_limit_cuts_and_says_so(c, p):
    fill(c, p)
    found = c.range(p, prefix_end(p), limit=2)
    assert len(found["kvs"]) == 2
    assert found["more"] is True
    assert found["count"] == 5


@pytest.mark.parametrize("sort,descending,want", [
    (0, True, "edcba"), (1, False, "bcdea"), (2, True, "edcba"), (3, True, "aedcb"),
    (4, False, "bcdea"), (4, True, "aedcb")])
def test_ranges_sort(c, p, sort, descending, want):
    fill(c, p)
    c.put(p + "a", "Z")
    found = c.range(p, prefix_end(p), sort=sort, descending=descending)["kvs"]
    order = "".join(unb64(kv["key"]).decode()[-1] for kv in found)
    if sort == 1:  # equal versions come in no stated order
        order = "".join(sorted(order[:4])) + order[4:]
    assert order == want


def test_a_limit_cuts_after_sorting(c, p):
    fill(c, p)
    found = c.range(p, prefix_end(p), sort=3, descending=True, limit=1)
    assert unb64(found["kvs"][0]["key"]).decode() == p + "e"
    assert found["more"] is True


def test_keys_only_and_count_only(c, p):
    fill(c, p)
    keys = c.range(p, prefix_end(p), keys_only=True)
    assert [kv["value"] for kv in keys["kvs"]] == [""] * 5
    count = c.range(p, prefix_end(p), count_only=True)
    assert (count["kvs"], count["count"]) == ([], 5)


def test_the_past_can_be_read(c, p):
    first = c.put(p + "k", "one")
    c.put(p + "k", "two")
    gone = c.ok("delete", key=p + "k")["rev"]
    assert unb64(c.range(p + "k", at_rev=first)["kvs"][0]["value"]) == b"one"
    assert unb64(c.range(p + "k", at_rev=gone - 1)["kvs"][0]["value"]) == b"two"
    assert c.range(p + "k", at_rev=gone)["kvs"] == []
    assert c.range(p + "k", at_rev=first - 1)["kvs"] == []


def test_ranges_filter_by_revision(store, c, p):
    revs = fill(c, p)
    doc = raw(store, "/v3/kv/range", {
        "key": b64(p), "range_end": b64(prefix_end(p)),
        "min_mod_revision": str(revs[1]), "max_create_revision": str(revs[3])})
    assert [unb64(kv["value"]) for kv in doc["kvs"]] == [b"B", b"C", b"D"]


def test_a_range_that_ends_before_it_begins_is_empty(c, p):
    fill(c, p)
    assert c.range(p + "d", p + "b")["kvs"] == []


# ------------------------------------------------------------------ transactions


def do_txn(c, cmps=(), then=(), other=()):
    return c.ok("txn", cmps=list(cmps), then=list(then), **{"else": list(other)})


def cmp(key, target, relation, number=0, value=None, end=None):
    d = {"key": key, "target": target, "relation": relation, "number": number}
    if value is not None:
        d["value"] = value
    if end is not None:
        d["end"] = end
    return d


@pytest.mark.parametrize("target,relation,number,value,holds", [
    (VERSION, EQUAL, 2, None, True), (VERSION, GREATER, 1, None, True),
    (VERSION, LESS, 2, None, False), (VERSION, NOT_EQUAL, 2, None, False),
    (VALUE, EQUAL, 0, "m", True), (VALUE, GREATER, 0, "a", True),
    (VALUE, LESS, 0, "mm", True), (VALUE, NOT_EQUAL, 0, "m", False),
    (LEASE, EQUAL, 0, None, True), (LEASE, NOT_EQUAL, 5, None, True),
    (CREATE, GREATER, 0, None, True), (MOD, LESS, 1, None, False)])
def test_compares(c, p, target, relation, number, value, holds):
    c.put(p + "k", "x")
    c.put(p + "k", "m")
    assert do_txn(c, [cmp(p + "k", target, relation, number, value)])["succeeded"] == holds


def test_compares_with_create_and_mod_revision(c, p):
    first = c.put(p + "k", "x")
    second = c.put(p + "k", "y")
    assert do_txn(c, [cmp(p + "k", CREATE, EQUAL, first),
                      cmp(p + "k", MOD, EQUAL, second)])["succeeded"]
    assert not do_txn(c, [cmp(p + "k", CREATE, EQUAL, second)])["succeeded"]


@pytest.mark.parametrize("target,relation,value,holds", [
    (VERSION, EQUAL, None, True), (CREATE, EQUAL, None, True), (MOD, GREATER, None, False),
    (VALUE, EQUAL, "", False), (VALUE, NOT_EQUAL, "x", False), (LEASE, EQUAL, None, True)])
def test_compares_of_a_key_that_is_not_there(c, p, target, relation, value, holds):
    assert do_txn(c, [cmp(p + "k", target, relation, 0, value)])["succeeded"] == holds


def test_a_compare_of_a_range_holds_when_all_do(c, p):
    fill(c, p, "abc")
    all_new = cmp(p, VERSION, EQUAL, 1, end=prefix_end(p))
    assert do_txn(c, [all_new])["succeeded"]
    c.put(p + "b", "again")
    assert not do_txn(c, [all_new])["succeeded"]


def test_all_of_a_transaction_happens_at_one_revision(c, p):
    c.put(p + "old", "x")
    answer = do_txn(c, [cmp(p + "new", CREATE, EQUAL, 0)],
                    [{"kind": PUT, "key": p + "new", "value": "n"},
                     {"kind": RANGE, "key": p, "end": prefix_end(p)},
                     {"kind": DELETE, "key": p + "old", "prev_kv": True},
                     {"kind": PUT, "key": p + "other", "value": "o", "prev_kv": True}])
    assert answer["succeeded"]
    put, seen, gone, _ = answer["results"]
    assert [unb64(kv["key"]).decode() for kv in seen["kvs"]] == [p + "new", p + "old"]
    assert (gone["count"], unb64(gone["kvs"][0]["value"])) == (1, b"x")
    found = c.range(p, prefix_end(p))["kvs"]
    assert {kv["mod"] for kv in found} == {answer["rev"]}
    assert put["kvs"] == []


def test_the_other_branch_when_a_compare_fails(c, p):
    c.put(p + "k", "x")
    answer = do_txn(c, [cmp(p + "k", CREATE, EQUAL, 0)],
                    [{"kind": PUT, "key": p + "k", "value": "y"}],
                    [{"kind": RANGE, "key": p + "k"}])
    assert not answer["succeeded"]
    assert unb64(answer["results"][0]["kvs"][0]["value"]) == b"x"


def test_a_transaction_that_only_reads_makes_no_revision(c, p):
    rev = c.put(p + "k", "x")
    assert do_txn(c, [], [{"kind": RANGE, "key": p + "k"}])["rev"] == rev


def test_transactions_nest_and_decide_before_they_write(store, c, p):
    put = {"request_put": {"key": b64(p + "k"), "value": b64("x")}}
    inner = {"compare": [{"key": b64(p + "k"), "target": "CREATE", "create_revision": "0"}],
             "success": [{"request_put": {"key": b64(p + "in"), "value": b64("then")}}],
             "failure": [{"request_put": {"key": b64(p + "in"), "value": b64("else")}}]}
    doc = raw(store, "/v3/kv/txn", {"success": [put, {"request_txn": inner}]})
    assert doc["responses"][1]["response_txn"]["succeeded"] is True
    assert c.get(p + "in") == "then"


@pytest.mark.parametrize("ops,clash", [
    (["put a", "put a"], True), (["put a", "delete a"], True), (["delete a", "put a"], True),
    (["put b", "delete a-c"], True), (["put c", "delete a-c"], False),
    (["delete a", "delete a"], False), (["put a", "put b"], False),
    (["put a", "txn put a"], True), (["txn put a", "put a"], True),
    (["txn put a / put a"], False)])
def test_no_key_changes_twice_in_one_transaction(store, p, ops, clash):
    def request(text):
        words = text.split(" ", 1)
        if words[0] == "put":
            return {"request_put": {"key": b64(p + words[1])}}
        if words[0] == "delete":
            key, _, end = words[1].partition("-")
            body = {"key": b64(p + key)}
            if end:
                body["range_end"] = b64(p + end)
            return {"request_delete_range": body}
        sides = [request(s) for s in words[1].split(" / ")]
        return {"request_txn": dict(zip(("success", "failure"), ([s] for s in sides)))}

    got, doc = post(store.url, "/v3/kv/txn", {"success": [request(o) for o in ops]})
    if clash:
        assert got == 400
        assert doc["message"] == "etcdserver: duplicate key given in txn request"
    else:
        assert got == 200, doc


def test_a_refused_transaction_changes_nothing(store, c, p):
    rev = c.put(p + "k", "x")
    raw(store, "/v3/kv/txn", {"success": [
        {"request_put": {"key": b64(p + "k"), "value": b64("y")}},
        {"request_put": {"key": b64(p + "l"), "lease": "4242"}}]}, status=404)
    found = c.range(p, prefix_end(p))
    assert [(kv["mod"], unb64(kv["value"])) for kv in found["kvs"]] == [(rev, b"x")]
    assert found["rev"] == rev


# ------------------------------------------------------------------ watches


def test_a_watch_tells_changes_as_they_come(c, p):
    w = c.watch(p, prefix_end(p)).established()
    rev = c.put(p + "k", "x")
    kind, key, value, kv, prev = w.event()
    assert (kind, key, value, kv["mod"], kv["create"], kv["version"]) == \
        ("PUT", p + "k", "x", rev, rev, 1)
    assert prev is None
    gone = c.ok("delete", key=p + "k")["rev"]
    kind, key, value, kv, prev = w.event()
    assert (kind, key, value, kv["mod"], kv["version"]) == ("DELETE", p + "k", "", gone, 0)


def test_a_watch_begins_in_the_past(c, p):
    first = c.put(p + "k", "one")
    c.put(p + "k", "two")
    c.ok("delete", key=p + "k")
    w = c.watch(p + "k", **{"from": first})
    assert [w.event()[:3] for _ in range(3)] == [
        ("PUT", p + "k", "one"), ("PUT", p + "k", "two"), ("DELETE", p + "k", "")]


def test_a_watch_sees_only_its_range(c, p):
    w = c.watch(p + "b", p + "d").established()
    fill(c, p)
    assert [w.event()[1] for _ in range(2)] == [p + "b", p + "c"]
    c.put(p + "c", "last")
    assert w.event()[2] == "last"


def test_a_watch_of_one_key_sees_no_longer_ones(c, p):
    w = c.watch(p + "k").established()
    c.put(p + "kk", "no")
    c.put(p + "k", "yes")
    assert w.event()[2] == "yes"


def test_a_watch_tells_what_was_before(c, p):
    c.put(p + "k", "one")
    w = c.watch(p + "k", prev_kv=True).established()
    c.put(p + "k", "two")
    c.ok("delete", key=p + "k")
    assert unb64(w.event()[4]["value"]) == b"one"
    kind, _, _, _, prev = w.event()
    assert (kind, unb64(prev["value"]), prev["version"]) == ("DELETE", b"two", 2)


def test_the_changes_of_one_revision_come_together(c, p):
    w = c.watch(p, prefix_end(p)).established()
    do_txn(c, [], [{"kind": PUT, "key": p + k, "value": ""} for k in "abc"])
    assert len(w.message()["events"]) == 3


def test_a_watch_from_the_future_waits_for_it(c, p):
    rev = c.put(p + "k", "0")
    stream_rev = rev + 2
    w = c.watch(p + "k", **{"from": stream_rev - 1}).established()
    c.put(p + "k", "1")
    assert w.event()[2] == "1"


def test_a_raw_watch_from_the_future_skips_what_is_before(store, c, p):
    rev = c.put(p + "k", "0")
    s = Stream(store.url, {"key": b64(p + "k"), "start_revision": str(rev + 2)})
    assert s.line()["created"] is True
    c.put(p + "k", "1")
    c.put(p + "k", "2")
    assert unb64(s.line()["events"][0]["kv"]["value"]) == b"2"
    s.close()


@pytest.mark.parametrize("filters,want", [(["NOPUT"], ["DELETE"]),
                                          (["NODELETE"], [None, None])])
def test_watches_filter(store, c, p, filters, want):
    rev = c.put(p + "k", "x")
    c.ok("delete", key=p + "k")
    c.put(p + "k", "y")
    s = Stream(store.url, {"key": b64(p + "k"), "start_revision": str(rev),
                           "filters": filters, "watch_id": "7"})
    assert s.line()["watch_id"] == "7"
    got = []
    while len(got) < len(want):
        got += [e.get("type") for e in s.line()["events"]]
    assert got == want
    s.close()


def test_a_watch_of_an_empty_range_is_refused(store, c, p):
    s = Stream(store.url, {"key": b64(p + "b"), "range_end": b64(p + "a")})
    line = s.line()
    assert (line["created"], line["canceled"], line["watch_id"]) == (True, True, "-1")
    s.close()
    assert c.watch(p + "b", p + "a").failure()["error"] == "INVAL"


def test_every_watch_sees_every_change_once_and_in_order(store, p):
    writer, n = Client(store.url), 300
    readers = [Client(store.url) for _ in range(3)]
    start = writer.put(p + "start", "")
    watches = [r.watch(p, prefix_end(p), **{"from": start}) for r in readers for _ in range(2)]
    for i in range(n):
        writer.put(f"{p}{i % 7}", str(i))
    for w in watches:
        values = [w.event()[2] for _ in range(n + 1)]
        assert values == [""] + [str(i) for i in range(n)]
    for client in readers + [writer]:
        client.close()


# ------------------------------------------------------------------ compaction


def test_compaction_forgets_the_past_only(c, p):
    first = c.put(p + "k", "one")
    second = c.put(p + "k", "two")
    third = c.put(p + "k", "three")
    c.ok("compact", rev=second)
    answer = c.call("range", key=b64(p + "k"), at_rev=first)
    assert answer["error"] == "LIMIT"
    assert unb64(c.range(p + "k", at_rev=second)["kvs"][0]["value"]) == b"two"
    assert unb64(c.range(p + "k", at_rev=third)["kvs"][0]["value"]) == b"three"


def test_a_watch_from_a_compacted_revision_ends(store, c, p):
    first = c.put(p + "k", "one")
    second = c.put(p + "k", "two")
    c.put(p + "k", "three")
    c.ok("compact", rev=second)
    failure = c.watch(p + "k", **{"from": first}).failure()
    assert (failure["error"], failure["rev"]) == ("LIMIT", second)
    # At the compacted revision itself it still begins.
    w = c.watch(p + "k", **{"from": second})
    assert [w.event()[2] for _ in range(2)] == ["two", "three"]
    s = Stream(store.url, {"key": b64(p + "k"), "start_revision": str(first)})
    assert s.line()["created"] is True
    line = s.line()
    assert (line["canceled"], line["compact_revision"]) == (True, str(second))
    s.close()


def test_a_compacted_deletion_leaves_nothing(c, p):
    c.put(p + "k", "x")
    rev = c.ok("delete", key=p + "k")["rev"]
    c.ok("compact", rev=rev)
    assert c.range(p + "k")["kvs"] == []
    c.put(p + "k", "y")
    kv, = c.range(p + "k")["kvs"]
    assert kv["version"] == 1


# ------------------------------------------------------------------ leases


def test_an_expired_lease_takes_its_keys_along(c, p):
    w = c.watch(p, prefix_end(p)).established()
    begun = time.monotonic()
    lease = c.ok("grant", ttl=4, lease=0)["lease"]
    c.put(p + "a", "x", lease)
    c.put(p + "b", "y", lease)
    c.put(p + "c", "z")
    assert [w.event()[0] for _ in range(3)] == ["PUT"] * 3
    events = [w.event() for _ in range(2)]
    assert time.monotonic() - begun > 3
    assert sorted(e[:2] for e in events) == [("DELETE", p + "a"), ("DELETE", p + "b")]
    assert events[0][3]["mod"] == events[1][3]["mod"]
    assert c.keys(p) == [p + "c"]
    assert c.call("keepalive", lease=lease)["error"] == "NOT_FOUND"


def test_a_lease_that_is_kept_alive_lives_on(c, p):
    lease = c.ok("grant", ttl=5, lease=0)["lease"]
    c.put(p + "k", "x", lease)
    until = time.monotonic() + 8
    while time.monotonic() < until:
        assert c.ok("keepalive", lease=lease)["ttl"] == 5
    assert c.get(p + "k") == "x"
    c.ok("revoke", lease=lease)


def test_keeping_an_unknown_lease_gives_no_time(store, c):
    assert c.call("keepalive", lease=987654321)["error"] == "NOT_FOUND"
    doc = raw(store, "/v3/lease/keepalive", {"ID": "987654321"})["result"]
    assert doc["ID"] == "987654321"
    assert "TTL" not in doc


def test_revoking_deletes_at_once(c, p):
    lease = c.ok("grant", ttl=60, lease=0)["lease"]
    c.put(p + "k", "x", lease)
    w = c.watch(p + "k").established()
    c.ok("revoke", lease=lease)
    assert w.event()[:2] == ("DELETE", p + "k")
    assert c.call("revoke", lease=lease)["error"] == "NOT_FOUND"


def test_a_key_leaves_its_lease_when_put_without(c, p):
    lease = c.ok("grant", ttl=60, lease=0)["lease"]
    c.put(p + "k", "x", lease)
    c.put(p + "k", "y")
    c.put(p + "l", "x")
    c.put(p + "l", "y", lease)
    c.ok("revoke", lease=lease)
    assert c.keys(p) == [p + "k"]


def test_timetolive_names_the_keys(c, p):
    lease = c.ok("grant", ttl=600, lease=0)["lease"]
    c.put(p + "a", "x", lease)
    c.put(p + "b", "x", lease)
    info = c.ok("timetolive", lease=lease)
    assert 300 < info["ttl"] <= 600
    assert info["granted"] == 600
    assert sorted(unb64(k).decode() for k in info["keys"]) == [p + "a", p + "b"]
    c.ok("revoke", lease=lease)
    assert c.call("timetolive", lease=lease)["error"] == "NOT_FOUND"


def test_an_expired_lease_has_less_than_no_time(store):
    doc = raw(store, "/v3/lease/timetolive", {"ID": "987654321"})
    assert doc["TTL"] == "-1"


def test_a_lease_may_choose_its_number_once(store, c):
    assert c.ok("grant", ttl=60, lease=770077)["lease"] == 770077
    assert c.call("grant", ttl=60, lease=770077)["error"] == "CONFLICT"
    listed = raw(store, "/v3/lease/leases", {})["leases"]
    assert {"ID": "770077"} in listed
    c.ok("revoke", lease=770077)


def test_a_lease_has_at_least_two_seconds(c):
    granted = c.ok("grant", ttl=1, lease=0)
    assert granted["ttl"] == 2
    c.ok("revoke", lease=granted["lease"])


# ------------------------------------------------------------------ errors

MISSING = b64("/nothing/here")

ERRORS = [
    ("kv/put", {"key": ""}, 400, 3, "etcdserver: key is not provided"),
    ("kv/put", {}, 400, 3, "etcdserver: key is not provided"),
    ("kv/put", {"key": "YQ"}, 400, 3, None),
    ("kv/put", {"key": "YQ==", "lease": "x"}, 400, 3, None),
    ("kv/put", {"key": "YQ==", "lease": "777"}, 404, 5, "etcdserver: requested lease not found"),
    ("kv/put", {"key": "YQ==", "ignore_value": True, "value": "MQ=="}, 400, 3,
     "etcdserver: value is provided"),
    ("kv/put", {"key": MISSING, "ignore_lease": True}, 400, 3, "etcdserver: key not found"),
    ("kv/put", b"{", 400, 3, None),
    ("kv/put", b"[]", 400, 3, None),
    ("kv/range", {}, 400, 3, "etcdserver: key is not provided"),
    ("kv/range", {"key": "YQ==", "revision": "99999999"}, 400, 11,
     "etcdserver: mvcc: required revision is a future revision"),
    ("kv/range", {"key": "YQ==", "sort_order": "BOGUS"}, 400, 3, None),
    ("kv/deleterange", {}, 400, 3, "etcdserver: key is not provided"),
    ("kv/txn", {"compare": [{"target": "VERSION"}]}, 400, 3, "etcdserver: key is not provided"),
    ("kv/txn", {"success": [{}]}, 400, 3, "etcdserver: key not found"),
    ("kv/txn", {"success": [{"request_range": {"key": "YQ=="}}] * 129}, 400, 3,
     "etcdserver: too many operations in txn request"),
    ("kv/compaction", {"revision": "99999999"}, 400, 11,
     "etcdserver: mvcc: required revision is a future revision"),
    ("kv/compaction", {}, 400, 11, "etcdserver: mvcc: required revision has been compacted"),
    ("lease/revoke", {"ID": "424242"}, 404, 5, "etcdserver: requested lease not found"),
    ("lease/grant", {"TTL": "99999999999"}, 400, 11, "etcdserver: too large lease TTL"),
    ("kv/put", {"key": "YQ==", "value": b64("x" * 1600000)}, 400, 3,
     "etcdserver: request is too large"),
]


@pytest.mark.parametrize("path,body,status,code,words", ERRORS)
def test_errors_have_one_shape(store, c, path, body, status, code, words):
    c.put("/some", "thing")
    c.put("/some", "thing")
    if path == "kv/compaction" and not body:
        c.ok("compact", rev=c.put("/some", "more"))
    doc = raw(store, "/v3/" + path, body, status=status)
    assert doc["code"] == code
    assert doc["error"] == doc["message"]
    if words:
        assert doc["message"] == words


def test_unknown_paths_are_not_found(store):
    assert post(store.url, "/v3/nothing", {})[0] == 404


def test_methods_are_as_stated(store):
    for _ in range(3):
        assert post(store.url, "/health", {})[0] == 405
    for path, word in (("/health", b"true"), ("/version", b"etcdserver")):
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                store.url + path, timeout=DEADLINE_S) as answer:
            assert word in answer.read()
    with pytest.raises(urllib.error.HTTPError) as e:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            store.url + "/v3/kv/range", timeout=DEADLINE_S)
    assert e.value.code == 405


def test_names_may_be_camel_case_and_numbers_plain(store, p):
    raw(store, "/v3/kv/put", {"key": b64(p + "a"), "value": b64("x"), "unknown": 1})
    doc = raw(store, "/v3/kv/range", {"key": b64(p), "rangeEnd": b64(prefix_end(p)),
                                      "limit": 1, "sortOrder": 2, "sortTarget": 1})
    assert doc["count"] == "1"


def test_an_older_client_finds_its_paths(store, p):
    raw(store, "/v3beta/kv/put", {"key": b64(p + "a"), "value": b64("x")})
    assert raw(store, "/v3/kv/range", {"key": b64(p + "a")})["count"] == "1"


def test_status_and_members(store, c, p):
    rev = c.put(p + "k", "x")
    status = raw(store, "/v3/maintenance/status", {})
    assert status["header"]["revision"] == str(rev)
    assert status["leader"] == status["header"]["member_id"]
    assert int(status["dbSize"]) > 0
    member, = raw(store, "/v3/cluster/member/list", {})["members"]
    assert member["ID"] == status["leader"]


# ------------------------------------------------------------------ a second client


def test_another_client_puts_gets_and_deletes(gw, p):
    assert gw.put(p + "a", "1")
    gw.put(p + "b", "2")
    assert gw.get(p + "a") == [b"1"]
    assert [(v, m["key"]) for v, m in gw.get_prefix(p)] == [
        (b"1", (p + "a").encode()), (b"2", (p + "b").encode())]
    assert gw.delete(p + "a") is True
    assert gw.delete(p + "a") is False
    assert gw.delete_prefix(p) is True
    assert gw.get_prefix(p) == []


def test_another_client_creates_and_replaces(gw, p):
    assert gw.create(p + "a", "1") is True
    assert gw.create(p + "a", "2") is False
    assert gw.replace(p + "a", "1", "3") is True
    assert gw.replace(p + "a", "1", "4") is False
    assert gw.get(p + "a") == [b"3"]


def test_another_client_uses_leases_and_locks(gw, p):
    lease = gw.lease(ttl=600)
    gw.put(p + "a", "1", lease=lease)
    assert lease.keys() == [(p + "a").encode()]
    assert 300 < lease.ttl() <= 600
    assert lease.refresh() == 600
    assert lease.revoke() is True
    assert gw.get(p + "a") == []
    lock = gw.lock(id=p.strip("/"), ttl=60)
    assert lock.acquire() is True
    assert lock.is_acquired() is True
    assert lock.release() is True


def test_another_client_watches(gw, p):
    events, cancel = gw.watch_prefix(p)
    writer = threading.Thread(target=lambda: [gw.put(p + k, k) for k in "abc"])
    writer.start()
    got = [next(events) for _ in range(3)]
    writer.join()
    cancel()
    assert [(e["kv"]["key"], e["kv"]["value"]) for e in got] == [
        ((p + k).encode(), k.encode()) for k in "abc"]


# ------------------------------------------------------------------ mirrors


def test_a_mirror_copies_and_follows(store, c, p):
    fill(c, p, "ab")
    m = c.mirror(p)
    assert m.changes() == [("PUT", p + "a", "A"), ("PUT", p + "b", "B")]
    c.put(p + "c", "C")
    assert m.changes() == [("PUT", p + "c", "C")]
    c.ok("delete", key=p + "a")
    assert m.changes() == [("DELETE", p + "a", "A")]
    assert m.copy() == {p + "b": "B", p + "c": "C"}
    m.wait_synced()


def test_a_mirror_of_nothing_says_that_it_has_read(c, p):
    m = c.mirror(p)
    assert m.changes() == []
    assert m.state()["has_copy"] is True


def test_a_mirror_reads_in_pages(c, p):
    n = 1203
    for start in range(0, n, 8):
        do_txn(c, [], [{"kind": PUT, "key": f"{p}{i:05}", "value": str(i)}
                       for i in range(start, min(start + 8, n))])
    m = c.mirror(p)
    assert len(m.changes()) == n
    assert m.copy() == {f"{p}{i:05}": str(i) for i in range(n)}


def test_the_store_can_be_named_with_others_that_are_dead(store, p):
    client = Client(f"http://127.0.0.1:1,http://localhost:2,{store.url}")
    client.put(p + "k", "x")
    assert client.get(p + "k") == "x"
    assert client.call("state")["endpoint"] == store.url
    client.close()


def test_a_client_without_a_store_says_so():
    client = Client("http://127.0.0.1:1")
    assert client.call("put", key="/k", value="")["error"] == "UNAVAIL"
    assert client.call("range", key=b64("/k"))["error"] == "UNAVAIL"
    state = client.call("state")
    assert state["reachable"] is False
    assert "127.0.0.1:1" in state["problem"]
    m = client.mirror("/")
    assert client.ok("mirror_state", mirror=m.number)["has_copy"] is False
    client.close()


def test_watches_do_not_hold_the_store_up(store, c, p):
    """A reader that never reads costs the writer nothing."""
    s = Stream(store.url, {"key": b64(p), "range_end": b64(prefix_end(p))})
    s.line()
    for i in range(50):
        c.put(p + "k", "x" * 100000)
    w = c.watch(p, prefix_end(p)).established()
    c.put(p + "k", "last")
    assert w.event()[2] == "last"
    seen = 0
    while seen < 51:
        seen += len(s.line()["events"])
    s.close()


def test_wait_until_fails_in_time():
    with pytest.raises(AssertionError):
        wait_until(lambda: False, "never", deadline_s=0.05)
