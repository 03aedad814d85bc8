# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundled balancer's own commands on a real haproxy."""

import os
import re
import socket
import subprocess
import time

import pytest

from store_tools import ROOT, free_ports, wait_until

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
        """How many it balances; None when it cannot be asked just now."""
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(20)
                s.connect(f"{self.folder}/admin.sock")
                s.sendall(b"show stat\n")
                data = b""
                while chunk := s.recv(65536):
                    data += chunk
        except OSError:
            return None
        return sum(line.startswith(b"web,s") for line in data.splitlines())

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
