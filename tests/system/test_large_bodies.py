# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds large bodies, or sends them without a pause, takes room and time of his own
alone: other hosts' leases and a person's requests go on. Real hosts."""

import contextlib
import json
import socket
import ssl
import threading

import pytest

from rig_tools import Quick
from test_identity import ask, key, steal, with_certificate

METRICS = "/v1/agent/metrics"
KEEP = '{"ID":"1234567890123456789"}'  # a lease that there is not: answered all the same


@pytest.fixture(scope="module")
def quick():
    with Quick() as rig:
        rig.start()
        rig.apply()
        rig.up()
        rig.web = rig.healthy("web")[0]["host"]
        rig.lb = rig.healthy("lb")[0]["host"]
        for host in (rig.web, rig.lb):
            rig.wait("the proxy serves",
                     lambda h=host: ask(rig, h, "/v3/kv/range", key("/skydns/"))[0] == 200)
        yield rig


def connection(quick, files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(*files)
    return context.wrap_socket(socket.create_connection((quick.gateway, quick.host_port),
                                                        timeout=60))


def head(path, size, *fields):
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: localhost",
                        "Content-Type: application/json", f"Content-Length: {size}",
                        *fields, "", ""]).encode()


def hold(stack, connect, path, size, n, *fields):
    """n bodies without their last byte."""
    held = []
    for _ in range(n):
        s = stack.enter_context(connect())
        s.sendall(head(path, size, *fields) + b"x" * (size - 1))
        held.append(s)
    return held


def end_of(s):
    """The status, once the last byte is sent."""
    s.sendall(b"x")
    return int(s.recv(4096).split()[1])


def others_are_served(quick):
    files = steal(quick, quick.lb, "cert")
    status, text = with_certificate(quick, files, "/v3/lease/keepalive", KEEP)
    assert status == 200, text
    hold_id = quick.api("/v1/holds", "POST", {"stack": "quick", "tier": "lb", "reason": "x"})["id"]
    quick.api(f"/v1/holds/{hold_id}", "DELETE")


def limited(quick, who):
    return [p for p in quick.api("/v1/status")["problems"]
            if p["kind"] == "requests-limited" and p["message"].endswith(who)]


@pytest.mark.parametrize("name, who, path, size, n", [
    ("cert", "host", METRICS, 2 << 20, 100),
    ("programs", "programs", "/v3/kv/put", 4 << 20, 52),
])
def test_a_host_that_holds_bodies_is_refused_alone(quick, name, who, path, size, n):
    files = steal(quick, quick.web, name)
    with contextlib.ExitStack() as stack:
        held = hold(stack, lambda: connection(quick, files), path, size, n)
        others_are_served(quick)
        assert limited(quick, f"{who} {quick.web}")
        assert end_of(held[-1]) == 503
        # A small one of the same is answered.
        assert with_certificate(quick, files, "/v3/kv/range", key("/skydns/"))[0] == 200


def test_a_person_who_holds_bodies_is_refused_alone(quick):
    token = quick.api("/v1/tokens", "POST", {"name": "holder", "role": "operator"})["token"]

    def connect():
        return socket.create_connection(("127.0.0.1", quick.port), timeout=60)

    with contextlib.ExitStack() as stack:
        held = hold(stack, connect, "/v1/metrics", 8 << 20, 30, f"Authorization: Bearer {token}")
        others_are_served(quick)
        assert end_of(held[-1]) == 503


def test_a_host_that_pushes_without_a_pause_waits_alone(quick):
    """Each of many small values, dear to read."""
    files, seen, over = steal(quick, quick.web, "cert"), set(), threading.Event()
    body = b'{"samples":[' + b"[]," * 200000 + b"[]]}"

    def flood():
        while not over.is_set():
            with contextlib.suppress(OSError), connection(quick, files) as s:
                s.sendall(head(METRICS, len(body)) + body)
                seen.add(int(s.recv(4096).split()[1]))

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for t in threads:
        t.start()
    try:
        quick.wait("it is refused", lambda: 429 in seen)
        others_are_served(quick)
        assert limited(quick, f"host {quick.web}")
    finally:
        over.set()
        for t in threads:
            t.join()
    # Its own lease is not of that price.
    assert json.loads(with_certificate(quick, files, "/v3/lease/keepalive", KEEP)[1])
