# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile strangers, viewers and operators: what each may not is refused, in words, and the
controller serves its admin all the while."""

import time

import pytest

from hostile_people import ATTACKS
from store_tools import DEADLINE_S, wait_until
from test_api import Foretided, stack

assert len(ATTACKS) >= 30


class People:
    def __init__(self, daemon):
        self.d = daemon
        self.url = f"http://127.0.0.1:{daemon.port}"
        assert daemon.call("PUT", "/v1/stacks/shop", stack()).status == 200
        self.viewer, self.operator = self.token("viewer"), self.token("operator")
        lines = "".join(f'hostile_m{{i="{i}"}} {i}\n' for i in range(5000))
        assert daemon.call("POST", "/v1/metrics", "# TYPE hostile_m gauge\n" + lines,
                           content="text/plain").status < 300
        self.before = self.state()

    def token(self, role):
        return self.d.call("POST", "/v1/tokens", {"name": f"{role}-{time.time_ns()}", "role": role}).doc["token"]

    def state(self):
        """What no attack may change."""
        tier = self.d.get("/v1/tiers/shop/web").doc
        return (self.d.get("/v1/stacks/shop").doc["version"], tier["min"], tier["max"], tier["mode"],
                tier["demand"]["expression"], self.d.get("/v1/holds").doc["items"], self.d.process.pid)

    def rounds(self):
        return self.d.get("/v1/status").doc["tick"]["rounds"]

    def is_unharmed(self):
        assert self.d.process.poll() is None
        assert self.state() == self.before
        rounds = self.rounds()
        wait_until(lambda: self.rounds() > rounds, "the controller decides on", DEADLINE_S)
        problems = {p["kind"] for p in self.d.get("/v1/status").doc["problems"]}
        assert not problems & {"round-failed", "stack-not-read", "store-away"}, problems
        with open(f"/proc/{self.d.process.pid}/status", encoding="ascii") as f:
            kb = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
        assert kb < 400 << 10, kb


@pytest.fixture(name="people", scope="module")
def fixture_people(tmp_path_factory):
    daemon = Foretided(tmp_path_factory.mktemp("people"))
    try:
        daemon.start()
        yield People(daemon)
    finally:
        daemon.stop()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda fn: fn.__name__)
def test_nobody_does_what_he_may_not(people, attack):
    attack(people)
    people.is_unharmed()
