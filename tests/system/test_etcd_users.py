# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts as users of a real etcd, which the controller sets up."""

import glob
import json
import os
import signal
import subprocess

import pytest

from rig_tools import PATIENT, Quick, wait_for
from store_tools import Stream, b64, free_ports, post
from test_rights import SECRET, Host, apply, calls, keys, problems, read, read_text
from test_whole_etcd import Member, make_bridge

TOKEN_TTL_S = 2  # so that tokens end all the time
PASSWORD = "of-the-test's-root"


class WithEtcd(Quick):
    """A controller on an etcd of one member, whose users it sets up."""

    def __init__(self, tokens=lambda folder: f"--auth-token-ttl={TOKEN_TTL_S}"):
        ports = free_ports(2)
        super().__init__(time_scale=1, boot_delay="0s", edit=lambda path, text:
                         text + SECRET if path == "stack.conf" else text)
        self.token_of = {}
        make_bridge(self)  # before the first host: the member is behind it
        self.etcd = Member("s1", f"s1=http://127.0.0.1:{ports[1]}", ports, self.gateway,
                           (tokens(self.folder),))
        self.etcd.wait_ready()
        with open(self.path("root-password"), "w", encoding="ascii",
                  opener=lambda path, flags: os.open(path, flags, 0o600)) as f:
            f.write(PASSWORD + "\n")
        self.set_users("user", "password_file", "auth")

    def set_users(self, *names):
        """Which options of [store] the next start has."""
        values = {"user": "root", "auth": "on", "password_file": self.path("root-password")}
        self.write_config(1, "0s", {**PATIENT, **{f"store.{n}": values[n] for n in names}},
                          self.etcd.reach)

    def close(self):
        super().close()
        subprocess.run(["ip", "link", "del", self.bridge], stderr=subprocess.DEVNULL,
                       check=False)
        if hasattr(self, "etcd"):
            self.etcd.stop()

    def as_user(self, user, password, path, body):
        """(status, answer); a token that has ended is replaced once."""
        for _ in range(2):
            token = self.token_of.get(user) or self.log_in(user, password)
            status, doc = ask(self.etcd.url, path, body, token)
            if status != 401:
                return status, doc
            self.token_of.pop(user)
        raise AssertionError(f"{user}: {doc}")

    def log_in(self, user, password):
        status, doc = post(self.etcd.url, "/v3/auth/authenticate",
                           {"name": user, "password": password})
        assert status == 200, (user, doc)
        self.token_of[user] = doc["token"]
        return doc["token"]

    def ask_etcd(self, path, body):
        status, doc = self.as_user("root", PASSWORD, path, body)
        assert status == 200, (path, body, doc)
        return doc

    def etcd_used(self, token):
        """Whether it takes the token; that is no use that would keep it."""
        return ask(self.etcd.url, *read("/skydns/"), token)[0] != 401

    def users(self):
        return set(self.ask_etcd("auth/user/list", {})["users"])

    def roles(self):
        return set(self.ask_etcd("auth/role/list", {})["roles"])


def ask(url, path, body, token):
    """One call; a watch that etcd ends at once counts as what it says of it."""
    headers = {"Authorization": token}
    if path != "watch":
        return post(url, "/v3/" + path, body, headers)
    stream = Stream(url, body["create_request"], headers)
    first = stream.line()
    stream.close()
    why = first.get("cancel_reason", "")
    status = 401 if "invalid auth token" in why else 403 if why else 200
    return status, {"message": why}


class User(Host):
    """A host at etcd, as one who has read its agent's files; or its programs."""

    kind = "store"

    def ask(self, path, body):
        if not hasattr(self, "kept"):
            with open(f"{self.root}/var/lib/foretide-agent/join.json", encoding="utf-8") as f:
                self.kept = json.load(f)
        return self.q.as_user(self.kept[self.kind + "_user"], self.kept[self.kind + "_password"],
                              path, body)


class Programs(User):
    kind = "programs"


@pytest.fixture(scope="module")
def rig():
    with WithEtcd() as q:
        q.start()
        q.apply()
        apply(q, "other", {})
        q.up(1, 1)
        q.wait("the other stack serves", lambda: any(
            u["stack"] == "other" for u in q.healthy("web")))
        yield q


def users_of(host):
    return {f"foretide-host-{host}", f"foretide-programs-{host}"}


def test_a_host_reaches_its_own_and_nothing_more(rig):
    assert "store-users-not-set" not in problems(rig)
    web, lb = User(rig, "quick"), User(rig, "quick", "lb")
    other = User(rig, "other")
    allowed, refused, _ = calls(rig, web, lb, other)
    refused = [c for c in refused if "request_txn" not in json.dumps(c)]
    for path, body in allowed:
        assert web.ask(path, body)[0] == 200, (path, body)
    before = keys(rig, "/skydns/")
    for path, body in refused:
        status, doc = web.ask(path, body)
        assert status == 403 and "permission denied" in doc["message"], (path, body, doc)
    for path in ("auth/user/list", "auth/role/list", "auth/disable"):
        assert web.ask(path, {})[0] == 403
    assert post(rig.etcd.url, "/v3/kv/range", read("/skydns/")[1])[0] == 400, "without a user"
    assert keys(rig, "/skydns/") == before
    assert other.ask(*read("/foretide/secrets/other/"))[1]["count"] == "1"


def test_an_etcd_that_lets_users_pass_in_inner_transactions_is_told(rig):
    """Debian 12's does (its 3.4.23 checks the outer one alone)."""
    web = User(rig, "quick")
    inner = {"success": [{"request_txn": {"success": [
        {"request_range": read("/foretide/secrets/other/")[1]}]}}]}
    lets = web.ask("kv/txn", inner)[0] == 200
    assert lets == ("inner transactions" in problems(rig).get("store-open", ""))


def from_inside(q, host, path, body):
    _, out = q.inside(host, "curl", "-s", "-m", "60", "-H", "Authorization: a.lie", "-d",
                   json.dumps(body), f"http://127.0.0.1:2379/v3/{path}")
    return json.loads(out)


def test_programs_have_their_own_user_through_the_proxy(rig):
    web = Programs(rig, "quick")
    read_names = wait_for("programs have a user", lambda: from_inside(
        rig, web.id, *read("/skydns/")).get("count"))
    assert int(read_names) == len(keys(rig, "/skydns/"))
    put = web.put("/apps/quick/x", "1")[1]
    assert "header" in from_inside(rig, web.id, "kv/put", {**put, "lease": "0"})
    for path, body in (read("/foretide/secrets/quick/"), read("/foretide/hosts/" + web.id),
                       ("kv/put", {**web.put(web.record, "{}")[1], "lease": "0"}),
                       read("/apps/other/")):
        assert "permission denied" in from_inside(rig, web.id, path, body)["error"], (path, body)
        assert web.ask(path, body)[0] == 403
    etcdctl = ["env", "ETCDCTL_API=3", "etcdctl", "--command-timeout=60s"]
    assert rig.inside(web.id, *etcdctl, "get", "/apps/quick/x") == (0, "/apps/quick/x\n1\n")
    assert rig.inside(web.id, *etcdctl, "get", "/foretide/secrets/quick/db")[0] != 0
    # A program that says to be somebody else is who the proxy says.
    mine = [*etcdctl, "--user", f"{web.kept['store_user']}:{web.kept['store_password']}"]
    assert rig.inside(web.id, *mine, "get", "/foretide/secrets/quick/db")[0] != 0


def test_work_goes_on_when_tokens_have_ended(rig):
    """They end within seconds here, and nobody uses those of quiet clients."""
    web = User(rig, "quick")
    web.ask(*read("/skydns/"))
    token = rig.token_of[web.kept["store_user"]]
    wait_for("an unused token has ended", lambda: not rig.etcd_used(token), timeout=60,
             every=2 * TOKEN_TTL_S)
    rig.scale(2)
    rig.wait("another web serves", lambda: len(
        [u for u in rig.healthy("web") if u["stack"] == "quick"]) == 2)
    rig.wait("it is balanced", lambda: len(rig.balanced()) == 2)
    wait_for("programs have a token again", lambda: from_inside(
        rig, web.id, *read("/skydns/")).get("count") == str(len(keys(rig, "/skydns/"))))


def test_users_end_with_their_host(rig):
    host = User(rig, "other").id
    assert users_of(host) <= rig.users() and users_of(host) <= rig.roles()
    rig.api("/v1/stacks/other", "DELETE")
    rig.wait("its users are gone", lambda: not users_of(host) & (rig.users() | rig.roles()))
    assert not any("other" in key for key in keys(rig, "/foretide/secrets/"))
    hosts = {h["id"] for h in rig.hosts()}
    rig.wait("each host has its users, and nobody else", lambda: rig.users() == {"root"}.union(
        *(users_of(h["id"]) for h in rig.hosts())), timeout=120)
    assert hosts


def test_what_is_left_of_hosts_is_removed_at_the_next_start(rig):
    for user in users_of("of-the-past"):
        rig.ask_etcd("auth/user/add", {"name": user, "password": "x"})
    before = rig.unit_pids()
    rig.kill(signal.SIGTERM)
    rig.start()
    rig.wait("they are gone", lambda: not users_of("of-the-past") & rig.users())
    rig.wait("the store is well", lambda: rig.api("/v1/status")["store"]["ok"])
    assert rig.unit_pids() == before


def test_no_password_is_in_a_log(rig):
    secrets = {PASSWORD}
    for path in glob.glob(f"/proc/{rig.pid(User(rig, 'quick').id)}/root"
                          "/var/lib/foretide-agent/join.json"):
        doc = json.loads(read_text(path))
        secrets |= {doc["store_password"], doc["programs_password"]}
        assert os.stat(path).st_mode & 0o077 == 0
    assert len(secrets) == 3
    logs = rig.log() + read_text(os.path.join(rig.etcd.dir, "log")) + "".join(
        read_text(path) for path in glob.glob(rig.path("local/hosts/*/console.log")))
    assert "joined" in logs
    assert not [s for s in secrets if s in logs]
    assert not [s for s in secrets if s in json.dumps(rig.items("/v1/events?since=0"))]


def test_a_wrong_password_is_told(rig):
    """The last one: the controller has none of the store after it."""
    with open(rig.path("root-password"), "w", encoding="ascii") as f:
        f.write("not-the-password")
    rig.kill(signal.SIGTERM)
    rig.start()
    wait_for("it is told", lambda: "the user 'root': etcdserver: authentication failed" in
             problems(rig).get("store-away", ""), timeout=60)
    assert "not-the-password" not in rig.log()


def jwt(folder):
    """An option of etcd: signed tokens, which end with each change of a role, too."""
    private, public = f"{folder}/jwt.key", f"{folder}/jwt.pub"
    for command in (["genrsa", "-out", private, "2048"],
                    ["rsa", "-in", private, "-pubout", "-out", public]):
        subprocess.run(["openssl", *command], check=True, stderr=subprocess.DEVNULL)
    return f"--auth-token=jwt,pub-key={public},priv-key={private},sign-method=RS256,ttl=5s"


def test_signed_tokens_do_as_well():
    with WithEtcd(jwt) as q:
        q.start()
        q.apply()
        q.up(1, 1)
        q.scale(2)
        q.wait("another web serves", lambda: len(q.healthy("web")) == 2)
        q.wait("it is balanced", lambda: len(q.balanced()) == 2)
        web = Programs(q, "quick")
        q.wait("programs have a token", lambda: "count" in from_inside(
            q, web.id, *read("/skydns/")))
        assert web.ask(*read("/foretide/secrets/quick/"))[0] == 403
        assert "store-users-not-set" not in problems(q)


def kept_users(q):
    return [json.loads(read_text(f"/proc/{q.pid(h['id'])}/root/var/lib/foretide-agent/join.json"))
            .get("store_user") for h in q.hosts()]


def test_an_installation_that_runs_gets_users():
    with WithEtcd() as q:
        q.set_users()
        q.start()
        q.apply()
        q.up(1, 1)
        assert kept_users(q) == [None, None] and "store-open" in problems(q)
        before = q.unit_pids()
        q.kill(signal.SIGTERM)
        q.set_users("user", "password_file")
        q.start()
        for h in q.hosts():
            os.kill(q.agent(h["id"]), signal.SIGTERM)
        q.wait("agents have their users", lambda: kept_users(q) == [
            f"foretide-host-{h['id']}" for h in q.hosts()])
        q.kill(signal.SIGTERM)
        q.set_users("user", "password_file", "auth")
        q.start()
        q.wait("etcd asks", lambda: post(q.etcd.url, "/v3/kv/range", {"key": b64("x")})[0] == 400)
        q.wait("the store is well", lambda: q.api("/v1/status")["store"]["ok"])
        q.scale(2)
        q.wait("another web serves", lambda: len(q.healthy("web")) == 2)
        q.wait("it is balanced", lambda: len(q.balanced()) == 2)
        now = q.unit_pids()
        assert {name: now[name] for name in before} == before, "a unit was started anew"


def test_an_etcd_without_users_is_told():
    with Quick() as q:
        ports = free_ports(2)
        etcd = Member("s1", f"s1=http://127.0.0.1:{ports[1]}", ports, "127.0.0.1")
        try:
            etcd.wait_ready()
            q.write_config(1, "0s", {}, etcd.reach)
            q.start()
            told = wait_for("it is told", lambda: problems(q).get("store-open"))
            assert "every host may read and write all" in told and "auth = on" in told
            q.kill(signal.SIGTERM)
            with open(q.path("p"), "w", encoding="ascii",
                      opener=lambda path, flags: os.open(path, flags, 0o600)) as f:
                f.write("x")
            q.write_config(1, "0s", {"store.user": "root", "store.password_file": q.path("p")},
                           etcd.reach)
            q.start()
            wait_for("it is told what to do", lambda: "etcdctl auth enable" in
                     problems(q).get("store-open", ""))
            assert post(etcd.url, "/v3/kv/range", {"key": b64("x")})[0] == 200
        finally:
            etcd.stop()
