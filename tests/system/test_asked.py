# SPDX-License-Identifier: GPL-3.0-or-later
"""A hold holds, and nothing goes that was not shown: deleting, draining and scaling are
refused under a hold unless its number is named; a command shows, asks, and does what it
showed; a misspelt dry_run changes nothing."""

import json
import os
import pty
import subprocess
import threading

import pytest

from store_tools import BUILD, DEADLINE_S, wait_until
from test_api import CONF, Foretided, stack

SHOP, WEB = "/v1/stacks/shop", "/v1/tiers/shop/web"
OTHER = CONF.replace("max = 2\nmode", "max = 3\nmode")
MORE = CONF.replace("max = 2\nmode", "min = 2\nmax = 3\nmode")
POOL = CONF.replace("driver = fake\nmax = 2", "driver = fake\nmin = 2\nmax = 2")


@pytest.fixture(name="served", scope="module")
def fixture_served(tmp_path_factory):
    d = Foretided(tmp_path_factory.mktemp("asked"))
    try:
        yield d.start()
    finally:
        d.stop()


@pytest.fixture(name="daemon")
def fixture_daemon(served):
    """With the stack as it is written and a host on its way, and no hold."""
    for hold in served.get("/v1/holds").doc["items"]:
        served.call("DELETE", f"/v1/holds/{hold['id']}")
    assert served.call("PUT", SHOP, stack()).status == 200
    if (served.get(WEB).doc["desired"] or 0) > 1:
        assert served.call("PATCH", WEB, {"max": 1}).status == 200
    wait_until(lambda: served.get(WEB).doc["desired"] == 1, "one is wanted")
    assert served.call("PUT", SHOP, stack()).status == 200
    wait_until(lambda: host_of(served) and served.get("/v1/units").doc["items"], "a host is launched")
    yield served


def host_of(daemon):
    return next((h["id"] for h in daemon.get("/v1/hosts").doc["items"]
                 if h["state"] == "booting"), None)


def start(daemon, *args, stdin=subprocess.PIPE):
    return subprocess.Popen(
        [os.path.join(BUILD, "foretide"), *args], stdin=stdin, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
        env=dict(os.environ, FORETIDE_URL=f"http://127.0.0.1:{daemon.port}",
                 FORETIDE_TOKEN=daemon.token))


def run(daemon, *args, says=""):
    """The command, with this on its standard input: (status, output, messages)."""
    child = start(daemon, *args)
    out, err = child.communicate(says, timeout=DEADLINE_S)
    return child.returncode, out, err


def folder(tmp_path, **files):
    for name, text in stack(**files)["files"].items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    return str(tmp_path)


def hold(daemon, **more):
    body = {"stack": "shop", "reason": "the database is moved", "for": "30m", **more}
    return daemon.call("POST", "/v1/holds", body).doc["id"]


def refused(answer, *ids):
    """By these holds, in words and with each of them in the document."""
    assert answer.status == 409 and answer.headers["Content-Type"] == "application/problem+json"
    assert [h["id"] for h in answer.doc["holds"]] == list(ids), answer.doc
    first = answer.doc["holds"][0]
    assert first["owner"] and first["expires"] and first["reason"] == "the database is moved"
    for words in (f"hold {ids[0]} of {first['owner']}", first["expires"], first["reason"]):
        assert words in answer.doc["detail"], answer.doc
    return True


# ---------------------------------------------------------------- dry_run

@pytest.mark.parametrize("method,path,body", [
    ("DELETE", SHOP, None), ("PUT", SHOP, stack(**{"stack.conf": OTHER})), ("PATCH", WEB, {"max": 3}),
    ("POST", "/v1/holds", {"stack": "shop", "reason": "x"}), ("POST", WEB + "/promote", {"force": True}),
    ("POST", SHOP + "/rollback", {}),
    ("POST", "/v1/tokens", {"name": "x"}), ("POST", "/v1/hosts/HOST/drain", None)])
@pytest.mark.parametrize("query", ["dry_run", "dry_run=", "dry_run=maybe", "dry-run=true", "dryRun=true",
                                   "dry_run=true&dry_run=false", "dry_run=false&dry_run=true",
                                   "dry_run=true&x=1", "DRY_RUN=true"])
def test_a_dry_run_that_is_misspelt_changes_nothing(daemon, method, path, body, query):
    before = [daemon.get(p).doc for p in (SHOP, WEB + "/decisions", "/v1/holds", "/v1/tokens?limit=1000")]
    settings = {k: daemon.get(WEB).doc[k] for k in ("min", "max", "mode")}
    answer = daemon.call(method, path.replace("HOST", host_of(daemon)) + "?" + query, body)
    assert answer.status == 400, (query, answer.body)
    assert query.split("=")[0].split("&")[0] in answer.doc["detail"] or "x" in answer.doc["detail"]
    assert [daemon.get(p).doc["name"] for p in (SHOP,)] == [before[0]["name"]]
    assert daemon.get("/v1/holds").doc == before[2]
    assert [t["name"] for t in daemon.get("/v1/tokens?limit=1000").doc["items"]] == [
        t["name"] for t in before[3]["items"]]
    assert {k: daemon.get(WEB).doc[k] for k in settings} == settings
    assert host_of(daemon)


# ---------------------------------------------------------------- holds

def test_under_a_hold_nothing_is_deleted_drained_or_scaled(daemon):
    one = hold(daemon)
    host = host_of(daemon)
    tries = [("DELETE", SHOP, None), ("PATCH", WEB, {"min": 2, "max": 3}), ("PATCH", WEB, {"min": 2}),
             ("PUT", SHOP, stack(**{"stack.conf": MORE})), ("PUT", SHOP, stack(**{"stack.conf": POOL})),
             ("PUT", SHOP, stack(**{"stack.conf": CONF + "schedule = day: daily 10:00-12:00 max=1\n"})),
             ("POST", f"/v1/hosts/{host}/drain", None)]
    for method, path, body in tries:
        assert refused(daemon.call(method, path, body), one), (method, path)
        shown = daemon.call(method, path + "?dry_run=true", body)
        assert shown.status == 200 and [h["id"] for h in shown.doc["holds"]] == [one]
    # Another hold is not this one, and all that stand against it must be named.
    two = hold(daemon, tier="web")
    for method, path, body in tries[:3]:
        assert refused(daemon.call(method, f"{path}?force={two}", body), one)
        assert refused(daemon.call(method, f"{path}?force={one},99", body), two)
        for wrong in ("yes", "-1", "3;4", "1,,2"):
            assert daemon.call(method, f"{path}?force={wrong}", body).status == 400
    # What neither removes nor scales is free.
    assert daemon.call("PATCH", WEB, {"priority": 1, "max": 4}).status == 200
    assert host_of(daemon) == host and daemon.get(WEB).doc["min"] == 1
    done = daemon.call("PATCH", f"{WEB}?force={one},{two}", {"min": 2})
    assert done.status == 200 and done.doc["applied"] and daemon.get(WEB).doc["min"] == 2


def test_a_hold_of_a_tier_guards_it_alone(daemon):
    two = CONF + "[tier side]\nunit = side@.service\npool = web\nmax = 2\n"
    files = {"units/side@.service": stack()["files"]["units/web@.service"]}
    assert daemon.call("PUT", SHOP, stack(**{"stack.conf": two, **files})).status == 200
    one = hold(daemon, tier="side")
    assert daemon.call("PATCH", WEB, {"min": 2}).status == 200
    assert refused(daemon.call("PATCH", "/v1/tiers/shop/side", {"min": 2}), one)
    assert refused(daemon.call("PUT", SHOP, stack()), one)  # which removes the tier
    assert refused(daemon.call("DELETE", SHOP), one)


def test_under_a_hold_an_empty_host_stays(daemon):
    def hosts():
        return [h["id"] for h in daemon.get("/v1/hosts").doc["items"] if h["state"] in ("requested", "booting")]

    def rounds():
        return daemon.get("/v1/status").doc["tick"]["rounds"]
    assert daemon.call("PUT", SHOP, stack(**{"stack.conf": POOL})).status == 200
    wait_until(lambda: len(hosts()) == 2, "two hosts are launched")
    one = hold(daemon, tier="web")
    assert daemon.call("PUT", SHOP, stack()).status == 200  # two are not needed any more
    seen = rounds()
    wait_until(lambda: rounds() >= seen + 3, "it was looked at")
    assert len(hosts()) == 2
    daemon.call("DELETE", f"/v1/holds/{one}")
    wait_until(lambda: len(hosts()) == 1, "the host that is not needed has gone")


def test_the_command_names_the_hold_and_is_forced_by_its_number(daemon):
    one = hold(daemon)
    for args in (["delete", "shop", "--yes"], ["drain", host_of(daemon), "--yes"]):
        status, out, err = run(daemon, *args)
        assert status == 6 and f"hold {one} of admin" in err and "the database is moved" in err
        assert f"--force {one}" in err and f"on hold: shop, hold {one}" in out
        status, _, err = run(daemon, *args, "--force", "all")
        assert status == 2 and "number of a hold" in err
    status, out, err = run(daemon, "drain", host_of(daemon), "--force", str(one), "--yes")
    assert status == 0 and "the host is draining" in out, err
    status, out, err = run(daemon, "delete", "shop", "--force", str(one), says="y\n")
    assert status == 0 and "is deleted" in out, err
    assert daemon.get(SHOP).status == 404


def test_a_rollback_under_a_hold_is_forced_by_its_number(daemon):
    was = daemon.get(SHOP).doc["version"]
    daily = stack(**{"stack.conf": CONF + "schedule = day: daily 10:00-12:00 max=2\n"})
    now = daemon.call("PUT", SHOP, daily).doc["version"]
    one = hold(daemon)
    assert refused(daemon.call("POST", SHOP + "/rollback", {"version": was}), one)
    status, _, err = run(daemon, "rollback", "shop", str(was), "--yes")
    assert status == 6 and f"--force {one}" in err and "the database is moved" in err
    assert daemon.get(SHOP).doc["version"] == now
    status, _, err = run(daemon, "rollback", "shop", str(was), "--force", str(one), "--yes")
    assert status == 0 and daemon.get(SHOP).doc["version"] == now + 1, err


def test_a_hold_that_ends_meanwhile_is_no_leave(daemon):
    """What was shown as held is not sent at all."""
    hold(daemon)
    before = daemon.get("/v1/stacks/shop").doc
    status, _, err = run(daemon, "delete", "shop")
    assert status == 6 and "forbids it" in err
    assert daemon.get(SHOP).doc == before


# ---------------------------------------------------------------- asking

def commands(daemon, tmp_path):
    """Each with what tells that it was done."""
    path = folder(tmp_path, **{"stack.conf": OTHER})
    host = host_of(daemon)
    return [(["apply", path], lambda: daemon.get(WEB).doc["max"] == 3),
            (["promote", "shop/web", "--force"], lambda: daemon.get(WEB).doc["mode"] == "out"),
            (["drain", host], lambda: daemon.get(f"/v1/hosts/{host}").doc["state"] in
             ("draining", "terminating", "gone")),
            (["delete", "shop"], lambda: daemon.get(SHOP).status == 404)]


def test_a_command_does_nothing_without_a_yes(daemon, tmp_path):
    for args, is_done in commands(daemon, tmp_path):
        for says in ("", "n\n", "\n", "maybe\n"):
            for more in ([], ["--json"]):
                status, _, err = run(daemon, *args, *more, says=says)
                assert status == 6 and "nothing was changed" in err, (args, says, err)
                assert ("--yes" in err) == (says == ""), err
        child = start(daemon, *args, stdin=subprocess.DEVNULL)
        assert "--yes" in child.communicate(timeout=DEADLINE_S)[1] and child.returncode == 6
        assert not is_done(), args


def test_a_yes_is_read_from_a_pipe(daemon, tmp_path):
    for args, is_done in commands(daemon, tmp_path):
        status, out, err = run(daemon, *args, says="y\n")
        assert status == 0 and "[y/N]" in err and is_done(), (args, out, err)


def test_what_goes_is_shown_first(daemon, tmp_path):
    host = host_of(daemon)
    unit = daemon.get("/v1/units").doc["items"][0]["name"]
    status, out, _ = run(daemon, "delete", "shop", says="n\n")
    assert status == 6 and host in out and unit in out and "tier  web" in out
    status, out, _ = run(daemon, "drain", host, "--dry-run")
    assert status == 0 and f"remove  host  {host}: of pool web" in out
    assert host_of(daemon) == host
    plain = CONF.replace("unit = web@.service", "unit = db.service").replace(
        "max = 2\nmode", "max = 1\nstateful = yes\nmode").replace("[tier web]", "[tier db]\npool = web")
    text = stack()["files"]["units/web@.service"]
    path = folder(tmp_path, **{"stack.conf": plain, "units/web@.service": None, "units/db.service": text})
    status, out, err = run(daemon, "apply", path, says="n\n")
    assert status == 6 and "remove  tier  web: its units are drained and stopped: " in out and unit in out, err
    assert run(daemon, "apply", path, "--yes")[0] == 0
    status, out, _ = run(daemon, "delete", "shop", says="n\n")
    assert "it is stateful: its data goes with its hosts" in out
    status, out, err = run(daemon, "delete", "shop", "--json", "--yes")
    answer = json.loads(out)
    assert status == 0 and "remove  tier  db" in err
    assert answer["applied"] and answer["changes"]


def asked(daemon, args, meanwhile):
    """The command at a terminal, where something happens between question and answer."""
    person, terminal = pty.openpty()
    child = start(daemon, *args, stdin=terminal)
    seen, questions = [], 0
    out = []
    reader = threading.Thread(target=lambda: out.append(child.stdout.read()))
    reader.start()
    while part := child.stderr.read(1):
        seen.append(part)
        text = "".join(seen)
        if text.count("[y/N]") > questions:
            questions += 1
            if questions == 1:
                meanwhile()
            os.write(person, b"y\n" if questions == 1 else b"n\n")
    child.wait(DEADLINE_S)
    reader.join()
    os.close(person)
    os.close(terminal)
    return child.returncode, out[0], "".join(seen)


def test_what_is_applied_is_what_was_shown(daemon, tmp_path):
    path = folder(tmp_path, **{"stack.conf": OTHER})

    def colleague():
        assert daemon.call("PATCH", WEB, {"min": 2, "mode": "out"}).status == 200
    status, out, err = asked(daemon, ["apply", path], colleague)
    assert status == 6 and "It has changed since it was shown" in err, err
    assert "max 2 -> 3" in out and "min 2 (set by hand) -> 1" in out, out
    assert [daemon.get(WEB).doc[k] for k in ("min", "max", "mode")] == [2, 2, "out"]

    def applies():
        assert daemon.call("PUT", SHOP, stack(**{"stack.conf": CONF + "min = 2\n"})).status == 200
    status, out, err = asked(daemon, ["delete", "shop"], applies)
    assert status == 6 and "It has changed since it was shown" in err and daemon.get(SHOP).status == 200

    def slower():
        assert daemon.call("PATCH", WEB, {"dwell": "9m"}).status == 200
    status, _, err = asked(daemon, ["promote", "shop/web", "--to", "auto", "--force"], slower)
    assert status == 6 and "has changed" in err and daemon.get(WEB).doc["mode"] == "observe"
    # Over the API: only with the plan that was shown.
    dry = daemon.call("PUT", SHOP + "?dry_run=true", stack(**{"stack.conf": OTHER}))
    assert dry.headers["ETag"] == f'"{dry.doc["plan"]}"'
    daemon.call("PATCH", WEB, {"max": 4})
    late = daemon.call("PUT", SHOP, stack(**{"stack.conf": OTHER}), headers={"If-Match": dry.headers["ETag"]})
    assert late.status == 412 and daemon.get(WEB).doc["max"] == 4
    dry = daemon.call("PUT", SHOP + "?dry_run=true", stack(**{"stack.conf": OTHER}))
    done = daemon.call("PUT", SHOP, stack(**{"stack.conf": OTHER}), headers={"If-Match": dry.headers["ETag"]})
    assert done.status == 200 and daemon.get(WEB).doc["max"] == 3
