# SPDX-License-Identifier: GPL-3.0-or-later
"""Two stacks beside each other: alpha, whose web server has a hole through which an attacker
starts programs on its hosts, and beta, which serves a steady load meanwhile."""

import json
import ssl
import time
import urllib.error
import urllib.request

from rig_tools import PATIENCE_S, PATIENT, Load, Quick
from store_tools import b64
from test_etcd_users import WithEtcd

STATE = "/var/lib/foretide-agent"
PROXY = "http://127.0.0.1:2379"
NOBODY = 65534
SECRET = "\n[secret db]\n"
RATE = 5  # requests a second that beta answers

# What a program with a hole does: it runs what it is sent, as whoever it is told to be.
HOLE = '''
def hole(self):
    import json
    import subprocess
    ask = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
    who = {"user": ask["uid"], "group": ask["uid"], "extra_groups": []} if ask["uid"] else {}
    try:
        done = subprocess.run(ask["argv"], input=ask["stdin"].encode(), timeout=ask["timeout"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/", **who)
        self.say(json.dumps([done.returncode, done.stdout.decode(errors="replace")]))
    except subprocess.TimeoutExpired as e:
        self.say(json.dumps([-1, (e.stdout or b"").decode(errors="replace")]))
    except OSError as e:
        self.say(json.dumps([-2, str(e)]))


Page.do_POST = hole

'''

ALPHA = """[stack]
name = alpha
[pool alpha]
driver = local
cpu = 0.5
memory = 256M
max = 2
[tier web]
unit = alpha@.service
pool = alpha
min = 2
max = 2
mode = observe
demand = sum(rate(quick_requests_total))
capacity = 5
[tier note]
unit = note@.service
pool = alpha
min = 2
max = 2
"""
# Another unit of the same host, root's as all, which a notify socket belongs to.
NOTE = """[Service]
Type=notify
NotifyAccess=all
ExecStart=/bin/sh -c 'systemd-notify --ready; exec sleep 1000000'
[X-Resources]
CPU=0.1
Memory=32M
[X-Service]
Name=note
Port=9
[X-Fleet]
Conflicts=note@*
"""


def beta(path, text):
    """The quick stack under another name."""
    if path == "stack.conf":
        return text.replace("name = quick", "name = beta").replace(
            "max = 8", "max = 1").replace("mode = auto", "mode = observe") + SECRET
    return text.replace("/foretide/quick", "/foretide/beta")


def alpha(files):
    """Its files, of those of the quick stack."""
    server = files["templates/web/server.py"]
    at = server.index("class Server(")
    return {
        "stack.conf": ALPHA + SECRET,
        "units/alpha@.service": files["units/web@.service"].replace("web@", "alpha@").replace(
            "Memory=64M", "Memory=160M"),
        "units/note@.service": NOTE,
        "conf.d/web/server.toml": files["conf.d/web/server.toml"],
        "templates/web/server.py": server[:at] + HOLE + server[at:],
    }


class Table(list):
    """Attacks, each a function of the attacker."""

    def attack(self, fn):
        fn.stores = ("built-in", "etcd")
        self.append(fn)
        return fn

    def built_in(self, fn):
        """What an etcd lets its users do: it judges neither values nor (Debian 12's) inner
        transactions, compacts for anybody, and bounds nobody."""
        self.attack(fn).stores = ("built-in",)
        return fn


class World:
    """Both stacks, the load, and what must not change while an attack goes on."""

    def __init__(self, quick):
        self.q = quick

    def begin(self):
        quick = self.q
        quick.start()
        quick.api("/v1/stacks/beta", "PUT", quick.stack(beta))
        quick.api("/v1/stacks/alpha", "PUT", {"files": alpha(quick.stack()["files"])})
        quick.wait("both stacks serve", lambda: all(
            len([u for u in quick.healthy(t) if u["stack"] == s]) == n
            for s, t, n in (("alpha", "web", 2), ("alpha", "note", 2),
                            ("beta", "web", 1), ("beta", "lb", 1))))
        quick.wait("beta is balanced", lambda: len(quick.balanced()) == 1)
        self.load = Load(quick, rate=RATE, service="beta/lb", scale=1).flows(5)
        self.before = self.beta()
        return self

    def unit(self, stack, tier, n=0):
        return sorted((u for u in self.q.units(tier) if u["stack"] == stack),
                      key=lambda u: u["name"])[n]

    def admin(self, path, body):
        """A call of the store by one who may all."""
        if self.q.store == "etcd":
            return self.q.ask_etcd(path, body)
        return self.q.api("/v3/" + path, "POST", body)

    def beta(self):
        """Its hosts and the main processes of its units."""
        units = [u for u in self.q.units() if u["stack"] == "beta"]
        programs = {"web": "python3", "lb": "haproxy"}
        return {u["name"]: (u["host"], self.q.first_of(u["host"], programs[u["tier"]]))
                for u in units}

    def is_unharmed(self):
        """It serves still, and served all the while."""
        self.load.flows(5)
        stats = self.load.last
        assert (stats["failed"], stats["skipped"]) == (0, 0), stats
        assert self.beta() == self.before
        mine = {host for host, _ in self.before.values()}
        bad = [e for e in self.q.items("/v1/events?since=0&limit=1000") if e["host"] in mine
               and e["kind"] in ("host-unknown", "host-lost", "host-failed", "unit-failed")]
        assert not bad, bad
        states = {h["id"]: h["state"] for h in self.q.hosts()}
        assert all(states.get(h) == "up" for h in mine), states


class Attacker:
    """On one web host of alpha."""

    certificates = ("cert", "programs")

    def __init__(self, world, own=None):
        self.world, self.q = world, world.q
        self.own = own or world.unit("alpha", "web", 0)
        self.id = self.own["host"]
        self.sibling = world.unit("alpha", "web", 1)
        self.victim = world.unit("beta", "web")
        self.address = self.address_of(self.id)
        self.port = self.q.host_port
        self.at = f"https://{self.q.gateway}:{self.port}"
        self.records = "/skydns/local/foretide/"
        self.record = self.record_of(self.own, "alpha")
        self.contexts, self.lease = {}, None

    def address_of(self, host):
        return next(h["address"] for h in self.q.hosts() if h["id"] == host)

    def record_of(self, unit, stack):
        name = unit["name"].split(".")[0].replace("@", "-")
        return f"{self.records}{stack}/web/{name}-8080"

    # -------------------------------------------------------- through the hole
    def run(self, *argv, uid=NOBODY, stdin="", timeout=60):
        """(status, output) of a program on the host."""
        ask = json.dumps({"argv": argv, "uid": uid, "stdin": stdin, "timeout": timeout})
        request = urllib.request.Request(f"http://{self.address}:8080/hole", ask.encode())
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return tuple(json.loads(answer.read()))

    def python(self, text, *args, uid=NOBODY, timeout=60):
        return self.run("/usr/bin/python3", "-I", "-", *map(str, args), uid=uid, stdin=text,
                        timeout=timeout)

    def curl(self, url, body=None, *options, uid=NOBODY):
        """(status, text) of a request from the host; a path: through the proxy."""
        args = ["curl", "-sk", "-m", "50", "--path-as-is", "-w", "\n%{http_code}", *options]
        if body is not None:
            args += ["-H", "Content-Type: application/json", "--data-binary", "@-"]
        text = body if isinstance(body, str) else json.dumps(body)
        _, out = self.run(*args, url if "://" in url else PROXY + url, uid=uid,
                          stdin=text if body is not None else "")
        text, _, status = out.rpartition("\n")
        return int(status or 0), text

    # -------------------------------------------------------- with what root has taken
    def steal(self, name):
        """A file of the agent's, read by root of the host."""
        status, text = self.run("cat", f"{STATE}/{name}", uid=0)
        assert status == 0, text
        return text

    def certificate(self, kind="cert"):
        """Paths of a certificate and its key: of the host, or of its programs."""
        paths = []
        for part in (f"{kind}.pem", {"cert": "key.pem", "programs": "programs-key.pem"}[kind]):
            paths.append(self.q.path(f"stolen-{part}"))
            text = self.steal(part)
            with open(paths[-1], "w", encoding="ascii") as f:
                f.write(text)
        return paths

    def context(self, kind="cert"):
        made, context = self.contexts.get(kind, (0, None))
        if time.monotonic() - made < 60:
            return context
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if kind:
            context.load_cert_chain(*self.certificate(kind))
        self.contexts[kind] = (time.monotonic(), context)
        return context

    def call(self, path, body, kind="cert", method="POST", headers=None):
        """(status, text) of a call of the controller with a certificate."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.at + path, data, {
            "Content-Type": "application/json", **(headers or {})}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S,
                                        context=self.context(kind)) as answer:
                return answer.status, answer.readline().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()
        except OSError as e:
            return 0, str(e)

    def store(self, path, body):
        """A call of the store with the right that the host's agent has."""
        return self.call("/v3/" + path, body)

    def grant(self):
        """A lease of the host's, the same for all attacks."""
        while not self.lease:
            status, text = self.store("lease/grant", {"TTL": "600"})
            assert status in (200, 429), text
            self.lease = json.loads(text).get("ID")
        return self.lease


# ---------------------------------------------------------------- calls of the store


def read(key, **more):
    """A key, or a prefix that ends with a slash."""
    end = {"range_end": b64(key[:-1] + "0")} if key.endswith("/") else {}
    return {"key": b64(key), **end, **more}


def put(key, value="x", **more):
    return {"key": b64(key), "value": b64(value), **more}


def secret_transactions():
    """One that reads a secret, and one that finds its value by comparing."""
    secret = read("/foretide/secrets/beta/db")
    return [{"success": [{"request_range": secret}]},
            {"compare": [{"key": secret["key"], "target": "VALUE", "value": b64("a"), "result": "GREATER"}],
             "success": []}]


def refused(answer, *statuses, words=""):
    """The right refusal: a status of those, 403 by default, and what it says."""
    status, text = answer
    if status == 200 and '"canceled":true' in text and "ermission" in text:
        return  # etcd says so of a watch on its stream
    assert status in (statuses or (403,)), (status, text[:500])
    assert words in text, (words, text[:500])


def fails(answer, words=""):
    """Of a program: it did not do it."""
    status, text = answer
    assert status != 0 and words in text, (status, text[:500])


# ---------------------------------------------------------------- the world, by store


def options():
    return {**PATIENT, "controller.metrics_interval": "2s"}


class BuiltIn(Quick):
    store = "built-in"

    def __init__(self):
        super().__init__(time_scale=1, boot_delay="0s", options=options())


class OnEtcd(WithEtcd):
    """Its hosts are users that the controller sets up."""

    store = "etcd"

    def __init__(self):
        super().__init__(lambda folder: "--auth-token-ttl=300")


class EtcdAttacker(Attacker):
    """Who has the names and passwords of the host's users; programs need no certificate."""

    certificates = ("cert",)

    def call(self, path, body, kind="cert", method="POST", headers=None):
        if not path.startswith("/v3/") or kind is None:
            return super().call(path, body, kind, method, headers)
        kept = json.loads(self.steal("join.json"))
        who = {"cert": "store", "programs": "programs"}[kind]
        status, doc = self.q.as_user(kept[who + "_user"], kept[who + "_password"], path[4:], body)
        return status, json.dumps(doc)


def world_of(store):
    return World(BuiltIn() if store == "built-in" else OnEtcd())


def attacker_in(world):
    return (Attacker if world.q.store == "built-in" else EtcdAttacker)(world)
