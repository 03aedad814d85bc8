# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundled balancer's own commands on a real haproxy."""

import json
import os
import re
import socket
import subprocess
import time
import tomllib

import pytest

from agent_tools import HOST, Agent, Controller, Store
from store_tools import ROOT, Etcd, free_ports, wait_until

STACK = os.path.join(ROOT, "stacks/wordpress")
CONF = """global
	master-worker
	stats socket {folder}/admin.sock mode 600 level admin expose-fd listeners
defaults
	mode http
	timeout connect 2s
	timeout client 3s
	timeout server 3s
frontend site
	bind 127.0.0.1:{port}
	default_backend web
backend web
"""


def reload_command(folder):
    """As the stack has it, of a haproxy in a folder of its own."""
    with open(os.path.join(STACK, "conf.d/lb/haproxy.toml"), encoding="utf-8") as f:
        command = re.search(r'^reload_cmd = "(.*)"$', f.read(), re.M)[1]
    return command.replace("/run/haproxy", folder)


def servers_of(path):
    """How many it balances; None when it cannot be asked just now."""
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(path)
            s.sendall(b"show stat\n")
            data = b""
            while chunk := s.recv(65536):
                data += chunk
    except OSError:
        return None
    return len(re.findall(rb"^web,(?!BACKEND)", data, re.M))


class Haproxy:
    def __init__(self, folder):
        self.folder = folder
        self.port = free_ports(1)[0]
        self.write(1)
        self.child = subprocess.Popen(
            ["/usr/sbin/haproxy", "-Ws", "-f", f"{folder}/haproxy.cfg", "-p",
             f"{folder}/haproxy.pid"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def write(self, n):
        """A configuration with n servers, published at once."""
        with open(f"{self.folder}/new", "w", encoding="ascii") as f:
            f.write(CONF.format(folder=self.folder, port=self.port))
            f.writelines(f"\tserver s{i} 127.0.0.1:{i}\n" for i in range(1, n + 1))
        os.rename(f"{self.folder}/new", f"{self.folder}/haproxy.cfg")

    def reload(self):
        subprocess.run(["/bin/sh", "-c", reload_command(self.folder)], check=True)

    def servers(self):
        return servers_of(f"{self.folder}/admin.sock")

    def close(self):
        self.child.terminate()
        self.child.wait()


@pytest.fixture
def haproxy(tmp_path):
    h = Haproxy(str(tmp_path))
    wait_until(lambda: h.servers() == 1, "haproxy answers")
    yield h
    h.close()


def test_no_change_is_lost_that_comes_while_the_balancer_reloads(haproxy):
    for n in range(2, 22, 2):
        haproxy.write(n)
        haproxy.reload()
        time.sleep(n / 200)  # the moment is what is tested
        haproxy.write(n + 1)
        haproxy.reload()
        wait_until(lambda n=n: haproxy.servers() == n + 1, f"the change {5 * n} ms later")


class Balancer:
    """The stack's balancer run by an agent, in a folder of its own."""

    def __init__(self):
        self.etcd = Etcd()
        self.store = Store(self.etcd.url)
        self.controller = Controller(self.etcd.url)
        self.agent = Agent(self.controller)
        self.folder = self.agent.dir
        self.port = free_ports(1)[0]
        wait_until(lambda: self.store.get(f"/foretide/hosts/{HOST}"), "the host is registered")

    def here(self, name):
        with open(os.path.join(STACK, name), encoding="utf-8") as f:
            text = f.read()
        for path in ("/run/haproxy", "/etc/haproxy"):
            text = text.replace(path, self.folder)
        return (text.replace("RuntimeDirectory=haproxy\n", "").replace(":80\n", f":{self.port}\n")
                .replace("Port=80\n", f"Port={self.port}\n"))

    def start(self, **changes):
        doc = tomllib.loads(self.here("conf.d/lb/haproxy.toml"))["template"]
        doc.update(src=self.here("templates/lb/haproxy.cfg"), **changes)
        self.store.put("/foretide/conf/wordpress/lb/haproxy.toml", json.dumps(doc))
        self.store.schedule(("lb@1.service", self.here("units/lb@.service"),
                             {"stack": "wordpress", "tier": "lb"}))
        wait_until(lambda: self.store.state("lb@1.service").get("health") == "passing",
                   "the balancer serves")

    def put(self, i):
        self.store.put(f"/skydns/local/foretide/wordpress/web/web-{i}-80",
                       json.dumps({"host": f"127.0.0.{i}", "port": 80}))

    def servers(self):
        return servers_of(f"{self.folder}/admin.sock")

    def close(self):
        self.agent.close()
        self.controller.close()
        self.etcd.stop()


@pytest.fixture
def balancer():
    b = Balancer()
    yield b
    b.close()


def test_what_runs_is_what_was_rendered_however_quick_the_changes(balancer):
    balancer.start()
    for i in range(1, 21):
        balancer.put(i)
        if i % 4 == 0:
            wait_until(lambda i=i: balancer.servers() == i, f"{i} servers")
        else:
            time.sleep(i % 4 * 0.04)  # the moments are what is tested


def test_a_reload_that_is_lost_is_made_again_also_over_a_restart(balancer):
    # As haproxy does it at a bad moment: taken, and nothing comes of it.
    mark = os.path.join(balancer.folder, "lose")
    command = tomllib.loads(balancer.here("conf.d/lb/haproxy.toml"))["template"]["reload_cmd"]
    balancer.start(reload_cmd=f"test -e {mark} || {{ {command}; }}", verify_cmd_timeout="1s")
    balancer.put(1)
    wait_until(lambda: balancer.servers() == 1, "one server")
    with open(mark, "w", encoding="ascii"):
        pass
    balancer.put(2)
    wait_until(lambda: "verify_cmd" in balancer.agent.log(), "it is noticed")
    assert balancer.servers() == 1
    balancer.agent.kill()
    os.unlink(mark)
    balancer.agent.start()
    wait_until(lambda: balancer.servers() == 2, "two servers")
