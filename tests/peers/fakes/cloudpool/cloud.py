# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloudpool in memory, single at / and the same of a multipool at /cloudpools/NAME, with a
loop of its own: it starts machines until there are as many as its size says, and ends those
that are too many, if they may be."""

import base64
import datetime
import itertools
import re

from fakes.cloud import Answer, Cloud as Base, route

USER, PASSWORD = "ft", "a-password-of-the-fake"
MULTI = "web"
ALLOCATED = ("REQUESTED", "PENDING", "RUNNING")
REFUSALS = {
    "throttle": (429, "too many requests"),
    "capacity": (502, "the cloud has no capacity"),
    "quota": (502, "the cloud's quota is reached"),
    "auth": (401, "who is there?"),
    "unavailable": (503, "the pool is unavailable"),
}


def now():
    return datetime.datetime.utcnow().isoformat(timespec="milliseconds") + "Z"


def error(status, message):
    return Answer(status, {"message": message, "detail": ""})


class Cloud(Base):
    SETTINGS = {**Base.SETTINGS, "started": True, "configured": True, "size": 0}
    NUMBERS = itertools.count(1)  # no id is ever used again

    def __init__(self, hosts=None, user_data="", **settings):
        super().__init__(hosts, **settings)
        self.user_data = user_data  # all machines get the same
        self.machines = {}

    # ------------------------------------------------------------ of every call
    def act(self, request):
        """In a multipool members' paths have no /pool."""
        within = re.fullmatch(f"/cloudpools/{MULTI}(/.*)", request.path)
        if within:
            is_member = within[1].count("/") == 1 and within[1] not in ("/pool", "/status")
            request.path = ("/pool" if is_member else "") + within[1]
        return super().act(request)

    def refused(self, request):
        want = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {want}":
            return Answer(401, {"message": "who is there?"})
        return None

    def refusal(self, what, fault):
        answer = error(*REFUSALS[what])
        if "retry_after" in fault:
            answer.headers["Retry-After"] = fault["retry_after"]
        return answer

    def not_found(self, request):
        return error(404, f"there is nothing at {request.path}")

    def vms(self):
        return [m for m in self.machines.values() if m["machineState"] in ALLOCATED]

    def stopped(self):
        return None if self.started and self.configured else error(500, "the pool is not started")

    # ------------------------------------------------------------ its own loop
    def active(self):
        return [m for m in self.vms() if m["membershipStatus"]["active"]]

    def start(self):
        name = f"m{next(self.NUMBERS)}"
        self.machines[name] = {
            "id": name, "machineState": "REQUESTED", "cloudProvider": "fake", "region": "here",
            "machineSize": "small", "membershipStatus": {"active": True, "evictable": True},
            "serviceState": "UNKNOWN", "requestTime": now(), "launchTime": None,
            "publicIps": [], "privateIps": [], "metadata": {}, "polls": 0}

    def end(self, machine):
        machine["machineState"] = "TERMINATING"
        self.halt(machine["id"])

    def turn(self):
        for m in self.machines.values():
            if m["machineState"] == "TERMINATING":
                m["machineState"] = "TERMINATED"
            if m["machineState"] == "PENDING":
                m["polls"] += 1
                m["machineState"] = "RUNNING" if m["polls"] > self.boot_polls else "PENDING"
            if m["machineState"] == "REQUESTED":
                m["machineState"], m["launchTime"] = "PENDING", now()
                m["privateIps"] = [self.boot(m["id"], self.user_data) or
                                   f"10.20.0.{m['id'][1:]}"]
        while len(self.active()) < self.size:
            self.start()
        for m in self.active()[::-1]:
            if len(self.active()) > self.size and m["membershipStatus"]["evictable"]:
                self.end(m)

    # ------------------------------------------------------------ the pool
    @route("GET", "/status")
    def get_status(self, _):
        return Answer(200, {"started": self.started, "configured": self.configured})

    @route("GET", "/pool")
    def get_pool(self, _):
        answer = self.stopped()
        if answer:
            return answer
        self.turn()
        return Answer(200, {"timestamp": now(), "machines": [
            {k: v for k, v in m.items() if k != "polls"} for m in self.machines.values()]})

    @route("GET", "/pool/size")
    def get_size(self, _):
        return self.stopped() or Answer(200, {
            "timestamp": now(), "desiredSize": self.size, "allocated": len(self.vms()),
            "active": len(self.active())})

    @route("POST", "/pool/size")
    def set_size(self, request):
        size = request.json().get("desiredSize")
        if not isinstance(size, int) or not 0 <= size <= self.limit:
            return error(400, f"the size must be 0 to {self.limit}")
        answer = self.stopped()
        if not answer:
            self.set({"size": size})
        return answer or Answer(200)

    # ------------------------------------------------------------ its members
    def member(self, request):
        """-> the machine and no answer, or none and the answer"""
        answer = self.stopped()
        machine = self.machines.get(request.json().get("machineId"))
        if not answer and (not machine or machine["machineState"] not in ALLOCATED):
            answer = error(404, "there is no such machine in the pool")
        return (None, answer) if answer else (machine, None)

    @route("POST", "/pool/terminate")
    def terminate(self, request):
        machine, answer = self.member(request)
        if answer:
            return answer
        if not machine["membershipStatus"]["evictable"]:
            return error(500, "the machine is not evictable")
        if request.json()["decrementDesiredSize"]:
            self.set({"size": max(0, self.size - 1)})
        self.end(machine)
        return Answer(200)

    @route("POST", "/pool/membershipStatus")
    def set_membership(self, request):
        machine, answer = self.member(request)
        if not answer:
            machine["membershipStatus"] = request.json()["membershipStatus"]
        return answer or Answer(200)
