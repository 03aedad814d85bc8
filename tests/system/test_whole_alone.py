# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of the quick stack without their controller, their agents killed meanwhile."""

import base64
import os
import signal
import urllib.request

import pytest

from rig_tools import PATIENCE_S, Quick, wait_for


@pytest.fixture
def quick():
    with Quick(time_scale=1, boot_delay="0s") as q:
        q.start()
        q.apply()
        q.scale(2)
        q.up(1, 2)
        yield q


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            return answer.status == 200
    except OSError:
        return False


def names_on_disk(q, host):
    """The keys of the web instances in the copy that the host's agent keeps."""
    folder = f"/proc/{q.pid(host)}/root/var/lib/foretide-agent/copies"
    keys = []
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        with open(os.path.join(folder, name), encoding="ascii") as f:
            keys += [base64.b64decode(line.split()[3]).decode() for line in f.readlines()[1:]]
    return [k for k in keys if k.startswith("/skydns/local/foretide/quick/web/")]


def test_names_and_balancer_outlive_agents_that_are_killed_without_a_controller(quick):
    lb = quick.healthy("lb")[0]["host"]
    address = {h["id"]: h["address"] for h in quick.items("/v1/hosts")}[lb]
    webs = sorted(quick.balanced_by(lb))
    names = sorted(quick.inside(lb, "dig", "+short", "@127.0.0.1", "web.quick.foretide.local")[1]
                   .split())
    assert len(webs) == len(names) == 2
    quick.wait("the names are on disk", lambda: len(names_on_disk(quick, lb)) == 2)

    quick.kill()
    agents = {h: quick.agent(h) for h in quick.local_hosts()}
    for pid in agents.values():
        os.kill(pid, signal.SIGKILL)
    for host, pid in agents.items():
        wait_for("another agent runs", lambda h=host, p=pid: quick.agent(h) not in (None, p))
    wait_for("names answer", lambda: sorted(quick.inside(
        lb, "dig", "+short", "@127.0.0.1", "web.quick.foretide.local")[1].split()) == names)
    assert sorted(quick.balanced_by(lb)) == webs
    assert answers(f"http://{address}/")

    quick.start()
    quick.wait("the controller hears all", lambda: len(quick.healthy("web")) == 2)
    assert sorted(quick.balanced_by(lb)) == webs
    assert answers(f"http://{address}/")
