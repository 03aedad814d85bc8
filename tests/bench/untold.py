#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes JSON lines to the command of its arguments without "seasons", and its answers back."""
import json
import subprocess
import sys

with subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                      bufsize=1) as command:
    for line in sys.stdin:
        message = json.loads(line)
        message.pop("seasons", None)
        print(json.dumps(message), file=command.stdin)
        if message.get("type") == "end":
            break
        sys.stdout.write(command.stdout.readline())
        sys.stdout.flush()
