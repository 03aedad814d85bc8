# SPDX-License-Identifier: GPL-3.0-or-later
"""What foretide-stack(5) says of a stack's files, tried on a controller whose cloud is a file.
tests/manual/foretide-stack.5.tsv names what tries each of its sentences."""

import os
import re
import subprocess

import pytest

from store_tools import BUILD, DEADLINE_S, ROOT, wait_until
from test_api import CONF, UNIT, Foretided

TEMPLATE = '[template]\nsrc = "a.conf"\ndest = "/etc/a.conf"\nkeys = []\n'
CALENDAR = ("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nSUMMARY:sale\nDTSTART:20300101T080000Z\n"
            "DURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR\n")
WHOLE = {
    "stack.conf": CONF + "[event sale]\nuplift = 2\n[secret key]\n",
    "units/web@.service": UNIT,
    "conf.d/web/a.toml": TEMPLATE,
    "templates/web/a.conf": "a\n",
    "events/sales.ics": CALENDAR,
}


@pytest.fixture(name="daemon", scope="module")
def fixture_daemon(tmp_path_factory):
    d = Foretided(tmp_path_factory.mktemp("controller"))
    try:
        yield d.start()
    finally:
        d.stop()


def folder(tmp_path, files):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(tmp_path)


def cli(daemon, *args):
    return subprocess.run([os.path.join(BUILD, "foretide"), *args, "--url",
                           f"http://127.0.0.1:{daemon.port}"], capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False,
                          env={**os.environ, "FORETIDE_TOKEN": daemon.token})


def check(daemon, conf, units=None):
    """The status and words of a dry run."""
    files = {"stack.conf": conf, **(units or {"units/web@.service": UNIT})}
    name = re.search(r"name = (.*)", conf).group(1)
    answer = daemon.call("PUT", f"/v1/stacks/{name}?dry_run=true", {"files": files})
    return answer.status, answer.doc.get("detail", "")


def test_names_have_a_form(daemon):
    changes = {"stack": ("name = shop", "name = {}"), "pool": ("[pool web]", "[pool {}]"),
               "tier": ("[tier web]", "[tier {}]\npool = web"), "secret": ("capacity = 10", "capacity = 10\n[secret {}]")}
    for old, new in changes.values():
        conf = CONF if "pool {}" not in new else CONF.replace("unit =", "pool = NAME\nunit =")
        for name in ("a", "a" + "b" * 30, "a-9"):
            status, words = check(daemon, conf.replace(old, new.format(name)).replace("NAME", name))
            assert status == 200, (new, name, words)
        for name in ("a" + "b" * 31, "9a", "-a", "aB", "a_b", "a.b"):
            status, words = check(daemon, conf.replace(old, new.format(name)).replace("NAME", name))
            assert status == 400 and words, (new, name)


def test_each_kind_of_file_has_its_place_and_others_are_rejected(daemon, tmp_path):
    path = folder(tmp_path, {**WHOLE, "README": "read", "README.md": "read"})
    done = cli(daemon, "apply", path, "--yes")
    assert done.returncode == 0, done.stderr
    for what in ("stack", "tier", "pool", "unit", "conf", "event", "secret"):
        assert re.search(rf"\b{what}\b", done.stdout), (what, done.stdout)
    for name in ("notes.txt", "units/README", "units/web@.timer", "conf.d/a.toml", "templates/web/deep/a.conf",
                 "events/sales.txt"):
        extra = folder(tmp_path, {name: "x"})
        done = cli(daemon, "apply", extra, "--yes")
        assert done.returncode == 1 and name in done.stderr, (name, done)
        os.unlink(os.path.join(extra, name))
    assert cli(daemon, "delete", "shop", "--yes").returncode == 0


def literals(section):
    """The examples of a section of the manual."""
    with open(os.path.join(ROOT, "controller/foretide-stack.5"), encoding="utf-8") as f:
        text = f.read()
    part = re.split(r"\n\.S[sh] ", text.split(section)[1])[0]
    return re.findall(r"\.Bd -literal -offset indent\n(.*?)\.Ed", part, re.S)


def test_the_examples_of_the_manual_are_taken(daemon):
    for line in literals(".Sh DEMAND")[0].splitlines():
        status, words = check(daemon, CONF.replace("sum(rate(shop_requests_total))", line))
        assert status == 200, (line, words)
    for line in literals(".Ss Section event NAME")[0].splitlines():
        status, words = check(daemon, CONF + f"[event sale]\n{line}\nuplift = 2\n")
        assert status == 200, (line, words)
    assert check(daemon, CONF.replace("max = 2", "max = 20") + literals(".It Ic schedule")[0])[0] == 200
    for uplift in ("2.5", "+150%", "-40%", "learn"):
        status, words = check(daemon, CONF + f"[event sale]\nwhen = 2030-01-01\nuplift = {uplift}\n")
        assert status == 200, (uplift, words)
    status, words = check(daemon, literals(".Sh EXAMPLES")[0].replace("driver = local", "driver = fake"))
    assert status == 200, words


def test_a_tier_without_pool_has_that_of_its_name(daemon):
    assert daemon.call("PUT", "/v1/stacks/shop", {"files": {
        "stack.conf": CONF, "units/web@.service": UNIT}}).status == 200
    assert daemon.get("/v1/tiers/shop/web").doc["pool"] == "web"
    assert daemon.get("/v1/pools/web").doc["profile"] == "fake"
    assert daemon.get("/v1/stacks/shop").doc["domain"] in ("", "foretide.local")
    assert check(daemon, CONF.replace("[pool web]", "[pool other]"))[0] == 400


def test_a_secret_is_made_once_and_takes_no_options(daemon):
    def stored():
        answer = daemon.call("POST", "/v3/kv/range", {"key": "L2ZvcmV0aWRlL3NlY3JldHMvc2hvcC9rZXk="})
        return [kv["value"] for kv in answer.doc.get("kvs", [])]
    conf = CONF + "[secret key]\n"
    for extra in ("", "[event sale]\nwhen = 2030-01-01\nuplift = 2\n"):
        assert daemon.call("PUT", "/v1/stacks/shop", {"files": {
            "stack.conf": conf + extra, "units/web@.service": UNIT}}).status == 200
        if not extra:
            before = wait_until(stored, "the secret is in the store")
    wait_until(lambda: daemon.get("/v1/stacks/shop").doc["version"] >= 2, "it is applied again")
    assert stored() == before and len(before[0]) > 20
    assert check(daemon, conf + "length = 3\n")[0] == 400


def test_prices_events_of_a_calendar_and_their_tiers(daemon):
    """A section without when is of the calendar's events; X-FORETIDE-... of one event come first."""
    now = CALENDAR.replace("END:VEVENT", "X-FORETIDE-UPLIFT:3\nX-FORETIDE-TIERS:db\nEND:VEVENT\n"
                           "BEGIN:VEVENT\nSUMMARY:sale\nDTSTART:20300301T080000Z\nDURATION:PT1H\n"
                           "END:VEVENT\nBEGIN:VEVENT\nSUMMARY:gone\nSTATUS:CANCELLED\n"
                           "DTSTART:20300301T080000Z\nDURATION:PT1H\nEND:VEVENT")
    year = daemon.get("/v1/status").doc["now"][:4]
    conf = CONF.replace("[tier web]", "[tier db]\nunit = db.service\npool = web\n[tier web]")
    conf += "[event sale]\nuplift = 2\ntiers = web\n"
    assert daemon.call("PUT", "/v1/stacks/shop", {"files": {
        "stack.conf": conf, "units/web@.service": UNIT, "units/db.service": UNIT,
        "events/sales.ics": now.replace("2030", str(int(year) + 1)).replace("0101T", "0201T")}}).status == 200
    listed = {e["tier"]: e for e in daemon.get("/v1/stacks/shop/events").doc["items"]}
    assert set(listed) == {"web", "db"} and {e["name"] for e in listed.values()} == {"sale"}
    assert (listed["db"]["uplift"], listed["web"]["uplift"]) == (3, 2)
    assert "-02-01T" in listed["db"]["start"] and "-03-01T" in listed["web"]["start"]
