# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of machines that end nothing, each by itself: hosts that come back one by one,
registrations that go together, a unit that takes its hosts with it, an old backup, clocks that
are far apart, a log while something fails for long."""

import os
import re
import signal
import subprocess
import time

import pytest

from chaos_tools import Link, Stopped, check_books, losses
from day_tools import Day, silence
from patience_tools import Fleet
from rig_tools import PATIENT, Load, Quick
from store_tools import ROOT, b64, prefix_end

SHORT = {"controller.tick": "1s", "controller.metrics_interval": "1s"}


def problems(q):
    return {p["kind"]: p["message"] for p in q.api("/v1/status")["problems"]}


def events(q, kind):
    return [e["message"] for e in q.items("/v1/events?since=0") if e["kind"] == kind]


def registered(q, service="web"):
    """How many servers of it the store names."""
    prefix = f"/skydns/local/foretide/quick/{service}/"
    body = {"key": b64(prefix), "range_end": b64(prefix_end(prefix)), "count_only": True}
    return int(q.api("/v3/kv/range", "POST", body).get("count", 0))


def ids(q, pool):
    return sorted(h["id"] for h in q.hosts(pool))


# ---------------------------------------------------------------- silence

@pytest.fixture(name="four", scope="module")
def four_web():
    options = {**SHORT, "controller.host_grace": "1s", "controller.host_lost_after": "4s"}
    with Fleet(4, options=options) as q:
        yield q.ready()


def test_hosts_that_come_back_one_by_one_are_all_kept(four):
    before = four.names()
    links = [Link(four, h) for h in sorted(before)]
    for link in links:
        link.cut()
    try:
        four.wait("all are unknown", lambda: {h["state"] for h in four.hosts()} == {"unknown"})
        time.sleep(6)  # longer than it takes to lose one
    finally:
        for link in links:
            link.heal()
            time.sleep(1)  # the last is heard long after the first
    four.wait("all are heard", lambda: {h["state"] for h in four.hosts()} == {"up"})
    four.wait("what stood in is gone", four.whole)
    assert before <= four.names(), four.picture()
    check_books(four, kept=before)
    assert not losses(four), losses(four)


def blackhole(q, host, verb):
    subprocess.run(["nsenter", "-t", str(q.pid(host)), "-n", "ip", "route", verb, "blackhole",
                    f"{q.gateway}/32"], check=True)


def test_a_balancer_keeps_its_servers_when_all_their_leases_end(four):
    """Their hosts are cut from store and controller, and serve."""
    web = ids(four, "web")
    with Load(four, rate=20, scale=1) as load:
        load.flows(5)
        for host in web:
            blackhole(four, host, "add")
        try:
            # One may have been replaced meanwhile.
            four.wait("the store names none of them",
                      lambda: not {s["host"] for s in four.items("/v1/services?stack=quick")} & set(web))
            load.flows(60)
        finally:
            for host in web:
                blackhole(four, host, "del")
        four.wait("all are registered again", lambda: registered(four) >= 4)
        load.flows(20)
        load.finish_without_failure()
    four.wait("all is as before", four.whole)
    assert not losses(four), losses(four)


def test_no_request_fails_when_the_balancer_is_back_before_its_servers_are(four):
    """All are cut off for longer than a lease. The balancer's agent then reads a store that
    names no server yet."""
    four.kill(signal.SIGTERM)
    four.write_config(1, "0s", {**PATIENT, **SHORT, "controller.host_grace": "2m"}, None)
    four.start()
    four.wait("all are heard", lambda: {h["state"] for h in four.hosts()} == {"up"})
    web, lb = ids(four, "web"), ids(four, "lb")
    links = [Link(four, h) for h in web + lb]
    with Stopped() as agents:
        for link in links:
            link.cut()
        try:
            four.wait("their leases are gone",
                      lambda: registered(four) == 0 == registered(four, "lb"))
            agents.pids = [four.agent(h) for h in web]
            agents.send(signal.SIGSTOP)  # they come to themselves late
        finally:
            for link in links:
                link.heal()
        four.wait("the balancer is registered",
                  lambda: registered(four, "lb") == 1)
        with Load(four, rate=20, scale=1) as load:
            load.flows(60)
            assert registered(four) == 0
            agents.send(signal.SIGCONT)
            four.wait("they are registered again", lambda: registered(four) >= 4)
            load.flows(20)
            load.finish_without_failure()
    four.wait("all is as before", four.whole)
    assert not losses(four), losses(four)


def test_a_rack_of_a_third_that_falls_silent_is_kept_and_taken_back():
    """A pool of its own in an installation of sixty, for more than twice the time after which
    one host is lost."""
    with Day({"web": 42, "app": 18}) as day:
        day.boot()
        before = set(day.hosts)
        heal = silence([h for h in day.standing() if h.pool == "app"], True, day)
        most = 0
        for _ in range(12):
            day.play_minute()
            most = max(most, sum(h.pool == "app" for h in day.hosts.values()))
        assert "hosts-silent" in day.told
        heal()
        for _ in range(8):
            day.play_minute()
        # Of a surplus one may go, whichever it is.
        assert len(before - set(day.hosts)) <= most - 18, before - set(day.hosts)
        assert not day.db.execute("SELECT message FROM event WHERE kind = 'host-lost'").fetchall()
        assert sum(h.pool == "app" for h in day.hosts.values()) >= 18
        assert day.needless == []
        assert most <= 18 + 2, "a tenth is replaced in a minute"
        assert not {"hosts-silent", "hosts-unknown"} & {
            p["kind"] for p in day.api.call("GET", "/v1/status")["problems"]}


@pytest.mark.parametrize("kind", ["omit", "empty"])
def test_of_a_list_that_hides_hosts_whose_agents_live_none_is_ended_and_none_launched(kind):
    with Day({"web": 12}) as day:
        day.boot()
        before = set(day.hosts)
        day.script("web", [{"id": "hide", "op": "list", "kind": kind, "times": -1}])
        for _ in range(10):
            day.play_minute()
        assert set(day.hosts) == before and not day.ended
        assert day.db.execute("SELECT count(*) FROM launch").fetchone()[0] == len(before)
        assert {row[0] for row in day.db.execute("SELECT state FROM host")} == {"up"}


# ---------------------------------------------------------------- a unit that kills hosts

def test_a_unit_that_takes_two_of_three_hosts_with_it_is_stopped_and_told():
    """Each agent falls silent as soon as the unit runs beside it: there are no more hosts, so
    that most of them are silent."""
    options = {**SHORT, "controller.host_grace": "1s"}
    with Fleet(1, options=options) as q, Stopped() as killed:
        q.ready()
        first = q.healthy("web")[0]["host"]

        def kill(host):
            killed.pids.append(q.agent(host))
            os.kill(killed.pids[-1], signal.SIGSTOP)
            q.wait("it is unknown", lambda: {h["id"]: h["state"] for h in q.hosts("web")}[host]
                   == "unknown")

        kill(first)
        second = q.wait("it runs elsewhere", lambda: next(
            (u["host"] for u in q.healthy("web") if u["host"] != first), None))
        kill(second)
        words = q.wait("it is stopped", lambda: problems(q).get("unit-kills-hosts"))
        assert f"took host {first} and then host {second} with it" in words, words
        rounds = q.rounds()
        q.wait("it is decided on", lambda: q.rounds() > rounds + 3)
        assert set(ids(q, "web")) == {first, second}, q.picture()
        killed.send(signal.SIGCONT)
        q.wait("it was none of its doing", lambda: "unit-kills-hosts" not in problems(q)
               and q.whole())
        assert not losses(q), losses(q)


# ---------------------------------------------------------------- an old backup

def described(words):
    """The stack whose web server's text differs by some words."""
    return lambda name, text: text.replace("One-file server", words)


def test_what_was_rolled_out_since_the_backup_keeps_its_text():
    with Quick(options={"controller.restore_grace": "1m"}) as q:
        q.start()
        q.apply()
        q.up()
        q.cli("backup", q.path("b"))
        q.apply(described("Newer server"))

        def newest():
            return q.db("SELECT hash, count(*) FROM roll_out WHERE tier = 'web' AND state = 'done'")

        old = newest()[0][0]
        q.wait("it is rolled out", lambda: newest()[0][1] and newest()[0][0] != old
               and len(q.healthy("web")) == 1)
        pids, hosts = q.unit_pids(), set(q.local_hosts())
        q.kill()
        os.rename(q.path("state"), q.path("old"))
        q.start("--restore", q.path("b"))
        words = q.wait("it is told", lambda: problems(q).get("rollout-stopped"))
        assert re.match(r"1 of 1 instances of quick/web have another text than version \d+: unit "
                        r"web@1.service on host \S+ was found running", words), words
        q.wait("nothing is restored any more", lambda: "restored" not in problems(q))
        rounds = q.rounds()
        q.wait("it is decided on", lambda: q.rounds() > rounds + 3)
        assert q.unit_pids() == pids and set(q.local_hosts()) == hosts, q.picture()
        assert len(events(q, "text-not-known")) == 1
        # The text that is right is applied: it has it already.
        q.apply(described("Newer server"))
        q.wait("it is no problem any more", lambda: "rollout-stopped" not in problems(q))
        q.up()
        assert q.unit_pids() == pids, "a unit was started anew"


# ---------------------------------------------------------------- clocks

def test_hosts_join_and_scale_under_a_controller_that_is_twenty_minutes_ahead(monkeypatch):
    with Quick(1, "0s", options=SHORT) as q:
        library = q.path("clock_shift.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library,
                        os.path.join(ROOT, "tests/system/preload/clock_shift.c")], check=True)
        with open(q.path("shift"), "w", encoding="ascii") as f:
            f.write("1200")
        with monkeypatch.context() as m:
            m.setenv("LD_PRELOAD", library)
            m.setenv("CLOCK_SHIFT", q.path("shift"))
            q.start()
        q.apply()
        q.up()
        q.wait("it is told", lambda: "clock-skew" in problems(q))
        with Load(q, rate=14, scale=1) as load:
            q.wait("three serve", lambda: len(q.healthy("web")) >= 3)
            load.flows(20)
            load.finish_without_failure()
        assert not losses(q), losses(q)


# ---------------------------------------------------------------- the log

def test_what_fails_for_long_is_logged_once_and_then_counted():
    """The database is damaged under a controller that decides three times a second."""
    with Quick(1, "0s", options={"controller.tick": "1s"}) as q:
        q.start()
        q.apply()
        q.up()
        database = q.path("state/foretide.db")
        q.wait("the log is folded in", lambda: os.path.getsize(database) > 100_000)
        os.kill(q.process.pid, signal.SIGSTOP)
        for name in (database, database + "-wal"):
            with open(name, "r+b") as f:
                f.write(b"\x5a" * os.path.getsize(name))
        os.kill(q.process.pid, signal.SIGCONT)
        q.wait("it is told", lambda: "database-damaged" in problems(q))
        before = len(q.log())
        time.sleep(8)  # how long it fails is what is tested
        lines = q.log()[before:].splitlines()
        kinds = [line.split()[2] for line in lines if line.split()[1:2] in (["warn"], ["error"])]
        often = {k: kinds.count(k) for k in kinds if kinds.count(k) > 2}
        assert not often, (often, lines[:20])
