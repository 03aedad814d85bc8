# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores to test against (the embedded one, real etcd) and clients to test with."""

import base64
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))

sys.path.insert(0, os.path.join(ROOT, "stacks"))
from rig import PATIENCE_S as DEADLINE_S, free_port, told_token  # noqa: E402,F401


def b64(data):
    if isinstance(data, str):
        data = data.encode()
    return base64.b64encode(data).decode()


def unb64(text):
    return base64.b64decode(text)


def prefix_end(prefix):
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def wait_until(condition, what, deadline_s=DEADLINE_S):
    """Calls condition() until it is true; its value."""
    until = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"not within {deadline_s} s: {what}")
        time.sleep(0.01)


def free_ports(n):
    ports = set()
    while len(ports) < n:
        ports.add(free_port())
    return list(ports)


def post(url, path, body, headers=None, timeout=DEADLINE_S):
    """(status, document) of one request; body is an object or bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=data, headers=headers or {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=timeout) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as e:
        text = e.read()
        try:
            return e.code, json.loads(text)
        except ValueError:
            return e.code, text


class Process:
    """A child with its own folder; both are gone after stop()."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="foretide-store-test-")
        self.child = None

    def spawn(self, *args, **kw):
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.child = subprocess.Popen(args, stderr=self.log, **kw)

    def kill(self):
        if self.child:
            self.child.send_signal(signal.SIGCONT)
            self.child.kill()
            self.child.wait()
            for f in (self.child.stdin, self.child.stdout, self.log):
                if f:
                    f.close()
        self.child = None

    def stop(self):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


class Embedded(Process):
    kind = "embedded"

    def __init__(self, keep_changes=0, max_bytes=0):
        super().__init__()
        self.args = [str(keep_changes), str(max_bytes)]
        self.port = 0
        self.start()

    def start(self):
        self.spawn(os.path.join(BUILD, "tests/system/store_server"),
                   os.path.join(self.dir, "db"), str(self.port), *self.args,
                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.child.stdout.readline()
        assert line, open(os.path.join(self.dir, "log")).read()
        self.port = int(line)
        self.url = f"http://127.0.0.1:{self.port}"

    def grant(self, **rights):
        """Rights of a host, as store_server.c takes them."""
        self.child.stdin.write(json.dumps(rights).encode() + b"\n")
        self.child.stdin.flush()
        assert self.child.stdout.readline() == b"done\n"

    def end(self):
        """The orderly end: its exit status."""
        self.child.stdin.close()
        status = self.child.wait(timeout=DEADLINE_S)
        self.kill()
        return status


class Etcd(Process):
    """One member of a cluster; alone by default."""

    kind = "etcd"

    def __init__(self, name="s1", cluster=None, ports=None, tls=None, more=()):
        super().__init__()
        self.name = name
        self.port, self.peer_port = ports or free_ports(2)
        self.cluster = cluster or f"{name}=http://127.0.0.1:{self.peer_port}"
        # Among several a busy machine is no reason to elect another leader.
        heartbeat_ms = 500 if cluster else 100
        self.pace = [f"--heartbeat-interval={heartbeat_ms}",
                     f"--election-timeout={10 * heartbeat_ms}"]
        self.tls = tls
        self.more = more
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.start()
        if not cluster and not tls:
            self.wait_ready()

    def start(self):
        peer = f"http://127.0.0.1:{self.peer_port}"
        args = ["etcd", "--name", self.name, "--data-dir", os.path.join(self.dir, "data"),
                "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
                "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                "--initial-cluster", self.cluster, *self.pace, *self.more]
        if self.tls:
            args += ["--client-cert-auth", "--trusted-ca-file", self.tls["ca"],
                     "--cert-file", self.tls["server"], "--key-file", self.tls["server_key"]]
        self.spawn(*args, stdout=subprocess.DEVNULL)

    def is_ready(self):
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                    self.url + "/health", timeout=20) as answer:
                return json.loads(answer.read())["health"] == "true"
        except (OSError, ValueError):
            return False

    def wait_ready(self):
        wait_until(self.is_ready, f"{self.name} is healthy")


class Client:
    """The C client, driven through tests/system/store_client.c."""

    def __init__(self, endpoints, *tls):
        self.child = subprocess.Popen(
            [os.path.join(BUILD, "tests/system/store_client"), endpoints, *tls],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.answers = {}
        self.lock = threading.Lock()
        self.last = 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.child.stdout:
            answer = json.loads(line)
            self._queue(answer["id"]).put(answer)

    def _queue(self, number):
        with self.lock:
            return self.answers.setdefault(number, queue.Queue())

    def send(self, op, **args):
        self.last += 1
        line = json.dumps(dict(args, op=op, id=self.last)) + "\n"
        self.child.stdin.write(line.encode())
        self.child.stdin.flush()
        return self.last

    def next(self, number, deadline_s=DEADLINE_S):
        return self._queue(number).get(timeout=deadline_s)

    def call(self, op, **args):
        return self.next(self.send(op, **args))

    def ok(self, op, **args):
        answer = self.call(op, **args)
        assert "error" not in answer, (op, args, answer)
        return answer

    def put(self, key, value="", lease=0):
        return self.ok("put", key=key, value=b64(value), lease=lease)["rev"]

    def range(self, key, end=None, **args):
        if end is not None:
            args["end"] = b64(end)
        return self.ok("range", key=b64(key), **args)

    def keys(self, prefix):
        found = self.range(prefix, prefix_end(prefix))["kvs"]
        return [unb64(kv["key"]).decode() for kv in found]

    def get(self, key):
        kvs = self.range(key)["kvs"]
        return unb64(kvs[0]["value"]).decode() if kvs else None

    def watch(self, key, end=None, **args):
        if end is not None:
            args["end"] = end
        return Watch(self, self.send("watch", key=key, **args))

    def mirror(self, prefix):
        return Mirror(self, self.send("mirror", prefix=prefix))

    def close(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGCONT)
            self.child.stdin.close()
            try:
                self.child.wait(timeout=DEADLINE_S)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.reader.join()
        self.child.stdout.close()
        assert self.child.returncode == 0, self.child.returncode


class Watch:
    def __init__(self, client, number):
        self.client, self.number = client, number
        self.pending = []
        self.messages = []

    def message(self, deadline_s=DEADLINE_S):
        answer = self.client.next(self.number, deadline_s)
        self.messages.append(answer)
        return answer

    def established(self):
        """Waits until the store has confirmed it (an empty message)."""
        answer = self.message()
        assert answer.get("events") == [], answer
        return self

    def event(self, deadline_s=DEADLINE_S):
        """The next event: (type, key, value, kv, prev)."""
        while not self.pending:
            answer = self.message(deadline_s)
            if answer.get("error") in ("UNAVAIL", "TIMEOUT"):
                continue
            assert "error" not in answer, answer
            self.pending += answer["events"]
        e = self.pending.pop(0)
        kind = "DELETE" if e["deleted"] else "PUT"
        return (kind, unb64(e["kv"]["key"]).decode(), unb64(e["kv"]["value"]).decode(),
                e["kv"], e.get("prev"))

    def failure(self, deadline_s=DEADLINE_S):
        while True:
            answer = self.message(deadline_s)
            if "error" in answer:
                return answer


class Mirror:
    def __init__(self, client, number):
        self.client, self.number = client, number

    def changes(self, deadline_s=DEADLINE_S):
        """The next batch: [(type, key, value)]."""
        answer = self.client.next(self.number, deadline_s)
        return [("DELETE" if c["deleted"] else "PUT", unb64(c["kv"]["key"]).decode(),
                 unb64(c["kv"]["value"]).decode()) for c in answer["changes"]]

    def state(self):
        return self.client.ok("mirror_state", mirror=self.number)

    def copy(self):
        return {unb64(kv["key"]).decode(): unb64(kv["value"]).decode()
                for kv in self.state()["kvs"]}

    def wait_synced(self, yes=True):
        wait_until(lambda: self.state()["synced"] == yes, f"mirror synced: {yes}")


class Stream:
    """A raw watch stream over HTTP, for what the client does not show."""

    def __init__(self, url, create, headers=None):
        request = urllib.request.Request(
            url + "/v3/watch", data=json.dumps({"create_request": create}).encode(),
            headers=headers or {})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.answer = opener.open(request, timeout=DEADLINE_S)

    def line(self):
        """The next result; None at the end."""
        text = self.answer.readline()
        return json.loads(text)["result"] if text else None

    def close(self):
        self.answer.close()
