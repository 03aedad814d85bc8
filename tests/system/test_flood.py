# SPDX-License-Identifier: GPL-3.0-or-later
"""A flood of callers beside hosts that live: thousands of idle connections, slow bodies,
dear queries and readings of logs take nothing from the hosts, nor from an operator."""

import os
import signal
import threading
import time

import pytest

from flood_tools import Callers, Connections, client_hello, dear_query, series, slow_body, status_of
from rig_tools import PATIENT
from store_tools import BUILD
from rig import PATIENCE_S, Rig, wait_for

HOSTS = 4
FILES = {
    "stack.conf": f"[stack]\nname = flood\n[pool p]\ndriver = local\ncpu = 1\nmemory = 128M\n"
                  f"min = {HOSTS}\nmax = {HOSTS}\n"
                  f"[tier noisy]\nunit = noisy@.service\npool = p\nmin = 1\nmax = 1\n",
    "units/noisy@.service": "[Service]\nExecStart=/bin/sh -c 'i=0; while [ $i -lt 12000 ]; do "
                            "echo \"line $i of a log that has many of them\"; i=$((i+1)); done; "
                            "exec sleep infinity'\n",
}
SECONDS = 15
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def rss_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) / 1024


def descriptors(rig):
    return len(os.listdir(f"/proc/{rig.process.pid}/fd"))


def agents(rig):
    """Pids by host."""
    spaces = {os.readlink(f"/proc/{m['pid']}/ns/pid"): name for name, m in rig.local_hosts().items()}
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/comm", encoding="ascii") as f:
                if f.read().startswith("foretide-agent"):
                    found[spaces[os.readlink(f"/proc/{entry}/ns/pid")]] = int(entry)
        except (OSError, KeyError):
            continue
    return found


@pytest.fixture(name="rig", scope="module")
def fixture_rig():
    with Rig(BUILD, options={**PATIENT, "controller.metrics_interval": "1s"}) as rig:
        rig.start()
        rig.api("/v1/stacks/flood", "PUT", {"files": FILES})
        wait_for("the hosts are up", lambda: sum(h["state"] == "up" for h in rig.hosts()) == HOSTS
                 and rig.healthy("noisy"))
        series(rig)
        yield rig


def token(rig, role):
    return rig.api("/v1/tokens", "POST", {"name": f"{role}-{time.time_ns()}", "role": role})["token"]


def lost(rig):
    return [e for e in rig.items("/v1/events") if e["kind"] in ("host-unknown", "host-lost")]


def restart_an_agent(rig):
    """It must come in again beside all others."""
    host, pid = sorted(agents(rig).items())[0]
    os.kill(pid, signal.SIGKILL)
    wait_for("the agent is there again", lambda: agents(rig).get(host) not in (None, pid))


@pytest.mark.parametrize("listener,word", [
    ("plain", b""), ("plain", b"GET /healthz HTTP/1.1\r\nHo"),
    ("plain", REQUEST),
    ("hosts", b""), ("hosts", b"\x16\x03\x01\x02\x00"), ("hosts", client_hello()),
], ids=["idle", "half headers", "answered", "idle hosts", "half a hello", "a hello"])
def test_thousands_of_idle_connections_keep_nobody_out(rig, word, listener):
    port = rig.port if listener == "plain" else rig.host_port
    before = descriptors(rig)
    flood = Connections("127.0.0.1", port, 5000, word)
    try:
        wait_for("they are there", lambda: descriptors(rig) > before + 200)
        restart_an_agent(rig)
        until = time.monotonic() + 8
        while time.monotonic() < until:
            rig.cli("status")
            rig.cli("hosts")
        wait_for("all push", lambda: all(h["state"] == "up" for h in rig.hosts()))
    finally:
        flood.stop()
    assert lost(rig) == []
    assert len(rig.hosts()) == HOSTS


@pytest.mark.parametrize("listener", ["plain", "hosts"])
def test_a_crowd_of_many_networks_keeps_out_nobody_who_was_known(rig, listener):
    """Each address has fewer connections than one may, all together far more than there are
    places, and each of them begins well."""
    port, word = (rig.port, REQUEST) if listener == "plain" else (rig.host_port, client_hello())
    before = descriptors(rig)
    flood = Connections("127.0.0.1", port, 5000, word, addresses=1000)
    took = []
    try:
        wait_for("they are there", lambda: descriptors(rig) > before + 200)
        restart_an_agent(rig)
        until = time.monotonic() + 8
        while time.monotonic() < until:
            start = time.monotonic()
            rig.cli("status")
            took.append(time.monotonic() - start)
        wait_for("all push", lambda: all(h["state"] == "up" for h in rig.hosts()))
    finally:
        flood.stop()
    assert lost(rig) == []
    assert max(took) < 5, took


def test_a_limit_that_is_reached_is_told(rig):
    flood = Connections("127.0.0.1", rig.port, 3000, REQUEST)
    try:
        told = wait_for("it is told", lambda: [p for p in rig.api("/v1/status")["problems"]
                                               if p["kind"] == "connections-limited"
                                               and p["message"].endswith("last of 127.0.0.1")])
    finally:
        flood.stop()
    assert len(told) == 1
    wait_for("all have gone", lambda: descriptors(rig) < 500)


def test_people_take_nothing_from_hosts(rig):
    viewer, operator, before = token(rig, "viewer"), token(rig, "operator"), rss_mb(rig.process.pid)
    over = threading.Event()
    slow = [threading.Thread(target=slow_body, args=("127.0.0.1", rig.port, operator, over))
            for _ in range(30)]
    for t in slow:
        t.start()
    unit = wait_for("the unit runs", lambda: rig.healthy("noisy"))[0]["name"]
    logs = f"{rig.url}/v1/units/{unit}/logs?lines=10000"
    queries = Callers(20, lambda: status_of(dear_query(rig), viewer))
    readers = Callers(60, lambda: status_of(logs, viewer))
    pids = agents(rig)
    try:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            rig.cli("status")
            assert status_of(f"{rig.url}/healthz", viewer) == 200
    finally:
        over.set()
        asked, read = queries.stop(), readers.stop()
        for t in slow:
            t.join()
    # Some were answered; the others were told why not.
    assert set(asked) <= {200, 413, 429, 503, 504} and asked.get(504, 0) + asked.get(503, 0) > 0, asked
    assert set(read) <= {200, 429, 503, 504} and read.get(200, 0) > 0, read
    assert agents(rig) == pids, "no agent ended"
    assert lost(rig) == []
    assert rss_mb(rig.process.pid) < before + 300
    # A log can be read by others as before.
    assert len(rig.api(f"/v1/units/{unit}/logs?lines=5")["lines"]) == 5


def test_wrong_tokens_refuse_no_right_one(rig):
    wrong = Callers(4, lambda: status_of(f"{rig.url}/v1/status", "ft_wrong"))
    try:
        wait_for("they are too many", lambda: rig.cli("status") and wrong.seen.get(429, 0) > 20)
    finally:
        seen = wrong.stop()
    assert set(seen) <= {401, 429}


def test_a_slow_body_is_ended(rig):
    operator = token(rig, "operator")
    start = time.monotonic()
    assert slow_body("127.0.0.1", rig.port, operator, threading.Event()) == 0
    assert time.monotonic() - start < PATIENCE_S
