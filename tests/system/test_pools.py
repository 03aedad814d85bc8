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


def calls(d, op):
    with open(os.path.join(d.folder, "cloud", "cloud.json"), encoding="utf-8") as f:
        return json.load(f)["calls"].get(op, 0)


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


def test_a_cloud_that_asks_for_time_is_given_it_by_all_pools_of_its_profile(controller):
    """One pool is told; neither asks again before that, and people see why."""
    script(controller)
    controller.start()
    apply(controller)
    wait_until(lambda: len(vms(controller)) == 2, "both are launched")
    script(controller, faults=[{"op": "list", "kind": "throttle", "retry_after": "4s"}])
    wait_until(lambda: "too many requests" in problems(controller).get("pool-failing", ""),
               "a pool is told")
    before = calls(controller, "list")
    began = time.monotonic()
    conf = CONF.replace("lost", "other")
    answer = controller.call("PUT", "/v1/stacks/other", {
        "files": {"stack.conf": conf, "units/other@.service": UNIT}})
    assert answer.status == 200, answer.body
    told = wait_until(lambda: next((p["message"] for p in
                                    controller.call("GET", "/v1/status").doc["problems"]
                                    if "pool other" in p["message"]), None), "so is the other")
    assert "left alone, as its cloud asked for" in told and "request fake-request" in told
    wait_until(lambda: len(vms(controller)) == 4, "the other has its hosts too")
    assert time.monotonic() - began > 2, "it waited"
    assert calls(controller, "list") > before


def test_where_the_cloud_has_no_capacity_for_a_type_the_next_is_launched(controller):
    script(controller, faults=[
        {"op": "launch", "kind": "capacity", "type": "small", "times": -1}])
    controller.start()
    conf = CONF.replace("driver = fake", "driver = fake\ntype = small, medium")
    answer = controller.call("PUT", "/v1/stacks/lost", {
        "files": {"stack.conf": conf, "units/lost@.service": UNIT}})
    assert answer.status == 200, answer.body
    wait_until(lambda: [v["type"] for v in vms(controller)] == ["medium"] * 2,
               "two of the other type")
    kinds = {p["kind"] for p in controller.call("GET", "/v1/status").doc["problems"]}
    assert not kinds & {"no-capacity", "pool-failing"}
    assert calls(controller, "launch") == 3
    # One that has no capacity at all is told of.
    script(controller, faults=[{"op": "launch", "kind": "capacity", "times": -1}])
    answer = controller.call("PUT", "/v1/stacks/lost", {"files": {
        "stack.conf": conf.replace("min = 2\nmax = 2", "min = 3\nmax = 3"),
        "units/lost@.service": UNIT}})
    assert answer.status == 200, answer.body
    told = wait_until(lambda: problems(controller).get("no-capacity"), "people are told")
    assert "any of the 2 types and zones" in told


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
