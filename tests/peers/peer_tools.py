# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of drivers share: a driver that is called, and a controller with a pool."""

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
sys.path[:0] = [os.path.join(ROOT, "stacks")]
from rig import Rig, wait_for  # noqa: E402

UNIT = "[Service]\nExecStart=/bin/sleep 1000000\n[X-Resources]\nCPU=1\n"


def only(list_of_one):
    one, = list_of_one
    return one


class Driver:
    """One opened driver in a process of its own."""

    def __init__(self, name, options):
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "tests/peers/driver_call"), name, json.dumps(options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, B=BUILD))

    def ask(self, op, **arguments):
        self.process.stdin.write(json.dumps({"op": op, **arguments}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the driver ended with status {self.process.wait()}"
        return json.loads(line)

    def ok(self, op, **arguments):
        answer = self.ask(op, **arguments)
        assert answer["class"] == "OK", answer
        return answer

    def launch(self, number, owner="us", **more):
        return self.ask("launch", owner=owner, pool="web", name=f"web-{number}",
                        launch_id=f"{number:032x}", **more)

    def vms(self, owner="us"):
        return self.ok("list", owner=owner)["vms"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def local_driver(rig):
    """Hosts of this machine that the rig's agents and controller reach."""
    return Driver("local", {"state_dir": rig.path("local"), "bridge": rig.bridge,
                            "subnet": f"10.{rig.net}.0.0/16", "type": "medium",
                            "init": os.path.join(BUILD, "foretide-local-init")})


class Peer(Rig):
    """A controller with one pool, "peer", on a driver."""

    def __init__(self, driver, credentials, pool, count, **options):
        """pool: its options, by name; count: how many VMs the cloud has."""
        super().__init__(BUILD, options={"controller.tick": "1s",
                                         "controller.join_timeout": "1h", **options})
        self.driver, self.pool, self.count = driver, pool, count
        fd = os.open(self.path("credentials"), os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(fd, "w") as f:
            f.write(f"[{driver}]\n")
            f.writelines(f"{k} = {v}\n" for k, v in credentials.items())

    def api(self, path, method="GET", body=None, **more):
        """Asked again while the controller, on a busy machine, is too busy."""
        def ask():
            status, doc = self.request(method, path, body, **more)
            assert status < 300 or status == 503, f"{method} {path}: {status} {doc}"
            return status < 300 and (doc or True)
        return wait_for(f"{method} {path} is answered", ask)

    def scale(self, count):
        options = "".join(f"{k} = {v}\n" for k, v in self.pool.items())
        self.api("/v1/stacks/peer", "PUT", {"files": {
            "units/peer@.service": UNIT,
            "stack.conf": f"[stack]\nname = peer\n[pool peer]\ndriver = {self.driver}\nmax = 6\n"
                          f"cpu = 1\nmemory = 256M\n{options}"
                          f"[tier peer]\nunit = peer@.service\nmin = {count}\nmax = {count}\n"}})

    def ends(self, count):
        wait_for(f"the cloud has {count} servers", lambda: self.count() == count)

    def problems(self):
        return {p["kind"]: p["message"] for p in self.api("/v1/status")["problems"]}

    def events(self, kind):
        return [e["message"] for e in self.items("/v1/events?since=0") if e["kind"] == kind]
