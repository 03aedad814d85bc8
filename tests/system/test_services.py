# SPDX-License-Identifier: GPL-3.0-or-later
"""The services that the packages bring: how far they are confined, and that they run so."""

import os
import re
import shutil
import subprocess
import urllib.request

import pytest

from agent_tools import HOST, TOKEN, Controller, Store
from store_tools import BUILD, ROOT, Etcd, free_ports, wait_until
from test_agent import is_healthy, server
from test_agent_systemd import Host


@pytest.mark.parametrize("service,most", [("foretided", 2.0), ("foretide-agent", 5.0)])
def test_what_a_service_could_do_is_little(service, most):
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager",
                           os.path.join(ROOT, "debian", service + ".service")],
                          capture_output=True, text=True, check=True)
    level = float(re.search(r"exposure level for \S+ ([0-9.]+)", done.stdout).group(1))
    assert level <= most, done.stdout


@pytest.fixture
def host():
    h = Host()
    yield h
    h.close()


def install(host, service, *files):
    """The service as the package has it, and its programs, in the host's own files."""
    for path, to in ((os.path.join(BUILD, service), "/usr/sbin/"),
                     (os.path.join(ROOT, "debian", service + ".service"), "/lib/systemd/system/"),
                     *files):
        shutil.copy(path, host.dir)
        host.run("cp", os.path.join(host.dir, os.path.basename(path)), to)


def show(host, service, name):
    return host.run("systemctl", "show", "-P", name, service)


def drop_in(host, service, text):
    path = os.path.join(host.dir, "drop-in")
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    host.run("mkdir", "-p", f"/etc/systemd/system/{service}.service.d")
    host.run("cp", path, f"/etc/systemd/system/{service}.service.d/test.conf")
    host.run("systemctl", "daemon-reload")


def is_watched(host, service):
    """It says again and again that it lives, and is started again when it does not."""
    def beats():
        return int(show(host, service, "WatchdogTimestampMonotonic") or 0)

    assert show(host, service, "Type") == "notify"
    assert show(host, service, "WatchdogUSec") != "0"
    drop_in(host, service, "[Service]\nWatchdogSec=3s\n")
    host.run("systemctl", "restart", service)
    for _ in range(3):
        last = beats()
        wait_until(lambda last=last: beats() > last, "it says that it lives")
    assert show(host, service, "NRestarts") == "0"
    pid = show(host, service, "MainPID")
    host.run("systemctl", "kill", "--kill-who=main", "-s", "STOP", service)
    wait_until(lambda: show(host, service, "NRestarts") == "1", "it is started again")
    wait_until(lambda: show(host, service, "ActiveState") == "active", "it runs again")
    assert show(host, service, "MainPID") not in (pid, "0")


def test_the_controller_serves_as_a_user_of_its_own(host):
    install(host, "foretided")
    shutil.copy(os.path.join(ROOT, "debian/foretide-controller.sysusers"), host.dir)
    host.run("systemd-sysusers", os.path.join(host.dir, "foretide-controller.sysusers"))
    port, host_port = free_ports(2)
    config = os.path.join(host.dir, "foretide.conf")
    with open(config, "w", encoding="ascii") as f:
        f.write(f"[controller]\nlisten = 127.0.0.1:{port}\nhost_listen = 127.0.0.1:{host_port}\n")
    host.run("mkdir", "-p", "/etc/foretide")
    host.run("cp", config, "/etc/foretide/foretide.conf")
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "start", "foretided")
    assert show(host, "foretided", "ActiveState") == "active", \
        host.run("journalctl", "-u", "foretided", "--no-pager") + \
        host.run("systemctl", "status", "--no-pager", "foretided")
    pid = show(host, "foretided", "MainPID")
    status = dict(line.split(":\t", 1) for line in
                  host.run("cat", f"/proc/{pid}/status").splitlines() if ":\t" in line)
    assert host.run("stat", "-c", "%U", "/var/lib/foretide") == "foretide"
    assert host.run("ps", "-o", "user=", "-p", pid) == "foretide"
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    token = host.run("cat", "/var/lib/foretide/admin-token")
    assert host.run("stat", "-c", "%a %U", "/var/lib/foretide/admin-token") == "600 foretide"
    assert token not in host.run("journalctl", "-u", "foretided", "--no-pager")

    def ticks():
        ask = urllib.request.Request(f"http://127.0.0.1:{port}/v1/status",
                                     headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(ask, timeout=30) as answer:
            return b'"rounds":0' not in answer.read().replace(b" ", b"")

    wait_until(ticks, "it decides")
    # Root of this machine gets admin rights back beside it.
    path = host.run("/usr/sbin/foretided", "--new-admin-token")
    assert path == "/var/lib/foretide/admin-2-token"
    is_watched(host, "foretided")


def test_the_agent_does_its_work_and_is_started_again_when_its_loop_stands(host):
    etcd = Etcd()
    controller = Controller(etcd.url, folder=host.dir)
    try:
        store = Store(etcd.url)
        install(host, "foretide-agent")
        served, dns, proxy = free_ports(3)
        config = os.path.join(host.dir, "agent.conf")
        with open(config, "w", encoding="ascii") as f:
            f.write(f"[agent]\nid = {HOST}\npool = web\naddress = 127.0.0.1\n"
                    f"controller = {controller.url}\nca = {controller.authority.ca_file}\n"
                    f"token = {TOKEN}\n[dns]\nlisten = 127.0.0.1:{dns}\nforward =\n"
                    f"[etcd_proxy]\nlisten = 127.0.0.1:{proxy}\n")
        host.run("mkdir", "-p", "/etc/foretide")
        host.run("cp", config, "/etc/foretide/agent.conf")
        host.run("systemctl", "daemon-reload")
        host.run("systemctl", "start", "foretide-agent")
        assert show(host, "foretide-agent", "ActiveState") == "active", \
            host.run("journalctl", "-u", "foretide-agent", "--no-pager")
        store.schedule(("web@3.service", server(served)))
        wait_until(lambda: is_healthy(store, "web@3.service"), "healthy")
        wait_until(store.services, "registered")
        unit = show(host, "web@3.service", "MainPID")
        is_watched(host, "foretide-agent")
        assert show(host, "web@3.service", "MainPID") == unit, "its units run on"
    finally:
        controller.close()
        etcd.stop()
