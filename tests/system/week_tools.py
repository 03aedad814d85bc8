# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole controller on a calendar that is stepped by the minute.

The controller is tests/system/stepped.c: all of foretided, with its database, its API, its
store, its pools and the fake cloud. The hosts of that cloud are played here: each boots for
a while of calendar time, then joins with its token, and publishes what its schedule asks
for. A minute is over when nothing of that is left to be done, so a week takes minutes, and
two runs of it decide the same.
"""
import http.client
import json
import math
import os
import re
import shutil
import sqlite3
import ssl
import subprocess
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from store_tools import BUILD, DEADLINE_S, b64, free_ports, prefix_end, told_token, unb64

MINUTE_MS = 60000
BOOT_MINUTES = 3
CAPACITY = 100
MAX = 200
RISK = 0.005
STACK = "week"
LEASE_S = 3600  # of real time, longer than any run here


class Refused(Exception):
    pass


class Caller:
    """One kept connection to the API, made again when it was idle for too long."""

    def __init__(self, connection, token=None):
        self.connection = connection
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method, path, body=None, content="application/json"):
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        headers = dict(self.headers, **({"Content-Type": content} if body is not None else {}))
        try:
            answer, text = self.once(method, path, body, headers)
        except (OSError, http.client.RemoteDisconnected):
            self.connection.close()
            answer, text = self.once(method, path, body, headers)
        if answer.status >= 300:
            raise Refused(f"{method} {path}: {answer.status} {text}")
        return json.loads(text) if text else None

    def once(self, *request):
        self.connection.request(*request)
        answer = self.connection.getresponse()
        return answer, answer.read().decode()

    def close(self):
        self.connection.close()


# ---------------------------------------------------------------- hosts
class Host:
    """A VM whose agent does at once what it is told."""

    def __init__(self, week, vm):
        self.week, self.id, self.pool = week, vm["name"], vm["pool"]
        self.user_data, self.address = vm["user_data"], vm["address"]
        self.due_ms = week.now_ms + BOOT_MINUTES * MINUTE_MS
        self.caller = None
        self.lease = 0
        self.schedule = None  # text of the one that was carried out
        self.serving = 0

    def post(self, path, body):
        return self.caller.call("POST", path, body)

    def join(self):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.id)])
        csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
        pem = serialization.Encoding.PEM
        token = re.search(r"^token = (\S+)$", self.user_data, re.M).group(1)
        self.caller = Caller(self.week.host_connection())
        answer = self.post("/v1/join", {
            "host": self.id, "token": token, "address": self.address, "agent_version": "0",
            "csr": csr.public_bytes(pem).decode()})
        self.caller.close()
        path = self.week.path(self.id + ".pem")
        with open(path, "wb") as f:
            f.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()))
            f.write(answer["certificate"].encode())
        self.caller = Caller(self.week.host_connection(path))
        os.unlink(path)
        self.lease = self.post("/v3/lease/grant", {"TTL": LEASE_S})["ID"]
        return self.put("hosts", self.record())

    def record(self):
        return {"id": self.id, "name": self.id, "address": self.address, "pool": self.pool,
                "agent_version": "0", "cpu": 1, "memory_bytes": 1 << 30, "metadata": {},
                "boot_id": self.id, "joined_at": self.week.now_ms}

    def put(self, what, doc):
        """Returns the revision."""
        answer = self.post("/v3/kv/put", {
            "key": b64(f"/foretide/{what}/{self.id}"), "lease": self.lease,
            "value": b64(json.dumps(doc))})
        return int(answer["header"]["revision"])

    def follow(self, text):
        """Runs what the schedule names, at once. A drained unit is reported as such."""
        self.schedule = text
        return self.put("states", self.states(text))

    def states(self, text):
        doc = json.loads(text)
        self.serving = 0
        states = {}
        for u in doc["units"]:
            runs = u["state"] == "launched" and not u["drain"]
            self.serving += runs
            states[u["name"]] = {
                "hash": u["hash"], "load": "loaded", "active": "active" if runs else "inactive",
                "sub": "running" if runs else "dead", "health": "none", "drained": u["drain"],
                "restarts": 0, "since": self.week.now_ms, "message": ""}
        return {"epoch": doc["epoch"], "units": states}

    def end(self):
        """Its keys go with its lease, which the controller may have ended already."""
        if not self.caller:
            return 0
        self.caller.close()
        try:
            answer = self.week.api.call("POST", "/v3/lease/revoke", {"ID": self.lease})
        except Refused as e:
            if "lease not found" not in str(e):
                raise
            return 0
        return int(answer["header"]["revision"])


class Cloud:
    """A pool's VMs, in the file of the fake driver."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "cloud.json")
        self.seen = None

    def changes(self):
        """All VMs that are there when they may have changed, else None."""
        try:
            mark = os.stat(self.path)
        except FileNotFoundError:
            return None
        mark = (mark.st_ino, mark.st_mtime_ns)
        if mark == self.seen:
            return None
        self.seen = mark
        with open(self.path, encoding="utf-8") as f:
            return [vm for vm in json.load(f)["vms"] if not vm["gone_ms"]]


# ---------------------------------------------------------------- the controller
def conf(folder, ports, pools):
    """Each pool has a cloud of its own: the profile of its name."""
    clouds = "".join(f"[driver fake/{pool}]\ndir = {folder}/{pool}\n" for pool in pools)
    return clouds + f"""[controller]
state_dir = {folder}/state
listen = 127.0.0.1:{ports[0]}
host_listen = 127.0.0.1:{ports[1]}
advertise = https://127.0.0.1:{ports[1]}
drivers_dir = {BUILD}/drivers
agent = {BUILD}/foretide-agent
credentials = {folder}/credentials
log_level = warn
tick = 60s
"""


def stack(tiers):
    """A pool a tier, an instance a host; a tier's options replace these, or None leaves one
    out. pool_max is the pool's. All else is a tier's default."""
    text = f"[stack]\nname = {STACK}\n"
    units = {}
    for name, given in tiers.items():
        options = {"unit": f"{name}@.service", "pool": name, "min": 1, "max": MAX, "mode": "auto",
                   "capacity": CAPACITY, "risk": RISK, "lead_prior": "3m",
                   "demand": f'sum(offered_rate{{tier="{name}"}})', **given}
        pool = {"driver": "fake", "profile": name, "max": options.pop("pool_max", MAX)}
        text += section(f"pool {name}", pool) + section(f"tier {name}", options)
        units[f"units/{name}@.service"] = ("[Service]\nExecStart=/bin/sleep infinity\n"
                                           f"[X-Fleet]\nConflicts={name}@*\n")
    return {"stack.conf": text, **units}


def section(name, options):
    """A list is an option that is given several times."""
    lines = [f"{k} = {one}" for k, v in options.items() if v is not None
             for one in (v if isinstance(v, list) else [v])]
    return "\n".join([f"\n[{name}]", *lines, ""])


class Week:
    """A controller whose calendar starts at start_ms, with a stack of these tiers: names,
    or the options of each. pools: of the stack, when they are not one a tier."""
    host_class, cloud_class = Host, Cloud
    options = ""  # more of section controller
    arguments = ()  # more of stepped

    def __init__(self, tiers, start_ms, pools=None):
        self.tiers = tiers if isinstance(tiers, dict) else {name: {} for name in tiers}
        self.now_ms = start_ms
        self.folder = tempfile.mkdtemp(prefix="foretide-week-")
        self.clouds = {t: self.cloud_class(self.path(t)) for t in pools or self.tiers}
        self.hosts = {}
        self.rev = self.seen_rev = 0
        self.ports = free_ports(2)
        with open(self.path("conf"), "w", encoding="utf-8") as f:
            f.write(conf(self.folder, self.ports, pools or self.tiers) + self.options)
        self.log = open(self.path("log"), "w", encoding="utf-8")
        self.child = self.start_child()
        try:
            self.send(f"at {start_ms}")
            line = self.child.stdout.readline()
            token = told_token(line)
            assert token, self.words()
            self.api = Caller(http.client.HTTPConnection(
                "127.0.0.1", self.ports[0], timeout=DEADLINE_S), token)
            self.api.call("PUT", f"/v1/stacks/{STACK}", {"files": self.files()})
            self.command("tick")
            self.settle()
        except BaseException:
            self.close()
            raise
        self.db = sqlite3.connect(f"file:{self.path('state/foretide.db')}?mode=ro", uri=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start_child(self):
        return subprocess.Popen(
            [os.path.join(BUILD, "tests/system/stepped"), self.path("conf"), *self.arguments],
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)

    def kill_child(self):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()

    def revive(self, now_ms):
        self.now_ms = now_ms
        self.child = self.start_child()
        self.send(f"at {now_ms}")
        self.command("tick")
        self.settle()

    def files(self):
        return stack(self.tiers)

    def words(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as f:
            return f.read()[-3000:]

    def host_connection(self, cert=None):
        context = ssl.create_default_context(cafile=self.path("state/ca/ca.pem"))
        if cert:
            context.load_cert_chain(cert)
        return http.client.HTTPSConnection("127.0.0.1", self.ports[1], context=context,
                                           timeout=DEADLINE_S)

    def send(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def command(self, line):
        self.send(line)
        answer = self.child.stdout.readline()
        assert answer, f"{line}: no answer\n{self.words()}"
        self.rev = int(answer)

    def tell(self, tier, first_ms, rates):
        """Imports a minute each, as `foretide import` does."""
        rows = "".join(f"{(first_ms + i * MINUTE_MS) // 1000},{v:.4f}\n"
                       for i, v in enumerate(rates))
        self.api.call("POST", f"/v1/tiers/{STACK}/{tier}/history", "timestamp,value\n" + rows,
                      content="text/csv")
        self.command("tick")
        self.settle()

    # ------------------------------------------------------------ one minute
    def step(self, rates, used=None):
        """
        A minute passes in which each tier was asked for its rate; at its end the controller
        decides. Hosts that have booted by then come up after that. used: how busy the
        instances of a tier were, 0 to 1.
        """
        end_ms = self.now_ms + MINUTE_MS
        lines = [f"# TYPE {name} gauge\n" + "\n".join(
            f'{name}{{tier="{t}"}} {v:.4f} {end_ms - 1000}' for t, v in values.items())
            for name, values in (("offered_rate", rates), ("used_share", used or {})) if values]
        self.command(f"at {end_ms - 1000}")
        if lines:
            self.api.call("POST", f"/v1/metrics?stack={STACK}", "\n".join(lines) + "\n",
                          content="text/plain")
        self.now_ms = end_ms
        self.command(f"at {end_ms}")
        self.command("tick")
        self.settle()
        rev = 0
        for host in self.hosts.values():
            if not host.caller and host.due_ms <= end_ms:
                rev = host.join()
        if rev:
            self.command(f"rest {rev}")
            self.settle()

    def settle(self):
        while True:
            rev = max(self.watch_clouds(), self.follow_schedules())
            if not rev:
                return
            self.command(f"rest {rev}")

    def watch_clouds(self):
        rev = 0
        for pool, cloud in self.clouds.items():
            vms = cloud.changes()
            if vms is None:
                continue
            there = {vm["name"] for vm in vms}
            for host in [h for h in self.hosts.values() if h.pool == pool and h.id not in there]:
                rev = max(rev, host.end())
                del self.hosts[host.id]
            for vm in vms:
                if vm["name"] not in self.hosts:
                    self.hosts[vm["name"]] = self.host_class(self, vm)
        return rev

    def follow_schedules(self):
        if self.rev == self.seen_rev:
            return 0
        self.seen_rev = self.rev
        prefix = "/foretide/schedule/"
        answer = self.api.call("POST", "/v3/kv/range", {
            "key": b64(prefix), "range_end": b64(prefix_end(prefix))})
        rev = 0
        for kv in answer.get("kvs", []):
            host = self.hosts.get(unb64(kv["key"]).decode()[len(prefix):])
            text = unb64(kv["value"]).decode()
            if host and host.caller and host.schedule != text:
                rev = host.follow(text)
        return rev

    # ------------------------------------------------------------ what came of it
    def desired(self):
        return dict(self.db.execute("SELECT name, desired FROM tier"))

    def serving(self, tier):
        return sum(h.serving for h in self.hosts.values() if h.pool == tier)

    def standing(self, tier):
        return sum(h.pool == tier for h in self.hosts.values())

    def capacity(self, tier):
        """In force at the last decision; what the tier declares, where it does."""
        declared = {**{"capacity": CAPACITY}, **self.tiers[tier]}["capacity"]
        if declared is not None:
            return declared
        return self.api.call("GET", f"/v1/tiers/{STACK}/{tier}")["capacity"] or 0

    def cpu_s(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="utf-8") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        if self.child.poll() is None:
            self.child.stdin.close()
            try:
                self.child.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.child.stdout.close()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


# ---------------------------------------------------------------- the command beside it
class Decide:
    """`foretide decide --jsonl` for one tier."""

    def __init__(self, first_ms, history):
        self.child = subprocess.Popen([os.path.join(BUILD, "foretide"), "decide", "--jsonl"],
                                      text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ask({"type": "init", "interval": 60, "boot_delay": 60 * BOOT_MINUTES,
                  "billing": 60, "capacity": CAPACITY, "min": 1, "max": MAX, "running": 1,
                  "slo": RISK, "history_start": first_ms // 1000,
                  "history": [round(float(v), 4) for v in history]})

    def ask(self, doc):
        self.child.stdin.write(json.dumps(doc) + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def said(self, t_ms, rate, running, booting):
        """After the minute that starts at t_ms: what is desired, and why."""
        return self.ask({"t": t_ms // 1000, "value": round(float(rate), 4), "running": running,
                         "booting": booting})

    def close(self):
        self.child.stdin.close()
        self.child.wait(DEADLINE_S)
        self.child.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


class Record:
    """What served, stood and was wanted, minute by minute; the first may be left out."""

    def __init__(self, rates, skip=0):
        self.rates, self.skip = rates, skip
        self.serving, self.standing, self.desired = [], [], []

    def add(self, serving, standing, desired):
        self.serving.append(serving)
        self.standing.append(standing)
        self.desired.append(desired)

    def minutes(self):
        return range(self.skip, len(self.serving))

    def hours(self):
        return sum(self.standing[i] for i in self.minutes()) / 60

    def short(self):
        n = sum(self.rates[i] > self.serving[i] * CAPACITY * (1 + 1e-9) for i in self.minutes())
        return n / len(self.minutes())

    def actions_per_day(self):
        n = sum(self.desired[i] != self.desired[i - 1] for i in self.minutes() if i)
        return n * 1440 / len(self.minutes())


def simulate(decide, first_ms, rates, record):
    """A fleet that does at once what decide says, but for the boot."""
    running, boots = 1, []
    for i, rate in enumerate(rates):
        running += sum(b <= i for b in boots)
        boots = [b for b in boots if b > i]
        want = decide.said(first_ms + i * MINUTE_MS, rate, running, len(boots))["desired"]
        record.add(running, running + len(boots), want)
        more = want - running - len(boots)
        boots += [i + 1 + BOOT_MINUTES] * max(more, 0)
        cut = min(max(-more, 0), len(boots))
        boots = boots[:len(boots) - cut]
        running -= max(-more, 0) - cut
    return record


def least_hours(rates, before):
    """What a clairvoyant fleet costs that is never short, as autoscale_eval.oracle."""
    need = [max(1, math.ceil(r / CAPACITY - 1e-9)) for r in rates]
    cost = 0
    for k in range(1, max(need) + 1):
        last = -1 if k <= before else None
        for i, n in enumerate(need):
            if n >= k:
                cost += 1 + (BOOT_MINUTES if last is None else min(i - last - 1, BOOT_MINUTES))
                last = i
    return cost / 60
