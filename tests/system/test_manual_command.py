# SPDX-License-Identifier: GPL-3.0-or-later
"""What foretide(1) says of its commands, tried on a controller with hosts of its own and on
files. tests/manual/foretide.1.tsv names what tries each of its sentences."""

import http.server
import json
import os
import re
import subprocess
import threading

import pytest

from rig_tools import QUICK, Load, Quick
from store_tools import BUILD, DEADLINE_S, ROOT, free_ports
from test_api import fits, schema_of

FORETIDE = os.path.join(BUILD, "foretide")
RATE = 20


@pytest.fixture(scope="module")
def quick():
    with Quick() as q:
        q.start()
        q.apply()
        q.up()
        yield q


def run(*args, status=0, stdin=None, env=None):
    done = subprocess.run([FORETIDE, *args], capture_output=True, text=True, check=False,
                          timeout=DEADLINE_S, input=stdin, env=env)
    assert done.returncode == status, (args, done.stdout, done.stderr)
    return done


def words(quick, *args):
    """The first line's columns, and the other lines."""
    lines = quick.cli(*args).stdout.splitlines()
    return lines[0].split(), lines[1:]


def test_the_controller_is_found_by_option_environment_or_default(quick, tmp_path):
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    assert "token" in run("status", "--url", quick.url, status=4, env=bare).stderr
    config = tmp_path / ".config/foretide"
    config.mkdir(parents=True)
    (config / "token").write_text(quick.token)
    run("status", "--url", quick.url, env=bare)
    run("status", env={**bare, "FORETIDE_URL": quick.url})
    (config / "token").write_text("ft_wrong")
    run("status", env={**bare, "FORETIDE_URL": quick.url, "FORETIDE_TOKEN": quick.token})
    run("status", "--token-file", str(config / "token"), status=4,
        env={**bare, "FORETIDE_URL": quick.url, "FORETIDE_TOKEN": quick.token})
    nobody, = free_ports(1)
    done = run("status", "--url", f"http://127.0.0.1:{nobody}", status=3, env={**bare, "FORETIDE_URL": quick.url})
    assert str(nobody) in done.stderr
    run("status", "--url", f"https://127.0.0.1:{quick.host_port}", "--ca", quick.path("state/ca/ca.pem"),
        "--token-file", quick.path("token"), env=bare)


def test_lists_have_what_the_manual_says(quick):
    for command, columns in {
            "tiers": "DEMAND CAPACITY FROM DESIRED RUNNING WHY", "stacks": "STACK VERSION",
            "pools": "POOL STATE", "launches": "HOST POOL LEAD",
            "gates": "PROFILE REGION TYPE ZONE STATE WAITS CALLS/S REQUEST", "credentials": "PROFILE DRIVER CHECKED", "hosts": "HOST STATE", "units": "UNIT HOST HEALTH",
            "services": "DNS", "holds": "REASON", "decisions": "AT FROM TO SENTENCE"}.items():
        head, lines = words(quick, command)
        assert set(columns.split()) <= set(head), (command, head)
        assert lines or command == "holds"
        assert isinstance(json.loads(quick.cli(command, "--json").stdout), list)
    assert "web.quick" in quick.cli("services", "--stack", "quick").stdout
    assert quick.cli("status").stdout.strip()
    told = quick.cli("explain", "quick/web").stdout
    assert re.search(r"^  inputs: .*running \d+.*, min 1, max 6", told, re.M), told
    assert re.search(r"^  limiting constraint: \w+", told, re.M), told
    assert "capacity declared" in told


def test_what_is_told_of_hosts_that_run_is_described(quick):
    document = quick.api("/openapi.json")
    host, unit = quick.hosts("web")[0]["id"], quick.healthy("web")[0]["name"]
    for path, pattern in {
            "/v1/status": "/v1/status", "/v1/tiers?explanations=true": "/v1/tiers",
            "/v1/tiers/quick/web": "/v1/tiers/{stack}/{tier}",
            "/v1/tiers/quick/web/explain": "/v1/tiers/{stack}/{tier}/explain",
            "/v1/tiers/quick/web/leads": "/v1/tiers/{stack}/{tier}/leads",
            "/v1/hosts?all=true": "/v1/hosts", f"/v1/hosts/{host}": "/v1/hosts/{host}",
            "/v1/pools": "/v1/pools", "/v1/units": "/v1/units", f"/v1/units/{unit}": "/v1/units/{unit}",
            f"/v1/units/{unit}/logs": "/v1/units/{unit}/logs", "/v1/services?limit=1": "/v1/services",
            "/v1/events": "/v1/events", "/v1/decisions": "/v1/decisions",
            "/v1/series": "/v1/series"}.items():
        answer = quick.api(path)
        fits(document, schema_of(document, pattern, "get", 200), answer)
        assert answer.get("items") != [], path
    services = [(s["stack"], s["name"], s["unit"]) for s in quick.items("/v1/services?limit=1")]
    assert services == sorted(set(services)) and len(services) >= 2
    fits(document, schema_of(document, "/v1/hosts/{host}/drain", "post", 200),
         quick.api(f"/v1/hosts/{host}/drain?dry_run=true", "POST", {}))


def test_the_log_of_a_unit_ends_with_its_end(quick):
    unit = quick.healthy("web")[0]["name"]
    assert len(quick.cli("logs", unit, "--lines", "1").stdout.splitlines()) <= 1


def test_events_follow_until_they_are_interrupted(quick):
    # What runs in the background may have been told to ignore it.
    child = subprocess.Popen(["env", "--default-signal=INT", FORETIDE, "events", "--follow"],
                             stdout=subprocess.PIPE, text=True, env=quick.environment())
    seen = []
    thread = threading.Thread(target=lambda: seen.extend(iter(child.stdout.readline, "")), daemon=True)
    thread.start()
    quick.wait("past events are told", lambda: any("stack-applied" in line for line in seen))
    quick.cli("hold", "quick/web", "--reason", "followed")
    quick.wait("a new one as well", lambda: any("followed" in line for line in seen))
    assert child.poll() is None
    child.send_signal(2)
    child.wait(DEADLINE_S)
    quick.cli("release", "quick/web")
    assert "followed" in quick.cli("events").stdout


def test_holds_are_released_by_place_and_by_number(quick):
    quick.cli("hold", "quick", "--reason", "all of it")
    quick.cli("hold", "quick/web", "--reason", "one")
    holds = {h["reason"]: h for h in json.loads(quick.cli("holds", "--stack", "quick", "--json").stdout)}
    assert {"all of it", "one"} <= set(holds)
    quick.cli("release", str(holds["one"]["id"]))
    left = quick.cli("holds").stdout
    assert "one" not in left.split() and "all of it" in left
    quick.cli("release", "quick")
    assert "all of it" not in quick.cli("holds").stdout


def test_a_token_is_made_listed_and_revoked(quick):
    secret = quick.cli("token", "create", "--name", "reader").stdout.strip()
    assert secret.startswith("ft_")
    as_reader = {**quick.environment(), "FORETIDE_TOKEN": secret}
    run("tiers", env=as_reader)
    assert run("hold", "quick", "--reason", "x", status=4, env=as_reader).stderr
    listed = quick.cli("token", "list").stdout
    line, = [row for row in listed.splitlines() if "reader" in row]
    assert "viewer" in line and secret not in listed
    quick.cli("token", "revoke", line.split()[0])
    run("tiers", status=4, env=as_reader)
    # The last admin that lasts is kept; one's own goes with a warning.
    own = quick.cli("token", "create", "--name", "brief", "--role", "admin", "--for", "1h").stdout
    first, = [row.split()[0] for row in quick.cli("token", "list").stdout.splitlines() if " admin " in row][:1]
    as_brief = {**quick.environment(), "FORETIDE_TOKEN": own.strip()}
    assert "last admin" in run("token", "revoke", first, status=6, env=as_brief).stderr
    brief, = [row.split()[0] for row in quick.cli("token", "list").stdout.splitlines() if "brief" in row]
    assert "warning: this is the token in use" in run("token", "revoke", brief, env=as_brief).stderr


def test_a_demand_is_per_second_of_real_time_and_play_counts_what_it_sends(quick):
    with Load(quick, rate=RATE) as load:
        load.flows(100)
        quick.wait("the demand of the balancer is that of the load",
                   lambda: 0.6 * RATE < (quick.tier("quick", "lb")["demand"]["value"] or 0) < 1.5 * RATE)
        stats = load.finish()
    assert stats["ok"] > 0 and {"sent", "failed", "skipped"} <= set(stats), stats


def test_the_examples_of_the_manual_can_be_typed(quick, tmp_path):
    with open(os.path.join(ROOT, "cli/foretide.1"), encoding="utf-8") as f:
        text = re.sub(r"\\e", r"\\", f.read().split(".Sh EXAMPLES")[1])
    lines = "".join(re.findall(r"\.Bd -literal -offset indent\n(.*?)\.Ed", text, re.S)).splitlines()
    assert len(lines) == 6
    quick.tell("web", [20 + i % 5 for i in range(600)])
    for line in lines:
        if "--follow" in line:
            continue
        line = re.sub(r"(wordpress|shop)/web", "quick/web", line).replace("stacks/wordpress", QUICK)
        env = quick.environment()
        env["PATH"] = BUILD + ":" + env["PATH"]
        done = subprocess.run(["sh", "-c", line], cwd=tmp_path, env=env, capture_output=True, text=True,
                              check=False, timeout=DEADLINE_S)
        assert done.returncode == 0, (line, done.stderr)
    quick.cli("release", "quick/web")


def test_conflicts_exit_with_6(quick):
    done = quick.cli("promote", "quick/web", check=False)
    assert done.returncode == 6 and done.stderr


# ---------------------------------------------------------------- without a controller

def series(path, lines):
    path.write_text("timestamp,value\n" + "".join(f"{t},{v}\n" for t, v in lines))
    return str(path)


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    """Four days of minutes with a day's season."""
    path = tmp_path_factory.mktemp("files") / "days.csv"
    start = 1767571200
    return series(path, [(start + 60 * i, 50 + 40 * (600 < i % 1440 < 1200) + i % 7) for i in range(4 * 1440)])


def test_a_forecast_of_a_file_is_of_two_days(days):
    points = json.loads(run("forecast", days, "--json").stdout)["points"]
    assert len(points) == 48 * 60
    lines = [row for row in run("forecast", days).stdout.splitlines() if re.match(r"\d{4}-", row)]
    assert 40 <= len(lines) <= 50


def test_the_options_of_a_backtest_do_what_they_say(days):
    plain = run("backtest", days, "--capacity", "20", "--play", "1d").stdout
    for name in ("foretide", "reactive", "static peak", "clairvoyant", "instance-hours", "time short", "actions"):
        assert name in plain, name
    more = run("backtest", days, "--capacity", "20", "--play", "1d", "--min", "9").stdout

    def hours(text):
        return float(re.search(r"^foretide +([\d.]+)", text, re.M).group(1))
    assert hours(more) > hours(plain)
    assert hours(more) >= 9 * 23.9
    same = run("backtest", days, "--capacity", "20", "--play", "1d", "--boot", "180s", "--risk", "0.5%", "--dwell",
               "2m", "--action-price", "10", "--billing-min", "0s", "--min", "1", "--step-out", "0", "--step-in", "0",
               "--mode", "auto").stdout
    assert same == plain
    out = run("backtest", days, "--capacity", "20", "--play", "1d", "--mode", "out").stdout
    assert hours(out) > hours(plain)
    run("backtest", days, "--capacity", "20", "--mode", "in", status=2)
    run("backtest", days, "--capacity", "20", "--risk", "0.1%", "--price", "3", status=2)
    run("backtest", days, status=2)


def decide(*lines):
    done = run("decide", "--jsonl", stdin="".join(json.dumps(line) + "\n" for line in lines))
    return [json.loads(row) for row in done.stdout.splitlines()]


def test_decide_answers_as_its_examples_say():
    with open(os.path.join(ROOT, "cli/foretide.1"), encoding="utf-8") as f:
        text = f.read().split(".Ss Decisions as JSON lines")[1].split(".Ss Recorded")[0]
    first, asked = re.findall(r"\.Bd -literal -offset indent\n(.*?)\.Ed", text, re.S)
    init = json.loads(first.replace("\n", ""))
    sample, answer = re.findall(r"\{.*?\}", asked, re.S)
    ready, decision = decide(init, json.loads(sample))
    assert ready["ready"] is True
    assert set(json.loads(answer)) <= set(decision)
    assert decision["fallback_level"] in ("full", "seasonal", "reactive")


def test_decide_takes_defaults_and_bounds():
    start = 1767571200
    plain = {"type": "init", "capacity": 10, "history_start": start, "history": [35 + i % 3 for i in range(1500)]}
    said = {**plain, "interval": 60, "boot_delay": 0, "min": 1, "max": 1000000, "slo": 0.005, "price": 0,
            "mode": "auto", "dwell": 120, "action_price": 10, "step_out": 0, "step_in": 0, "billing": 0,
            "billing_min": 0, "running": 1}
    samples = [{"t": start + 60 * (1500 + i), "value": 36} for i in range(5)]
    assert decide(plain, *samples) == decide(said, *samples)
    held = decide({**plain, "min": 7, "max": 7}, *samples, {"type": "end"}, {"t": 0, "value": 1})
    assert [d["desired"] for d in held[1:]] == [7] * 5
    wrong = run("decide", "--jsonl", status=1,
                stdin=f'{json.dumps(plain)}\n{{"t":"noon"}}\n{json.dumps(samples[0])}\n').stdout
    assert len(wrong.splitlines()) == 2 and "error" in json.loads(wrong.splitlines()[1])
    missing = decide(plain, {"t": start + 60 * 1500, "value": None})
    assert "desired" in missing[1]


def test_decide_replaces_a_launch_that_is_overdue():
    start = 1767571200
    init = {"type": "init", "capacity": 10, "boot_delay": 60, "history_start": start, "running": 4,
            "history": [36 + i % 3 for i in range(1500)]}
    samples = [{"t": start + 60 * (1500 + i), "value": 37, "running": 3, "booting": 1} for i in range(40)]
    told = [dict(s) for s in samples]
    told[0]["leads"] = [60] * 8
    desired = [d["desired"] for d in decide(init, *told)[1:]]
    assert desired[0] == 4 and max(desired) > 4, desired
    again = [dict(s) for s in told]
    for s in again[::2]:
        s["failed"] = 1
    assert "desired" in decide(init, *again)[-1]


def test_an_unknown_zone_exits_with_5(days):
    assert "Nowhere" in run("forecast", days, "--timezone", "Nowhere/At_All", status=5).stderr


def test_recorded_series_are_read_as_described(tmp_path):
    start = 1767571200
    base = [(start + 300 * i, 50 + i % 12) for i in range(600)]
    expected = json.loads(run("forecast", series(tmp_path / "a.csv", base), "--json").stdout)["points"]
    rows = [f"{t};{v}" for t, v in base]
    forms = {
        "semicolons": rows,
        "tabs": [f"{t}\t{v}" for t, v in base],
        "milliseconds": [f"{t}000,{v}" for t, v in base],
        "backwards, with comments": ["# said", "", *[f"{t},{v}" for t, v in reversed(base)]],
        "the later of two": [f"{base[5][0]},999", *[f"{t},{v}" for t, v in base]],
    }
    for name, lines in forms.items():
        path = tmp_path / "b.csv"
        path.write_text("\n".join(lines) + "\n")
        assert json.loads(run("forecast", str(path), "--json").stdout)["points"] == expected, name
    for line, told in ((f"{start + 77},5", "line"), ("noon,5", "line 602"), (f"{start},-5", "line 602")):
        path = tmp_path / "c.csv"
        path.write_text("timestamp,value\n" + "".join(f"{t},{v}\n" for t, v in base) + line + "\n")
        done = run("forecast", str(path), status=1)
        assert told in done.stderr, (line, done.stderr)


def test_local_hosts_are_listed_from_their_folder(quick):
    hosts = json.loads(run("local", "list", "--state-dir", quick.path("local"), "--json").stdout)
    assert len(hosts) >= 2
    assert run("local", "list", "--state-dir", quick.path("nowhere")).stdout


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def test_a_backup_waits_while_another_job_runs(tmp_path):
    asked = []

    class Busy(Site):
        def do_GET(self):
            asked.append(self.path)
            body = b'{"detail": "a backtest of quick/web is running"}' if len(asked) == 1 else b"all"
            self.send_response(503 if len(asked) == 1 else 200)
            self.send_header("Content-Length", str(len(body)))
            if len(asked) == 1:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    done = run("backup", str(tmp_path / "b"), "--url", f"http://127.0.0.1:{server.server_port}")
    assert "a backtest of quick/web is running; waiting" in done.stderr
    assert (tmp_path / "b").read_text() == "all" and asked == ["/v1/backup"] * 2
    server.shutdown()


def test_play_sends_to_a_target_for_as_long_as_it_is_told():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    done = run("play", "--target", f"127.0.0.1:{server.server_port}", "--peak", "50", "--time-scale", "600",
               "--start", "8h", "--for", "10m", "--json")
    stats = json.loads(done.stdout.splitlines()[-1])
    assert stats["ok"] > 0 and stats["failed"] == 0
    listed = run("play", "--list", "--target", "127.0.0.1:1").stdout
    assert len(listed.splitlines()) > 10
    server.shutdown()
