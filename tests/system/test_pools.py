# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools in doubt: clouds that hide their VMs, calls that do not end, restored databases."""

import json
import os
import shutil
import signal
import time

import pytest

from rig_tools import Quick
from test_api import Foretided, wait_until

UNIT = "[Service]\nExecStart=/bin/true\n[X-Resources]\nCPU=1\n"
CONF = ("[stack]\nname = lost\n[pool lost]\ndriver = fake\nmax = 4\ncpu = 1\n"
        "[tier lost]\nunit = lost@.service\nmin = 2\nmax = 2\n")


@pytest.fixture
def controller(tmp_path):
    d = Foretided(tmp_path)
    yield d
    d.stop(signal.SIGKILL)


def script(d, **members):
    folder = os.path.join(d.folder, "cloud")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "script.json"), "w", encoding="ascii") as f:
        json.dump(members, f)


def vms(d):
    try:
        with open(os.path.join(d.folder, "cloud", "cloud.json"), encoding="utf-8") as f:
            return json.load(f)["vms"]
    except FileNotFoundError:
        return []


def apply(d):
    answer = d.call("PUT", "/v1/stacks/lost", {
        "files": {"stack.conf": CONF, "units/lost@.service": UNIT}})
    assert answer.status == 200, answer.body


def problems(d):
    return {p["kind"]: p["message"] for p in d.call("GET", "/v1/status").doc["problems"]}


def test_of_a_cloud_that_hides_its_vms_no_more_are_launched_and_people_are_told(controller):
    script(controller, hide="2h")
    controller.start()
    apply(controller)
    told = wait_until(lambda: problems(controller).get("launches-not-listed"),
                      "people are told")
    assert "pool lost: 2 VMs" in told
    assert len(vms(controller)) == 2
    # Nor by another life of the controller.
    controller.stop()
    controller.start()
    wait_until(lambda: problems(controller).get("launches-not-listed"),
               "they are told again")
    assert len(vms(controller)) == 2


def test_the_end_does_not_wait_for_a_launch_and_it_is_made_by_the_next_start(controller):
    script(controller, faults=[{"op": "launch", "kind": "delay", "times": -1, "delay": "55s"}])
    controller.start()
    apply(controller)
    wait_until(lambda: controller.call("GET", "/v1/hosts").doc["items"], "a launch is sent")
    began = time.monotonic()
    controller.process.send_signal(signal.SIGTERM)
    assert controller.process.wait(60) == 0
    assert time.monotonic() - began < 30, "the call takes 55 s"
    script(controller)
    controller.start()
    wait_until(lambda: len(vms(controller)) == 2, "both are launched")
    names = {v["name"] for v in vms(controller)}
    assert names == {h["id"] for h in controller.call("GET", "/v1/hosts").doc["items"]}


def test_hosts_that_a_restored_database_does_not_know_serve_on_and_are_its_hosts_again():
    with Quick(options={"limits.unknown_vm_grace": "12h"}) as q:
        q.start()
        q.apply()
        q.scale(1)
        q.up()
        q.kill(signal.SIGTERM)
        shutil.copytree(q.path("state"), q.path("old"))
        q.start()
        q.scale(3)
        q.up(web=3)
        hosts = set(q.local_hosts())
        assert len(hosts) == 4
        pids = q.unit_pids()
        q.kill(signal.SIGTERM)
        shutil.rmtree(q.path("state"))
        os.rename(q.path("old"), q.path("state"))
        q.start()
        q.wait("all are its hosts again", lambda:
               {h["id"] for h in q.items("/v1/hosts") if h["state"] == "up"} == hosts, 90)
        q.up(web=3)
        assert set(q.local_hosts()) == hosts
        assert q.unit_pids() == pids, "a unit was started anew"
        assert q.tier("quick", "web")["desired"] == 3
        hold, = q.items("/v1/holds")
        assert "more than the maximum of 1" in hold["reason"], "scale() had set it"
        kinds = [e["kind"] for e in q.items("/v1/events?since=0")]
        assert kinds.count("host-adopted") == 2
        assert "unknown-vms" not in {p["kind"] for p in q.api("/v1/status")["problems"]}
