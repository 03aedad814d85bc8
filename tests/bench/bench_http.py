# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples by HTTP into a running controller: as an agent sends them (TLS, the host's
certificate, 50 a request) and as a program pushes them; beside Prometheus, which scrapes."""
import contextlib
import http.client
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import bench_hosts
from measure import BenchRig, Failed, cpu_s, figure, wait_for

SERIES = 50      # a host's, as in bench_metrics.c
BATCHES = 3000   # of them, a connection
CONNECTIONS = 2
INTERVAL_MS = 10000
STATE = "root/var/lib/foretide-agent"
TARGETS, SCRAPE_MS, SCRAPE_S = 20, 50, 15


def value(i, k):
    return i * 7919 + k * k % 997


def agents_body(connection, i, from_ms):
    at = from_ms + i * INTERVAL_MS
    return json.dumps({"samples": [
        {"n": f"bench_{k}_total", "l": {"of": str(connection)}, "k": "c", "t": at, "v": value(i, k)}
        for k in range(SERIES)]}).encode()


def programs_body(connection, i, from_ms):
    at = from_ms + i * INTERVAL_MS
    lines = []
    for k in range(SERIES):
        lines += [f"# TYPE pushed_{k}_total counter",
                  f'pushed_{k}_total{{stack="bench",of="{connection}"}} {value(i, k)} {at}']
    return "\n".join(lines).encode() + b"\n"


def send(connect, path, headers, bodies):
    connection = connect()
    for body in bodies:
        while True:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 429:
                break
            time.sleep(int(answer.getheader("Retry-After")))
        if answer.status != 200:
            raise Failed(f"{path}: {answer.status} {text[:200]}")
    connection.close()


def series(rig, name):
    return len(rig.items(f"/v1/series?match={name}&limit=1000"))


def post(rig, what, make_body, connect, path, headers, name):
    """-> samples a second of the controller's CPU"""
    from_ms = int(time.time() * 1000) - (BATCHES + 10) * INTERVAL_MS
    bodies = [[make_body(c, i, from_ms) for i in range(BATCHES)] for c in range(CONNECTIONS)]
    threads = [threading.Thread(target=send, args=(connect, path, headers, b)) for b in bodies]
    before, start = cpu_s(rig.process.pid), time.monotonic()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    took, cpu = time.monotonic() - start, cpu_s(rig.process.pid) - before
    if series(rig, name) != CONNECTIONS:
        raise Failed(f"not all of {what} are in the database")
    n = CONNECTIONS * BATCHES * SERIES
    figure(f"samples by HTTP, {what}, {SERIES} a request on {CONNECTIONS} connections",
           f"{n / took:,.0f} a second, {n / cpu:,.0f} a second of the controller's CPU")
    return n / cpu


# ---------------------------------------------------------------- Prometheus
class Target(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    body = programs_body(0, 1, 0).replace(b" 10000\n", b"\n")

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Prometheus ends, and with it its connections."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def appended(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics")
    for line in connection.getresponse().read().decode().splitlines():
        if line.startswith("prometheus_tsdb_head_samples_appended_total"):
            return float(line.split()[-1])
    return 0.0


def is_up(port):
    with contextlib.suppress(OSError):
        return appended(port) > 0
    return False


def prometheus():
    """Samples that it scrapes, a second of its CPU; None where it is not installed."""
    if not shutil.which("prometheus"):
        return None
    server = Server(("127.0.0.1", 0), Target)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="foretide-bench-") as folder:
        jobs = "".join(f"- job_name: t{i}\n  static_configs:\n  - targets: ['127.0.0.1:{server.server_port}']\n"
                       for i in range(TARGETS))
        with open(os.path.join(folder, "p.yml"), "w", encoding="ascii") as f:
            f.write(f"global:\n  scrape_interval: {SCRAPE_MS}ms\n  scrape_timeout: {SCRAPE_MS}ms\n"
                    f"scrape_configs:\n{jobs}")
        child = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/p.yml", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
        try:
            wait_for("Prometheus scrapes", lambda: is_up(port), 60)
            n, cpu = appended(port), cpu_s(child.pid)
            time.sleep(SCRAPE_S)
            return (appended(port) - n) / (cpu_s(child.pid) - cpu)
        finally:
            child.terminate()
            child.wait()
            server.shutdown()


def samples():
    with BenchRig() as rig:
        rig.apply("bench", bench_hosts.stack(1, 1))
        rig.up("p", 1)
        host, = rig.local_hosts()
        own = os.path.join("/proc", str(rig.pid_of(host)), STATE)
        tls = ssl.create_default_context(cafile=rig.path("state/ca/ca.pem"))
        tls.check_hostname = False
        tls.load_cert_chain(os.path.join(own, "cert.pem"), os.path.join(own, "key.pem"))
        agents = post(rig, "as an agent sends them, TLS", agents_body,
                      lambda: http.client.HTTPSConnection("127.0.0.1", rig.host_port, context=tls),
                      "/v1/agent/metrics", {"Content-Type": "application/json"}, "bench_1_total")
        pushed = post(rig, "as a program pushes them", programs_body,
                      lambda: http.client.HTTPConnection("127.0.0.1", rig.port), "/v1/metrics",
                      {"Content-Type": "text/plain", "Authorization": f"Bearer {rig.token}"},
                      "pushed_1_total")
    peer = prometheus()
    if peer:
        figure("Prometheus, scraping 50 a request, samples a second of its CPU", f"{peer:,.0f}", "",
               f"ours over it: agents {agents / peer:.2f}, programs {pushed / peer:.2f}")
