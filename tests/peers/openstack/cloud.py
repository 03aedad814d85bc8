# SPDX-License-Identifier: GPL-3.0-or-later
"""A real OpenStack (Keystone, Placement, Glance, Neutron, Nova with a hypervisor that
pretends) from Debian's packages, in five processes on free ports of 127.0.0.1.

Each Cloud runs on a copy of what setup.py keeps."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from configs import PASSWORD, write_all
from proxy import Proxy
from rig import PATIENCE_S, free_port, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"
PACKAGES = ["keystone", "placement", "glance", "neutron", "nova"]
HYPERVISOR = "fake.FakeDriver"
PAGE = 5  # servers that Nova shows at once
TOKEN_S = 3600
USER_PASSWORD = "pw-of-scaler"


class Cloud:
    def __init__(self, kept=None, folder=None, page=PAGE):
        """Runs in a copy of the folder kept, or in the folder itself."""
        self.folder = folder or tempfile.mkdtemp(prefix="foretide-openstack-")
        self.is_own = not folder
        self.processes = {}
        self.proxy = None
        self.token_s, self.hypervisor, self.page = TOKEN_S, HYPERVISOR, page
        self.ports = {n: free_port() for n in PACKAGES + ["proxy"]}
        self.admin_token = None
        if self.is_own:
            shutil.copytree(kept, self.folder, dirs_exist_ok=True)
            with open(self.at("seed.json"), encoding="ascii") as f:
                self.seed = json.load(f)
            self.move_cells()

    def at(self, name):
        return os.path.join(self.folder, name)

    def move_cells(self):
        """Nova's database says where those of its cells are."""
        with contextlib.closing(sqlite3.connect(self.at("db/nova_api.db"))) as db, db:
            for cell, name in (("cell0", "nova_cell0"), ("cell1", "nova")):
                db.execute("UPDATE cell_mappings SET database_connection = ? WHERE name = ?",
                           (f"sqlite:///{self.at(f'db/{name}.db')}", cell))

    # ------------------------------------------------------------ processes
    def configure(self):
        write_all(self.folder, self.ports, self.token_s, self.hypervisor, self.page)

    def spawn(self, name, *arguments):
        with open(self.at(f"log/{name}.out"), "ab") as out:
            self.processes[name] = subprocess.Popen(
                [PYTHON, os.path.join(HERE, "services.py"), *arguments], stdout=out,
                stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
                preexec_fn=lambda: os.nice(10))

    def start_one(self, name):
        if name == "nova":
            self.spawn(name, "nova", self.at("etc/nova.conf"), self.at("log/nova.log"))
        elif name == "glance":
            self.spawn(name, "run", "glance.cmd.api", "--config-file", self.at("etc/glance.conf"))
        else:
            self.spawn(name, "serve", name, self.at(f"etc/{name}.conf"), str(self.ports[name]))

    def is_up(self, name):
        process = self.processes[name]
        assert process.poll() is None, f"{name} ended: {self.log_of(name)}"
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}/", timeout=PATIENCE_S)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def log_of(self, name):
        with open(self.at(f"log/{name}.out"), encoding="utf-8", errors="replace") as f:
            return f.read()[-3000:]

    def start(self):
        self.configure()
        for names in (("keystone", "placement", "glance"), ("neutron", "nova")):
            for name in names:
                self.start_one(name)
            for name in names:
                wait_for(f"{name} answers", lambda n=name: self.is_up(n))
        self.proxy = Proxy(self.ports["proxy"], self.ports["nova"])
        return self

    def end_one(self, name):
        process = self.processes.pop(name)
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, sign)
            except ProcessLookupError:
                pass
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                continue
        process.wait()

    def restart(self, name):
        self.configure()
        self.end_one(name)
        self.start_one(name)
        wait_for(f"{name} answers", lambda: self.is_up(name))

    def close(self):
        if self.proxy:
            self.proxy.close()
        for name in list(self.processes):
            self.end_one(name)
        if self.is_own:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ------------------------------------------------------------ calls as admin
    def url(self, name, path):
        return f"http://127.0.0.1:{self.ports[name]}{path}"

    def token_of(self, user, project):
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}},
                         "scope": {"project": project}}}
        request = urllib.request.Request(self.url("keystone", "/v3/auth/tokens"),
                                         json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.headers["X-Subject-Token"]

    def call(self, name, path, body=None, method=None, content="application/json"):
        """Of a service, as admin; its answer read."""
        if not self.admin_token:
            self.admin_token = self.token_of(
                {"name": "admin", "domain": {"id": "default"}, "password": PASSWORD},
                {"name": "admin", "domain": {"id": "default"}})
        data = body if isinstance(body, bytes) else body and json.dumps(body).encode()
        request = urllib.request.Request(self.url(name, path), data, method=method, headers={
            "X-Auth-Token": self.admin_token, "Content-Type": content,
            "OpenStack-API-Version": "compute 2.90"})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                text = answer.read()
        except urllib.error.HTTPError as e:
            if e.code == 401:
                self.admin_token = None
                return self.call(name, path, body, method, content)
            raise AssertionError(f"{method} {path}: {e.code} {e.read()[:500]}") from None
        return json.loads(text) if text else None

    def accepts(self, token):
        """Whether Nova takes it."""
        request = urllib.request.Request(self.url("nova", "/v2.1/limits"),
                                         headers={"X-Auth-Token": token})
        try:
            urllib.request.urlopen(request, timeout=PATIENCE_S)
        except urllib.error.HTTPError as e:
            return e.code != 401
        return True

    def servers(self):
        """Of all projects, each with all that Nova knows of it, and once: one that is being
        built may be on two pages."""
        found, marker = {}, ""
        while True:
            page = self.call("nova", f"/v2.1/servers/detail?all_tenants=1{marker}")["servers"]
            if not page:
                return list(found.values())
            found.update({s["id"]: s for s in page})
            marker = f"&marker={page[-1]['id']}"

    def quota(self, **limits):
        self.call("nova", f"/v2.1/os-quota-sets/{self.seed['project']}",
                  {"quota_set": limits}, "PUT")

    def end_all(self):
        for server in self.servers():
            self.call("nova", f"/v2.1/servers/{server['id']}", method="DELETE")
        wait_for("no server is left", lambda: not self.servers())

    def credentials(self):
        """Of the unprivileged user, as the credentials file has them."""
        return {"auth_url": self.url("keystone", "/v3"), "username": "scaler",
                "password": USER_PASSWORD, "project_name": "scaler",
                "region_name": "RegionOne"}

    def as_user(self, name, path, body):
        """call() with the rights of the unprivileged user."""
        token = self.token_of({"id": self.seed["user"], "password": USER_PASSWORD},
                              {"id": self.seed["project"]})
        own, self.admin_token = self.admin_token, token
        try:
            return self.call(name, path, body)
        finally:
            self.admin_token = own

    def application_credential(self):
        """One that the user makes for itself."""
        made = self.as_user("keystone", f"/v3/users/{self.seed['user']}/application_credentials", {
            "application_credential": {"name": f"test-{time.monotonic_ns()}"}})
        made = made["application_credential"]
        return {"auth_url": self.url("keystone", "/v3"), "region_name": "RegionOne",
                "application_credential_id": made["id"],
                "application_credential_secret": made["secret"]}

    def add_reader(self):
        """A user that may look, and launch nothing."""
        user = self.call("keystone", "/v3/users", {"user": {
            "name": "reader", "domain_id": "default", "password": USER_PASSWORD}})["user"]["id"]
        self.give_role("reader", user, self.seed["project"])

    def give_role(self, name, user, project):
        role = self.call("keystone", f"/v3/roles?name={name}")["roles"][0]["id"]
        self.call("keystone", f"/v3/projects/{project}/users/{user}/roles/{role}", method="PUT")

    def launch_untagged(self):
        """A server of a person's, in the same project; its id."""
        return self.as_user("nova", "/v2.1/servers", {"server": {
            "name": "a-persons", "imageRef": self.seed["image"],
            "flavorRef": self.seed["flavor"], "networks": "none"}})["server"]["id"]
