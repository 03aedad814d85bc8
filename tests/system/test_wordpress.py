# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundled WordPress, from nothing to a page served through haproxy and varnish."""

import os
import re
import time
import urllib.error
import urllib.request

import pytest

from rig_tools import PATIENCE_S, PATIENT, Failed, Rig, wait_for
from store_tools import BUILD, ROOT

STACK = os.path.join(ROOT, "stacks/wordpress")


def files():
    for folder, _, names in os.walk(STACK):
        for name in names:
            yield os.path.join(folder, name)


def test_no_address_is_written_in_any_unit_or_template():
    found = []
    for path in files():
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                for address in re.findall(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", line):
                    if address not in ("127.0.0.1", "0.0.0.0"):
                        found.append(f"{path}:{number}: {address}")
    assert found == []
    assert any(path.endswith("haproxy.cfg") for path in files())


def get(url):
    """(status, headers, text) without any cookie."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=PATIENCE_S) as answer:
        return answer.status, answer.headers, answer.read().decode()


def through_varnish(url):
    """(url, headers, text) of a page that passed the cache; None when it did not: on a busy
    machine the balancer may leave a cache out for a moment."""
    status, headers, text = get(url)
    assert status == 200
    return (url, headers, text) if headers["X-Cache"] else None


@pytest.fixture
def rig():
    with Rig(BUILD, 10, "10s", PATIENT) as r:
        yield r.start()


def test_wordpress_comes_up_from_nothing_to_a_cached_page(rig):
    began = time.monotonic()
    rig.cli("apply", STACK, "--yes")
    tiers = ("lb", "cache", "web", "memcached", "db")
    try:
        wait_for("every tier serves", lambda: all(rig.healthy(t) for t in tiers),
                 3 * PATIENCE_S, 0.2)
    except Failed as e:
        raise AssertionError(f"{e}\n{rig.units()}\n{rig.log()[-4000:]}") from None
    print(f"up after {time.monotonic() - began:.1f} s")
    hosts = rig.hosts()
    assert len({h["address"] for h in hosts}) == len(hosts) == 5, "a host for each tier"
    lb = rig.services("lb")[0]["address"]

    def fresh():
        try:
            return through_varnish(f"http://{lb}/?fresh={time.time_ns()}")
        except urllib.error.HTTPError:
            return None

    url, headers, text = wait_for("balancer and cache know whom to ask", fresh)
    assert headers["X-Cache"] == "miss"
    assert "WordPress" in text and "</html>" in text
    _, headers, again = wait_for("the page comes again", lambda: through_varnish(url))
    assert headers["X-Cache"] == "hit"
    assert again == text
    for host in hosts:
        assert host["address"] == lb or host["address"] not in text, "a page names a host"
    # It is found by name alone: every tier in the names of the hosts' own servers.
    assert {s["dns"] for s in rig.items("/v1/services")} == {
        f"{t}.wordpress.foretide.local" for t in tiers}
