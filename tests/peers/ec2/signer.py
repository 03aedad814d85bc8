# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS' own signer, in a process of its own, as what the fake's signatures are verified by."""

import base64
import json
import os
import subprocess
import threading

from fakes.ec2.cloud import SECRETS
from peer_tools import BUILD, HERE


class Signer:
    def __init__(self):
        self.lock = threading.Lock()
        self.count = 0
        self.process = subprocess.Popen(
            ["node", os.path.join(HERE, "ec2/signer.js")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, NODE_PATH=os.path.join(BUILD, "peers/npm/node_modules")))

    def verify(self, request, secret=None):
        """-> None, or why the request is not signed rightly"""
        headers = {k.lower(): v.strip() for k, v in request.headers.items()}
        key_id = headers.get("authorization", "").partition("Credential=")[2].partition("/")[0]
        asked = {"method": request.method, "path": request.path, "headers": headers,
                 "body": base64.b64encode(request.body).decode(),
                 "secret": secret or SECRETS[key_id]}
        with self.lock:
            self.count += 1
            self.process.stdin.write(json.dumps(asked) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
