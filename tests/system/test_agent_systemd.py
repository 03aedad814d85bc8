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
GROUP_V2 = f"/sys/fs/cgroup/unified/fta-systemd-{os.getpid()}"


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(p) for p in f.read().split()]


class Host:
    """systemd in namespaces of its own, with this machine's network."""

    def __init__(self, group=GROUP):
        self.group = group
        self.dir = tempfile.mkdtemp(prefix="fta-", dir="/var/tmp")
        for name in "uwm":
            os.mkdir(os.path.join(self.dir, name))
        has_group = os.path.isdir(os.path.dirname(group))
        if has_group:
            os.mkdir(group)
        enter = f"echo $$ >{group}/cgroup.procs; " if has_group else ""
        script = os.path.join(ROOT, "tests/system/systemd_host.sh")
        self.log = open(os.path.join(self.dir, "log"), "wb")
        self.outer = subprocess.Popen(
            ["sh", "-c", f"{enter}exec unshare --mount --pid --uts --ipc --cgroup --fork "
             f"sh {script} {self.dir} {'v2' if group == GROUP_V2 else ''}"], stdin=subprocess.DEVNULL, stdout=self.log,
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
        for top, _, _ in os.walk(self.group, topdown=False):
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


# ---------------------------------------------------------------- our own units under systemd

class Service(Agent):
    """The agent as a service of that systemd, whose units it keeps itself."""

    def __init__(self, host, controller):
        self.host = host
        super().__init__(controller, folder=host.dir, backend="own")

    def start(self):
        self.host.run("systemd-run", "--unit=agent", "-p", "Delegate=yes", "-p", "KillMode=process",
                      "-p", f"StandardError=append:{self.log_file}", *self.args)

    def close(self):
        pass


@pytest.fixture
def service():
    host = Host(GROUP_V2)
    etcd = Etcd()
    controller = Controller(etcd.url, folder=host.dir)
    yield Service(host, controller), Store(etcd.url)
    host.close()
    controller.close()
    etcd.stop()


def group_of(host, unit):
    """That of the main process of a unit, which the agent keeps."""
    pid = host.run("pgrep", "-xf", f"/bin/sleep 10000{unit}")
    return pid and host.run("cat", f"/proc/{pid}/cgroup").splitlines()[-1]


def test_the_groups_of_units_are_in_a_scope_that_outlives_the_agent(service):
    agent, store = service
    host = agent.host

    def text(number):
        return f"[Service]\nExecStart=/bin/sleep 10000{number}\n"

    def runs(*numbers):
        return all(store.state(f"web@{i}.service").get("active") == "active" for i in numbers)

    wait_until(lambda: store.get(f"/foretide/hosts/{HOST}"), "host record")
    store.schedule(("web@1.service", text(1)))
    wait_until(lambda: runs(1), "it runs")
    scope = f"/system.slice/fta-{os.getpid()}.scope/fta-{os.getpid()}"
    wait_until(lambda: group_of(host, 1).endswith(f"{scope}/web@1.service"), "it is in the scope")
    assert "scope-not-made" not in agent.log()
    pid = host.run("pgrep", "-xf", "/bin/sleep 100001")

    host.run("systemctl", "restart", "agent")
    wait_until(lambda: "unit-adopted" in agent.log(), "it is adopted")
    store.schedule(("web@1.service", text(1)), ("web@2.service", text(2)))
    wait_until(lambda: runs(1, 2), "another runs")
    wait_until(lambda: group_of(host, 2).endswith(f"{scope}/web@2.service"), "so is that")
    assert host.run("pgrep", "-xf", "/bin/sleep 100001") == pid
    assert host.run("systemctl", "is-active", "agent") == "active"
    host.run("systemctl", "stop", f"fta-{os.getpid()}.scope")
    wait_until(lambda: not host.run("pgrep", "-xf", "/bin/sleep 100001"), "its end ends units")
