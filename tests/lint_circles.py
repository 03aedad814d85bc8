#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds files, and rooms, that need each other in a circle.

A file needs what it includes and the files that define what it calls, as the symbols of the
objects under BUILD/obj say; a room needs what its files need of others. Headers of one name
(ROOM/ROOM.h) are how a room is reached: two of one name would hide each other.

usage: lint_circles.py BUILD
"""
import collections
import glob
import os
import re
import subprocess
import sys

COMPONENTS = ("common", "predictor", "db", "fleet-adapter", "cloud-drivers", "controller", "agent",
              "cli", "web")
INCLUDE = re.compile(r'^#\s*include "([^"]+)"', re.M)


def sources():
    names = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard", "*.c", "*.h"],
                                    text=True).split()
    return {f for f in names if f.split("/")[0] in COMPONENTS and os.path.exists(f)}


def doors(files, rooms):
    """Header name -> where it is, for those that other rooms may include."""
    found = collections.defaultdict(set)
    for f in files:
        room, name = os.path.split(f)
        if name == os.path.basename(room) + ".h" or room in ("common", "cloud-drivers"):
            if name.endswith(".h"):
                found[name].add(f)
    for name, where in found.items():
        if len(where) > 1:
            rooms.append(f"{name} is the header of several rooms: {' '.join(sorted(where))}")
    return {name: sorted(where)[0] for name, where in found.items()}


def included(files, door):
    for f in sorted(files):
        with open(f, encoding="utf-8") as text:
            for name in INCLUDE.findall(text.read()):
                beside = os.path.join(os.path.dirname(f), name)
                where = beside if beside in files else door.get(name)
                if where and where != f:
                    yield f, where, f"includes {name}"


def called(files, build):
    """One file calls another: by the symbols that its object lacks and the other's defines."""
    defined, missing = {}, {}
    objects = glob.glob(f"{build}/obj/**/*.o", recursive=True)
    if not objects:
        sys.exit(f"no objects under {build}/obj: run make all first")
    for o in objects:
        f = os.path.relpath(o, f"{build}/obj")[:-2] + ".c"
        if f not in files:
            continue
        for line in subprocess.check_output(["nm", o], text=True).splitlines():
            *_, kind, symbol = line.split()
            if kind == "U":
                missing.setdefault(f, set()).add(symbol)
            elif kind in "BCDRTVW" and symbol != "main":
                defined.setdefault(symbol, set()).add(f)
    for f, symbols in sorted(missing.items()):
        for symbol in sorted(symbols):
            for where in defined.get(symbol, set()) - {f}:
                yield f, where, f"calls {symbol}()"


def circles(needs):
    """Tarjan's strongly connected components of more than one node."""
    index, low, stack, on, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on.add(node)
        for other in sorted(needs.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on:
                low[node] = min(low[node], index[other])
        if low[node] != index[node]:
            return
        group = set()
        while node not in group:
            group.add(stack.pop())
        on.difference_update(group)
        if len(group) > 1:
            found.append(group)

    sys.setrecursionlimit(10000)
    for node in sorted(needs):
        if node not in index:
            visit(node)
    return found


def report(what, needs):
    for group in circles(needs):
        print(f"a circle of {what}: {' '.join(sorted(group))}")
        for node in sorted(group):
            for other in sorted(set(needs[node]) & group):
                print(f"\t{node} {needs[node][other][0]} of {other}")
        yield group


def main():
    files = sources()
    complaints = []
    by_file = collections.defaultdict(lambda: collections.defaultdict(list))
    by_room = collections.defaultdict(lambda: collections.defaultdict(list))
    door = doors(files, complaints)
    for f, other, why in [*included(files, door), *called(files, sys.argv[1])]:
        by_file[f][other].append(why)
        room, there = os.path.dirname(f), os.path.dirname(other)
        if room != there:
            by_room[room][there].append(f"({os.path.basename(f)}) {why}")
    print(*complaints, sep="\n", end="\n" if complaints else "")
    found = [*report("files", by_file), *report("rooms", by_room)]
    return bool(complaints or found)


sys.exit(main())
