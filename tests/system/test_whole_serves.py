# SPDX-License-Identifier: GPL-3.0-or-later
"""Only what serves is capacity: real servers that answer their check with 500, and a
Prometheus server whose answer loses a series."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rig_tools import Quick

FOUR = {"min = 1\nmax = 6": "min = 4\nmax = 8"}
SICK = {'            return self.say("alive\\n")\n':
        '            if os.path.exists("/run/sick"):\n'
        "                return self.send_error(500)\n"
        '            return self.say("alive\\n")\n'}
RESTARTS = {"CheckTimeout=10s\n": "CheckTimeout=10s\nCheckRestartSec=1s\n"}


def edit(name, text):
    changes = {"stack.conf": FOUR, "templates/web/server.py": SICK,
               "units/web@.service": RESTARTS}.get(name, {})
    for old, new in changes.items():
        assert old in text, (name, old)
        text = text.replace(old, new)
    return text


@pytest.fixture(name="quick")
def fixture_quick():
    with Quick(edit=edit) as q:
        q.start()
        q.apply()
        yield q.up(web=4)


def set_sick(q, units, sick=True):
    for u in units:
        path = f"/proc/{q.pid(u['host'])}/root/run/sick"
        if sick:
            with open(path, "w", encoding="ascii"):
                pass
        elif os.path.exists(path):
            os.unlink(path)


def problem(q, kind):
    return next((p["message"] for p in q.api("/v1/status")["problems"] if p["kind"] == kind), "")


def events(q, kind):
    return [e for e in q.items("/v1/events?since=0&limit=1000") if e["kind"] == kind]


def names(units):
    return {u["name"] for u in units}


def test_two_of_four_that_answer_500_are_made_up_for_restarted_and_replaced(quick):
    sick = sorted(quick.healthy("web"), key=lambda u: u["name"])[:2]
    pids = [quick.first_of(u["host"], "python3") for u in sick]
    set_sick(quick, sick)
    words = quick.wait("it is a problem", lambda: problem(quick, "checks-fail"))
    assert "instances of quick/web do not serve: unit web@" in words, words
    assert "fails its check: check of web: " in words, words
    quick.wait("both are told",
               lambda: names(sick) == {e["unit"] for e in events(quick, "unit-sick")})
    # They are restarted where they are ...
    quick.wait("they are restarted", lambda: all(
        new and new != old for old, new in
        zip(pids, [quick.first_of(u["host"], "python3") for u in sick])))
    # ... while others are started beside them; they go when four serve.
    quick.wait("four others serve", lambda: len(names(quick.healthy("web")) - names(sick)) == 4)
    quick.wait("the sick ones are replaced",
               lambda: not names(sick) & names(quick.units("web")))
    assert len(quick.healthy("web")) == 4
    quick.wait("it is no problem any more", lambda: not problem(quick, "checks-fail"))
    quick.wait("the balancer has all four", lambda: len(quick.balanced()) == 4)


def test_when_all_answer_500_nothing_storms_and_it_is_told(quick):
    before = quick.healthy("web")
    set_sick(quick, before)
    quick.wait("all are told", lambda: len(events(quick, "unit-sick")) == 4)
    rounds = quick.rounds()

    def many():
        assert len(quick.units("web")) <= 6, quick.picture()
        # What is tried fails as well: its server finds the same.
        set_sick(quick, [u for u in quick.units("web") if u["host"] in quick.local_hosts()])
        return quick.rounds() > rounds + 6 * 15
    quick.wait("fifteen minutes pass", many)
    assert "common cause" in problem(quick, "checks-fail"), problem(quick, "checks-fail")
    assert names(before) <= names(quick.units("web"))
    # What ails them ends: they serve again, and what was tried goes. One that was tried takes
    # the place of one whose check comes later than its own.
    set_sick(quick, quick.units("web"), False)
    quick.wait("they serve", lambda: len(quick.healthy("web")) == len(quick.units("web")) == 4)
    assert names(before) & names(quick.healthy("web")), quick.picture()
    quick.wait("it is no problem any more", lambda: not problem(quick, "checks-fail"))


# ---------------------------------------------------------------- Prometheus
class Prometheus(ThreadingHTTPServer):
    """Answers every query with one value a job."""

    jobs = {"a": 5.0, "b": 5.0}

    class Query(BaseHTTPRequestHandler):
        def do_GET(self):
            result = [{"metric": {"job": j}, "value": [1767571200.0, str(v)]}
                      for j, v in self.server.jobs.items()]
            if "query_range" in self.path:
                data = {"resultType": "matrix", "result": []}
            else:
                data = {"resultType": "vector", "result": result}
            text = json.dumps({"status": "success", "data": data}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Query)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


STACK = """[stack]
name = asked
[pool p]
driver = local
cpu = 0.25
memory = 128M
max = 1
[tier app]
unit = app@.service
pool = p
min = 1
max = 1
mode = auto
capacity = 1
demand = prometheus(http://127.0.0.1:{port}, sum by (job) (load))
"""
UNIT = "[Service]\nExecStart=/bin/sleep 1000000\n"


def test_a_series_that_a_prometheus_answer_loses_is_a_missing_part():
    server = Prometheus()
    with Quick(boot_delay="5s") as q:
        q.start()
        q.api("/v1/stacks/asked", "PUT", {"files": {
            "stack.conf": STACK.format(port=server.server_address[1]),
            "units/app@.service": UNIT}})

        def demand():
            return q.tier("asked", "app")["demand"]
        q.wait("both jobs are its demand", lambda: demand()["value"] == 10)
        assert demand()["missing"] is None
        server.jobs = {"a": 5.0}
        words = q.wait("it is told which", lambda: problem(q, "demand-not-whole"))
        assert 'no samples of {job="b"}' in words, words
        assert 'no samples of {job="b"}' in demand()["missing"], demand()
        q.wait("the rest is what is there", lambda: demand()["value"] == 5)
        assert "no samples" in demand()["missing"]
        q.api("/v1/series/forget", "POST", {"match": 'foretide_prometheus{tier="app"}'})
        q.wait("it is forgotten", lambda: demand()["missing"] is None
               and not problem(q, "demand-not-whole"))
    server.shutdown()
