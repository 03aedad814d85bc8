# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command prints: text of others moves no terminal and forges no row, and output
that is lost is told."""
import os
import pty
import sqlite3
import subprocess

import pytest

from rig_tools import Quick
from store_tools import BUILD

# Clears the screen, sets the title, and pretends to be another row; a right-to-left override.
EVIL = "\x1b[2J\x1b]0;mine\x07 done\n7    quick  -     admin  \u009b31m\u202egnp.exe"


@pytest.fixture(scope="module")
def running():
    with Quick() as q:
        q.edit = lambda name, text: text.replace("driver = local", "driver = fake").replace("min = 1", "min = 0")
        q.start()
        q.apply()
        yield q


def is_plain(text):
    return all(c == "\n" or (" " <= c != "\x7f" and not "\x80" <= c < "\xa0"
                             and c not in "\u202a\u202b\u202c\u202d\u202e") for c in text)


@pytest.fixture
def evil(running):
    """A hold and an event with that text. It is refused where it comes in, so it is put into
    the database, as an earlier version may have."""
    with sqlite3.connect(running.path("state/foretide.db"), timeout=60) as c:
        hold = c.execute("INSERT INTO hold (stack, tier, owner, reason, created_ms, expires_ms,"
                         " released_ms, released_by) VALUES ('quick', '', 'admin', ?, 1, 0, 0, '')",
                         (EVIL,)).lastrowid
        event = c.execute("INSERT INTO event (at_ms, kind, level, stack, tier, host, unit, message,"
                          " data_json) VALUES (1, 'told', 'info', '', '', '', '', ?, '{}')",
                          (EVIL,)).lastrowid
    yield hold
    with sqlite3.connect(running.path("state/foretide.db"), timeout=60) as c:
        c.execute("DELETE FROM hold WHERE id = ?", (hold,))
        c.execute("DELETE FROM event WHERE id = ?", (event,))


def on_terminal(running, *command):
    """What the command writes, all of it to a terminal."""
    person, terminal = pty.openpty()
    with subprocess.Popen([os.path.join(BUILD, "foretide"), *command, "--url", running.url],
                          stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal,
                          env={**os.environ, "FORETIDE_TOKEN": running.token}):
        os.close(terminal)
        out = b""
        try:
            while more := os.read(person, 65536):
                out += more
        except OSError:  # EIO: nobody has the terminal any more
            pass
    os.close(person)
    return out.decode().replace("\r\n", "\n")


def test_a_reason_with_escapes_is_one_row_of_plain_text(running, evil):
    shown = running.api("/v1/holds")["items"]
    assert [h["reason"] for h in shown if h["id"] == evil] == [EVIL]
    for command in (["holds"], ["events"]):
        out = running.cli(*command).stdout
        assert is_plain(out) and "\\x1b[2J" in out and "\\u202e" in out, out
    assert len(running.cli("holds").stdout.splitlines()) == 2


@pytest.mark.parametrize("command", [["events"], ["holds"]])
def test_json_for_a_terminal_is_plain_text(running, evil, command):
    out = on_terminal(running, *command, "--json")
    assert is_plain(out) and "\\u202E" in out and "\\u009B" in out, out


def test_what_a_command_with_json_says_beside_is_plain_text(running, evil):
    out = on_terminal(running, "delete", "quick", "--json", "--yes")
    assert is_plain(out) and f"hold {evil} of admin forbids it" in out, out
    assert "\\x1b[2J" in out, out


def test_columns_stand_under_their_titles_whatever_the_script(running):
    status, doc = running.request("POST", "/v1/tokens", {"name": "Жанна 数", "role": "viewer"})
    assert status == 201, doc
    lines = running.cli("token", "list").stdout.splitlines()
    row = next(line for line in lines if "Жанна" in line)
    # The two columns of 数 count as two.
    assert row.index("viewer") + 1 == lines[0].index("ROLE"), lines


def test_a_name_is_a_part_of_a_path_whatever_is_in_it(running):
    done = running.cli("logs", "no?lines=1#x y@1.service", check=False)
    assert done.returncode == 5, done.stderr
    assert "no?lines=1#x y@1.service" in done.stderr, done.stderr


@pytest.mark.parametrize("name, words", [("../stacks/quick", "a name has no '/'"),
                                         ("..", "'..' is not a name"), ("", "a name is empty")])
def test_a_name_goes_nowhere_else_in_a_path(running, name, words):
    done = running.cli("token", "revoke", name, check=False)
    assert done.returncode == 1 and words in done.stderr, done
    assert [s["name"] for s in running.items("/v1/stacks")] == ["quick"]


def full(running, *command):
    with open("/dev/full", "w", encoding="ascii") as out:
        return subprocess.run([os.path.join(BUILD, "foretide"), *command, "--url", running.url],
                              stdout=out, stderr=subprocess.PIPE, text=True, check=False,
                              env={**os.environ, "FORETIDE_TOKEN": running.token})


@pytest.mark.parametrize("command", [["status"], ["tiers"], ["events"], ["tiers", "--json"]])
def test_lost_output_is_a_failure(running, command):
    done = full(running, *command)
    assert done.returncode == 1 and "No space left" in done.stderr, done


def test_a_token_that_cannot_be_shown_is_not_left_behind(running):
    done = full(running, "token", "create", "--name", "lost")
    assert done.returncode == 1 and "the token is revoked" in done.stderr, done
    assert running.db("SELECT count(*) FROM token WHERE name = 'lost' AND NOT revoked") == [(0,)]


@pytest.mark.parametrize("arguments", [["help", "apply"], ["--help", "apply"], ["apply", "--help"]])
def test_help_is_of_the_command_that_is_named(running, arguments):
    out = running.cli(*arguments).stdout
    assert out.startswith("usage: foretide apply FOLDER"), out


def test_an_option_before_the_command_is_told_as_that(running):
    done = running.cli("--json", "status", check=False)
    assert done.returncode == 2 and "the command comes first" in done.stderr, done.stderr
