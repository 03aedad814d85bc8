# SPDX-License-Identifier: GPL-3.0-or-later
"""A file sees the rooms that the makefile names for its own, and circles are found."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

BUILD = Path(os.environ.get("B", "build"))
CHECK = Path("tests/lint_circles.py").resolve()


@pytest.fixture(scope="module")
def sees():
    """Folder -> the flags that a file in it is compiled with, as the makefile says."""
    lines = subprocess.run(["make", "-s", "--no-print-directory", f"B={BUILD}", "rooms"], check=True,
                           capture_output=True, text=True, env=os.environ | {"MAKEFLAGS": ""}).stdout.splitlines()
    return {room: [flag for folder in seen for flag in ("-iquote", folder)]
            for room, *seen in map(shlex.split, lines)}


def compiles(sees, room, header):
    """Whether a file of room could include header."""
    flags = sees[room] + ["-iquote", room]  # as for a file that lies there
    done = subprocess.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", *flags, "-x", "c", "-"],
                          input=f'#include "{header}"\n', capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 or f"{header}: No such file" in done.stderr, done.stderr
    return done.returncode == 0


def test_a_room_that_is_named_is_seen_by_its_header(sees):
    assert compiles(sees, "controller/tick", "tiers.h")
    assert compiles(sees, "predictor/rule", "check.h")


@pytest.mark.parametrize("room, header", [
    ("predictor/rule", "samples.h"),
    ("predictor/demand", "horizon.h"),
    ("common/text", "store.h"),
    ("agent/dns", "confd.h"),
    ("agent/units/own", "systemd.h"),
    ("controller/stacks", "fleet.h"),
    ("controller/fleet", "api.h"),
    ("cloud-drivers/fake", "hosts.h"),
])
def test_a_room_that_is_not_named_is_not_seen(sees, room, header):
    assert not compiles(sees, room, header)


def test_only_the_header_of_its_name_leaves_a_room(sees):
    """No header's name leads outsiders to one that is private to its room."""
    rooms = [room for room in sees if not room.startswith("tests")]
    public = {header.name for folder in BUILD.glob("door/**/") for header in folder.glob("*.h")}
    private = {header for room in rooms for header in Path(room).glob("*.h") if header.name not in public}
    assert len(private) > 50
    for header in private:
        for room in rooms:
            seen = [Path(folder) / header.name for folder in sees[room][1::2]]
            assert Path(room) == header.parent or not any(path.exists() for path in seen), (room, header)


def rows_of_the_map():
    """(folder, what the map says of it): of components and of their rooms."""
    component = None
    for line in Path("ARCHITECTURE.md").read_text().splitlines():
        row = re.match(r"\| (\*\*|`)(.+?)(?:\*\*|`) \| (.+) \|$", line)
        if not row:
            continue
        bold, names, text = row.group(1) == "**", row.group(2).replace("`", "").split(", "), row.group(3)
        component = names[0] if bold else component
        yield [name if bold else f"{component}/{name}" for name in names], text


def test_the_map_names_what_is_there():
    for folders, text in rows_of_the_map():
        for name in re.findall(r"`([a-z_*.-]+)`", text):
            assert any([*Path(folder).rglob(name), *Path(folder).rglob(f"{name}.c")] for folder in folders
                       if Path(folder).is_dir()), (folders, name)


def test_the_map_shows_every_room(sees):
    text = Path("ARCHITECTURE.md").read_text()
    for room in sees:
        name = os.path.basename(room)
        assert room.startswith("tests") or re.search(rf"^\|.*(`{name}`|\b{name}\b.*\*\* \|)", text, re.M), room


def test_what_the_walks_name_is_there():
    files = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True).stdout.splitlines()
    for name in re.findall(r"`([a-z_/-]+\.(?:[ch]|json))`", Path("ARCHITECTURE.md").read_text()):
        assert any(f == name or f.endswith(f"/{name}") for f in files), name


def tree(tmp_path, files):
    """A repository of these files, with objects beside; the check's answer on it."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if name.endswith(".c"):
            out = (tmp_path / "build/obj" / name).with_suffix(".o")
            out.parent.mkdir(parents=True, exist_ok=True)
            doors = [flag for room in ("common", "db", "agent") for flag in ("-iquote", tmp_path / room)]
            subprocess.run(["gcc", *doors, "-c", "-o", out, path], check=True)
    done = subprocess.run([sys.executable, CHECK, "build"], cwd=tmp_path, capture_output=True, text=True,
                          timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_no_circle_is_found_where_there_is_none(tmp_path):
    rc, said = tree(tmp_path, {
        "common/low.c": "int low(void) { return 1; }",
        "common/high.c": "int low(void); int high(void) { return low(); }",
    })
    assert (rc, said) == (0, "")


def test_files_that_call_each_other_are_a_circle(tmp_path):
    rc, said = tree(tmp_path, {
        "common/a.c": "int b(void); int a(void) { return b(); }",
        "common/b.c": "int c(void); int b(void) { return c(); }",
        "common/c.c": "int a(void); int c(void) { return a(); }",
        "common/d.c": "int a(void); int d(void) { return a(); }",
    })
    assert rc == 1
    assert "a circle of files: common/a.c common/b.c common/c.c\n" in said
    assert "common/c.c calls a() of common/a.c" in said


def test_rooms_that_include_and_call_each_other_are_a_circle(tmp_path):
    rc, said = tree(tmp_path, {
        "db/db.h": "int db(void);\n",
        "db/db.c": '#include "db.h"\nint db(void) { return 0; }',
        "db/use.c": "int agent(void); int use(void) { return agent(); }",
        "agent/agent.c": '#include "db.h"\nint agent(void) { return 1; }',
    })
    assert rc == 1
    assert "a circle of rooms: agent db\n" in said
    assert "a circle of files" not in said


def test_headers_that_include_each_other_are_a_circle(tmp_path):
    rc, said = tree(tmp_path, {
        "common/a.h": '#pragma once\n#include "b.h"\n',
        "common/b.h": '#pragma once\n#include "a.h"\n',
        "common/a.c": '#include "a.h"\nint a;',
    })
    assert rc == 1
    assert "a circle of files: common/a.h common/b.h\n" in said


def test_two_headers_of_one_name_are_named(tmp_path):
    rc, said = tree(tmp_path, {
        "agent/etcd/etcd.h": "int a(void);\n",
        "controller/etcd/etcd.h": "int b(void);\n",
        "common/a.c": "int a;",
    })
    assert rc == 1
    assert "etcd.h is the header of several rooms: agent/etcd/etcd.h controller/etcd/etcd.h" in said
