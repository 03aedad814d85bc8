# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that are asked for, each as often as was said.

A fault has "method", "path" (an expression that is searched in the path), "what", and
"times" (1; 0: always). Of "what" there are, after the cloud has acted:

    lose      the connection ends without an answer
    cut       it ends in the midst of the answer
    slow      the answer comes after "seconds"
    garbage   the answer is a page of a proxy's, with status 200
    huge      so, with "bytes" of it

and instead of acting:

    drop      the connection ends without an answer
    answer    "status", "headers" and "body" are the answer
    throttle, capacity, quota, auth, unavailable
              what the cloud says then
"""

import re
import threading

AFTER = ("lose", "cut", "slow", "garbage", "huge")


class Faults:
    def __init__(self):
        self.list = []
        self.lock = threading.Lock()

    def add(self, method, path, what, times=1, **more):
        with self.lock:
            self.list.append({"method": method, "path": re.compile(path), "what": what,
                              "left": times, "always": times == 0, **more})

    def clear(self):
        with self.lock:
            self.list.clear()

    def left(self):
        with self.lock:
            return [f["what"] for f in self.list if not f["always"]]

    def take(self, method, path):
        """The first that is meant, or None."""
        with self.lock:
            for fault in self.list:
                if fault["method"] == method and fault["path"].search(path):
                    fault["left"] -= 1
                    if fault["left"] == 0:
                        self.list.remove(fault)
                    return fault
        return None
