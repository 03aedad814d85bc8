# SPDX-License-Identifier: GPL-3.0-or-later
"""What root of one host tries to read and to write in the store, with the certificate of its
agent. Each takes the attacker (hostile_tools.py)."""

import json

from hostile_tools import Table, put, read, refused, secret_transactions
from store_tools import b64, unb64

ATTACKS = Table()
attack, built_in = ATTACKS.attack, ATTACKS.built_in


def denied(a, path, body, words="permission denied"):
    refused(a.store(path, body), words=words)


def lease_of(a, key):
    return a.world.admin("kv/range", read(key))["kvs"][0]["lease"]


def value_of(a, key):
    return unb64(a.world.admin("kv/range", read(key))["kvs"][0]["value"]).decode()


# ---------------------------------------------------------------- reading


@attack
def read_the_other_stacks_secrets(a):
    for key in ("/foretide/secrets/", "/foretide/secrets/beta/", "/foretide/secrets/beta/db",
                "/foretide/", "/foretide/conf/beta/", "/foretide/secrets/alph"):
        denied(a, "kv/range", read(key))
    denied(a, "kv/range", {"key": b64("/foretide/secrets/alpha/"), "range_end": b64("/foretide/secrets/c")})
    denied(a, "kv/range", {"key": "AA==", "range_end": "AA=="})


@attack
def read_secrets_in_a_transaction(a):
    for body in secret_transactions():
        denied(a, "kv/txn", body)


@built_in
def read_secrets_in_an_inner_transaction(a):
    secret = read("/foretide/secrets/beta/db")
    denied(a, "kv/txn", {"success": [{"request_put": put(a.record)}, {"request_txn": {"failure": [
        {"request_range": secret}]}}]})


@attack
def read_secrets_by_a_watch(a):
    for more in ({}, {"start_revision": "1"}, {"prev_kv": True, "progress_notify": True}):
        denied(a, "watch", {"create_request": {**read("/foretide/secrets/beta/"), **more}})
    denied(a, "watch", {"create_request": {"key": "AA==", "range_end": "AA=="}})


@attack
def read_an_old_revision(a):
    for revision in ("1", "4", "10"):
        denied(a, "kv/range", read("/foretide/secrets/beta/", revision=revision))


@attack
def read_what_other_hosts_are_told(a):
    other, sibling = a.victim["host"], a.sibling["host"]
    for key in ("/foretide/schedule/", f"/foretide/schedule/{other}", f"/foretide/schedule/{sibling}",
                f"/foretide/states/{other}", f"/foretide/hosts/{other}", "/foretide/units/",
                "/foretide/hosts/", "/foretide/states/"):
        denied(a, "kv/range", read(key))
    digest = next(u["hash"] for u in json.loads(value_of(a, f"/foretide/schedule/{other}"))["units"])
    denied(a, "kv/range", read(f"/foretide/units/{digest}"))


@attack
def read_as_ones_own_programs(a):
    for body in (read("/foretide/secrets/alpha/db"), read("/foretide/"), read("/apps/beta/")):
        refused(a.call("/v3/kv/range", body, kind="programs"))
    if "programs" in a.certificates:
        for path in ("/v1/agent/renew", "/v1/agent/programs", "/v1/agent/metrics", "/v1/agent/logs"):
            refused(a.call(path, {"samples": []}, kind="programs"), 400, 403)


# ---------------------------------------------------------------- writing and deleting


@attack
def write_records_of_the_other_stack(a):
    lease, theirs = a.grant(), a.record_of(a.victim, "beta")
    for key in (theirs, a.records + "beta/web/web-9-8080", a.records + "beta/lb/lb-1-80"):
        for host in (a.address, a.address_of(a.victim["host"])):
            denied(a, "kv/put", put(key, json.dumps({"host": host, "port": 8080}), lease=lease))
    denied(a, "kv/deleterange", read(theirs))
    denied(a, "kv/txn", {"success": [{"request_delete_range": read(theirs)}]})


@attack
def write_records_of_the_own_stacks_other_units(a):
    lease = a.grant()
    key = a.record_of(a.sibling, "alpha")
    denied(a, "kv/put", put(key, json.dumps({"host": a.address, "port": 8080}), lease=lease))
    denied(a, "kv/deleterange", read(key))
    denied(a, "kv/put", put(a.records + "alpha/web/alpha-9-8080",
                            json.dumps({"host": a.address, "port": 8080}), lease=lease))


@built_in
def write_another_address_under_the_own_name(a):
    lease = a.grant()
    for value in ({"host": a.address_of(a.victim["host"]), "port": 8080}, {"host": a.address, "port": 22},
                  {"host": "evil.example.org", "port": 8080}, {"host": a.address, "port": 8080, "text": "x"},
                  {"host": "127.0.0.1", "port": 8080}):
        denied(a, "kv/put", put(a.record, json.dumps(value), lease=lease))
    denied(a, "kv/put", put(a.record, "not JSON", lease=lease))
    denied(a, "kv/put", put(f"{a.records}hosts/{a.id}", json.dumps(
        {"host": a.address_of(a.victim["host"])}), lease=lease))
    denied(a, "kv/put", put(a.record, value_of(a, a.record)))  # for ever


@attack
def take_the_names_of_other_hosts(a):
    lease, own = a.grant(), json.dumps({"host": a.address})
    for key in (f"{a.records}hosts/{a.victim['host']}", f"{a.records}hosts/x", "/skydns/org/example/www",
                "/skydns/local/foretide", "/skydns/", f"{a.records}hosts/{a.id}/x"):
        denied(a, "kv/put", put(key, own, lease=lease))


@attack
def write_schedules_and_others_states(a):
    lease, other = a.grant(), a.victim["host"]
    for key in (f"/foretide/schedule/{a.id}", f"/foretide/schedule/{other}", f"/foretide/hosts/{other}",
                f"/foretide/states/{other}", "/foretide/units/x", "/foretide/conf/alpha/web/server",
                "/foretide/secrets/alpha/db", "/foretide/secrets/beta/db", "/apps/beta/x"):
        denied(a, "kv/put", put(key, "{}", lease=lease))
        denied(a, "kv/deleterange", read(key))


@attack
def delete_everything(a):
    for key in ("/skydns/", "/foretide/", "/foretide/secrets/", "/skydns/local/foretide/beta/"):
        denied(a, "kv/deleterange", read(key))
    denied(a, "kv/deleterange", {"key": "AA==", "range_end": "AA=="})
    denied(a, "kv/txn", {"success": [{"request_delete_range": read("/skydns/")}]})
    denied(a, "kv/txn", {"compare": [{"key": b64("/none"), "target": "VERSION", "version": "7"}],
                         "failure": [{"request_delete_range": read("/skydns/")}]})


@built_in
def administer_the_store(a):
    denied(a, "kv/compaction", {"revision": "2"})
    denied(a, "lease/leases", {})
    for path in ("auth/enable", "auth/user/add", "auth/role/grant", "cluster/member/remove",
                 "maintenance/snapshot", "maintenance/defragment", "maintenance/alarm"):
        refused(a.store(path, {}), 400, 403, 404)


# ---------------------------------------------------------------- leases


@attack
def administer_the_stores_users(a):
    for path in ("auth/disable", "auth/user/list", "auth/user/add", "auth/role/grant", "auth/role/list"):
        refused(a.store(path, {}), 400, 403, 404)


@attack
def revoke_the_leases_of_others(a):
    for key in (f"/foretide/hosts/{a.victim['host']}", a.record_of(a.victim, "beta")):
        refused(a.store("lease/revoke", {"ID": lease_of(a, key)}))


@built_in
def keep_and_use_the_leases_of_others(a):
    for key in (f"/foretide/hosts/{a.victim['host']}", a.record_of(a.victim, "beta")):
        theirs = lease_of(a, key)
        for path in ("lease/revoke", "lease/keepalive", "lease/timetolive", "kv/lease/revoke",
                     "kv/lease/timetolive"):
            refused(a.store(path, {"ID": theirs, "keys": True}))
        refused(a.store("kv/put", put(a.record, value_of(a, a.record), lease=theirs)), 403, 404)
        refused(a.store("lease/grant", {"ID": theirs, "TTL": "5"}), 400, 403, 409, 412)


@built_in
def take_all_leases(a):
    granted, seen = [], set()
    for i in range(200):
        status, text = a.store("lease/grant", {"TTL": "600"})
        seen.add(status)
        if status == 200:
            granted.append(json.loads(text)["ID"])
    assert len(granted) < 16 and seen <= {200, 429}, (len(granted), seen)
    for ttl in ("9000000000", "86401", "-1", "0", "9223372036854775807", "99999999999999999999"):
        refused(a.store("lease/grant", {"TTL": ttl}), 400, 429)
    for lease in granted:
        a.store("lease/revoke", {"ID": lease})
