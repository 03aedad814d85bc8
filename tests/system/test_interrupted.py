# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud that takes hosts back says so to them alone, by its metadata service; they are
replaced before they go."""

import calendar
import json
import os
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from store_tools import BUILD, ROOT, wait_until

sys.path.insert(0, os.path.join(ROOT, "stacks"))
from rig import Rig  # noqa: E402

CLOUDS = ("ec2", "gce", "azure")
SOON = time.gmtime(time.time() + 120)
AT = time.strftime("%Y-%m-%dT%H:%M:%SZ", SOON)
TOKEN = "AQAAALH-k7i1xA=="
POOL = """[pool {0}]
driver = local
profile = {0}
min = 1
max = 1
cpu = 1
[tier {0}]
unit = {0}@.service
pool = {0}
min = 1
max = 1
{1}
"""
UNIT = """[Service]
ExecStart=/bin/sleep 1000000
[X-Service]
Name={0}
Port=80
Check=none
"""


class Metadata(BaseHTTPRequestHandler):
    """Answers as all three clouds do, each host for itself."""
    taken = set()

    def answer(self, status, text=""):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_PUT(self):
        assert self.path == "/latest/api/token"
        assert self.headers["X-aws-ec2-metadata-token-ttl-seconds"] == "21600"
        self.answer(200, TOKEN)

    def do_GET(self):
        host = self.client_address[0]
        is_taken = host in self.taken
        path = self.path.partition("?")[0]
        if path.startswith("/latest/") and self.headers["X-aws-ec2-metadata-token"] != TOKEN:
            self.answer(401)
        elif path == "/latest/meta-data/spot/instance-action" and is_taken:
            self.answer(200, json.dumps({"action": "terminate", "time": AT}))
        elif path == "/computeMetadata/v1/instance/preempted":
            assert self.headers["Metadata-Flavor"] == "Google"
            self.answer(200, "TRUE" if is_taken else "FALSE")
        elif path == "/metadata/instance/compute/name":
            assert self.headers["Metadata"] == "true"
            self.answer(200, f"vm-{host}")
        elif path == "/metadata/scheduledevents":
            events = [{"EventType": "Preempt", "Resources": [f"vm-{h}"], "NotBefore": formatdate(calendar.timegm(SOON), usegmt=True)}
                      for h in self.taken]
            self.answer(200, json.dumps({"DocumentIncarnation": 1, "Events": events}))
        else:
            self.answer(404)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module", name="rig")
def fixture_rig():
    server = ThreadingHTTPServer(("0.0.0.0", 0), Metadata)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rig = Rig(BUILD)
    with open(rig.path("foretide.conf"), "a", encoding="ascii") as f:
        for cloud in (*CLOUDS, "kept"):
            f.write(f"[driver local/{cloud}]\ninterruption = {cloud if cloud in CLOUDS else 'gce'}\n"
                    f"interruption_url = http://{rig.gateway}:{server.server_port}\n")
    names = (*CLOUDS, "kept")
    files = {f"units/{n}@.service": UNIT.format(n) for n in names}
    files["stack.conf"] = "[stack]\nname = shop\n" + "".join(
        POOL.format(n, "stateful = yes\n" if n == "kept" else "") for n in names)
    try:
        rig.start()
        rig.api("/v1/stacks/shop", "PUT", {"files": files})
        for n in names:
            wait_until(lambda n=n: rig.healthy(n), f"a unit of {n}; {rig.log()[-2000:]}")
        yield rig
    finally:
        rig.close()
        server.shutdown()


def events(rig, host, kind):
    return [e for e in rig.items(f"/v1/events?host={host}") if e["kind"] == kind]


def problems(rig):
    return {p["kind"]: p["message"] for p in rig.api("/v1/status")["problems"]}


@pytest.fixture(scope="module", name="taken")
def fixture_taken(rig):
    """One host of each pool, of all at once; by its pool."""
    hosts = {h["pool"]: h for h in rig.hosts()}
    serving = {cloud: [] for cloud in CLOUDS}

    def are_replaced():
        for cloud in CLOUDS:
            serving[cloud].append(len(rig.healthy(cloud)))
        return not {h["id"] for h in rig.hosts()} & {hosts[cloud]["id"] for cloud in CLOUDS}
    Metadata.taken.update(h["address"] for h in hosts.values())
    told = wait_until(lambda: problems(rig).get("host-interrupted"), "it is told")
    assert "takes back host" in told
    wait_until(are_replaced, f"other hosts; {rig.log()[-2000:]}")
    return hosts, serving


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_host_is_replaced_before_it_goes(rig, taken, cloud):
    hosts, serving = taken
    told, = events(rig, hosts[cloud]["id"], "host-interrupted")
    how = {"ec2": f"terminate at {AT}", "gce": "preempt",
           "azure": f"preempt at {AT[:-1]}.000Z"}[cloud]
    assert f"({how})" in told["message"]
    # Its successor served first, above the maximum of one.
    assert min(serving[cloud]) >= 1
    wait_until(lambda: rig.healthy(cloud) and len(rig.hosts(cloud)) == 1, "one host")


def test_state_is_moved_by_a_person_alone(rig, taken):
    host = taken[0]["kept"]
    told = wait_until(lambda: problems(rig).get("host-interrupted"), "it is told")
    assert "foretide drain HOST" in told and host["id"] in told
    assert [h["state"] for h in rig.hosts("kept")] == ["up"]
