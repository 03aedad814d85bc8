# SPDX-License-Identifier: GPL-3.0-or-later
"""foretide drill: a host is killed, one is cut off, the controller is stopped; all of it is
recovered from, reported and kept; and it is refused where it could do harm."""

import json
import os
import re
import signal
import subprocess

import pytest

from rig_tools import Load, Quick
from store_tools import BUILD
from test_api import fits, schema_of

ALWAYS = "daily 00:00-24:00"
DEMAND = "demand = sum(rate(quick_requests_total))\n"


def two_web(name, text):
    """Two servers, whatever is asked of them."""
    if name == "stack.conf":
        text = text.replace(DEMAND, "").replace("[tier web]\nunit = web@.service\npool = web\nmin = 1",
                                                "[tier web]\nunit = web@.service\npool = web\nmin = 2")
    return text


@pytest.fixture(name="quick", scope="module")
def fixture_quick():
    with Quick(time_scale=1, boot_delay="0s", edit=two_web,
               options={"controller.metrics_interval": "500ms", "controller.tick": "500ms",
                        "controller.host_grace": "6s"}) as q:
        q.start()
        q.apply()
        q.up(web=2)
        yield q


def refused(quick, words, status=409, **body):
    for dry in ("?dry_run=true", ""):
        got, doc = quick.request("POST", "/v1/drills" + dry, {"stack": "quick", "window": ALWAYS, **body})
        assert got == status and words in doc["detail"], doc
    return doc


# ---------------------------------------------------------------- refused

def test_a_drill_is_refused_where_it_could_do_harm(quick):
    ready(quick)
    assert quick.api("/v1/drills?dry_run=true", "POST", {"stack": "quick", "window": ALWAYS})["steps"]
    refused(quick, "no window is stated", window=None)
    now = quick.api("/v1/status")["now"]
    year = int(now[:4])
    refused(quick, "outside the window", window=f"{year + 1}-01-01..{year + 1}-01-02")
    refused(quick, "is not a window", 400, window="at night")
    refused(quick, "for must be", 400, **{"for": "1h"})
    refused(quick, "nosuch", 404, stack="nosuch")
    refused(quick, "no host 'web-00000000'", 404, host="web-00000000")
    (lb,) = quick.hosts("lb")
    refused(quick, "has no spare", host=lb["id"])
    assert "instance of quick/lb" in refused(quick, "has no spare", host=lb["id"])["detail"]
    hold = quick.api("/v1/holds", "POST", {"stack": "quick", "tier": "lb", "reason": "a look"})["id"]
    assert [h["id"] for h in refused(quick, f"hold {hold}")["holds"]] == [hold]
    quick.api(f"/v1/holds/{hold}", "DELETE")
    operator = quick.api("/v1/tokens", "POST", {"name": "op", "role": "operator"})["token"]
    status, _ = quick.request("POST", "/v1/drills", {"stack": "quick"},
                              headers={"Authorization": f"Bearer {operator}"})
    assert status == 403
    assert quick.api("/v1/drills")["items"] == []


def test_a_stack_that_is_not_whole_or_has_no_spare_is_refused(quick):
    try:
        quick.scale(3)
        refused(quick, "serves with 2 of 3 instances")
        quick.wait("three serve", lambda: len(quick.healthy("web")) == 3)
        quick.scale(1)
        quick.wait("one serves", lambda: len(quick.healthy("web")) == 1 and len(quick.units("web")) == 1
                   and len(quick.hosts("web")) == 1)
        assert "an instance more" in refused(quick, "has no spare")["detail"]
    finally:
        quick.scale(2)
        quick.up(web=2)


def test_the_stacks_own_window_is_kept_to(quick):
    def closed(name, text):
        text = two_web(name, text)
        return text.replace("[stack]\n", "[stack]\ndrill_window = 2001-01-01..2001-01-02\n")
    status, doc = quick.request("PUT", "/v1/stacks/quick", quick.stack(
        lambda n, t: closed(n, t).replace("2001-01-01..2001-01-02", "whenever")))
    assert status == 400 and "is not a window" in doc["detail"]
    changes = quick.api("/v1/stacks/quick", "PUT", quick.stack(closed))["changes"]
    assert ['drill_window "" -> "2001-01-01..2001-01-02"'] == [
        c["detail"] for c in changes if c["kind"] == "stack"]
    refused(quick, "drill_window")
    refused(quick, "drill_window", window=None)
    quick.apply(lambda n, t: closed(n, t).replace("2001-01-01..2001-01-02", "Mon-Sun 00:00-24:00"))
    assert quick.api("/v1/drills?dry_run=true", "POST", {"stack": "quick"})["window"] is None
    quick.apply()


# ---------------------------------------------------------------- made

def ready(quick):
    """Until all is well again, as the controller sees it: the next drill could begin."""
    def whole():
        hosts = quick.hosts()
        return all(h["state"] == "up" for h in hosts) and {h["id"] for h in hosts} == set(
            quick.local_hosts()) and quick.request("POST", "/v1/drills?dry_run=true", {
                "stack": "quick", "window": ALWAYS})[0] == 200
    quick.wait("all is well", whole)


def start(quick, *args):
    return subprocess.Popen([os.path.join(BUILD, "foretide"), "drill", *args], text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=quick.environment())


def test_all_of_it_is_made_followed_reported_and_kept(quick):
    ready(quick)
    before = {h["id"] for h in quick.hosts()}
    with Load(quick, rate=30, scale=1) as load:
        load.flows()
        no = start(quick, "quick", "--window", ALWAYS)
        out, err = no.communicate("n\n")
        assert no.returncode == 6 and "kills host web-" in out and "nothing was changed" in err
        child = start(quick, "quick", "--window", ALWAYS, "--for", "7s", "--yes")
        seen = []
        for line in child.stdout:
            seen.append(line)
            if "kills host web-" in line and "  1. " not in line:
                status, doc = quick.request("POST", "/v1/drills", {"stack": "quick", "window": ALWAYS})
                assert status == 409 and "another drill runs" in doc["detail"]
        status, told = child.wait(), "".join(seen)
        assert status in (0, 1), child.stderr.read()
    drill = json.loads(quick.cli("drill", "--last", "--json").stdout)
    steps = {s["step"]: s for s in drill["steps"]}
    document = quick.api("/openapi.json")
    fits(document, schema_of(document, "/v1/drills/{id}", "get", 200), drill)
    picture = told + json.dumps(drill, indent=1) + quick.picture()
    assert drill["state"] == "done" and drill["ended"] and not drill["why"], picture
    assert [s["state"] for s in drill["steps"]] == ["done"] * 3, picture
    for words in ("kills host", "cuts host", "stops the controller for 7 s", "the controller goes on"):
        assert words in told, picture
    # A real kill: that VM is gone, and no other host ended.
    killed, cut = steps["kill-host"]["host"], steps["cut-host"]["host"]
    assert killed in before and killed not in quick.local_hosts() and cut in quick.local_hosts(), picture
    assert all(s["lost"]["hosts"] == [] for s in steps.values()), picture
    assert steps["kill-host"]["lost"]["units"] and steps["kill-host"]["served_again_ms"] > 0, picture
    assert steps["stop-controller"]["lost"]["units"] == [], picture
    assert steps["stop-controller"]["took_ms"] >= 7000 and steps["cut-host"]["took_ms"] >= 7000, picture
    assert all(t["tier"] == "web" and t["least"] >= 1 for s in steps.values() for t in s["lost"]["tiers"])
    # The balancer counted, and what it counted decides with the rest.
    assert all(s["lost"]["requests_of"] > 0 for s in steps.values()), picture
    lost = sum(s["lost"]["requests"] for s in steps.values())
    assert drill["held"] == (lost == 0) and status == (0 if drill["held"] else 1), picture
    kinds = [e["message"] for e in quick.items("/v1/events?since=0") if e["kind"] == "drill"]
    assert any("starts it" in m for m in kinds) and any("done: " in m for m in kinds)
    table = quick.cli("drill", "--last", "quick").stdout
    assert killed in table and "hosts ended without need: none" in table
    quick.up(web=2)


def test_a_hold_ends_it_early(quick):
    ready(quick)
    begun = quick.api("/v1/drills", "POST", {"stack": "quick", "window": ALWAYS, "for": "2m"})

    def drill():
        return quick.api(f"/v1/drills/{begun['id']}")
    quick.wait("a host is killed", lambda: any("kills host" in line["text"] for line in drill()["log"]))
    hold = quick.api("/v1/holds", "POST", {"stack": "quick", "reason": "enough"})["id"]
    quick.wait("it has ended", lambda: drill()["state"] != "running")
    doc = drill()
    assert doc["state"] == "ended-early" and f"hold {hold}" in doc["why"] and not doc["held"]
    assert [s["state"] for s in doc["steps"]] == ["failed", "waiting", "waiting"]
    quick.api(f"/v1/holds/{hold}", "DELETE")
    ready(quick)


@pytest.mark.parametrize("signo,words", [(signal.SIGTERM, "the controller is being stopped"),
                                         (signal.SIGKILL, "the controller ended while it ran")])
def test_a_controller_that_ends_leaves_nothing_of_it(quick, signo, words):
    ready(quick)
    begun = quick.api("/v1/drills", "POST", {"stack": "quick", "window": ALWAYS, "for": "2m"})
    quick.kill(signo)
    quick.start()
    doc = quick.api(f"/v1/drills/{begun['id']}")
    assert doc["state"] == "interrupted" and words in doc["why"] and doc["ended"], doc
    assert re.search(r"interrupted: .*" + words, quick.cli("drill", "--last").stdout)
    ready(quick)
    assert quick.request("GET", "/v1/drills/999")[0] == 404
