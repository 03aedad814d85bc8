# SPDX-License-Identifier: GPL-3.0-or-later
"""Each operation of openapi.json is called, on a fleet that serves, and its answer is what the
description says."""
import base64
import json
import math
import os
import re
import subprocess
import time
import urllib.request

import pytest

from rig_tools import Quick
from store_tools import b64, wait_until
from test_api import Foretided, fits, stack
from test_api_described import operations
from test_drill import two_web
from test_identity import request as new_request, steal, with_certificate

TIER = "/v1/tiers/quick/web"


def two_in_observe(name, text):
    return two_web(name, text).replace("mode = auto", "mode = observe")


@pytest.fixture(scope="module", name="quick")
def fixture_quick():
    with Quick(edit=two_in_observe) as q:
        q.start()
        q.apply()
        q.up(web=2)
        now = int(time.time())
        q.request("POST", TIER + "/history",
                  "".join(f"{t},{20 + 10 * math.sin(t / 86400 * 2 * math.pi)}\n"
                          for t in range(now - 3 * 86400, now, 300)), content_type="text/csv")
        q.wait("there is a forecast", lambda: q.request("GET", TIER + "/forecast")[0] == 200)
        yield q


@pytest.fixture(autouse=True)
def fixture_without_holds(quick):
    yield
    for hold in quick.items("/v1/holds"):
        quick.api(f"/v1/holds/{hold['id']}", "DELETE")


def text(q, path):
    request = urllib.request.Request(q.url + path, headers={"Authorization": f"Bearer {q.token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status, answer.read1(200)


def a_hold(q):
    return q.api("/v1/holds", "POST", {"stack": "quick", "tier": "lb", "reason": "looks"})["id"]


def a_token(q):
    return q.api("/v1/tokens", "POST", {"name": f"t{time.monotonic()}"})["id"]


def by_host(q, which, path, body):
    files = steal(q, q.healthy("web")[0]["host"], which)
    status, out = with_certificate(q, files, path, json.dumps(body))
    return status, json.loads(out) if out else None


def renewed(q):
    """A signature by the key in use over what is asked for."""
    files = steal(q, q.healthy("web")[0]["host"], "cert")
    csr = new_request(q)
    return by_host(q, "cert", "/v1/agent/renew", {"csr": csr, "proof": proof(files, csr)})


def proof(files, csr):
    serial = subprocess.run(["openssl", "x509", "-in", files[0], "-noout", "-serial"], check=True,
                            capture_output=True, text=True).stdout.strip().partition("=")[2].lower()
    signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", files[1]], check=True, capture_output=True,
                            input=f"foretide renewal\n{serial}\n{csr}".encode()).stdout
    return base64.b64encode(signed).decode()


GET = {
    "getDescription": "/openapi.json", "getHealth": "/healthz", "getStatus": "/v1/status",
    "getIdentity": "/v1/whoami", "listStacks": "/v1/stacks", "getStack": "/v1/stacks/quick",
    "listStackVersions": "/v1/stacks/quick/versions", "listStackEvents": "/v1/stacks/quick/events",
    "listTiers": "/v1/tiers", "getTier": TIER, "explainTier": TIER + "/explain",
    "listTierDecisions": TIER + "/decisions?explanations=true", "listLeads": TIER + "/leads",
    "getTierSeries": TIER + "/series", "getForecast": TIER + "/forecast", "getBacktest": TIER + "/backtest",
    "getReplay": TIER + "/replay", "listHolds": "/v1/holds?all=true", "listDrills": "/v1/drills",
    "listGates": "/v1/gates", "listPools": "/v1/pools", "getPool": "/v1/pools/web",
    "listLaunches": "/v1/launches?pool=web", "listProfiles": "/v1/profiles",
    "getProfile": "/v1/profiles/local", "listHosts": "/v1/hosts?all=true",
    "listUnits": "/v1/units", "getUnit": "/v1/units/web@1.service",
    "getUnitLog": "/v1/units/web@1.service/logs", "listServices": "/v1/services", "getLedger": "/v1/ledger",
    "listCosts": "/v1/costs",
    "listDecisions": "/v1/decisions", "listEvents": "/v1/events", "listTokens": "/v1/tokens",
    "getEnrolment": "/v1/enrolments/machine/box-1", "listSeries": "/v1/series", "queryRange": "/v1/series/data?expr=sum(quick_requests_total)",
}
TEXTS = {"getDashboard": "/", "getMetrics": "/metrics", "followEvents": "/v1/events/stream",
         "getBackup": "/v1/backup", "getAgent": "/v1/agent/binary", "getStandby": "/v1/agent/standby",
         "getPortableAgent": "/v1/agent/portable"}
OTHER = {
    "getHost": lambda q: q.request("GET", f"/v1/hosts/{q.healthy('web')[0]['host']}"),
    "getHold": lambda q: q.request("GET", f"/v1/holds/{a_hold(q)}"),
    "getDecision": lambda q: q.request("GET", f"/v1/decisions/{q.items('/v1/decisions')[0]['id']}"),
    "applyStack": lambda q: q.request("PUT", "/v1/stacks/quick", q.stack()),
    "rollBackStack": lambda q: q.request("POST", "/v1/stacks/quick/rollback?dry_run=true", {"version": 1}),
    "changeTier": lambda q: q.request("PATCH", TIER, {"risk": 0.01}),
    "importHistory": lambda q: q.request("POST", TIER + "/history?dry_run=true",
                                         f"{int(time.time()) - 600},5\n", content_type="text/csv"),
    "promoteTier": lambda q: q.request("POST", TIER + "/promote?dry_run=true", {}),
    "runBacktest": lambda q: q.request("POST", TIER + "/backtest", {"boot": "180s", "play": "1d"}),
    "runReplay": lambda q: q.request("POST", TIER + "/replay", {}),
    "createHold": lambda q: q.request("POST", "/v1/holds", {"stack": "quick", "tier": "lb", "reason": "y"}),
    "releaseHold": lambda q: q.request("DELETE", f"/v1/holds/{a_hold(q)}"),
    "createToken": lambda q: q.request("POST", "/v1/tokens", {"name": "made"}),
    "revokeToken": lambda q: q.request("DELETE", f"/v1/tokens/{a_token(q)}"),
    "pushSamples": lambda q: q.request("POST", "/v1/metrics?stack=quick&tier=web",
                                       "# TYPE queued gauge\nqueued 5\n", content_type="text/plain"),
    "renewCertificate": renewed,
    "certifyPrograms": lambda q: by_host(q, "cert", "/v1/agent/programs", {"csr": new_request(q)}),
    "pushHostSamples": lambda q: by_host(q, "cert", "/v1/agent/metrics", {"samples": [], "now": 0}),
    "sendLog": lambda q: by_host(q, "cert", "/v1/agent/logs", {"id": 1, "unit": "web@1.service", "lines": []}),
    "callStore": lambda q: by_host(q, "cert", "/v3/kv/range", {"key": b64("/skydns/"), "range_end": b64("/skydns0")}),
    "checkProfile": lambda q: q.request("POST", "/v1/profiles/local/check", {}),
    "drainHost": lambda q: q.request("POST", f"/v1/hosts/{q.healthy('web')[0]['host']}/drain?dry_run=true", {}),
    "startDrill": lambda q: q.request("POST", "/v1/drills?dry_run=true",
                                      {"stack": "quick", "window": "daily 00:00-24:00"}),
    "deleteStack": lambda q: q.request("DELETE", "/v1/stacks/quick?dry_run=true"),
}
# Of a new host: below. Of a drill that was made: test_drill.py. Of a source that fell silent:
# test_week_sources.py. Of a machine that waits: test_static.py.
ELSEWHERE = {"joinHost", "getDrill", "forgetSeries", "askAssignment"}


def by_name(document):
    return {operation["operationId"]: operation for _, operation in operations(document)}


def test_every_operation_is_called_here(quick):
    assert set(by_name(quick.api("/openapi.json"))) == (set(GET) | set(TEXTS) | set(OTHER) | ELSEWHERE)


@pytest.mark.parametrize("name", sorted(set(GET) | set(TEXTS) | set(OTHER)))
def test_an_answer_is_what_the_description_says(quick, name):
    document = quick.api("/openapi.json")
    operation = by_name(document)[name]
    if name in TEXTS:
        status, doc = text(quick, TEXTS[name])
    elif name in GET:
        status, doc = quick.request("GET", GET[name])
    else:
        status, doc = OTHER[name](quick)
    assert str(status) in operation["responses"] and status < 300, (status, doc)
    content = operation["responses"][str(status)].get("content", {})
    if "application/json" in content:
        fits(document, content["application/json"]["schema"], doc)
    elif not content:
        assert not doc, doc


def test_a_host_that_joins_is_answered_as_described(tmp_path, quick):
    daemon = Foretided(tmp_path)
    try:
        daemon.start()
        assert daemon.call("PUT", "/v1/stacks/shop", stack()).status == 200

        def launched():
            path = os.path.join(daemon.folder, "cloud", "cloud.json")
            return os.path.exists(path) and json.load(open(path, encoding="utf-8"))["vms"]
        vm = wait_until(launched, "a VM is launched")[0]
        token = re.search(r"^token = (\S+)$", vm["user_data"], re.M).group(1)
        answer = daemon.call("POST", "/v1/join", {"host": vm["name"], "token": token, "csr": new_request(quick),
                                                  "address": "10.0.0.7"}, token=None, tls=True)
        assert answer.status == 200, answer.body
        document = daemon.get("/openapi.json", token=None).doc
        fits(document, document["components"]["schemas"]["Joined"], answer.doc)
    finally:
        daemon.stop()
