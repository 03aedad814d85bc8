# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles of cloud credentials: checked before there is a pool, taken over from disk while
the controller runs, and never shown."""

import json
import os
import signal
import subprocess

import pytest

from store_tools import BUILD, ROOT, wait_until
from test_api import Foretided
from test_pools import problems, script

SECRET, NEXT = "sesame-open-7431", "sesame-other-9125"
UNIT = "[Service]\nExecStart=/bin/true\n[X-Resources]\nCPU=1\n"
POOL = "[pool {0}]\ndriver = {1}\nprofile = {0}\nmax = 2\ncpu = 1\n"
TIER = "[tier {0}]\nunit = {0}@.service\npool = {0}\nmin = 1\nmax = 1\n"


class Controller(Foretided):
    def write_credentials(self, text):
        path = os.path.join(self.folder, "credentials")
        with open(path + ".new", "w", encoding="ascii") as f:
            os.chmod(path + ".new", 0o600)
            f.write(text)
        os.rename(path + ".new", path)

    def configure(self, text):
        with open(self.command[-1], "a", encoding="ascii") as f:
            f.write(text)

    def cli(self, *words):
        token = os.path.join(self.folder, "token")
        with open(token, "w", encoding="ascii") as f:
            f.write(self.token)
        return subprocess.run([os.path.join(BUILD, "foretide"), *words, "--url", f"http://127.0.0.1:{self.port}",
                               "--token-file", token], capture_output=True, text=True, check=False, timeout=60)

    def profile(self, name):
        return self.get(f"/v1/profiles/{name}").doc

    def checked(self, name):
        assert self.call("POST", f"/v1/profiles/{name}/check", {}).status == 202
        return wait_until(lambda: (lambda c: c if c and c["state"] == "done" else None)(
            self.profile(name)["check"]), "the check is over")

    def drivers(self):
        """The processes of its drivers: their command lines, by number."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                    parent = f.read().rpartition(")")[2].split()[1]
                with open(f"/proc/{pid}/cmdline", encoding="utf-8") as f:
                    line = f.read()
                # It has other children: one collects the portable agent.
                if parent == str(self.process.pid) and line.endswith(".so\0"):
                    found[int(pid)] = line
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found


@pytest.fixture(name="controller")
def fixture_controller(tmp_path):
    d = Controller(tmp_path)
    yield d
    d.stop(signal.SIGKILL)


def apply(d, *pools):
    files = {"stack.conf": "[stack]\nname = two\n" + "".join(POOL.format(*p) + TIER.format(*p) for p in pools)}
    for name, _ in pools:
        files[f"units/{name}@.service"] = UNIT
    answer = d.call("PUT", "/v1/stacks/two", {"files": files})
    assert answer.status == 200, answer.body


def test_a_profile_is_checked_before_there_is_a_pool(controller):
    folder = os.path.join(controller.folder, "example")
    program = os.path.join(ROOT, "cloud-drivers", "exec", "example.py")
    controller.configure(f"[driver exec/own]\ncommand = {program}\ndir = {folder}\n")
    controller.write_credentials(f"[eu]\ndriver = fake\ntoken = {SECRET}\n[odd]\ntoken = {NEXT}\n")
    script(controller, quota=25, token=SECRET)
    os.makedirs(folder)
    controller.start()
    done = controller.cli("credentials", "check", "eu")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("eu (fake): ok\n") and not done.stderr
    assert "quota: 25 hosts are left, 0 of 25 are used" in done.stdout and "types: " in done.stdout
    done = controller.cli("credentials", "check", "own", "--json")
    assert done.returncode == 0, done.stderr
    check = json.loads(done.stdout)[0]["check"]
    assert check["ok"] and [t["name"] for t in check["types"]] == ["small", "large"]
    # One whose driver is not known fails, and says what to do; so do all with it.
    answer = controller.call("POST", "/v1/profiles/odd/check", {})
    assert answer.status == 400 and "driver = NAME" in answer.doc["detail"]
    assert controller.call("POST", "/v1/profiles/none/check", {}).status == 404
    script(controller, token="another")
    done = controller.cli("credentials", "check")
    assert done.returncode == 1 and "eu (fake): FAILED\n" in done.stdout, done.stdout
    assert "class: auth" in done.stdout and "own (exec): ok" in done.stdout
    assert "cannot be used" in done.stderr
    assert "odd" in controller.cli("credentials").stdout


def test_only_an_admin_checks(controller):
    controller.start()
    token = controller.call("POST", "/v1/tokens", {"name": "o", "role": "operator"}).doc["token"]
    assert controller.call("POST", "/v1/profiles/fake/check", {}, token=token).status == 403
    assert controller.call("GET", "/v1/profiles/fake", token=token).status == 200


def gate_of(d, state, calls):
    return wait_until(lambda: next((g for g in d.get("/v1/gates").doc["items"]
                                    if (g["profile"], g["state"], g["calls"]) == ("eu", state, calls)), None),
                      f"{calls} of the profile: {state}")


def test_what_bounds_the_calls_of_a_profile_is_told(controller):
    controller.configure("[driver fake/eu]\ncalls_per_s = 5\n")
    controller.write_credentials(f"[eu]\ndriver = fake\ntoken = {SECRET}\n")
    script(controller, token=SECRET, faults=[{"op": "launch", "kind": "capacity", "times": -1}])
    controller.start()
    assert controller.get("/v1/gates").doc == {"items": [], "next": None}
    apply(controller, ("eu", "fake"))
    shut = gate_of(controller, "no-capacity", "launches")
    assert shut["last_failure"]["class"] == "capacity" and shut["wait_ms"] > 0
    assert shut["opens"] > shut["broken_since"] and shut["tokens"] is None
    both = gate_of(controller, "open", "all")
    assert both["opens"] is None and both["broken_since"] is None and both["wait_ms"] == 0
    assert both["tokens"]["calls_per_s"] == 5 and 0 < both["tokens"]["level"] <= both["tokens"]["burst"]
    page = controller.get("/v1/gates?limit=1").doc
    assert len(page["items"]) == 1 and page["next"]
    assert controller.get(f"/v1/gates?cursor={page['next']}").doc["items"][0]["calls"] == "launches"
    # The cloud asks to be left alone.
    script(controller, token=SECRET, faults=[{"op": "list", "kind": "throttle", "times": -1, "retry_after": "90s"}])
    told = gate_of(controller, "told-to-wait", "all")
    assert 0 < told["retry_after_ms"] <= 90000 and told["tokens"]["level"] < 5
    failure = told["last_failure"]
    assert (failure["class"], failure["http_status"]) == ("throttled", 429)
    assert failure["message"] and failure["code"] and failure["request_id"] and failure["at"]
    shown = controller.cli("gates").stdout
    assert "told-to-wait" in shown and failure["request_id"] in shown and "1m" in shown, shown
    assert {g["state"] for g in json.loads(controller.cli("gates", "--json").stdout)} == {"told-to-wait", "no-capacity"}
    viewer = controller.call("POST", "/v1/tokens", {"name": "v", "role": "viewer"}).doc["token"]
    assert controller.call("GET", "/v1/gates", token=viewer).status == 200


def test_the_quota_that_was_last_read_is_told_of_the_pool(controller):
    controller.write_credentials(f"[eu]\ndriver = fake\ntoken = {SECRET}\n")
    script(controller, token=SECRET, quota=25)
    controller.start()
    apply(controller, ("eu", "fake"))
    pool = wait_until(lambda: (lambda p: p if p["quota"] else None)(controller.get("/v1/pools/eu").doc), "it is read")
    assert pool["quota"]["limit"] == 25 and pool["quota"]["used"] + pool["quota"]["left"] == 25
    assert pool["quota_read"] and pool["checked"] is None and controller.profile("eu")["check"] is None


def test_a_key_that_is_none_is_named_with_the_profile_and_those_that_are(controller):
    controller.configure("[driver hetzner]\nendpoint = https://127.0.0.1:9/v1\n")
    controller.write_credentials(f"[hz]\ndriver = hetzner\ntoken = {SECRET}\nlocation = fsn1\n")
    controller.start()
    done = controller.cli("credentials", "check", "hz")
    assert done.returncode == 1
    assert ("profile 'hz': driver 'hetzner': credentials: there is no option 'location'; there are token, endpoint"
            in done.stdout), done.stdout


def test_what_changes_on_disk_is_taken_over_and_the_others_are_not_touched(controller):
    controller.configure("[driver hetzner]\nendpoint = https://127.0.0.1:9/v1\n")
    before = f"[eu]\ndriver = fake\ntoken = {SECRET}\n[hz]\ndriver = hetzner\ntoken = {SECRET}\n"
    controller.write_credentials(before)
    script(controller, token=SECRET)
    controller.start()
    apply(controller, ("eu", "fake"), ("hz", "hetzner"))
    wait_until(lambda: controller.get("/v1/launches?pool=eu").doc["items"], "the pool works")
    wait_until(lambda: len(controller.drivers()) == 2, "both drivers are open")
    drivers = controller.drivers()
    first = controller.profile("eu")["changed"]
    # A wrong key, and what is no INI file: the old ones stay, and the problem names the place.
    controller.write_credentials(before.replace("[hz]\ndriver = hetzner\ntoken", "[hz]\ndriver = hetzner\ntokn"))
    told = wait_until(lambda: problems(controller).get("credentials-not-taken"), "people are told")
    assert "/credentials:6: [hz]: " in told and "'tokn'" in told and SECRET not in told, told
    assert controller.profile("hz")["problem"] and not controller.profile("eu")["problem"]
    controller.write_credentials(before + f"{NEXT}\n")
    wait_until(lambda: "/credentials:7: " in problems(controller).get("credentials-not-taken", ""), "the line is told")
    assert controller.drivers() == drivers and controller.profile("eu")["changed"] == first
    # What is right is in force at once when it is asked for.
    script(controller, token=NEXT)
    controller.write_credentials(before.replace(SECRET, NEXT, 1))
    controller.process.send_signal(signal.SIGHUP)
    wait_until(lambda: controller.profile("eu")["changed"] != first, "it is taken over")
    assert "credentials-not-taken" not in problems(controller)
    wait_until(lambda: set(controller.drivers()) != set(drivers) and len(controller.drivers()) == 2,
               "the one driver is opened anew")
    assert len(set(controller.drivers()) & set(drivers)) == 1
    check = controller.checked("eu")
    assert check["ok"] and check["pool"] == "eu"
    assert controller.process.poll() is None


def test_secrets_are_shown_nowhere(controller, monkeypatch):
    monkeypatch.setenv("HCLOUD_TOKEN", NEXT)
    controller.configure("[driver hetzner]\nendpoint = https://127.0.0.1:9/v1\n")
    controller.write_credentials(f"[eu]\ndriver = fake\ntoken = {SECRET}\n[hz]\ndriver = hetzner\ntoken = {NEXT}\n")
    script(controller, token=SECRET + "x",
           faults=[{"op": "list", "kind": "throttle", "times": -1, "retry_after": "1s"}])
    controller.start()
    apply(controller, ("eu", "fake"), ("hz", "hetzner"))
    failed = wait_until(lambda: controller.get("/v1/pools/eu").doc["last_failure"], "its cloud refuses it")
    assert failed["class"] and failed["message"] and failed["at"]
    sources = {p["name"]: p["source"] for p in controller.get("/v1/profiles").doc["items"]}
    assert sources == {"eu": "keys", "hz": "keys", "hetzner": "environment"}
    shown = [json.dumps(controller.checked(name)) for name in ("eu", "hz")]
    shown += [controller.get(path).body.decode() for path in
              ("/v1/profiles", "/v1/profiles/eu", "/v1/pools", "/v1/launches", "/v1/status", "/v1/events", "/metrics")]
    done = controller.cli("credentials", "check")
    shown += [done.stdout, done.stderr, "".join(controller.drivers().values())]
    for folder, _, names in os.walk(controller.state):
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                shown.append(f.read().decode("latin-1"))
    for name in ("out", "err"):
        with open(os.path.join(controller.folder, name), encoding="utf-8") as f:
            shown.append(f.read())
    assert len(shown) > 12 and not [text[:80] for text in shown if SECRET in text or NEXT in text]
