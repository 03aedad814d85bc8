#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A driver for exec that does, when it is asked to list or to launch, what its option
"does" says; with "times", only in its first so many lives. Its folder "dir" counts them."""
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import termios
import time

options = {}
kept = []  # answers that wait for others


def say(message):
    print(json.dumps(message), flush=True)


def kill_itself(_asked):
    os.kill(os.getpid(), signal.SIGSEGV)


def hang(_asked):
    time.sleep(3600)


def hang_and_tell(_asked):
    with open(os.path.join(options["dir"], "hangs"), "w", encoding="ascii"):
        time.sleep(3600)


def leak(_asked):
    hoard = []
    while True:
        hoard.append(bytearray(8 << 20))


def garbage(_asked):
    print("Traceback (most recent call last):", flush=True)
    hang(_asked)


def number(_asked):
    print("42", flush=True)
    hang(_asked)


def endless(_asked):
    while True:
        sys.stdout.write("x" * 65536)


def without_end(asked):
    vm = json.dumps({"id": asked["id"], "vm": {"id": "a", "state": "running"}}) + "\n"
    while True:
        sys.stdout.write(vm * 1000)


def close(_asked):
    os.close(1)
    time.sleep(3600)


def twice(asked):
    say({"id": asked["id"], "ok": True, "vm": {"id": "a", "state": "running"}})
    say({"id": asked["id"], "ok": True, "vm": {"id": "a", "state": "running"}})


def unknown(_asked):
    say({"id": 99999, "ok": True})
    hang(_asked)


def no(asked):
    say({"id": asked["id"], "ok": False, "vm": {"id": "a", "state": "pending"}})


def null_error(asked):
    if asked["call"] == "list":
        say({"id": asked["id"], "vm": {"id": "a", "state": "running"}})
    say({"id": asked["id"], "ok": True, "error": None, "vm": {"id": "a", "state": "pending"}})


def words(asked):
    say({"id": asked["id"], "error": "it did not work"})


def wrong(asked):
    say({"id": asked["id"], "vm": {"id": "a", "state": "on fire"}})
    say({"id": asked["id"], "ok": True, "vm": {"id": "a", "state": "on fire"}})


def grandchild(_asked):
    child = subprocess.Popen(["sleep", "3601"], start_new_session=True)
    with open(os.path.join(options["dir"], "grandchild"), "w", encoding="ascii") as f:
        f.write(str(child.pid))
    os._exit(0)


def deaf(asked):
    """Reads no more, though much is written; and what it started keeps its input."""
    child = subprocess.Popen(["sleep", "3601"], start_new_session=True)
    with open(os.path.join(options["dir"], "grandchild"), "w", encoding="ascii") as f:
        f.write(str(child.pid))
    waiting = bytearray(4)
    while int.from_bytes(waiting, sys.byteorder) < 100000:
        fcntl.ioctl(0, termios.FIONREAD, waiting)
        time.sleep(0.001)
    hang_and_tell(asked)


def noisy(asked):
    for _ in range(100000):
        print("a line for the log", file=sys.stderr)
    good(asked)


def places(asked):
    """What it was opened with, a VM each."""
    for name in ("zone", "place"):
        say({"id": asked["id"], "vm": {"id": f"{name}={options.get(name)}", "state": "running"}})
    say({"id": asked["id"], "ok": True})


def reverse(asked):
    """The first two answers come together, the later one first."""
    kept.append(asked)
    if len(kept) == 2:
        for one in reversed(kept):
            good(one)
        kept.clear()


def reverse_launches(asked):
    if asked["call"] == "launch":
        reverse(asked)
    else:
        say({"id": asked["id"], "ok": True})


def stay(asked):
    """Also when its input has ended."""
    good(asked)


def good(asked):
    if asked["call"] == "list":
        say({"id": asked["id"], "vm": {"id": "a", "state": "running", "stranger": 1}})
    say({"id": asked["id"], "ok": True, "more": [], "vm": {"id": "a", "state": "pending"}})


def look(asked):
    """What it got from the controller, as names of VMs."""
    found = [f"env-{name.lower().replace('_', '-')}" for name in os.environ]
    found += [f"fd-{fd}" for fd in os.listdir("/proc/self/fd")]
    for name in ("AS", "NOFILE", "CORE"):
        found.append(f"{name.lower()}-{resource.getrlimit(getattr(resource, 'RLIMIT_' + name))[0]}")
    with open("/proc/self/cmdline", encoding="ascii") as f:
        found.append("argv-" + f.read().replace("\0", " ").strip()[:100])
    for name in found:
        say({"id": asked["id"], "vm": {"id": name[:120], "state": "running"}})
    say({"id": asked["id"], "ok": True})


def live():
    """How many lives there were, with this one."""
    with open(os.path.join(options["dir"], "lives"), "a+", encoding="ascii") as f:
        f.write(f"{os.getpid()}\n")
        f.seek(0)
        return len(f.read().splitlines())


def main():
    say({"protocol": int(os.path.basename(sys.argv[1])) if len(sys.argv) > 1 else 1,
         **(json.loads(sys.argv[2]) if len(sys.argv) > 2 else {})})
    act = good
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["call"] == "open":
            options.update(asked["options"])
            if live() <= int(options.get("times", 1000000)):
                act = globals()[options["does"]]
            say({"id": asked["id"], "ok": True, "caps": {"in_flight": 2, "new": 1}})
        else:
            (act if asked["call"] in ("list", "launch") else good)(asked)
    if options.get("does") == "stay":
        time.sleep(3600)


main()
