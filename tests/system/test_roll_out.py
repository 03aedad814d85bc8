# SPDX-License-Identifier: GPL-3.0-or-later
"""A new version of a unit's text that is not as good as the old one stops at its first
instance, is told, and goes back; a unit that exists once is replaced before it goes."""

import re

import pytest

from rig_tools import Load, Quick

SINGLE = {"stack.conf": lambda t: t.replace("lb@.service", "lb.service")
          .replace("max = 2\n", "max = 1\n"),  # of its pool and of its tier
          "units/lb@.service": lambda t: t.replace("Conflicts=lb@*", "Conflicts=web@*")
          .replace("%i", "alone")}


def single_balancer(name, text):
    """The quick stack, whose balancer is no template."""
    return SINGLE.get(name, lambda t: t)(text)


class Single(Quick):
    def stack(self, edit=None):
        doc = super().stack(edit)
        doc["files"]["units/lb.service"] = doc["files"].pop("units/lb@.service")
        return doc


@pytest.fixture
def single():
    with Single(boot_delay="30s", edit=single_balancer) as q:
        q.start()
        q.apply()
        q.scale(2)
        yield q.up(web=2)


def test_the_only_balancer_is_replaced_before_it_is_drained_and_no_request_fails(single):
    victim = single.healthy("lb")[0]["host"]
    serving = []

    def moved():
        serving.append(len(single.healthy("lb")))
        lb = single.units("lb")
        return (victim not in [h["id"] for h in single.hosts("lb")] and len(lb) == 1
                and lb[0]["name"] == "lb.service" and len(single.healthy("lb")) == 1)

    with Load(single, rate=10) as load:
        load.flows()
        single.cli("drain", victim, "--yes")
        single.wait("the balancer serves elsewhere and its old host is gone", moved)
        load.flows(10)
        load.finish_without_failure()
    assert min(serving) >= 1, serving
    assert victim not in single.local_hosts()


# ---------------------------------------------------------------- roll-outs

WEB = "units/web@.service"
SERVER = "/usr/bin/python3 -I /etc/quick/server.py"


@pytest.fixture
def quick():
    with Quick() as q:
        q.start()
        q.apply()
        q.scale(3)
        yield q.up(web=3)


def change(command, more=None):
    """The quick stack whose web runs another command, with more for stack.conf."""
    def edit(name, text):
        if name == "stack.conf" and more:
            return text.replace("[stack]\n", f"[stack]\n{more}\n")
        return text.replace(SERVER, command) if name == WEB else text
    return edit


def problem(q, kind):
    return next((p["message"] for p in q.api("/v1/status")["problems"] if p["kind"] == kind), None)


def texts(q):
    """How many instances of web run each text."""
    hashes = [row[0] for row in q.db("SELECT hash FROM unit WHERE tier = 'web'")]
    return sorted(hashes.count(h) for h in set(hashes))


def launches(q):
    return len([e for e in q.items("/v1/events?since=0") if e["kind"] == "host-launched"])


def stopped(q, why):
    return q.wait(f"the roll-out has stopped: {why}", lambda: next(
        (w for w in [problem(q, "rollout-stopped")] if w and why in w), None))


def test_a_version_that_does_not_serve_stops_at_the_first_until_a_person_goes_back(quick):
    first = quick.api("/v1/stacks/quick")["version"]
    before = launches(quick)
    # It runs, and never answers its check.
    quick.apply(change("/bin/sleep 1000000"))
    words = stopped(quick, "has not come to serve")
    # The fourth, with the old text, is started in its place.
    assert re.search(rf"version {first + 1} to quick/web has stopped at 1 of [34] instances: unit web@",
                     words), words
    quick.wait("three serve", lambda: len(quick.healthy("web")) == 3)
    # It crashes.
    quick.apply(change("/bin/false"))
    words = stopped(quick, "failed")
    assert f"version {first + 2} to quick/web" in words and "foretide rollback quick" in words, words
    assert sum(texts(quick)) - max(texts(quick)) <= 1, texts(quick)
    assert launches(quick) <= before + 1
    # A person looks at what going back means, and does it.
    quick.api("/v1/tiers/quick/web", "PATCH", {"max": 5})
    shown = quick.cli("rollback", "quick", "--dry-run").stdout
    assert f"version {first} is applied again" in shown, shown
    assert "max 5 (set by hand) -> 6" in shown and "change  unit  web@.service" in shown, shown
    quick.cli("rollback", "quick", "--yes")
    quick.wait("the roll-out is no problem any more", lambda: not problem(quick, "rollout-stopped"))
    quick.wait("all run the old text", lambda: len(texts(quick)) == 1
               and len(quick.healthy("web")) >= 3)
    kept = quick.items("/v1/stacks/quick/versions")
    assert [(v["version"] - first, v["in_force"]) for v in kept] == [
        (3, True), (2, False), (1, False), (0, False)], kept
    status, doc = quick.request("POST", "/v1/stacks/quick/rollback", {"version": 999})
    assert status == 404 and f"kept are {first + 3}, {first + 2}, " in doc["detail"], doc


def test_a_version_that_answers_with_errors_stops_at_the_first_and_goes_back_by_itself(quick):
    server = ("/usr/bin/python3 -c \"import http.server as h;"
              "P=type('P',(h.BaseHTTPRequestHandler,),{'do_GET':lambda s:"
              "(s.send_response(200 if s.path=='/alive' else 500),s.end_headers())});"
              "h.ThreadingHTTPServer(('',8080),P).serve_forever()\"")
    # Three serve it with room to spare: what is measured wavers by a request or two.
    with Load(quick, rate=12) as load:
        load.flows(60)
        quick.apply(change(server, "rollback = auto"))
        event = quick.wait("the roll-out has stopped", lambda: next(
            (e for e in quick.items("/v1/events?since=0") if e["kind"] == "rollout-stopped"), None))
        assert "answers with errors:" in event["message"], event
        quick.wait("it went back", lambda: any(
            e["kind"] == "stack-rolled-back" for e in quick.items("/v1/events?since=0")))
        quick.wait("all serve with the old text",
                   lambda: len(texts(quick)) == 1 and len(quick.healthy("web")) >= 3
                   and problem(quick, "rollout-stopped") is None)
    stops = [e for e in quick.items("/v1/events?since=0") if e["kind"] == "rollout-stopped"]
    assert len(stops) == 1, stops
