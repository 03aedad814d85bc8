# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a Cloud takes a while, the databases with a user, an image, a flavor and a network:
made once by these scripts and packages, and kept under build/peers."""

import concurrent.futures
import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time

from cloud import HERE, PACKAGES, PYTHON, USER_PASSWORD, Cloud
from configs import PASSWORD


def command(*arguments):
    done = subprocess.run([PYTHON, os.path.join(HERE, "services.py"), *arguments],
                          capture_output=True, text=True, preexec_fn=lambda: os.nice(10),
                          check=False)
    if done.returncode:
        raise AssertionError(f"{arguments}: {done.stdout[-2000:]} {done.stderr[-4000:]}")


def make_databases(cloud):
    at, db = cloud.at, f"sqlite:///{cloud.at('db')}"
    keystone = ["run", "keystone.cmd.manage", "--config-file", at("etc/keystone-setup.conf")]
    nova = ["run", "nova.cmd.manage", "--config-file", at("etc/nova.conf")]
    mine = ["--keystone-user", str(os.getuid()), "--keystone-group", str(os.getgid())]
    first = ["bootstrap", "--bootstrap-password", PASSWORD, "--bootstrap-username"]
    groups = [
        [[*keystone, "db_sync"], [*keystone, "fernet_setup", *mine],
         [*keystone, "credential_setup", *mine],
         [*keystone, *first, "admin", "--bootstrap-project-name", "admin"],
         [*keystone, *first, "svc", "--bootstrap-project-name", "service"]],
        [["run", "placement.cmd.manage", "--config-file", at("etc/placement.conf"),
          "db", "sync"],
         ["run", "glance.cmd.manage", "--config-file", at("etc/glance.conf"), "db_sync"],
         ["neutron-schema", at("db/neutron.db")]],
        [[*nova, "api_db", "sync"],
         [*nova, "cell_v2", "map_cell0", "--database_connection", f"{db}/nova_cell0.db"],
         [*nova, "db", "sync"],
         [*nova, "cell_v2", "create_cell", "--name", "cell1", "--database_connection",
          f"{db}/nova.db", "--transport-url", "fake://"]]]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(lambda group: [command(*arguments) for arguments in group], groups))
    for name in os.listdir(at("db")):
        with contextlib.closing(sqlite3.connect(at(f"db/{name}"))) as file:
            file.execute("PRAGMA journal_mode=WAL")


def make_seed(cloud):
    """A user without rights but those of a member, and what it may use."""
    call = cloud.call
    project = call("keystone", "/v3/projects", {"project": {
        "name": "scaler", "domain_id": "default"}})["project"]["id"]
    user = call("keystone", "/v3/users", {"user": {
        "name": "scaler", "domain_id": "default", "password": USER_PASSWORD}})["user"]["id"]
    cloud.give_role("member", user, project)
    image = call("glance", "/v2/images", {
        "name": "tiny", "disk_format": "raw", "container_format": "bare",
        "visibility": "public"})["id"]
    call("glance", f"/v2/images/{image}/file", bytes(65536), "PUT", "application/octet-stream")
    flavor = call("nova", "/v2.1/flavors", {"flavor": {
        "name": "m1.tiny", "ram": 256, "vcpus": 1, "disk": 1}})["flavor"]["id"]
    network = call("neutron", "/v2.0/networks", {"network": {
        "name": "shared", "shared": True}})["network"]["id"]
    call("neutron", "/v2.0/subnets", {"subnet": {
        "network_id": network, "ip_version": 4, "cidr": "10.77.0.0/24", "enable_dhcp": False}})
    with open(cloud.at("seed.json"), "w", encoding="ascii") as f:
        json.dump({"project": project, "user": user, "image": image, "flavor": flavor,
                   "network": network}, f)


def digest():
    """Of what the set-up is made by."""
    h = hashlib.sha256()
    for name in ("setup.py", "configs.py", "services.py"):
        with open(os.path.join(HERE, name), "rb") as f:
            h.update(f.read())
    h.update(subprocess.run(["dpkg-query", "-W", *(f"python3-{p}" for p in PACKAGES)],
                            capture_output=True, check=True).stdout)
    return h.hexdigest()


def make(folder):
    began = time.monotonic()
    cloud = Cloud(folder=folder)
    try:
        cloud.configure()
        make_databases(cloud)
        cloud.start()
        make_seed(cloud)
    finally:
        cloud.close()
    print(f"openstack: set up in {time.monotonic() - began:.0f} s", file=sys.stderr)


def kept(build):
    """The folder of the set-up; made first when there is none of these scripts and packages."""
    parent = os.path.join(os.path.abspath(build), "peers")
    folder = os.path.join(parent, f"openstack-{digest()[:16]}")
    if not os.path.exists(os.path.join(folder, "seed.json")):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        make(folder)
    return folder

