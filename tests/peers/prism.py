# SPDX-License-Identifier: GPL-3.0-or-later
"""Prism between a driver and a fake: by a cloud's own description of its API it refuses both
what the driver asks wrongly (422) and what the fake answers wrongly (500)."""

import os
import re
import subprocess

from peer_tools import BUILD, ROOT, wait_for
from rig import free_port


class Prism:
    def __init__(self, document, upstream):
        """document: a file in tests/data/openapi, or its whole path; upstream: the fake's address."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.log_path = os.path.join(BUILD, "peers", f"prism-{port}.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [os.path.join(BUILD, "peers/npm/node_modules/.bin/prism"), "proxy", "--errors",
                 "--port", str(port), os.path.join(ROOT, "tests/data/openapi", document),
                 upstream], stdout=log, stderr=log, preexec_fn=lambda: os.nice(10))

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def violations(self):
        """How often it refused; an answer that was lost is none."""
        return len(re.findall("errors#(?:VIOLATIONS|UNPROCESSABLE_ENTITY|NO_PATH|NO_METHOD)",
                              self.log()))

    def is_up(self):
        assert self.process.poll() is None, self.log()
        return "Prism is listening" in self.log()

    def __enter__(self):
        try:
            wait_for("Prism listens", self.is_up)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        os.remove(self.log_path)
