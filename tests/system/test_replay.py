# SPDX-License-Identifier: GPL-3.0-or-later
"""foretide replay against a running controller: recorded decisions made again, and the
recorded demand played with other settings."""

import json
import math
import os
import sqlite3
import subprocess
import time

import pytest

from store_tools import BUILD, DEADLINE_S, wait_until
from test_api import CONF, Foretided, fits, schema_of, stack


@pytest.fixture(name="daemon", scope="module")
def fixture_daemon(tmp_path_factory):
    d = Foretided(tmp_path_factory.mktemp("replay"))
    try:
        d.start()
        assert d.call("PUT", "/v1/stacks/shop", stack()).status == 200
        now = int(time.time())
        lines = [f"{t},{25 + 15 * math.sin(t / 7200 * 2 * math.pi)}"
                 for t in range(now - 3 * 86400, now - 60, 60)]
        history = d.call("POST", "/v1/tiers/shop/web/history",
                         "timestamp,value\n" + "\n".join(lines), content="text/csv")
        assert history.status == 200, history.body
        for limit in (1, 2):  # each change is decided anew
            assert d.call("PATCH", "/v1/tiers/shop/web", {"min": limit}).status == 200
            wait_until(lambda n=limit: len(decisions(d)) >= n, "it was decided")
        yield d
    finally:
        d.stop()


def decisions(d):
    return d.get("/v1/decisions").doc["items"]


def foretide(d, *args):
    env = dict(os.environ, FORETIDE_URL=f"http://127.0.0.1:{d.port}",
               FORETIDE_TOKEN=d.token)
    return subprocess.run([os.path.join(BUILD, "foretide"), *args], env=env,
                          capture_output=True, text=True, timeout=DEADLINE_S)


def replay(d, *args):
    return foretide(d, "replay", *args)


@pytest.fixture(name="other")
def fixture_other(tmp_path):
    def write(text):
        path = tmp_path / "other.conf"
        path.write_text(text)
        return str(path)
    return write


def test_recorded_decisions_are_repeated(daemon):
    assert all(item["has_record"] for item in decisions(daemon))
    r = replay(daemon, "--since", "1h")
    assert r.returncode == 0, r.stdout + r.stderr
    repeated, total = r.stdout.split()[1], r.stdout.split()[3]
    assert repeated == total and int(total) >= 2
    assert "differs" not in r.stdout and "simulated" not in r.stdout


def test_other_settings_are_played_beside_those_in_force(daemon, other):
    file = other("[tier web]\nmax = 9\nmode = auto\n")
    r = replay(daemon, "shop/web", "--since", "3h", "--with", file)
    assert r.returncode == 0, r.stdout + r.stderr
    rows = {line[:12].strip(): line[12:].split() for line in r.stdout.splitlines()
            if line.startswith(("  in force", "  other ")) and "%" in line}
    assert float(rows["other"][0]) > float(rows["in force"][0])  # instance-hours
    assert float(rows["other"][1]) < float(rows["in force"][1])  # short time
    assert int(rows["in force"][-1]) == 2 and int(rows["other"][-1]) > 2
    assert "in force: web stays at 2" in r.stdout
    assert "other:    web goes from 2 to" in r.stdout


def test_the_same_question_has_the_same_answer_and_fits_its_description(daemon, other):
    document = daemon.get("/openapi.json", token=None).doc
    file = other("[tier web]\nmax = 9\nmode = auto\nrisk = 0.1%\n")
    now = time.time()
    span = [time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(now - back))
            for back in (2 * 86400, 600)]
    ask = ("shop/web", "--since", span[0], "--until", span[1], "--with", file, "--all",
           "--json")
    first, second = replay(daemon, *ask), replay(daemon, *ask)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    answers = json.loads(first.stdout)
    fits(document, schema_of(document, "/v1/tiers/{stack}/{tier}/replay", "post", 200),
         answers[0])
    played = answers[0]["played"]
    assert len(played["moments"]) == played["differences"] > 20


def test_a_whole_stack_conf_will_do(daemon, other):
    r = replay(daemon, "--since", "2h", "--with", other(CONF))
    assert r.returncode == 0, r.stderr
    assert "simulated minute by minute" in r.stdout
    elsewhere = replay(daemon, "--with", other(CONF.replace("shop\n", "blog\n", 1)))
    assert elsewhere.returncode == 5 and "no tier 'web'" in elsewhere.stderr


@pytest.mark.parametrize("text,status,words", [
    ("[tier web]\ncolour = red\n", 1, "no option 'colour'"),
    ("[tier web]\nmax = many\n", 1, "max"),
    ("[tier web]\nmode = fast\n", 1, "mode must be"),
    ("[tier web]\nunit = app@.service\n", 1, '"unit" cannot be replayed'),
    ("[tier web]\nschedule = never\n", 1, "schedule 'never'"),
    ("[tier web]\n[tier web]\n", 1, "twice"),
    ("[tier app]\nmax = 2\n", 1, "no [tier web]"),
    ("[stack]\nname = blog\n[tier web]\nmax = 2\n", 1, "of stack shop"),
    ("# nothing\n", 1, "no [tier NAME]"),
    ("max = 2\n[tier web]\n", 1, "before the first section"),
    ("[tier web\n", 1, "other.conf:1"),
])
def test_a_wrong_file_is_refused_in_words(daemon, other, text, status, words):
    r = replay(daemon, "shop/web", "--with", other(text))
    assert r.returncode == status and words in r.stderr, r.stderr
    assert r.stderr.count("\n") == 1 and r.stdout == ""


@pytest.mark.parametrize("args,status,words", [
    (["shop"], 2, "STACK/TIER"),
    (["shop/none"], 5, "none"),
    (["--since", "yesterday"], 2, "--since: 'yesterday'"),
    (["--with", "/nonexistent.conf"], 5, "/nonexistent.conf"),
    (["a/b", "c/d"], 2, "argument"),
    (["--sinc"], 2, "--sinc"),
])
def test_wrong_usage_is_named(daemon, args, status, words):
    r = replay(daemon, *args)
    assert r.returncode == status and words in r.stderr, (r.returncode, r.stderr)


def test_a_past_decision_is_explained(daemon):
    first = decisions(daemon)[-1]
    later = foretide(daemon, "explain", "shop/web", "--at", "2100-01-01T00:00:00+01:00")
    assert later.returncode == 0, later.stderr
    at = decisions(daemon)[-2]["at"]
    past = foretide(daemon, "explain", "shop/web", "--at", at)
    assert past.stdout.splitlines()[0] == f"{first['at']}  {first['sentence']}"
    assert "current" in past.stdout  # the first of the stages
    none = foretide(daemon, "explain", "shop/web", "--at", first["at"])
    assert none.returncode == 5 and "no decision" in none.stderr
    wrong = foretide(daemon, "explain", "shop/web", "--at", "noon")
    assert wrong.returncode == 2 and "is not a time" in wrong.stderr


# Last: it changes rows that the tests above repeat.
def test_a_decision_that_is_not_repeated_is_told_with_its_version(daemon):
    with sqlite3.connect(os.path.join(daemon.state, "foretide.db"), timeout=DEADLINE_S) as db:
        ids = [row[0] for row in db.execute("SELECT id FROM decision ORDER BY id LIMIT 2")]
        db.execute("UPDATE decision SET \"to\" = 77, record ="
                   " replace(record, '\"by\":\"', '\"by\":\"0.0.') WHERE id = ?", ids[:1])
        db.execute("UPDATE decision SET record = '' WHERE id = ?", ids[1:])
    r = replay(daemon, "--since", "1h")
    assert r.returncode == 7, r.stdout + r.stderr
    assert f"decision {ids[0]} differs in to" in r.stdout
    assert "recorded by version 0.0." in r.stdout and "recorded: 77" in r.stdout
    assert "1 have no record (older version)" in r.stdout
