# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person writes down is obeyed: minimum, maximum, steps, schedules and priority, in
every mode, with and without data. On a calendar that is stepped by the minute."""

import datetime
import json
import os
import pty
import subprocess

import pytest

from store_tools import BUILD, DEADLINE_S, wait_until
from test_api import Foretided
from week_tools import STACK, Refused, Week

MONDAY_MS = 1767571200000
POOL = "main"


def files(tiers, pool_max=50):
    """stack.conf of one pool whose hosts take two instances each, and these tiers."""
    text = (f"[stack]\nname = {STACK}\n[pool {POOL}]\ndriver = fake\nprofile = {POOL}\n"
            f"cpu = 1\nmemory = 1G\nmax = {pool_max}\n")
    units = {}
    for name, more in tiers.items():
        text += f"[tier {name}]\nunit = {name}@.service\npool = {POOL}\n"
        text += "".join(f"{line.strip()}\n" for line in more.split(";"))
        units[f"units/{name}@.service"] = ("[Service]\nExecStart=/bin/sleep infinity\n"
                                           "[X-Resources]\nCPU=0.5\nMemory=128M\n")
    return {"stack.conf": text, **units}


class Obeyed(Week):
    """A controller with tiers of these lines of stack.conf, separated by semicolons."""

    def __init__(self, tiers, pool_max=50):
        self.pool_max = pool_max
        super().__init__(dict(tiers), MONDAY_MS, pools=[POOL])

    def files(self, **other):
        return files({**self.tiers, **other}, self.pool_max)

    def put(self, dry_run=False, **tiers):
        """The stack again, with other lines of some tiers."""
        body = {"files": self.files(**tiers)}
        if not dry_run:
            self.tiers.update(tiers)
        return self.api.call("PUT", f"/v1/stacks/{STACK}?dry_run={str(dry_run).lower()}", body)

    def patch(self, tier, dry_run=False, **values):
        return self.api.call(
            "PATCH", f"/v1/tiers/{STACK}/{tier}?dry_run={str(dry_run).lower()}", values)

    def tier(self, name):
        return self.api.call("GET", f"/v1/tiers/{STACK}/{name}")

    def sentence(self, name):
        return self.tier(name)["sentence"]

    def decided(self, name):
        """The last decision that changed its number."""
        items = self.api.call("GET", f"/v1/decisions?stack={STACK}&tier={name}")["items"]
        return next(d for d in items if d["from"] != d["to"])

    def healthy(self, name):
        return self.tier(name)["healthy"]

    def step(self, rates, used=None):
        """Decides once more: a change just before may still be under way."""
        super().step(rates, used)
        self.command("tick")
        self.settle()

    def pass_minutes(self, n, rates=None):
        for _ in range(n):
            self.step(rates or {})

    def until(self, what, condition, rates=None, minutes=20):
        for _ in range(minutes):
            if condition():
                return
            self.step(rates or {})
        assert condition(), what + "\n" + "\n".join(self.sentence(t) for t in self.tiers)

    def problems(self):
        return {p["kind"]: p["message"] for p in self.api.call("GET", "/v1/status")["problems"]}

    def environment(self):
        return dict(os.environ, FORETIDE_URL=f"http://127.0.0.1:{self.ports[0]}",
                    FORETIDE_TOKEN=self.api.headers["Authorization"].split()[1])

    def cli(self, *args):
        return subprocess.run([os.path.join(BUILD, "foretide"), *args], env=self.environment(),
                              text=True, capture_output=True, timeout=DEADLINE_S, check=False)

    def answer(self, line, *args):
        """The command on a terminal at which a person types this: its status and output."""
        person, terminal = pty.openpty()
        try:
            os.write(person, line.encode() + b"\n")
            done = subprocess.run([os.path.join(BUILD, "foretide"), *args], stdin=terminal,
                                  env=self.environment(), text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=DEADLINE_S, check=False)
        finally:
            os.close(person)
            os.close(terminal)
        return done.returncode, done.stdout


# ---------------------------------------------------------------- a maximum

RATE = 'demand = sum(offered_rate{tier="%s"})'
TIERS = {
    "out": "mode = out;capacity = 100;" + RATE % "out",
    "observe": "mode = observe;capacity = 100;" + RATE % "observe",
    "auto": "mode = auto;capacity = 100;" + RATE % "auto",
    "stale": "mode = auto;capacity = 100;" + RATE % "stale",
    "nothing": "mode = auto;capacity = 100;demand = sum(no_such_metric)",
    "hand": "mode = auto",
    "state": "mode = auto;stateful = yes;capacity = 100;" + RATE % "state",
}
FIVE = ";min = 5;max = 5"
BUSY = {t: 450.0 for t in ("out", "observe", "auto", "state")}


@pytest.fixture(name="five", scope="module")
def fixture_five():
    """Five instances of each tier run, each with other data and another mode."""
    with Obeyed({t: more + FIVE for t, more in TIERS.items()}) as w:
        w.step({**BUSY, "stale": 450.0})
        w.until("five of each run", lambda: all(w.healthy(t) == 5 for t in TIERS), BUSY)
        yield w


@pytest.mark.parametrize("tier", TIERS)
def test_a_maximum_is_shown_then_obeyed(five, tier):
    told = five.patch(tier, dry_run=True, min=1, max=2)
    assert [(c["action"], c["kind"], c["name"], c["detail"]) for c in told["changes"]] == [
        ("end", "tier", tier, "5 instances run, the new maximum is 2: 3 are ended")]
    five.step(BUSY)
    assert five.healthy(tier) == 5
    assert five.patch(tier, min=1, max=2)["changes"] == told["changes"]
    five.step(BUSY)
    assert five.tier(tier)["desired"] == 2 and five.healthy(tier) == 2
    decided = five.decided(tier)
    assert decided["cause"] == "max"
    assert decided["sentence"].startswith(f"{tier} goes from 5 to 2: its maximum is 2")
    # And the minimum again.
    five.patch(tier, min=5, max=5)
    five.until("five again", lambda: five.healthy(tier) == 5, BUSY)


@pytest.mark.parametrize("tier", TIERS)
def test_a_schedules_maximum_is_shown_then_obeyed(five, tier):
    more = {tier: TIERS[tier] + ";min = 1;max = 5;schedule = night: daily 00:00-24:00 max=3"}
    told = five.put(dry_run=True, **more)
    ends = [c for c in told["changes"] if c["action"] == "end"]
    assert [(c["name"], c["detail"]) for c in ends] == [
        (tier, "5 instances run, schedule 'night' allows at most 3: 2 are ended")]
    five.put(**more)
    five.step(BUSY)
    assert five.tier(tier)["desired"] == 3 and five.healthy(tier) == 3
    five.put(**{tier: TIERS[tier] + FIVE})
    five.until("five again", lambda: five.healthy(tier) == 5, BUSY)


def test_a_hold_makes_a_maximum_wait(five):
    hold = five.api.call("POST", "/v1/holds", {"stack": STACK, "tier": "out", "reason": "look"})
    path = f"/v1/tiers/{STACK}/out"
    with pytest.raises(Refused, match="409.*Its reason: look"):
        five.api.call("PATCH", path, {"min": 1, "max": 2})
    told = five.api.call("PATCH", f"{path}?force={hold['id']}", {"min": 1, "max": 2})
    assert told["changes"][0]["detail"].endswith("3 are ended when the hold on it ends")
    five.pass_minutes(2, BUSY)
    assert five.healthy("out") == 5
    assert "it would go to 2: its maximum is 2" in five.sentence("out")
    five.api.call("DELETE", f"/v1/holds/{hold['id']}")
    five.step(BUSY)
    assert five.healthy("out") == 2
    five.patch("out", min=5, max=5)
    five.until("five again", lambda: five.healthy("out") == 5, BUSY)


def test_the_command_asks_before_it_ends_instances(five, tmp_path):
    for name, text in five.files(auto=TIERS["auto"] + ";min = 1;max = 2").items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    shown = five.cli("apply", str(tmp_path), "--dry-run")
    words = "end     tier  auto: 5 instances run, the new maximum is 2: 3 are ended"
    assert shown.returncode == 0 and words in shown.stdout, shown.stdout + shown.stderr
    status, said = five.answer("n", "apply", str(tmp_path))
    assert status != 0 and words in said and five.tier("auto")["max"] == 5, said
    status, said = five.answer("y", "apply", str(tmp_path))
    assert status == 0 and five.tier("auto")["max"] == 2, said
    five.step(BUSY)
    assert five.healthy("auto") == 2
    five.put(auto=TIERS["auto"] + FIVE)
    five.until("five again", lambda: five.healthy("auto") == 5, BUSY)


# ---------------------------------------------------------------- modes and steps

def test_demand_changes_nothing_in_observe_and_stateful_never_goes_in():
    with Obeyed({"o": "mode = observe;max = 9;capacity = 100;" + RATE % "o",
                 "s": "mode = auto;stateful = yes;min = 1;max = 9;capacity = 100;" + RATE % "s",
                 }) as w:
        rates = {"o": 550.0, "s": 550.0}
        w.until("s follows", lambda: w.healthy("s") >= 6, rates)
        assert w.healthy("o") == 1 and "in mode observe; it would go to" in w.sentence("o")
        high = w.healthy("s")
        w.pass_minutes(90, {"o": 20.0, "s": 20.0})
        assert w.healthy("s") == high
        assert "a stateful tier is not scaled in automatically" in w.sentence("s")
        w.patch("s", max=2)
        w.step({"o": 20.0, "s": 20.0})
        assert w.healthy("s") == 2


def test_a_minimum_is_reached_in_the_steps_of_step_out():
    with Obeyed({"t": "min = 5;max = 5;step_out = 1"}) as w:
        assert "its minimum is 5; at most 1 may be starting at once" in w.sentence("t")
        w.until("five run", lambda: w.healthy("t") == 5, minutes=40)
        items = w.api.call("GET", f"/v1/decisions?stack={STACK}&tier=t")["items"]
        outs = [d for d in items if d["to"] > d["from"]]
        assert sorted(d["to"] for d in outs) == [1, 2, 3, 4, 5]
        for d in outs:  # one that is late is counted on no more
            full = w.api.call("GET", f"/v1/decisions/{d['id']}")["explanation"]["inputs"]
            assert full["starting"] <= full["overdue"]


def test_no_dwell_removes_more_than_step_in():
    with Obeyed({"t": "min = 7;max = 7;step_in = 2;dwell = 3m"}) as w:
        w.until("seven run", lambda: w.healthy("t") == 7)
        w.patch("t", min=1, max=1)
        w.until("one is left", lambda: w.healthy("t") == 1, minutes=40)
        items = w.api.call("GET", f"/v1/decisions?stack={STACK}&tier=t")["items"]
        gone = [(datetime.datetime.fromisoformat(d["at"].replace("Z", "+00:00")),
                 d["from"] - d["to"]) for d in items if d["from"] > d["to"]]
        assert sum(n for _, n in gone) == 6
        dwell = datetime.timedelta(minutes=3)
        for at, _ in gone:
            assert sum(n for other, n in gone if at <= other < at + dwell) == 2
        assert any("at most 2 may be removed within 3m" in d["sentence"] for d in items)


# ---------------------------------------------------------------- contradictions

def test_what_contradicts_itself_is_a_warning_and_named_where_it_binds(tmp_path):
    with Obeyed({"a": "min = 1;max = 5", "b": "min = 1;max = 9"}, pool_max=4) as w:
        odd = "min = 2;max = 5;schedule = day: daily 00:00-24:00 min=12"
        told = w.put(dry_run=True, a=odd)["warnings"]
        assert told == ["a: schedule 'day' asks for 12, but the maximum is 5, which is stronger"]
        assert w.put(a=odd)["warnings"] == told
        w.step({})
        assert w.tier("a")["desired"] == 5
        assert "schedule 'day' asks for 12, but its maximum is 5" in w.sentence("a")
        # A minimum is stronger than a schedule's maximum.
        odd = "min = 4;max = 5;schedule = night: daily 00:00-24:00 max=2"
        assert w.put(a=odd)["warnings"] == [
            "a: schedule 'night' allows at most 2, but the minimum is 4, which is stronger"]
        w.step({})
        assert w.tier("a")["desired"] == 4
        assert "its minimum is 4, though schedule 'night' allows at most 2" in w.sentence("a")


def test_room_that_a_pool_does_not_have_is_a_warning(tmp_path):
    with Obeyed({"a": "min = 1;max = 5", "b": "min = 1;max = 9"}, pool_max=2) as w:
        told = w.patch("b", dry_run=True, min=6)["warnings"]
        assert told == ["b: the minimum is 6, but pool main has room for 4 (max = 2 hosts)"]
        told = w.put(dry_run=True, a="min = 3;max = 5", b="min = 2;max = 9")["warnings"]
        assert told == ["pool main has room for 4 of the 5 instances that its tiers have at least "
                        f"(3 of {STACK}/a, 2 of {STACK}/b; max = 2 hosts)"]
        odd = "min = 1;max = 9;schedule = sale: 2030-01-01 min=8"
        told = w.put(dry_run=True, b=odd)["warnings"]
        assert told == ["b: schedule 'sale' asks for 8, but pool main has room for 4 "
                        "(max = 2 hosts)"]
        assert w.put(dry_run=True, a="min = 2;max = 5", b="min = 2;max = 9")["warnings"] == []
        for name, text in w.files(b=odd).items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        shown = w.cli("apply", str(tmp_path), "--dry-run").stdout
        assert f"warning: {told[0]}\n" in shown, shown


# ---------------------------------------------------------------- room and priority

def test_a_full_pool_is_named_by_the_sentence_and_a_problem():
    with Obeyed({"t": "min = 1;max = 20;capacity = 100;" + RATE % "t"}, pool_max=2) as w:
        rates = {"t": 750.0}
        w.until("the pool is full", lambda: w.healthy("t") == 4, rates)
        w.step(rates)
        tier = w.tier("t")
        assert tier["desired"] == 4
        assert "are needed, but pool main has room for 4 (max = 2 hosts)" in tier["sentence"]
        assert tier["explanation"]["binding"] == "budget"
        assert f"{STACK}/t lacks " in w.problems()["pool-full"]
        assert "pool main has room for 4 (max = 2 hosts)" in w.problems()["pool-full"]
        assert w.standing(POOL) == 2
        w.patch("t", max=4)
        w.step(rates)
        assert "pool-full" not in w.problems()


def test_a_higher_priority_gets_hosts_from_a_lower_one_above_its_minimum():
    low = "mode = out;min = %d;max = 6;capacity = 100;priority = 0;" + RATE % "low"
    high = "min = %d;max = 9;priority = 10"
    with Obeyed({"low": low % 1, "high": high % 1}, pool_max=2) as w:
        rates = {"low": 280.0}
        w.until("the pool is full", lambda: w.healthy("low") == 3 and w.healthy("high") == 1,
                rates)
        w.put(high=high % 3)
        seen, said = [(3, 1)], []
        for _ in range(12):
            w.step(rates)
            seen.append((w.healthy("low"), w.healthy("high")))
            said.append((w.sentence("low"), w.sentence("high"), w.problems().get("pool-full")))
        # One at a time, down to its minimum, and then for good.
        assert seen[-1] == (1, 3) and seen[-5:] == [(1, 3)] * 5, seen
        assert all(a[0] - b[0] in (0, 1) and b[1] - a[1] in (0, 1)
                   for a, b in zip(seen, seen[1:])), seen
        events = [e["message"] for e in
                  w.api.call("GET", "/v1/events?since=0&kind=tier-scaled&tier=low")["items"]]
        assert sum(f"{STACK}/high has a higher priority and waits for room in pool main" in e
                   for e in events) == 2, events
        assert any(f"wait for room that {STACK}/low, whose priority is lower, gives up" in h
                   for _, h, _ in said), said
        assert any(p and f"{STACK}/high waits for room" in p for _, _, p in said), said
        assert f"shared with {STACK}/high of a higher priority" in w.sentence("low")
        assert f"{STACK}/low lacks " in w.problems()["pool-full"]
        # What the higher one lets go comes back.
        w.put(high=high.replace("max = 9", "max = 1") % 1)
        w.until("low has three again",
                lambda: w.healthy("low") == 3 and w.healthy("high") == 1, rates)
        w.step(rates)
        assert "pool-full" not in w.problems()


@pytest.mark.parametrize("why,more", [("equal", "priority = 10"), ("state", "stateful = yes"),
                                      ("hold", "priority = 0"), ("minimum", "min = 3")])
def test_nothing_is_given_up_that_must_not_be(why, more):
    low = f"mode = out;max = 6;capacity = 100;{RATE % 'low'};{more}"
    with Obeyed({"low": low, "high": "min = 1;max = 9;priority = 10"}, pool_max=2) as w:
        rates = {"low": 280.0}
        w.until("the pool is full", lambda: w.healthy("low") == 3 and w.healthy("high") == 1,
                rates)
        if why == "hold":
            w.api.call("POST", "/v1/holds", {"stack": STACK, "tier": "low", "reason": "look"})
        w.patch("high", min=3)
        w.pass_minutes(8, rates)
        assert (w.healthy("low"), w.healthy("high")) == (3, 1)
        assert w.tier("high")["desired"] == 3  # a minimum is obeyed as soon as there is room
        assert "its minimum is 3; pool main has room for 1 (max = 2 hosts)" in w.sentence("high")
        assert f"{STACK}/high lacks 2 instances" in w.problems()["pool-full"]


def test_a_swing_never_has_more_hosts_than_the_pools_maximum():
    swing = "min = 1;max = 9;dwell = 1m;action_price = 0;lead_prior = 1m;capacity = 100;"
    with Obeyed({"t": swing + RATE % "t"}, pool_max=3) as w:
        standing = []
        for minute in range(240):
            w.step({"t": 590.0 if minute // 40 % 2 else 30.0})
            standing.append(w.standing(POOL))
        assert max(standing) == 3 and min(standing[20:]) < 3, standing


@pytest.mark.parametrize("terminations,generations", [(64, 2), (2, 1)])
def test_hosts_that_never_join_are_no_more_than_the_pools_maximum(tmp_path, terminations,
                                                                  generations):
    """In calendar time that runs: a join is waited for in it."""
    d = Foretided(tmp_path)
    config = tmp_path / "foretide.conf"
    config.write_text(config.read_text().replace(
        "[controller]\n", "[controller]\njoin_timeout = 1m\ntime_scale = 30\n")
        + f"[limits]\nterminations_per_hour = {terminations}\n")
    cloud = tmp_path / "cloud" / "cloud.json"

    def vms():
        try:
            return json.loads(cloud.read_text())["vms"]
        except FileNotFoundError:
            return []

    def many_came():
        # Those that the cloud has are counted from its own file, which is replaced at once.
        there = [v for v in vms() if not v["gone_ms"]]
        assert len(there) <= 3, there
        if generations > 1:
            return len(vms()) >= 3 * generations
        return sum(v["gone_ms"] > 0 for v in vms()) >= terminations and len(vms()) >= 5

    try:
        d.start()
        conf = ("[stack]\nname = lost\n[pool lost]\ndriver = fake\nmax = 3\ncpu = 1\n"
                "[tier lost]\nunit = lost@.service\nmin = 6\nmax = 6\n")
        unit = "[Service]\nExecStart=/bin/true\n[X-Resources]\nCPU=1\n"
        answer = d.call("PUT", "/v1/stacks/lost", {
            "files": {"stack.conf": conf, "units/lost@.service": unit}})
        assert answer.status == 200, answer.body
        assert answer.doc["warnings"] == [
            "lost: the minimum is 6, but pool lost has room for 3 (max = 3 hosts)"]
        wait_until(many_came, "hosts came and went")
        wait_until(lambda: "hosts-do-not-join" in [
            p["kind"] for p in d.call("GET", "/v1/status").doc["problems"]], "it is told")
    finally:
        d.stop()
