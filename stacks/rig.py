# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller with hosts on this machine, in a folder of its own: for the demo and the tests.

Everything it makes (processes, hosts, bridge, cgroups, files) goes with close(), which also
runs when the program is ended by a signal or an exception.
"""
import atexit
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request


# Of waits, in seconds: a machine may be busy, and what comes at once costs nothing.
PATIENCE_S = 240


class Failed(Exception):
    pass


def free_port():
    """One that nothing listens on. Below those that the kernel gives to connections: what
    listens on it can be started again, however many connect meanwhile."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        top = int(f.read().split()[0])
    low = max(1024, min(20000, top - 4000))
    for port in random.sample(range(low, top), top - low):
        with socket.socket() as s:
            try:
                s.bind(("0.0.0.0", port))
                return port
            except OSError:
                continue
    raise Failed(f"every port of {low} to {top} is in use on this machine")


def free_subnet():
    """The second number of a 10.N.0.0/16 that no interface or route of this machine uses."""
    used = subprocess.run(["ip", "-4", "route"], capture_output=True, text=True).stdout
    used += subprocess.run(["ip", "-4", "addr"], capture_output=True, text=True).stdout
    start = 90 + os.getpid() % 120
    for n in list(range(start, 250)) + list(range(20, start)):
        if f"10.{n}." not in used:
            return n
    raise Failed("every 10.N.0.0/16 is in use on this machine")


def wait_for(what, condition, timeout=PATIENCE_S, every=0.05):
    """Returns what condition() returns once it is true; fails in words after the timeout."""
    until = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            raise Failed(f"{what}: not within {timeout} s")
        time.sleep(every)


def told_token(printed):
    """The admin token, of whose file foretided's first start printed the path."""
    if not printed.startswith("admin token") or not printed.endswith("\n"):
        return None
    with open(printed.splitlines()[0].rsplit(": ", 1)[1]) as f:
        return f.read().strip()


class Rig:
    as_service = False  # a service leads a session of its own, and so goes before others

    def __init__(self, build="build", time_scale=1, boot_delay="0s", options=None, store=None):
        self.build = os.path.abspath(build)
        self.folder = tempfile.mkdtemp(prefix="foretide-")
        self.net = free_subnet()
        self.gateway = f"10.{self.net}.0.1"
        self.bridge = f"ft{self.net}-{os.getpid() % 100000}"
        self.port, self.host_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.token = None
        self.closed = False
        self.write_config(time_scale, boot_delay, options or {}, store)
        atexit.register(self.close)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write_config(self, time_scale, boot_delay, options, store):
        sections = {
            "controller": {
                "state_dir": self.path("state"),
                "listen": f"127.0.0.1:{self.port}",
                "host_listen": f"0.0.0.0:{self.host_port}",
                "advertise": f"https://{self.gateway}:{self.host_port}",
                "drivers_dir": os.path.join(self.build, "drivers"),
                "agent": os.path.join(self.build, "foretide-agent"),
                "credentials": self.path("credentials"),
                "time_scale": time_scale,
            },
            "driver local": {
                "state_dir": self.path("local"),
                "subnet": f"10.{self.net}.0.0/16",
                "bridge": self.bridge,
                "init": os.path.join(self.build, "foretide-local-init"),
                "boot_delay": boot_delay,
                "mask": "/home:/root",
            },
            "metrics": {"prometheus_hosts": "127.0.0.1"},
            "driver fake": {"dir": self.path("cloud")},
        }
        if store:
            sections["store"] = {"url": store}
        for name, value in options.items():
            section, _, key = name.rpartition(".")
            sections.setdefault(section, {})[key] = value
        with open(self.path("foretide.conf"), "w") as f:
            for section, values in sections.items():
                f.write(f"[{section}]\n")
                f.writelines(f"{k} = {v}\n" for k, v in values.items())

    # ------------------------------------------------------------ the controller
    def start(self, *options):
        with open(self.path("foretided.log"), "ab") as log, \
                open(self.path("foretided.out"), "wb") as out:
            self.process = subprocess.Popen(
                [os.path.join(self.build, "foretided"), "-c", self.path("foretide.conf"), *options],
                stdout=out, stderr=log, stdin=subprocess.DEVNULL, start_new_session=self.as_service)
        try:
            wait_for("foretided answers", self.answers)
        except Failed as e:
            raise Failed(f"{e}\n{self.log()[-2000:]}") from None
        if not self.token:
            self.token = wait_for("the first token", self.first_token)
            fd = os.open(self.path("token"), os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(fd, self.token.encode())
            os.close(fd)
        return self

    def first_token(self):
        with open(self.path("foretided.out")) as f:
            return told_token(f.read())

    def answers(self):
        if self.process.poll() is not None:
            raise Failed(f"foretided ended with status {self.process.returncode}:\n"
                         + self.log()[-2000:])
        try:
            with urllib.request.urlopen(self.url + "/healthz", timeout=20):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def kill(self, signo=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signo)
            self.process.wait(PATIENCE_S)

    def log(self):
        with open(self.path("foretided.log"), errors="replace") as f:
            return f.read()

    # ------------------------------------------------------------ asking it
    def request(self, method, path, body=None, content_type="application/json", headers=None):
        """-> (status, document or text)"""
        data = body
        if body is not None and not isinstance(body, (bytes, str)):
            data = json.dumps(body)
        if isinstance(data, str):
            data = data.encode()
        h = {"Authorization": f"Bearer {self.token}"}
        if data is not None:
            h["Content-Type"] = content_type
        h.update(headers or {})
        request = urllib.request.Request(self.url + path, data, h, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            status, text = e.code, e.read().decode()
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def api(self, path, method="GET", body=None, **more):
        status, doc = self.request(method, path, body, **more)
        if status >= 300:
            raise Failed(f"{method} {path}: {status} {doc}")
        return doc

    def items(self, path):
        items, cursor = [], None
        while True:
            sign = "&" if "?" in path else "?"
            page = self.api(path + (f"{sign}cursor={urllib.parse.quote(cursor)}" if cursor else ""))
            items += page["items"]
            cursor = page.get("next")
            if not cursor:
                return items

    def environment(self):
        return dict(os.environ, FORETIDE_URL=self.url, FORETIDE_TOKEN=self.token or "")

    def cli(self, *args, check=True):
        done = subprocess.run([os.path.join(self.build, "foretide"), *args],
                              capture_output=True, text=True, env=self.environment(), timeout=PATIENCE_S)
        if check and done.returncode:
            raise Failed(f"foretide {' '.join(args)}: {done.returncode}\n{done.stderr}")
        return done

    def units(self, tier=None):
        return [u for u in self.items("/v1/units") if tier in (None, u["tier"])]

    def healthy(self, tier):
        return [u for u in self.units(tier)
                if u["goal"] == "run" and u["active"] == "active" and u["health"] in ("passing", "none")]

    def hosts(self, pool=None):
        return [h for h in self.items("/v1/hosts")
                if h["state"] not in ("gone", "failed") and pool in (None, h["pool"])]

    def services(self, name):
        return [s for s in self.items("/v1/services") if s["name"] == name]

    def tier(self, stack, name):
        return self.api(f"/v1/tiers/{stack}/{name}")

    # ------------------------------------------------------------ the hosts underneath
    def local_hosts(self):
        """What the local driver has on this machine, by host name: the pid of its init."""
        found = {}
        root = self.path("local/hosts")
        for entry in os.listdir(root) if os.path.isdir(root) else []:
            try:
                with open(os.path.join(root, entry, "meta.json")) as f:
                    meta = json.load(f)
                found[meta["name"]] = meta
            except (OSError, ValueError):
                pass
        return found

    def close(self):
        if self.closed:
            return
        self.closed = True
        try:
            self.kill(signal.SIGTERM)
        except subprocess.TimeoutExpired:
            self.kill()
        subprocess.run([os.path.join(self.build, "foretide"), "local", "clean", "--state-dir",
                        self.path("local")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
