#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An example of what the driver exec runs: a cloud whose VMs are records in a file."""
import fcntl
import json
import os
import re
import sys
import time

TYPES = {"small": (1, 1 << 30), "large": (4, 8 << 30)}
UNITS = {"ms": 1, "s": 1000, "m": 60000, "h": 3600000}
cloud = {}


class Refused(Exception):
    """The call fails: the class that the controller decides on, and words for people."""


def check(condition, words, cls="badreq"):
    if not condition:
        raise Refused(cls, words)


def call_open(request, _vms=None):
    options = {"boot_delay": "0s", **request["options"]}
    for name in options:
        check(name in ("dir", "boot_delay", "cpu", "memory", "credentials"), f"there is no option '{name}'")
    check("dir" in options, "'dir' must name the cloud's folder")
    delay = re.findall(r"(\d+)(ms|s|m|h)", options["boot_delay"])
    check(delay, "'boot_delay' must be a duration such as 90s")
    cloud.update(dir=options["dir"], boot_ms=sum(int(n) * UNITS[u] for n, u in delay))
    return {"caps": {"flags": ["idempotent_key", "checks_owner"], "user_data_max_bytes": 16384}}


def call_launch(request, vms):
    launch = request["launch"]
    words = [launch[k] for k in ("launch_id", "owner", "pool", "name")]
    words += [w for label in launch["labels"] for w in (label["key"], label["value"] or "-")]
    check(all(re.fullmatch("[a-z0-9-]{1,60}", w) for w in words), "names are 1 to 60 of a-z, 0-9 and '-'")
    check(len(launch["user_data"]) * 3 // 4 - launch["user_data"].count("=") <= 16384, "too much user data")
    known = [t for t in launch["types"] or ["small"] if t in TYPES]
    check(known, f"there is no type {launch['types']}")
    n = len(vms) + 2  # a VM that is gone keeps its record, so that its id launches no other
    return {"vm": vms.setdefault(launch["launch_id"], {
        "id": launch["launch_id"], "launch_id": launch["launch_id"], "owner": launch["owner"],
        "pool": launch["pool"], "name": launch["name"], "type": known[0], "state": "pending",
        "address": f"10.66.{n >> 8}.{n & 255}", "created_ms": int(time.time() * 1000)})}


def call_list(request, vms):
    for vm in vms.values():
        if vm["owner"] == request["owner"] and vm["state"] != "gone":
            say({"id": request["id"], "vm": vm})


def call_terminate(request, vms):
    vm = vms.get(request["vm_id"], {"owner": request["owner"]})
    check(vm["owner"] == request["owner"], f"it belongs to {vm['owner']}", "conflict")
    vm["state"] = "gone"


def call_validate(_request, _vms):
    check(os.access(cloud["dir"], os.W_OK), "its folder is not writable")


def call_types(request, _vms):
    for name, (cpu, memory) in TYPES.items():
        say({"id": request["id"], "type": {"name": name, "cpu": cpu, "memory_bytes": memory}})


def on_file(call, request):
    """One call at a time, also of other processes; a file is there whole or not at all."""
    path = os.path.join(cloud["dir"], "vms.json")
    os.makedirs(cloud["dir"], exist_ok=True)
    with open(path + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open(path if os.path.exists(path) else os.devnull, encoding="ascii") as f:
            vms = json.loads(f.read() or "{}")
        for vm in vms.values():
            if vm["state"] == "pending" and time.time() * 1000 >= vm["created_ms"] + cloud["boot_ms"]:
                vm["state"] = "running"
        result = call(request, vms)
        with open(path + ".new", "w", encoding="ascii") as f:
            json.dump(vms, f)
        os.replace(path + ".new", path)
        return result


def say(message):
    print(json.dumps(message), flush=True)


say({"protocol": 1, "pool_options": ["boot_delay"], "zone_option": None, "calls": ["types"]})
for line in sys.stdin:
    asked = json.loads(line)
    try:
        act = globals().get("call_" + asked["call"])
        check(act, "no such call", "notsup")
        done = (act if act is call_open else lambda r: on_file(act, r))(asked)
        say({"id": asked["id"], "ok": True, **(done or {})})
    except Refused as e:
        say({"id": asked["id"], "error": {"class": e.args[0], "message": e.args[1]}})
