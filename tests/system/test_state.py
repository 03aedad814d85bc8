# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's state: its files on disk, backups and restores, and its clock."""

import os
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess

import pytest

from rig_tools import Load, Quick
from store_tools import BUILD, ROOT, Etcd, b64, post

SHORT = {"controller.tick": "1s", "controller.metrics_interval": "1s"}


@pytest.fixture(name="quick")
def not_running_yet():
    with Quick(time_scale=1, boot_delay="0s", options=SHORT) as q:
        yield q


def problems(q):
    return {p["kind"]: p["message"] for p in q.api("/v1/status")["problems"]}


def health(q):
    status, doc = q.request("GET", "/healthz")
    return status, [p["kind"] for p in doc.get("problems", [])]


def put(q, key, value):
    q.api("/v3/kv/put", "POST", {"key": b64(key), "value": b64(value)})


def start_fails(q, *options):
    """What foretided says when it does not start."""
    done = subprocess.run([os.path.join(BUILD, "foretided"), "-c", q.path("foretide.conf"), *options],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done
    return done.stderr


def say(q, backup):
    """What is in a backup; the state folder stays as it is."""
    def files():
        return sorted(os.listdir(q.path("state"))) if os.path.exists(q.path("state")) else None
    before = files()
    said = subprocess.run([os.path.join(BUILD, "foretided"), "-c", q.path("foretide.conf"), "-n", "--restore",
                           backup], capture_output=True, text=True, timeout=60, check=True).stdout
    assert files() == before
    return said


def restore(q, backup):
    """Says what is in a backup, and puts it into the state folder."""
    said = say(q, backup)
    q.start("--restore", backup)
    return said


def date_of(said):
    return re.match(r".*: a backup of (\S+), (?:\d+h)?(?:\d+m)?(?:\d+s)? old\n", said)[1]


# ---------------------------------------------------------------- files

def test_a_copy_of_the_file_is_whole_as_its_log_is_folded_in(quick):
    quick.start()
    quick.cli("token", "create", "--name", "someone")

    def is_folded():
        copy = quick.path("copy.db")
        shutil.copy(quick.path("state/foretide.db"), copy)
        with sqlite3.connect(copy) as c:
            tables = c.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
            return tables and c.execute("SELECT 1 FROM token WHERE name = 'someone'").fetchone()

    quick.wait("the file has it without its log", is_folded)
    assert os.path.getsize(quick.path("state/foretide.db")) > 100_000
    assert os.path.getsize(quick.path("state/foretide.db-wal")) < 2_000_000
    # So is a copy of the whole folder, which is restored as a backup is, and stays as it is.
    quick.kill()
    shutil.move(quick.path("state"), quick.path("folder"))
    files = {n: os.path.getsize(quick.path(f"folder/{n}")) for n in os.listdir(quick.path("folder"))}
    assert "adopts 0 stacks" in restore(quick, quick.path("folder"))
    assert "someone" in quick.cli("token", "list").stdout
    os.mkdir(quick.path("keyless"))
    shutil.copy(quick.path("folder/foretide.db"), quick.path("keyless"))
    quick.kill()
    shutil.rmtree(quick.path("state"))
    assert "not the keys" in start_fails(quick, "--restore", quick.path("keyless"))
    assert not os.listdir(quick.path("state"))
    assert files["foretide.db"] == os.path.getsize(quick.path("folder/foretide.db"))


def test_keys_without_a_database_begin_anew_only_when_told(quick):
    quick.start()
    quick.kill(signal.SIGTERM)
    with open(quick.path("state/ca/owner"), encoding="ascii") as f:
        owner = f.read()
    ca = os.stat(quick.path("state/ca/ca.pem")).st_mtime_ns
    assert "leave it out" in start_fails(quick, "--new")
    os.rename(quick.path("state/foretide.db"), quick.path("away.db"))
    assert "missing or empty" in start_fails(quick)
    assert not os.path.exists(quick.path("state/foretide.db"))
    with open(quick.path("state/foretide.db"), "w", encoding="ascii"):
        assert "--new" in start_fails(quick)
    os.remove(quick.path("state/foretide.db"))
    quick.token = None
    quick.start("--new")
    assert quick.db("SELECT value FROM meta WHERE name = 'owner'") == [(owner.strip(),)]
    assert os.stat(quick.path("state/ca/ca.pem")).st_mtime_ns == ca
    # The database of another installation is not taken for this one's.
    quick.kill(signal.SIGTERM)
    with sqlite3.connect(quick.path("state/foretide.db")) as c:
        c.execute("UPDATE meta SET value = 'another' WHERE name = 'owner'")
    assert "of installation another" in start_fails(quick)


def test_a_deleted_database_is_told_and_can_be_saved(quick):
    quick.start()
    quick.cli("token", "create", "--name", "before")
    assert health(quick) == (200, [])
    for name in ("foretide.db", "foretide.db-wal", "foretide.db-shm"):
        os.remove(quick.path("state/" + name))
    quick.wait("it is told", lambda: "database-replaced" in problems(quick))
    assert health(quick) == (503, ["database-replaced"])
    quick.cli("backup", quick.path("saved"))
    with sqlite3.connect(quick.path("saved")) as c:
        assert c.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert c.execute("SELECT 1 FROM token WHERE name = 'before'").fetchone()
    quick.kill(signal.SIGTERM)
    shutil.move(quick.path("state"), quick.path("old"))
    restore(quick, quick.path("saved"))
    assert "before" in quick.cli("token", "list").stdout


def test_a_damaged_database_is_told_by_status_and_healthz(quick):
    quick.start()
    quick.wait("it was asked, and has written", lambda: quick.api("/v1/status")["tick"])
    quick.wait("the log is folded in",
               lambda: os.path.getsize(quick.path("state/foretide.db")) > 100_000)
    size = os.path.getsize(quick.path("state/foretide.db"))
    os.kill(quick.process.pid, signal.SIGSTOP)
    for name, start in (("foretide.db", 0), ("foretide.db-wal", 0)):
        with open(quick.path("state/" + name), "r+b") as f:
            f.seek(start)
            f.write(b"\x5a" * size)
    os.kill(quick.process.pid, signal.SIGCONT)
    quick.wait("healthz says it", lambda: health(quick) == (503, ["database-damaged"]))
    status = quick.api("/v1/status")
    assert "database-damaged" in [p["kind"] for p in status["problems"]]
    assert "problem" in quick.cli("status").stdout
    assert quick.process.poll() is None


def test_a_full_disk_is_told_and_heals(quick):
    os.mkdir(quick.path("state"), 0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "none", quick.path("state")],
                   check=True)
    try:
        quick.start()
        with open(quick.path("state/filler"), "wb", buffering=0) as f, pytest.raises(OSError):
            for _ in range(10000):
                f.write(b"x" * 4096)
        series = "".join(f"series_{i} 1\n" for i in range(20000))
        status, doc = quick.request("POST", "/v1/metrics", series, "text/plain")
        assert status == 500 and "disk is full" in doc["detail"]
        quick.wait("it is told", lambda: health(quick) == (503, ["disk-full"]))
        assert "disk-full" in problems(quick)
        os.remove(quick.path("state/filler"))
        quick.wait("it is over", lambda: health(quick) == (200, []) and not problems(quick))
        quick.cli("token", "create", "--name", "after")
        assert quick.log().count("disk-full") == 2  # when it began, when it ended
    finally:
        quick.kill()
        subprocess.run(["umount", quick.path("state")], check=True)


# ---------------------------------------------------------------- backups

def test_a_backup_is_whole_and_a_restore_takes_over_what_runs(quick):
    quick.write_config(1, "0s", {**SHORT, "controller.restore_grace": "20s"}, None)
    quick.start()
    quick.apply()
    quick.api("/v1/tiers/quick/web", "PATCH", {"min": 2})
    quick.up(web=2)
    begun = quick.api("/v1/status")["now"]
    done = quick.cli("backup", quick.path("b"))
    ended = quick.api("/v1/status")["now"]
    assert "secrets" in done.stdout
    assert os.stat(quick.path("b")).st_mode & 0o777 == 0o600
    with sqlite3.connect(quick.path("b")) as c:
        assert c.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    os.mkdir(quick.path("folder"))
    quick.cli("backup", quick.path("folder"))
    assert len(os.listdir(quick.path("folder"))) == 1
    viewer = quick.api("/v1/tokens", "POST", {"name": "v", "role": "viewer"})["token"]
    status, _ = quick.request("GET", "/v1/backup", headers={"Authorization": f"Bearer {viewer}"})
    assert status == 403

    # The backup is older than what runs.
    known = {h["id"] for h in quick.hosts()}
    quick.api("/v1/tiers/quick/web", "PATCH", {"min": 3})
    quick.up(web=3)
    units, hosts = quick.unit_pids(), {h["id"] for h in quick.hosts()}
    for i in range(100):  # the store goes on, and is set back with the rest
        put(quick, "/foretide/test", str(i))
    assert "is in use" in start_fails(quick, "--restore", quick.path("b"))
    quick.kill()
    shutil.move(quick.path("state"), quick.path("old"))
    with open(quick.path("b"), "rb") as f, open(quick.path("torn"), "wb") as t:
        t.write(f.read()[:-10000])
    assert "restoring" in start_fails(quick, "--restore", quick.path("torn"))
    said = restore(quick, quick.path("b"))
    made = date_of(said)
    assert f"{len(known)} hosts" in said and begun <= made <= ended
    assert all(f"host {h} " in said for h in known)
    quick.up(web=3)
    assert quick.unit_pids() == units
    # The backup may be old: nothing is ended for a while, and nothing launched twice.
    quick.api("/v1/tiers/quick/web", "PATCH", {"min": 1, "max": 1})
    quick.api("/v1/tiers/quick/lb", "PATCH", {"min": 2})
    machines = set(quick.local_hosts())
    assert "restored" in problems(quick)
    while "restored" in problems(quick):
        assert set(quick.local_hosts()) == machines and {h["id"] for h in quick.hosts()} == hosts
    quick.up(lb=2, web=1)
    quick.wait("one goes", lambda: len(quick.local_hosts()) == 3)
    # What it has become is no longer of the backup's date.
    quick.kill()
    assert date_of(say(quick, quick.path("state"))) > made


# ---------------------------------------------------------------- clocks

@pytest.fixture(name="shifted")
def with_a_clock(quick, monkeypatch):
    """The controller's wall clock can be set: shifted(seconds)."""
    library = quick.path("clock_shift.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library,
                    os.path.join(ROOT, "tests/system/preload/clock_shift.c")], check=True)

    def shift(seconds):
        with open(quick.path("shift.new"), "w", encoding="ascii") as f:
            f.write(str(seconds))
        os.rename(quick.path("shift.new"), quick.path("shift"))

    shift(0)
    with monkeypatch.context() as m:
        m.setenv("LD_PRELOAD", library)
        m.setenv("CLOCK_SHIFT", quick.path("shift"))
        quick.start()
    return shift


def test_demand_is_measured_whatever_the_clock_is_set_to(quick, shifted):
    def demand():
        d = quick.tier("quick", "web")["demand"]
        return d["value"] if d["value"] and not d["stale"] else 0

    quick.apply()
    quick.up()
    with Load(quick, rate=4) as load:
        quick.wait("demand", lambda: 2 < demand() < 6)
        for seconds in (-120, 3600, 0):
            shifted(seconds)
            quick.wait("it is told", lambda: "clock-set" in problems(quick))
            quick.wait(f"demand is measured at {seconds} s", lambda: 2 < demand() < 6, 30)
            assert demand() < 6
            quick.wait(f"the skew of {seconds} s", lambda s=seconds:
                       ("clock-skew" in problems(quick)) == (s != 0), 30)
        load.finish_without_failure()
    assert {h["state"] for h in quick.items("/v1/hosts")} == {"up"}


def test_a_host_that_does_not_accept_the_certificate_is_told(quick):
    quick.start()
    unsure = ssl.create_default_context()

    def told_of():
        for _ in range(3):  # those that only look whether the port is open are not told
            socket.create_connection(("127.0.0.1", quick.host_port),
                                     source_address=("127.0.0.2", 0)).close()
        with socket.create_connection(("127.0.0.1", quick.host_port)) as s, \
                pytest.raises(ssl.SSLError):
            unsure.wrap_socket(s, server_hostname="localhost")
        return problems(quick).get("connections-refused", "")
    quick.wait("it is told", told_of, 30)
    assert told_of().startswith("127.0.0.1 ")
    assert [e["kind"] for e in quick.items("/v1/events?since=0")].count("connection-refused") == 1


# ---------------------------------------------------------------- the store

@pytest.fixture(name="etcd")
def one_member():
    etcd = Etcd()
    yield etcd
    etcd.stop()


def test_an_alarm_of_etcd_is_told_until_it_is_over(etcd):
    with Quick(time_scale=1, options=SHORT, store=etcd.url) as q:
        q.start()
        q.wait("the store is read", lambda: q.api("/v1/status")["store"]["ok"])
        member = post(etcd.url, "/v3/cluster/member/list", {})[1]["members"][0]["ID"]
        alarm = {"memberID": member, "alarm": "NOSPACE"}
        assert post(etcd.url, "/v3/maintenance/alarm", {"action": "ACTIVATE", **alarm})[0] == 200
        q.wait("it is told", lambda: "out of space" in problems(q).get("store-no-space", ""))
        assert post(etcd.url, "/v3/maintenance/alarm", {"action": "DEACTIVATE", **alarm})[0] == 200
        q.wait("it is over", lambda: "store-no-space" not in problems(q))
