# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller as a whole, over its REST API: what it answers fits what it describes,
what is wrong is refused with one clear message, and a restart forgets nothing."""

import datetime
import json
import math
import os
import random
import signal
import sqlite3
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import jsonschema
import pytest

from store_tools import BUILD, DEADLINE_S, free_ports, told_token, wait_until

UNIT = """[Service]
ExecStart=/bin/true
[X-Resources]
CPU=0.5
Memory=128M
"""
CONF = """[stack]
name = shop
[pool web]
driver = fake
max = 2
[tier web]
unit = web@.service
max = 2
mode = observe
demand = sum(rate(shop_requests_total))
capacity = 10
"""


def stack(**files):
    texts = {"stack.conf": CONF, "units/web@.service": UNIT}
    texts.update(files)
    return {"files": {name: text for name, text in texts.items() if text is not None}}


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def doc(self):
        return json.loads(self.body)


class Foretided:
    """A controller with a cloud that is a file, on ports of its own."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.state = os.path.join(self.folder, "state")
        self.port, self.host_port = free_ports(2)
        self.token = None
        self.process = None
        credentials = os.path.join(self.folder, "credentials")
        with open(credentials, "w", encoding="ascii") as f:
            f.write("[fake]\n")
        os.chmod(credentials, 0o600)
        config = os.path.join(self.folder, "foretide.conf")
        with open(config, "w", encoding="ascii") as f:
            f.write(f"[controller]\nstate_dir = {self.state}\n"
                    f"listen = 127.0.0.1:{self.port}\n"
                    f"host_listen = 127.0.0.1:{self.host_port}\n"
                    f"advertise = https://127.0.0.1:{self.host_port}\n"
                    f"credentials = {credentials}\n"
                    f"drivers_dir = {os.path.join(BUILD, 'drivers')}\n"
                    f"agent = {os.path.join(BUILD, 'foretide-agent')}\n"
                    "tick = 1s\n"
                    f"[driver fake]\ndir = {os.path.join(self.folder, 'cloud')}\n")
        self.command = [os.path.join(BUILD, "foretided"), "-c", config]

    def start(self):
        out = open(os.path.join(self.folder, "out"), "ab")
        err = open(os.path.join(self.folder, "err"), "ab")
        with out, err:
            self.process = subprocess.Popen(self.command, stdout=out, stderr=err)
        wait_until(self.is_up, "the controller answers")
        self.token = wait_until(self.printed_token, "the token is printed")
        return self

    def printed_token(self):
        with open(os.path.join(self.folder, "out"), encoding="ascii") as f:
            return told_token(f.read())

    def is_up(self):
        if self.process.poll() is not None:
            with open(os.path.join(self.folder, "err"), encoding="utf-8") as f:
                pytest.fail("foretided ended: " + f.read())
        try:
            return all(self.call("GET", "/healthz", token=None, tls=tls).status == 200
                       for tls in (False, True))
        except OSError:
            return False

    def stop(self, signo=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signo)
            self.process.wait(DEADLINE_S)

    def call(self, method, path, body=None, token="own", content="application/json",
             headers=None, tls=False):
        scheme, port = ("https", self.host_port) if tls else ("http", self.port)
        data = body if body is None or isinstance(body, bytes) else (
            body.encode() if isinstance(body, str) else json.dumps(body).encode())
        request = urllib.request.Request(f"{scheme}://127.0.0.1:{port}{path}", data=data,
                                         method=method, headers=dict(headers or {}))
        if data is not None:
            request.add_header("Content-Type", content)
        if token:
            request.add_header("Authorization",
                               "Bearer " + (self.token if token == "own" else token))
        context = None
        if tls:
            context = ssl.create_default_context(
                cafile=os.path.join(self.state, "ca", "ca.pem"))
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S, context=context) as r:
                return Answer(r.status, r.headers, r.read())
        except urllib.error.HTTPError as e:
            with e:
                return Answer(e.code, e.headers, e.read())

    def get(self, path, **more):
        return self.call("GET", path, **more)


@pytest.fixture(name="daemon")
def fixture_daemon(tmp_path):
    d = Foretided(tmp_path)
    try:
        yield d.start()
    finally:
        d.stop()


def closed(schema):
    """The schema, whose objects have the members that it describes and no others."""
    if isinstance(schema, list):
        return [closed(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    made = {k: closed(v) for k, v in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") in ("object", ["object", "null"]):
        made.setdefault("additionalProperties", False)
    return made


def fits(document, schema, instance):
    """Checks an answer against a schema of the document, references and all: what is sent is
    described."""
    jsonschema.Draft202012Validator(
        closed({"components": document["components"], **schema})).validate(instance)


def schema_of(document, path, method, status):
    response = document["paths"][path][method]["responses"][str(status)]
    return response["content"]["application/json"]["schema"]


READS = {
    "/v1/status": "/v1/status",
    "/v1/whoami": "/v1/whoami",
    "/v1/stacks": "/v1/stacks",
    "/v1/stacks/shop": "/v1/stacks/{stack}",
    "/v1/stacks/shop/events": "/v1/stacks/{stack}/events",
    "/v1/tiers": "/v1/tiers",
    "/v1/tiers/shop/web": "/v1/tiers/{stack}/{tier}",
    "/v1/tiers/shop/web/explain": "/v1/tiers/{stack}/{tier}/explain",
    "/v1/tiers/shop/web/decisions?explanations=true":
        "/v1/tiers/{stack}/{tier}/decisions",
    "/v1/tiers/shop/web/leads": "/v1/tiers/{stack}/{tier}/leads",
    "/v1/tiers/shop/web/series?step=1m": "/v1/tiers/{stack}/{tier}/series",
    "/v1/tiers/shop/web/forecast": "/v1/tiers/{stack}/{tier}/forecast",
    "/v1/holds?all=true": "/v1/holds",
    "/v1/pools": "/v1/pools",
    "/v1/pools/web": "/v1/pools/{pool}",
    "/v1/hosts?all=true": "/v1/hosts",
    "/v1/units": "/v1/units",
    "/v1/services": "/v1/services",
    "/v1/ledger": "/v1/ledger",
    "/v1/costs": "/v1/costs",
    "/v1/costs?stack=shop&days=true": "/v1/costs",
    "/v1/ledger?month=all&days=true&stack=shop": "/v1/ledger",
    "/v1/decisions": "/v1/decisions",
    "/v1/events": "/v1/events",
    "/v1/tokens": "/v1/tokens",
    "/v1/series": "/v1/series",
    "/v1/series/data?expr=sum(shop_load%7Bstack%3D%22shop%22%7D)": "/v1/series/data",
}


def test_every_answer_fits_its_description(daemon):
    document = daemon.get("/openapi.json", token=None).doc
    conf = CONF.replace("max = 2", "max = 9") + "[event sale]\nwhen = yearly 01-01 .. 12-31\nuplift = 1.5\n"
    assert daemon.call("PUT", "/v1/stacks/shop", stack(**{"stack.conf": conf})).status == 200
    assert daemon.call("POST", "/v1/holds",
                       {"stack": "shop", "reason": "test"}).status == 201
    pushed = daemon.call("POST", "/v1/metrics?stack=shop&tier=web",
                         "# TYPE shop_load gauge\nshop_load 5\n", content="text/plain")
    now = int(time.time())
    lines = [f"{t},{20 + 10 * math.sin(t / 86400 * 2 * math.pi)}"
             for t in range(now - 3 * 86400, now, 300)]
    history = daemon.call("POST", "/v1/tiers/shop/web/history",
                          "timestamp,value\n" + "\n".join(lines), content="text/csv")
    assert history.status == 200 and history.doc["added"] > 4000, history.body
    assert (pushed.status, pushed.doc["added"]) == (200, 1), pushed.body
    wait_until(lambda: daemon.get("/v1/tiers/shop/web/explain").status == 200,
               "a tick explained the tier")
    wait_until(lambda: daemon.get("/v1/tiers/shop/web/forecast").status == 200,
               "there is a forecast")
    backtest = daemon.call("POST", "/v1/tiers/shop/web/backtest",
                           {"boot": "180s", "play": "1d"})
    assert backtest.status == 200, backtest.body
    fits(document, schema_of(document, "/v1/tiers/{stack}/{tier}/backtest", "post", 200),
         backtest.doc)
    cost = {p["policy"]: p["cost"] for p in backtest.doc["policies"]}
    assert len(cost) == 5 and min(cost.values()) == pytest.approx(1)
    for path, pattern in READS.items():
        answer = daemon.get(path)
        assert answer.status == 200, (path, answer.body)
        fits(document, schema_of(document, pattern, "get", 200), answer.doc)


def test_what_was_promised_and_kept_is_shown(daemon):
    assert daemon.call("PUT", "/v1/stacks/shop", stack()).status == 200
    now = int(time.time())
    lines = "".join(f"{t},{20 + t // 300 % 2}\n" for t in range(now - 2 * 86400, now, 300))
    assert daemon.call("POST", "/v1/tiers/shop/web/history", lines,
                       content="text/csv").status == 200
    wait_until(lambda: daemon.get("/v1/tiers/shop/web").doc.get("promise"), "there is a forecast")
    promise = daemon.get("/v1/tiers/shop/web").doc["promise"]
    assert promise["price"] is None and 0 < promise["risk"] < 1
    tier = daemon.get("/v1/tiers/shop/web").doc
    assert 0 <= tier["model_short"] < 1
    assert (tier["kept"]["minutes_known"], tier["achieved"], promise["achieved"]) == (0, None, None)
    assert [b["level"] for b in promise["bands"]] == [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995]
    (lead,) = promise["bands"][1]["leads"]
    assert lead["lead_ms"] == 120000 and 0.4 < lead["achieved"] <= 1
    assert daemon.get("/v1/tiers/shop/web/explain").doc["promise"] is not None
    told = subprocess.run([os.path.join(BUILD, "foretide"), "explain", "shop/web", "--url",
                           f"http://127.0.0.1:{daemon.port}"], capture_output=True, text=True,
                          env={**os.environ, "FORETIDE_TOKEN": daemon.token}, check=False)
    assert told.returncode == 0, told.stderr
    assert "COVERAGE PROMISED" in told.stdout and "99.5 %" in told.stdout
    assert "promised; no minute measured yet this month" in told.stdout
    assert daemon.call("PATCH", "/v1/tiers/shop/web", {"price": 20}).status == 200
    wait_until(lambda: daemon.get("/v1/tiers/shop/web").doc["promise"]["price"] == 20,
               "the price took the place of the risk")
    assert daemon.get("/v1/tiers/shop/web").doc["promise"]["risk"] is None


def test_a_dry_run_answers_as_described_and_changes_nothing(daemon):
    document = daemon.get("/openapi.json", token=None).doc
    assert daemon.call("PUT", "/v1/stacks/shop", stack()).status == 200
    made = {"/v1/holds": daemon.call("POST", "/v1/holds", {"stack": "shop", "reason": "x"}).doc["id"],
            "/v1/tokens": daemon.call("POST", "/v1/tokens", {"name": "a"}).doc["id"]}
    for path, body in (("/v1/holds", {"stack": "shop", "reason": "y"}), ("/v1/tokens", {"name": "b"})):
        before = daemon.get(path).doc
        answer = daemon.call("POST", path + "?dry_run=true", body)
        assert answer.status == 200, answer.body
        fits(document, schema_of(document, path, "post", 200), answer.doc)
        answer = daemon.call("DELETE", f"{path}/{made[path]}?dry_run=true")
        assert str(answer.status) in document["paths"][path + "/{id}"]["delete"]["responses"]
        assert daemon.get(path).doc == before
    for method, path, pattern, body in (
            ("PATCH", "/v1/tiers/shop/web", "/v1/tiers/{stack}/{tier}", {"min": 2}),
            ("PUT", "/v1/stacks/shop", "/v1/stacks/{stack}", stack(**{"stack.conf": CONF + "min = 2\n"})),
            ("DELETE", "/v1/stacks/shop", "/v1/stacks/{stack}", None)):
        answer = daemon.call(method, path + "?dry_run=true", body)
        assert answer.status == 200 and not answer.doc["applied"], answer.body
        fits(document, schema_of(document, pattern, method.lower(), 200), answer.doc)
    assert daemon.get("/v1/tiers/shop/web").doc["min"] == 1


def test_every_list_has_pages(daemon):
    document = daemon.get("/openapi.json", token=None).doc
    for path, methods in document["paths"].items():
        content = methods.get("get", {"responses": {}})["responses"].get("200", {}).get("content", {})
        if "items" in content.get("application/json", {}).get("schema", {}).get("properties", {}):
            names = [p["name"] for p in methods["get"]["parameters"]]
            assert names[-2:] == ["limit", "cursor"], path


def test_announced_events_come_in_pages_each_once(daemon):
    conf = CONF.replace("[tier web]", "[tier db]\nunit = db.service\npool = web\n[tier web]")
    conf += "".join(f"[event sale {n} & more]\nwhen = yearly 01-0{n}\nuplift = 2\n" for n in (1, 2, 3))
    assert daemon.call("PUT", "/v1/stacks/shop", stack(**{"stack.conf": conf, "units/db.service": UNIT})).status == 200
    whole = [(e["tier"], e["name"]) for e in daemon.get("/v1/stacks/shop/events").doc["items"]]
    assert len(whole) == 6 and whole == sorted(whole)
    seen, cursor = [], ""
    while cursor is not None:
        page = daemon.get(f"/v1/stacks/shop/events?limit=2&cursor={urllib.parse.quote(cursor)}").doc
        assert len(page["items"]) == 2
        seen += [(e["tier"], e["name"]) for e in page["items"]]
        cursor = page["next"]
    assert seen == whole


def unix(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
SUMMARY:sale
DTSTART:{start}
DURATION:PT1H
X-FORETIDE-UPLIFT:3
END:VEVENT
END:VCALENDAR
"""


def test_a_season_of_ninety_minutes_is_found_and_shown(daemon):
    now = int(time.time()) // 60 * 60
    noise = random.Random(4)
    lines = "".join(f"{t},{20 + 30 * (t // 2700 % 2) + noise.random()}\n" for t in range(now - 3 * 86400, now, 60))
    assert daemon.call("PUT", "/v1/stacks/shop", stack()).status == 200
    assert daemon.call("POST", "/v1/tiers/shop/web/history", lines, content="text/csv").status == 200
    season, = daemon.get("/v1/tiers/shop/web/forecast").doc["seasons"]
    assert season["period_ms"] == 5400000 and 0.8 < season["correlation"] <= 1
    shown = subprocess.run([os.path.join(BUILD, "foretide"), "forecast", "shop/web", "--url",
                            f"http://127.0.0.1:{daemon.port}"],
                           capture_output=True, text=True, timeout=DEADLINE_S, check=True,
                           env=dict(os.environ, FORETIDE_TOKEN=daemon.token)).stdout
    assert f"season: 1h30m (correlation {season['correlation']:.2f})" in shown


def test_a_calendars_event_is_in_the_forecast_and_named(daemon):
    now = int(time.time())
    begin = now + 1800
    calendar = CALENDAR.format(start=time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(begin)))
    applied = daemon.call("PUT", "/v1/stacks/shop", stack(**{"events/sales.ics": calendar}))
    assert applied.status == 200, applied.body
    assert ("add", "event", "sale") in {(c["action"], c["kind"], c["name"])
                                        for c in applied.doc["changes"]}
    lines = "".join(f"{t},{20 + t // 300 % 2}\n" for t in range(now - 2 * 86400, now, 300))
    assert daemon.call("POST", "/v1/tiers/shop/web/history", lines,
                       content="text/csv").status == 200
    wait_until(lambda: daemon.get("/v1/tiers/shop/web").doc.get("events"),
               "the tier names its events")
    shown = daemon.get("/v1/tiers/shop/web").doc["events"][0]
    assert (shown["name"], shown["uplift"], shown["given"]) == ("sale", 3, True)
    forecast = daemon.get("/v1/tiers/shop/web/forecast?horizon=3h").doc
    assert [e["name"] for e in forecast["events"]] == ["sale"]
    middle = {p["t"]: p["q"][1] for p in forecast["points"]}
    inside = [v for t, v in middle.items() if begin + 300 <= unix(t) < begin + 3300]
    outside = [v for t, v in middle.items() if unix(t) < begin - 600 or unix(t) > begin + 3900]
    assert len(inside) >= 8 and min(inside) > 2.5 * max(outside)
    listed = subprocess.run([os.path.join(BUILD, "foretide"), "calendar", "shop", "--url",
                             f"http://127.0.0.1:{daemon.port}"],
                            capture_output=True, text=True, timeout=DEADLINE_S, check=True,
                            env={**os.environ, "FORETIDE_TOKEN": daemon.token})
    assert "sale" in listed.stdout and "events/sales.ics" in listed.stdout


def test_a_broken_calendar_is_refused_and_changes_nothing(daemon):
    broken = CALENDAR.format(start="someday")
    answer = daemon.call("PUT", "/v1/stacks/shop", stack(**{"events/sales.ics": broken}))
    assert answer.status == 400
    assert "events/sales.ics:3: " in answer.doc["detail"] and "DTSTART" in answer.doc["detail"]
    assert daemon.get("/v1/stacks/shop").status == 404


def test_a_stack_is_shown_applied_and_deleted(daemon):
    dry = daemon.call("PUT", "/v1/stacks/shop?dry_run=true", stack())
    assert dry.status == 200 and not dry.doc["applied"]
    assert {(c["action"], c["kind"]) for c in dry.doc["changes"]} == {
        ("add", "stack"), ("add", "pool"), ("add", "tier"), ("add", "unit")}
    assert daemon.get("/v1/stacks/shop").status == 404

    applied = daemon.call("PUT", "/v1/stacks/shop", stack(),
                          headers={"If-None-Match": "*"})
    assert applied.status == 200 and applied.doc["applied"]
    read = daemon.get("/v1/stacks/shop")
    assert read.doc["files"] == stack()["files"]
    assert read.headers["ETag"] == applied.headers["ETag"] == '"v1"'
    again = daemon.get("/v1/stacks/shop", headers={"If-None-Match": '"v1"'})
    assert again.status == 304
    late = daemon.call("PUT", "/v1/stacks/shop",
                       stack(**{"stack.conf": CONF + "min = 2\n"}),
                       headers={"If-Match": '"v7"'})
    assert late.status == 412

    assert daemon.call("DELETE", "/v1/stacks/shop").status == 200
    wait_until(lambda: not daemon.get("/v1/pools").doc["items"], "the pool is gone")


WRONG_STACKS = [
    (stack(**{"stack.conf": None}), "stack.conf is missing"),
    (stack(**{"stack.conf": CONF + "modus = x\n"}), "stack.conf:12:"),
    (stack(**{"stack.conf": CONF.replace("driver = fake", "driver = mist")}), "mist"),
    (stack(**{"stack.conf": CONF.replace("max = 2\n[tier", "boot_delay = soon\n[tier")}),
     "[pool web]"),
    (stack(**{"stack.conf": CONF.replace("max = 2\n[tier", "dir = /root\n[tier")}),
     "'dir': if the driver has it, it belongs in foretide.conf"),
    (stack(**{"stack.conf": CONF.replace("sum(rate", "sun(rate")}), "[tier web]: demand"),
    (stack(**{"stack.conf": CONF + "schedule = someday\n"}), "stack.conf:12:"),
    (stack(**{"units/web@.service": UNIT + "nonsense\n"}), "units/web@.service:6:"),
    (stack(**{"units/web@.service": UNIT + "[X-Service]\nName=web\nPort=0\n"}),
     "units/web@.service:8:"),
    (stack(**{"conf.d/web/a.toml": "[template]\nsrc = \n"}), "conf.d/web/a.toml:2:"),
    (stack(**{"conf.d/web/a.toml": "[template]\nsrc = \"a\"\ndest = \"/a\"\n"
              "keys = [\"/\"]\n"}), "there is no templates/web/a"),
    ({"files": []}, "must be an object"),
    ({"file": {}}, 'unknown member "file"'),
    ("{", "is not JSON"),
]


@pytest.mark.parametrize("body,words", WRONG_STACKS)
def test_a_wrong_stack_is_refused_in_words_and_nothing_changes(daemon, body, words):
    answer = daemon.call("PUT", "/v1/stacks/shop", body)
    assert answer.status == 400, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert words in answer.doc["detail"]
    assert daemon.get("/v1/stacks").doc["items"] == []


def test_roles_hold_over_both_listeners(daemon):
    made = {role: daemon.call("POST", "/v1/tokens", {"name": role, "role": role}).doc
            for role in ("viewer", "operator")}
    viewer, operator = made["viewer"]["token"], made["operator"]["token"]
    for tls in (False, True):
        assert daemon.get("/v1/status", token=None, tls=tls).status == 401
        assert daemon.get("/v1/status", token=viewer, tls=tls).status == 200
        assert daemon.call("PUT", "/v1/stacks/shop", stack(), token=viewer,
                           tls=tls).status == 403
        assert daemon.call("PUT", "/v1/stacks/shop?dry_run=true", stack(),
                           token=operator, tls=tls).status == 200
        assert daemon.get("/v1/tokens", token=operator, tls=tls).status == 403
        assert daemon.call("POST", "/v3/kv/range", {"key": "Lw=="}, token=operator,
                           tls=tls).status == 403
        assert daemon.call("POST", "/v3/kv/range", {"key": "Lw=="}, tls=tls).status == 200
    listed = daemon.get("/v1/tokens").doc["items"]
    assert [t["name"] for t in listed] == ["admin", "viewer", "operator"]
    assert "ft_" not in json.dumps(listed)


def test_events_stream_and_go_on_where_they_were(daemon):
    seen = []

    def listen():
        request = urllib.request.Request(
            f"http://127.0.0.1:{daemon.port}/v1/events/stream",
            headers={"Authorization": "Bearer " + daemon.token, "Last-Event-ID": "0"})
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as stream:
                for line in stream:
                    seen.append(line.decode().rstrip("\n"))
        except OSError:
            pass

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    daemon.call("PUT", "/v1/stacks/shop", stack())
    wait_until(lambda: "event: stack-applied" in seen, "the event came")
    ids = [int(line[4:]) for line in seen if line.startswith("id: ")]
    assert ids == sorted(set(ids))
    daemon.stop()
    thread.join(DEADLINE_S)
    assert not thread.is_alive()


def test_a_restart_keeps_stacks_tokens_and_authority(daemon):
    daemon.call("PUT", "/v1/stacks/shop", stack())
    hold = daemon.call("POST", "/v1/holds", {"stack": "shop", "reason": "keep"}).doc
    with open(os.path.join(daemon.state, "ca", "ca.pem"), encoding="ascii") as f:
        before = f.read()
    daemon.stop(signal.SIGKILL)
    daemon.start()
    assert daemon.get("/v1/stacks/shop").doc["version"] == 1
    assert daemon.get(f"/v1/holds/{hold['id']}").doc["reason"] == "keep"
    assert daemon.get("/healthz", token=None, tls=True).status == 200
    with open(os.path.join(daemon.state, "ca", "ca.pem"), encoding="ascii") as f:
        assert f.read() == before
    with open(os.path.join(daemon.folder, "out"), encoding="ascii") as f:
        assert f.read().count("admin token") == 1


def test_the_controllers_own_series_are_nobody_elses(daemon):
    for text in ("foretide_demand 7\n", "mine 1\nforetide_healthy{tier=\"web\"} 9\n"):
        answer = daemon.call("POST", "/v1/metrics", text.encode(), content="text/plain")
        assert answer.status == 400 and "foretide_*" in answer.doc["detail"], answer.body
    assert daemon.call("POST", "/v1/metrics", b"mine 1\n", content="text/plain").doc["added"] == 1


def test_admin_rights_are_got_back_on_the_machine(daemon):
    """Also when no admin token is left; secrets lie in files of their owner alone."""
    first = os.path.join(daemon.state, "admin-token")
    assert os.stat(first).st_mode & 0o777 == 0o600
    for name in ("out", "err"):
        with open(os.path.join(daemon.folder, name), encoding="utf-8") as f:
            assert "ft_" not in f.read()
    with sqlite3.connect(os.path.join(daemon.state, "foretide.db")) as db:
        db.execute("UPDATE token SET revoked = 1")
    assert daemon.get("/v1/status").status == 401
    made = subprocess.run(daemon.command + ["--new-admin-token"], capture_output=True,
                          text=True, check=True, timeout=DEADLINE_S)
    path = made.stdout.strip()
    assert os.stat(path).st_mode & 0o777 == 0o600 and "ft_" not in made.stdout + made.stderr
    with open(path, encoding="ascii") as f:
        token = f.read().strip()
    assert daemon.get("/v1/tokens", token=token).status == 200
    assert "token-made" in [e["kind"] for e in
                            daemon.get("/v1/events", token=token).doc["items"]]


def test_what_may_not_start_does_not(tmp_path):
    credentials = tmp_path / "open"
    credentials.write_text("[x]\ntoken = secret-value\n")
    credentials.chmod(0o644)
    port, = free_ports(1)
    cases = [
        ([f"--controller.listen=0.0.0.0:{port}"], "insecure_listen"),
        ([f"--controller.credentials={credentials}"], "0600"),
        (["--controller.tick=never"], "tick"),
        (["--controller.colour=red"], "colour"),
        (["-c", str(tmp_path / "missing.conf")], "missing.conf"),
    ]
    for options, words in cases:
        done = subprocess.run(
            [os.path.join(BUILD, "foretided"), f"--state-dir={tmp_path / 'state'}",
             f"--controller.listen=127.0.0.1:{port}", "--controller.host_listen=127.0.0.1:0",
             f"--controller.credentials={tmp_path / 'none'}", *options],
            capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        assert done.returncode in (1, 2), (options, done)
        assert words in done.stderr, (options, done.stderr)
        assert "secret-value" not in done.stderr


def test_the_same_change_by_several_at_once_succeeds_for_all(daemon):
    """Whoever comes second compares again, and finds that nothing is left to change."""
    daemon.call("PUT", "/v1/stacks/shop", stack())
    for change in range(3, 23):
        answers = []
        body = stack(**{"stack.conf": CONF.replace("capacity = 10", f"capacity = {change}")})
        together = threading.Barrier(4)

        def put(body=body, together=together, answers=answers):
            together.wait(DEADLINE_S)
            answers.append(daemon.call("PUT", "/v1/stacks/shop", body))

        threads = [threading.Thread(target=put) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(DEADLINE_S)
        assert [a.status for a in answers] == [200] * 4, [a.body for a in answers]
        assert sum(a.doc["applied"] for a in answers) == 1, [a.body for a in answers]


def test_what_an_upgrade_refuses_is_told_with_its_tier_and_pool(daemon):
    """What was applied before it belonged into foretide.conf."""
    asked = CONF.replace("sum(rate(shop_requests_total))", "prometheus(http://127.0.0.1:9, sum(x))")
    refused = daemon.call("PUT", "/v1/stacks/shop", stack(**{"stack.conf": asked}))
    assert refused.status == 400 and "prometheus_hosts" in refused.doc["detail"], refused.body
    daemon.stop()
    daemon.command += ["--metrics.prometheus_hosts", "127.0.0.1"]
    daemon.start()
    assert daemon.call("PUT", "/v1/stacks/shop", stack(**{"stack.conf": asked})).status == 200
    daemon.stop()
    del daemon.command[-2:]
    with sqlite3.connect(os.path.join(daemon.state, "foretide.db")) as c:
        c.execute("""UPDATE pool SET config_json = '{"dir": "/tmp"}'""")
    daemon.start()

    def problems():
        return {p["kind"]: p["message"] for p in daemon.get("/v1/status").doc["problems"]}

    told = wait_until(lambda: problems() if {"demand-not-fetched", "pool-failing"} <= set(problems())
                      else None, "both are told")
    words = told["demand-not-fetched"]
    assert "shop/web" in words and "127.0.0.1:9" in words and "[metrics] prometheus_hosts" in words
    words = told["pool-failing"]
    assert "pool web" in words and "'dir'" in words and "[driver fake]" in words, words

    daemon.call("PUT", "/v1/stacks/shop", stack())
    wait_until(lambda: not {"demand-not-fetched", "pool-failing"} & set(problems()), "both are over")
