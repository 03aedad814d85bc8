# SPDX-License-Identifier: GPL-3.0-or-later
"""What the system does when what it relies on fails: metrics, a cloud, a Prometheus server."""

import json
import os
import subprocess
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from rig_tools import Load, Quick
from store_tools import free_ports


@pytest.fixture
def quick():
    with Quick() as q:
        q.start()
        q.apply()
        yield q.up()


# ---------------------------------------------------------------- metrics

def switch(q, host):
    """While this file is there, the host's server tells no metrics."""
    return f"/proc/{q.pid(host['id'])}/root/run/no-metrics"


def mute(q):
    for host in q.hosts("web"):
        if host["state"] == "up":
            with open(switch(q, host), "w", encoding="ascii"):
                pass
    return True


def test_without_metrics_nothing_scales_in_and_the_explanation_says_why(quick):
    quick.tell("web", [9, 13] * 180)  # so that there is a forecast
    with Load(quick, rate=14) as load:
        quick.wait("3 web", lambda: len(quick.healthy("web")) >= 3)
        quick.wait("all settle", lambda:
                   len(quick.healthy("web")) == quick.tier("quick", "web")["desired"])
        load.flows()
        mute(quick)
        desired = quick.tier("quick", "web")["desired"]
        load.finish_without_failure()
    # Hosts that were on their way fall silent as well.
    quick.wait("the API shows it stale", lambda: mute(quick)
               and quick.tier("quick", "web")["demand"]["stale"])
    quick.wait("the sentence says so", lambda: any(
        words in quick.tier("quick", "web")["sentence"]
        for words in ("no metrics from web@", "(stale data)", "no demand is measured")))
    # Twice the dwell of 5 min and a lead time: with a known demand of 0 it would be 1 by now.
    rounds = quick.rounds()
    quick.wait("it is decided on for long enough",
               lambda: quick.rounds() > rounds + 12 * 6)
    tier = quick.tier("quick", "web")
    assert tier["desired"] >= desired, tier["sentence"]
    assert len(quick.healthy("web")) >= desired
    explanation = json.dumps(quick.api("/v1/tiers/quick/web/explain"))
    assert "nothing is scaled in" in explanation, explanation
    assert "nothing is scaled in" in quick.cli("explain", "quick/web").stdout
    # Metrics that come again let it go in.
    for host in quick.hosts("web"):
        if os.path.exists(switch(quick, host)):
            os.unlink(switch(quick, host))
    quick.wait("it scales in with metrics", lambda:
               quick.tier("quick", "web")["desired"] < tier["desired"])


# ---------------------------------------------------------------- a cloud that fails

CLOUD = """[stack]
name = elsewhere
[pool cloud]
driver = fake
cpu = 1
memory = 512M
max = 4
[tier app]
unit = app@.service
pool = cloud
min = 2
max = 2
mode = observe
capacity = 10
"""
APP = "[Service]\nExecStart=/bin/true\n[X-Resources]\nCPU=1\nMemory=128M\n"


def set_weather(folder, faults):
    path = os.path.join(folder, "script.json")
    with open(path + ".new", "w", encoding="ascii") as f:
        json.dump({"faults": faults}, f)
    os.rename(path + ".new", path)


@pytest.mark.parametrize("kind", ["error", "lost"])
def test_a_cloud_that_fails_every_call_is_left_more_and_more_alone(quick, kind):
    quick.scale(1)
    folder = quick.path("cloud")
    os.mkdir(folder)
    set_weather(folder, [{"op": "any", "kind": kind, "times": -1}])
    quick.api("/v1/stacks/elsewhere", "PUT", {"files": {
        "stack.conf": CLOUD, "units/app@.service": APP}})

    def pool():
        return quick.api("/v1/pools/cloud")

    quick.wait("the pool backs off", lambda: pool()["state"] == "backoff")
    assert pool()["last_error"].startswith("driver fake")
    quick.wait("people are told", lambda: any(
        p["kind"] == "pool-failing" and "cloud" in p["message"]
        for p in quick.api("/v1/status")["problems"]))
    calls = set()

    def several_calls():
        calls.add(pool()["backoff_until"])
        return len(calls) >= 4

    quick.wait("it tries again", several_calls)
    waits = [seconds(b) - seconds(a) for a, b in zip(sorted(calls), sorted(calls)[1:])]
    assert waits[-1] > 1.5 * waits[0], f"the waits do not grow: {waits}"
    events = [e for e in quick.items("/v1/events?since=0") if e["kind"] == "pool-failed"]
    assert 1 <= len(events) <= 2, [e["message"] for e in events]
    assert "cloud" in events[0]["message"]
    # Nothing else is harmed meanwhile.
    with Load(quick, rate=8) as load:
        load.flows()
        quick.scale(2)
        quick.wait("the other stack scales", lambda: len(quick.healthy("web")) == 2)
        load.finish_without_failure()
    assert pool()["state"] == "backoff"
    # And it recovers by itself.
    set_weather(folder, [])
    quick.wait("the pool works again", lambda: pool()["state"] == "ok"
               and len(quick.hosts("cloud")) == 2)
    assert len(cloud_vms(folder)) == 2, "VMs were launched twice or not at all"
    assert any(e["kind"] == "pool-recovered" for e in quick.items("/v1/events?since=0"))


def cloud_vms(folder):
    with open(os.path.join(folder, "cloud.json"), encoding="utf-8") as f:
        return [v for v in json.load(f)["vms"] if not v["gone_ms"]]


@pytest.mark.parametrize("how", ["stack", "pool"])
def test_no_host_is_left_running_when_its_pool_goes_while_its_cloud_fails(quick, how):
    folder = quick.path("cloud")
    os.mkdir(folder)
    files = {"stack.conf": CLOUD, "units/app@.service": APP}
    quick.api("/v1/stacks/elsewhere", "PUT", {"files": files})
    quick.wait("its hosts are launched", lambda: len(quick.hosts("cloud")) == 2
               and len(cloud_vms(folder)) == 2)
    set_weather(folder, [{"op": "terminate", "kind": "error", "times": -1}])
    if how == "stack":
        quick.cli("delete", "elsewhere", "--yes")
    else:
        files["stack.conf"] = files["stack.conf"].replace("[pool cloud]", "[pool other]") \
            .replace("pool = cloud", "pool = other")
        quick.api("/v1/stacks/elsewhere", "PUT", {"files": files})
    quick.wait("people are told", lambda: any(
        p["kind"] == "pool-failing" and "cloud" in p["message"]
        for p in quick.api("/v1/status")["problems"]))
    quick.wait("both are to go", lambda:
               [h["state"] for h in quick.hosts("cloud")] == ["terminating"] * 2)
    # Also another life of the controller knows them.
    quick.kill()
    quick.start()
    assert [h["state"] for h in quick.hosts("cloud")] == ["terminating"] * 2
    set_weather(folder, [])
    quick.wait("its hosts are gone", lambda: quick.hosts("cloud") == [])
    if how == "stack":
        assert cloud_vms(folder) == []
    quick.wait("and so is the pool", lambda: "cloud" not in [
        p["name"] for p in quick.items("/v1/pools")])


def test_a_controller_killed_amid_a_mass_scale_in_keeps_the_limit_of_terminations():
    # In true time: the hour of the limit does not pass meanwhile.
    with Quick(1, options={"limits.terminations_per_hour": 3, "controller.tick": "1s"}) as q:
        folder = q.path("cloud")
        os.mkdir(folder)
        q.start()
        files = {"stack.conf": CLOUD.replace("max = 4", "max = 9")
                 .replace("min = 2\nmax = 2", "min = 8\nmax = 8"), "units/app@.service": APP}
        q.api("/v1/stacks/elsewhere", "PUT", {"files": files})
        q.wait("its hosts are launched", lambda:
               [h["state"] for h in q.hosts("cloud")] == ["booting"] * 8)
        q.cli("delete", "elsewhere", "--yes")
        for i in range(6):
            time.sleep(0.02 * i)  # the moment is what is tested
            q.kill()
            q.start()
            rounds = q.rounds()
            q.wait("it has gone on", lambda r=rounds: q.rounds() > r + 3)
        q.wait("the limit is told", lambda: any(
            p["kind"] == "pool-limited" for p in q.api("/v1/status")["problems"]))
        assert len(cloud_vms(folder)) == 8 - 3, q.picture()
        assert {h["state"] for h in q.hosts("cloud")} == {"terminating"}


def seconds(text):
    import datetime
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


# ---------------------------------------------------------------- Prometheus

class Exporter:
    """A page with one gauge that the test sets."""

    def __init__(self):
        exporter = self
        self.value = 1.0

        class Page(BaseHTTPRequestHandler):
            def do_GET(self):
                text = f"# TYPE shop_load gauge\nshop_load {exporter.value}\n".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.port = self.server.server_port
        Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Prometheus:
    def __init__(self, folder, target_port):
        self.folder = folder
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.child = None
        with open(os.path.join(folder, "prometheus.yml"), "w", encoding="ascii") as f:
            f.write("global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: shop\n"
                    f"  static_configs: [{{targets: ['127.0.0.1:{target_port}']}}]\n")

    def start(self):
        self.child = subprocess.Popen(
            ["/usr/bin/prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
             f"--web.listen-address=127.0.0.1:{self.port}"],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def kill(self):
        if self.child:
            self.child.kill()
            self.child.wait()
        self.child = None


@pytest.fixture
def prometheus(tmp_path):
    exporter = Exporter()
    server = Prometheus(str(tmp_path), exporter.port).start()
    try:
        yield server, exporter
    finally:
        server.kill()
        exporter.close()


def test_a_tier_follows_a_query_to_a_prometheus_server(prometheus):
    server, exporter = prometheus

    def edit(name, text):
        query = f"prometheus({server.url}, sum(shop_load))"
        return text.replace("sum(rate(quick_requests_total))", query)

    with Quick(edit=edit) as q:
        q.start()
        q.apply()
        q.up()

        def tier():
            return q.tier("quick", "web")

        q.wait("the value is seen", lambda: tier()["demand"]["value"] == 1.0)
        exporter.value = 13.0
        q.wait("it scales out", lambda: tier()["desired"] >= 3)
        q.wait("3 web", lambda: len(q.healthy("web")) >= 3)
        assert "13" in json.dumps(q.items("/v1/tiers/quick/web/decisions"))
        # The server dies with a demand that would let web go in.
        desired = tier()["desired"]
        server.kill()
        exporter.value = 1.0
        q.wait("its silence is seen", lambda: tier()["demand"]["stale"])
        rounds = q.rounds()
        q.wait("it is decided on", lambda: q.rounds() > rounds + 30)
        assert tier()["desired"] >= desired, tier()["sentence"]
        server.start()
        q.wait("it is fetched again", lambda: tier()["demand"]["value"] == 1.0)
