#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Floods: those who take what they can of a controller, for tests and the bench.

As a program: `flood_tools.py HOST PORT N WORD FROM` keeps N connections open which say WORD (in
hex) and nothing more, opens another for each that ends, and prints how many ended when its standard
input does. They come from FROM addresses of 127.0.0.0/8 by turns; 0: from the usual one.
"""
import os
import resource
import select
import socket
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

TERMS = 30


def be_elsewhere():
    """Who floods does it from other machines: this thread gives way to what it floods."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)


def keep_open(host, port, n, word, addresses):
    be_elsewhere()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, n + 100)), hard))
    poll, live, ended, begun = select.epoll(), {}, 0, 0
    poll.register(sys.stdin.fileno(), select.EPOLLIN | select.EPOLLHUP)
    while True:
        for _ in range(min(n - len(live), 200)):
            s = socket.socket()
            s.setblocking(False)
            if addresses:
                s.bind((f"127.77.{begun % addresses // 250}.{begun % addresses % 250 + 1}", 0))
            begun += 1
            s.connect_ex((host, port))
            live[s.fileno()] = s
            poll.register(s.fileno(), select.EPOLLIN | (select.EPOLLOUT if word else 0))
        for fd, events in poll.poll(0.1):
            if fd == sys.stdin.fileno():
                print(ended, len(live))
                return
            if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                poll.unregister(fd)
                live.pop(fd).close()
                ended += 1
                continue
            poll.modify(fd, select.EPOLLIN)
            try:
                live[fd].send(word)
            except OSError:
                pass


class Connections:
    """Of a program of its own."""

    def __init__(self, host, port, n, word=b"", addresses=0):
        self.process = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), host, str(port), str(n), word.hex(),
             str(addresses)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def stop(self):
        """(how many ended, how many were open)"""
        out, _ = self.process.communicate()
        return tuple(int(word) for word in out.split())


def client_hello():
    """The first record of a TLS handshake, which nothing follows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    out = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


class Callers:
    """n threads, each of which sends one request after the other; the statuses seen."""

    def __init__(self, n, call):
        self.call, self.over, self.seen, self.lock = call, threading.Event(), {}, threading.Lock()
        self.threads = [threading.Thread(target=self.go_on) for _ in range(n)]
        for t in self.threads:
            t.start()

    def go_on(self):
        be_elsewhere()
        while not self.over.is_set():
            status = self.call()
            with self.lock:
                self.seen[status] = self.seen.get(status, 0) + 1
            if status != 200:
                self.over.wait(0.2)

    def stop(self):
        self.over.set()
        for t in self.threads:
            t.join()
        return self.seen


def status_of(url, token, timeout=60):
    """Of a GET; 0: the connection was ended."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            answer.read()
            return answer.status
    except urllib.error.HTTPError as e:
        return e.code
    except OSError:
        return 0


def series(rig, n=20000, name="flood_m"):
    """Of which an expression is dear."""
    lines = "\n".join(f'{name}{{i="{i}"}} {i}' for i in range(n))
    rig.api("/v1/metrics", "POST", f"# TYPE {name} gauge\n{lines}\n", content_type="text/plain")


def dear_query(rig, name="flood_m"):
    text = urllib.parse.quote("+".join([f"sum({name})"] * TERMS))
    return f"{rig.url}/v1/series/data?expr={text}&step=1s"


def slow_body(host, port, token, over):
    """Announces much, and sends little. Returns when it was ended."""
    with socket.create_connection((host, port), timeout=60) as s:
        s.sendall(b"POST /v1/metrics HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
                  b"Authorization: Bearer " + token.encode() + b"\r\nContent-Length: 4000000\r\n\r\n")
        s.settimeout(0.5)
        while not over.is_set():
            try:
                s.send(b"a")
                if not s.recv(4096):
                    return 0
            except TimeoutError:
                continue
            except OSError:
                return 0
    return 1


if __name__ == "__main__":
    keep_open(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), bytes.fromhex(sys.argv[4]),
              int(sys.argv[5]))
