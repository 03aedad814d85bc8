#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names functions of more than 60 lines, unless a comment above says "long:" and why."""
import sys

LIMIT = 60


def too_long(path):
    start = None
    lines = open(path, encoding="utf-8").read().split("\n")
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            length = number - start - 1
            above = "\n".join(lines[max(0, start - 12):start])
            if length > LIMIT and "long:" not in above:
                yield start, length
            start = None


def main():
    found = False
    for path in sys.argv[1:]:
        for number, length in too_long(path):
            print(f"{path}:{number}: a function of {length} lines")
            found = True
    return found


sys.exit(main())
