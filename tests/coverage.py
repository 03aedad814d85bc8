#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints which share of each room's lines was run, from what gcov finds below B/obj.

    coverage.py B MAIN...

MAIN are the programs' own main files, which no test links. A file that no test
has linked counts with all its lines, and so does the local driver's init, which is killed
inside its host: it never tells.
"""
import json
import os
import subprocess
import sys
from collections import defaultdict


def notes(folder):
    """Compiled files of rooms, by their .gcno."""
    for at, _, names in os.walk(folder):
        room = os.path.relpath(at, folder)
        if room.split(os.sep)[0] not in ("tests", "gen"):
            yield from (os.path.join(at, n) for n in names if n.endswith(".gcno"))


def gcov(files):
    """gcov's documents, one a file; it writes nothing."""
    run = subprocess.run(["gcov", "--json-format", "--stdout", *files], check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return (json.loads(line) for line in run.stdout.splitlines() if line)


def lines_by_room(folder, mains):
    """{room: {(file, line): was run}}"""
    rooms = defaultdict(dict)
    files = sorted(notes(folder))
    for i in range(0, len(files), 50):
        for doc in gcov(files[i:i + 50]):
            for f in doc["files"]:
                name = os.path.normpath(f["file"])
                if os.path.isabs(name) or name.startswith("tests") or name in mains:
                    continue
                lines = rooms[os.path.dirname(name)]
                for line in f["lines"]:
                    key = name, line["line_number"]
                    lines[key] = lines.get(key, False) or line["count"] > 0
    return rooms


def print_row(name, lines):
    ran = sum(lines)
    print(f"{name:32} {len(lines):6} {100 * ran / len(lines):6.1f} %")


def main():
    build, mains = sys.argv[1], set(sys.argv[2:])
    rooms = lines_by_room(os.path.join(build, "obj"), mains)
    print(f"{'room':32} {'lines':>6} {'run':>8}")
    for room, lines in sorted(rooms.items(), key=lambda r: sum(r[1].values()) / len(r[1])):
        print_row(room, lines.values())
    print_row("total", [ran for lines in rooms.values() for ran in lines.values()])


if __name__ == "__main__":
    main()
