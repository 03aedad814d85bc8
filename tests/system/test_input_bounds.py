# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller parses and evaluates for others has a bound on its cost: what is
beyond it is refused in words, at once, and what is stored stops nothing but itself."""

import os
import sqlite3
import time
import urllib.parse

import pytest

from store_tools import wait_until
from test_api import CONF, UNIT, Foretided, stack

# Each took minutes, or gigabytes, or ended the controller.
PATTERNS = ["a{1,20000}", "^(a{1,5000})$", "((a{1,100}){1,100}){1,100}",
            ".*{10,}{10,}{10,}{10,}{10,}", "(" * 5000 + ")" * 5000, "a" * 5000]
MOST_CPU_S = 2  # for all of them; some milliseconds each


@pytest.fixture(name="daemon")
def fixture_daemon(tmp_path):
    d = Foretided(tmp_path)
    yield d.start()
    d.stop()


def cpu_s(daemon):
    with open(f"/proc/{daemon.process.pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) / 1024


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_a_pattern_that_costs_too_much_is_refused_wherever_it_comes_in(daemon):
    assert daemon.call("PUT", "/v1/stacks/shop", stack()).status == 200
    begun, before, memory = time.monotonic(), cpu_s(daemon), peak_mb(daemon)
    for pattern in PATTERNS:
        selector = "x{a=~" + quoted(pattern) + "}"
        answers = [
            daemon.get("/v1/series?" + urllib.parse.urlencode({"match": selector})),
            daemon.get("/v1/series/data?" + urllib.parse.urlencode(
                {"expr": f"sum({selector})", "step": "60s"})),
            daemon.call("POST", "/v1/series/forget", {"match": selector}),
            daemon.call("PATCH", "/v1/tiers/shop/web?dry_run=true",
                        {"demand": f"sum({selector})"}),
            daemon.call("PATCH", "/v1/tiers/shop/web", {"latency": f"sum({selector})"}),
            daemon.call("PUT", "/v1/stacks/shop?dry_run=true", stack(**{
                "stack.conf": CONF.replace("sum(rate(shop_requests_total))",
                                           f"sum({selector})")})),
        ]
        for answer in answers:
            assert 400 <= answer.status < 500, (pattern, answer.status, answer.body[:200])
        assert daemon.get("/healthz", token=None).status == 200
    spent, took_s = cpu_s(daemon) - before, time.monotonic() - begun
    assert peak_mb(daemon) - memory < 64
    # What ticks take in as long a time is no cost of the patterns.
    before = cpu_s(daemon)
    time.sleep(took_s)
    assert spent - (cpu_s(daemon) - before) < MOST_CPU_S


def test_a_demand_of_many_terms_is_refused_in_words(daemon):
    demand = "sum(a)" + "+1" * 200000
    answer = daemon.call("PUT", "/v1/stacks/shop", stack(**{
        "stack.conf": CONF.replace("sum(rate(shop_requests_total))", demand)}))
    assert answer.status == 400
    assert "stack.conf:10: [tier web]: demand:" in answer.doc["detail"]
    assert "at most 8192" in answer.doc["detail"]
    assert daemon.get("/v1/stacks").doc["items"] == []
    assert daemon.call("PUT", "/v1/stacks/shop", stack()).status == 200
    answer = daemon.call("PATCH", "/v1/tiers/shop/web", {"demand": "sum(a)" + "+1" * 500})
    assert answer.status == 400 and "more than 100 terms" in answer.doc["detail"]


def test_a_stored_demand_beyond_the_bounds_stops_neither_the_start_nor_others(daemon):
    """As an earlier version took it: it ended the controller at every start."""
    both = CONF.replace("max = 2\n[tier", "max = 4\n[tier") + (
        "[tier other]\nunit = other.service\npool = web\nmin = 1\n"
        "demand = sum(load)\ncapacity = 10\n")
    texts = stack(**{"stack.conf": both, "units/other.service": UNIT})
    assert daemon.call("PUT", "/v1/stacks/shop", texts).status == 200
    daemon.stop()
    demand = "sum(a)" + "+1" * 200000
    with sqlite3.connect(os.path.join(daemon.state, "foretide.db")) as db:
        db.execute("UPDATE tier SET demand = ? WHERE name = 'web'", (demand,))
        db.execute("UPDATE stack SET text_json = replace(text_json, ?, ?)",
                   ("sum(rate(shop_requests_total))", demand))
    db.close()
    for _ in range(2):
        daemon.start()
        tier = wait_until(lambda: next(
            (t for t in daemon.get("/v1/tiers?explanations=true").doc["items"]
             if t["name"] == "other" and t["desired"] == 1), None), "the other is decided")
        assert tier["stack"] == "shop"
        problem = wait_until(lambda: next(
            (p for p in daemon.get("/v1/status").doc["problems"]
             if p["kind"] == "demand-not-whole"), None), "the problem is told")
        assert "shop/web" in problem["message"] and "at most 8192" in problem["message"]
        assert not any(p["kind"] in ("round-failed", "stack-not-read")
                       for p in daemon.get("/v1/status").doc["problems"])
        daemon.stop()
    daemon.start()
    # Mended, it is over.
    assert daemon.call("PATCH", "/v1/tiers/shop/web", {"demand": "sum(load)"}).status == 200
    wait_until(lambda: not any("it is not evaluated" in p["message"] for p in
                               daemon.get("/v1/status").doc["problems"]), "it is over")


@pytest.mark.parametrize("method, path, body", [
    ("POST", "/v1/holds", {"stack": "shop", "reason": "a\nfake row"}),
    ("POST", "/v1/holds", {"stack": "shop", "reason": "\x1b[31mred"}),
    ("POST", "/v1/holds", {"stack": "shop", "reason": "\u202egnp.exe"}),
    ("POST", "/v1/holds", {"stack": "shop", "reason": "x" * 501}),
    ("POST", "/v1/holds", {"stack": "shop", "reason": ""}),
    ("POST", "/v1/holds", {"stack": "shop", "reason": "a", "expires": "2027-02-30T00:00:00Z"}),
    ("POST", "/v1/holds", {"stack": "shop", "reason": "a", "expires": "9999-12-31T23:59:60Z"}),
    ("POST", "/v1/tokens", {"name": "a\x1b]0;x\x07"}),
    ("POST", "/v1/tokens", {"name": "a\u2028b"}),
])
def test_text_of_people_is_one_line_and_a_time_is_one(daemon, method, path, body):
    assert daemon.call("PUT", "/v1/stacks/shop", stack()).status == 200
    answer = daemon.call(method, path, body)
    assert answer.status == 400, answer.body
    assert daemon.get("/v1/holds").doc["items"] == []
