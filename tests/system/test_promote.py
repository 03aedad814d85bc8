# SPDX-License-Identifier: GPL-3.0-or-later
"""A tier's way from observe to out to auto: earned by a backtest, shown, kept, refused."""

import json
import math
import os
import pty
import re
import subprocess
import time

import pytest

from store_tools import BUILD, DEADLINE_S
import test_api
from test_api import fits, fixture_daemon, schema_of, stack  # noqa: F401

DAY = 86400
TIER = "/v1/tiers/shop/web"
CONF = test_api.CONF.replace("max = 2", "max = 40")


def wave(t):
    """A rise each day, which reactive scaling is always late for, and noise."""
    noise = 43758.5453 * math.sin(t * 12.9898) % 1
    return 120 + 100 * math.sin(2 * math.pi * t / DAY) + 20 * noise


def tell(daemon, days, value=wave):
    now = int(time.time()) // 60 * 60
    lines = [f"{t},{value(t):.3f}" for t in range(now - int(days * DAY), now, 60)]
    answer = daemon.call("POST", f"{TIER}/history", "timestamp,value\n" + "\n".join(lines),
                         content="text/csv")
    assert answer.status == 200, answer.body


def up(daemon, days=0.0, value=wave, conf=CONF, **files):
    answer = daemon.call("PUT", "/v1/stacks/shop", stack(**{"stack.conf": conf, **files}))
    assert answer.status == 200, answer.body
    if days:
        tell(daemon, days, value)
    return daemon


def mode(daemon):
    return daemon.get(TIER).doc["mode"]


def cli(daemon, *args, token=None):
    return subprocess.run(
        [os.path.join(BUILD, "foretide"), *args], capture_output=True, text=True, timeout=DEADLINE_S,
        stdin=subprocess.DEVNULL, check=False,
        env=dict(os.environ, FORETIDE_URL=f"http://127.0.0.1:{daemon.port}",
                 FORETIDE_TOKEN=token or daemon.token))


def promoted(daemon):
    return [e["message"] for e in daemon.get("/v1/events?limit=100").doc["items"]
            if e["kind"] == "tier-promoted"]


def test_a_tier_earns_one_mode_after_the_other(daemon):
    up(daemon, days=14)
    document = daemon.get("/openapi.json", token=None).doc
    answer = daemon.call("POST", f"{TIER}/promote")
    assert answer.status == 200, answer.body
    fits(document, schema_of(document, "/v1/tiers/{stack}/{tier}/promote", "post", 200), answer.doc)
    first = answer.doc
    assert (first["from"], first["to"], first["applied"], first["forced"]) == ("observe", "out", True, False)
    row = {p["policy"]: p for p in first["backtest"]["policies"]}
    why = first["verdict"]["why"]
    for figure in (f"short of capacity {100 * row['foretide']['short']:.2f} %", "at most 0.5 % promised",
                   f"{row['foretide']['cost']:.2f} times", f"reactive: {row['reactive (HPA)']['cost']:.2f}"):
        assert figure in why
    assert mode(daemon) == "out"
    second = daemon.call("POST", f"{TIER}/promote", {}).doc
    assert (second["from"], second["to"], mode(daemon)) == ("out", "auto", "auto")
    assert second["backtest"]["played"]["mode"] == "auto", "the mode is played that is promoted into"
    assert [m.split(":")[0].split(" promoted ")[1] for m in promoted(daemon)] == [
        "shop/web from out to auto", "shop/web from observe to out"]
    assert why in promoted(daemon)[1]
    last = daemon.call("POST", f"{TIER}/promote", {"force": True})
    assert last.status == 409 and "already in mode auto" in last.doc["detail"]


def test_the_last_backtest_is_kept_and_shown(daemon):
    up(daemon, days=4)
    assert daemon.get(TIER).doc["backtest"] is None
    assert daemon.get(f"{TIER}/backtest").doc == {"progress": None, "backtest": None}
    made = daemon.call("POST", f"{TIER}/backtest").doc
    assert made["verdict"]["to"] == "out" and made["at"]
    document = daemon.get("/openapi.json", token=None).doc
    fits(document, schema_of(document, "/v1/tiers/{stack}/{tier}/backtest", "get", 200),
         daemon.get(f"{TIER}/backtest").doc)
    daemon.stop()
    daemon.start()
    kept = daemon.get(TIER).doc["backtest"]
    assert {k: v for k, v in kept.items() if k != "verdict"} == {
        k: v for k, v in made.items() if k != "verdict"}
    assert all("backtest" not in t for t in daemon.get("/v1/tiers").doc["items"])


def test_a_backtest_of_other_settings_does_not_count(daemon):
    up(daemon, days=4)
    daemon.call("POST", f"{TIER}/backtest", {"capacity": 400, "risk": 0.05})
    verdict = daemon.get(TIER).doc["backtest"]["verdict"]
    assert not verdict["promote"] and "capacity or lead time than the tier has now" in verdict["why"]
    answer = daemon.call("POST", f"{TIER}/promote").doc
    assert answer["backtest"]["capacity"] == 10, "another one was made"


@pytest.mark.parametrize("days,body,more,words", [
    (0, {}, "", "no history"),
    (1.5, {}, "", "1.5 days of history, and mode out requires 2"),
    (4, {"to": "auto"}, "", "days of history, and mode auto requires 7"),
    (8, {"to": "auto"}, "stateful = yes\n", "stateful"),
    (4, {}, "capacity = 0\n", "not known"),
])
def test_what_is_not_earned_is_refused_and_can_be_forced(daemon, days, body, more, words):
    up(daemon, days=days, conf=CONF.replace("capacity = 10\n", more) if "capacity" in more else CONF + more)
    answer = daemon.call("POST", f"{TIER}/promote", body)
    assert answer.status == 409 and words in answer.doc["detail"], answer.body
    dry = daemon.call("POST", f"{TIER}/promote", {**body, "dry_run": True})
    assert dry.status == 200 and not dry.doc["applied"] and words in dry.doc["verdict"]["why"]
    assert mode(daemon) == "observe" and promoted(daemon) == []
    forced = daemon.call("POST", f"{TIER}/promote", {**body, "force": True})
    assert forced.status == 200 and forced.doc["forced"], forced.body
    assert mode(daemon) == body.get("to", "out")
    (message,) = promoted(daemon)
    assert "by force" in message and words in message


def test_a_tier_with_a_price_is_judged_by_its_whole_cost(daemon):
    up(daemon, days=4, conf=CONF + "price = 0.5\n")
    answer = daemon.call("POST", f"{TIER}/promote").doc
    made = answer["backtest"]
    assert (made["risk"], made["price"], answer["applied"]) == (None, 0.5, True)
    row = {p["policy"]: p for p in made["policies"]}
    optimum = row["clairvoyant"]["instance_hours"]

    def total(policy):
        return row[policy]["cost"] + 0.5 * row[policy]["short"] * 2 * DAY / 60 / optimum

    why = answer["verdict"]["why"]
    # What is played is a minute more or less than two days.
    told = re.search(r"([\d.]+) times the least .*\(reactive: ([\d.]+)\)", why)
    assert told, why
    assert float(told[1]) == pytest.approx(total("foretide"), abs=0.011)
    assert float(told[2]) == pytest.approx(total("reactive (HPA)"), abs=0.011)
    assert "priced at 0.5 instance-hours" in why
    # In mode out an instance more of the peak is chance.
    chance = row["reactive (HPA)"]["cost"] / made["needed"]
    assert total("foretide") <= total("reactive (HPA)") + chance


@pytest.mark.parametrize("more,bound", [
    ("max = 8\n", "its maximum of 8 leaves it short"),
    ("schedule = days: daily 00:00-24:00 max=8\n", "its schedules leave it short"),
    ("pool", "its pool, with room for 8, leaves it short"),
])
def test_what_keeps_a_tier_short_is_named(daemon, more, bound):
    """All of one past, of which reactive scaling and any other policy would be short as well."""
    if more == "pool":
        conf = CONF.replace("[pool web]\ndriver = fake\nmax = 40", "[pool web]\ndriver = fake\nmax = 8")
        assert conf != CONF
    elif more.startswith("max"):
        tier = CONF.index("[tier web]")
        conf = CONF[:tier] + CONF[tier:].replace("max = 40\n", more)
    else:
        conf = CONF + more
    unit = "[Service]\nExecStart=/bin/sleep infinity\n[X-Fleet]\nConflicts=web@*\n"
    up(daemon, days=4, conf=conf, **{"units/web@.service": unit})
    answer = daemon.call("POST", f"{TIER}/promote", {"dry_run": True}).doc
    made, why = answer["backtest"], answer["verdict"]["why"]
    assert not answer["verdict"]["promote"] and why.startswith(bound), why
    assert why.endswith(f"; {made['needed']} are needed at most") and made["needed"] > 20
    (kept,) = [k for k, v in made["short_by"].items() if v]
    assert kept == {"max": "max", "sch": "schedule", "poo": "room"}[more[:3]]
    for policy in made["policies"]:
        assert policy["short"] >= made["short_by"][kept] - 1e-9
    assert mode(daemon) == "observe"


def test_what_is_promoted_into_is_what_is_played(daemon):
    up(daemon, days=8)
    cost = {}
    for to in ("out", "auto"):
        answer = daemon.call("POST", f"{TIER}/promote", {"to": to, "dry_run": True}).doc
        row = {p["policy"]: p for p in answer["backtest"]["policies"]}
        assert answer["backtest"]["played"]["mode"] == to
        cost[to] = row["foretide"]["cost"]
        assert ("nothing is scaled in in mode out" in answer["verdict"]["why"]) == (to == "out")
    assert cost["out"] > 1.3 * cost["auto"]


def test_what_a_minimum_costs_is_named(daemon):
    up(daemon, days=4, conf=CONF + "min = 35\n")
    answer = daemon.call("POST", f"{TIER}/promote", {"dry_run": True}).doc
    made = answer["backtest"]
    assert made["policies"][0]["cost"] == pytest.approx(1, abs=0.01)
    assert f"its minimum alone costs {made['minimum_cost']:.2f} times what demand needs" in answer["verdict"]["why"]


def test_a_dry_run_promotes_nothing(daemon):
    up(daemon, days=4)
    for path, body in ((f"{TIER}/promote?dry_run=true", None), (f"{TIER}/promote", {"dry_run": True})):
        answer = daemon.call("POST", path, body)
        assert answer.status == 200 and not answer.doc["applied"] and answer.doc["verdict"]["promote"]
    assert mode(daemon) == "observe" and promoted(daemon) == []


@pytest.mark.parametrize("body,words", [
    ({"to": "observe"}, "out or auto"), ({"to": "up"}, "out or auto"), ({"to": 3}, "to"),
    ({"force": "yes"}, "force"), ({"tier": "web"}, "tier"), ("[]", "object"), ("{", "JSON"),
])
def test_a_wrong_wish_is_refused_in_words(daemon, body, words):
    up(daemon)
    answer = daemon.call("POST", f"{TIER}/promote", body)
    assert answer.status == 400 and words in answer.doc["detail"], answer.body
    assert mode(daemon) == "observe"


def test_a_viewer_sees_the_backtest_and_promotes_nothing(daemon):
    up(daemon)
    viewer = daemon.call("POST", "/v1/tokens", {"name": "eve", "role": "viewer"}).doc["token"]
    assert daemon.get(f"{TIER}/backtest", token=viewer).status == 200
    assert daemon.call("POST", f"{TIER}/promote", {"force": True}, token=viewer).status == 403
    assert cli(daemon, "promote", "shop/web", "--force", token=viewer).returncode == 4
    assert daemon.call("POST", "/v1/tiers/shop/nosuch/promote").status == 404


# ---------------------------------------------------------------- by command
def test_the_command_shows_the_table_and_promotes(daemon):
    up(daemon, days=4)
    r = cli(daemon, "promote", "shop/web", "--dry-run")
    assert r.returncode == 0, r.stderr
    assert "observe -> out: eligible; short " in r.stdout and mode(daemon) == "observe"
    r = cli(daemon, "promote", "shop/web", "--yes")
    assert r.returncode == 0, r.stderr
    cost = {p["policy"]: p["cost"] for p in daemon.get(TIER).doc["backtest"]["policies"]}
    rows = {line[:16].strip(): line[16:].split() for line in r.stdout.splitlines() if "%" in line and line[0].isalpha()}
    for policy, value in cost.items():
        assert float(rows[policy][1]) == pytest.approx(value, abs=0.001)
    assert "mode = out in its section of stack.conf" in " ".join(r.stdout.split())
    assert mode(daemon) == "out"
    diff = daemon.call("PUT", "/v1/stacks/shop?dry_run=true", stack(**{"stack.conf": CONF})).doc["changes"]
    assert ['mode "out" (set by hand) -> "observe"'] == [c["detail"] for c in diff if c["kind"] == "tier"]


def at_terminal(daemon, answer, *args):
    """Runs the command on a terminal and answers its question: (status, all that was seen)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(FORETIDE_URL=f"http://127.0.0.1:{daemon.port}", FORETIDE_TOKEN=daemon.token)
        os.execv(os.path.join(BUILD, "foretide"), ["foretide", *args])
    seen = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the command ended
            break
        if not part:
            break
        seen += part
        if b"[y/N]" in part:
            os.write(terminal, answer)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()


def test_at_a_terminal_the_command_shows_progress_and_asks(daemon):
    up(daemon, days=21)
    status, seen = at_terminal(daemon, b"n\n", "promote", "shop/web")
    assert status == 6 and "Promote shop/web from observe to out? [y/N]" in seen and "nothing was changed" in seen
    assert "\r[####" in seen and mode(daemon) == "observe"
    status, seen = at_terminal(daemon, b"y\n", "promote", "shop/web")
    assert status == 0 and "[####" not in seen, "the backtest of a moment ago counts"
    assert mode(daemon) == "out"


def test_the_command_refuses_with_the_reason_and_can_be_forced(daemon):
    up(daemon, days=1)
    r = cli(daemon, "promote", "shop/web", "--yes")
    assert r.returncode == 6 and "requires 2" in r.stdout and "stays in mode observe" in r.stderr
    assert mode(daemon) == "observe"
    r = cli(daemon, "promote", "shop/web", "--to", "auto", "--force", "--yes", "--json")
    assert r.returncode == 0 and json.loads(r.stdout)["forced"] and mode(daemon) == "auto"


def test_the_command_says_what_is_wrong(daemon):
    up(daemon)
    for args, status, words in ((("shop/web", "--to", "down"), 2, "out auto"), ((), 2, "takes 1"),
                                (("shop/nosuch",), 5, "shop/nosuch"), (("shop/web",), 6, "stays in mode")):
        r = cli(daemon, "promote", *args)
        assert (r.returncode, words in r.stdout + r.stderr) == (status, True), (args, r)
