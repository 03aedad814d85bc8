# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's loop waits for nothing: a name server that is silent, a disk that is slow."""

import os
import signal
import socket
import subprocess
import time

import pytest

from agent_tools import Agent, Controller, Store
from store_tools import Etcd, free_ports, wait_until

LEASE_S = 5
SILENT = "127.77.0.1"  # a name server that answers nothing

UNIT = """[Service]
ExecStart=/bin/sleep 1000000
[X-Metrics]
Collect=prometheus
Url=http://exporter.example.test:9100/metrics
"""

# fsync() takes two seconds, as on a disk that is busy with something else.
SLOW_DISK = """#include <unistd.h>
int fsync(int fd) { (void)fd; sleep(2); return 0; }
int fdatasync(int fd) { return fsync(fd); }
"""


@pytest.fixture
def silent_server():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((SILENT, 53))
    yield s
    s.close()


@pytest.fixture
def slow_disk(tmp_path):
    source, library = tmp_path / "slow.c", tmp_path / "slow.so"
    source.write_text(SLOW_DISK)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    return str(library)


def elsewhere(tmp_path, library):
    """A command before the agent's: it sees another resolv.conf, and that disk."""
    conf = tmp_path / "resolv.conf"
    conf.write_text(f"nameserver {SILENT}\n")
    return ["unshare", "-m", "sh", "-c",
            f"mount --bind {conf} /etc/resolv.conf && LD_PRELOAD={library} exec \"$@\"", "sh"]



def pauses(controller):
    return [s["v"] for s in controller.samples if s["n"] == "agent_loop_pause_seconds_max"]


def told_of_a_stop(agent, controller):
    """Stops the agent's process for longer than it keeps to itself: whether it tells that. A
    stop in the middle of a turn is told as that turn's, so it may take another one."""
    controller.held.clear()
    agent.child.send_signal(signal.SIGSTOP)
    time.sleep(1.5)
    agent.child.send_signal(signal.SIGCONT)
    wait_until(lambda: controller.held, "a hold is told")
    return any(h["ms"] >= 1000 and "did not run" in h["by"] for h in controller.held)


def test_a_silent_name_server_and_a_slow_disk_hold_nothing(tmp_path, silent_server, slow_disk):
    """The lease is kept and the loop turns, while a metrics source cannot be resolved and
    files are written for longer than a lease lasts."""
    etcd = Etcd()
    controller = Controller(etcd.url, lease_ttl_s=LEASE_S)
    store = Store(etcd.url)
    agent = Agent(controller, prefix=elsewhere(tmp_path, slow_disk))
    try:
        folder = tmp_path / "rendered"
        n = 4
        for i in range(n):
            store.put(f"/foretide/conf/shop/web/r{i}",
                      '{"src": "{{getv \\"/value\\"}}", "keys": ["/value"], '
                      f'"dest": "{folder}/{i}"}}')
        store.put("/value", "1")
        store.schedule(("web@1.service", UNIT))
        wait_until(lambda: len(os.listdir(folder)) >= n if folder.is_dir() else False,
                   "the files are rendered")
        wait_until(lambda: store.state("web@1.service").get("active") == "active", "it runs")
        for value in "23":
            store.put("/value", value)
            wait_until(lambda v=value: all((folder / str(i)).read_text() == v
                                           for i in range(n)), f"rendered with {value}")
        wait_until(lambda: "is not resolved" in agent.log(), "the source is told")
        assert "lease-lost" not in agent.log(), agent.log()
        assert agent.log().count("lease-granted") == 1
        # Each look-up takes ten seconds, each file two: a machine under load less.
        assert pauses(controller) and max(pauses(controller)) < 1.9, max(pauses(controller))
        wait_until(lambda: told_of_a_stop(agent, controller), "that it was held is told")
        assert "loop-held" in agent.log()
        assert agent.end() == 0
    finally:
        agent.close()
        controller.close()
        etcd.stop()
