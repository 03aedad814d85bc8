# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent where PID 1 is systemd: units over D-Bus, in namespaces over this machine."""

import os
import shutil
import subprocess
import tempfile

import pytest

from agent_tools import HOST, Agent, Controller, Store
from store_tools import ROOT, Etcd, free_ports, wait_until
from test_agent import is_healthy, restarts_for_its_check, server

GROUP = f"/sys/fs/cgroup/systemd/fta-systemd-{os.getpid()}"


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(p) for p in f.read().split()]


class Host:
    """systemd in namespaces of its own, with this machine's network."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="fta-", dir="/var/tmp")
        for name in "uwm":
            os.mkdir(os.path.join(self.dir, name))
        has_group = os.path.isdir(os.path.dirname(GROUP))
        if has_group:
            os.mkdir(GROUP)
        enter = f"echo $$ >{GROUP}/cgroup.procs; " if has_group else ""
        script = os.path.join(ROOT, "tests/system/systemd_host.sh")
        self.log = open(os.path.join(self.dir, "log"), "wb")
        self.outer = subprocess.Popen(
            ["sh", "-c", f"{enter}exec unshare --mount --pid --uts --ipc --cgroup --fork "
             f"sh {script} {self.dir}"], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log)
        self.pid = wait_until(lambda: children(self.outer.pid), "first process")[0]
        self.prefix = ["nsenter", "-t", str(self.pid), "-m", "-p", "-u", "-i"]
        wait_until(lambda: self.run("systemctl", "is-system-running") == "running", "boot")

    def run(self, *args):
        return subprocess.run([*self.prefix, *args], capture_output=True,
                              text=True).stdout.strip()

    def close(self):
        os.kill(self.pid, 9)
        self.outer.wait()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)
        for top, _, _ in os.walk(GROUP, topdown=False):
            wait_until(lambda t=top: remove(t), f"{top} is empty")


def remove(folder):
    try:
        os.rmdir(folder)
    except OSError:
        return not os.path.isdir(folder)
    return True


@pytest.fixture
def host():
    h = Host()
    yield h
    h.close()


@pytest.fixture
def setting(host):
    etcd = Etcd()
    controller = Controller(etcd.url, folder=host.dir)
    agent = Agent(controller, prefix=host.prefix, folder=host.dir, backend="auto")
    yield host, Store(etcd.url), controller, agent
    for pid in children(agent.child.pid):
        os.kill(pid, 9)
    agent.child.wait()
    controller.close()
    etcd.stop()


def kill_agent(agent):
    for pid in children(agent.child.pid):
        os.kill(pid, 9)
    agent.child.wait()


def test_units_run_as_systemds_own(setting):
    host, store, controller, agent = setting
    first, second = free_ports(2)
    wait_until(lambda: store.get(f"/foretide/hosts/{HOST}"), "host record")
    store.schedule(("web@3.service", server(first)))
    wait_until(lambda: is_healthy(store, "web@3.service"), "healthy")
    wait_until(store.services, "registered")
    assert list(store.services()) == [f"/skydns/local/foretide/shop/web/web-3-{first}"]
    assert host.run("systemctl", "is-active", "web@3.service") == "active"
    pid = host.run("systemctl", "show", "-P", "MainPID", "web@3.service")

    kill_agent(agent)
    agent.start()
    wait_until(lambda: "unit-adopted" in agent.log(), "adoption")
    wait_until(lambda: agent.log().count('health="passing"') == 2, "checked again")
    assert host.run("systemctl", "show", "-P", "MainPID", "web@3.service") == pid
    assert controller.joins == 1

    def log_came():
        controller.log_asks = [{"id": 1, "unit": "web@3.service", "lines": 50}]
        return any("Serving HTTP" in " ".join(x["lines"]) for x in controller.logs)

    wait_until(log_came, "log from the journal")

    host.run("systemctl", "kill", "-s", "KILL", "web@3.service")
    wait_until(lambda: store.state("web@3.service").get("restarts") == 1, "restart")
    wait_until(lambda: is_healthy(store, "web@3.service"), "healthy again")

    store.schedule(("web@3.service", server(second)))
    key = f"/skydns/local/foretide/shop/web/web-3-{second}"
    wait_until(lambda: list(store.services()) == [key], "replaced")

    store.schedule(("bad.service", "[Service]\nExecStart=/nowhere\n"))
    wait_until(lambda: store.state("web@3.service") == {}, "drained and forgotten")
    assert host.run("systemctl", "is-active", "web@3.service") == "inactive"
    wait_until(lambda: store.state("bad.service").get("active") == "failed", "failed")


def test_a_unit_whose_check_fails_is_restarted_by_systemd(setting):
    host, store, _, _ = setting

    def main_pid():
        pid = host.run("systemctl", "show", "-P", "MainPID", "web@1.service")
        return pid if pid != "0" else None

    restarts_for_its_check(store, os.path.join(host.dir, "sick"), main_pid)
