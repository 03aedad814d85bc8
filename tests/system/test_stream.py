# SPDX-License-Identifier: GPL-3.0-or-later
"""Strangers who begin a handshake and say no more: a stream of them keeps no newcomer out, and
those who are held cost nothing."""

import os
import select
import socket
import ssl
import subprocess
import sys
import time

import pytest

from flood_tools import client_hello
from store_tools import wait_until
from test_api import fixture_daemon  # noqa: F401

NEWCOMERS = 8
STREAM = """
import collections, os, socket, sys, time
os.nice(5)
port, word, rate = int(sys.argv[1]), bytes.fromhex(sys.argv[2]), 3000
held, start, n = collections.deque(), time.monotonic(), 0
while True:
    s = socket.socket()
    s.bind(("127.0.0.2", 0))
    s.settimeout(5)
    try:
        s.connect(("127.0.0.1", port))
        s.sendall(word)
    except OSError:
        s.close()
        continue
    held.append(s)
    n += 1
    if n == 500:
        print("full", flush=True)
    if len(held) > 800:
        held.popleft().close()
    time.sleep(max(0, start + n / rate - time.monotonic()))
"""


def is_answered(port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain, \
            context.wrap_socket(plain) as s:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return s.recv(100).startswith(b"HTTP/1.1 200")


def test_a_stream_of_hellos_keeps_nobody_out(daemon):
    streams = [subprocess.Popen([sys.executable, "-c", STREAM, str(daemon.host_port),
                                 client_hello().hex()], stdout=subprocess.PIPE, text=True)
               for _ in range(3)]
    try:
        assert all(s.stdout.readline() == "full\n" for s in streams)
        for _ in range(NEWCOMERS):
            assert is_answered(daemon.host_port)
        wait_until(lambda: [p for p in daemon.get("/v1/status").doc["problems"]
                            if p["kind"] == "connections-limited"
                            and p["message"].endswith("127.0.0.2")], "it is told of")
    finally:
        for s in streams:
            s.kill()
            s.wait()


HELD = 100
WINDOW_S = 3  # in which CPU is measured; less than they may stay


def cpu_s(pid):
    """Of all threads."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total / 1e9


def cpu_in_window_s(pid):
    before = cpu_s(pid)
    time.sleep(WINDOW_S)
    return cpu_s(pid) - before


@pytest.mark.parametrize("word,is_whole", [
    (b"", False), (b"\x16\x03\x01\x02\x00", False), (client_hello(), True),
], ids=["silent", "half a hello", "a hello"])
def test_those_who_are_held_cost_nothing(daemon, word, is_whole):
    pid = daemon.process.pid
    quiet = cpu_in_window_s(pid)
    before = len(os.listdir(f"/proc/{pid}/fd"))
    held = [socket.create_connection(("127.0.0.1", daemon.host_port)) for _ in range(HELD)]
    try:
        for s in held:
            s.sendall(word)
        wait_until(lambda: len(os.listdir(f"/proc/{pid}/fd")) >= before + HELD, "they are there")
        if is_whole:
            wait_until(lambda: len(select.select(held, [], [], 1)[0]) == HELD, "all have an answer")
        loud = cpu_in_window_s(pid)
        assert loud < 2 * quiet + 0.05 * WINDOW_S, (quiet, loud)
        assert is_answered(daemon.host_port)
    finally:
        for s in held:
            s.close()
