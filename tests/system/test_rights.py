# SPDX-License-Identifier: GPL-3.0-or-later
"""What one host may do in the built-in store, with two stacks beside each other."""

import glob
import json
import os
import ssl
import stat
import urllib.error
import urllib.request

import pytest

from rig_tools import PATIENCE_S, Quick, wait_for
from store_tools import b64, unb64

SECRET = "\n[secret db]\n"


def renamed(name):
    """The quick stack's web tier alone, as another stack: its files' texts by path."""

    def edit(path, text):
        if "lb" in path:
            return None
        if path != "stack.conf":
            return text.replace("web@", f"{name}@")
        head, _, rest = text.partition("[pool web]")
        pool, _, tiers = rest.partition("[tier lb]")
        tier = tiers.partition("[tier web]")[2]
        return (head.split("[pool lb]")[0].replace("name = quick", f"name = {name}")
                + f"[pool {name}-web]" + pool.replace("max = 8", "max = 1")
                + "[tier web]" + tier.replace("pool = web", f"pool = {name}-web")
                .replace("web@", f"{name}@").replace("max = 6", "max = 1")
                .replace("mode = auto", "mode = observe") + SECRET)

    return edit


@pytest.fixture(scope="module")
def rig():
    with Quick(time_scale=1, boot_delay="0s", edit=lambda path, text:
               text + SECRET if path == "stack.conf" else text) as q:
        q.start()
        q.apply()
        apply(q, "other", {
            "conf.d/web/secret.toml": '[template]\nsrc = "secret"\ndest = "/etc/quick/secret"\n'
                                      'keys = ["/foretide/secrets/other"]\n',
            "templates/web/secret": '{{getv "/foretide/secrets/other/db"}}'})
        q.up(1, 1)
        q.wait("the other stack serves", lambda: any(
            u["stack"] == "other" for u in q.healthy("web")))
        yield q


def apply(q, name, more):
    files = q.stack(renamed(name))["files"]
    files[f"units/{name}@.service"] = files.pop("units/web@.service")
    doc = {"files": {**files, **more}}
    q.api(f"/v1/stacks/{name}", "PUT", doc)


class Host:
    """The store, as one who has a host's certificate sees it."""

    def __init__(self, q, stack, tier="web"):
        self.q = q
        self.unit = next(u for u in q.healthy(tier) if u["stack"] == stack)
        self.id = self.unit["host"]
        self.address = next(h["address"] for h in q.hosts() if h["id"] == self.id)
        self.root = f"/proc/{q.pid(self.id)}/root"
        folder = f"{self.root}/var/lib/foretide-agent"
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
        name = self.unit["name"].split(".")[0].replace("@", "-")
        port = 80 if tier == "lb" else 8080
        self.record = f"/skydns/local/foretide/{stack}/{tier}/{name}-{port}"
        self.lease = self.ask("lease/grant", {"TTL": "600"})[1]["ID"]

    def ask(self, path, body):
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.q.host_port}/v3/{path}", json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S,
                                        context=self.context) as answer:
                return answer.status, json.loads(answer.readline() or "{}")
        except urllib.error.HTTPError as e:
            return e.code, json.loads(e.read())

    def put(self, key, value, **more):
        return "kv/put", {"key": b64(key), "value": b64(value), "lease": self.lease, **more}


def read(key, **more):
    """A key, or a prefix that ends with a slash."""
    end = {"range_end": b64(key[:-1] + "0")} if key.endswith("/") else {}
    return "kv/range", {"key": b64(key), **end, **more}


def delete(key):
    return "kv/deleterange", read(key)[1]


def admin(q, path, body):
    """As one who may all; on the etcd that q has, if any."""
    own = getattr(q, "ask_etcd", None)
    return own(path, body) if own else q.api("/v3/" + path, "POST", body)


def keys(q, prefix, **more):
    doc = admin(q, *read(prefix, **more))
    return {unb64(kv["key"]).decode(): unb64(kv.get("value", "")).decode()
            for kv in doc.get("kvs", [])}


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def problems(q):
    return {p["kind"]: p["message"] for p in q.api("/v1/status")["problems"]}


def texts_of(q, host):
    """The digests of its units' texts."""
    path = f"/foretide/schedule/{host.id}"
    return [u["hash"] for u in json.loads(keys(q, path)[path])["units"]]


def calls(q, web, lb, other):
    """(allowed, refused, refused by the built-in store alone) of the web host of quick."""
    mine = json.dumps({"host": web.address, "port": 8080})
    theirs = json.dumps({"host": web.address, "port": 8888})
    digest, foreign = texts_of(q, web)[0], texts_of(q, lb)[0]
    allowed = [
        read(f"/foretide/schedule/{web.id}"), read(f"/foretide/units/{digest}"),
        read("/foretide/conf/quick/"), read("/foretide/conf/quick/web/"),
        read("/foretide/secrets/quick/"), read("/foretide/secrets/quick/db"),
        read("/skydns/"), read(f"/foretide/hosts/{web.id}"),
        read("/foretide/secrets/quick/", revision="0"),
        ("watch", {"create_request": read("/foretide/secrets/quick/")[1]}),
        ("kv/txn", {"compare": [{"key": b64(web.record), "target": "VERSION", "result": "GREATER"}],
                    "success": [{"request_range": read(web.record)[1]}]}),
        ("lease/keepalive", {"ID": web.lease}),
    ]
    refused = [
        read("/foretide/"), read("/foretide/secrets/"), read("/foretide/secrets/other/"),
        read("/foretide/secrets/other/db"), read("/foretide/conf/"), read("/foretide/conf/other/"),
        read("/foretide/units/"), read(f"/foretide/units/{foreign}"), read("/foretide/schedule/"),
        read(f"/foretide/schedule/{other.id}"), read(f"/foretide/states/{other.id}"),
        read(f"/foretide/hosts/{lb.id}"), read("/foretide/secrets/other/", revision="2"),
        ("watch", {"create_request": {**read("/foretide/")[1], "start_revision": "1"}}),
        ("watch", {"create_request": read("/foretide/secrets/other/")[1]}),
        web.put(other.record, json.dumps({"host": other.address, "port": 8080})),
        web.put(other.record, theirs),
        web.put("/skydns/local/foretide/quick/web/x", mine),
        web.put(f"/skydns/local/foretide/hosts/{other.id}", json.dumps({"host": web.address})),
        web.put("/skydns/org/example/www", mine), web.put(f"/foretide/hosts/{other.id}", "{}"),
        web.put(f"/foretide/schedule/{web.id}", "{}"), web.put("/foretide/secrets/quick/db", "x"),
        web.put("/apps/quick/title", "x"),
        delete("/skydns/"), delete(other.record), delete(lb.record), delete("/foretide/"),
        delete(f"/foretide/schedule/{web.id}"), delete(f"/skydns/local/foretide/hosts/{lb.id}"),
        ("kv/txn", {"success": [{"request_range": read("/foretide/secrets/other/")[1]}]}),
        ("kv/txn", {"failure": [{"request_delete_range": delete("/skydns/")[1]}]}),
        ("kv/txn", {"success": [{"request_txn": {"success": [
            {"request_put": web.put(other.record, theirs)[1]}]}}]}),
    ]
    # An etcd's roles are of keys: not of values, leases and history.
    by_own = [
        web.put(web.record, theirs),
        web.put(web.record, json.dumps({"host": other.address, "port": 8080})),
        web.put(web.record, mine, lease="0"),
        web.put(f"/skydns/local/foretide/hosts/{web.id}", json.dumps({"host": other.address})),
        ("kv/compaction", {"revision": "2"}), ("lease/leases", {}),
        ("lease/revoke", {"ID": other.lease}), ("lease/keepalive", {"ID": lb.lease}),
    ]
    return allowed, refused, by_own


def test_a_host_reaches_its_own_and_nothing_more(rig):
    web, lb = Host(rig, "quick"), Host(rig, "quick", "lb")
    other = Host(rig, "other")
    mine = json.dumps({"host": web.address, "port": 8080})
    assert keys(rig, web.record) == {web.record: mine.replace(" ", "")}
    allowed, refused, by_own = calls(rig, web, lb, other)
    for path, body in allowed:
        assert web.ask(path, body)[0] == 200, (path, body)
    before = keys(rig, "/skydns/")
    for path, body in refused + by_own:
        status, doc = web.ask(path, body)
        assert status == 403 and "permission denied" in doc["message"], (path, body, doc)
    assert keys(rig, "/skydns/") == before
    assert other.ask(*read("/foretide/secrets/other/"))[1]["count"] == "1"


def test_a_file_with_a_secret_is_for_root(rig):
    other = Host(rig, "other")
    path = f"{other.root}/etc/quick/secret"
    secret = keys(rig, "/foretide/secrets/other/")["/foretide/secrets/other/db"]
    with open(path, encoding="ascii") as f:
        assert f.read() == secret
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    copies = f"{other.root}/var/lib/foretide-agent/copies"
    for name in os.listdir(copies):
        assert stat.S_IMODE(os.stat(f"{copies}/{name}").st_mode) == 0o600
        with open(f"{copies}/{name}", encoding="ascii") as f:
            assert "/foretide/secrets/quick/" not in f.readline()


def test_a_template_gets_no_other_stacks_secrets(rig):
    apply(rig, "nosy", {
        "conf.d/web/nosy.toml": '[template]\nsrc = "nosy"\ndest = "/etc/quick/nosy"\n'
                                'keys = ["/foretide/secrets/quick"]\n',
        "templates/web/nosy": '{{range getvs "/foretide/secrets/quick/*"}}{{.}}{{end}}'})
    unit = wait_for("its unit says why it waits", lambda: next(
        (u for u in rig.units("web") if u["stack"] == "nosy" and "may not read" in u["message"]),
        None))
    assert "/foretide/secrets/quick/" in unit["message"]
    assert unit["active"] != "active"
    rig.api("/v1/stacks/nosy", "DELETE")
    wait_for("its host is gone", lambda: unit["host"] not in str(keys(rig, "/skydns/").keys()))


def test_what_an_admin_deletes_or_changes_is_put_right(rig):
    web = Host(rig, "quick")
    before = keys(rig, "/skydns/")
    assert len(before) == 6
    assert int(admin(rig, *delete("/skydns/"))["deleted"]) == len(before)
    wait_for("all records are back", lambda: keys(rig, "/skydns/") == before, timeout=60)
    admin(rig, "kv/put", {"key": b64(web.record), "value": b64('{"host":"10.0.0.9","port":1}')})
    wait_for("the record is right", lambda: keys(rig, "/skydns/") == before, timeout=60)
    for key in (f"/foretide/hosts/{web.id}", f"/foretide/states/{web.id}"):
        admin(rig, "kv/put", {"key": b64(key), "value": b64("{}")})
        wait_for(f"{key} is right", lambda k=key: keys(rig, k)[k] != "{}", timeout=60)
    told = wait_for("it is told", lambda: problems(rig).get("records-put-right"))
    assert "2 more put records right" in told and "it was deleted" in told
    log = "".join(read_text(path) for path in glob.glob(rig.path("local/hosts/*/console.log")))
    assert f'own-record-put-right key="{web.record}"' in log or \
        f"own-record-put-right key={web.record}" in log


def test_a_record_of_no_unit_is_told(rig):
    key = "/skydns/local/foretide/quick/web/web-99-8080"
    admin(rig, "kv/put", {"key": b64(key), "value": b64('{"host":"10.0.0.9","port":1}')})
    assert key in wait_for("it is told", lambda: problems(rig).get("record-of-no-unit"))
    admin(rig, *delete(key))
    wait_for("it is not any more", lambda: "record-of-no-unit" not in problems(rig))
    assert "unit-not-registered" not in problems(rig)


def test_rights_and_secrets_end_with_a_stack(rig):
    """Last, as it deletes one."""
    other = Host(rig, "other")
    path = "/foretide/secrets/other/db"
    doc = admin(rig, *read(path))
    old, secret = doc["kvs"][0]["mod_revision"], unb64(doc["kvs"][0]["value"])
    apps = "/apps/other/x"
    assert other.ask(*read(apps))[0] == 200
    rig.api("/v1/stacks/other", "DELETE")
    wait_for("the secret is deleted", lambda: not keys(rig, path))
    assert path not in keys(rig, "/foretide/", revision=old)
    assert rig.db("SELECT count(*) FROM kv_change WHERE value = ?", secret) == [(0,)]
    wait_for("its host may not read any more", lambda: other.ask(*read(path))[0] == 403)
    apply(rig, "other", {})
    wait_for("the secret is there again", lambda: keys(rig, path).get(path) == secret.decode())
