# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong input of each kind: one clear message, an exit status or problem+json, and nothing
has changed."""

import os
import shutil
import sqlite3
import subprocess
import urllib.error
import urllib.request

import pytest

from rig_tools import QUICK, Quick
from store_tools import BUILD, DEADLINE_S, ROOT

# What a refusal may not touch; not the times of looks and of use.
TABLES = {
    "stack": "name, text_json, version",
    "tier": "stack, name, unit, pool, mode, min, max, capacity, demand, risk_ratio",
    "pool": "name, stack, driver, profile, type, min, max, config_json",
    "host": "id, state",
    "unit": "name, host, hash, goal",
    "hold": "stack, tier, owner, reason",
    "token": "name, role, hash, revoked",
}


def rows(q):
    state = {}
    for table, columns in TABLES.items():
        state[table] = sorted(q.db(f"SELECT {columns} FROM {table}"))
    return state


@pytest.fixture(scope="module")
def running():
    """Nothing is to be launched: pools of a cloud that is a file."""
    with Quick() as q:
        os.mkdir(q.path("cloud"))
        q.edit = lambda name, text: text.replace(
            "driver = local", "driver = fake").replace("min = 1", "min = 0")
        shutil.copytree(os.path.join(BUILD, "drivers"), q.path("drivers"))
        shutil.copy(os.path.join(BUILD, "foretide-driver"), q.path("drivers"))
        with open(q.path("foretide.conf"), encoding="ascii") as f:
            text = f.read().replace(os.path.join(BUILD, "drivers"), q.path("drivers"))
        with open(q.path("foretide.conf"), "w", encoding="ascii") as f:
            f.write(text)
        q.start()
        q.apply()
        q.wait("it is decided on", lambda: q.tier("quick", "web")["sentence"])
        yield q


def is_clear(message, words):
    assert words in message, message
    assert "\n" not in message.strip(), message
    assert len(message) < 400, message


def refused(q, status, words, answer):
    got, doc = answer
    assert got == status, doc
    assert doc["status"] == status and doc["title"], doc
    is_clear(doc["detail"], words)


# ---------------------------------------------------------------- stacks

def change(old, new, only):
    def edit(name, text):
        if name != only:
            return text
        assert old in text
        return text.replace(old, new)
    return edit


WRONG = {
    "a stack's option": ("stack.conf", "capacity = 5", "capcity = 5", "capcity"),
    "a stack's number": ("stack.conf", "capacity = 5", "capacity = many", "many"),
    "a stack's pool": ("stack.conf", "pool = web", "pool = wbe", "wbe"),
    "a tier's limits": ("stack.conf", "max = 6", "max = -1", "max"),
    "a demand": ("stack.conf", "sum(rate(quick_requests_total))", "sum(rate(quick_", "demand"),
    "a driver's name": ("stack.conf", "driver = local", "driver = loacl", "loacl"),
    "a unit's section": ("units/web@.service", "[Service]", "[Service", "web@.service"),
    "a unit's fleet rule": ("units/web@.service", "Conflicts=web@*", "Conflicts=web@*\nMachineID=abc",
                            "MachineID"),
    "a unit's check": ("units/web@.service", "Check=http", "Check=htpp", "htpp"),
    "a resource's table": ("conf.d/web/server.toml", "[template]", "[tmplate]", "server.toml"),
    "a resource's TOML": ("conf.d/web/server.toml", 'mode = "0644"', "mode = 0644 x", "server.toml"),
    "a resource's source": ("conf.d/web/server.toml", "server.py\"\ndest", "servr.py\"\ndest",
                            "servr.py"),
    "a template": ("templates/lb/haproxy.cfg", "{{- end}}", "", "haproxy.cfg"),
    "a template's function": ("templates/lb/haproxy.cfg", "json .Value", "jsno .Value", "jsno"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_stack_is_refused_by_the_api_and_the_command(running, kind, tmp_path):
    path, old, new, words = WRONG[kind]
    before = rows(running)

    # Its own edit comes first: the fixture's makes the drivers right.
    def wrong(name, text):
        return running.edit(name, change(old, new, path)(name, text))

    refused(running, 400, words, running.request("PUT", "/v1/stacks/quick", running.stack(wrong)))
    refused(running, 400, words,
            running.request("PUT", "/v1/stacks/quick?dry_run=true", running.stack(wrong)))
    folder = tmp_path / "quick"
    shutil.copytree(QUICK, folder)
    for name, text in running.stack(wrong)["files"].items():
        (folder / name).write_text(text)
    done = running.cli("apply", str(folder), "--yes", check=False)
    assert done.returncode == 1, done.stderr
    is_clear(done.stderr, words)
    assert rows(running) == before


def test_a_folder_that_is_no_stack_is_refused(running, tmp_path):
    before = rows(running)
    for folder in (tmp_path, tmp_path / "missing"):
        done = running.cli("apply", str(folder), "--yes", check=False)
        assert done.returncode in (1, 5)
        is_clear(done.stderr, str(folder))
    assert rows(running) == before


def test_a_driver_of_another_version_is_refused(running):
    source = running.path("old.c")
    with open(source, "w", encoding="ascii") as f:
        f.write('#include "driver.h"\n__attribute__((visibility("default"))) '
                "const struct drv_ops drv_ops = { .abi_major = DRV_ABI_MAJOR + 1, "
                '.name = "old" };\n')
    subprocess.run(["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-iquote",
                    os.path.join(ROOT, "cloud-drivers"), "-iquote", os.path.join(ROOT, "common"),
                    "-o", running.path("drivers/old.so"), source], check=True)
    before = rows(running)
    answer = running.request("PUT", "/v1/stacks/quick", running.stack(
        lambda name, text: text.replace("driver = local", "driver = old")))
    refused(running, 400, "ABI", answer)
    assert rows(running) == before


# ---------------------------------------------------------------- the API

@pytest.mark.parametrize("method,path,body,status,words", [
    ("PUT", "/v1/stacks/quick", "{", 400, "JSON"),
    ("PUT", "/v1/stacks/quick", '{"files": 3}', 400, "files"),
    ("PUT", "/v1/stacks/quick", "[]", 400, "object"),
    ("PATCH", "/v1/tiers/quick/web", '{"min": "two"}', 400, "min"),
    ("PATCH", "/v1/tiers/quick/web", '{"minimum": 2}', 400, "minimum"),
    ("PATCH", "/v1/tiers/quick/web", '{"min": 9, "max": 2}', 400, "m"),
    ("PATCH", "/v1/tiers/quick/wbe", '{"min": 1}', 404, "wbe"),
    ("POST", "/v1/holds", '{"stack": "quick"}', 400, "reason"),
    ("POST", "/v1/holds", '{"stack": "quikc", "reason": "x"}', 404, "quikc"),
    ("POST", "/v1/tokens", '{"name": "x", "role": "king"}', 400, "operator"),
    ("POST", "/v1/metrics", "quick_load not-a-number\n", 400, "1"),
    ("POST", "/v1/tiers/quick/web/history", "timestamp,value\nyesterday,3\n", 400, "line 2"),
    ("GET", "/v1/nothing", None, 404, "nothing"),
    ("GET", "/v1/tiers?stcak=quick", None, 400, "'stcak': stack explanations limit cursor"),
    ("GET", "/v1/status?verbose", None, 400, "'verbose': there are none here"),
    ("PATCH", "/v1/tiers/quick/web?dryrun=true", '{"min": 3}', 400, "'dryrun': dry_run"),
    ("DELETE", "/v1/stacks/quick?dry-run=true", None, 400, "'dry-run': dry_run"),
    ("DELETE", "/v1/status", None, 405, "DELETE"),
])
def test_a_wrong_call_is_a_problem_in_words(running, method, path, body, status, words):
    before = rows(running)
    content = "application/json"
    if path == "/v1/metrics":
        content = "text/plain"
    elif path.endswith("/history"):
        content = "text/csv"
    refused(running, status, words, running.request(method, path, body, content))
    assert rows(running) == before


def test_a_wrong_token_is_refused(running, tmp_path):
    before = rows(running)
    for header in ({"Authorization": "Bearer ftk_wrong"}, {}):
        request = urllib.request.Request(running.url + "/v1/status", headers=header)
        with pytest.raises(urllib.error.HTTPError) as e:
            urllib.request.urlopen(request, timeout=DEADLINE_S)
        assert e.value.code == 401
        assert e.value.headers["Content-Type"].startswith("application/problem+json")
        assert b"token" in e.value.read()
    path = tmp_path / "token"
    path.write_text("ftk_wrong\n")
    done = subprocess.run([os.path.join(BUILD, "foretide"), "status", "--url", running.url,
                           "--token-file", str(path)], capture_output=True, text=True,
                          check=False, timeout=DEADLINE_S)
    assert done.returncode == 4
    is_clear(done.stderr, "token")
    assert done.stdout == ""
    assert rows(running) == before


def test_a_join_with_a_wrong_token_is_refused(running):
    before = rows(running)
    url = f"https://127.0.0.1:{running.host_port}/v1/join"
    done = subprocess.run(
        ["curl", "-sk", "-w", "\n%{http_code} %{content_type}", "-H",
         "Content-Type: application/json", "-d",
         '{"host":"web-00000000","token":"x","csr":"x","address":"10.0.0.1",'
         '"agent_version":"0"}', url], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "403 application/problem+json", done.stdout
    assert rows(running) == before


# ---------------------------------------------------------------- the command line

@pytest.mark.parametrize("args,words", [
    (["appyl", "x"], "appyl"),
    (["hold", "quick/web"], "reason"),
    (["status", "--colour"], "--colour"),
    (["import", "quick/web"], "takes 2 arguments, not 1"),
    (["import", "quick", "x.csv"], "STACK/TIER"),
    (["promote", "quick"], "STACK/TIER"),
    (["explain", "quick/"], "STACK/TIER"),
    (["forecast", "quick/web/x"], "STACK/TIER"),
    (["calendar", "quick/web"], "not the name of a stack"),
    (["delete", "quick/web"], "not the name of a stack"),
    (["replay", "a/b", "c/d"], "takes at most 1 argument, not 2"),
    (["stacks", "quick"], "takes only options"),
    (["events", "--since", "1h"], "unknown option --since"),
    (["token", "create"], "--name NAME"),
    (["play", "--service", "lb"], "STACK/SERVICE"),
    (["play", "--peak", "many"], "many"),
    (["decisions", "--since", "yesterday"], "--since: 'yesterday'"),
    (["replay", "--until", "noon"], "--until: 'noon'"),
    (["explain", "quick/web", "--at", "2h"], "--at: '2h'"),
    (["hold", "quick/web", "--reason", "x", "--for", "5"], "--for: '5'"),
    (["hold", "quick/", "--reason", "x"], "STACK/TIER"),
    (["release", "quick/web/x"], "STACK/TIER"),
    (["token", "create", "--name", "x", "--for", "long"], "--for: 'long'"),
    (["token", "create", "--name", "x", "--role", "king"], "viewer operator admin"),
    (["promote", "quick/web", "--to", "observe"], "out auto"),
    (["forecast", "quick/web", "--horizon", "far"], "--horizon: 'far'"),
    (["logs", "web@1.service", "--lines", "none"], "--lines"),
    (["logs", "web@1.service", "--lines", "0"], "--lines"),
])
def test_a_wrong_command_says_how_and_ends_with_2(running, args, words):
    before = rows(running)
    done = running.cli(*args, check=False)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert words.lower() in (done.stderr + done.stdout).lower()
    assert "usage: foretide" in done.stderr
    assert rows(running) == before


@pytest.mark.parametrize("args,status,words", [
    (["calendar", "quick", "--tier", "wbe"], 5, "wbe"),
    (["tiers", "--stack", "nosuch"], 5, "nosuch"),
    (["units", "--stack", "nosuch"], 5, "nosuch"),
    (["units", "--tier", "wbe"], 5, "wbe"),
    (["units", "--stack", "quick", "--tier", "wbe"], 5, "wbe"),
    (["units", "--host", "web-00000000"], 5, "web-00000000"),
    (["services", "--stack", "nosuch"], 5, "nosuch"),
    (["holds", "--stack", "nosuch", "--json"], 5, "nosuch"),
    (["hosts", "--pool", "wbe"], 5, "wbe"),
    (["decisions", "--stack", "nosuch"], 5, "nosuch"),
    (["decisions", "--stack", "quick", "--tier", "wbe"], 5, "wbe"),
    (["import", "quick/web", "/nosuch.csv"], 5, "/nosuch.csv"),
    (["apply", "/nosuch", "--yes"], 5, "/nosuch"),
    (["forecast", "/nosuch.csv"], 5, "/nosuch.csv"),
    (["backtest", "/nosuch.csv", "--capacity", "1"], 5, "/nosuch.csv"),
    (["logs", "wbe@1.service"], 5, "wbe"),
    (["drain", "web-00000000"], 5, "web-00000000"),
    (["release", "7"], 5, "7"),
    (["release", "quick/web"], 5, "quick/web"),
    (["token", "revoke", "99"], 5, "99"),
    (["explain", "quick/wbe"], 5, "wbe"),
    (["forecast", "quick/wbe"], 5, "wbe"),
    (["replay", "quick/wbe"], 5, "wbe"),
    (["promote", "quick/wbe"], 5, "wbe"),
    (["hold", "quick/wbe", "--reason", "x"], 5, "wbe"),
    (["calendar", "nosuch"], 5, "nosuch"),
    (["delete", "nosuch"], 5, "nosuch"),
    (["promote", "quick/web"], 6, "mode in stack.conf"),
    (["import", "quick/web", os.path.join(QUICK, "stack.conf")], 1, "stack.conf: line 5"),
])
def test_what_is_not_possible_says_why_and_what_to_do(running, args, status, words):
    before = rows(running)
    done = running.cli(*args, check=False)
    assert done.returncode == status and words in done.stderr, done.stderr
    assert done.stderr.count("\n") == 1 and rows(running) == before


def test_a_controller_with_a_foreign_certificate_is_no_missing_token(running):
    done = running.cli("status", "--url", f"https://127.0.0.1:{running.host_port}", check=False)
    assert done.returncode == 1 and "not trusted, see --ca" in done.stderr, done.stderr


def test_an_empty_list_of_what_there_is_is_a_table(running):
    for args in (["units", "--stack", "quick", "--tier", "web"], ["hosts", "--pool", "web"],
                 ["services", "--stack", "quick"], ["holds", "--stack", "quick"],
                 ["decisions", "--stack", "quick", "--since", "1h"], ["decisions", "--since", "1h"],
                 ["decisions", "--since", "2000-01-01T00:00:00Z"]):
        assert running.cli(*args).stdout.splitlines()[0].split()[0].isupper(), args


def test_a_hold_says_when_it_ends(running):
    try:
        assert "until it is released" in running.cli("hold", "quick/web", "--reason", "x").stdout
        said = running.cli("hold", "quick", "--reason", "x", "--for", "5m").stdout
        ends = {h["expires"] for h in running.items("/v1/holds")} - {None}
        assert f"until {ends.pop()}, or it is released" in said
    finally:
        running.cli("release", "quick/web")
        running.cli("release", "quick")


# ---------------------------------------------------------------- what must not start

@pytest.fixture
def ended():
    """A controller that ran once and was ended, and what is in its folder."""
    with Quick() as q:
        q.start()
        q.kill(15)
        yield q


def content(path):
    with open(path, "rb") as f:
        return f.read()


def does_not_start(q, words, status=1):
    done = subprocess.run([os.path.join(BUILD, "foretided"), "-c", q.path("foretide.conf")],
                          capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == status, (done.returncode, done.stderr)
    assert done.stdout == ""
    said = [line for line in done.stderr.splitlines() if line.startswith("foretided: ")]
    assert len(said) == 1, done.stderr
    is_clear(said[0], words)


def test_credentials_that_others_may_read_are_refused(ended):
    path = ended.path("credentials")
    with open(path, "w", encoding="ascii") as f:
        f.write("[local]\ntoken = very-secret\n")
    os.chmod(path, 0o644)
    before = content(ended.path("state/foretide.db"))
    does_not_start(ended, "0600")
    done = subprocess.run([os.path.join(BUILD, "foretided"), "-c", ended.path("foretide.conf")],
                          capture_output=True, text=True, check=False, timeout=DEADLINE_S)
    assert "very-secret" not in done.stderr
    assert content(ended.path("state/foretide.db")) == before
    os.chmod(path, 0o600)
    ended.start()


@pytest.mark.parametrize("section,line,words", [
    ("[controller]", "colour = blue", "colour"),
    ("[controller]", "tick = soon", "soon"),
    ("[cntroller]", "tick = 10s", "cntroller"),
    ("[controller]", "listen = 0.0.0.0:0", "insecure_listen"),
])
def test_a_wrong_configuration_is_refused(ended, section, line, words):
    path = ended.path("foretide.conf")
    with open(path, encoding="ascii") as f:
        text = f.read()
    before = content(ended.path("state/foretide.db"))
    name = line.split(" =")[0]
    if section == "[controller]":
        lines = [x for x in text.splitlines() if not x.startswith(name + " =")]
        at = lines.index(section) + 1
        lines.insert(at, line)
        wrong = "\n".join(lines) + "\n"
    else:
        wrong = f"{text}{section}\n{line}\n"
    with open(path, "w", encoding="ascii") as f:
        f.write(wrong)
    does_not_start(ended, words, 1 if "insecure" in words else 2)
    assert content(ended.path("state/foretide.db")) == before


def test_a_database_of_a_newer_version_is_refused(ended):
    path = ended.path("state/foretide.db")
    with sqlite3.connect(path) as c:
        c.execute("PRAGMA user_version = 9999")
    c.close()
    before = content(path)
    does_not_start(ended, "newer")
    assert content(path) == before


def test_a_file_that_is_no_database_is_refused(ended):
    path = ended.path("state/foretide.db")
    for more in ("-wal", "-shm"):
        if os.path.exists(path + more):
            os.unlink(path + more)
    with open(path, "w", encoding="ascii") as f:
        f.write("my diary, not to be overwritten\n" * 100)
    before = content(path)
    does_not_start(ended, "database")
    assert content(path) == before
